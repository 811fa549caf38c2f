package journal

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"fmt"
)

// applicationID marks a SQLite file as a journal ("EXPL"), so that a
// database of another program is never mistaken for one.
const applicationID = 0x4558504c

// The states of a unit, as stored.
const (
	pending = iota
	running
	done
	failed
	asleep // pending, but not before a time
)

// schema1 is the first released schema. How it stays small and quick at
// millions of rows:
//
//   - Names that repeat (datasets, bags, items) are stored once and referred
//     to by number. An artifact's path is cut at "/data/" into bag and name.
//   - artifact is clustered by (bag, name), the order of a bag's manifest.
//   - stored finds the artifacts of a unit, but only of units that can run
//     again: its rows go when their unit is done for good.
//   - The columns of dataset and bag after the name are counters, kept in the
//     transaction that changes what they count.
//   - Each question that a run asks has a partial index over the few rows
//     that can answer it, whatever the number of finished units.
const schema1 = `
CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value NOT NULL
) WITHOUT ROWID;

CREATE TABLE setting (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE dataset (
  id        INTEGER PRIMARY KEY,
  name      TEXT NOT NULL UNIQUE,
  pending   INTEGER NOT NULL DEFAULT 0,
  running   INTEGER NOT NULL DEFAULT 0,
  done      INTEGER NOT NULL DEFAULT 0,
  failed    INTEGER NOT NULL DEFAULT 0,
  artifacts INTEGER NOT NULL DEFAULT 0,
  records   INTEGER NOT NULL DEFAULT 0,
  bytes     INTEGER NOT NULL DEFAULT 0,
  expected  INTEGER NOT NULL DEFAULT 0, -- sum of item.expected
  met       INTEGER NOT NULL DEFAULT 0  -- sum of min(item.got, item.expected)
);

CREATE TABLE unit (
  id         INTEGER PRIMARY KEY,
  dataset    INTEGER NOT NULL,
  key        TEXT NOT NULL UNIQUE,
  priority   INTEGER NOT NULL,
  state      INTEGER NOT NULL,           -- 0 pending, 1 running, 2 done, 3 failed
  again      INTEGER NOT NULL DEFAULT 0, -- 1: a later run opens it again
  attempts   INTEGER NOT NULL DEFAULT 0,
  finished   INTEGER,                    -- Unix milliseconds
  params     BLOB,
  checkpoint BLOB
);
CREATE INDEX unit_pending ON unit (dataset, priority, key) WHERE state = 0;
CREATE INDEX unit_running ON unit (id) WHERE state = 1;
CREATE INDEX unit_again   ON unit (id) WHERE again = 1;

CREATE TABLE bag (
  id     INTEGER PRIMARY KEY,
  name   TEXT NOT NULL UNIQUE,        -- what comes before "/data/"
  files  INTEGER NOT NULL DEFAULT 0,
  bytes  INTEGER NOT NULL DEFAULT 0,
  sealed TEXT NOT NULL DEFAULT '',    -- SHA-256 of its tagmanifest
  stale  INTEGER NOT NULL DEFAULT 0   -- 1: artifacts came after the seal
);

CREATE TABLE item (
  id       INTEGER PRIMARY KEY,
  dataset  INTEGER NOT NULL,
  name     TEXT NOT NULL,
  expected INTEGER,                   -- NULL: nobody expects it
  got      INTEGER NOT NULL DEFAULT 0,
  source   TEXT,                      -- who expects it
  unit     INTEGER,                   -- the unit that said so first
  UNIQUE (dataset, name)
);
CREATE INDEX item_unmet ON item (id) WHERE got < expected;

CREATE TABLE artifact (
  bag       INTEGER NOT NULL,
  name      TEXT NOT NULL,            -- what comes after "/data/"
  dataset   INTEGER NOT NULL,
  unit      INTEGER NOT NULL,
  item      INTEGER,
  bytes     INTEGER NOT NULL,
  sha256    BLOB NOT NULL,
  records   INTEGER NOT NULL,
  source    TEXT,
  level     TEXT,
  value     TEXT,
  etag      TEXT,
  version   TEXT,
  part_size INTEGER,
  parts     INTEGER,
  PRIMARY KEY (bag, name)
) WITHOUT ROWID;

CREATE TABLE stored (
  unit INTEGER NOT NULL,
  bag  INTEGER NOT NULL,
  name TEXT NOT NULL,
  PRIMARY KEY (unit, bag, name)
) WITHOUT ROWID;

CREATE TABLE exception (
  id             INTEGER PRIMARY KEY,
  unit           INTEGER NOT NULL,
  dataset        INTEGER NOT NULL,
  item           INTEGER,
  reason         TEXT NOT NULL,
  detail         TEXT,
  correlation_id TEXT,
  attempts       INTEGER
);
CREATE INDEX exception_unit ON exception (unit);
CREATE INDEX exception_item ON exception (item) WHERE item IS NOT NULL;

CREATE TABLE event (
  seq    INTEGER PRIMARY KEY,
  time   TEXT NOT NULL,
  kind   TEXT NOT NULL,
  detail TEXT NOT NULL,               -- JSON object of strings
  prev   TEXT NOT NULL,
  hash   TEXT NOT NULL
);

CREATE TABLE part (
  path  TEXT PRIMARY KEY,             -- of an object whose upload is not complete
  value BLOB NOT NULL
) WITHOUT ROWID;
`

// schema2 lets a unit wait for another that may settle it.
const schema2 = `ALTER TABLE unit ADD COLUMN waits_for TEXT;` // key of the other

// schema3 finds what finished lately without reading the units, whose
// parameters are large, and keeps what an exception of a whole unit stands for.
const schema3 = `
CREATE INDEX unit_finished ON unit (finished, dataset) WHERE finished IS NOT NULL;
ALTER TABLE exception ADD COLUMN covers INTEGER;
`

// schema4 lets Next pass over any number of units that wait, and the end of a
// unit find those that waited for it.
const schema4 = `
UPDATE unit SET waits_for = NULL WHERE state = 0 AND waits_for IN (SELECT key FROM unit WHERE state > 1);
DROP INDEX unit_pending;
CREATE INDEX unit_ready   ON unit (dataset, priority, key) WHERE state = 0 AND waits_for IS NULL;
CREATE INDEX unit_waiting ON unit (dataset, priority, key) WHERE state = 0 AND waits_for IS NOT NULL;
CREATE INDEX unit_awaited ON unit (waits_for) WHERE waits_for IS NOT NULL;
`

// schema5 knows what the platform deletes when, and lets units sleep until
// there is something for them. What is known of an item is its begin (at) and
// when it is deleted (due).
const schema5 = `
ALTER TABLE dataset   ADD COLUMN asleep     INTEGER NOT NULL DEFAULT 0;
ALTER TABLE unit      ADD COLUMN due        INTEGER NOT NULL DEFAULT 9223372036854775807;
ALTER TABLE unit      ADD COLUMN not_before INTEGER;
ALTER TABLE item      ADD COLUMN at         INTEGER;
ALTER TABLE item      ADD COLUMN due        INTEGER;
ALTER TABLE exception ADD COLUMN at         INTEGER;
DROP INDEX unit_ready;
DROP INDEX unit_waiting;
CREATE INDEX unit_ready   ON unit (dataset, priority, due, key) WHERE state = 0 AND waits_for IS NULL;
CREATE INDEX unit_waiting ON unit (dataset, priority, due, key) WHERE state = 0 AND waits_for IS NOT NULL;
CREATE INDEX unit_asleep  ON unit (not_before) WHERE not_before IS NOT NULL;
CREATE INDEX item_due     ON item (dataset, due) WHERE due IS NOT NULL AND got = 0;
`

// migrations returns the steps of the schema: step i leads from version i to
// version i+1. A released step is never edited; changes are appended.
func migrations() []string {
	return []string{schema1, schema2, schema3, schema4, schema5}
}

// inspect reads whose file this is and its schema version, without writing.
// A file that SQLite made but nobody filled yet has version 0 and is fresh.
func inspect(ctx context.Context, db *sql.Conn, path string) (version int, err error) {
	var app, tables int
	if err := db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil {
		return 0, explain("read", path, err)
	}
	if err := db.QueryRowContext(ctx, "PRAGMA application_id").Scan(&app); err != nil {
		return 0, explain("read", path, err)
	}
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return 0, explain("read", path, err)
	}
	if app != applicationID && (tables > 0 || app != 0 || version != 0) {
		return 0, fmt.Errorf("%s is a database of another program: choose another state directory", path)
	}
	return version, nil
}

// migrate brings the schema from version to the end of steps in one
// transaction. Nothing has happened where it fails.
func migrate(ctx context.Context, db *sql.Conn, path string, version int, steps []string) error {
	if version > len(steps) {
		return newerSchema(path, version, len(steps))
	}
	if version == len(steps) {
		return nil
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return explain("migrate", path, err)
	}
	defer tx.Rollback() // without effect after Commit
	for v, step := range steps[version:] {
		if _, err := tx.ExecContext(ctx, step); err != nil {
			return explain(fmt.Sprintf("migrate (to schema %d)", version+v+1), path, err)
		}
	}
	if version == 0 {
		id := make([]byte, 16)
		rand.Read(id)
		if _, err := tx.ExecContext(ctx, "INSERT INTO meta VALUES ('id', ?)", hex.EncodeToString(id)); err != nil {
			return explain("create", path, err)
		}
	}
	// PRAGMA takes no parameters; both values are ours.
	mark := fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", applicationID, len(steps))
	if _, err := tx.ExecContext(ctx, mark); err != nil {
		return explain("migrate", path, err)
	}
	if err := tx.Commit(); err != nil {
		return explain("migrate", path, err)
	}
	return nil
}
