package contract_test

import (
	"strings"
	"testing"
	"time"

	"exitplan/internal/contract"
)

// question asks about one class at one instant on the clock in Tokyo.
type question struct {
	class, at string
	open      bool
	closes    string // "" where it is not asked
	says      string
}

// The table of classes and the rules below it, sentence by sentence; the terms
// are those of the example: notice on 2026-11-01, termination with 2026-12-31.
func TestTheClausesOfTheExitPlan(t *testing.T) {
	const m, r, c, x = contract.Metrics, contract.Recordings, contract.Configuration, contract.Excluded
	const termination = "2027-01-01T00:00"
	late := []contract.Extension{ext(t, "2027-01-10", "2027-01-15", "2027-01-31", m, r, c)}
	inTime := []contract.Extension{ext(t, "2026-12-10", "2026-12-15", "2027-01-31", m, r, c)}
	expiry := func(tm *contract.Terms) { tm.ExitStarted, tm.Cause = time.Time{}, contract.Expiry }
	for _, tt := range []struct {
		clause     string
		change     func(*contract.Terms)
		extensions []contract.Extension
		asks       []question
		invalid    string // part of what Validate says
	}{
		{clause: "metrics open with exit start: formal notice of termination received", asks: []question{
			{m, "2026-10-31T23:59", false, "", "not open yet"}, {m, "2026-11-01T00:00", true, termination, "notice received"}}},
		{clause: "metrics open with exit start: or expiry", change: expiry, extensions: inTime, asks: []question{
			{m, "2026-12-31T23:59", false, "", "not open yet"}, {m, termination, true, "2027-02-01T00:00", "exit start (expiry)"}}},
		{clause: "metrics close at the termination date (or expiry)", asks: []question{
			{m, "2026-12-31T23:59", true, termination, "termination"}, {m, termination, false, "", "closed since"}}},
		{clause: "metrics: a service extension period may be requested after termination too", extensions: late, asks: []question{
			{m, "2027-01-20T00:00", true, "2027-02-01T00:00", "grant of extension"}}, invalid: "too late for recordings"},
		{clause: "metrics: between termination and the grant the window is closed", extensions: late, asks: []question{
			{m, termination, false, "", "closed since"}, {m, "2027-01-14T23:59", false, "", "opens at"}, {m, "2027-01-15T00:00", true, "", ""}},
			invalid: "too late for recordings"},
		{clause: "recordings open with the subscription start", asks: []question{
			{r, "2021-03-31T23:59", false, "", "not open yet"}, {r, "2021-04-01T00:00", true, termination, "subscription start"}}},
		{clause: "recordings close at the termination date (or expiry)", change: expiry, asks: []question{
			{r, "2026-12-31T23:59", true, termination, "expiry"}, {r, termination, false, "", "expiry"}}},
		{clause: "recordings: an extension requested before termination or expiry is valid", extensions: inTime, asks: []question{
			{r, "2027-01-31T23:59", true, "2027-02-01T00:00", ""}, {r, "2027-02-01T00:00", false, "", ""}}},
		{clause: "recordings: an extension requested after it is not", extensions: late, asks: []question{
			{r, "2027-01-20T00:00", false, "", "had to be requested before"}}, invalid: "too late for recordings"},
		{clause: "recordings: or before the end of the extension that it follows", extensions: append(inTime[:1:1],
			ext(t, "2027-01-31", "2027-01-31", "2027-02-28", r)), asks: []question{{r, "2027-02-20T00:00", true, "2027-03-01T00:00", ""}}},
		{clause: "configuration opens with the subscription start", asks: []question{
			{c, "2021-03-31T23:59", false, "", ""}, {c, "2021-04-01T00:00", true, termination, ""}}},
		{clause: "configuration closes at the termination date", asks: []question{
			{c, "2026-12-31T23:59", true, "", ""}, {c, termination, false, "", ""}}},
		{clause: "configuration is extended as metrics", extensions: late, asks: []question{
			{c, "2027-01-14T23:59", false, "", ""}, {c, "2027-01-15T00:00", true, "2027-02-01T00:00", ""}}, invalid: "too late for recordings"},
		{clause: "excluded never opens, and is listed with the clause", extensions: inTime, asks: []question{
			{x, "2021-04-01T00:00", false, "", "not part of the exit plan"}, {x, "2026-12-01T00:00", false, "", "[exit plan: exclusions]"},
			{x, "2027-01-20T00:00", false, "", "third-party (AppFoundry) applications"}}},
		{clause: "a date without a time means the end of that day in the contract's time zone", asks: []question{
			{r, "2026-12-31T23:59", true, termination, ""}}},
		{clause: "an export may start at opens, not at closes", extensions: inTime, asks: []question{
			{m, "2026-11-01T00:00", true, "", ""}, {m, "2027-02-01T00:00", false, "", ""}}},
		{clause: "a requested extension opens nothing", extensions: []contract.Extension{ext(t, "2026-12-10", "", "2027-01-31", m, r, c)}, asks: []question{
			{m, termination, false, "", "requested, which opens nothing"}, {r, termination, false, "", ""}, {c, termination, false, "", ""}}},
		{clause: "a granted one does", extensions: inTime, asks: []question{{m, termination, true, "", ""}, {r, termination, true, "", ""}, {c, termination, true, "", ""}}},
		{clause: "a grant that is withdrawn shuts the window from then on", extensions: []contract.Extension{withdrawn(inTime[0], at(t, "2027-01-20T12:00:00+09:00"))}, asks: []question{
			{r, "2027-01-20T11:59", true, "", ""}, {r, "2027-01-20T12:00", false, "", "withdrawal of extension SO-2027-01-31"}}},
		{clause: "withdrawn before termination it leaves the term as it was", extensions: []contract.Extension{withdrawn(inTime[0], at(t, "2026-12-20T12:00:00+09:00"))}, asks: []question{
			{r, "2026-12-31T23:59", true, termination, ""}, {r, termination, false, "", ""}}},
		{clause: "nothing may follow an extension that was withdrawn", extensions: []contract.Extension{withdrawn(inTime[0], at(t, "2027-01-20T12:00:00+09:00")),
			ext(t, "2027-01-21", "2027-01-22", "2027-02-28", r)}, asks: []question{{r, "2027-01-25T00:00", false, "", ""}}, invalid: "had to be made before 2027-01-20T12:00"},
	} {
		t.Run(tt.clause, func(t *testing.T) {
			tm := terms(t, tt.extensions...)
			if tt.change != nil {
				tt.change(&tm)
			}
			for _, q := range tt.asks {
				d := tm.Decide(q.class, at(t, q.at+":00+09:00"))
				if d.Open != q.open || !strings.Contains(d.Reason, q.says) {
					t.Errorf("%s at %s: %+v, want open %v, saying %q", q.class, q.at, d, q.open, q.says)
				}
				if q.closes != "" && !d.Closes.Equal(at(t, q.closes+":00+09:00")) {
					t.Errorf("%s at %s closes at %v, want %s", q.class, q.at, d.Closes, q.closes)
				}
			}
			switch err := tm.Validate(); {
			case (err != nil) != (tt.invalid != ""):
				t.Errorf("Validate: %v", err)
			case err != nil && !strings.Contains(err.Error(), tt.invalid):
				t.Errorf("Validate: %v, want %q", err, tt.invalid)
			}
		})
	}
}

func withdrawn(e contract.Extension, at time.Time) contract.Extension {
	e.Withdrawn = at
	return e
}

func TestARehearsalNeedsNoExitButEndsWithTheWindow(t *testing.T) {
	tm := terms(t, ext(t, "2027-01-10", "2027-01-15", "2027-01-31", contract.Metrics))
	for _, tt := range []struct {
		class, at string
		open      bool
	}{
		{contract.Metrics, "2021-03-31T23:59", false}, {contract.Metrics, "2021-04-01T00:00", true}, {contract.Metrics, "2026-10-31T23:59", true},
		{contract.Metrics, "2027-01-01T00:00", false}, {contract.Metrics, "2027-01-14T23:59", false}, {contract.Metrics, "2027-01-15T00:00", true},
		{contract.Metrics, "2027-02-01T00:00", false}, {contract.Recordings, "2024-01-01T00:00", true}, {contract.Recordings, "2027-01-20T00:00", false},
		{contract.Configuration, "2024-01-01T00:00", true}, {contract.Configuration, "2027-01-20T00:00", false},
		{contract.Excluded, "2024-01-01T00:00", false}, {"no such class", "2024-01-01T00:00", false},
	} {
		now := at(t, tt.at+":00+09:00")
		d := tm.Rehearsal(tt.class, now)
		if d.Open != tt.open || !strings.HasPrefix(d.Reason, "rehearsal: ") || d.Class != tt.class {
			t.Errorf("%s at %s: %+v, want open %v", tt.class, tt.at, d, tt.open)
		}
	}
	noNotice := terms(t)
	noNotice.ExitStarted = time.Time{}
	if d := noNotice.Rehearsal(contract.Metrics, at(t, "2026-06-01T00:00:00Z")); !d.Open || !strings.Contains(d.Reason, "subscription start") {
		t.Errorf("without notice: %+v", d)
	}
}

// Leap days, and midnights that are missing or there twice, as the last day of
// a contract: to the nanosecond, one answer before the end and the other at it.
func TestTheLastInstantOfAnOddDay(t *testing.T) {
	for _, tt := range []struct{ zone, last, end string }{
		{"Asia/Tokyo", "2028-02-29", "2028-02-29T15:00:00Z"},
		{"America/Santiago", "2026-09-05", "2026-09-06T04:00:00Z"}, // midnight is missing
		{"America/Havana", "2026-10-31", "2026-11-01T04:00:00Z"},   // midnight is there twice: the first counts
		{"Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z"},     // a day that never was
	} {
		loc := zone(t, tt.zone)
		end, err := contract.ParseEnd(tt.last, loc)
		if err != nil {
			t.Fatal(err)
		}
		tm := contract.Terms{Zone: loc, SubscriptionStart: at(t, "2010-01-01T00:00:00Z"), Termination: end, Cause: contract.Notice}
		if _, open := tm.Until(contract.Recordings, at(t, tt.end).Add(-1)); !open {
			t.Errorf("%s in %s: closed before its end", tt.last, tt.zone)
		}
		if _, open := tm.Until(contract.Recordings, at(t, tt.end)); open {
			t.Errorf("%s in %s: open at its end", tt.last, tt.zone)
		}
	}
}

func TestRecordingsHaveALastDayToRequest(t *testing.T) {
	tm := terms(t, ext(t, "2026-12-10", "2026-12-15", "2027-01-31", contract.Recordings))
	for now, want := range map[string]string{"2026-12-14": "2027-01-01", "2026-12-15": "2027-02-01", "2027-03-01": "2027-02-01"} {
		if got := tm.RequestBefore(contract.Recordings, at(t, now+"T00:00:00+09:00")); !got.Equal(at(t, want+"T00:00:00+09:00")) {
			t.Errorf("at %s: before %v, want %s", now, got, want)
		}
	}
	if got := tm.RequestBefore(contract.Metrics, at(t, "2026-12-14T00:00:00Z")); !got.IsZero() {
		t.Errorf("metrics: before %v", got)
	}
}
