package genesys

import (
	"context"
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// A lower rate that an answer announced holds until it has not been
	// announced for so long: some paths have limits of their own, and must
	// not slow down the others for good.
	lowRateHolds = 2 * time.Minute
	// Headers alone make the budget wait no longer than this before the next
	// request asks again; only a 429 can.
	maxWindow = 2 * time.Minute
)

// budget is the rate of one token, shared by all requests of the process.
//
// Three rules, the strictest counts: an even pace of the configured rate less
// the headroom; a stop until the window's end where the platform's own count
// says that others use the token too; and a pause after a 429.
//
// Requests pass one by one, in the order in which they came, so whoever waits
// sees each change of the rules at once, and giving up takes nothing away.
type budget struct {
	now      func() time.Time
	headroom float64
	turn     chan struct{} // holds the one who waits for the next slot

	mu         sync.Mutex
	configured int // requests per minute
	current    int // in force, where an answer announced less
	cap        int // for a while, by the customer's wish; 0 for none
	announced  time.Time
	pace       *rate.Limiter
	paused     time.Time // nothing is sent before
	window     rateWindow
	sent       int64 // requests let pass
}

// pass is one request's leave to be sent.
type pass struct {
	number int64
	at     time.Time
}

// rateWindow is the platform's window as far as it is known.
type rateWindow struct {
	end  time.Time
	used int // by the platform's count, plus what was sent since
	stop int // nothing more is sent in this window at this count
}

func newBudget(perMinute int, headroom float64, now func() time.Time) *budget {
	b := &budget{
		now: now, headroom: headroom, turn: make(chan struct{}, 1),
		configured: perMinute, current: perMinute, pace: rate.NewLimiter(0, 1),
	}
	b.adjust(now())
	return b
}

// adjust puts the current rate into force.
func (b *budget) adjust(now time.Time) {
	perMinute, burst := evenly(b.current, b.headroom)
	if b.cap > 0 {
		capped, fewer := evenly(b.cap, 0)
		perMinute, burst = min(perMinute, capped), min(burst, fewer)
	}
	b.pace.SetLimitAt(now, rate.Limit(perMinute/60))
	b.pace.SetBurstAt(now, int(burst))
}

// evenly is the pace that keeps within a limit.
func evenly(limit int, headroom float64) (perMinute, burst float64) {
	l := float64(limit)
	// Late timers must not cost throughput: what a tenth of a second earns
	// may be caught up with.
	burst = 1 + math.Ceil(l/600)
	// Any minute, wherever it begins, must stay within the limit even
	// without a headroom.
	return max(min(l*(1-headroom), l*0.99, l-burst), l/2), burst
}

// hold caps the rate until it is called again; 0 for no cap.
func (b *budget) hold(perMinute int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if perMinute != b.cap {
		b.cap = perMinute
		b.adjust(b.now())
	}
}

// lower lowers the configured rate for good.
func (b *budget) lower(perMinute int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lowerLocked(perMinute)
}

func (b *budget) lowerLocked(perMinute int) {
	if perMinute < 1 || perMinute >= b.configured {
		return
	}
	b.configured = perMinute
	b.current = min(b.current, perMinute)
	b.adjust(b.now())
}

// acquire waits until one request may be sent.
func (b *budget) acquire(ctx context.Context) (pass, error) {
	if ctx.Err() != nil {
		return pass{}, context.Cause(ctx)
	}
	select {
	case b.turn <- struct{}{}:
	case <-ctx.Done():
		return pass{}, context.Cause(ctx)
	}
	defer func() { <-b.turn }()
	for {
		p, wait := b.take()
		if wait <= 0 {
			return p, nil
		}
		// A rate that was raised meanwhile is heeded soon.
		if err := sleep(ctx, min(wait, time.Second)); err != nil {
			return pass{}, err
		}
	}
}

// take takes a slot, or says how long to wait before asking again.
func (b *budget) take() (pass, time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	if wait := b.paused.Sub(now); wait > 0 {
		return pass{}, wait
	}
	if wait := b.window.end.Sub(now); wait > 0 && b.window.used >= b.window.stop {
		return pass{}, wait
	}
	if !b.pace.AllowN(now, 1) {
		missing := 1 - b.pace.TokensAt(now)
		wait := time.Duration(missing / float64(b.pace.Limit()) * float64(time.Second))
		return pass{}, max(wait, 100*time.Microsecond)
	}
	b.window.used++
	b.sent++
	return pass{b.sent, now}, 0
}

// observe takes what the answer to a request says about the rate.
func (b *budget) observe(p pass, state rateState) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	b.announce(min(state.allowed, b.configured), now)
	next := rateWindow{
		// The platform counts when it lets a request in, however long it takes
		// to answer; the seconds left are cut to whole ones, so one more is waited.
		end: p.at.Add(min(state.reset+time.Second, maxWindow)),
		// It cannot have counted what was sent later.
		used: state.count + int(b.sent-p.number),
		// The pace alone stays below this. More means that somebody else
		// uses the token, whom half of the headroom is left to.
		stop: max(1, int(float64(state.allowed)*(1-b.headroom/2))),
	}
	const jitter = 3 * time.Second
	switch {
	case !next.end.After(now): // news of a window that is over
	case next.end.After(b.window.end.Add(jitter)), // a new one
		!b.window.end.After(now),
		next.used-next.stop >= b.window.used-b.window.stop:
		b.window = next
	}
}

// announce takes note of the rate that an answer allows.
func (b *budget) announce(allowed int, now time.Time) {
	switch {
	case allowed <= b.current:
		b.announced = now
	case now.Sub(b.announced) < lowRateHolds:
		return
	}
	if allowed != b.current {
		b.current = allowed
		b.adjust(now)
	}
}

// pause stops everything for a while, after a 429. limit is what it names.
func (b *budget) pause(wait time.Duration, limit Limit) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	if until := now.Add(wait); until.After(b.paused) {
		b.paused = until
	}
	// What was saved up is gone: the platform has just said "too many".
	b.pace.AllowN(now, int(b.pace.TokensAt(now)))
	switch limit.Key {
	case "client.credentials.token.rate.per.minute", "token.rate.per.minute", "org.app.user.rate.per.minute":
		if limit.Value < math.MaxInt32 {
			b.lowerLocked(int(limit.Value))
		}
	}
}

// state says what rate is in force, and for how long nothing is sent.
func (b *budget) state() (perMinute int, paused time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	paused = b.paused.Sub(now)
	if b.window.used >= b.window.stop {
		paused = max(paused, b.window.end.Sub(now))
	}
	perMinute = b.current
	if b.cap > 0 {
		perMinute = min(perMinute, b.cap)
	}
	return perMinute, max(paused, 0)
}

// sleep waits, or returns the cause for which ctx ended.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	// Both may be ready at once; the end of ctx counts.
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}
