package simulator

import (
	"net/http"
	"strings"
	"sync"
	"time"
)

// work is something that the simulator was asked to do while it runs: a job, an
// export, a batch. It is audited, for an export of audits has to hold what it did
// itself.
type work struct {
	at               time.Time
	id, client, path string
}

// workKept is how much work is remembered; what was before is audited no more.
const workKept = 10_000

// workLog keeps the last work in a ring, by its number from 0.
type workLog struct {
	mu   sync.Mutex
	made int
	ring []work
}

func (l *workLog) add(w work) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.ring) < workKept {
		l.ring = append(l.ring, w)
	} else {
		l.ring[l.made%workKept] = w
	}
	l.made++
}

func (l *workLog) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.made
}

func (l *workLog) get(number int) (w work, kept bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if number >= l.made || number < l.made-len(l.ring) {
		return work{}, false
	}
	return l.ring[number%workKept], true
}

// audited notes what a route was asked to do, where that makes a job, a batch or
// an export, and it was not refused.
func (s *Server) audited(route route) func(http.ResponseWriter, *http.Request, caller) {
	method, path, _ := strings.Cut(route.pattern, " ")
	if method != http.MethodPost || !strings.Contains(path, "export") && !strings.Contains(path, "/jobs") && !strings.Contains(path, "/batchrequests") {
		return route.serve
	}
	return func(w http.ResponseWriter, r *http.Request, c caller) {
		answer := &answerWriter{ResponseWriter: w}
		route.serve(answer, r, c)
		if answer.status < http.StatusBadRequest {
			s.work.add(work{at: s.cfg.Now(), id: exchangeOf(r).correlation, client: c.client.ID, path: r.URL.Path})
		}
	}
}
