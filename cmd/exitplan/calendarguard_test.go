package main

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"exitplan/exporter"
	"exitplan/internal/config"
	"exitplan/internal/dataset"
)

// The guard at 200 instants of 200 random contracts, most of them close to a
// change: it lets nothing pass while all is closed, nor promises that it would,
// and holds nothing up where a Date header leaves no doubt.
func TestTheGuardAtManyInstantsOfManyContracts(t *testing.T) {
	a := newAppointment(t, 7, core, nil)
	rnd := rand.New(rand.NewPCG(3, 4))
	asked, passed, most := 0, 0, 200
	if testing.Short() {
		most = 10
	}
	for contracts := 0; contracts < most; {
		c := randomTreaty(rnd, time.Duration(rnd.Int64N(int64(time.Second))))
		a.set(t, c.settings(treatyStart.AddDate(10, 0, 0))...)
		cfg, err := config.Load(a.config, []string{secretVariable + "=demo-secret"}, nil)
		if err != nil {
			continue
		}
		contracts++
		of := calendarSelections[rnd.IntN(len(calendarSelections))]
		names, err := dataset.Select(selectionOf(t, a, of.datasets))
		if err != nil {
			t.Fatal(err)
		}
		changes := slices.Concat(c.changes(of.classes, true), c.changes(of.classes, false), []time.Time{treatyStart})
		for range 200 {
			now := changes[rnd.IntN(len(changes))].Add(time.Duration(rnd.Int64N(int64(8*time.Second))) - 4*time.Second)
			if rnd.IntN(4) == 0 {
				now = treatyStart.Add(time.Duration(rnd.Int64N(int64(250 * 24 * time.Hour))))
			}
			s := &session{cfg: cfg, names: names}
			s.clock = exporter.NewClock(func() time.Time { return now }, time.Time{})
			s.clock.Observe(now.Truncate(time.Second))
			left, err := s.guard(t.Context())
			asked++
			switch {
			case err == nil:
				passed++
				if !c.any(of.classes, now) || left <= 0 || !c.any(of.classes, now.Add(left-1)) {
					t.Errorf("%v passes at %v for %v\n%v", of.classes, now, left, c)
				}
			case !errors.Is(err, exporter.ErrWindowClosed):
				t.Fatal(err)
			case slices.ContainsFunc(of.classes, func(class string) bool {
				return c.open(class, now.Add(-time.Second)) && c.open(class, now) && c.open(class, now.Add(2*time.Second))
			}):
				t.Errorf("%v is held up at %v: %v\n%v", of.classes, now, err, c)
			}
		}
	}
	t.Logf("%d decisions, %d of them to pass", asked, passed)
	if passed < asked/10 || passed > asked*9/10 {
		t.Errorf("of %d decisions %d were to pass", asked, passed)
	}
}

// selectionOf reads a list of the configuration.
func selectionOf(t *testing.T, a *appointment, datasets string) []string {
	t.Helper()
	a.set(t, "source.datasets", datasets)
	cfg, err := config.Load(a.config, []string{secretVariable + "=demo-secret"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return cfg.Source.Datasets
}
