package journal

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"exitplan/exporter"
)

// Add records units, durable on return; a unit whose key is known is left
// alone. It commits a thousand at a time, so after an error some may be
// recorded; adding them again is harmless.
func (j *Journal) Add(ctx context.Context, units []exporter.Unit) error {
	for some := range slices.Chunk(units, 1000) {
		err := j.write(ctx, func(t *tx) error {
			for _, u := range some {
				if err := t.add(u); err != nil {
					return err
				}
			}
			return nil
		}, nil)
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) add(u exporter.Unit) error {
	if u.Key == "" || u.Dataset == "" {
		return fmt.Errorf("unit %q of dataset %q: both a key and a dataset are needed", u.Key, u.Dataset)
	}
	dataset, err := t.dataset(u.Dataset)
	if err != nil {
		return err
	}
	// One that has ended is waited for no more.
	n, err := t.exec(`INSERT INTO unit (dataset, key, priority, state, waits_for, params)
		VALUES (?1, ?2, ?3, 0, (SELECT ?4 WHERE NOT EXISTS (SELECT 1 FROM unit WHERE key = ?4 AND state > 1)), ?5)
		ON CONFLICT (key) DO NOTHING`, dataset, u.Key, u.Priority, null(u.After), []byte(u.Params))
	t.of(dataset).state[pending] += n
	return err
}

// Next hands out the pending unit of the lowest priority value, then key, and
// counts the attempt; datasets named in skip are left out, and so is a unit
// that waits for one of another dataset, or for all others. io.EOF when none is pending now. A
// unit that could not be delivered, because ctx ended first, is pending again.
func (j *Journal) Next(ctx context.Context, skip ...string) (exporter.Unit, error) {
	if skip == nil {
		skip = []string{}
	}
	without, err := json.Marshal(skip)
	if err != nil {
		return exporter.Unit{}, err
	}
	var u exporter.Unit
	err = j.write(ctx, func(t *tx) (err error) {
		u, err = t.next(string(without))
		return err
	}, func(t *tx) error {
		return t.giveBack(u.Key, 1)
	})
	if err != nil {
		return exporter.Unit{}, err
	}
	return u, nil
}

// The first of each dataset that is ready, and the first that waits. What a unit
// waits for has not ended, or it would be ready (see finish), and nearly always
// all of a dataset wait for units of one other, so that the first tells for all
// whether that one may be exported now. So a million units that wait, or of a
// skipped dataset, cost nothing.
const firstUnits = `
	(SELECT p.id FROM unit p WHERE p.state = 0 AND p.waits_for IS NULL AND p.dataset = d.id AND (p.priority < ?2 OR NOT EXISTS
		(SELECT 1 FROM unit o WHERE o.state IN (0, 1) AND o.dataset IN (SELECT id FROM allowed) AND o.priority < ?2))
	ORDER BY p.priority, p.key LIMIT 1),
	(SELECT w.id FROM
		(SELECT p.id, p.waits_for FROM unit p WHERE p.state = 0 AND p.waits_for IS NOT NULL AND p.dataset = d.id ORDER BY p.priority, p.key LIMIT 1) w
	WHERE NOT EXISTS (SELECT 1 FROM unit o WHERE o.key = w.waits_for AND o.state IN (0, 1) AND o.dataset IN (SELECT id FROM allowed)))`

// Any that waits in vain, which only a look at all of them finds.
const anyWaiting = `
	(SELECT p.id FROM unit p WHERE p.state = 0 AND p.waits_for IS NOT NULL AND p.dataset = d.id AND ?2 AND NOT EXISTS
		(SELECT 1 FROM unit o WHERE o.key = p.waits_for AND o.state IN (0, 1) AND o.dataset IN (SELECT id FROM allowed))
	ORDER BY p.priority, p.key LIMIT 1)`

func (t *tx) next(without string) (u exporter.Unit, err error) {
	var (
		id, dataset        int64
		after              sql.NullString
		params, checkpoint []byte
		found              bool
	)
	for _, candidates := range []string{firstUnits, anyWaiting} {
		found, err = t.get(`WITH allowed AS MATERIALIZED
				(SELECT id, name FROM dataset WHERE name NOT IN (SELECT value FROM json_each(?1)))
			SELECT u.id, u.dataset, d.name, u.key, u.priority, u.attempts, u.waits_for, u.params, u.checkpoint
			FROM allowed d JOIN unit u ON u.id IN (`+candidates+`)
			ORDER BY u.priority, u.key LIMIT 1`, []any{without, exporter.Last},
			&id, &dataset, &u.Dataset, &u.Key, &u.Priority, &u.Attempts, &after, &params, &checkpoint)
		if err != nil || found {
			break
		}
	}
	if err != nil {
		return u, err
	}
	if !found {
		return u, io.EOF
	}
	u.After, u.Params, u.Checkpoint = after.String, params, checkpoint
	if u.Stored, err = t.stored(id); err != nil {
		return u, err
	}
	c := t.of(dataset)
	c.state[pending]--
	c.state[running]++
	_, err = t.exec("UPDATE unit SET state = 1, attempts = attempts + 1 WHERE id = ?", id)
	return u, err
}

// stored reads the artifacts that earlier runs of a unit committed, in the
// order of their paths.
func (t *tx) stored(unit int64) ([]exporter.Artifact, error) {
	var list []exporter.Artifact
	err := t.all(`SELECT `+artifactColumns+` FROM stored s
		JOIN artifact a ON a.bag = s.bag AND a.name = s.name `+artifactJoins+`
		WHERE s.unit = ? ORDER BY b.name || '/data/' || a.name`, []any{unit},
		func(scan func(...any) error) error {
			a, err := scanArtifact(scan)
			list = append(list, a)
			return err
		})
	return list, err
}

// Release makes a unit that was handed out pending again; its checkpoint and
// what it stored stay. One that is not out is left alone. An unknown key is
// ErrUnknownUnit.
func (j *Journal) Release(ctx context.Context, unit string) error {
	return j.write(ctx, func(t *tx) error { return t.giveBack(unit, 0) }, nil)
}

// giveBack makes a running unit pending and takes back some of its attempts.
func (t *tx) giveBack(key string, attempts int) error {
	u, err := t.unit(key)
	if err != nil || u.state != running {
		return err
	}
	c := t.of(u.dataset)
	c.state[running]--
	c.state[pending]++
	_, err = t.exec("UPDATE unit SET state = 0, attempts = attempts - ? WHERE id = ?", attempts, u.id)
	return err
}

// unitRow is what the journal must know of a unit to change its state.
type unitRow struct{ id, dataset, state int64 }

func (t *tx) unit(key string) (unitRow, error) {
	var u unitRow
	found, err := t.get("SELECT id, dataset, state FROM unit WHERE key = ?", []any{key}, &u.id, &u.dataset, &u.state)
	if err == nil && !found {
		err = fmt.Errorf("%w: %q", ErrUnknownUnit, key)
	}
	return u, err
}

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
	const of = "state = 2 AND dataset = (SELECT id FROM dataset WHERE name = ?1) AND finished < ?2"
	err := j.write(ctx, func(t *tx) error {
		_, err := t.exec("INSERT OR IGNORE INTO stored SELECT unit, bag, name FROM artifact WHERE unit IN (SELECT id FROM unit WHERE "+of+")", dataset, before.UnixMilli())
		return err
	}, nil)
	if err != nil {
		return 0, err
	}
	return j.reset(ctx, of, dataset, before.UnixMilli())
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
		// A unit that was running keeps its place; one that had ended goes last.
		total, err = t.exec("UPDATE unit SET priority = CASE state WHEN 1 THEN priority ELSE max(priority, 100) END, "+
			"state = 0, again = 0, finished = NULL WHERE "+where, args...)
		return err
	}, nil)
	if err != nil {
		return 0, err
	}
	return int(total), nil
}
