package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"exitplan/exporter"
	"exitplan/internal/notify"
)

// Whether an export may go on, and how fast, is looked up so often.
const lookEvery = 500 * time.Millisecond

// restraint is what keeps an export from going as fast as it could: somebody
// paused it, or the live operation needs the line. Its hold is the run's.
type restraint struct {
	*session
	hold  exporter.Hold
	quiet bool

	mu     sync.Mutex
	paused *pause
	live   bool
}

// look finds out how things stand, and puts it into force.
func (r *restraint) look(ctx context.Context) {
	now := r.clock.Now()
	paused, err := r.pausedAt(now)
	if err != nil { // it stays as it was
		r.log.Warn("pause", "error", err)
		paused = r.isPaused()
	}
	r.mu.Lock()
	was := r.paused
	r.paused = paused
	r.live = r.cfg.Pace.Live.Hours.Live(now)
	live := r.live
	r.mu.Unlock()

	pace, rate := r.cfg.Pace.Bandwidth, 0
	if still := live && r.cfg.Pace.Live.Still; live && !still {
		rate = r.cfg.Pace.Live.RequestsPerMinute
		if lower := r.cfg.Pace.Live.Bandwidth; lower > 0 && (pace == 0 || lower < pace) {
			pace = lower
		}
	}
	for _, client := range r.clients {
		client.CapRate(rate)
	}
	r.bandwidth.Set(pace, time.Now())
	r.hold.Set(r.still() != "")
	r.tell(ctx, was, paused)
}

// tell says, and writes down, that somebody paused or resumed the export.
func (r *restraint) tell(ctx context.Context, was, is *pause) {
	kind, detail, words := notify.Paused, map[string]string(nil), ""
	switch {
	case was == nil && is == nil, was != nil && is != nil && *was == *is:
		return
	case is == nil:
		kind, detail, words = notify.Resumed, was.detail(), "resumed"
	default:
		detail, words = is.detail(), is.String()+"; 'exitplan resume' goes on"
	}
	if !r.quiet {
		fmt.Fprintln(r.screen, "exitplan:", words)
	}
	r.notices.say(ctx, kind, "the export is "+strings.TrimSuffix(words, "; 'exitplan resume' goes on"))
	if r.journal == nil {
		return
	}
	if err := r.record(ctx, kind, detail); err != nil && ctx.Err() == nil {
		r.log.Warn("custody event", "kind", kind, "error", err)
	}
}

func (r *restraint) isPaused() *pause {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.paused
}

// still says why nothing may be done now; "" if something may.
func (r *restraint) still() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.paused != nil:
		return "paused"
	case r.live && r.cfg.Pace.Live.Still:
		return "office hours: waiting"
	}
	return ""
}

// slower says what holds in the hours of live operation; "" outside of them.
func (r *restraint) slower() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	l := r.cfg.Pace.Live
	if !r.live || l.Still {
		return ""
	}
	text := "office hours:"
	if l.RequestsPerMinute > 0 {
		text += fmt.Sprintf(" %d/min", l.RequestsPerMinute)
	}
	if l.Bandwidth > 0 {
		text += " " + bytesText(l.Bandwidth) + "/s"
	}
	return text
}

// watch looks again and again, until ctx ends.
func (r *restraint) watch(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			r.look(ctx)
		case <-ctx.Done():
			return
		}
	}
}

// await waits until something may be done. Before that not even the time is
// asked for, unless this machine's clock says that the window has closed.
func (r *restraint) await(ctx context.Context) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	said := false
	for {
		r.look(ctx)
		why := r.still()
		if why == "" {
			return nil
		}
		if !said && !r.quiet && r.isPaused() == nil {
			fmt.Fprintf(r.screen, "exitplan: %s (%s)\n", why, r.cfg.Pace.Live.Hours)
			said = true
		}
		if !r.anyOpen() {
			if err := r.checkWindow(ctx); err != nil {
				return err
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// pausedAt is the pause in force; one of the export holds its rehearsals, too.
func (s *session) pausedAt(now time.Time) (*pause, error) {
	p, err := readPause(s.home(), now)
	if p == nil && err == nil && s.home() != s.cfg.State {
		p, err = readPause(s.cfg.State, now)
	}
	return p, err
}
