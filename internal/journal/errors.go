package journal

import (
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

var (
	// ErrLocked: another process runs an export with this state directory.
	ErrLocked = errors.New("the state directory is in use")
	// ErrNewerSchema: a newer exitplan wrote the journal.
	ErrNewerSchema = errors.New("the journal was written by a newer exitplan")
	// ErrOlderSchema: the journal must be migrated first, which opening it
	// for reading alone does not do.
	ErrOlderSchema = errors.New("the journal was written by an older exitplan")
	// ErrReadOnly: the journal was opened for reading alone.
	ErrReadOnly = errors.New("the journal is open for reading only")
	// ErrClosed: the journal is closed.
	ErrClosed = errors.New("the journal is closed")
	// ErrUnknownUnit: no unit has that key.
	ErrUnknownUnit = errors.New("the journal has no such unit")
	// ErrCorrupt: the file is no database, or a damaged one.
	ErrCorrupt = errors.New("the journal is damaged or not a journal")
)

func newerSchema(path string, found, known int) error {
	return fmt.Errorf("%w: %s has schema %d, this program knows up to %d; upgrade exitplan",
		ErrNewerSchema, path, found, known)
}

// primary is the primary result code of a SQLite error, or 0 for any other.
func primary(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code() & 0xff
	}
	return 0
}

// explain adds to an error of SQLite what was attempted, on which file, and
// what a person can do about it.
func explain(what, path string, err error) error {
	switch primary(err) {
	case sqlite3.SQLITE_FULL:
		return fmt.Errorf("%s journal %s: no space left on the device; free some and run the same command again: %w", what, path, err)
	case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT:
		return fmt.Errorf("%s journal %s: %w; nothing was changed: move the whole state directory away, and run the same command with --resume-from-destination: %w", what, path, ErrCorrupt, err)
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
		return fmt.Errorf("%s journal %s: cannot be opened or written; check the permissions of the file and its directory: %w", what, path, err)
	case sqlite3.SQLITE_BUSY:
		return fmt.Errorf("%s journal %s: another program keeps it locked (sqlite3?); end that and run the same command again: %w", what, path, err)
	case sqlite3.SQLITE_IOERR:
		return fmt.Errorf("%s journal %s: the disk reports an error; check it and run the same command again: %w", what, path, err)
	}
	return fmt.Errorf("%s journal %s: %w", what, path, err)
}

// ends says whether an error leaves the whole transaction undone, not only
// the statement that met it.
func ends(err error) bool {
	switch primary(err) {
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM,
		sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_READONLY,
		sqlite3.SQLITE_BUSY, sqlite3.SQLITE_INTERRUPT:
		return true
	}
	return false
}

// fatal says whether the outcome of a commit is unknown: after a failed write
// or fsync the page cache no longer tells what the disk holds, so that only a
// new process may read the truth.
func fatal(err error) bool {
	switch primary(err) {
	case sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return true
	}
	return false
}
