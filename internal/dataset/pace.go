package dataset

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// pace spaces the polls of asynchronous jobs. It learns how long they take,
// so that a poll rarely comes too early (a wasted call) or late (a wasted
// slot).
//
// While nothing is known, one job is polled for all that began beside it. Later
// each job is polled when the others were ready, and one of many a little
// earlier, to notice when they have become faster: the fewer, the more of those
// polls came too early.
type pace struct {
	mu       sync.Mutex
	typical  time.Duration // the age at which jobs are ready; 0: nothing was learnt
	begun    int           // jobs since one was polled earlier
	every    int           // one of so many is, 0: of probing
	hint     bool          // that one was ready
	scout    chan struct{} // closed when the job that is polled for all has ended
	next     time.Duration // the age at which it is polled next
	patience time.Duration // default longest
}

const (
	firstPoll = 50 * time.Millisecond // before anything was learnt
	slowest   = 15 * time.Second      // between two polls
	longest   = 6 * time.Hour         // for one job; nothing is known to take so long
	following = time.Minute           // so long a job relies on another's polls
	probing   = 50                    // of so many jobs one is polled earlier
	rarest    = 400                   // or one of so many, where that is in vain
)

// errStuck: a job shows no end. Its unit asks for another, since a repeat
// would only wait for the same one again.
var errStuck = errors.New("the platform does not finish the job")

// watch is the polling of one job.
type watch struct {
	waited, wait time.Duration // so far, and until the next poll
	typical      time.Duration // as it was at the beginning
	scout, probe bool
}

// poll calls ready until it says true.
func (p *pace) poll(ctx context.Context, ready func(context.Context) (bool, error)) error {
	patience := cmp.Or(p.patience, longest)
	w, err := p.begin(ctx, patience)
	if err != nil {
		return err
	}
	if w.scout {
		defer p.dismiss()
	}
	for {
		if err := pause(ctx, w.wait); err != nil {
			return err
		}
		w.waited += w.wait
		ok, err := ready(ctx)
		if err != nil {
			return err
		}
		if ok {
			p.learn(w)
			return nil
		}
		if w.waited >= patience {
			return fmt.Errorf("%w: still not ready after %s", errStuck, w.waited.Round(time.Second))
		}
		p.goOn(&w)
	}
}

// begin says when a new job is to be polled first, after the end of the one that
// is polled for all, if there is one.
func (p *pace) begin(ctx context.Context, patience time.Duration) (w watch, err error) {
	for {
		p.mu.Lock()
		if w.typical = p.typical; w.typical > 0 {
			p.begun++
			at := w.typical
			if w.probe = p.begun >= cmp.Or(p.every, probing); w.probe {
				at, p.begun = at*7/8, 0
			}
			p.mu.Unlock()
			w.wait = max(firstPoll, at-w.waited)
			return w, nil
		}
		if p.scout == nil {
			p.scout, p.next = make(chan struct{}), firstPoll
			p.mu.Unlock()
			return watch{wait: firstPoll, scout: true}, nil
		}
		scout, at := p.scout, p.next
		p.mu.Unlock()
		timer := time.NewTimer(min(following, patience))
		select {
		case <-scout:
			timer.Stop()
			p.mu.Lock()
			w.waited = max(0, p.typical-at) // at least
			p.mu.Unlock()
		case <-timer.C: // that one is no example
			return watch{waited: min(following, patience), wait: firstPoll}, nil
		case <-ctx.Done():
			timer.Stop()
			return w, context.Cause(ctx)
		}
	}
}

// goOn says when to poll again. The longer it takes, the less a poll more or
// less matters.
func (p *pace) goOn(w *watch) {
	switch {
	case w.scout:
		w.wait = min(w.waited, slowest)
		p.mu.Lock()
		p.next = w.waited + w.wait
		p.mu.Unlock()
	case w.waited < w.typical:
		w.wait = w.typical - w.waited
	default:
		w.wait = min(max(firstPoll, w.waited/4), slowest)
	}
}

// learn takes in how old a job was when it was ready. One that took very long
// must not make all others wait for as long.
func (p *pace) learn(w watch) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.typical == 0:
		p.typical = w.waited
	case w.waited > w.typical && w.typical > 0:
		p.typical = max(p.typical, min(w.waited, 2*w.typical))
	}
	if w.probe {
		p.probed(w)
	}
}

// probed learns from a job that was polled earlier than others. It may have been
// ready by chance, or been polled late by a busy machine: the next one tells.
func (p *pace) probed(w watch) {
	early := w.waited < w.typical
	switch {
	case !early:
		p.every = min(2*cmp.Or(p.every, probing), rarest)
	case !p.hint:
		p.begun = rarest
	case p.typical == w.typical:
		p.typical, p.every = w.waited, probing
	}
	p.hint = early && !p.hint
}

// dismiss lets the jobs go on that relied on another's polls. Where that taught
// nothing, the next of them is polled for all.
func (p *pace) dismiss() {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.scout)
	p.scout = nil
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
