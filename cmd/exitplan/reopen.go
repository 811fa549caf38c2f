package main

import (
	"cmp"
	"context"
	"errors"
	"time"

	"exitplan/exporter"
	"exitplan/internal/dataset"
)

// What may have grown is listed again by a run that begins so much later.
const growsWithin = 12 * time.Hour

// reopen lists again what may have grown since, and what was exported before a
// listing for each of its records was selected, and so had nobody to hand them to.
func (s *session) reopen(ctx context.Context, iv exporter.Interval) error {
	tally, err := s.journal.Tally(ctx)
	if err != nil {
		return err
	}
	now := s.clock.Now()
	listAgain, err := s.listAgain(ctx, iv)
	if err != nil {
		return err
	}
	for _, info := range dataset.Catalogue() {
		own, parent := tally.Datasets[info.Name], tally.Datasets[info.FoundBy]
		if !s.open(info.Class) || !contains(s.names, info.Name) {
			continue
		}
		again, before := "", now.Add(time.Minute)
		switch none := own.Pending+own.Running+own.Done+own.Failed == 0; {
		case none && parent.Records > 0 && info.FoundBy != dataset.DetailsName: // conversations are searched for otherwise
			again = info.FoundBy
		case info.Name == dataset.RetentionName && listAgain:
			again = info.Name
		case info.Grows:
			again, before = info.Name, now.Add(-growsWithin)
		}
		if again == "" {
			continue
		}
		n, err := s.journal.ReopenDone(ctx, again, before)
		if err != nil {
			return err
		}
		if n > 0 {
			s.log.Info("listed again", "dataset", again, "units", n)
		}
	}
	if s.bulk() && s.open(exporter.Recordings) { // something may have landed since
		if err := s.journal.ReopenKey(ctx, dataset.LateKey(iv)); err != nil {
			return err
		}
	}
	// What is listed now, and led to by nothing, must be looked for again.
	if tally, err = s.journal.Tally(ctx); err != nil || tally.Datasets[dataset.RetentionName].Pending == 0 {
		return err
	}
	return s.journal.ReopenKey(ctx, dataset.UnaskedKey(iv))
}

// listAgain says whether the retention query has to tell of days of which it may
// not have told yet: new ones, or the last, once all that they have is there.
func (s *session) listAgain(ctx context.Context, iv exporter.Interval) (bool, error) {
	known, err := s.journal.Has(ctx, dataset.UnaskedKey(iv))
	if err != nil || !known {
		return true, err
	}
	last, err := s.journal.Finished(ctx, dataset.RetentionName)
	settled := iv.To.Add(retainedFor)
	return last.Before(settled) && !s.clock.Now().Before(settled), err
}

// restoreWait is how long a run waits for what is restored; 0 for the dataset's
// own.
var restoreWait time.Duration

// restorePause is how soon after a restore was asked for the platform is asked
// for the recording; 0 for the dataset's own.
var restorePause time.Duration

// landingPatience is how long what the platform writes is waited for; 0 for the
// dataset's own.
var landingPatience time.Duration

// reconsider opens units whose exceptions may be mended by now: what may be
// restored, and what was withheld from clients that see it by now.
func (s *session) reconsider(ctx context.Context, restore bool) error {
	s.sees = s.sensitive(ctx)
	if !s.open(exporter.Recordings) || !contains(s.names, dataset.RecordingsName) {
		return nil
	}
	var reasons []exporter.Reason
	if restore {
		reasons = append(reasons, exporter.Archived)
	}
	if s.sees == dataset.SensitiveShown {
		reasons = append(reasons, exporter.Redacted, exporter.SensitiveExcluded)
	}
	for _, reason := range reasons {
		n, err := s.journal.ReopenExcepted(ctx, dataset.RecordingsName, reason)
		if err != nil {
			return err
		}
		if n > 0 {
			s.log.Info("asked for again", "reason", reason, "units", n)
		}
	}
	return nil
}

// unplanned says whether a sweep, which takes nothing new, leaves anything that
// another run would take.
func (s *session) unplanned(ctx context.Context, layout exporter.Layout, iv exporter.Interval, more bool) (bool, error) {
	tally, err := s.journal.Tally(ctx)
	if c := tally.Total; err != nil || c.Pending+c.Running+c.Done+c.Failed+c.Asleep == 0 {
		return more, cmp.Or(err, usage(errors.New("--sweep reads again what earlier runs took, and there was none: run exitplan export")))
	}
	for _, d := range dataset.New(s.names, dataset.Settings{API: s.clients, Layout: layout}) {
		for u, err := range d.Plan(ctx, iv) {
			if err != nil {
				return more, err
			}
			if known, err := s.journal.Has(ctx, u.Key); err != nil || !known {
				return true, err
			}
		}
	}
	return more, nil
}
