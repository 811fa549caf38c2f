package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/urfave/cli/v2"

	"exitplan/exporter"
	"exitplan/internal/dataset"
	"exitplan/internal/journal"
)

func exportCommand(signals *interrupts) *cli.Command {
	return &cli.Command{
		Name: "export", Usage: "export, or go on where an earlier run ended",
		Description: "Takes what is available by now and ends; the same command resumes after any interruption.\n" +
			"Exit codes: 0 complete, 3 something is missing (listed with reasons), 4 window closed (or --stop-before),\n" +
			"5 the destination has lost something, 6 credentials or permissions, 8 later days are still to come, 64 configuration, 130 interrupted.",
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "amend", Usage: "accept settings that differ from those of the first run; recorded as a custody event"},
			&cli.BoolFlag{Name: "seal", Usage: "export nothing more: state what is left undone as exceptions, and seal"},
			&cli.BoolFlag{Name: "sweep", Usage: "take no new days: only what was still going on or being processed, and what is begun"},
			&cli.BoolFlag{Name: "restore-archived", Usage: "ask the platform to restore archived recordings, wait for them, and export them: a change there, within what the organization may have restored"},
			&cli.BoolFlag{Name: "resume-from-destination", Usage: "start from the journal copy in the destination: for a new machine"},
			&cli.BoolFlag{Name: "parquet", Usage: "also store conversation details and aggregates as Parquet, beside the records; frozen with the first run"},
			&cli.StringFlag{Name: notifyWebhook, Usage: "tell this `URL` when the export is at risk, stands still, or has ended (docs/notify.md)"},
			&cli.StringFlag{Name: notifyCommand, Usage: "run this `COMMAND` then; no shell"},
			&cli.StringFlag{Name: "bag-period", Value: "auto", Usage: "period of one bag: auto, month, day or hour; frozen with the first run"},
		}, append(marginFlags(), rehearsalFlags()...)...),
		Action: func(c *cli.Context) error { return export(c, signals) },
	}
}

// Exports are copied to the destination and the trusted time is noted so
// often while they run.
const (
	backupEvery = 10 * time.Minute
	noteEvery   = 10 * time.Second
)

// Writing down how an interrupted run ended may take so long.
const endWithin = 30 * time.Second

func export(c *cli.Context, signals *interrupts) (err error) {
	ctx := c.Context
	s, err := newSession(c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if s.notices, err = s.startNotices(); err != nil {
		return err
	}
	defer func() { s.notices.end(ctx, s.sum, err) }()
	if s.margin, err = readMargin(c); err != nil {
		return err
	}
	leave := &restraint{session: s, quiet: c.Bool("quiet")}
	if err := s.rehearse(ctx, c); err != nil {
		return err
	}
	if c.Bool("resume-from-destination") {
		if err := leave.await(ctx); err != nil {
			return err
		}
		if err := s.fetchLedgerEarly(ctx); err != nil {
			return err
		}
		if err := s.checkWindow(ctx); err != nil {
			if s.cfg.ExportID == "" && errors.Is(err, exporter.ErrWindowClosed) {
				err = fmt.Errorf("%w\n  an extension that is recorded in the destination alone is found if the setting export_id names the export's folder there", err)
			}
			return err
		}
		if err := s.fetchJournal(ctx); err != nil {
			return err
		}
	}
	if err := s.openJournal(ctx, "export"); err != nil {
		return err
	}
	if err := s.ownState(ctx); err != nil {
		return err
	}
	if err := s.holdLedger(ctx); err != nil {
		return err
	}
	if c.Bool("seal") {
		return s.sealOnly(ctx, c)
	}
	if err := leave.await(ctx); err != nil {
		return err
	}
	if err := s.checkWindow(ctx); err != nil {
		return err
	}
	if err := s.checkMargin(); err != nil {
		return err
	}
	if err := s.identify(ctx); err != nil {
		return err
	}
	s.heedLimits(ctx)
	if err := s.openDestination(ctx, s.journal.Parts()); err != nil {
		return err
	}
	if err := s.checkBulk(ctx); err != nil {
		return err
	}
	if err := s.chooseDays(ctx); err != nil {
		return err
	}
	layout, err := s.freeze(ctx, c)
	if err != nil {
		return err
	}
	if err := s.claim(ctx); err != nil {
		return err
	}
	if _, err := s.holdCopy(ctx); err != nil {
		return err
	}
	if err := s.keepLedger(ctx); err != nil {
		return err
	}
	iv, more, err := s.interval(ctx)
	if err == nil && c.Bool("sweep") {
		more, err = s.unplanned(ctx, layout, iv, more)
	}
	if err != nil {
		return err
	}
	begun := notedDates(s.cfg)
	begun["until"], begun["planned"] = iv.To.Format(time.RFC3339), runPlanned
	if c.Bool("sweep") {
		begun["sweep"] = "true"
	}
	if s.margin.before > 0 {
		begun["stop_before"] = plainly(s.margin.before)
	}
	if err := s.record(ctx, "run-started", begun); err != nil {
		return err
	}
	runErr := s.runUnits(ctx, c, signals, leave, layout, iv)
	return s.conclude(ctx, c, runErr, iv, more)
}

// interval is what can be taken now: whole UTC days that the platform calls
// available, up to the configured end or the close of the window. more says
// that later days remain.
func (s *session) interval(ctx context.Context) (iv exporter.Interval, more bool, err error) {
	if s.rehearsal != nil {
		return s.rehearsal.interval(), false, nil
	}
	wanted := s.wanted()
	if !s.byDay() {
		return wanted, false, nil
	}
	until, err := s.available(ctx)
	if err != nil {
		return iv, false, err
	}
	iv = wanted
	if until.Before(wanted.To) {
		iv.To, more = until.Truncate(24*time.Hour), true
	}
	if iv.To.Before(iv.From) {
		iv.To = iv.From
	}
	return iv, more, nil
}

// byDay says whether any selected dataset is taken as the days go by.
func (s *session) byDay() bool {
	return slices.ContainsFunc(dataset.Catalogue(), func(info exporter.Info) bool { return info.ByDay && contains(s.names, info.Name) })
}

// reads says whether conversations are read for what is selected.
func (s *session) reads() bool {
	return slices.ContainsFunc(dataset.Catalogue(), s.readsFor)
}

// mayRead says whether they may be read now for any of it.
func (s *session) mayRead() bool {
	return slices.ContainsFunc(dataset.Catalogue(), func(info exporter.Info) bool { return s.readsFor(info) && s.open(info.Class) })
}

func (s *session) readsFor(info exporter.Info) bool {
	return (info.Name == dataset.DetailsName || info.FoundBy == dataset.DetailsName) && contains(s.names, info.Name)
}

// wanted is the whole interval that the configuration asks for, in whole UTC
// days: a unit is a day, so that a bound which moves inside one later (a local
// date, an extension) makes no second unit of it.
func (s *session) wanted() exporter.Interval {
	iv := exporter.Interval{From: s.cfg.Source.Interval.From, To: s.cfg.Source.Interval.To}
	if iv.To.IsZero() {
		for _, class := range s.classes() {
			d := s.cfg.Contract.Decide(class, s.clock.Now())
			if d.Closes.After(iv.To) {
				iv.To = d.Closes
			}
		}
	}
	const day = 24 * time.Hour
	iv.From, iv.To = iv.From.Truncate(day), iv.To.Add(day-1).Truncate(day)
	return iv
}

// runUnits runs the datasets, with progress shown, the journal copied to the
// destination now and then, and the trusted time noted.
func (s *session) runUnits(ctx context.Context, c *cli.Context, signals *interrupts, leave *restraint, layout exporter.Layout, iv exporter.Interval) error {
	if _, err := s.journal.Reopen(ctx); err != nil {
		return err
	}
	if s.rehearsal == nil { // of a few days once is enough
		if err := s.reopen(ctx, iv); err != nil {
			return err
		}
	}
	if err := s.reconsider(ctx, c.Bool("restore-archived")); err != nil {
		return err
	}
	var patience time.Duration
	if c.Bool("restore-archived") {
		patience = cmp.Or(restoreWait, dataset.RestoreWait)
	}
	units := s.cfg.Concurrency.API
	jobs, err := s.jobs(ctx)
	if err != nil {
		return err
	}
	if jobs != nil {
		units += dataset.JobsAtOnce // which mostly wait
	}
	datasets := s.sampled(dataset.New(s.names, dataset.Settings{
		API: s.clients, Layout: layout, Metadata: s.cfg.Recordings.Metadata, Granularity: s.cfg.Source.Granularity,
		Sensitive: s.sees, Jobs: jobs, Restore: c.Bool("restore-archived"), RestorePause: restorePause, Counted: s.counted,
		Sampled: s.rehearsal != nil,
	}))
	s.working = time.Now()
	drain, disarm := signals.arm()
	show := showProgress(progressConfig{
		Screen: s.screen, Quiet: c.Bool("quiet"), Drain: drain,
		// The last look comes after whatever ended the run.
		Tally: func() (journal.Tally, error) { return s.journal.Tally(context.WithoutCancel(ctx)) },
		Forecast: func(tally journal.Tally) (prospect, error) {
			return foresee(context.WithoutCancel(ctx), s.asOfNow(), s.journal, tally, s.clock.Now())
		},
		Calls:  s.clients.Stats,
		Closes: s.nextClose, Margin: s.margin.before, Still: leave.still, Slower: leave.slower,
	})
	background, stop := context.WithCancel(ctx)
	var beside sync.WaitGroup
	beside.Go(func() { s.keep(background) })
	beside.Go(func() { leave.watch(background) })
	watched := s.notices.watch(background)
	err = exporter.Run(ctx, exporter.Config{
		Datasets: datasets,
		Sweep:    c.Bool("sweep"), Patience: patience, Interval: iv, Journal: s.journal, Sink: s.dest, Open: s.dest.Open,
		Gate: s.terms, Clock: s.clock,
		Units: units, Transfers: s.cfg.Concurrency.Transfers, Drain: drain, Log: s.log,
		Hold: &leave.hold, Margin: s.margin.before, Cut: s.margin.cut,
		Planned: func(ctx context.Context) error {
			return s.record(ctx, runPlanned, map[string]string{"until": iv.To.Format(time.RFC3339)})
		},
	})
	disarm()
	stop()
	beside.Wait()
	watched()
	show.finish()
	terms, unread := s.terms.current()
	s.cfg.Contract = terms
	if unread != nil { // which is why windows were shut, if they were
		return fmt.Errorf("%w; the run ended with: %v", unread, err)
	}
	return err
}

// keep does what must happen now and then while units run.
func (s *session) keep(ctx context.Context) {
	note, backup := time.NewTicker(noteEvery), time.NewTicker(backupEvery)
	defer note.Stop()
	defer backup.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case <-note.C:
			err = errors.Join(s.noteTime(ctx), s.measure(), s.followLedger(ctx))
		case <-backup.C:
			err = s.backup(ctx)
		}
		if err != nil && ctx.Err() == nil {
			s.log.Warn("housekeeping", "error", err)
		}
	}
}

func (s *session) noteTime(ctx context.Context) error {
	if !s.clock.Trusted() {
		return nil
	}
	return s.journal.Advance(ctx, s.clock.Now())
}

// conclude seals what there is, tells how it went, and gives the error that
// stands for the exit code.
func (s *session) conclude(ctx context.Context, c *cli.Context, runErr error, iv exporter.Interval, more bool) error {
	ending, interrupted := ctx, errors.Is(runErr, exporter.ErrInterrupted)
	if interrupted { // and how is written down, even if somebody is impatient by now
		var done func()
		ending, done = context.WithTimeout(context.WithoutCancel(ctx), endWithin)
		defer done()
	}
	if err := errors.Join(s.noteTime(ending), s.measure()); err != nil {
		return errors.Join(runErr, err)
	}
	if runErr == nil && more && s.over() {
		runErr = exporter.ErrWindowClosed
	}
	if skew := s.clock.Skew(); s.clock.Trusted() && skew.Abs() > skewTolerated {
		s.log.Warn("this machine's clock disagrees with the platform's", "ahead_by", skew.Round(time.Second).String())
	}
	sum, err := s.summarize(ending, iv, more, runErr)
	if err != nil {
		return errors.Join(runErr, err)
	}
	s.sum = sum
	if err := s.record(ending, "run-ended", s.ended(sum)); err != nil {
		return errors.Join(runErr, err)
	}
	if interrupted {
		// Quickly: the next run writes the manifests. A signal that comes now
		// stops this too, one that came before does not.
		if ctx.Err() != nil {
			ctx = ending
		}
		if err := s.backup(ctx); err != nil {
			s.log.Warn("the destination has an older copy of the journal; the next run renews it", "error", err)
		}
	} else if err := s.seal(ctx, sum); err != nil {
		return errors.Join(runErr, stopped(ctx, fmt.Errorf("sealing is not finished, the same command goes on with it: %w", err)))
	}
	if err := s.keepRecord(); err != nil {
		return errors.Join(runErr, err)
	}
	if err := sum.print(c); err != nil {
		return err
	}
	if runErr != nil {
		return runErr
	}
	return sum.err()
}

func (s *session) record(ctx context.Context, kind string, detail map[string]string) error {
	host, _ := os.Hostname()
	all := map[string]string{"host": host, "version": version, "skew": s.clock.Skew().Round(time.Second).String()}
	if s.rehearsal != nil {
		all[rehearsalKey] = s.rehearsal.String()
	}
	for k, v := range detail {
		all[k] = v
	}
	return s.journal.Record(ctx, journal.Event{Kind: kind, Detail: all})
}
