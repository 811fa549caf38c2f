package simulator

import (
	"net/http"
	"sync"
	"time"
)

// prepared remembers since when files are made ready that are not at once.
type prepared struct {
	mu    sync.Mutex
	since map[string]preparation
}

type preparation struct {
	asked   time.Time
	elapsed time.Duration // the server's, when it was asked for
}

// isPrepared is true once the latency of jobs has passed since an item was first
// asked for. It has to be made ready again when the time of jobs is over, or the
// fault has hit it.
func (s *Server) isPrepared(r *http.Request, item string) bool {
	lost := s.inject(r, "expire "+item, expiredJob) == expiredJob
	now, elapsed := s.cfg.Now(), s.elapsed()
	p := &s.prepared
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.since == nil {
		p.since = map[string]preparation{}
	}
	for other, begun := range p.since {
		if now.Sub(begun.asked) >= s.cfg.JobTTL || lost && other == item {
			delete(p.since, other)
		}
	}
	begun, ok := p.since[item]
	if !ok {
		p.since[item] = preparation{now, elapsed}
		return false
	}
	return elapsed-begun.elapsed >= s.cfg.JobLatency
}
