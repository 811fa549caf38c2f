package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"exitplan/internal/config"
	"exitplan/internal/contract"
	"exitplan/internal/journal"
	"exitplan/internal/ledger"
)

// withLedger puts what the ledger and the configuration amount to into the
// terms, as if the configuration's part had been recorded. An export does
// record it ([session.keepLedger]).
func withLedger(cfg config.Config, now time.Time) (config.Config, error) {
	if cfg.Contract.Zone == nil { // no contract is configured
		return cfg, nil
	}
	entries, err := ledger.Read(ledgerHome(cfg.State))
	if err != nil {
		return cfg, err
	}
	cfg.Contract.Extensions = extensionsOf(entries, seedsOf(cfg), now)
	return cfg, nil
}

// extensionsOf are what ledger and configuration amount to.
func extensionsOf(entries []ledger.Entry, seeds []ledger.Seed, now time.Time) []contract.Extension {
	entries = ledger.AsOf(entries, now)
	more, _ := ledger.Merge(entries, seeds, lastRecorded(entries))
	return ledger.Extensions(append(entries, more...))
}

func lastRecorded(entries []ledger.Entry) (at time.Time) {
	for _, e := range entries {
		if e.Recorded.After(at) {
			at = e.Recorded
		}
	}
	return at
}

// seedsOf are the configuration's extensions as entries of the ledger.
func seedsOf(cfg config.Config) (seeds []ledger.Seed) {
	used := map[string]int{}
	for i, x := range cfg.Seeds {
		at := func(name string) string { return cfg.Written(fmt.Sprintf("contract.extensions[%d].%s", i, name)) }
		reference := x.Reference
		if reference == "" {
			reference = "requested " + at("requested")
		}
		if used[reference]++; used[reference] > 1 {
			reference += fmt.Sprintf(" (%d)", used[reference])
		}
		asked := ledger.Entry{
			Action: ledger.Requested, Reference: reference, Requested: ledger.Date{Written: at("requested"), At: x.Requested},
			Until: ledger.Date{Written: at("until"), At: x.Until}, Zone: cfg.Contract.Zone.String(), Classes: x.Classes, Approver: x.Approver,
		}
		seed := ledger.Seed{asked}
		if !x.Granted.IsZero() {
			asked.Action, asked.Granted = ledger.Granted, &ledger.Date{Written: at("granted"), At: x.Granted}
			seed = append(seed, asked)
		}
		seeds = append(seeds, seed)
	}
	return seeds
}

// The events that tell of entries have kinds of their own.
const eventOf = "extension-"

// holdEvents holds the ledger against what the journal has seen of it, and
// says how far the journal knows it.
func holdEvents(ctx context.Context, j *journal.Journal, state string, entries []ledger.Entry) (seen ledger.Mark, err error) {
	for e, err := range j.Events(ctx) {
		if err != nil {
			return seen, err
		}
		mark, err := markOf(e)
		if err != nil {
			return seen, err
		}
		if err := ledger.Holds(filepath.Join(state, ledger.File), entries, mark, "the journal"); err != nil {
			return seen, err
		}
		if mark.Seq > seen.Seq {
			seen = mark
		}
	}
	if seen.Seq == 0 {
		return seen, nil
	}
	if err := j.VerifyChain(ctx); err != nil {
		return seen, fmt.Errorf("%w: the journal cannot vouch for it: %w; fetch the journal from the destination into an empty state directory with --resume-from-destination",
			ledger.ErrTampered, err)
	}
	return seen, nil
}

// vouched holds the ledger of a state directory against the journal there, if
// an export has begun.
func vouched(ctx context.Context, state string) error {
	j, err := journal.Open(ctx, state, journal.Options{ReadOnly: true})
	if errors.Is(err, fs.ErrNotExist) {
		_, err := ledger.Read(state)
		return err
	}
	if err != nil {
		return err
	}
	defer j.Close()
	_, err = heldLedger(ctx, j, state)
	return err
}

// heldLedger reads a ledger and holds it against the journal. The journal may have
// been told of what was recorded after the reading: then once more.
func heldLedger(ctx context.Context, j *journal.Journal, state string) (entries []ledger.Entry, err error) {
	for range 2 {
		if entries, err = ledger.Read(state); err != nil {
			return nil, err
		}
		if _, err = holdEvents(ctx, j, state, entries); !errors.Is(err, ledger.ErrTampered) {
			break
		}
	}
	return entries, err
}

// heldHere reads the ledger of the export, held against its journal, or, where that
// holds no export, against the destination.
func (s *session) heldHere(ctx context.Context, j *journal.Journal) (entries []ledger.Entry, err error) {
	if j == nil {
		entries, err = ledger.Read(s.cfg.State)
	} else if entries, err = heldLedger(ctx, j, s.cfg.State); err == nil {
		var frozen map[string]string
		if frozen, err = j.Settings(ctx); len(frozen) > 0 {
			return entries, err
		}
	}
	if err != nil {
		return nil, err
	}
	return entries, s.holdUnseen(ctx, entries)
}

// markOf is the entry that an event tells of; zero for other events.
func markOf(e journal.Event) (m ledger.Mark, err error) {
	if !strings.HasPrefix(e.Kind, eventOf) {
		return m, nil
	}
	m.Hash = e.Detail["entry"]
	if m.Seq, err = strconv.Atoi(e.Detail["seq"]); err != nil || m.Seq < 1 {
		err = fmt.Errorf("%w: the event %s of %s names no line", ledger.ErrTampered, e.Kind, e.Time.Format(time.RFC3339))
	}
	return m, err
}

// noteEvents has the journal tell of the entries that it does not know yet.
func noteEvents(ctx context.Context, j *journal.Journal, entries []ledger.Entry, seen ledger.Mark) error {
	for _, e := range entries[seen.Seq:] {
		detail := map[string]string{
			"seq": strconv.Itoa(e.Seq), "entry": e.Hash, "reference": e.Reference, "until": e.Until.Written, "classes": strings.Join(e.Classes, " "),
			"by": e.By, "source": e.Source, "recorded": e.Recorded.Format(time.RFC3339),
		}
		if err := j.Record(ctx, journal.Event{Kind: eventOf + e.Action, Detail: detail}); err != nil {
			return err
		}
	}
	return nil
}

// holdLedger holds the ledger against the journal before anything is done, and
// says what is to be known of the terms. A rehearsal has no ledger of its own: its
// terms are read with that of the export.
func (s *session) holdLedger(ctx context.Context) error {
	if s.rehearsal != nil {
		return nil
	}
	if _, err := s.heldHere(ctx, s.journal); err != nil {
		return err
	}
	notes, err := termsNotes(ctx, s.cfg, s.journal)
	for _, note := range notes {
		s.log.Warn("contract", "note", note)
	}
	return err
}

// readTerms reads the ledger again, as of what is now known to be the time:
// while a command waited, more may have been recorded, or forged.
func (s *session) readTerms(ctx context.Context) error {
	var entries []ledger.Entry
	var err error
	if s.journal != nil && s.rehearsal == nil {
		entries, err = heldLedger(ctx, s.journal, s.home())
	} else {
		entries, err = ledger.Read(s.home())
	}
	if err == nil && s.rehearsal != nil {
		err = ledger.Begins("this run", s.rehearsal.known, entries, filepath.Join(s.home(), ledger.File))
	}
	if err != nil {
		return err
	}
	now := func() time.Time { return s.clock.Now() }
	s.cfg.Contract.Extensions = extensionsOf(entries, seedsOf(s.cfg), now())
	s.terms = &gate{state: s.home(), terms: s.cfg.Contract, seeds: seedsOf(s.cfg), known: entries, now: now, log: s.log}
	return nil
}

// keepLedger records what the configuration has and the ledger has not, so that
// whatever opens a window stands in it, and goes on by the ledger.
func (s *session) keepLedger(ctx context.Context) error {
	if s.rehearsal != nil {
		return nil
	}
	now, seeds := s.clock.Now(), seedsOf(s.cfg)
	entries, err := ledger.Read(s.cfg.State)
	if err != nil {
		return err
	}
	if more, _ := ledger.Merge(entries, seeds, now); len(more) > 0 {
		if err := s.seedLedger(ctx, seeds, now); err != nil {
			return err
		}
	}
	return s.syncLedger(ctx)
}

func (s *session) seedLedger(ctx context.Context, seeds []ledger.Seed, now time.Time) error {
	l, err := ledger.Open(ctx, s.cfg.State)
	if err != nil {
		return err
	}
	defer l.Close()
	more, _ := ledger.Merge(l.Entries, seeds, now)
	for _, e := range more {
		e.Clock = s.clockOf()
		if _, err := l.Append(e); err != nil {
			return err
		}
	}
	s.cfg.Contract.Extensions = ledger.Extensions(ledger.AsOf(l.Entries, now))
	return nil
}

// termsNotes is what people should know of the terms: where configuration and
// ledger differ, what opens nothing, and dates that time zones have moved.
func termsNotes(ctx context.Context, cfg config.Config, j *journal.Journal) (notes []string, err error) {
	if cfg.Contract.Zone == nil {
		return nil, nil
	}
	entries, err := ledger.Read(cfg.State)
	if err != nil {
		return nil, err
	}
	_, notes = ledger.Merge(entries, seedsOf(cfg), lastRecorded(entries))
	if joined, ok := cfg.Contract.Validate().(interface{ Unwrap() []error }); ok {
		for _, err := range joined.Unwrap() {
			notes = append(notes, "of configuration and ledger together: "+namedProblem(cfg.Contract, err.Error()))
		}
	}
	notes = append(notes, ledger.Moved(entries)...)
	if j == nil {
		return notes, nil
	}
	moved, err := movedDates(ctx, cfg, j)
	return append(notes, moved...), err
}

// namedProblem calls an extension by its reference instead of its place.
func namedProblem(terms contract.Terms, problem string) string {
	for i, e := range terms.Extensions {
		if rest, ok := strings.CutPrefix(problem, fmt.Sprintf("extensions[%d].", i)); ok {
			return "extension " + e.Reference + ", " + rest
		}
	}
	return problem
}
