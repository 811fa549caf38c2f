package main

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"exitplan/exporter"
	"exitplan/internal/config"
	"exitplan/internal/dataset"
	"exitplan/internal/forecast"
	"exitplan/internal/genesys"
	"exitplan/internal/journal"
)

func TestAPaceFallsWhileNothingMoves(t *testing.T) {
	begun := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	p := &tempo{}
	at := func(d time.Duration) time.Time { return begun.Add(d) }
	p.note(at(0), 100)
	p.note(at(5*time.Second), 104)
	if _, ok := p.perSecond(at(5 * time.Second)); ok {
		t.Error("five seconds are ground for a rate")
	}
	p.note(at(40*time.Second), 140)
	rate, ok := p.perSecond(at(40 * time.Second))
	if !ok || rate != 1 {
		t.Errorf("rate %v, %v after 40 units in 40 s", rate, ok)
	}
	for minute := range 30 { // nothing moves
		now := at(40*time.Second + time.Duration(minute+1)*time.Minute)
		p.note(now, 140)
		slower, ok := p.perSecond(now)
		if !ok || slower >= rate {
			t.Fatalf("rate %v, %v after %d minutes without a unit; it was %v", slower, ok, minute+1, rate)
		}
		rate = slower
	}
	for i := range 600 { // faster now: what was long ago counts no more
		p.note(at(time.Hour+time.Duration(i)*time.Second), 141+10*int64(i))
	}
	if rate, _ := p.perSecond(at(time.Hour + 600*time.Second)); rate < 9 || rate > 11 {
		t.Errorf("rate %v after ten minutes of 10 units a second", rate)
	}
	if len(p.marks) > 200 {
		t.Errorf("%d marks are kept", len(p.marks))
	}
}

func tallied(details, recordings journal.Counts) journal.Tally {
	return journal.Tally{
		Datasets: map[string]journal.Counts{dataset.DetailsName: details, dataset.RecordingsName: recordings},
		Total: journal.Counts{Done: details.Done + recordings.Done, Pending: details.Pending + recordings.Pending,
			Records: 1_234_567, Bytes: 98_700_000_000},
	}
}

// However narrow the terminal, no line wraps, and the estimate is the last to go.
func TestABarFitsTheTerminal(t *testing.T) {
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for _, done := range []int64{0, 7, 50, 100} {
		p := &progress{progressConfig: progressConfig{
			Tally: func() (journal.Tally, error) {
				return tallied(journal.Counts{Done: done, Pending: 100 - done}, journal.Counts{}), nil
			},
			Calls:  func() genesys.Stats { return genesys.Stats{Requests: 4321, PerMinute: 300, Paused: 42 * time.Second} },
			Closes: func() (time.Time, time.Time) { return now, now.Add(5*time.Hour + 12*time.Minute) },
		}}
		p.look(now, true)
		for columns := 1; columns < 160; columns++ {
			bar := p.bar(now, columns)
			if len(bar) > columns || strings.ContainsAny(bar, "\r\n") {
				t.Fatalf("%d columns: %q has %d", columns, bar, len(bar))
			}
			if columns < 75 {
				continue
			}
			for _, want := range []string{fmt.Sprintf("%d/100 units", done), "window: 5 h 12 min", "estimating"} {
				if !strings.Contains(bar, want) {
					t.Fatalf("%d columns: %q lacks %q", columns, bar, want)
				}
			}
		}
		if bar := p.bar(now, 116); !strings.Contains(bar, fmt.Sprintf("%d%% [", done)) || !strings.Contains(bar, "4,321 calls") || !strings.Contains(bar, "paused 42 s") {
			t.Errorf("bar %q", bar)
		}
	}
}

// checkLast compares the line that ends the progress with the journal.
func checkLast(t *testing.T, w *world, stderr string) {
	t.Helper()
	last := regexp.MustCompile(`exitplan: (\d+) of (\d+) units, ([\d,]+) records?, .*; ([\d,]+) calls? in `).FindStringSubmatch(stderr)
	if last == nil {
		t.Fatalf("no line ends the progress:\n%s", stderr)
	}
	j, err := journal.Open(t.Context(), w.values["state"], journal.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	tally, err := j.Tally(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c := tally.Total
	if want := []string{fmt.Sprint(c.Done + c.Failed), fmt.Sprint(c.Done + c.Failed + c.Pending + c.Running), count(c.Records)}; strings.Join(last[1:4], " ") != strings.Join(want, " ") {
		t.Errorf("the last line says %v, the journal %v", last[1:4], want)
	}
}

// Listings of one unit each must not keep everything from being estimated.
func TestListingsShareARow(t *testing.T) {
	tally := journal.Tally{Datasets: map[string]journal.Counts{
		dataset.DetailsName: {Pending: 10, Done: 10}, "routing.skills": {Pending: 1}, "scripts": {Pending: 1}, "routing.queues": {Done: 1},
	}}
	m := prospect{loads: forecast.Remaining(progressOf(config.Config{}, tally), 0)}
	list := outlooks(tally, journal.Activity{}, m)
	if len(list) != 2 || list[0].Left != 10 || list[1].Dataset != "configuration" || list[1].Left != 2 {
		t.Errorf("outlook %+v", list)
	}
}

// What a process did counts while it ran, and the hours in which none did, do not.
func TestTimeWithoutAProcessIsNoDelay(t *testing.T) {
	begun := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	tally := journal.Tally{Datasets: map[string]journal.Counts{dataset.DetailsName: {Done: 20, Pending: 10}}}
	h := journal.History{Width: time.Minute, Runs: []exporter.Interval{
		{From: begun, To: begun.Add(10 * time.Minute)}, {From: begun.Add(9 * time.Hour), To: begun.Add(9*time.Hour + 10*time.Minute)},
	}}
	for i := range 20 {
		at := begun.Add(time.Duration(i) * time.Minute)
		if i >= 10 {
			at = begun.Add(9*time.Hour + time.Duration(i-10)*time.Minute)
		}
		h.Buckets = append(h.Buckets, journal.Bucket{At: at, Finished: map[string]int64{dataset.DetailsName: 1}})
	}
	spans, units, active := spansOf(h, progressOf(config.Config{}, tally), tally)
	if units != 20 || active != 20*time.Minute || len(spans) != 20 {
		t.Fatalf("%d units in %v and %d spans", units, active, len(spans))
	}
	for _, s := range spans {
		if s.Calls != spans[0].Calls || s.Active != time.Minute {
			t.Fatalf("span %+v", s)
		}
	}
}
