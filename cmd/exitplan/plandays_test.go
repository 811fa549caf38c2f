package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"exitplan/internal/simulator"
)

// roomy is an organization that fits into its window, on 2026-03-11, but for the
// days before the close.
func roomy(t *testing.T, perDay int) *world {
	t.Helper()
	w := newWorld(t, simulator.Config{
		Days: 70, ConversationsPerDay: perDay, MediaBytes: 256, Now: at("2026-03-11T12:00:00Z"), From: when("2026-01-01T00:00:00Z"), Available: when("2026-03-11T00:00:00Z"),
	})
	w.set(t, "contract.termination_date", "2026-03-16", "contract.extension_notice", "2", "contract.time_zone", "Asia/Tokyo",
		"source.interval.to", "", "source.requests_per_minute", "3000")
	return w
}

// Days that the platform may complete only after the close are no reason for exit
// code 7, and one for an extension.
func TestDaysThatMayComeTooLateAreNamedWhereAllElseFits(t *testing.T) {
	w := roomy(t, 50)
	p := planJSON(t, w, exitComplete, "--no-sample")
	u, n := p.Unavailable, p.Extension
	if !p.Fits || u == nil || u.Days != 3 || len(u.Classes) != 2 || !u.From.Equal(when("2026-03-14T00:00:00Z")) {
		t.Fatalf("%+v %+v", p.Endings, u)
	}
	if n == nil || n.Reason != forDays || n.LastDay != "2026-03-14" || n.Late || n.Until.Before(u.Done) || u.Done.Before(u.To.Add(lag)) {
		t.Fatalf("%+v, done %s", n, u.Done)
	}
	code, stdout, _ := exitplan(t, w.args("plan", "--no-sample")...)
	if code != exitComplete {
		t.Errorf("exit code %d", code)
	}
	says(t, stdout, "fits, but for 3 days (03-14 to 03-16) that the platform may complete only after the close", "they may be missing",
		"must be requested by 2026-03-14", "the last days need")
	if title, rest, _ := strings.Cut(stdout, "\n"); !strings.HasPrefix(title, "Plan of") || !strings.HasPrefix(rest, "Fits, but for 3 days") {
		t.Errorf("the verdict does not stand on top:\n%s", stdout)
	}
}

// One line says how all classes stand.
func TestHeadline(t *testing.T) {
	now := when("2026-03-01T00:00:00Z")
	closes := now.AddDate(0, 0, 10)
	of := func(class string, p50, p90 int, fits bool) ending {
		return ending{Class: class, Begins: now, Closes: closes, P50: closes.AddDate(0, 0, p50), P90: closes.AddDate(0, 0, p90), Fits: fits}
	}
	closed, shut := of("recordings", 1, 2, false), of("metrics", 1, 2, true)
	closed.Begins, shut.Shut, shut.Closes = time.Time{}, "closed: no exit", time.Time{}
	for want, p := range map[string]plan{
		"DOES NOT FIT: recordings 378 d 0 h too late, configuration 4 d 0 h too late; metrics fit": {Endings: []ending{
			of("metrics", -3, -2, true), of("recordings", 370, 378, false), of("configuration", 0, 4, false)}},
		"MAY NOT FIT: metrics up to 2 d 0 h too late; configuration fits":  {Endings: []ending{of("metrics", -1, 2, false), of("configuration", -3, -2, true)}},
		"DOES NOT FIT: recordings closed for good; no window yet: metrics": {Endings: []ending{shut, closed}},
		"Fits, but for 1 day (03-10) that the platform may complete only after the close: metrics with 2 d 0 h to spare": {Fits: true,
			Endings: []ending{of("metrics", -3, -2, true)}, Unavailable: &lateDays{From: closes.AddDate(0, 0, -1), To: closes, Days: 1, Classes: []string{"metrics"}}},
		"DOES NOT FIT: metrics 1 d 0 h too late; the platform may complete 2 days (03-09 to 03-10) only after the close": {
			Endings: []ending{of("metrics", 0, 1, false)}, Unavailable: &lateDays{From: closes.AddDate(0, 0, -2), To: closes, Days: 2, Classes: []string{"metrics"}}},
		"Fits: there is nothing to export": {Fits: true},
		"NOT KNOWN: the export does not tell yet how much there is, and the platform could not be asked": {Endings: []ending{of("metrics", -3, -2, true)}},
	} {
		if got := p.headline(); got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
}

// A day that is complete ten minutes before the close still has its work before it.
func TestADayIsUnavailableWhereItsWorkIsTooMuch(t *testing.T) {
	for name, tt := range map[string]struct {
		perDay int
		from   string
	}{"seconds": {50, "2026-03-14T00:00:00Z"}, "minutes": {100_000, "2026-03-13T00:00:00Z"}} {
		w := roomy(t, tt.perDay)
		w.set(t, "contract.termination_date", "2026-03-16T09:10:00+09:00", "source.interval.from", "2026-03-10")
		p := planJSON(t, w, exitComplete, "--no-sample")
		if p.Unavailable == nil || !p.Unavailable.From.Equal(when(tt.from)) {
			t.Errorf("%s: %+v %+v", name, p.Unavailable, p.Endings)
		}
	}
}

// A program finds no null where it expects a list, and the names of JSON.
func TestPlanHasListsAndNamesForPrograms(t *testing.T) {
	w := roomy(t, 50)
	_, stdout, _ := exitplan(t, w.args("plan", "--json", "--no-sample")...)
	var raw map[string]any
	if err := json.Unmarshal([]byte(stdout), &raw); err != nil {
		t.Fatal(err)
	}
	if u, _ := raw["unavailable"].(map[string]any); u["from"] == nil || u["to"] == nil || u["From"] != nil {
		t.Errorf("%v", u)
	}
	for _, list := range []string{"classes", "datasets", "gains"} {
		if _, ok := raw[list].([]any); !ok {
			t.Errorf("%s: %v", list, raw[list])
		}
	}
	w.set(t, "source.interval.from", "2026-03-15", "source.interval.to", "", "source.datasets", "[analytics.conversations.details]")
	_, stdout, _ = exitplan(t, w.args("plan", "--no-sample")...)
	if says(t, stdout, "no day of the interval that is sure"); strings.Contains(stdout, "of all") || strings.Contains(stdout, "to 2026-03-13") {
		t.Errorf("a table of nothing:\n%s", stdout)
	}
}
