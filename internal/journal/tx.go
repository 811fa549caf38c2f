package journal

import (
	"database/sql"
	"errors"
)

// tx is one operation's view of the transaction. Its counters are added to
// the tables when the operation has succeeded.
type tx struct {
	w      *writer
	counts map[int64]*counts // by dataset
	bags   map[int64]*volume // by bag
}

// counts are changes of a dataset's counters.
type counts struct {
	state                                    [5]int64 // by state of unit
	artifacts, records, bytes, expected, met int64
}

// volume is what an operation added to a bag.
type volume struct{ files, bytes int64 }

// names remembers the numbers of datasets and bags.
type names struct{ datasets, bags map[string]int64 }

func newNames() names {
	return names{datasets: map[string]int64{}, bags: map[string]int64{}}
}

// exec runs a statement and returns how many rows it changed.
func (t *tx) exec(query string, args ...any) (int64, error) {
	s, err := t.w.stmt(query)
	if err != nil {
		return 0, err
	}
	res, err := s.Exec(args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// insert runs an INSERT and returns the number of its row.
func (t *tx) insert(query string, args ...any) (int64, error) {
	s, err := t.w.stmt(query)
	if err != nil {
		return 0, err
	}
	res, err := s.Exec(args...)
	if err != nil {
		return 0, err
	}
	return res.LastInsertId()
}

// get reads one row; found is false where there is none.
func (t *tx) get(query string, args []any, dest ...any) (found bool, err error) {
	s, err := t.w.stmt(query)
	if err != nil {
		return false, err
	}
	err = s.QueryRow(args...).Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// all calls each for every row.
func (t *tx) all(query string, args []any, each func(scan func(...any) error) error) error {
	s, err := t.w.stmt(query)
	if err != nil {
		return err
	}
	rows, err := s.Query(args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (t *tx) dataset(name string) (int64, error) {
	return t.number(t.w.names.datasets, name,
		"SELECT id FROM dataset WHERE name = ?", "INSERT INTO dataset (name) VALUES (?)")
}

func (t *tx) bag(name string) (int64, error) {
	return t.number(t.w.names.bags, name,
		"SELECT id FROM bag WHERE name = ?", "INSERT INTO bag (name) VALUES (?)")
}

// number finds or gives the number of a name.
func (t *tx) number(known map[string]int64, name, find, add string) (int64, error) {
	if id, ok := known[name]; ok {
		return id, nil
	}
	var id int64
	found, err := t.get(find, []any{name}, &id)
	if err == nil && !found {
		id, err = t.insert(add, name)
	}
	if err != nil {
		return 0, err
	}
	known[name] = id
	return id, nil
}

// of returns the changes of a dataset's counters.
func (t *tx) of(dataset int64) *counts {
	c := t.counts[dataset]
	if c == nil {
		c = &counts{}
		t.counts[dataset] = c
	}
	return c
}

// grow counts further files of a bag.
func (t *tx) grow(bag, files, bytes int64) {
	v := t.bags[bag]
	if v == nil {
		v = &volume{}
		t.bags[bag] = v
	}
	v.files += files
	v.bytes += bytes
}

// flush adds the counters to the tables. A bag that grew after its seal is
// stale.
func (t *tx) flush() error {
	for dataset, c := range t.counts {
		if *c == (counts{}) {
			continue
		}
		if _, err := t.exec(`UPDATE dataset SET
			pending = pending + ?, running = running + ?, done = done + ?, failed = failed + ?, asleep = asleep + ?,
			artifacts = artifacts + ?, records = records + ?, bytes = bytes + ?,
			expected = expected + ?, met = met + ? WHERE id = ?`,
			c.state[pending], c.state[running], c.state[done], c.state[failed], c.state[asleep],
			c.artifacts, c.records, c.bytes, c.expected, c.met, dataset); err != nil {
			return err
		}
	}
	for bag, v := range t.bags {
		if _, err := t.exec(`UPDATE bag SET files = files + ?, bytes = bytes + ?, stale = (sealed <> '') WHERE id = ?`,
			v.files, v.bytes, bag); err != nil {
			return err
		}
	}
	return nil
}

// null stores an empty string as NULL, which takes no room.
func null(s string) any {
	if s == "" {
		return nil
	}
	return s
}
