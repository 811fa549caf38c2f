//go:build unix && !solaris && !illumos && !aix

package durable

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// TryLock locks a file for this process alone, or fails with [ErrHeld].
func TryLock(f *os.File) error {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return ErrHeld
	}
	return err
}

// SyncDir makes the creation of files in dir durable.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
