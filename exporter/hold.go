package exporter

import (
	"context"
	"errors"
	"sync"
	"time"
)

// errHeld ends the units of a run that is held.
var errHeld = errors.New("the run is held")

// Hold stops a run and lets it go on, as often as somebody likes. While it is
// held no unit and no transfer is started, and no request sent: units stop
// where a drain would stop them, are given back, and go on from their
// checkpoints later, so that nothing is held meanwhile that could expire.
// Transfers in flight finish, and windows still close. The zero value holds
// nothing. It is safe for concurrent use.
type Hold struct {
	mu    sync.Mutex
	ctx   context.Context // ends when the run is held
	held  context.CancelFunc
	freed chan struct{} // closed when it goes on; nil unless held
}

// Set holds the run, or lets it go on.
func (h *Hold) Set(held bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.begin()
	switch {
	case held && h.freed == nil:
		h.freed = make(chan struct{})
		h.held()
	case !held && h.freed != nil:
		close(h.freed)
		h.ctx, h.freed = nil, nil
		h.begin()
	}
}

func (h *Hold) begin() {
	if h.ctx == nil {
		h.ctx, h.held = context.WithCancel(context.Background())
	}
}

// free is a context that ends when the run is held; it has ended if it is now.
func (h *Hold) free() context.Context {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.begin()
	return h.ctx
}

// goesOn is closed once the run goes on; nil unless it is held.
func (h *Hold) goesOn() <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.freed
}

// heldBack says that the run is held, and that something could be started
// otherwise. Once every window is closed, units need no permission to be left.
func (s *scheduler) heldBack() bool {
	if s.cfg.Hold.goesOn() == nil {
		return false
	}
	for _, d := range s.datasets {
		if s.window(d.Info().Class).shut == nil {
			return true
		}
	}
	return false
}

// watchHold wakes the workers when the run goes on, and while it is held now
// and then, to see whether a window has closed.
func (s *scheduler) watchHold(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		on := s.cfg.Hold.goesOn()
		if on == nil {
			select {
			case <-s.cfg.Hold.free().Done():
			case <-ctx.Done():
				return
			}
			continue
		}
		select {
		case <-on:
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		s.wake()
	}
}
