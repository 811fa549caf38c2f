//go:build unix

package sink

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
)

// syncDir makes the names in a directory durable.
func syncDir(root *os.Root, dir string) error {
	f, err := root.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return syncOpen(f)
}

func syncOpen(dir *os.File) error {
	err := dir.Sync()
	// Some network and FUSE file systems have no sync of directories: theirs
	// are as durable as the server makes them.
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return err
}

// makeDirs is os.MkdirAll that is durable on return.
func makeDirs(dir string) error {
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		return nil
	}
	parent := filepath.Dir(dir)
	if parent != dir {
		if err := makeDirs(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	f, err := os.Open(parent)
	if err != nil {
		return nil // not ours to read: then not ours to sync
	}
	defer f.Close()
	return syncOpen(f)
}

func isQuota(err error) bool { return errors.Is(err, syscall.EDQUOT) }
