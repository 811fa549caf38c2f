package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"exitplan/exporter"
	"exitplan/internal/config"
	"exitplan/internal/contract"
	"exitplan/internal/dataset"
	"exitplan/internal/forecast"
	"exitplan/internal/journal"
	"exitplan/internal/simulator"
)

// Where the network is what takes the time, more clients are no help, and the bulk
// method or a faster network is.
func TestGainsAreThoseOfWhatDecides(t *testing.T) {
	now := when("2026-03-01T00:00:00Z")
	cfg := config.Config{
		Contract:    contract.Terms{Zone: time.UTC, Cause: contract.Notice, SubscriptionStart: when("2021-01-01T00:00:00Z"), ExitStarted: now, Termination: when("2026-03-11T00:00:00Z")},
		Source:      config.Source{RequestsPerMinute: 300},
		Recordings:  config.Recordings{Method: config.MethodPull, Metadata: config.MetadataDerived},
		Concurrency: config.Concurrency{Transfers: 8},
	}
	inv := &inventory{
		From: when("2026-02-01T00:00:00Z"), To: now, Available: now, Days: 28,
		Conversations: forecast.Exactly(100_000), Recorded: forecast.Exactly(50_000), Recordings: forecast.Exactly(50_000),
		BytesPerRecording: &forecast.Estimate{Mid: 1 << 20, Spread: 1.1},
		Transfer:          &dataset.Transferred{Conversations: 1, Results: 1, Bytes: 1 << 20, Read: 1 << 20, Took: 30 * time.Second, Together: 8},
	}
	names := []string{dataset.DetailsName, dataset.RecordingsName, dataset.RetentionName}
	sc := scenario{cfg, names, 1, 1}
	p := &plan{At: now, Inventory: inv}
	p.setZone(time.UTC)
	p.Settings.Clients = 1
	p.fill(sc, 0)
	if p.Fits || !p.byBytes() {
		t.Fatalf("%+v", p.Endings)
	}
	var changes []string
	for _, g := range p.gains(sc, 0) {
		changes = append(changes, g.Change)
		if !g.Fits && strings.Contains(g.Change, "bulk") {
			t.Errorf("%+v", g)
		}
	}
	all := strings.Join(changes, "\n")
	if !strings.Contains(all, "recordings.method: bulk") || !strings.Contains(all, "a network 4 times as fast") || strings.Contains(all, "OAuth") {
		t.Errorf("gains:\n%s", all)
	}

	// Where calls are, it is the other way round.
	inv.Transfer.Took = time.Millisecond
	sc.cfg.Recordings.Metadata, sc.cfg.Source.RequestsPerMinute = config.MetadataFull, 2
	p.Datasets = nil
	p.fill(sc, 0)
	changes = nil
	for _, g := range p.gains(sc, 300) {
		changes = append(changes, g.Change)
	}
	all = strings.Join(changes, "\n")
	for _, part := range []string{"source.requests_per_minute: 300", "more OAuth client", "recordings.metadata: derived"} {
		if !strings.Contains(all, part) {
			t.Errorf("no %q in gains:\n%s", part, all)
		}
	}
	if strings.Contains(all, "network") || strings.Contains(all, "bulk") {
		t.Errorf("gains:\n%s", all)
	}
}

// What may still be asked for in time is not called late because of another class.
func TestANeedGoesByWhatCanStillBeRequested(t *testing.T) {
	zone := time.UTC
	terms := contract.Terms{Zone: zone, NoticeDays: 14}
	at := time.Date(2026, 12, 20, 0, 0, 0, 0, zone)
	p := &plan{At: at, zone: zone, Endings: []ending{
		{Class: exporter.Metrics, Closes: time.Date(2027, 1, 1, 0, 0, 0, 0, zone), P90: at.AddDate(0, 2, 0)},
		{Class: exporter.Recordings, Closes: time.Date(2027, 2, 1, 0, 0, 0, 0, zone), P90: at.AddDate(0, 2, 0)},
	}}
	if n := p.need(terms); n == nil || n.Late || n.LastDay != "2027-01-17" {
		t.Errorf("%+v", n)
	}
	p.At = time.Date(2026, 12, 1, 0, 0, 0, 0, zone)
	if n := p.need(terms); n == nil || n.Late || n.LastDay != "2026-12-17" {
		t.Errorf("%+v", n)
	}
	p.At = time.Date(2027, 1, 25, 0, 0, 0, 0, zone)
	if n := p.need(terms); n == nil || !n.Late || n.LastDay != "2027-01-17" {
		t.Errorf("%+v", n)
	}
	newYork, err := contract.LoadZone("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	if d := daysBetween(time.Date(2026, 11, 1, 0, 0, 0, 0, newYork), time.Date(2026, 11, 4, 0, 0, 0, 0, newYork)); d != 3 {
		t.Errorf("%d days over the end of summer time", d)
	}
}

// Right after the begin of an export there is no rate, and still something left.
func TestAPlanOfAnExportThatHasJustBegun(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 1})
	w.set(t, "contract.termination_date", time.Now().Add(-time.Minute).UTC().Format(time.RFC3339))
	j, err := journal.Open(t.Context(), w.values["state"], journal.Options{Now: time.Now, Command: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(j.Freeze(t.Context(), map[string]string{"organization": "o"}), j.Add(t.Context(), []exporter.Unit{{Dataset: dataset.DetailsName, Key: "a"}}), j.Close()); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := exitplan(t, w.args("plan")...)
	if code != exitForecast || !strings.Contains(stdout, "too little was measured yet") || !strings.Contains(stdout, "WINDOW IS CLOSED") {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
}
