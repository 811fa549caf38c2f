package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"exitplan/internal/chain"
	"exitplan/internal/durable"
)

// Ledger is the file of a state directory, locked for this process.
type Ledger struct {
	Entries []Entry
	// Repaired says what a killed append had left at the end, if anything.
	Repaired string

	state string
	file  *os.File
	lock  *os.File
}

// Others hold the lock while they append and copy; this is how long they are
// waited for.
const (
	lockTries = 150
	lockPause = 100 * time.Millisecond
)

// Open locks the ledger of a state directory, reads it, and mends what a
// killed append left: an entry that lacks only the end of its line is kept,
// one that never was whole is cut off.
func Open(ctx context.Context, state string) (l *Ledger, err error) {
	if err := os.MkdirAll(state, 0o700); err != nil {
		return nil, fmt.Errorf("create the state directory: %w", err)
	}
	l = &Ledger{state: state}
	defer func() {
		if err != nil {
			err = errors.Join(err, l.Close())
		}
	}()
	if l.lock, err = lock(ctx, filepath.Join(state, "extensions.lock")); err != nil {
		return l, err
	}
	var torn []byte
	if l.Entries, torn, err = load(state); err != nil {
		return l, err
	}
	path := filepath.Join(state, File)
	if l.file, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600); err != nil {
		return l, err
	}
	if torn != nil {
		if err = l.repair(torn); err != nil {
			return l, fmt.Errorf("mend the last line of %s: %w", path, err)
		}
	}
	if head, err := os.ReadFile(filepath.Join(state, Head)); len(l.Entries) > 0 { // a killed append left it behind
		if m, bad := ParseMark(Head, head); err != nil || bad != nil || m != MarkOf(l.Entries) {
			return l, l.note()
		}
	}
	return l, nil
}

func lock(ctx context.Context, path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	for range lockTries {
		if err = durable.TryLock(f); !errors.Is(err, durable.ErrHeld) {
			break
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(context.Cause(ctx), f.Close())
		case <-time.After(lockPause):
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w; run the same command again", path, err), f.Close())
	}
	return f, nil
}

func (l *Ledger) repair(torn []byte) error {
	if len(torn) == 0 {
		l.Repaired = fmt.Sprintf("line %d lacked its end, which was added", len(l.Entries))
		if _, err := l.file.Write([]byte("\n")); err != nil {
			return err
		}
		return errors.Join(l.file.Sync(), l.note())
	}
	size, err := l.file.Stat()
	if err != nil {
		return err
	}
	l.Repaired = fmt.Sprintf("line %d was never whole, an append was killed: it was cut off", len(l.Entries)+1)
	return errors.Join(l.file.Truncate(size.Size()-int64(len(torn))), l.file.Sync())
}

// Append records an entry, durable on return. Seq, Prev and Hash are the
// ledger's to fill.
func (l *Ledger) Append(e Entry) (Entry, error) {
	last := MarkOf(l.Entries)
	e.Seq, e.Prev, e.Recorded = last.Seq+1, last.Hash, e.Recorded.UTC()
	if last.Seq == 0 {
		e.Prev = chain.Origin
	}
	var line []byte
	// Hash what a reader will get back, whatever odd bytes were given.
	text, err := json.Marshal(e)
	if err == nil {
		e = Entry{}
		err = json.Unmarshal(text, &e)
	}
	if err == nil {
		e.Hash, err = e.digest()
	}
	if err == nil {
		line, err = encode(e)
	}
	if err == nil {
		_, err = l.file.Write(append(line, '\n'))
	}
	if err == nil {
		err = l.file.Sync()
	}
	if err != nil {
		return e, fmt.Errorf("record extension %s: %w", e.Reference, err)
	}
	l.Entries = append(l.Entries, e)
	return e, l.note()
}

// note keeps the head, always after the entry that it names.
func (l *Ledger) note() error {
	text, err := json.Marshal(MarkOf(l.Entries))
	if err == nil {
		err = durable.WriteFile(filepath.Join(l.state, Head), append(text, '\n'))
	}
	if err != nil {
		return fmt.Errorf("note the head of the ledger: %w", err)
	}
	return nil
}

// Text is the ledger as it is to be copied, and its head.
func Text(entries []Entry) (file, head []byte, err error) {
	for _, e := range entries {
		line, err := encode(e)
		if err != nil {
			return nil, nil, err
		}
		file = append(append(file, line...), '\n')
	}
	head, err = json.Marshal(MarkOf(entries))
	return file, append(head, '\n'), err
}

// Put lays down a ledger that was fetched where there is none.
func Put(state string, entries []Entry) error {
	file, head, err := Text(entries)
	if err != nil || len(entries) == 0 {
		return err
	}
	if err := os.MkdirAll(state, 0o700); err != nil {
		return err
	}
	if err := durable.WriteFile(filepath.Join(state, File), file); err != nil {
		return err
	}
	return durable.WriteFile(filepath.Join(state, Head), head)
}

// Close gives the lock back.
func (l *Ledger) Close() error {
	var errs []error
	for _, f := range []*os.File{l.file, l.lock} {
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	return errors.Join(errs...)
}
