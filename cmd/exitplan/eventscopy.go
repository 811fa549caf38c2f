package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"

	"exitplan/exporter"
	"exitplan/internal/journal"
	"exitplan/internal/ledger"
	"exitplan/internal/sink"
	"exitplan/manifest"
)

// Where the destination has the custody events: as the journal told them last,
// in no bag, and as a sealing found them in the root bag. By the first anyone
// can hold the ledger against the journal without having the journal.
const (
	eventsFile   = "events.jsonl"
	eventsCopy   = "state/" + eventsFile
	eventsSealed = "root/data/" + eventsFile
)

// writeEvents writes the custody events as lines of JSON.
func writeEvents(ctx context.Context, j *journal.Journal, w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for e, err := range j.Events(ctx) {
		if err != nil {
			return err
		}
		if err := enc.Encode(e); err != nil {
			return err
		}
	}
	return nil
}

// copyEvents has the destination's copy follow the journal.
func copyEvents(ctx context.Context, dest sink.Destination, j *journal.Journal) error {
	var text bytes.Buffer
	err := writeEvents(ctx, j, &text)
	if err == nil {
		_, err = dest.Put(ctx, exporter.Object{Path: eventsCopy, Size: int64(text.Len()), ContentType: "application/x-ndjson", Replace: exporter.Always}, &text)
	}
	if err != nil {
		return fmt.Errorf("copy the custody events to the destination: %w", err)
	}
	return nil
}

// told is what custody events have seen of the ledger.
type told struct {
	place string
	there bool // there are events
	marks []ledger.Mark
}

// toldOf reads custody events in a destination, and checks their chain. The
// error wraps [ledger.ErrTampered] if they are not what was recorded.
func toldOf(ctx context.Context, store manifest.Opener, path string) (told, error) {
	t := told{place: path}
	body, err := store.Open(ctx, path)
	if errors.Is(err, fs.ErrNotExist) {
		return t, nil
	}
	if err != nil {
		return t, err
	}
	defer body.Close()
	t.there = true
	err = journal.VerifyChain(func(yield func(journal.Event, error) bool) {
		for e, err := range eventLines(body) {
			if err == nil {
				var about ledger.Mark
				if about, err = markOf(e); err == nil && about.Seq > 0 {
					t.marks = append(t.marks, about)
				}
			}
			if !yield(e, err) {
				return
			}
		}
	})
	if errors.Is(err, journal.ErrChain) {
		err = fmt.Errorf("%w: %w; the next export renews them, ask whoever changed them", ledger.ErrTampered, err)
	}
	if err != nil {
		return t, fmt.Errorf("%s: %w", path, err)
	}
	return t, nil
}

// eventLines reads what writeEvents has written.
func eventLines(r io.Reader) iter.Seq2[journal.Event, error] {
	return func(yield func(journal.Event, error) bool) {
		lines := bufio.NewScanner(r)
		lines.Buffer(nil, longestEvent)
		for lines.Scan() {
			var e journal.Event
			line := json.NewDecoder(bytes.NewReader(lines.Bytes()))
			line.DisallowUnknownFields() // no digest covers them
			err := line.Decode(&e)
			if err != nil {
				err = fmt.Errorf("%w: %.80q is none: %w", journal.ErrChain, lines.Bytes(), err)
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
		err := lines.Err()
		if errors.Is(err, bufio.ErrTooLong) {
			err = fmt.Errorf("%w: %w", journal.ErrChain, err)
		}
		if err != nil {
			yield(journal.Event{}, err)
		}
	}
}

// An event has a few short details.
const longestEvent = 1 << 20

// hold says whether a ledger holds what the events have seen of it.
func (t told) hold(name string, entries []ledger.Entry) error {
	for _, mark := range t.marks {
		if err := ledger.Holds(name, entries, mark, t.place); err != nil {
			return err
		}
	}
	return nil
}
