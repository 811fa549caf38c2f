// Package durable has the few calls by which files outlive a process: locks
// that end with it, and directories that remember their files.
package durable

import (
	"errors"
	"os"
	"path/filepath"
)

// ErrHeld: another process holds the lock.
var ErrHeld = errors.New("held by another process")

// WriteFile replaces the file of that path whole or not at all, durable on
// return.
func WriteFile(path string, text []byte) error {
	tmp := path + ".tmp" // a fixed name, so that those which were killed do not pile up
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		return err
	}
	return SyncDir(filepath.Dir(path))
}
