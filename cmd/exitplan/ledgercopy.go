package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"

	"exitplan/exporter"
	"exitplan/internal/journal"
	"exitplan/internal/ledger"
	"exitplan/internal/sink"
	"exitplan/manifest"
)

// Where the destination has the ledger: a copy of all of it and of its head in
// no bag, and what a sealing has seen of it in the root bag.
const (
	ledgerCopy   = "state/" + ledger.File
	ledgerHead   = "state/" + ledger.Head
	ledgerSealed = "root/data/" + ledger.File
)

// A ledger has a line for each step of an extension; more is no ledger.
const ledgerBytes = 64 << 20

// syncLedger has journal and destination follow the ledger, which they have
// been held against. It returns the ledger.
func (s *session) syncLedger(ctx context.Context) error {
	if entries, err := ledger.Read(s.cfg.State); err != nil || len(entries) == 0 {
		if err == nil {
			_, err = holdEvents(ctx, s.journal, s.cfg.State, nil)
		}
		if err != nil {
			return err
		}
		return copyEvents(ctx, s.dest, s.journal)
	}
	l, err := ledger.Open(ctx, s.cfg.State) // locked, so that no older copy follows a newer
	if err != nil {
		return err
	}
	defer l.Close()
	if l.Repaired != "" {
		s.log.Warn("the ledger of extensions was mended", "what", l.Repaired)
	}
	seen, err := holdEvents(ctx, s.journal, s.cfg.State, l.Entries)
	if err != nil {
		return err
	}
	if err := noteEvents(ctx, s.journal, l.Entries, seen); err != nil {
		return err
	}
	s.ledger = l.Entries
	return copyLedger(ctx, s.dest, s.journal, l.Entries)
}

// followLedger has them follow what was recorded while units run.
func (s *session) followLedger(ctx context.Context) error {
	entries, err := ledger.Read(s.cfg.State)
	if err != nil || ledger.MarkOf(entries) == ledger.MarkOf(s.ledger) {
		return err
	}
	return s.syncLedger(ctx)
}

// copyLedger stores the ledger, its head, and the events that tell of it: in
// this order, so that none of them knows more than what was stored before.
func copyLedger(ctx context.Context, dest sink.Destination, j *journal.Journal, entries []ledger.Entry) error {
	file, head, err := ledger.Text(entries)
	if err != nil || len(entries) == 0 {
		return err
	}
	for _, f := range []struct {
		path, kind string
		text       []byte
	}{{ledgerCopy, "application/x-ndjson", file}, {ledgerHead, "application/json", head}} {
		if _, err := dest.Put(ctx, exporter.Object{Path: f.path, Size: int64(len(f.text)), ContentType: f.kind, Replace: exporter.Always}, bytes.NewReader(f.text)); err != nil {
			return fmt.Errorf("copy the ledger of extensions to the destination: %w", err)
		}
	}
	return copyEvents(ctx, dest, j)
}

// holdCopy holds the ledger against the destination's copy, which may be
// behind, by so many entries, but never ahead or different.
func (s *session) holdCopy(ctx context.Context) (behind int, err error) {
	copied, err := copiedLedger(ctx, s.dest) // first: whoever records meanwhile makes the ledger longer
	if err != nil {
		return 0, err
	}
	entries, err := ledger.Read(s.cfg.State)
	if err != nil {
		return 0, err
	}
	return len(entries) - len(copied), ledger.Begins(ledgerCopy+" of the destination", copied, entries, filepath.Join(s.cfg.State, ledger.File))
}

// holdUnseen holds a ledger of which no journal has told against the destination's
// copy, where the place is known without the platform: a journal that was removed
// vouches for nothing.
func (s *session) holdUnseen(ctx context.Context, entries []ledger.Entry) error {
	if len(entries) == 0 || s.cfg.ExportID == "" {
		return nil
	}
	if err := s.openDestination(ctx, nil); err != nil {
		return err
	}
	if _, err := s.mark(ctx); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	_, err := s.holdCopy(ctx)
	if errors.Is(err, ledger.ErrTampered) {
		err = fmt.Errorf("%w; or %s holds another export: check export_id, or go on with that one by --resume-from-destination, with an empty state directory", err, s.dest.URL())
	}
	return err
}

// copiedLedger reads the destination's copy, and holds it against its head.
func copiedLedger(ctx context.Context, store manifest.Opener) ([]ledger.Entry, error) {
	// The head first: whoever appends meanwhile makes the copy longer.
	var mark ledger.Mark
	head, err := readCopy(ctx, store, ledgerHead)
	if err == nil && head != nil {
		mark, err = ledger.ParseMark(ledgerHead, head)
	}
	if err != nil {
		return nil, err
	}
	entries, err := wholeLedger(ctx, store, ledgerCopy)
	if err != nil {
		return nil, err
	}
	return entries, ledger.Holds(ledgerCopy, entries, mark, ledgerHead)
}

// wholeLedger reads a copy, whose last line cannot be torn.
func wholeLedger(ctx context.Context, store manifest.Opener, path string) ([]ledger.Entry, error) {
	text, err := readCopy(ctx, store, path)
	if err != nil {
		return nil, err
	}
	entries, torn, err := ledger.Parse(path, text)
	if err == nil && torn != nil {
		err = fmt.Errorf("%w: %s, line %d: is cut off; put back the copy from the state directory", ledger.ErrTampered, path, bytes.Count(text, []byte("\n"))+1)
	}
	return entries, err
}

// readCopy is nil where there is none.
func readCopy(ctx context.Context, store manifest.Opener, path string) ([]byte, error) {
	body, err := store.Open(ctx, path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer body.Close()
	text, err := io.ReadAll(io.LimitReader(body, ledgerBytes))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return text, nil
}

// fetchLedger brings the destination's copy to a new machine. One that is
// there may be newer than its copy, but not another.
func (s *session) fetchLedger(ctx context.Context) error {
	here, err := ledger.Read(s.cfg.State)
	if err != nil {
		return err
	}
	seen, err := toldOf(ctx, s.dest, eventsCopy) // before the ledger, see copyLedger
	if err != nil {
		return err
	}
	entries, err := copiedLedger(ctx, s.dest)
	if err != nil {
		return err
	}
	if err := seen.hold(ledgerCopy, entries); err != nil {
		return err
	}
	if len(here) > 0 {
		path := filepath.Join(s.cfg.State, ledger.File)
		if err := ledger.Begins(ledgerCopy+" of the destination", entries, here, path); err != nil {
			return usage(fmt.Errorf("%s was begun on this machine, beside that of the export: move it and %s away, run this again, "+
				"and record what the export's lacks", path, ledger.Head))
		}
		return nil
	}
	if err := ledger.Put(s.cfg.State, entries); err != nil {
		return err
	}
	s.cfg, err = withLedger(s.cfg, s.clock.Now())
	return err
}

// fetchLedgerEarly does so before the window is asked, which may be open by an
// extension of the ledger alone; where the place is known without the platform.
func (s *session) fetchLedgerEarly(ctx context.Context) error {
	if s.cfg.ExportID == "" {
		return nil
	}
	if err := s.openDestination(ctx, nil); err != nil {
		return err
	}
	return s.fetchLedger(ctx)
}
