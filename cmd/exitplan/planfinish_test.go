package main

import (
	"testing"
	"time"

	"exitplan/exporter"
	"exitplan/internal/contract"
	"exitplan/internal/forecast"
)

// Calls, bytes and days that are still to come: whichever takes longest decides.
func TestWhatTakesLongestDecidesTheEnd(t *testing.T) {
	now := when("2026-03-01T00:00:00Z")
	terms := contract.Terms{
		Zone: time.UTC, Cause: contract.Notice, SubscriptionStart: when("2021-01-01T00:00:00Z"), ExitStarted: now, Termination: when("2026-03-11T00:00:00Z"),
	}
	supply := forecast.Supply{CallsPerMinute: forecast.Exactly(100), BytesPerSecond: forecast.Exactly(1000)}
	recordings := forecast.Load{Dataset: "recordings", Class: exporter.Recordings, Calls: forecast.Estimate{Mid: 6000, Spread: 2}, Bytes: forecast.Exactly(1000)}
	slow, late := recordings, recordings
	slow.Bytes = forecast.Exactly(1000 * 3600 * 24 * 20)
	late.Daily = forecast.Arrival{Calls: 10, From: now, Until: when("2026-03-05T00:00:00Z")}
	for name, test := range map[string]struct {
		load     forecast.Load
		p50, p90 string
		by       string
		fits     bool
	}{
		"calls": {recordings, "2026-03-01T01:00:00Z", "2026-03-01T02:00:00Z", byCalls, true},
		"bytes": {slow, "2026-03-21T00:00:00Z", "2026-03-21T00:00:00Z", byBytes, false},
		"days":  {late, "2026-03-06T00:00:00Z", "2026-03-07T00:00:00Z", byDays, true},
	} {
		list := endings(terms, classes, []forecast.Load{test.load}, supply, now)
		if len(list) != 1 {
			t.Fatalf("%s: %+v", name, list)
		}
		if e := list[0]; !near(e.P50, when(test.p50), now) || !near(e.P90, when(test.p90), now) || e.By != test.by || e.Fits != test.fits {
			t.Errorf("%s: %+v", name, e)
		}
	}
	terms.Termination = when("2026-02-01T00:00:00Z")
	if e := endings(terms, classes, []forecast.Load{recordings}, supply, now)[0]; e.Fits || !e.Begins.IsZero() || e.P90.IsZero() {
		t.Errorf("closed for good: %+v", e)
	}
}

// The last day is there at 09:00, a day's work takes 17.5 hours, and the window
// closes at midnight: to be there is not to be done.
func TestTheLastDayIsAlsoExported(t *testing.T) {
	tokyo := time.FixedZone("JST", 9*3600)
	now := when("2026-11-18T00:00:00Z")
	terms := contract.Terms{Zone: tokyo, Cause: contract.Notice, SubscriptionStart: when("2021-01-01T00:00:00Z"), ExitStarted: now, Termination: when("2026-12-26T15:00:00Z")}
	days := forecast.Arrival{Calls: 785_000. / 36, From: now, Until: when("2026-12-24T00:00:00Z")}
	l := forecast.Load{Dataset: "recordings", Class: exporter.Recordings, Calls: forecast.Exactly(785_000), Daily: days}
	for _, tt := range []struct {
		perMinute float64
		fits      bool
		by        string
	}{{20.8, false, byDays}, {40, true, byDays}, {11.2, false, byCalls}} {
		e := endings(terms, classes, []forecast.Load{l}, forecast.Supply{CallsPerMinute: forecast.Exactly(tt.perMinute)}, now)[0]
		if e.Fits != tt.fits || e.By != tt.by || e.Calls < 784_999 || e.Calls > 785_001 {
			t.Errorf("at %.1f calls a minute: %+v", tt.perMinute, e)
		}
	}
	e := endings(terms, classes, []forecast.Load{l}, forecast.Supply{CallsPerMinute: forecast.Exactly(20.8)}, now)[0]
	if want := when("2026-12-26T17:30:00Z"); e.P90.Sub(want).Abs() > 30*time.Minute {
		t.Errorf("done %s in nine of ten cases, want %s", e.P90, want)
	}
}

// Nothing may start at the close: to be done then is to be done too late.
func TestDoneAtTheCloseIsTooLate(t *testing.T) {
	now, l := when("2026-03-01T00:00:00Z"), forecast.Load{Dataset: "recordings", Class: exporter.Recordings, Calls: forecast.Exactly(6000)}
	l.Daily = forecast.Arrival{Calls: 1, From: now, Until: when("2026-03-03T00:00:00Z")}
	supply, terms := forecast.Supply{CallsPerMinute: forecast.Exactly(100)}, contract.Terms{Zone: time.UTC, Cause: contract.Notice, SubscriptionStart: when("2021-01-01T00:00:00Z")}
	done := endings(terms, classes, []forecast.Load{l}, supply, now)[0].P90
	for _, tt := range []struct {
		spare time.Duration
		fits  bool
	}{{0, false}, {time.Second, true}} {
		terms.Termination = done.Add(tt.spare)
		if e := endings(terms, classes, []forecast.Load{l}, supply, now)[0]; e.Fits != tt.fits {
			t.Errorf("%s before the close: %+v", tt.spare, e)
		}
	}
}

// near says whether two instants are a few hundredths of the time since then apart:
// a forecast draws its cases at random.
func near(a, b, since time.Time) bool { return a.Sub(b).Abs() < b.Sub(since)/20 }
