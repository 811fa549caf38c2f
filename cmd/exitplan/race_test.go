package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"exitplan/exporter"
	"exitplan/internal/dataset"
	"exitplan/internal/journal"
	"exitplan/internal/simulator"
)

func TestTheRaceAgainstRetention(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	in := func(hours int, n int64) journal.Deadline {
		return journal.Deadline{Hour: now.Add(time.Duration(hours) * time.Hour), Items: n}
	}
	for _, tt := range []struct {
		name      string
		deadlines []journal.Deadline
		rate      float64
		want      race
		words     string
	}{
		{"nothing is deleted", nil, 100, race{}, ""},
		{"all in time", []journal.Deadline{in(1, 100), in(2, 100), in(200, 5)}, 100, race{Left: 205, Day: 200, Week: 200}, "deletes none of 205"},
		{"an hour too much", []journal.Deadline{in(1, 100), in(2, 150), in(3, 100)}, 100,
			race{Left: 350, AtRisk: 50, Day: 350, Week: 350}, "At 100 recordings an hour, 50 of 350 recordings that are left will be deleted by retention before their turn, the first on 2026-03-01"},
		// What is lost takes no time, so that the rest is in time again.
		{"this hour", []journal.Deadline{in(0, 7), in(1, 10)}, 10, race{Left: 17, AtRisk: 7, Day: 17, Week: 17}, "7 of 17"},
		{"later", []journal.Deadline{in(30, 400)}, 10, race{Left: 400, AtRisk: 100, Week: 400}, "100 of 400"},
		{"slow", []journal.Deadline{in(1, 1), in(2, 1)}, 0.5, race{Left: 2, AtRisk: 1, Day: 2, Week: 2}, "At 1 recording an hour, 1 of 2"},
		{"past already", []journal.Deadline{in(-30, 4), in(50, 1)}, 10, race{Left: 5, AtRisk: 4, Past: 4, Week: 1}, "none of 5 recordings that are left before its turn (4 by now)"},
		{"no rate", []journal.Deadline{in(-2, 1), in(23, 2), in(24, 3), in(999, 4)}, 0, race{Left: 10, AtRisk: 1, Past: 1, Day: 2, Week: 5}, "2 within 24 hours and 5 within 7 days"},
	} {
		got := against(tt.deadlines, tt.rate, now)
		if words := got.words(); !strings.Contains(words, tt.words) || tt.words == "" && words != "" {
			t.Errorf("%s: it says %q, want %q", tt.name, words, tt.words)
		}
		if wanted := tt.want.AtRisk > tt.want.Past || tt.rate == 0 && tt.want.Week > 0; wanted != strings.Contains(got.Remedy, "exitplan protect") {
			t.Errorf("%s: remedy %q", tt.name, got.Remedy)
		}
		if lost := tt.want.AtRisk > 0; lost == got.FirstDeleted.IsZero() {
			t.Errorf("%s: the first is deleted %v", tt.name, got.FirstDeleted)
		}
		tt.want.PerHour, tt.want.Remedy, tt.want.FirstDeleted = tt.rate, got.Remedy, got.FirstDeleted
		if got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

// doomed makes a journal in which recordings of conversations 0 to n-1 are
// known, to be deleted in so many hours each, and one is excepted.
func doomed(t *testing.T, w *world, n int, due func(i int) time.Time) {
	t.Helper()
	j, err := journal.Open(t.Context(), w.values["state"], journal.Options{Now: time.Now, Command: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	list := exporter.Unit{Dataset: dataset.RetentionName, Key: "list"}
	r := exporter.Receipt{Unit: list.Key, Outcome: exporter.Done, Exceptions: []exporter.Exception{
		{Dataset: dataset.RecordingsName, Item: "c0/r", Reason: exporter.Archived}}}
	for i := range n {
		r.Expected = append(r.Expected, exporter.Expectation{Dataset: dataset.RecordingsName, Item: fmt.Sprintf("c%d/r", i),
			Source: "retention-query", At: w.cfg.From.Add(time.Hour), Due: due(i)})
	}
	settings := map[string]string{"source.interval.from": w.cfg.From.Format(time.RFC3339), "source.interval.to": ""}
	for _, err := range []error{j.Freeze(t.Context(), settings), j.Add(t.Context(), []exporter.Unit{list}), j.Commit(t.Context(), r)} {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestStatusTellsOfTheRaceAndOfReasons(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 1})
	doomed(t, w, 6, func(i int) time.Time { return time.Now().Add(time.Duration(i*24-12) * time.Hour) })
	_, stdout, stderr := exitplan(t, w.args("status")...)
	for _, part := range []string{"Of 5 recordings that are left, retention deletes 1 within 24 hours and 5 within 7 days", protectThem, "archived"} {
		if !strings.Contains(stdout, part) {
			t.Errorf("it does not say %q:\n%s%s", part, stdout, stderr)
		}
	}
	held, err := json.Marshal(protectedLine{Protect: true, Conversations: []string{"c1", "c2"}})
	if err != nil {
		t.Fatal(err)
	}
	log, err := openProtected(w.values["state"])
	if err == nil {
		_, err = log.file.Write(append(held, "\n{torn"...))
	}
	if err != nil {
		t.Fatal(err)
	}
	defer log.close()
	_, stdout, _ = exitplan(t, w.args("--json", "status")...)
	var got struct{ Race race }
	if err := json.Unmarshal([]byte(stdout), &got); err != nil || got.Race.Left != 3 || got.Race.Week != 3 || got.Race.Day != 0 {
		t.Errorf("with two protected: %+v (%v)", got.Race, err)
	}
}

func TestRecordingsAnHour(t *testing.T) {
	tally := journal.Tally{Datasets: map[string]journal.Counts{dataset.RecordingsName: {Done: 20, Records: 1000}}}
	now := time.Now()
	activity := journal.Activity{From: now.Add(-30 * time.Minute), To: now, Finished: map[string]int64{dataset.RecordingsName: 10}}
	if got := recordingsPerHour(tally, activity); got < 999 || got > 1001 {
		t.Errorf("%v recordings an hour, want 1000", got)
	}
	activity.Finished[dataset.RecordingsName] = leastUnit - 1
	if got := recordingsPerHour(tally, activity); got != 0 {
		t.Errorf("%v an hour without ground for it", got)
	}
}
