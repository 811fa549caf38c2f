package exporter_test

import (
	"testing"
	"time"
	"unsafe"

	"exitplan/exporter"
)

// asleep is what time.Now says after a machine has slept: the date went on, the
// monotonic clock stood still. There is no other way to make such a reading.
func asleep(t time.Time, slept time.Duration) time.Time {
	const secondsAt = 30 // see time.Time: bits of nanoseconds below those of seconds
	wall := (*uint64)(unsafe.Pointer(&t))
	*wall += uint64(slept/time.Second) << secondsAt
	return t
}

func TestAMachineThatSleptDoubtsItsClock(t *testing.T) {
	var slept time.Duration
	c := exporter.NewClock(func() time.Time { return asleep(time.Now(), slept) }, time.Time{})
	began := time.Now()
	c.Observe(began)
	if c.Leapt() != 0 {
		t.Errorf("leapt by %v", c.Leapt())
	}
	slept = 3 * time.Hour
	if got := c.Leapt(); (got - slept).Abs() > time.Second {
		t.Errorf("leapt by %v, want %v", got, slept)
	}
	if got := c.Now(); got.Sub(began) > time.Minute {
		t.Errorf("now %v: this machine's date is believed before anybody asked", got)
	}
	c.Observe(began) // an answer of before, which came while the machine slept
	if c.Leapt() == 0 {
		t.Error("an old answer settles nothing")
	}
	asked := asleep(time.Now(), slept)
	c.Observe(time.Now().Add(slept)) // the platform agrees, and needs no second answer
	if !c.Asked(asked) {
		t.Error("not settled")
	}
	if got := c.Now(); c.Leapt() != 0 || got.Sub(began) < slept {
		t.Errorf("now %v, leapt by %v", got, c.Leapt())
	}
}

func TestADateThatWasSetClosesNothingOnceThePlatformSaysSo(t *testing.T) {
	var set time.Duration
	c := exporter.NewClock(func() time.Time { return asleep(time.Now(), set) }, time.Time{})
	began := time.Now()
	c.Observe(began)
	set = 24 * time.Hour
	if c.Leapt() == 0 {
		t.Error("not noticed")
	}
	asked := asleep(time.Now(), set)
	c.Observe(time.Now())
	if got := c.Now(); !c.Asked(asked) || c.Leapt() != 0 || got.Sub(began) > time.Minute {
		t.Errorf("now %v, leapt by %v", got, c.Leapt())
	}
}

// A Date header is cut to seconds: nothing opens before any platform that can
// have sent it says so, and nothing stays open longer.
func TestAWindowIsOpenOnlyWhereEveryReadingOfADateSaysSo(t *testing.T) {
	d := &desk{now: noon}
	c := exporter.NewClock(d.read, time.Time{})
	c.Observe(d.server(0)) // it may be noon, or almost a second later
	for at, want := range map[time.Duration]bool{-10 * time.Second: true, 0: true, time.Second: false, 10 * time.Second: false} {
		if _, open := c.Open(span{noon.Add(at), noon.Add(time.Hour)}, exporter.Metrics); open != want {
			t.Errorf("a window that opens at %v: %v", at, open)
		}
	}
	for at, want := range map[time.Duration]bool{10 * time.Second: true, 1999 * time.Millisecond: false, 0: false} {
		if _, open := c.Open(span{noon.Add(-time.Hour), noon.Add(at)}, exporter.Metrics); open != want {
			t.Errorf("a window that closes at %v: %v", at, open)
		}
	}
}

// span is a window of every class.
type span struct{ opens, closes time.Time }

func (s span) Until(_ string, now time.Time) (time.Time, bool) {
	return s.closes, !now.Before(s.opens) && now.Before(s.closes)
}
