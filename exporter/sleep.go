package exporter

import (
	"context"
	"time"
)

// patient says whether the next unit that sleeps is waited for, and has the
// workers look again in a while. What it waits in all, from the first time that
// nothing else was left, is bounded.
func (s *scheduler) patient(next time.Time) bool {
	now := s.cfg.Clock.Now()
	if s.until.IsZero() {
		s.until = now.Add(s.cfg.Patience)
	}
	if next.IsZero() || next.After(s.until) || !now.Before(s.until) {
		return false
	}
	if !s.ticking {
		s.ticking = true
		time.AfterFunc(min(next.Sub(now), time.Minute), func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.ticking = false
			s.changed.Broadcast()
		})
	}
	return true
}

// What sleeps is run, ready or not, so long before its window closes: later
// there will be no other chance.
const lastChance = 6 * time.Hour

// wakeUp makes pending what has slept long enough, and once in a run what its
// window leaves no time to sleep for.
func (s *scheduler) wakeUp(ctx context.Context) (n int, next time.Time, err error) {
	now := s.cfg.Clock.Now()
	var early []string
	some := false
	for name, d := range s.datasets {
		w := s.window(d.Info().Class)
		some = some || w.shut == nil
		if w.shut == nil && !s.early[name] && (s.cfg.Sweep || w.starts.Sub(now) <= lastChance) {
			s.early[name] = true
			early = append(early, name)
		}
	}
	n, next, err = s.cfg.Journal.Wake(ctx, now, early...)
	if !some { // nothing may be run any more
		next = time.Time{}
	}
	return n, next, err
}
