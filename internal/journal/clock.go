package journal

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// LastTime is the latest instant that the export is known to have reached,
// in UTC; the zero time before the first Advance. Turning the clock of the
// machine back does not turn it back.
func (j *Journal) LastTime(ctx context.Context) (time.Time, error) {
	var nanos int64
	err := j.readers.QueryRowContext(ctx, "SELECT value FROM meta WHERE key = 'last_time'").Scan(&nanos)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, j.unread(ctx, err)
	}
	return time.Unix(0, nanos).UTC(), nil
}

// Advance moves LastTime forward to t; an earlier t changes nothing.
func (j *Journal) Advance(ctx context.Context, t time.Time) error {
	return j.write(ctx, func(tx *tx) error {
		_, err := tx.exec(`INSERT INTO meta VALUES ('last_time', ?)
			ON CONFLICT (key) DO UPDATE SET value = excluded.value WHERE excluded.value > value`, t.UnixNano())
		return err
	}, nil)
}
