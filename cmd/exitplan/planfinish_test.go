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

// near says whether two instants are a few hundredths of the time since then apart:
// a forecast draws its cases at random.
func near(a, b, since time.Time) bool { return a.Sub(b).Abs() < b.Sub(since)/20 }
