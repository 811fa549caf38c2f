// Package journal is the durable record of an export: units of work, the
// receipts of their runs, and the events of custody, in one SQLite file that
// stock sqlite3 opens.
//
// What a caller may rely on:
//
//   - A receipt is recorded whole or not at all, and durably (WAL with
//     synchronous=FULL) before Commit returns. Recording it again is harmless.
//   - One goroutine writes. Callers that wait at the same time share one
//     transaction and one fsync; a receipt that cannot be recorded fails alone.
//   - Readers are separate connections and never delay the writer.
//   - Neither opening the journal nor the first Next takes longer because
//     units are finished.
//   - One process at a time: the state directory is locked.
//
// Nothing outside this package speaks SQL.
package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"exitplan/exporter"
	"exitplan/internal/durable"

	"modernc.org/sqlite"
)

var _ exporter.Journal = (*Journal)(nil)

// file is the name of the journal inside its state directory.
const file = "journal.db"

// Options are what a journal needs from its process.
type Options struct {
	// Now is the clock for times that are recorded; required unless ReadOnly.
	Now func() time.Time
	// Host, PID and Command tell other processes who holds the lock. Host
	// and PID default to this machine and process.
	Host    string
	PID     int
	Command string
	// ReadOnly opens an existing journal beside a running export: it takes no
	// lock, and every method that writes returns ErrReadOnly.
	ReadOnly bool
}

// Journal is the record of one export. It is safe for concurrent use.
type Journal struct {
	path    string
	id      string
	now     func() time.Time
	lock    *os.File // nil where read-only
	writer  *writer  // nil where read-only
	readers *sql.DB

	copying sync.Mutex // held by Snapshot
	touched sync.Map   // bags that are stale for certain

	closing sync.Once
	closed  error
}

// Open opens the journal of a state directory, and creates both where they
// are missing. Units that an earlier process left running are pending again.
//
// Errors: ErrLocked (the message names the other process), ErrNewerSchema,
// ErrCorrupt, or what the file system said. Read-only, a missing journal is
// fs.ErrNotExist and one of an older schema ErrOlderSchema. A file that is
// not a journal is never touched.
func Open(ctx context.Context, dir string, o Options) (*Journal, error) {
	return open(ctx, dir, o, migrations())
}

func open(ctx context.Context, dir string, o Options, steps []string) (*Journal, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("state directory: %w", err)
	}
	j := &Journal{path: filepath.Join(dir, file), now: o.Now}
	if o.ReadOnly {
		err = j.openReadOnly(ctx, len(steps))
	} else {
		err = j.openWritable(ctx, dir, o, steps)
	}
	if err != nil {
		j.Close()
		return nil, err
	}
	return j, nil
}

func (j *Journal) openWritable(ctx context.Context, dir string, o Options, steps []string) error {
	if o.Now == nil {
		return errors.New("journal: Options.Now is required")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("create the state directory: %w", err)
	}
	h := holder{PID: o.PID, Host: o.Host, Command: o.Command, Started: o.Now().UTC()}
	if h.PID == 0 {
		h.PID = os.Getpid()
	}
	if h.Host == "" {
		h.Host, _ = os.Hostname()
	}
	var err error
	if j.lock, err = acquire(dir, h); err != nil {
		return err
	}
	if err := create(j.path); err != nil {
		return err
	}
	if j.writer, err = newWriter(ctx, j.path, steps); err != nil {
		return err
	}
	if err := j.openReaders(ctx, "ro"); err != nil {
		return err
	}
	return j.recover(ctx)
}

func (j *Journal) openReadOnly(ctx context.Context, known int) error {
	if _, err := os.Stat(j.path); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("no export was started with this state directory: %w", err)
		}
		return fmt.Errorf("open the journal: %w", err)
	}
	err := j.openReaders(ctx, "ro")
	if err != nil && closedCleanly(j.path) {
		// A WAL database needs its -shm file, which cannot be made on a
		// read-only medium. Where no WAL is left, the file alone is all.
		err = j.openReaders(ctx, "ro&immutable=1")
	}
	if err != nil {
		return err
	}
	c, err := j.readers.Conn(ctx)
	if err != nil {
		return explain("open", j.path, err)
	}
	defer c.Close()
	version, err := inspect(ctx, c, j.path)
	switch {
	case err != nil:
		return err
	case version > known:
		return newerSchema(j.path, version, known)
	case version == 0: // whoever made it was killed, or has not come further
		return fmt.Errorf("%s is empty: no export was begun: %w", j.path, fs.ErrNotExist)
	case version < known:
		return fmt.Errorf("%w: %s has schema %d, this program reads %d; run the export once to migrate it", ErrOlderSchema, j.path, version, known)
	}
	return j.loadID(ctx)
}

// openReaders opens the connections that read. They could not write even if
// they tried.
func (j *Journal) openReaders(ctx context.Context, mode string) error {
	if j.readers != nil {
		j.readers.Close()
	}
	db, err := sql.Open("sqlite", dsn(j.path, mode))
	if err != nil {
		return explain("open", j.path, err)
	}
	db.SetMaxIdleConns(2)
	j.readers = db
	if err := db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(new(int)); err != nil {
		return explain("open", j.path, err)
	}
	return nil
}

func (j *Journal) loadID(ctx context.Context) error {
	err := j.readers.QueryRowContext(ctx, "SELECT value FROM meta WHERE key = 'id'").Scan(&j.id)
	if err != nil {
		return explain("read", j.path, err)
	}
	return nil
}

// recover makes the units pending that an earlier process left running.
func (j *Journal) recover(ctx context.Context) error {
	if err := j.loadID(ctx); err != nil {
		return err
	}
	_, err := j.reset(ctx, "state = 1")
	return err
}

// Close ends the writer after what is under way, folds the WAL into the file
// and gives back the lock.
func (j *Journal) Close() error {
	j.closing.Do(func() {
		var errs []error
		if j.readers != nil {
			errs = append(errs, j.readers.Close())
		}
		if j.writer != nil {
			errs = append(errs, j.writer.close())
		}
		if j.lock != nil {
			errs = append(errs, release(j.lock))
		}
		if err := errors.Join(errs...); err != nil {
			j.closed = explain("close", j.path, err)
		}
	})
	return j.closed
}

// ID is the random identity of this export, made with the journal. It tells
// at the destination whether what lies there is this export's own.
func (j *Journal) ID() string { return j.id }

// create makes an empty file that only its owner can read, before SQLite
// would make one with wider permissions. Its WAL inherits them.
func create(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("create the journal: %w", err)
	}
	if err := errors.Join(f.Close(), durable.SyncDir(filepath.Dir(path))); err != nil {
		return fmt.Errorf("create the journal: %w", err)
	}
	return nil
}

// closedCleanly says whether no WAL is left beside the file.
func closedCleanly(path string) bool {
	fi, err := os.Stat(path + "-wal")
	return errors.Is(err, fs.ErrNotExist) || err == nil && fi.Size() == 0
}

// dsn names a database file as SQLite's URI. A busy connection waits for
// half a minute: only a stranger (sqlite3, a backup program) can be holding it.
func dsn(path, mode string) string {
	u := url.URL{Scheme: "file", OmitHost: true, Path: filepath.ToSlash(path)}
	return u.String() + "?_pragma=busy_timeout(30000)&mode=" + mode
}

// syncing makes commits durable with fdatasync where the system has it: as
// safe as fsync, without writing the file's times.
func syncing() { sqlite.Fdatasync(true) }
