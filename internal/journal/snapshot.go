package journal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"exitplan/internal/durable"

	sqlite3 "modernc.org/sqlite/lib"
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
	j.copying.Lock()
	defer j.copying.Unlock()
	// A fixed name, so that copies which were killed do not pile up.
	tmp := path + ".tmp"
	if err := os.Remove(tmp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(tmp, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer os.Remove(tmp)
	defer f.Close()
	// SQLite accepts an empty file as target, and so keeps its mode.
	if _, err := j.readers.ExecContext(ctx, "VACUUM INTO ?", tmp); err != nil {
		if primary(err) == sqlite3.SQLITE_FULL {
			return fmt.Errorf("no space left there; free some, or choose another place: %w", err)
		}
		return j.unread(ctx, err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		return err
	}
	return durable.SyncDir(filepath.Dir(path))
}
