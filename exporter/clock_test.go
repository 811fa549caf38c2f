package exporter_test

import (
	"testing"
	"time"

	"exitplan/exporter"
)

// desk is a local clock whose wall time can be turned while the monotonic
// reading, as in time.Now, goes on undisturbed: it returns readings that
// differ only in what the machine believes the date to be.
type desk struct{ now time.Time }

func (d *desk) read() time.Time         { return d.now }
func (d *desk) pass(by time.Duration)   { d.now = d.now.Add(by) }
func (d *desk) server(at int) time.Time { return noon.Add(time.Duration(at) * time.Second) }

var noon = time.Date(2026, 12, 31, 12, 0, 0, 0, time.UTC)

func TestClockFollowsThePlatformNotTheMachine(t *testing.T) {
	d := &desk{now: noon.Add(3 * time.Hour)} // three hours fast
	c := exporter.NewClock(d.read, time.Time{})
	if c.Trusted() {
		t.Error("trusted before any answer")
	}
	c.Observe(d.server(0))
	c.Observe(d.server(0)) // which contradicts this machine, and so is told twice
	if got := c.Now(); got.Before(noon) || got.After(noon.Add(time.Second)) {
		t.Errorf("now %v, want %v", got, noon)
	}
	if got := c.Skew(); got != 3*time.Hour {
		t.Errorf("skew %v", got)
	}
	d.pass(10 * time.Second)
	if got := c.Now(); got.Before(d.server(10)) || got.After(d.server(11)) {
		t.Errorf("now %v, want %v", got, d.server(10))
	}
}

func TestClockNeverRunsBackwards(t *testing.T) {
	d := &desk{now: noon}
	floor := noon.Add(time.Hour) // an earlier run got so far
	c := exporter.NewClock(d.read, floor)
	if got := c.Now(); !got.Equal(floor) {
		t.Errorf("now %v, want the floor %v", got, floor)
	}
	c.Observe(d.server(2 * 3600))
	before := c.Now()
	c.Observe(d.server(0)) // a server whose clock is behind
	if got := c.Now(); got.Before(before) {
		t.Errorf("went back from %v to %v", before, got)
	}
}

func TestClockBelievesAJumpOnlyOnceItIsConfirmed(t *testing.T) {
	d := &desk{now: noon}
	c := exporter.NewClock(d.read, time.Time{})
	c.Observe(d.server(0))
	c.Observe(d.server(24 * 3600)) // one broken header
	if got := c.Now(); got.After(noon.Add(time.Minute)) {
		t.Errorf("one header moved the clock to %v", got)
	}
	c.Observe(d.server(1)) // all is well again
	c.Observe(d.server(24 * 3600))
	c.Observe(d.server(24*3600 + 1))
	if got := c.Now(); got.Before(noon.Add(24 * time.Hour)) {
		t.Errorf("two headers agree, but the clock says %v", got)
	}
}

func TestOneBrokenFirstAnswerIsNotBelieved(t *testing.T) {
	d := &desk{now: noon}
	c := exporter.NewClock(d.read, noon.Add(-time.Minute))
	c.Observe(noon.AddDate(5, 0, 0))
	if got := c.Now(); !got.Equal(noon) || c.Trusted() {
		t.Errorf("one answer moved the clock to %v", got)
	}
	c.Observe(d.server(0))
	if got := c.Now(); got.After(noon.Add(time.Minute)) || !c.Trusted() {
		t.Errorf("now %v, want %v", got, noon)
	}
}
