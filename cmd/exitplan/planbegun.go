package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"exitplan/internal/journal"
)

// planOfBegun is the plan of an export that has begun; nil if none has.
func (s *session) planOfBegun(ctx context.Context) (*plan, error) {
	j, err := journal.Open(ctx, s.cfg.State, journal.Options{ReadOnly: true})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer j.Close()
	if frozen, err := j.Settings(ctx); err != nil || len(frozen) == 0 { // a run failed before it knew the organization
		return nil, err
	}
	return s.planFromJournal(ctx, j)
}

// planFromJournal goes by what the run has measured.
func (s *session) planFromJournal(ctx context.Context, j *journal.Journal) (*plan, error) {
	tally, err := j.Tally(ctx)
	if err != nil {
		return nil, err
	}
	settings, err := j.Settings(ctx)
	if err != nil {
		return nil, err
	}
	activity, err := j.Activity(ctx, lately)
	if err != nil {
		return nil, err
	}
	now, err := timeBy(ctx, j)
	if err != nil {
		return nil, err
	}
	s.org = organization{ID: settings["organization"], Name: settings["organization.name"]}
	p := s.newPlan(now)
	p.Measured = true
	m, err := foresee(ctx, s.cfg, j, tally, now)
	if err != nil {
		return nil, err
	}
	p.Supply = m.supply
	for _, l := range m.loads {
		p.Calls += l.Calls.Mid
		p.Datasets = append(p.Datasets, planned{Load: l, Hours: l.Calls.Mid / max(1, m.supply.CallsPerMinute.Mid) / 60})
	}
	slices.SortStableFunc(p.Datasets, func(a, b planned) int { return cmp.Compare(b.Calls.Mid, a.Calls.Mid) })
	// Without a past yet, the forecast goes by the configured budget.
	for _, c := range m.forecast.Classes {
		p.Endings = append(p.Endings, endingOf(c, m.forecast, s.cfg.Contract, now))
	}
	p.Guessed = !m.known
	p.vague = m.unsure || !m.known
	_, _, p.Fits = inAll(p.Endings)
	if u := m.untaken; u != nil {
		p.Untaken = u
		if len(u.Closed) > 0 {
			p.Fits, p.closed = false, s.overPlan()
		}
	}
	race, err := raceOf(ctx, j, settings, nil, recordingsPerHour(tally, activity), now)
	if err != nil {
		return nil, err
	}
	p.Retention = retained{Recordings: race.Left, Whole: true, Race: race}
	p.Extension = p.need(s.cfg.Contract)
	return p, nil
}

// begun is what is to be known of an export that has begun.
func (p *plan) begun(b *bytes.Buffer) {
	if p.Begun {
		fmt.Fprint(b, "An export has begun, but does not tell yet how much there is: this is counted by the platform, as if nothing were done.\n")
	}
	if p.Untaken != nil && len(p.Untaken.Closed) == 0 { // else it is the headline
		fmt.Fprintf(b, "%s\n", p.Untaken.words())
	}
}
