package journal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Snapshot writes a copy of the journal as it is at one instant to path,
// replacing what is there only once the copy is whole and durable. The copy
// is one compact file: as journal.db in the state directory of another
// machine it goes on from there. Commits go on meanwhile.
func (j *Journal) Snapshot(ctx context.Context, path string) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("copy the journal to %s: %w", path, err)
		}
	}()
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.tmp") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	defer tmp.Close()
	// SQLite accepts an empty file as target, and so keeps its mode.
	if _, err := j.readers.ExecContext(ctx, "VACUUM INTO ?", tmp.Name()); err != nil {
		return j.unread(ctx, err)
	}
	if err := errors.Join(tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}
