package main

import (
	"strings"
	"testing"
	"time"

	"exitplan/internal/config"
	"exitplan/internal/contract"
	"exitplan/internal/dataset"
	"exitplan/internal/forecast"
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
