package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"exitplan/exporter"
	"exitplan/internal/contract"
	"exitplan/internal/dataset"
	"exitplan/internal/journal"
	"exitplan/internal/ledger"
)

// A rehearsal is an export of a sample of days: the whole chain, from the first
// request to the last seal, below a name and with a state of its own. It is
// allowed before the exit starts, since an exit plan that nobody has tried is
// none.
type rehearsal struct {
	date     string         // of its first run, part of its names
	home     string         // state directory of the export itself
	known    []ledger.Entry // its ledger, as the rehearsal found it
	state    string         // and its own
	contract contract.Terms
	sample   string // as it was asked for: 1%
	share    float64
	days     []exporter.Interval
	of       int // days that there were to choose from
	datasets []*dataset.DaySample
	measured measured
	record   []byte // what it came to, as the root bag has it
}

// The settings that only a rehearsal has; frozen, so that no later run can make
// it larger.
const (
	rehearsalKey       = "rehearsal"
	rehearsalSampleKey = "rehearsal.sample"
	rehearsalDaysKey   = "rehearsal.days"
	rehearsalOfKey     = "rehearsal.days_of"
)

const rehearsalPrefix = "rehearsal-"

// rehearsalFlags are those of the command export.
func rehearsalFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "rehearsal", Usage: "export a sample of days below a name of its own, also before the exit starts (docs/rehearsal.md)"},
		&cli.StringFlag{Name: "sample", Value: "1%", Usage: "of the days, for --rehearsal; frozen with its first run"},
	}
}

// rehearse lets the session be a rehearsal, where that is asked for.
func (s *session) rehearse(ctx context.Context, c *cli.Context) error {
	if !c.Bool("rehearsal") {
		if c.IsSet("sample") {
			return usage(errors.New("--sample is for a rehearsal: write --rehearsal too; what an export takes is source.datasets and source.interval"))
		}
		return nil
	}
	for _, other := range []string{"amend", "seal", "sweep", "restore-archived", "resume-from-destination"} {
		if c.Bool(other) {
			return usage(fmt.Errorf("--rehearsal and --%s cannot be combined", other))
		}
	}
	if s.bulk() {
		return usage(errors.New("a rehearsal has no recording jobs, which the platform makes for whole intervals: " +
			"add --set recordings.method=pull (check tells whether the integration would do)"))
	}
	r := &rehearsal{home: s.cfg.State, contract: s.cfg.Contract, sample: c.String("sample")}
	var err error
	if r.share, err = share(r.sample); err != nil {
		return err
	}
	s.cfg.Contract = rehearsed(s.cfg.Contract)
	if r.known, err = s.holdHome(ctx); err != nil {
		return err
	}
	if err := s.checkWindow(ctx); err != nil {
		return err
	}
	if r.date, err = rehearsalDate(r.home, s.clock.Now().UTC().Format(time.DateOnly)); err != nil {
		return err
	}
	r.state = filepath.Join(r.home, rehearsalPrefix+r.date)
	s.cfg.State, s.rehearsal = r.state, r
	return r.readMeasured()
}

// recallRehearsal lets the session be the rehearsal that a journal is of, if it
// is one.
func (s *session) recallRehearsal(frozen map[string]string) (err error) {
	date := frozen[rehearsalKey]
	if date == "" {
		return nil
	}
	r := &rehearsal{date: date, home: filepath.Dir(s.cfg.State), state: s.cfg.State, contract: s.cfg.Contract, sample: frozen[rehearsalSampleKey]}
	if r.days, err = daysOf(frozen[rehearsalDaysKey]); err == nil {
		r.of, err = strconv.Atoi(frozen[rehearsalOfKey])
	}
	if err != nil {
		return fmt.Errorf("the journal's sample of days: %w", err)
	}
	s.rehearsal, s.cfg.Contract = r, rehearsed(s.cfg.Contract)
	return nil
}

// home is the state directory of the export, also for a rehearsal of it: what is
// recorded of extensions, and pauses, lie there.
func (s *session) home() string {
	if s.rehearsal != nil {
		return s.rehearsal.home
	}
	return s.cfg.State
}

// ledgerHome is where the ledger lies that a state directory goes by: for that of a
// rehearsal, in the export's.
func ledgerHome(state string) string {
	date, ok := strings.CutPrefix(filepath.Base(state), rehearsalPrefix)
	home := filepath.Dir(state)
	if _, err := time.Parse(time.DateOnly, date); err != nil || !ok {
		return state
	}
	if _, err := os.Stat(filepath.Join(home, ledger.File)); err != nil {
		return state
	}
	return home
}

// rehearsed are the terms by which a rehearsal is allowed: everything that can
// be exported at all, from subscription start to the close.
func rehearsed(terms contract.Terms) contract.Terms {
	terms.Cause, terms.ExitStarted = contract.Notice, terms.SubscriptionStart
	return terms
}

// rehearsalDate is the date of the rehearsal that goes on: today's, or an
// earlier one that has not come to its end.
func rehearsalDate(home, today string) (string, error) {
	entries, err := os.ReadDir(home) // by name, so by date
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	for _, entry := range slices.Backward(entries) {
		date, ours := strings.CutPrefix(entry.Name(), rehearsalPrefix)
		if _, err := time.Parse(time.DateOnly, date); err != nil || !ours {
			continue
		}
		_, err := os.Stat(filepath.Join(home, entry.Name(), rehearsalFile))
		if date == today || errors.Is(err, os.ErrNotExist) {
			return date, nil
		}
	}
	return today, nil
}

// ownState refuses to take a rehearsal for the export, or the other way round.
func (s *session) ownState(ctx context.Context) error {
	frozen, err := s.journal.Settings(ctx)
	if err != nil || len(frozen) == 0 || (frozen[rehearsalKey] != "") == (s.rehearsal != nil) {
		return err
	}
	if s.rehearsal == nil {
		return usage(fmt.Errorf("%s is the state of a rehearsal, which cannot become an export: begin the export with a state directory of its own", s.cfg.State))
	}
	return usage(fmt.Errorf("%s is the state of an export, not of a rehearsal: move it away", s.cfg.State))
}

// What began so recently may still change, and would keep a rehearsal open.
const rehearsalLag = 72 * time.Hour

// chooseDays chooses the sample, or reads which it was.
func (s *session) chooseDays(ctx context.Context) error {
	r := s.rehearsal
	if r == nil {
		return nil
	}
	frozen, err := s.journal.Settings(ctx)
	if err != nil {
		return err
	}
	if was := frozen[rehearsalSampleKey]; was != "" {
		if was != r.sample {
			return usage(fmt.Errorf("the rehearsal of %s has a sample of %s, not %s: go on with --sample %[2]s, or remove %[4]s to begin another",
				r.date, was, r.sample, r.state))
		}
		if r.days, err = daysOf(frozen[rehearsalDaysKey]); err == nil {
			r.of, err = strconv.Atoi(frozen[rehearsalOfKey])
		}
		if err != nil {
			return fmt.Errorf("days of the rehearsal of %s: %w", r.date, err)
		}
		return nil
	}
	iv := s.wanted()
	until := s.clock.Now()
	if s.byDay() {
		if until, err = s.available(ctx); err != nil {
			return err
		}
	}
	iv.To = earliest(iv.To, until.UTC().Truncate(24*time.Hour))
	if settled := s.clock.Now().UTC().Add(-rehearsalLag).Truncate(24 * time.Hour); iv.From.Before(settled) {
		iv.To = earliest(iv.To, settled)
	}
	if next := iv.From.AddDate(0, 0, 1); iv.From.Before(s.cfg.Source.Interval.From) && next.Before(iv.To) {
		iv.From = next // the first is a part of a day, of which there may be nothing
	}
	r.days, r.of = sampleDays(iv, s.org.ID, r.share), len(iv.Days())
	return nil
}

func earliest(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// settings are what is frozen besides those of every export.
func (r *rehearsal) settings(settings map[string]string) {
	if r == nil {
		return
	}
	settings[rehearsalKey], settings[rehearsalSampleKey] = r.date, r.sample
	settings[rehearsalDaysKey], settings[rehearsalOfKey] = strings.Join(dayNames(r.days), ","), strconv.Itoa(r.of)
}

// interval reaches from the first day of the sample to its last.
func (r *rehearsal) interval() (iv exporter.Interval) {
	if n := len(r.days); n > 0 {
		iv = exporter.Interval{From: r.days[0].From, To: r.days[n-1].To}
	}
	return iv
}

// sampled are the datasets as far as a rehearsal takes them.
func (s *session) sampled(all []exporter.Dataset) []exporter.Dataset {
	if s.rehearsal == nil {
		return all
	}
	list := make([]exporter.Dataset, len(all))
	for i, d := range all {
		one := &dataset.DaySample{Of: d, Days: s.rehearsal.days}
		list[i], s.rehearsal.datasets = one, append(s.rehearsal.datasets, one)
	}
	return list
}

// rootName is the name of the rehearsal's root in the destination.
func (r *rehearsal) rootName(exportID string) string {
	if r == nil {
		return exportID
	}
	return exportID + "-" + rehearsalPrefix + r.date
}

// String is what every part of a rehearsal is marked with.
func (r *rehearsal) String() string {
	return fmt.Sprintf("%s, %d of %s (%s), no export of the whole", r.date, len(r.days), plural(int64(r.of), "day", "days"), r.sample)
}

// words are the summary's, as those of a rehearsal.
func (r *rehearsal) words(sum *summary) (outcome, next string) {
	outcome, next = sum.words()
	if rest, ok := strings.CutPrefix(outcome, "Complete."); ok {
		return "Rehearsal complete: of its sample." + rest + " It is no export of the whole.",
			"Check it with: exitplan verify " + sum.Destination + "; the export itself is begun with: exitplan export"
	}
	if sum.runErr == nil && sum.Exceptions > 0 {
		next = fmt.Sprintf("Mend what can be before the export itself: 'exitplan status --exceptions --state %s' lists each with its reason.", r.state)
	}
	return "Rehearsal: " + outcome, next
}

// holdHome holds the ledger of the export against its journal, and starts the
// clock no earlier than what they have seen: a rehearsal goes by both.
func (s *session) holdHome(ctx context.Context) (entries []ledger.Entry, err error) {
	j, err := journal.Open(ctx, s.cfg.State, journal.Options{ReadOnly: true})
	switch {
	case err == nil:
		defer j.Close()
	case errors.Is(err, os.ErrNotExist):
		j = nil
	default:
		return nil, err
	}
	if entries, err = s.heldHere(ctx, j); err != nil {
		return nil, err
	}
	floor, err := floorOf(ctx, s.cfg, j)
	s.clock = exporter.NewClock(s.now, floor)
	return entries, err
}
