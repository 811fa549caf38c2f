package journal

import (
	"fmt"
	"testing"
	"time"

	"exitplan/exporter"
)

func TestActivityIsTheLastStretchOfTheLastRun(t *testing.T) {
	now := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	j, err := Open(t.Context(), t.TempDir(), Options{Now: func() time.Time { return now }, Command: "test"})
	must(t, err)
	t.Cleanup(func() { j.Close() })
	check := func(what string, from, to time.Time, finished int64) {
		t.Helper()
		a, err := j.Activity(t.Context(), time.Hour)
		must(t, err)
		if !a.From.Equal(from) || !a.To.Equal(to) || a.Finished["recordings"] != finished {
			t.Errorf("%s: %+v, want %d from %s to %s", what, a, finished, from, to)
		}
	}
	check("nothing yet", time.Time{}, time.Time{}, 0)
	n := 0
	work := func(units int, every time.Duration) {
		for range units {
			n++
			now = now.Add(every)
			key := fmt.Sprint("u", n)
			must(t, j.Add(t.Context(), []exporter.Unit{unit(key)}))
			must(t, j.Commit(t.Context(), exporter.Receipt{Unit: key, Outcome: exporter.Done}))
		}
	}
	must(t, j.Record(t.Context(), Event{Kind: "run-started"}))
	first := now
	work(10, time.Minute)
	check("a run of ten minutes", first, now, 10)
	work(100, time.Minute)
	check("a longer one", now.Add(-time.Hour), now, 61)

	// It stands still for half an hour, and is alive.
	moved := now
	now = now.Add(30 * time.Minute)
	must(t, j.Advance(t.Context(), now))
	check("a run that stands still", now.Add(-time.Hour), now, 31)

	// A night later: the night is no part of the pace.
	now = moved.Add(12 * time.Hour)
	must(t, j.Record(t.Context(), Event{Kind: "run-started"}))
	second := now
	work(2, 10*time.Minute)
	check("the next run", second, now, 2)
}
