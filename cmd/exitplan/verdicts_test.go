package main

import (
	"slices"
	"testing"
	"time"

	"exitplan/exporter"
	"exitplan/internal/config"
	"exitplan/internal/contract"
	"exitplan/internal/dataset"
	"exitplan/internal/forecast"
	"exitplan/internal/journal"
	"exitplan/internal/notify"
)

// left is the forecast of an export that takes so many hours more, and a quarter
// more than that in one of ten cases.
func left(hours int64, terms contract.Terms, now time.Time) prospect {
	var loads []forecast.Load
	if hours > 0 {
		loads = []forecast.Load{{Class: exporter.Metrics, Calls: forecast.Estimate{Mid: float64(hours) * 60, Spread: 1.25}}}
	}
	supply := forecast.Supply{CallsPerMinute: forecast.Exactly(1)}
	return prospect{known: true, forecast: forecast.Run(now, loads, supply, terms)}
}

func termsUntil(closes time.Time) contract.Terms {
	return contract.Terms{Zone: time.UTC, SubscriptionStart: closes.AddDate(-5, 0, 0), ExitStarted: closes.AddDate(0, -1, 0),
		Termination: closes, Cause: contract.Notice}
}

func TestVerdictsOfClasses(t *testing.T) {
	now := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	terms := termsUntil(now.Add(100 * time.Hour))
	for _, tt := range []struct {
		left int64
		want string
	}{{0, onTime}, {50, onTime}, {75, onTime}, {90, atRisk}, {110, willMiss}} {
		got := left(tt.left, terms, now).verdicts(terms, []string{exporter.Metrics}, now)
		if len(got) != 1 || got[0].Verdict != tt.want {
			t.Errorf("%d left: %+v, want %s", tt.left, got, tt.want)
		}
	}
	m := left(50, terms, now)
	m.known = false
	if got := m.verdicts(terms, []string{exporter.Metrics}, now); got[0].Verdict != unknown {
		t.Errorf("without a rate: %+v", got)
	}
	over := terms.Termination
	if got := left(1, terms, over).verdicts(terms, []string{exporter.Metrics}, over); got[0].Verdict != willMiss {
		t.Errorf("after the close: %+v", got)
	}
}

// A verdict is told when it has lasted, once, and again only after another.
func TestAVerdictIsToldOnce(t *testing.T) {
	in := newInbox(t)
	j, err := journal.Open(t.Context(), t.TempDir(), journal.Options{Now: time.Now, Command: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	now := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	begin := func() *notices {
		s := &session{journal: j, names: []string{dataset.DetailsName}, clock: exporter.NewClock(time.Now, time.Time{}), cfg: config.Config{
			ExportID: "x", Contract: termsUntil(now.Add(100 * time.Hour)),
			Notify: config.Notify{Webhook: config.NewSecret(in.URL), Secret: config.NewSecret(inboxSecret)},
		}}
		n, err := s.startNotices()
		if err != nil {
			t.Fatal(err)
		}
		if err := n.recall(t.Context()); err != nil {
			t.Fatal(err)
		}
		return n
	}
	look := func(n *notices, units ...int64) {
		for _, u := range units {
			n.turned(t.Context(), left(u, n.s.cfg.Contract, now).verdicts(n.s.cfg.Contract, n.s.classes(), now))
		}
	}
	n := begin()
	look(n, 50, 50, 50, 90, 90, 50, 90, 90, 90, 90, 90, 200, 200, 200, 200)
	n.sender.Close(t.Context())
	n = begin() // another run
	look(n, 200, 200, 200, 200, 10, 10, 10, 10, 90, 90, 90, 90)
	n.sender.Close(t.Context())
	want := []string{notify.AtRisk, notify.WillMiss, notify.OnTime, notify.AtRisk}
	if got := in.take(); !slices.Equal(kindsOf(got), want) {
		t.Errorf("told %v, want %v", kindsOf(got), want)
	}
}
