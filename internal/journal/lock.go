package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"exitplan/internal/durable"
)

// holder is what the lock file says about the process that holds it.
type holder struct {
	PID     int       `json:"pid"`
	Host    string    `json:"host"`
	Command string    `json:"command,omitempty"`
	Started time.Time `json:"started"`
}

// acquire takes the lock of a state directory. The kernel gives it back when
// the process ends, however it ends; the file itself stays, because removing
// it would let two processes lock two files of that name.
func acquire(dir string, h holder) (*os.File, error) {
	path := filepath.Join(dir, "lock")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the state directory: %w", err)
	}
	if err := durable.TryLock(f); err != nil {
		defer f.Close()
		if !errors.Is(err, durable.ErrHeld) {
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		return nil, fmt.Errorf("%w: %s is held by %s; wait for it to end, or choose another state directory", ErrLocked, path, read(f))
	}
	line, err := json.Marshal(h)
	if err == nil {
		err = f.Truncate(0)
	}
	if err == nil {
		_, err = f.WriteAt(append(line, '\n'), 0)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("write %s: %w", path, err)
	}
	return f, nil
}

// release empties the lock file, so that it names nobody who has left, and
// gives the lock back.
func release(f *os.File) error {
	return errors.Join(f.Truncate(0), f.Close())
}

// read describes the holder in words, as well as the file tells.
func read(f *os.File) string {
	var h holder
	b, err := io.ReadAll(io.NewSectionReader(f, 0, 64<<10))
	if err != nil || json.Unmarshal(b, &h) != nil || h.PID == 0 {
		return "another process"
	}
	s := fmt.Sprintf("process %d on %s", h.PID, h.Host)
	if h.Command != "" {
		s += fmt.Sprintf(" (%s)", h.Command)
	}
	return s + " since " + h.Started.UTC().Format(time.RFC3339)
}
