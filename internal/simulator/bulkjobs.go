package simulator

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
)

const bulkJobs = "recording/jobs"

// bulkRoutes serve recording jobs. The listing of jobs comes before the one of
// the table, whose rows it gives as jobs of former years.
func (s *Server) bulkRoutes() []route {
	view, one := []string{"recording:job:view"}, apiBase+bulkJobs+"/{jobId}"
	return []route{
		{"POST " + apiBase + bulkJobs, []string{"recording:job:add"}, s.submitRecordingJob},
		{"GET " + apiBase + bulkJobs, view, s.listRecordingJobs},
		{"GET " + one, view, s.recordingJob},
		{"PUT " + one, []string{"recording:job:edit"}, s.executeRecordingJob},
		{"DELETE " + one, []string{"recording:job:delete"}, s.cancelRecordingJob},
		{"GET " + one + "/failedrecordings", view, s.listFailedRecordings},
		{"GET " + apiBase + integrationsPath + "/{integrationId}", []string{"integrations:integration:view"}, s.integration},
	}
}

// permitted answers 403 unless a client has all of some permissions.
func permitted(w http.ResponseWriter, r *http.Request, c caller, permissions ...string) bool {
	if c.client.Permissions == nil {
		return true
	}
	missing := slices.DeleteFunc(permissions, func(p string) bool { return slices.Contains(c.client.Permissions, p) })
	if len(missing) == 0 {
		return true
	}
	list := strings.Join(missing, ", ")
	fail(w, r, http.StatusForbidden, "missing.permissions",
		"Unable to perform the requested action. You are missing the following permission(s): "+list, "permissions", list)
	return false
}

// submitRecordingJob takes a job on, unless two are on their way. The code of
// that refusal is another API's; that of this one is unverified.
func (s *Server) submitRecordingJob(w http.ResponseWriter, r *http.Request, c caller) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		badRequest(w, r, "the request body cannot be read")
		return
	}
	q, problem := s.readBulkQuery(raw)
	if problem != "" {
		badRequest(w, r, problem)
		return
	}
	if q.Sensitive && !permitted(w, r, c, "recording:recording:viewSensitiveData") {
		return
	}
	j := &bulkJob{
		user: c.client.ID, query: q, echo: raw, plan: s.planBulk(q), state: jobPending,
		created: s.cfg.Now(), elapsed: s.elapsed(),
	}
	b := &s.bulk
	b.mu.Lock()
	defer b.mu.Unlock()
	if s.activeJobs() >= bulkSlots {
		fail(w, r, http.StatusBadRequest, "service.limit.bulk.jobs.concurrent.maximum.limit.reached",
			"The maximum number of concurrent active bulk jobs has been reached. An organization can have 2 recording jobs that are pending, ready or processing.")
		return
	}
	b.add(s.org, j)
	j.expires = s.made() <= s.cfg.Bulk.ExpireReady
	s.counts.bulkJobCreated()
	reply(w, http.StatusAccepted, s.jobBody(j))
}

// made counts the jobs that clients made; the mutex is held.
func (s *Server) made() (n int) {
	for _, j := range s.bulk.jobs {
		if !j.foreign {
			n++
		}
	}
	return n
}

func (s *Server) jobUnknown(w http.ResponseWriter, r *http.Request) {
	fail(w, r, http.StatusNotFound, "not.found", "The requested resource was not found.")
}

func (s *Server) recordingJob(w http.ResponseWriter, r *http.Request, _ caller) {
	b := &s.bulk
	b.mu.Lock()
	defer b.mu.Unlock()
	if j := b.find(r.PathValue("jobId")); j != nil {
		reply(w, http.StatusOK, s.jobBody(j))
		j.seen = j.seen || j.state == jobReady
		return
	}
	former := s.entities.byPath[bulkJobs]
	ordinal, ok := s.entities.find(former, r.PathValue("jobId"))
	if !ok {
		s.jobUnknown(w, r)
		return
	}
	reply(w, http.StatusOK, json.RawMessage(s.entities.appendEntity(nil, former, 0, ordinal, shape{})))
}

// executeRecordingJob lets the one who made a job start it, once it is READY.
func (s *Server) executeRecordingJob(w http.ResponseWriter, r *http.Request, c caller) {
	if !permitted(w, r, c, "recording:job:edit", "recording:recording:editRetention", "recording:screenRecording:editRetention") {
		return
	}
	var body struct{ State string }
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || body.State != jobProcessing {
		badRequest(w, r, "the state of a job can be set to PROCESSING only")
		return
	}
	b := &s.bulk
	b.mu.Lock()
	defer b.mu.Unlock()
	j := b.find(r.PathValue("jobId"))
	if j == nil {
		s.jobUnknown(w, r)
		return
	}
	if j.user != c.client.ID {
		fail(w, r, http.StatusForbidden, "not.authorized", "A job must be executed by the user who created it.")
		return
	}
	if s.settle(j); j.expires && j.state == jobReady {
		j.state = jobCancelled
	}
	if j.state != jobReady {
		badRequest(w, r, "a job can be executed when it is READY; this one is "+j.state)
		return
	}
	j.state, j.begun = jobProcessing, s.elapsed()
	b.executed++
	fails := b.executed <= s.cfg.Bulk.FailJobs
	if !b.over {
		var ctx context.Context
		ctx, j.stop = context.WithCancel(b.ctx)
		b.running.Go(func() {
			defer j.stop()
			s.runBulk(ctx, j, fails)
		})
	}
	reply(w, http.StatusOK, s.jobBody(j))
}

// cancelRecordingJob ends a job that is not over yet. What it wrote remains.
func (s *Server) cancelRecordingJob(w http.ResponseWriter, r *http.Request, _ caller) {
	b := &s.bulk
	b.mu.Lock()
	defer b.mu.Unlock()
	j := b.find(r.PathValue("jobId"))
	if j == nil {
		s.jobUnknown(w, r)
		return
	}
	if s.settle(j); !j.active() {
		badRequest(w, r, "a job can be cancelled before its end; this one is "+j.state)
		return
	}
	if j.state = jobCancelled; j.stop != nil {
		j.stop()
	}
	w.WriteHeader(http.StatusNoContent)
}
