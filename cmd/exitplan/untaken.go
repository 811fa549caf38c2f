package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"exitplan/exporter"
	"exitplan/internal/config"
	"exitplan/internal/dataset"
	"exitplan/internal/journal"
)

// untaken are days of an export's interval that no run has planned yet: they
// are still to come, or were when the last run ended.
type untaken struct {
	From time.Time `json:"from"` // whole UTC days
	To   time.Time `json:"to"`
	// Closed are classes that would have them, and may not be exported any more.
	Closed []string `json:"closed_classes,omitempty"`
}

// untakenDays are nil where the last run has planned the whole interval.
func untakenDays(ctx context.Context, cfg config.Config, j *journal.Journal, now time.Time) (*untaken, error) {
	if cfg.Contract.Zone == nil {
		return nil, nil
	}
	names, err := dataset.Select(cfg.Source.Datasets)
	if err != nil {
		return nil, usage(fmt.Errorf("source.datasets: %w", err))
	}
	frozen, err := j.Settings(ctx)
	if err != nil {
		return nil, err
	}
	s := &session{cfg: cfg, journal: j, names: names, clock: exporter.NewClock(func() time.Time { return now }, time.Time{})}
	if err := s.recallRehearsal(frozen); err != nil {
		return nil, err
	}
	done, more, err := s.reached(ctx)
	if err != nil || !more {
		return nil, err
	}
	return &untaken{From: done.To, To: s.wanted().To, Closed: s.overByDay()}, nil
}

// overByDay are the classes of what is taken by the day that may not be exported
// any more.
func (s *session) overByDay() (list []string) {
	for _, class := range s.classes() {
		if byDayClass(s.names, class) && closed(s.cfg.Contract, class, s.clock.Now()) {
			list = append(list, class)
		}
	}
	return list
}

// over says that nothing that is taken by the day may be exported any more.
func (s *session) over() bool {
	over := s.overByDay()
	for _, class := range s.classes() {
		if byDayClass(s.names, class) && !contains(over, class) {
			return false
		}
	}
	return len(over) > 0
}

func (u *untaken) words() string {
	days := fmt.Sprintf("%s to %s", u.From.Format(time.DateOnly), u.To.Add(-1).Format(time.DateOnly))
	if u.To.Sub(u.From) <= oneDay {
		days = u.From.Format(time.DateOnly)
	}
	if len(u.Closed) > 0 {
		return fmt.Sprintf("MISSING: nothing of %s was exported, and the window of %s is closed.", days, strings.Join(u.Closed, " and of "))
	}
	return fmt.Sprintf("Still to come, and not in this: %s (UTC). Each later run takes what the platform has completed by then.", days)
}
