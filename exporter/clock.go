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
	skew     time.Duration
	surprise time.Time // an unconfirmed jump ahead
}

// NewClock starts from the local clock, but never before floor: the last
// trusted time of earlier runs.
func NewClock(local func() time.Time, floor time.Time) *Clock {
	return &Clock{local: local, floor: floor}
}

// Observe takes the Date header of an answer that has just arrived. The
// header is cut to whole seconds, so the latest instant that it can mean
// counts: a window may shut up to a second early, never late.
func (c *Clock) Observe(date time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	local := c.local()
	latest := date.Add(time.Second)
	c.skew = local.Round(0).Sub(date)
	first := c.server.IsZero()
	estimate := local.Round(0)
	if !first {
		estimate = c.server.Add(local.Sub(c.anchor))
	}
	ahead := latest.Sub(estimate)
	switch {
	case !first && ahead <= 0:
		c.surprise = time.Time{}
		return
	case ahead.Abs() > jumpTolerance && latest.Sub(c.surprise).Abs() > jumpTolerance:
		c.surprise = latest
		return
	}
	c.server, c.anchor, c.surprise = latest, local, time.Time{}
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
