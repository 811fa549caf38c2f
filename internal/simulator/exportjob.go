package simulator

import (
	"net/http"
	"sync"
	"time"
)

// exports holds what was asked for; what it gives is found again each time.
type exports struct {
	mu    sync.Mutex
	made  int
	live  map[string]*exportJob
	lists map[string]listExports // by the path that they were asked for at
}

// exportJob is one of flows, a knowledge base or a data table.
type exportJob struct {
	id, path  string // path is where it was asked for
	item      string // the same for every job that asks for the same
	client    *Client
	flows     []flowToExport
	knowledge knowledgeRequest
	submitted time.Time
	elapsed   time.Duration // the server's, at submission
}

const millis = "2006-01-02T15:04:05.000Z"

// submitExport takes a job on. asked is what tells it from others of its path.
func (s *Server) submitExport(r *http.Request, c caller, asked string, job *exportJob) {
	job.path, job.item, job.client = r.URL.Path, r.URL.Path+"\n"+asked, c.client
	job.submitted, job.elapsed = s.cfg.Now(), s.elapsed()
	e := &s.exports
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.live == nil {
		e.live = map[string]*exportJob{}
	}
	for id, old := range e.live {
		if job.submitted.Sub(old.submitted) >= s.cfg.JobTTL {
			delete(e.live, id)
		}
	}
	e.made++
	job.id = s.org.ids.make(kindOther, collectionNumber("export/jobs"), e.made, 0).String()
	e.live[job.id] = job
}

func (e *exports) find(id string) (job exportJob, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	found, ok := e.live[id]
	if !ok {
		return exportJob{}, false
	}
	return *found, true
}

func (e *exports) remove(id string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.live, id)
}

// exportStatus finds the job that a request names, and which of the words it has
// come to: the last once the latency has passed. A job that is over answers 404.
func (s *Server) exportStatus(w http.ResponseWriter, r *http.Request, id string, words ...string) (job exportJob, word string, done, ok bool) {
	job, ok = s.exports.find(id)
	ok = ok && job.path+"/"+id == r.URL.Path && s.cfg.Now().Sub(job.submitted) < s.cfg.JobTTL
	if ok && s.inject(r, "expire "+job.item, expiredJob) == expiredJob {
		s.exports.remove(id)
		ok = false
	}
	if !ok {
		notHere(w, r, caller{})
		return job, "", false, false
	}
	last, waited := len(words)-1, s.elapsed()-job.elapsed
	if waited >= s.cfg.JobLatency {
		return job, words[last], true, true
	}
	return job, words[int(waited*time.Duration(last)/s.cfg.JobLatency)], false, true
}
