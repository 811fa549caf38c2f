package main

import (
	"testing"
	"time"

	"exitplan/internal/simulator"
)

// An interval that ends inside a UTC day, as every Japanese date does, is
// taken in whole UTC days: moving its end later doubles and overwrites nothing.
func TestAnIntervalMovedInsideADayDoublesNothing(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 3, ConversationsPerDay: 60})
	end := w.cfg.From.AddDate(0, 0, 1).Add(15 * time.Hour)
	w.set(t, "source.interval.to", end.Format(time.RFC3339))
	w.export(t, exitComplete)
	w.set(t, "source.interval.to", end.Add(24*time.Hour).Format(time.RFC3339))
	w.export(t, exitComplete, "--amend")
	if absent := w.matches(t, read(t, w.store(t))); len(absent) > 0 {
		t.Errorf("%d items are absent", len(absent))
	}
	if code, stdout, _ := exitplan(t, w.args("verify", w.root())...); code != exitComplete {
		t.Errorf("verify: %d\n%s", code, stdout)
	}
}

// Sealing early states each day left as missing, the last one too, which ends
// inside a UTC day; after an extension the same export goes on, and holds every
// conversation once.
func TestAnExportSealedEarlyGoesOnAfterAnExtension(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 4, ConversationsPerDay: 60})
	until := func(days int) string { return w.cfg.From.AddDate(0, 0, days).Add(15 * time.Hour).Format(time.RFC3339) }
	w.set(t, "source.interval.to", until(0))
	w.export(t, exitComplete)
	w.set(t, "source.interval.to", until(2))
	w.export(t, exitMissing, "--seal", "--amend")
	if reasons := w.excepted(t); len(reasons) != 5 {
		t.Errorf("exceptions %v, want the details and the recordings of two days, and what only the retention query lists", reasons)
	}
	w.set(t, "source.interval.to", until(3))
	w.export(t, exitComplete, "--amend")
	if absent := w.matches(t, read(t, w.store(t))); len(absent) > 0 {
		t.Errorf("%d items are absent, e.g. %s", len(absent), absent[0])
	}
	if code, stdout, _ := exitplan(t, w.args("verify", w.root())...); code != exitComplete {
		t.Errorf("verify: %d\n%s", code, stdout)
	}
}
