package simulator

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	defaultResultsPage = 1000
	maxResultsPage     = 10000
)

// jobs holds what clients have the platform find for them; what they find is
// found again for each page. A job is forgotten some time after it expired.
type jobs struct {
	mu   sync.Mutex
	made int
	live map[string]*job
}

type job struct {
	id        string
	of        string // the path that it was submitted to, and is found below
	array     string // the member of its pages that holds the rows
	rows      jobRows
	query     any // of a job whose answer has no pages
	limit     int
	repeats   bool   // see jobResults
	key       uint64 // the same for every job with the same parameters
	submitted time.Time
	elapsed   time.Duration // the server's, at submission
	dead      bool          // expired before its time, by a fault
}

// jobRows are what a job finds, in order of their places.
type jobRows interface {
	first() position
	// next gives the place of the first row at or after p, and where to go on behind it.
	next(p position) (at, after position, ok bool)
	append(b []byte, at position) []byte
}

// conversationRows are those of conversation details.
type conversationRows struct {
	o   *org
	sel selection
}

func (r conversationRows) first() position { return r.sel.first(r.o) }

func (r conversationRows) next(p position) (at, after position, ok bool) {
	c, after, ok := r.sel.next(r.o, p)
	return position{c.day, c.index}, after, ok
}

func (r conversationRows) append(b []byte, at position) []byte {
	return r.o.appendConversation(b, r.o.conversation(at.day, at.index), true)
}

func (j *jobs) add(o *org, job *job, forget time.Duration) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for id, old := range j.live {
		if job.submitted.Sub(old.submitted) > forget {
			delete(j.live, id)
		}
	}
	j.made++
	job.id = o.ids.make(kindDetailsJob, 0, j.made, 0).String()
	j.live[job.id] = job
}

func (j *jobs) find(id string) (*job, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	job, ok := j.live[id]
	return job, ok
}

func (j *jobs) remove(id string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	_, ok := j.live[id]
	delete(j.live, id)
	return ok
}

func (j *jobs) kill(job *job) {
	j.mu.Lock()
	defer j.mu.Unlock()
	job.dead = true
}

// expired is by the platform's clock.
func (s *Server) expired(job *job) bool {
	s.jobs.mu.Lock()
	defer s.jobs.mu.Unlock()
	return job.dead || s.cfg.Now().Sub(job.submitted) >= s.cfg.JobTTL
}

// submitJob matches every conversation with activity in the interval, as far as
// it started before dataAvailabilityDate.
func (s *Server) submitJob(w http.ResponseWriter, r *http.Request, _ caller) {
	q, sel, ok := s.readQuery(w, r)
	if !ok {
		return
	}
	if q.StartOfDayIntervalMatching {
		sel.startedSince = floorDay(sel.from)
	}
	sel.available = s.available().UnixMilli()
	if n := s.cfg.MaxRowsPerJob; n > 0 && sel.count(s.org, n+1) > n {
		responseTooLarge(w, r)
		return
	}
	job := &job{
		array: "conversations", rows: conversationRows{s.org, sel}, limit: q.Limit, repeats: true,
		key: hash(s.cfg.Seed, 'j', uint64(sel.from), uint64(sel.to), uint64(sel.startedSince), uint64(q.Limit)),
	}
	s.submit(r, job)
	s.counts.jobCreated()
	reply(w, http.StatusAccepted, map[string]string{"jobId": job.id})
}

func (s *Server) submit(r *http.Request, job *job) {
	job.of, job.submitted, job.elapsed = r.URL.Path, s.cfg.Now(), s.elapsed()
	s.jobs.add(s.org, job, 2*s.cfg.JobTTL)
}

// jobOf finds the job with an id that a request names, where it was submitted.
func (s *Server) jobOf(r *http.Request, id string) (*job, bool) {
	job, ok := s.jobs.find(id)
	if !ok || !strings.HasPrefix(r.URL.Path, job.of+"/") {
		return nil, false
	}
	return job, true
}

func (s *Server) jobNotFound(w http.ResponseWriter, r *http.Request) {
	fail(w, r, http.StatusNotFound, "not.found", "The requested resource was not found.")
}

// jobStatus goes through QUEUED and PENDING to FULFILLED, and ends as EXPIRED.
func (s *Server) jobStatus(w http.ResponseWriter, r *http.Request, _ caller) {
	job, ok := s.jobOf(r, r.PathValue("jobId"))
	if !ok {
		s.jobNotFound(w, r)
		return
	}
	s.mayExpire(r, job, "status")
	body := map[string]any{
		"submissionDate": job.submitted.UTC().Format("2006-01-02T15:04:05.000Z"),
		"expirationDate": job.submitted.Add(s.cfg.JobTTL).UTC().Format("2006-01-02T15:04:05.000Z"),
	}
	status := http.StatusAccepted
	switch body["state"] = s.progress(job, "QUEUED", "PENDING", "FULFILLED"); {
	case s.expired(job):
		status, body["state"] = http.StatusOK, "EXPIRED"
	case body["state"] == "FULFILLED":
		status = http.StatusOK
		body["completionDate"] = job.submitted.Add(s.cfg.JobLatency).UTC().Format("2006-01-02T15:04:05.000Z")
	}
	reply(w, status, body)
}

// mayExpire injects expired-job. The key names the job's parameters and the
// place, not the job: a job made again for the same interval is the same item.
func (s *Server) mayExpire(r *http.Request, job *job, place string) {
	item := fmt.Sprintf("expire %x %s", job.key, place)
	if s.inject(r, item, expiredJob) == expiredJob {
		s.jobs.kill(job)
	}
}

func (s *Server) deleteJob(w http.ResponseWriter, r *http.Request, _ caller) {
	job, ok := s.jobOf(r, r.PathValue("jobId"))
	if !ok || !s.jobs.remove(job.id) {
		s.jobNotFound(w, r)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) jobsAvailability(w http.ResponseWriter, _ *http.Request, _ caller) {
	reply(w, http.StatusOK, map[string]string{"dataAvailabilityDate": s.available().UTC().Format("2006-01-02T15:04:05.000Z")})
}

// jobResults serves a page. Rows repeat within one job: about every fiftieth is
// sent twice running, which now and then puts it on two pages, and every page
// but the first starts with the last row of the one before.
func (s *Server) jobResults(w http.ResponseWriter, r *http.Request, _ caller) {
	job, ok := s.jobOf(r, r.PathValue("jobId"))
	if !ok {
		s.jobNotFound(w, r)
		return
	}
	at, size, fault, ok := s.readPage(w, r, job, "cursor", defaultResultsPage, maxResultsPage)
	if !ok {
		return
	}
	s.writePage(w, job, at, size, fault, func(b []byte, next string) []byte {
		if next != "" {
			b = append(append(append(b, `"cursor":"`...), next...), `",`...)
		}
		b = append(b, `"dataAvailabilityDate":"`...)
		b = s.available().UTC().AppendFormat(b, "2006-01-02T15:04:05.000Z")
		return append(b, '"')
	})
}

// readPage finds which page of a job a request asks for, and what goes wrong with
// it. When there is none it answers and is false.
func (s *Server) readPage(w http.ResponseWriter, r *http.Request, job *job, parameter string, size, most int) (at cursor, _ int, _ fault, ok bool) {
	refuse := func(message string) (cursor, int, fault, bool) {
		badRequest(w, r, message)
		return at, 0, none, false
	}
	if text := r.URL.Query().Get("pageSize"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > most {
			return refuse(fmt.Sprintf("pageSize must be between 1 and %d", most))
		}
		size = n
	}
	at = cursor{position: job.rows.first()}
	if text := r.URL.Query().Get(parameter); text != "" {
		if at, ok = parseCursor(text, s.cfg.Seed, job.id); !ok {
			return refuse("the " + parameter + " is not one of this job's")
		}
	}
	place := fmt.Sprint(at.day, " ", at.index, " ", at.copy)
	s.mayExpire(r, job, place)
	if s.expired(job) {
		s.jobNotFound(w, r)
		return at, 0, none, false
	}
	if !s.done(job) {
		return refuse("the job is not done yet")
	}
	return at, size, s.inject(r, fmt.Sprintf("page %x %s", job.key, place), repeatPage, emptyPage), true
}

// done is by real time, as latencies are.
func (s *Server) done(job *job) bool { return s.elapsed()-job.elapsed >= s.cfg.JobLatency }

// progress names the state of a job that has not expired.
func (s *Server) progress(job *job, queued, running, done string) string {
	switch {
	case s.done(job):
		return done
	case s.elapsed()-job.elapsed >= s.cfg.JobLatency/3:
		return running
	}
	return queued
}

// writePage writes a page: its rows, and the members that tail appends beside
// them, which is told where the next page starts.
func (s *Server) writePage(w http.ResponseWriter, job *job, at cursor, size int, fault fault, tail func(b []byte, next string) []byte) {
	w.Header().Set("Content-Type", "application/json")
	b := []byte(`{"` + job.array + `":[`)
	again := at // where a faulty page says to go on: where it started
	again.nonce++
	switch {
	case fault == emptyPage && at.nonce%2 == 1:
		b, size = []byte(`{`), 0
	case fault == emptyPage:
		b, size = append(b, `],`...), 0
	}
	rows := 0
	for ; rows < size; rows++ {
		row, ok := job.advance(&at)
		if !ok {
			break
		}
		if rows > 0 {
			b = append(b, ',')
		}
		b = job.rows.append(b, row)
		if len(b) > 64<<10 {
			if _, err := w.Write(b); err != nil {
				return
			}
			if cap(b) > 1<<20 {
				b = nil // one huge record must not stay in memory
			}
			b = b[:0]
		}
	}
	if size > 0 {
		b = append(b, `],`...)
	}
	more := job.limit == 0 || at.sent < job.limit
	if more {
		_, _, more = job.rows.next(at.position)
	}
	next := ""
	switch {
	case fault == emptyPage, fault == repeatPage && again.nonce%2 == 1:
		next = again.String(s.cfg.Seed, job.id)
	case fault == repeatPage: // the very same cursor
		again.nonce--
		next = again.String(s.cfg.Seed, job.id)
	case more:
		at.overlap, at.nonce = job.repeats && rows > 1, 0
		next = at.String(s.cfg.Seed, job.id)
	}
	_, _ = w.Write(append(tail(b, next), '}'))
}

// advance gives the place of the row at the cursor and moves it on.
func (job *job) advance(at *cursor) (position, bool) {
	if at.overlap {
		at.overlap = false
		return position{at.lastDay, at.lastIndex}, true
	}
	if job.limit > 0 && at.sent >= job.limit {
		return position{}, false
	}
	row, after, ok := job.rows.next(at.position)
	if !ok {
		at.position = after
		return position{}, false
	}
	at.lastDay, at.lastIndex = row.day, row.index
	if at.copy == 0 {
		at.sent++
		if job.repeats && hash(job.key, 'x', uint64(row.day), uint64(row.index))%50 == 0 {
			at.position, at.copy = row, 1
			return row, true
		}
	}
	at.position, at.copy = after, 0
	return row, true
}
