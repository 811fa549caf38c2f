package main

import (
	"encoding/json"
	"math"
	"net/http"
	"testing"
	"time"

	"exitplan/exporter"
	"exitplan/internal/dataset"
	"exitplan/internal/simulator"
)

func planJSON(t *testing.T, w *world, want int, flags ...string) plan {
	t.Helper()
	var p plan
	code, stdout, stderr := exitplan(t, w.args(append([]string{"plan", "--json"}, flags...)...)...)
	if err := json.Unmarshal([]byte(stdout), &p); code != want || err != nil {
		t.Fatalf("exit code %d, want %d; %v\n%s%s", code, want, err, stdout, tail(stderr))
	}
	return p
}

// What a plan says of calls is what an export then makes.
func TestPlannedCallsAreThoseThatAreMade(t *testing.T) {
	for name, tt := range map[string]struct {
		perDay   int
		settings []string
	}{
		"core":    {200, nil},
		"derived": {600, []string{"recordings.metadata", "derived"}},
		"most":    {100, []string{"source.datasets", `[metrics, recordings, "interactions.*", "quality.*", "directory.*", "routing.queues*"]`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if testing.Short() && name != "core" {
				t.Skip("exports a whole organization")
			}
			w := newWorld(t, simulator.Config{Seed: 11, Days: 2, ConversationsPerDay: tt.perDay, MediaBytes: 256, Middleware: none})
			w.set(t, tt.settings...)
			p := planJSON(t, w, exitComplete)
			before := w.sim.Counts().Requests["api"]
			if made := before - 1; p.Asked != made { // the first asks for the time
				t.Errorf("the plan says that it asked %d times, and did %d times", p.Asked, made)
			}
			if code, _, stderr := exitplan(t, w.args("export")...); code != exitComplete && code != exitMissing && code != exitMoreToCome {
				t.Fatalf("export: %d\n%s", code, tail(stderr))
			}
			made := float64(w.sim.Counts().Requests["api"] - before)
			if off := math.Abs(p.Calls-made) / made; off > 0.1 {
				t.Errorf("planned %.0f calls, made %.0f\n%v", p.Calls, made, w.sim.Counts().Routes)
			}
		})
	}
}

func TestPlanSaysWhatThereIs(t *testing.T) {
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
	p := planJSON(t, w, exitComplete)
	if p.Retention.Recordings != int64(left) || !p.Retention.Whole || p.Retention.Race.Left != int64(left) || p.Retention.Race.AtRisk != 0 || p.Measured {
		t.Errorf("%+v, want %d left", p.Retention, left)
	}
	inv := p.Inventory
	if inv.Conversations.Mid != 200 || inv.Conversations.Spread != 1 || inv.CountedDays != 2 || math.Abs(inv.Recorded.Mid-80) > 8 {
		t.Errorf("%+v", inv)
	}
	if inv.Transfer == nil || inv.BytesPerRecording.Mid < 512 || inv.BytesPerRecording.Mid > 1536 {
		t.Errorf("transfers: %+v %+v", inv.Transfer, inv.BytesPerRecording)
	}
	if !p.Fits || len(p.Endings) != 2 || p.Extension != nil || p.Unavailable != nil || p.Asked > 30 {
		t.Errorf("%+v", p)
	}
	_, stdout, _ := exitplan(t, w.args("plan")...)
	says(t, stdout, "What there is, from 2026-03-01 to 2026-03-02", "all counted by the platform", "What it takes", "one metadata call for each of about 80 recorded conversations",
		"retention deletes none of", "to spare")
	before := w.sim.Counts()
	p = planJSON(t, w, exitComplete, "--no-sample")
	after := w.sim.Counts()
	if after.MediaStarted != before.MediaStarted || after.Batches != before.Batches || p.Inventory.Transfer != nil {
		t.Errorf("without a sample, %d media were read of %d batch requests", after.MediaStarted-before.MediaStarted, after.Batches-before.Batches)
	}

	exitplan(t, w.args("export")...)
	code, stdout, stderr := exitplan(t, w.args("plan")...)
	if code != exitComplete {
		t.Errorf("%d\n%s%s", code, stdout, stderr)
	}
	says(t, stdout, "An export has begun", "Recordings left  0", "deletes none of them")
}

// An organization too large for its window: 7, why, what helps, and until when to
// ask for how much more time.
func TestPlanThatMissesSaysWhatHelps(t *testing.T) {
	w := overdue(t)
	p := planJSON(t, w, exitForecast)
	if p.Fits || p.Extension == nil || p.Extension.LastDay != "2026-03-14" || p.Extension.Late || !p.Extension.Until.After(p.Endings[0].P90) {
		t.Fatalf("%+v\n%+v", p.Extension, p.Endings)
	}
	if u := p.Unavailable; u == nil || !u.To.Equal(when("2026-03-17T00:00:00Z")) || !u.From.Equal(when("2026-03-14T00:00:00Z")) {
		t.Errorf("unavailable %v", p.Unavailable)
	}
	fits := 0
	for _, g := range p.Gains {
		if g.Sooner <= 0 {
			t.Errorf("no gain: %+v", g)
		}
		if g.Fits {
			fits++
		}
	}
	if fits == 0 {
		t.Errorf("nothing brings it in: %+v", p.Gains)
	}
	code, stdout, _ := exitplan(t, w.args("plan", "--no-sample")...)
	if code != exitForecast {
		t.Errorf("exit code %d", code)
	}
	says(t, stdout, "DOES NOT FIT", "What decides: one metadata call for each of", "recordings.metadata: derived", "more OAuth client",
		"must be requested by 2026-03-14 (Asia/Tokyo)", "2026-03-14 to 2026-03-16 are left out", "extension letter")
}

// A class whose window is over needs no platform to be told of.
func TestPlanAfterTheCloseAsksForNothing(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 5})
	w.set(t, "contract.termination_date", "2026-03-01", "source.datasets", "["+dataset.DetailsName+"]")
	if code, _, stderr := exitplan(t, w.args("plan")...); code != exitWindow {
		t.Errorf("%d\n%s", code, stderr)
	}
	if n := w.sim.Counts().Logins; n > 0 {
		t.Errorf("%d logins", n)
	}
}

// none leaves a simulator's traffic unchecked, where there is much of it.
func none(h http.Handler) http.Handler { return h }

// Before notice is given metrics have no window, against which nothing can be held.
func TestPlanBeforeNoticeHoldsNothingAgainstMetrics(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 20, MediaBytes: 256})
	w.set(t, "contract.exit_started", "")
	p := planJSON(t, w, exitComplete)
	for _, e := range p.Endings {
		if shut := e.Shut != ""; shut != (e.Class == exporter.Metrics) || e.P90.IsZero() {
			t.Errorf("%+v", e)
		}
	}
}

// Nothing is waited for but the window, where it opens later.
func TestPlanBeforeTheWindowOpensSaysThatItWaits(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 20, MediaBytes: 256, Middleware: none})
	w.set(t, "contract.exit_started", "2090-01-01")
	_, stdout, _ := exitplan(t, w.args("plan", "--no-sample")...)
	says(t, stdout, "What decides: the window of metrics opens at 2090-01-01")
}
