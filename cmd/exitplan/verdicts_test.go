package main

import (
	"slices"
	"testing"
	"time"

	"exitplan/exporter"
	"exitplan/internal/config"
	"exitplan/internal/contract"
	"exitplan/internal/dataset"
	"exitplan/internal/journal"
	"exitplan/internal/notify"
)

// left is an export that does ten units an hour, of which so many are left.
func left(n int64, now time.Time) (journal.Tally, journal.Activity) {
	return journal.Tally{Datasets: map[string]journal.Counts{dataset.DetailsName: {Done: 100, Pending: n}}},
		journal.Activity{From: now.Add(-time.Hour), To: now, Finished: map[string]int64{dataset.DetailsName: 10}}
}

func termsUntil(closes time.Time) contract.Terms {
	return contract.Terms{Zone: time.UTC, SubscriptionStart: closes.AddDate(-5, 0, 0), ExitStarted: closes.AddDate(0, -1, 0),
		Termination: closes, Cause: contract.Notice}
}

func TestVerdictsOfClasses(t *testing.T) {
	now := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	terms := termsUntil(now.Add(10 * time.Hour))
	for _, tt := range []struct {
		left int64
		want string
	}{{0, onTime}, {50, onTime}, {79, onTime}, {81, atRisk}, {99, atRisk}, {101, willMiss}} {
		tally, activity := left(tt.left, now)
		got := verdicts(terms, []string{exporter.Metrics}, tally, activity, now)
		if len(got) != 1 || got[0].Verdict != tt.want {
			t.Errorf("%d left: %+v, want %s", tt.left, got, tt.want)
		}
	}
	tally, activity := left(50, now)
	activity.Finished = nil
	if got := verdicts(terms, []string{exporter.Metrics}, tally, activity, now); got[0].Verdict != unknown {
		t.Errorf("without a rate: %+v", got)
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
			ExportID: "x", Contract: termsUntil(now.Add(10 * time.Hour)),
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
			tally, activity := left(u, now)
			n.turned(t.Context(), verdicts(n.s.cfg.Contract, n.s.classes(), tally, activity, now))
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
