package journal

import (
	"strings"

	"exitplan/exporter"
)

// itemRow is an item with what is expected and stored of it.
type itemRow struct {
	id       int64
	expected *int64
	got      int64
}

// met is how much of what is expected is there.
func (it itemRow) met() int64 {
	if it.expected == nil {
		return 0
	}
	return min(it.got, *it.expected)
}

func (t *tx) item(dataset int64, name string) (itemRow, error) {
	var it itemRow
	found, err := t.get("SELECT id, expected, got FROM item WHERE dataset = ? AND name = ?",
		[]any{dataset, name}, &it.id, &it.expected, &it.got)
	if err == nil && !found {
		it.id, err = t.insert("INSERT INTO item (dataset, name) VALUES (?, ?)", dataset, name)
	}
	return it, err
}

// count adds stored records to an item.
func (t *tx) count(unit, dataset int64, name string, records int64) error {
	it, err := t.item(dataset, name)
	if err != nil {
		return err
	}
	before := it.met()
	it.got += records
	t.of(dataset).met += it.met() - before
	if _, err = t.exec("UPDATE item SET got = ? WHERE id = ?", it.got, it.id); err != nil {
		return err
	}
	if it.expected == nil || *it.expected == 0 || it.got < *it.expected {
		return nil
	}
	// What other units said of its absence holds no more, nor that all of which
	// it is a part is absent.
	if _, err := t.exec("DELETE FROM exception WHERE item = ? AND unit <> ?", it.id, unit); err != nil {
		return err
	}
	i := strings.LastIndexByte(name, '/')
	if i < 0 {
		return nil
	}
	_, err = t.exec("DELETE FROM exception WHERE unit <> ? AND reason IN (?, ?) AND item = (SELECT id FROM item WHERE dataset = ? AND name = ?)",
		unit, string(exporter.NoMedia), string(exporter.StillProcessing), dataset, name[:i])
	return err
}

func (t *tx) expect(u unitRow, e exporter.Expectation) error {
	dataset, err := t.datasetOr(e.Dataset, u)
	if err != nil {
		return err
	}
	it, err := t.item(dataset, e.Item)
	if err != nil {
		return err
	}
	if err := t.date(it, e); err != nil {
		return err
	}
	if it.expected != nil && *it.expected >= e.Count {
		return nil
	}
	before, met := int64(0), it.met()
	if it.expected != nil {
		before = *it.expected
	}
	it.expected = &e.Count
	c := t.of(dataset)
	c.expected += e.Count - before
	c.met += it.met() - met
	// Whoever merely knew of it does not answer for it.
	_, err = t.exec("UPDATE item SET expected = ?, source = ?, unit = CASE WHEN expected > 0 THEN coalesce(unit, ?3) ELSE ?3 END WHERE id = ?4",
		e.Count, null(e.Source), u.id, it.id)
	return err
}

// date notes when an item came to be and when it is deleted. Who expects it
// knows its begin better than who merely knows of it.
func (t *tx) date(it itemRow, e exporter.Expectation) error {
	at, due := instant(e.At), instant(e.Due)
	if at == nil && due == nil {
		return nil
	}
	_, err := t.exec("UPDATE item SET at = CASE WHEN ?1 THEN coalesce(?2, at) ELSE coalesce(at, ?2) END, due = coalesce(?3, due) WHERE id = ?4",
		e.Count > 0, at, due, it.id)
	return err
}
