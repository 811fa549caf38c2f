package exporter

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// window is what may be done of a class now: units are started until starts,
// and what is in flight must end by closes. shut is why nothing may be.
type window struct {
	starts, closes time.Time
	shut           error
}

func (s *scheduler) window(class string) window {
	now := s.cfg.Clock.Now()
	closes, open := s.cfg.Clock.Open(s.cfg.Gate, class)
	w := window{starts: closes.Add(-s.cfg.Margin), closes: closes}
	switch {
	case !open:
		w.shut = ErrWindowClosed
	case !now.Before(w.starts):
		w.shut = ErrStoppedEarly
	}
	return w
}

// close stops handing out units of a dataset; why is nil for one that is
// merely not selected.
func (s *scheduler) close(name string, why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, before := s.shut[name]; !before && why != nil {
		s.cfg.Log.Warn("no more is started", "dataset", name, "reason", why)
	}
	s.shut[name] = why
}

// left is the error of a run that had to leave units undone. The close says
// more than the margin, which may have come first.
func (s *scheduler) left() error {
	closed, early := "", ""
	for _, d := range s.cfg.Datasets {
		name := d.Info().Name
		switch why := s.shut[name]; {
		case why == nil:
		case errors.Is(s.window(d.Info().Class).shut, ErrWindowClosed):
			closed += " " + name
		default:
			early += " " + name
		}
	}
	var err error
	if closed != "" {
		err = fmt.Errorf("%w for%s", ErrWindowClosed, closed)
	}
	switch {
	case early == "":
		return err
	case err == nil:
		return fmt.Errorf("%w for%s", ErrStoppedEarly, early)
	}
	return fmt.Errorf("%w; %w for%s", err, ErrStoppedEarly, early)
}

// endingAt is ctx until the window of a class closes, or a margin before, by the
// trusted clock, whatever timers and the local clock say; cause is why it ends
// then. The gate is asked again and again, since what was granted may be
// withdrawn meanwhile.
func (s *scheduler) endingAt(ctx context.Context, class string, margin time.Duration, cause error) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	if margin == 0 {
		ctx = context.WithValue(ctx, unitWindowKey{}, &unitWindow{s.cfg.Clock, s.cfg.Gate, class, cancel})
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			closes, open := s.cfg.Clock.Open(s.cfg.Gate, class)
			left := closes.Add(-margin).Sub(s.cfg.Clock.Now())
			if !open || left <= 0 {
				cancel(cause)
				return
			}
			timer := time.NewTimer(min(left, time.Second))
			select {
			case <-timer.C:
			case <-ctx.Done():
				timer.Stop()
				return
			}
		}
	}()
	return ctx, func() { cancel(nil); <-done }
}
