package journal

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"exitplan/exporter"
)

// Commit records a receipt in one transaction, durable on return; recording
// it again changes nothing. What it does:
//
//   - An artifact whose path, SHA-256 and size are known is left alone; a
//     known path with other bytes is exporter.ErrConflict, names the path,
//     and nothing of the receipt is recorded. One that was merely found there
//     (exporter.FoundSource) gives way to any other.
//   - Expectations of the same dataset and item become one with the highest
//     count. Discovered units whose key is known are left alone.
//   - Settled units that are pending are done.
//   - A checkpoint replaces the one before; nil keeps it.
//   - Done or Failed closes the unit. The exceptions of a done receipt replace
//     what earlier runs of the unit stated; those of a failed one, which looked
//     at nothing to the end, are added to what is still absent.
//
// An empty dataset in the receipt means the unit's. When ctx ends first, the
// result is the context's cause, and the receipt may have been recorded.
//
// Errors besides: ErrUnknownUnit, or what is wrong with the receipt.
func (j *Journal) Commit(ctx context.Context, r exporter.Receipt) error {
	places, err := check(r)
	if err != nil {
		return fmt.Errorf("receipt of unit %q: %w", r.Unit, err)
	}
	return j.write(ctx, func(t *tx) error {
		err := t.commit(r, places, j.now().UnixMilli())
		if err != nil && !ends(err) {
			return fmt.Errorf("receipt of unit %q: %w", r.Unit, err)
		}
		return err
	}, nil)
}

// place is where and what an artifact is, as the table has it.
type place struct {
	bag, name string
	sha256    []byte
}

// check refuses a receipt that could not be exported later, and cuts the
// paths of its artifacts.
func check(r exporter.Receipt) ([]place, error) {
	switch r.Outcome {
	case exporter.Done, exporter.Failed:
	case exporter.Partial:
		if len(r.Exceptions) > 0 {
			return nil, errors.New("exceptions belong to a done or failed receipt, not to a partial one")
		}
	default:
		return nil, fmt.Errorf("unknown outcome %q", r.Outcome)
	}
	places := make([]place, len(r.Artifacts))
	for i, a := range r.Artifacts {
		p := &places[i]
		var ok bool
		if p.bag, p.name, ok = strings.Cut(a.Path, "/data/"); !ok || p.bag == "" || p.name == "" {
			return nil, fmt.Errorf(`artifact %q: its path is not "<bag>/data/<name>", so no manifest would list it`, a.Path)
		}
		var err error
		p.sha256, err = hex.DecodeString(a.SHA256)
		if err != nil || len(p.sha256) != 32 || strings.ToLower(a.SHA256) != a.SHA256 {
			return nil, fmt.Errorf("artifact %q: %q is not a SHA-256 in lower-case hex", a.Path, a.SHA256)
		}
		if a.Bytes < 0 || a.Records < 0 {
			return nil, fmt.Errorf("artifact %q: negative size or number of records", a.Path)
		}
	}
	for _, e := range r.Expected {
		if e.Item == "" || e.Count < 0 {
			return nil, fmt.Errorf("expectation %q (count %d): an item and a count of 0 or more are needed", e.Item, e.Count)
		}
	}
	return places, nil
}

func (t *tx) commit(r exporter.Receipt, places []place, now int64) error {
	u, err := t.unit(r.Unit)
	if err != nil {
		return err
	}
	again := r.Outcome == exporter.Failed
	for _, e := range r.Exceptions {
		again = again || e.Reason.Retryable()
	}
	// What is stored is remembered for the next run of the unit, if any.
	keep := again || r.Outcome == exporter.Partial && u.state != done
	for _, e := range r.Expected { // before what meets it
		if err := t.expect(u, e); err != nil {
			return err
		}
	}
	for i, a := range r.Artifacts {
		if err := t.artifact(u, a, places[i], keep); err != nil {
			return err
		}
	}
	for _, d := range r.Discovered {
		if err := t.add(d, now); err != nil {
			return err
		}
	}
	for key, at := range r.Due {
		if _, err := t.exec("UPDATE unit SET due = ? WHERE key = ? AND state IN (0, 4)", due(at), key); err != nil {
			return err
		}
	}
	for _, key := range r.Settled {
		if err := t.settle(key, now); err != nil {
			return err
		}
	}
	if r.Checkpoint != nil {
		if _, err := t.exec("UPDATE unit SET checkpoint = ? WHERE id = ?", []byte(r.Checkpoint), u.id); err != nil {
			return err
		}
	}
	if r.Outcome == exporter.Partial {
		return nil
	}
	if err := t.except(u, r.Outcome, r.Exceptions, now); err != nil {
		return err
	}
	if at := instant(r.Again); at != nil && again && r.Again.UnixMilli() > now {
		if _, err := t.exec("UPDATE unit SET not_before = ? WHERE id = ?", at, u.id); err != nil {
			return err
		}
	}
	return t.finish(u, r.Outcome, again, now)
}

// settle closes a pending unit whose work another has done.
func (t *tx) settle(key string, now int64) error {
	u, err := t.unit(key)
	if errors.Is(err, ErrUnknownUnit) || err == nil && u.state != pending {
		return nil
	}
	if err != nil {
		return err
	}
	if err := t.except(u, exporter.Done, nil, now); err != nil {
		return err
	}
	return t.finish(u, exporter.Done, false, now)
}

// finish closes a unit, for which no other waits any more. One that no later run
// is known to open again needs no list of what it stored.
func (t *tx) finish(u unitRow, o exporter.Outcome, again bool, now int64) error {
	state := int64(done)
	if o == exporter.Failed {
		state = failed
	}
	c := t.of(u.dataset)
	c.state[u.state]--
	c.state[state]++
	if _, err := t.exec("UPDATE unit SET waits_for = NULL WHERE waits_for = (SELECT key FROM unit WHERE id = ?)", u.id); err != nil {
		return err
	}
	if again {
		_, err := t.exec("UPDATE unit SET state = ?, again = 1, finished = ? WHERE id = ?", state, now, u.id)
		return err
	}
	if _, err := t.exec("DELETE FROM stored WHERE unit = ?", u.id); err != nil {
		return err
	}
	_, err := t.exec("UPDATE unit SET state = ?, again = 0, finished = ? WHERE id = ?", state, now, u.id)
	return err
}

func (t *tx) artifact(u unitRow, a exporter.Artifact, p place, keep bool) error {
	dataset, err := t.datasetOr(a.Dataset, u)
	if err != nil {
		return err
	}
	bag, err := t.bag(p.bag)
	if err != nil {
		return err
	}
	if keep {
		if _, err := t.exec("INSERT OR IGNORE INTO stored VALUES (?, ?, ?)", u.id, bag, p.name); err != nil {
			return err
		}
	}
	var item any
	if a.Item != "" {
		it, err := t.item(dataset, a.Item)
		if err != nil {
			return err
		}
		item = it.id
	}
	insert := func() (int64, error) {
		return t.exec(`INSERT INTO artifact VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (bag, name) DO NOTHING`,
			bag, p.name, dataset, u.id, item, a.Bytes, p.sha256, a.Records, null(a.Source),
			null(a.Attest.Level), null(a.Attest.Value), null(a.Attest.ETag), null(a.Attest.VersionID),
			nonzero(a.Attest.PartSize), nonzero(int64(a.Attest.Parts)))
	}
	n, err := insert()
	if err != nil {
		return err
	}
	if n == 0 {
		switch gone, err := t.displace(bag, a, p); {
		case err != nil:
			return err
		case !gone:
			return t.recount(u, dataset, bag, a, p)
		}
		if _, err := insert(); err != nil {
			return err
		}
	}
	c := t.of(dataset)
	c.artifacts++
	c.records += a.Records
	c.bytes += a.Bytes
	t.grow(bag, 1, a.Bytes)
	if item == nil || a.Records == 0 {
		return nil
	}
	return t.count(u.id, dataset, a.Item, a.Records)
}

// recount counts an artifact whose bytes were recorded before without meeting all
// that they meet now: a recording of which another medium was lacking.
func (t *tx) recount(u unitRow, dataset, bag int64, a exporter.Artifact, p place) error {
	var had int64
	if _, err := t.get("SELECT records FROM artifact WHERE bag = ? AND name = ?", []any{bag, p.name}, &had); err != nil || a.Item == "" || a.Records <= had {
		return err
	}
	it, err := t.item(dataset, a.Item)
	if err != nil {
		return err
	}
	if _, err := t.exec("UPDATE artifact SET records = ?, item = ? WHERE bag = ? AND name = ?", a.Records, it.id, bag, p.name); err != nil {
		return err
	}
	t.of(dataset).records += a.Records - had
	return t.count(u.id, dataset, a.Item, a.Records-had)
}

// Vouched says whether an artifact of that path is recorded, other than as
// found there.
func (j *Journal) Vouched(ctx context.Context, path string) (bool, error) {
	bag, name, _ := strings.Cut(path, "/data/")
	var vouched bool
	err := j.readers.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM artifact
		WHERE bag = (SELECT id FROM bag WHERE name = ?) AND name = ? AND source IS NOT ?)`, bag, name, exporter.FoundSource).Scan(&vouched)
	if err != nil {
		return false, j.unread(ctx, err)
	}
	return vouched, nil
}

// except replaces what a unit states about items that are absent; for a failed
// one, only about those that are named again or have been met since.
func (t *tx) except(u unitRow, o exporter.Outcome, list []exporter.Exception, now int64) error {
	old := "DELETE FROM exception WHERE unit = ?"
	if o == exporter.Failed {
		old += " AND (item IS NULL OR item IN (SELECT id FROM item WHERE got >= expected))"
	}
	if _, err := t.exec(old, u.id); err != nil {
		return err
	}
	for _, e := range list {
		dataset, err := t.datasetOr(e.Dataset, u)
		if err != nil {
			return err
		}
		var item any
		if e.Item != "" {
			it, err := t.item(dataset, e.Item)
			if err != nil {
				return err
			}
			item = it.id
			if day, err := time.Parse(time.DateOnly, e.Day); err == nil {
				if err := t.date(it, exporter.Expectation{At: day}); err != nil {
					return err
				}
			}
			// The last word on an item counts, whichever unit had it.
			if _, err := t.exec("DELETE FROM exception WHERE item = ? AND (unit <> ?2 OR ?3)", it.id, u.id, o == exporter.Failed); err != nil {
				return err
			}
		}
		if _, err := t.exec(`INSERT INTO exception (unit, dataset, item, reason, detail, correlation_id, attempts, covers, at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, u.id, dataset, item, string(e.Reason),
			null(e.Detail), null(e.CorrelationID), nonzero(int64(e.Attempts)), nonzero(e.Covers), now); err != nil {
			return err
		}
	}
	return nil
}

// datasetOr is the number of a dataset, or the unit's own for no name.
func (t *tx) datasetOr(name string, u unitRow) (int64, error) {
	if name == "" {
		return u.dataset, nil
	}
	return t.dataset(name)
}

// nonzero stores a zero as NULL.
func nonzero(n int64) any {
	if n == 0 {
		return nil
	}
	return n
}
