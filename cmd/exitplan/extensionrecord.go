package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"github.com/urfave/cli/v2"

	"exitplan/exporter"
	"exitplan/internal/config"
	"exitplan/internal/contract"
	"exitplan/internal/dataset"
	"exitplan/internal/genesys"
	"exitplan/internal/journal"
	"exitplan/internal/ledger"
)

// recorded is what an extension command tells.
type recorded struct {
	Entry   ledger.Entry `json:"entry"`
	Already bool         `json:"already"` // it was recorded before; nothing was changed
	Late    int          `json:"days_late,omitempty"`
	// Copied says that the destination has it. Where it has not, the next
	// export copies it.
	Copied  bool                `json:"copied"`
	Windows []contract.Decision `json:"windows"`
}

// The platform is asked for the time, and the destination to take a copy, for
// so long; neither keeps an extension from being recorded.
const (
	askWithin  = 10 * time.Second
	copyWithin = 30 * time.Second
)

// recordExtension records what a rule makes of the command, under the lock of
// the ledger.
func recordExtension(c *cli.Context, decide rule) error {
	if err := checkReference(c.String("reference")); err != nil {
		return err
	}
	document, err := documentOf(c.String("document"))
	if err != nil {
		return err
	}
	cfg, err := loadConfig(c, config.NeedContract)
	if err != nil {
		return err
	}
	local := localClock(c.Context)
	s := &session{cfg: cfg, now: local, log: newLog(c, os.Stderr), clock: exporter.NewClock(local, time.Time{})}
	defer s.close()
	if err := s.anyJournal(c.Context); err != nil {
		return err
	}
	if err := s.learnTime(c.Context); err != nil {
		return err
	}
	if s.journal != nil { // whatever becomes of it, it is not earlier again
		if err := s.noteTime(c.Context); err != nil && !errors.Is(err, journal.ErrReadOnly) {
			return err
		}
	}
	l, err := ledger.Open(c.Context, cfg.State)
	if err != nil {
		return err
	}
	defer l.Close()
	if l.Repaired != "" {
		s.log.Warn("the ledger of extensions was mended", "what", l.Repaired)
	}
	if s.journal != nil {
		if _, err := holdEvents(c.Context, s.journal, cfg.State, l.Entries); err != nil {
			return err
		}
	}
	now := s.clock.Now()
	if behind := behindWords(now); behind != "" {
		s.log.Warn(behind)
	}
	out := recorded{}
	// What the configuration has may be granted or withdrawn by its reference.
	more, _ := ledger.Merge(l.Entries, seedsOf(cfg), now)
	all := append(ledger.AsOf(l.Entries, now), more...)
	terms := cfg.Contract
	terms.Extensions = ledger.Extensions(all)
	if out.Entry, out.Already, err = decide(recording{c: c, terms: terms, entries: all, now: now, local: !s.clock.Trusted()}); err != nil {
		return err
	}
	if !out.Already {
		e := out.Entry
		e.Recorded, e.Clock, e.Source, e.By = now, s.clockOf(), ledger.Command, cmp.Or(c.String("by"), osUser())
		e.Document, e.Note = document, c.String("note")
		for _, seed := range more {
			seed.Clock = s.clockOf()
			if _, err := l.Append(seed); err != nil {
				return err
			}
		}
		if out.Entry, err = l.Append(e); err != nil {
			return err
		}
	}
	terms.Extensions = ledger.Extensions(ledger.AsOf(l.Entries, now))
	if out.Already {
		terms.Extensions = ledger.Extensions(all)
	}
	out.Late, out.Windows = out.Entry.Late(), decideAll(terms, now)
	if err := s.tellLedger(c.Context, l.Entries); err == nil {
		out.Copied = true
	} else if !errors.Is(err, errNoCopy) {
		if errors.Is(err, ledger.ErrTampered) {
			return err
		}
		s.log.Warn("recorded here; the next export copies it to the destination", "error", err)
	}
	return out.print(c)
}

func checkReference(reference string) error {
	switch {
	case strings.TrimSpace(reference) == "":
		return usage(errors.New("extension: say which one with --reference, such as the number of its order"))
	case len(reference) > 200 || strings.TrimSpace(reference) != reference || strings.ContainsFunc(reference, unicode.IsControl):
		return usage(errors.New("--reference: use up to 200 characters on one line"))
	}
	return nil
}

// documentOf takes the digest of a file.
func documentOf(path string) (*ledger.Document, error) {
	if path == "" {
		return nil, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, usage(fmt.Errorf("--document: %w", err))
	}
	defer file.Close()
	sum := sha256.New()
	n, err := io.Copy(sum, file)
	if err != nil {
		return nil, usage(fmt.Errorf("--document: %w", err))
	}
	return &ledger.Document{Name: filepath.Base(path), SHA256: hex.EncodeToString(sum.Sum(nil)), Bytes: n}, nil
}

func osUser() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return "unknown"
}

// anyJournal opens the journal if an export has begun: for writing, or beside
// an export that runs for reading alone. The next export tells it the rest.
func (s *session) anyJournal(ctx context.Context) (err error) {
	if begun(s.cfg.State) == nil {
		s.journal, err = journal.Open(ctx, s.cfg.State, journal.Options{Now: func() time.Time { return s.clock.Now() }, Command: "extension"})
		if errors.Is(err, journal.ErrLocked) {
			s.journal, err = journal.Open(ctx, s.cfg.State, journal.Options{ReadOnly: true})
		}
	}
	return err
}

// learnTime asks the platform for the time, where one is configured, as
// [session.checkWindow] does.
func (s *session) learnTime(ctx context.Context) error {
	floor, err := floorOf(ctx, s.cfg, s.journal)
	if err != nil {
		return err
	}
	s.clock = exporter.NewClock(s.now, floor)
	from := s.cfg.Source
	if from.Region == "" && from.LoginURL == "" {
		return nil
	}
	client, err := genesys.New(genesys.Config{ // the time needs no credentials
		Region: from.Region, APIURL: cmp.Or(from.APIURL, from.LoginURL), LoginURL: from.LoginURL, ClientID: "none", ClientSecret: "none",
		RequestsPerMinute: from.RequestsPerMinute, UserAgent: "exitplan/" + version, Now: s.now, Observe: func(t time.Time) { s.clock.Observe(t) }, Log: s.log,
	})
	if err != nil {
		return usage(fmt.Errorf("source: %w", err))
	}
	s.clients = dataset.Clients{client}
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	s.tellTime(ctx)
	if skew := s.clock.Skew(); s.clock.Trusted() && skew.Abs() > skewTolerated {
		s.log.Warn(skewWords(skew) + "; the platform's counts")
	}
	return nil
}

// errNoCopy: there is nothing yet to copy a ledger to.
var errNoCopy = errors.New("no export has begun")

// tellLedger has journal and destination follow the ledger, as far as they can
// be reached: the destination once it holds this export.
func (s *session) tellLedger(ctx context.Context, entries []ledger.Entry) error {
	if s.journal == nil || len(entries) == 0 {
		return errNoCopy
	}
	seen, err := holdEvents(ctx, s.journal, s.cfg.State, entries)
	if err != nil {
		return err
	}
	if err := noteEvents(ctx, s.journal, entries, seen); err != nil && !errors.Is(err, journal.ErrReadOnly) {
		return err
	}
	frozen, err := s.journal.Settings(ctx)
	if err != nil || len(frozen) == 0 || s.cfg.Destination.URL == "" {
		return errors.Join(err, errNoCopy)
	}
	ctx, cancel := context.WithTimeout(ctx, copyWithin)
	defer cancel()
	s.org.ID, s.cfg.ExportID = frozen["organization"], frozen["export_id"]
	if err := s.openDestination(ctx, nil); err != nil {
		return err
	}
	if err := s.owns(ctx, s.journal); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return errNoCopy
		}
		return err
	}
	if _, err := s.holdCopy(ctx); err != nil {
		return err
	}
	return copyLedger(ctx, s.dest, s.journal, entries)
}

func (r recorded) print(c *cli.Context) error {
	if c.Bool("json") {
		return printJSON(r)
	}
	what := fmt.Sprintf("Recorded in line %d", r.Entry.Seq)
	switch {
	case r.Entry.Seq == 0:
		what = "The configuration has it already"
	case r.Already:
		what = fmt.Sprintf("Recorded before, in line %d", r.Entry.Seq)
	}
	fmt.Printf("%s: %s\n", what, r.Entry)
	if r.Late > 0 {
		fmt.Printf("It was recorded %s later.\n", plural(int64(r.Late), "day", "days"))
	}
	for _, d := range r.Windows {
		if contains(r.Entry.Classes, d.Class) {
			fmt.Printf("  %s: %s\n", d.Class, d.Reason)
		}
	}
	if c.Bool("quiet") {
		return nil
	}
	if r.Entry.Action == ledger.Requested {
		fmt.Fprintf(os.Stderr, "It opens nothing until it is granted: exitplan extension grant --reference %s\n", quoted(r.Entry.Reference))
	}
	return nil
}
