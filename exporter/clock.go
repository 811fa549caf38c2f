package exporter

import (
	"sync"
	"time"
)

// A jump of the platform's clock by more than this is believed only once a
// second answer confirms it, so that one broken header closes no window. So is
// a first answer that contradicts this machine's clock.
const jumpTolerance = 2 * time.Minute

// Clock is the time that windows are decided by: the platform's, as its Date
// headers tell it, carried on between two answers by this machine's
// monotonic clock. Turning the local clock changes nothing, and the time
// never runs backwards. It is safe for concurrent use.
type Clock struct {
	local func() time.Time

	mu       sync.Mutex
	floor    time.Time // never earlier than this
	server   time.Time // the platform's time at the anchor; zero before the first answer
	anchor   time.Time // local reading at the anchor
	agreed   time.Time // local reading when an answer last agreed; see Leapt
	skew     time.Duration
	surprise time.Time // an unconfirmed jump ahead
}

// NewClock starts from the local clock, but never before floor: the last
// trusted time of earlier runs.
func NewClock(local func() time.Time, floor time.Time) *Clock {
	return &Clock{local: local, floor: floor}
}

const (
	// A Date header is cut to whole seconds.
	dateCut = time.Second
	// So long the way of an answer and of the next request may take together.
	underWay = time.Second
)

// Observe takes the Date header of an answer that has just arrived, as the
// latest instant that it can mean.
func (c *Clock) Observe(date time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	local := c.local()
	latest := date.Add(dateCut)
	c.skew = local.Round(0).Sub(date)
	first := c.server.IsZero()
	estimate := local.Round(0)
	if !first {
		estimate = c.server.Add(local.Sub(c.anchor))
	}
	ahead := latest.Sub(estimate)
	switch {
	case !first && ahead <= 0:
		c.agree(local)
		c.surprise = time.Time{}
		return
	case ahead.Abs() > jumpTolerance && latest.Sub(c.surprise).Abs() > jumpTolerance && (first || (ahead-c.leap(local)).Abs() > jumpTolerance):
		c.surprise = latest
		return
	}
	c.agree(local)
	c.server, c.anchor, c.surprise = latest, local, time.Time{}
}

// agree takes note that an answer has come, unless something has leapt: the
// answer may be from before, and have come while the machine slept.
func (c *Clock) agree(local time.Time) {
	if c.leap(local) == 0 {
		c.agreed = local
	}
}

// Asked settles a leap: the platform was asked for the time when this machine's
// clock said then, and has answered. It is false where another answer is needed.
func (c *Clock) Asked(then time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.surprise.IsZero() {
		return false
	}
	c.agreed = then
	return true
}

// A monotonic clock stands still while a machine sleeps. A wall clock that went
// on by so much more says that it may have.
const leapTolerance = time.Second

// leap is how far the wall clock has gone ahead of the monotonic one since an
// answer last agreed; zero if not far.
func (c *Clock) leap(local time.Time) time.Duration {
	if c.agreed.IsZero() {
		return 0
	}
	if leap := local.Round(0).Sub(c.agreed.Round(0)) - local.Sub(c.agreed); leap > leapTolerance {
		return leap
	}
	return 0
}

// Leapt is how far this machine's date has leapt ahead since the platform last
// told the time, as after a sleep, or where somebody has set it; else zero. Now
// does not heed it. It lasts until the platform was asked for the time; see
// [Clock.Asked].
func (c *Clock) Leapt() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.leap(c.local())
}

// Open says whether a class may be exported now, and until when by this clock.
// It holds whatever a Date header left out, and for a request that is still to
// arrive: a window may open a second late, and shut up to two seconds early.
func (c *Clock) Open(gate Gate, class string) (closes time.Time, open bool) {
	now := c.Now()
	closes, open = gate.Until(class, now)
	if open && c.Trusted() {
		earlier, was := gate.Until(class, now.Add(-dateCut))
		open = was && earlier.Equal(closes)
		closes = closes.Add(-underWay)
	}
	if !open || !now.Before(closes) {
		return time.Time{}, false
	}
	return closes, true
}

// Now is the trusted time: the platform's where an answer has told it, else
// the local clock's, and never earlier than it was before.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.local()
	if !c.server.IsZero() {
		now = c.server.Add(now.Sub(c.anchor))
	}
	now = now.Round(0).UTC()
	if now.Before(c.floor) {
		return c.floor
	}
	if !c.server.IsZero() {
		c.floor = now
	}
	return now
}

// Trusted says whether the platform has told the time yet.
func (c *Clock) Trusted() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.server.IsZero()
}

// Skew is how far the local clock was ahead of the platform's at the last
// answer; negative when it was behind.
func (c *Clock) Skew() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.skew
}
