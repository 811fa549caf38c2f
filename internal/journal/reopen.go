package journal

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"exitplan/exporter"
)

// Reopen makes units pending whose result a new run may better: the failed
// ones, those done with an exception whose reason is retryable, and those of an
// expectation that is neither met nor excepted. Their checkpoints and what they
// stored stay. They come after all others, so that what fails again and again
// keeps nothing waiting. It returns how many there were; call it at the start
// of a run.
func (j *Journal) Reopen(ctx context.Context) (int, error) {
	short, err := j.short(ctx)
	if err != nil {
		return 0, err
	}
	total := 0
	for _, key := range short {
		// The pieces of a unit have keys that begin with its own.
		const pieces = "state = 2 AND again = 0 AND key >= ?1 AND key < ?1 || '~'"
		err := j.write(ctx, func(t *tx) error {
			_, err := t.exec("INSERT OR IGNORE INTO stored SELECT unit, bag, name FROM artifact WHERE unit IN (SELECT id FROM unit WHERE "+pieces+")", key)
			return err
		}, nil)
		if err != nil {
			return 0, err
		}
		n, err := j.reset(ctx, pieces, key)
		if err != nil {
			return 0, err
		}
		total += n
	}
	n, err := j.reset(ctx, "again = 1")
	return total + n, err
}

// ReopenDone makes pending the units of a dataset that were done before an
// instant, because there may be more of it by now, or more is asked for. It
// returns how many there were; call it at the start of a run.
func (j *Journal) ReopenDone(ctx context.Context, dataset string, before time.Time) (int, error) {
	return j.reopenStored(ctx, "state = 2 AND dataset = (SELECT id FROM dataset WHERE name = ?1) AND finished < ?2", dataset, before.UnixMilli())
}

// ReopenExcepted makes pending the units of a dataset that are done but for
// exceptions of a reason for which something can be done by now.
func (j *Journal) ReopenExcepted(ctx context.Context, dataset string, reason exporter.Reason) (int, error) {
	const of = `state = 2 AND dataset = (SELECT id FROM dataset WHERE name = ?1)
		AND id IN (SELECT unit FROM exception WHERE reason = ?2)`
	return j.reopenStored(ctx, of, dataset, string(reason))
}

// ReopenKey makes a done unit pending.
func (j *Journal) ReopenKey(ctx context.Context, key string) error {
	_, err := j.reopenStored(ctx, "state = 2 AND key = ?1", key)
	return err
}

// reopenStored is reset for units that may have forgotten what they stored.
func (j *Journal) reopenStored(ctx context.Context, of string, args ...any) (int, error) {
	err := j.write(ctx, func(t *tx) error {
		_, err := t.exec("INSERT OR IGNORE INTO stored SELECT unit, bag, name FROM artifact WHERE unit IN (SELECT id FROM unit WHERE "+of+")", args...)
		return err
	}, nil)
	if err != nil {
		return 0, err
	}
	return j.reset(ctx, of, args...)
}

// after is the least name that begins no more with a prefix of ASCII.
func after(prefix string) string {
	return prefix[:len(prefix)-1] + string(prefix[len(prefix)-1]+1)
}

// Wake implements [exporter.Journal].
func (j *Journal) Wake(ctx context.Context, now time.Time, early ...string) (n int, next time.Time, err error) {
	if early == nil {
		early = []string{}
	}
	list, err := json.Marshal(early)
	if err != nil {
		return 0, next, err
	}
	n, err = j.reset(ctx, sleeps+` AND (not_before <= ?1 OR
		dataset IN (SELECT id FROM dataset WHERE name IN (SELECT value FROM json_each(?2))))`, now.UnixMilli(), string(list))
	if err != nil {
		return 0, next, err
	}
	_, next, err = j.Sleeping(ctx)
	return n, next, err
}

// sleeps is the condition on a unit that is to be run at its time.
const sleeps = "not_before IS NOT NULL AND (state = 4 OR state = 2 AND again = 1)"

// Sleeping is how many units are to be run later, and when the first is.
func (j *Journal) Sleeping(ctx context.Context) (n int64, first time.Time, err error) {
	var at sql.NullInt64
	if err := j.readers.QueryRowContext(ctx, "SELECT count(*), min(not_before) FROM unit WHERE "+sleeps).Scan(&n, &at); err != nil {
		return 0, first, j.unread(ctx, err)
	}
	return n, timeOf(at), nil
}

// WakeAll makes pending whatever sleeps and was never run, for an export that
// ends.
func (j *Journal) WakeAll(ctx context.Context) error {
	_, err := j.reset(ctx, "not_before IS NOT NULL AND state = 4")
	return err
}

// short are the units that expected something which is not there, and which
// nobody says a word of.
func (j *Journal) short(ctx context.Context) (keys []string, err error) {
	for key, err := range query(ctx, j, `SELECT DISTINCT u.key FROM item i JOIN unit u ON u.id = i.unit
		WHERE `+unaccounted, nil, func(scan func(...any) error) (key string, err error) {
		err = scan(&key)
		return key, err
	}) {
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// reset makes pending what a condition with an index of its own selects.
func (j *Journal) reset(ctx context.Context, where string, args ...any) (int, error) {
	var total int64
	err := j.write(ctx, func(t *tx) error {
		type group struct{ dataset, state, n int64 }
		var groups []group
		err := t.all("SELECT dataset, state, count(*) FROM unit WHERE "+where+" GROUP BY dataset, state", args,
			func(scan func(...any) error) error {
				var g group
				err := scan(&g.dataset, &g.state, &g.n)
				groups = append(groups, g)
				return err
			})
		if err != nil || len(groups) == 0 {
			return err
		}
		for _, g := range groups {
			c := t.of(g.dataset)
			c.state[g.state] -= g.n
			c.state[pending] += g.n
		}
		// A unit that was running or asleep keeps its place; one that had ended goes last.
		total, err = t.exec("UPDATE unit SET priority = CASE WHEN state IN (1, 4) THEN priority ELSE max(priority, 100) END, "+
			"state = 0, again = 0, finished = NULL, not_before = NULL WHERE "+where, args...)
		return err
	}, nil)
	if err != nil {
		return 0, err
	}
	return int(total), nil
}
