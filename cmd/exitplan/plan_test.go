package main

import (
	"encoding/json"
	"testing"
	"time"

	"exitplan/internal/simulator"
)

func TestPlanHoldsRecordingsAgainstRetention(t *testing.T) {
	w := newWorld(t, simulator.Config{
		Days: 2, ConversationsPerDay: 100, MediaBytes: 1 << 10, ShortRetentionShare: 1, Retention: true,
		Now: at("2026-03-11T12:00:00Z"), Available: when("2026-03-04T00:00:00Z"),
	})
	left, ends := 0, map[string]time.Time{}
	for c := range w.sim.Truth().Conversations() {
		ends[c.ID] = c.End
	}
	for r := range w.sim.Truth().Recordings() {
		if r.Retained && ends[r.ConversationID].Before(when("2026-03-03T00:00:00Z")) { // created in the interval
			left++
		}
	}
	var p plan
	code, stdout, stderr := exitplan(t, w.args("plan", "--json")...)
	if err := json.Unmarshal([]byte(stdout), &p); code != exitComplete || err != nil {
		t.Fatalf("%d %v\n%s%s", code, err, stdout, stderr)
	}
	if p.Recordings != int64(left) || p.Race.Left != int64(left) || p.Race.AtRisk != 0 || p.Measured {
		t.Errorf("%+v, want %d left", p, left)
	}
	_, stdout, _ = exitplan(t, w.args("plan")...)
	says(t, stdout, "Recordings left", "by the budget of calls alone", "retention deletes none of")

	exitplan(t, w.args("export")...)
	code, stdout, stderr = exitplan(t, w.args("plan")...)
	if code != exitComplete {
		t.Errorf("%d\n%s%s", code, stdout, stderr)
	}
	says(t, stdout, "Recordings left  0", "Retention deletes none of them")
	w.set(t, "source.datasets", "[routing.queues]")
	if code, _, stderr := exitplan(t, w.args("plan")...); code != exitUsage {
		t.Errorf("%d\n%s", code, stderr)
	}
}
