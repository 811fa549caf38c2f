package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"exitplan/exporter"
)

// protection are the conversations that this export protects from deletion.
type protection map[string]bool

// protectedFile lies in the state directory, beside the journal.
const protectedFile = "protected.jsonl"

// protectedLine is one answered request. The file is only ever appended to.
type protectedLine struct {
	At            time.Time `json:"at"`
	Protect       bool      `json:"protect"` // false: released
	Conversations []string  `json:"conversations"`
}

// readProtected reads what earlier runs wrote. The last line may be torn, if one
// was killed: then it is as if its request had not been answered.
func readProtected(state string) (protection, error) {
	path := filepath.Join(state, protectedFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return protection{}, nil
	}
	if err != nil {
		return nil, err
	}
	held := protection{}
	for n := 1; ; n++ {
		line, rest, whole := bytes.Cut(text, []byte("\n"))
		if !whole {
			return held, nil
		}
		var l protectedLine
		if err := json.Unmarshal(line, &l); err != nil {
			return nil, fmt.Errorf("%s, line %d: %w; it says what this export protects: restore it from a copy, "+
				"or move it away and run exitplan protect --apply again", path, n, err)
		}
		for _, id := range l.Conversations {
			if l.Protect {
				held[id] = true
			} else {
				delete(held, id)
			}
		}
		text = rest
	}
}

// protectedLog appends to the file.
type protectedLog struct{ file *os.File }

func openProtected(state string) (l protectedLog, err error) {
	path := filepath.Join(state, protectedFile)
	if l.file, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return l, err
	}
	text, err := os.ReadFile(path)
	if err == nil { // over a torn line
		whole := int64(bytes.LastIndexByte(text, '\n') + 1)
		if err = l.file.Truncate(whole); err == nil {
			_, err = l.file.Seek(whole, 0)
		}
	}
	if err != nil {
		return l, errors.Join(err, l.file.Close())
	}
	return l, nil
}

// add is durable on return.
func (l protectedLog) add(line protectedLine) error {
	text, err := json.Marshal(line)
	if err == nil {
		_, err = l.file.Write(append(text, '\n'))
	}
	if err == nil {
		err = l.file.Sync()
	}
	if err != nil {
		return fmt.Errorf("write down what is protected: %w", err)
	}
	return nil
}

func (l protectedLog) close() error { return l.file.Close() }

// copyProtected keeps what is protected in the destination too, with the
// journal's copies: another machine that goes on from there can release it.
func (s *session) copyProtected(ctx context.Context) error {
	file, err := os.Open(filepath.Join(s.cfg.State, protectedFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = s.dest.Put(ctx, exporter.Object{Path: "state/" + protectedFile, Size: -1, ContentType: "application/x-ndjson", Replace: exporter.Always}, file)
	return err
}

// fetchProtected brings it back.
func (s *session) fetchProtected(ctx context.Context) (err error) {
	// One that is there is newer than its copy.
	if _, err := os.Stat(filepath.Join(s.cfg.State, protectedFile)); err == nil {
		return nil
	}
	body, err := s.dest.Open(ctx, "state/"+protectedFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer body.Close()
	file, err := os.OpenFile(filepath.Join(s.cfg.State, protectedFile), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	_, err = io.Copy(file, body)
	return err
}
