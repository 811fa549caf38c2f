package main

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"exitplan/internal/contract"
	"exitplan/internal/dataset"
	"exitplan/internal/genesys"
	"exitplan/internal/journal"
)

func TestAPaceFallsWhileNothingMoves(t *testing.T) {
	begun := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	p := &pace{}
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

func TestUnitsThatWillBeDiscoveredAreAhead(t *testing.T) {
	for _, tt := range []struct {
		details, recordings journal.Counts
		left                float64
		unsure              bool
	}{
		// Ten days gave 40 batches; each of the 20 others has its unit of recordings.
		{journal.Counts{Done: 10, Pending: 20}, journal.Counts{Done: 46, Pending: 24}, 24 + 20*4, false},
		{journal.Counts{Done: 30}, journal.Counts{Done: 140, Pending: 10}, 10, false},
		{journal.Counts{Pending: 30}, journal.Counts{Pending: 31}, 31, true},
		{journal.Counts{}, journal.Counts{Done: 5, Pending: 25}, 25, true}, // recordings alone
	} {
		left, unsure := ahead(tallied(tt.details, tt.recordings))
		if left[dataset.RecordingsName] != tt.left || unsure != tt.unsure {
			t.Errorf("%+v: %v units of recordings ahead, unsure %v; want %v, %v", tt, left, unsure, tt.left, tt.unsure)
		}
	}
}

func TestNoEstimateWithoutGround(t *testing.T) {
	rates := map[string]float64{"a": 2, "b": 0.5}
	rate := func(name string) (float64, bool) { r, ok := rates[name]; return r, ok }
	for _, tt := range []struct {
		left map[string]float64
		want time.Duration
		ok   bool
	}{
		{map[string]float64{"a": 100, "b": 100}, 200 * time.Second, true},
		{map[string]float64{"a": 100, "new": 9}, 50 * time.Second, true},
		{map[string]float64{"a": 100, "new": 90}, 0, false},
		{map[string]float64{"a": 0}, 0, false},
	} {
		if got, ok := timeLeft(tt.left, rate); ok != tt.ok || ok && got != tt.want {
			t.Errorf("%v: %v, %v", tt.left, got, ok)
		}
	}
}

// However narrow the terminal, no line wraps, and the estimate is the last to go.
func TestABarFitsTheTerminal(t *testing.T) {
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for _, done := range []int64{0, 7, 50, 100} {
		p := &progress{units: map[string]*pace{}, progressConfig: progressConfig{
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
func TestListingsShareARate(t *testing.T) {
	tally := journal.Tally{Datasets: map[string]journal.Counts{
		dataset.DetailsName: {Pending: 10, Done: 10}, "routing.skills": {Pending: 1}, "scripts": {Pending: 1}, "routing.queues": {Done: 1},
	}}
	if left, _ := ahead(tally); left["configuration"] != 2 || left["scripts"] != 0 || left[dataset.DetailsName] != 10 {
		t.Errorf("left %v", left)
	}
	list := lookAhead(contract.Terms{}, tally, journal.Activity{}, time.Now())
	if len(list) != 2 || list[1].Dataset != "configuration" || list[1].Left != 2 {
		t.Errorf("outlook %+v", list)
	}
}
