package journal

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"math"
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
			now := j.now().UnixMilli()
			for _, u := range some {
				if err := t.add(u, now); err != nil {
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

func (t *tx) add(u exporter.Unit, now int64) error {
	if u.Key == "" || u.Dataset == "" {
		return fmt.Errorf("unit %q of dataset %q: both a key and a dataset are needed", u.Key, u.Dataset)
	}
	dataset, err := t.dataset(u.Dataset)
	if err != nil {
		return err
	}
	state, begin := pending, instant(u.NotBefore)
	if begin != nil && u.NotBefore.UnixMilli() > now {
		state = asleep
	} else {
		begin = nil
	}
	// One that has ended is waited for no more.
	n, err := t.exec(`INSERT INTO unit (dataset, key, priority, state, waits_for, params, due, not_before)
		VALUES (?1, ?2, ?3, ?6, (SELECT ?4 WHERE NOT EXISTS (SELECT 1 FROM unit WHERE key = ?4 AND state > 1)), ?5, ?7, ?8)
		ON CONFLICT (key) DO NOTHING`, dataset, u.Key, u.Priority, null(u.After), []byte(u.Params), state, due(u.Due), begin)
	t.of(dataset).state[state] += n
	return err
}

// never is when nothing is deleted.
const never = math.MaxInt64

// due is the time by which units are ordered.
func due(t time.Time) int64 {
	if t.IsZero() {
		return never
	}
	return t.UnixMilli()
}

// instant stores a time in Unix milliseconds, and none as NULL.
func instant(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMilli()
}

// timeOf undoes instant.
func timeOf(ms sql.NullInt64) time.Time {
	if !ms.Valid || ms.Int64 == never {
		return time.Time{}
	}
	return time.UnixMilli(ms.Int64).UTC()
}

// Next hands out the pending unit of the lowest priority value, then of what is
// deleted first, then key, and counts the attempt. Datasets named in skip are left out, as if they
// had no units; those named in busy are only passed over. So is a unit that waits for one of another
// dataset, or for all others. io.EOF when none is pending now. A unit that could not be delivered,
// because ctx ended first, is pending again.
func (j *Journal) Next(ctx context.Context, busy []string, skip ...string) (exporter.Unit, error) {
	var lists [2]string
	for i, list := range [][]string{skip, busy} {
		text, err := json.Marshal(append([]string{}, list...))
		if err != nil {
			return exporter.Unit{}, err
		}
		lists[i] = string(text)
	}
	var u exporter.Unit
	err := j.write(ctx, func(t *tx) (err error) {
		u, err = t.next(lists[0], lists[1])
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
	ORDER BY p.priority, p.due, p.key LIMIT 1),
	(SELECT w.id FROM
		(SELECT p.id, p.waits_for FROM unit p WHERE p.state = 0 AND p.waits_for IS NOT NULL AND p.dataset = d.id ORDER BY p.priority, p.due, p.key LIMIT 1) w
	WHERE NOT EXISTS (SELECT 1 FROM unit o WHERE o.key = w.waits_for AND o.state IN (0, 1) AND o.dataset IN (SELECT id FROM allowed)))`

// Any that waits in vain, which only a look at all of them finds.
const anyWaiting = `
	(SELECT p.id FROM unit p WHERE p.state = 0 AND p.waits_for IS NOT NULL AND p.dataset = d.id AND ?2 AND NOT EXISTS
		(SELECT 1 FROM unit o WHERE o.key = p.waits_for AND o.state IN (0, 1) AND o.dataset IN (SELECT id FROM allowed))
	ORDER BY p.priority, p.due, p.key LIMIT 1)`

func (t *tx) next(without, busy string) (u exporter.Unit, err error) {
	var (
		id, dataset        int64
		after              sql.NullString
		params, checkpoint []byte
		due                sql.NullInt64
		found              bool
	)
	for _, candidates := range []string{firstUnits, anyWaiting} {
		if candidates == anyWaiting && busy != "[]" { // whoever asks without busy finds them
			break
		}
		found, err = t.get(`WITH allowed AS MATERIALIZED
				(SELECT id, name FROM dataset WHERE name NOT IN (SELECT value FROM json_each(?1)))
			SELECT u.id, u.dataset, d.name, u.key, u.priority, u.attempts, u.waits_for, u.due, u.params, u.checkpoint
			FROM allowed d JOIN unit u ON u.id IN (`+candidates+`) WHERE d.name NOT IN (SELECT value FROM json_each(?3))
			ORDER BY u.priority, u.due, u.key LIMIT 1`, []any{without, exporter.Last, busy},
			&id, &dataset, &u.Dataset, &u.Key, &u.Priority, &u.Attempts, &after, &due, &params, &checkpoint)
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
	u.After, u.Due, u.Params, u.Checkpoint = after.String, timeOf(due), params, checkpoint
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

// Has says whether there is a unit of that key.
func (j *Journal) Has(ctx context.Context, key string) (known bool, err error) {
	err = j.readers.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM unit WHERE key = ?)", key).Scan(&known)
	if err != nil {
		return false, j.unread(ctx, err)
	}
	return known, nil
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
