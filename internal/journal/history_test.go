package journal

import (
	"testing"
	"time"

	"exitplan/exporter"
)

// What runs did is told by when units ended; a run that was killed ends with the
// last of its units, not with the next run.
func TestHistoryKnowsWhenAProcessWasAtWork(t *testing.T) {
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	j, err := Open(t.Context(), t.TempDir(), Options{Now: func() time.Time { return now }, Command: "exitplan export"})
	must(t, err)
	defer j.Close()
	begun := now
	finish := func(key string) {
		now = now.Add(time.Minute)
		u := unit(key)
		must(t, j.Add(t.Context(), []exporter.Unit{u}))
		must(t, j.Commit(t.Context(), exporter.Receipt{Unit: u.Key, Outcome: exporter.Done}))
	}
	must(t, j.Record(t.Context(), Event{Kind: "run-started"}))
	finish("a")
	finish("b") // and is killed
	now = now.Add(5 * time.Hour)
	must(t, j.Record(t.Context(), Event{Kind: "run-started"}))
	again := now
	finish("c")
	now = now.Add(30 * time.Second)
	must(t, j.Record(t.Context(), Event{Kind: "run-ended"}))
	now = now.Add(7 * time.Hour)

	h, err := j.History(t.Context())
	must(t, err)
	want := []exporter.Interval{{From: begun, To: begun.Add(2 * time.Minute)}, {From: again, To: again.Add(90 * time.Second)}}
	if len(h.Runs) != 2 || h.Runs[0] != want[0] || h.Runs[1] != want[1] {
		t.Errorf("runs %v, want %v", h.Runs, want)
	}
	var units int64
	for _, b := range h.Buckets {
		for _, n := range b.Finished {
			units += n
		}
	}
	if len(h.Buckets) != 3 || units != 3 || h.Buckets[0].At.After(begun.Add(time.Minute)) || begun.Add(time.Minute).Sub(h.Buckets[0].At) >= h.Width {
		t.Errorf("%+v", h)
	}
}

func TestToldCountsWhatAnySourceKnows(t *testing.T) {
	j := openTest(t, t.TempDir())
	u := unit("a")
	must(t, j.Add(t.Context(), []exporter.Unit{u}))
	stored := artifact("one", "c/1", "x")
	must(t, j.Commit(t.Context(), exporter.Receipt{Unit: u.Key, Outcome: exporter.Done, Artifacts: []exporter.Artifact{stored}, Expected: []exporter.Expectation{
		{Dataset: stored.Dataset, Item: "c/1", Count: 1}, {Dataset: stored.Dataset, Item: "c/2", Count: 1}, {Dataset: stored.Dataset, Item: "d/1"},
	}}))
	if known, got, err := j.Told(t.Context(), stored.Dataset); err != nil || known != 3 || got != 1 {
		t.Errorf("%d known, %d stored, %v", known, got, err)
	}
	if known, _, err := j.Told(t.Context(), "none"); err != nil || known != 0 {
		t.Errorf("%d known of nothing, %v", known, err)
	}
}
