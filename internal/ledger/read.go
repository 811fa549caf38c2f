package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"exitplan/internal/chain"
)

// Mark says how far a ledger reached when it was noted: number and digest of
// its last entry.
type Mark struct {
	Seq  int    `json:"seq"`
	Hash string `json:"hash"`
}

// MarkOf is the head of a ledger; zero for an empty one.
func MarkOf(entries []Entry) Mark {
	if len(entries) == 0 {
		return Mark{}
	}
	last := entries[len(entries)-1]
	return Mark{last.Seq, last.Hash}
}

// restore is what to do about a ledger that was tampered with.
const restore = "put back the file as it was, from a backup or from state/" + File + " in the destination, and ask whoever changed it"

// tampered names the first line that is not what was recorded.
func tampered(name string, line int, format string, args ...any) error {
	return fmt.Errorf("%w: %s, line %d: %s; %s", ErrTampered, name, line, fmt.Sprintf(format, args...), restore)
}

// Parse reads a ledger and checks its chain. name is what errors call it. A
// last line without its end is returned as torn: a killed append left it, or
// somebody cut the file, which only a mark can tell ([Holds]).
func Parse(name string, text []byte) (entries []Entry, torn []byte, err error) {
	prev := chain.Origin
	for n := 1; len(text) > 0; n++ {
		line, rest, whole := bytes.Cut(text, []byte("\n"))
		e, err := parseLine(name, n, line, prev)
		if !whole && err != nil {
			return entries, line, nil
		}
		if err != nil {
			return entries, nil, err
		}
		entries, prev, text = append(entries, e), e.Hash, rest
		if !whole { // nothing but its end is missing
			return entries, []byte{}, nil
		}
	}
	return entries, nil, nil
}

func parseLine(name string, n int, line []byte, prev string) (e Entry, err error) {
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.DisallowUnknownFields() // no digest covers them
	if err := dec.Decode(&e); err != nil {
		return e, tampered(name, n, "is no entry: %v", err)
	}
	if again, err := encode(e); err != nil || !bytes.Equal(again, line) {
		return e, tampered(name, n, "is not written as it was recorded")
	}
	digest, err := e.digest()
	switch {
	case err != nil:
		return e, tampered(name, n, "%v", err)
	case e.Hash != digest:
		return e, tampered(name, n, "was changed, its digest does not fit")
	case e.Seq != n || e.Prev != prev:
		return e, tampered(name, n, "does not follow the line before it: one was dropped, moved or added (it says that it is number %d)", e.Seq)
	}
	if _, err := e.resolve(); err != nil {
		return e, tampered(name, n, "%v", err)
	}
	return e, nil
}

// encode is the line of an entry, without its end.
func encode(e Entry) ([]byte, error) {
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false)
	err := enc.Encode(e)
	return bytes.TrimSuffix(line.Bytes(), []byte("\n")), err
}

// Holds says whether a ledger holds what a mark has seen of it; place is where
// the mark was kept.
func Holds(name string, entries []Entry, m Mark, place string) error {
	switch {
	case m.Seq == 0:
		return nil
	case m.Seq > len(entries):
		return tampered(name, len(entries)+1, "is missing, there were %d lines by %s", m.Seq, place)
	case m.Seq < 0 || entries[m.Seq-1].Hash != m.Hash:
		return tampered(name, max(1, m.Seq), "is not the entry that %s has", place)
	}
	return nil
}

// Begins says whether one ledger is the beginning of another.
func Begins(name string, entries []Entry, longer []Entry, place string) error {
	for i, e := range entries {
		if i >= len(longer) {
			return tampered(place, i+1, "is missing, %s has it", name)
		}
		if e.Hash != longer[i].Hash {
			return tampered(place, i+1, "differs from that of %s", name)
		}
	}
	return nil
}

// ParseMark reads a head.
func ParseMark(name string, text []byte) (m Mark, err error) {
	if err := json.Unmarshal(text, &m); err != nil || m.Seq < 1 {
		return m, fmt.Errorf("%w: %s is no head of a ledger; %s", ErrTampered, name, restore)
	}
	return m, nil
}

// Read reads the ledger of a state directory, and checks it against its chain
// and its head. Where there is none it is empty. What a killed append left is
// not part of it.
func Read(state string) ([]Entry, error) {
	entries, _, err := load(state)
	return entries, err
}

func load(state string) (entries []Entry, torn []byte, err error) {
	path := filepath.Join(state, File)
	// The head first: an append that comes between makes the file longer.
	var mark Mark
	head, err := os.ReadFile(filepath.Join(state, Head))
	if err == nil {
		mark, err = ParseMark(filepath.Join(state, Head), head)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, err
	}
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, err
	}
	if entries, torn, err = Parse(path, text); err != nil {
		return nil, nil, err
	}
	return entries, torn, Holds(path, entries, mark, Head)
}
