package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"exitplan/exporter"
	"exitplan/internal/dataset"
	"exitplan/internal/forecast"
	"exitplan/internal/journal"
	"exitplan/internal/simulator"
)

// underWay makes a journal in which half of 100 days were done in the last
// 50 minutes.
func underWay(t *testing.T, w *world) {
	t.Helper()
	now := time.Now().Add(-50 * time.Minute)
	j, err := journal.Open(t.Context(), w.values["state"], journal.Options{Now: func() time.Time { return now }, Command: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	if err := errors.Join(j.Freeze(t.Context(), map[string]string{"organization": "o"}), j.Record(t.Context(), journal.Event{Kind: "run-started"})); err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		u := exporter.Unit{Dataset: dataset.DetailsName, Key: fmt.Sprintf("%s/%02d", dataset.DetailsName, i)}
		if err := j.Add(t.Context(), []exporter.Unit{u}); err != nil {
			t.Fatal(err)
		}
		if i >= 50 {
			continue
		}
		now = now.Add(time.Minute)
		if err := j.Commit(t.Context(), exporter.Receipt{Unit: u.Key, Outcome: exporter.Done}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestStatusHoldsTheRateAgainstTheWindow(t *testing.T) {
	for _, tt := range []struct {
		name, closes string
		code         int
		words        string
	}{
		{"years left", "2099-12-31", exitComplete, "on track, its window closes"},
		{"half an hour left", time.Now().Add(30 * time.Minute).UTC().Format(time.RFC3339), exitForecast, "after its window closes"},
		{"over", time.Now().Add(-time.Minute).UTC().Format(time.RFC3339), exitForecast, "WILL MISS: its window is closed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 1})
			w.set(t, "contract.termination_date", tt.closes)
			underWay(t, w)
			code, stdout, stderr := exitplan(t, w.args("status")...)
			if code != tt.code || !strings.Contains(stdout, tt.words) {
				t.Errorf("exit code %d, want %d; %q?\n%s%s", code, tt.code, tt.words, stdout, stderr)
			}
			code, stdout, _ = exitplan(t, w.args("--json", "status")...)
			var got struct {
				Windows  []struct{ Class string }
				Activity struct{ From, To time.Time }
				Outlook  []outlook
				Forecast *forecast.Forecast
			}
			if err := json.Unmarshal([]byte(stdout), &got); err != nil {
				t.Fatal(err)
			}
			if code != tt.code || len(got.Windows) != 4 || len(got.Outlook) != 1 || got.Activity.To.IsZero() {
				t.Fatalf("exit code %d, %+v", code, got)
			}
			o, f := got.Outlook[0], got.Forecast
			if o.Left != 50 || o.PerHour < 58 || o.PerHour > 62 || f == nil || len(f.Classes) != 1 || f.Classes[0].Closes.IsZero() {
				t.Fatalf("outlook %+v, %+v", o, f)
			}
			if left := time.Until(f.P50); left < 43*time.Minute || left > 55*time.Minute || (f.Verdict == forecast.OnTrack) != (tt.code == 0) {
				t.Errorf("%+v, want 50 minutes", f)
			}
		})
	}
}

// A clock that was turned back reopens no window, here as little as elsewhere.
func TestStatusAndWindowGoByTheSameTime(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 1})
	underWay(t, w)
	closes := time.Now().Add(24 * time.Hour).UTC()
	w.set(t, "contract.termination_date", closes.Format(time.RFC3339))
	j, err := journal.Open(t.Context(), w.values["state"], journal.Options{Now: time.Now, Command: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Advance(t.Context(), closes.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"status", "window"} {
		if _, stdout, _ := exitplan(t, w.args(name)...); !strings.Contains(stdout, "closed since "+closes.Format("2006-01-02")) {
			t.Errorf("%s takes the window for open:\n%s", name, stdout)
		}
	}
}
