package simulator

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"
)

const (
	defaultResultsPage = 1000
	maxResultsPage     = 10000
)

// jobs holds the parameters of details jobs; what they hold is found again for
// each page. A job is forgotten some time after it expired.
type jobs struct {
	mu   sync.Mutex
	made int
	live map[string]*detailsJob
}

type detailsJob struct {
	id        string
	sel       selection
	limit     int
	key       uint64 // the same for every job with the same parameters
	submitted time.Time
	elapsed   time.Duration // the server's, at submission
	dead      bool          // expired before its time, by a fault
}

func (j *jobs) add(o *org, job *detailsJob, forget time.Duration) {
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

func (j *jobs) find(id string) (*detailsJob, bool) {
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

func (j *jobs) kill(job *detailsJob) {
	j.mu.Lock()
	defer j.mu.Unlock()
	job.dead = true
}

// expired is by the platform's clock.
func (s *Server) expired(job *detailsJob) bool {
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
		fail(w, r, http.StatusBadRequest, "response.entity.too.large",
			"The response is over the size limit. Reduce pageSize or expand list to reduce response size if applicable")
		return
	}
	job := &detailsJob{
		sel: sel, limit: q.Limit, submitted: s.cfg.Now(), elapsed: s.elapsed(),
		key: hash(s.cfg.Seed, 'j', uint64(sel.from), uint64(sel.to), uint64(sel.startedSince), uint64(q.Limit)),
	}
	s.jobs.add(s.org, job, 2*s.cfg.JobTTL)
	s.counts.jobCreated()
	reply(w, http.StatusAccepted, map[string]string{"jobId": job.id})
}

func (s *Server) jobNotFound(w http.ResponseWriter, r *http.Request) {
	fail(w, r, http.StatusNotFound, "not.found", "The requested resource was not found.")
}

// jobStatus goes through QUEUED and PENDING to FULFILLED, and ends as EXPIRED.
func (s *Server) jobStatus(w http.ResponseWriter, r *http.Request, _ caller) {
	job, ok := s.jobs.find(r.PathValue("jobId"))
	if !ok {
		s.jobNotFound(w, r)
		return
	}
	s.mayExpire(r, job, "status")
	body := map[string]any{
		"submissionDate": job.submitted.UTC().Format("2006-01-02T15:04:05.000Z"),
		"expirationDate": job.submitted.Add(s.cfg.JobTTL).UTC().Format("2006-01-02T15:04:05.000Z"),
	}
	status, waited := http.StatusAccepted, s.elapsed()-job.elapsed
	switch {
	case s.expired(job):
		status, body["state"] = http.StatusOK, "EXPIRED"
	case waited >= s.cfg.JobLatency:
		status, body["state"] = http.StatusOK, "FULFILLED"
		body["completionDate"] = job.submitted.Add(s.cfg.JobLatency).UTC().Format("2006-01-02T15:04:05.000Z")
	case waited >= s.cfg.JobLatency/3:
		body["state"] = "PENDING"
	default:
		body["state"] = "QUEUED"
	}
	reply(w, status, body)
}

// mayExpire injects expired-job. The key names the job's parameters and the
// place, not the job: a job made again for the same interval is the same item.
func (s *Server) mayExpire(r *http.Request, job *detailsJob, place string) {
	item := fmt.Sprintf("expire %x %s", job.key, place)
	if s.inject(r, item, expiredJob) == expiredJob {
		s.jobs.kill(job)
	}
}

func (s *Server) deleteJob(w http.ResponseWriter, r *http.Request, _ caller) {
	if !s.jobs.remove(r.PathValue("jobId")) {
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
	job, ok := s.jobs.find(r.PathValue("jobId"))
	if !ok {
		s.jobNotFound(w, r)
		return
	}
	size := defaultResultsPage
	if text := r.URL.Query().Get("pageSize"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > maxResultsPage {
			badRequest(w, r, fmt.Sprintf("pageSize must be between 1 and %d", maxResultsPage))
			return
		}
		size = n
	}
	at := cursor{position: job.sel.first(s.org)}
	if text := r.URL.Query().Get("cursor"); text != "" {
		if at, ok = parseCursor(text, s.cfg.Seed, job.id); !ok {
			badRequest(w, r, "the cursor is not one of this job's")
			return
		}
	}
	place := fmt.Sprint(at.day, " ", at.index, " ", at.copy)
	s.mayExpire(r, job, place)
	if s.expired(job) {
		s.jobNotFound(w, r)
		return
	}
	if s.elapsed()-job.elapsed < s.cfg.JobLatency {
		badRequest(w, r, "the job is not FULFILLED")
		return
	}
	fault := s.inject(r, fmt.Sprintf("page %x %s", job.key, place), repeatPage, emptyPage)
	s.writePage(w, job, at, size, fault)
}

func (s *Server) writePage(w http.ResponseWriter, job *detailsJob, at cursor, size int, fault fault) {
	w.Header().Set("Content-Type", "application/json")
	b := []byte(`{"conversations":[`)
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
		c, ok := s.advance(job, &at)
		if !ok {
			break
		}
		if rows > 0 {
			b = append(b, ',')
		}
		b = s.org.appendConversation(b, c, true)
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
		_, _, more = job.sel.next(s.org, at.position)
	}
	next := ""
	switch {
	case fault == emptyPage, fault == repeatPage && again.nonce%2 == 1:
		next = again.String(s.cfg.Seed, job.id)
	case fault == repeatPage: // the very same cursor
		again.nonce--
		next = again.String(s.cfg.Seed, job.id)
	case more:
		at.overlap, at.nonce = rows > 1, 0
		next = at.String(s.cfg.Seed, job.id)
	}
	if next != "" {
		b = append(append(append(b, `"cursor":"`...), next...), `",`...)
	}
	b = append(b, `"dataAvailabilityDate":"`...)
	b = s.available().UTC().AppendFormat(b, "2006-01-02T15:04:05.000Z")
	b = append(b, `"}`...)
	_, _ = w.Write(b)
}

// advance gives the row at the cursor and moves it on.
func (s *Server) advance(job *detailsJob, at *cursor) (conversation, bool) {
	if at.overlap {
		at.overlap = false
		return s.org.conversation(at.lastDay, at.lastIndex), true
	}
	if job.limit > 0 && at.sent >= job.limit {
		return conversation{}, false
	}
	c, after, ok := job.sel.next(s.org, at.position)
	if !ok {
		at.position = after
		return conversation{}, false
	}
	at.lastDay, at.lastIndex = c.day, c.index
	if at.copy == 0 {
		at.sent++
		if hash(job.key, 'x', uint64(c.day), uint64(c.index))%50 == 0 {
			at.position, at.copy = position{c.day, c.index}, 1
			return c, true
		}
	}
	at.position, at.copy = after, 0
	return c, true
}

// cursor is where a page starts.
type cursor struct {
	position
	copy               int // 1: the row's second time
	sent               int // rows before, repeats aside
	overlap            bool
	lastDay, lastIndex int // the last row of the page before
	nonce              int // makes another text of the same place
}

// String gives an opaque text that is good for one job only.
func (c cursor) String(seed uint64, job string) string {
	b := make([]byte, 0, 40)
	overlap := 0
	if c.overlap {
		overlap = 1
	}
	for _, n := range []int{c.day, c.index, c.copy, c.sent, overlap, c.lastDay, c.lastIndex, c.nonce} {
		b = binary.AppendUvarint(b, uint64(n))
	}
	tag := cursorTag(seed, job, b)
	for i := range b {
		b[i] ^= byte(mix(tag + uint64(i)))
	}
	return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint64(b, tag))
}

func parseCursor(text string, seed uint64, job string) (c cursor, ok bool) {
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b) < 8 {
		return c, false
	}
	tag := binary.BigEndian.Uint64(b[len(b)-8:])
	b = b[:len(b)-8]
	for i := range b {
		b[i] ^= byte(mix(tag + uint64(i)))
	}
	if cursorTag(seed, job, b) != tag {
		return c, false
	}
	in := bytes.NewReader(b)
	var overlap int
	for _, n := range []*int{&c.day, &c.index, &c.copy, &c.sent, &overlap, &c.lastDay, &c.lastIndex, &c.nonce} {
		v, err := binary.ReadUvarint(in)
		if err != nil {
			return c, false
		}
		*n = int(v)
	}
	c.overlap = overlap == 1
	return c, true
}

func cursorTag(seed uint64, job string, b []byte) uint64 {
	h := hash(seed, 'k')
	for _, v := range []byte(job) {
		h = mix(h ^ uint64(v))
	}
	for _, v := range b {
		h = mix(h ^ uint64(v))
	}
	return h
}
