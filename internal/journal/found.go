package journal

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"strings"

	"exitplan/exporter"
)

// Touch makes the bag of a path stale, durable on return, if it was sealed: a
// run that is killed between storing and recording leaves something behind
// that a later seal has to find. After the first call for a bag it costs
// nothing until the bag is sealed again.
func (j *Journal) Touch(ctx context.Context, path string) error {
	bag, _, _ := strings.Cut(path, "/data/")
	if _, known := j.touched.Load(bag); known {
		return nil
	}
	err := j.write(ctx, func(t *tx) error {
		_, err := t.exec("UPDATE bag SET stale = 1 WHERE name = ? AND sealed <> ''", bag)
		return err
	}, nil)
	if err == nil {
		j.touched.Store(bag, struct{}{})
	}
	return err
}

// Doubt makes every bag stale, for a journal that may be older than the
// destination: what it has forgotten can lie in any of them.
func (j *Journal) Doubt(ctx context.Context) error {
	return j.write(ctx, func(t *tx) error {
		_, err := t.exec("UPDATE bag SET stale = 1 WHERE sealed <> ''")
		return err
	}, nil)
}

// displace decides about an artifact whose path is recorded already. The same
// again is left alone, other bytes are a conflict; what was merely found there
// is taken out (gone), since the receipt of a run knows more about it.
func (t *tx) displace(bag int64, a exporter.Artifact, p place) (gone bool, err error) {
	var (
		dataset, size int64
		sum           []byte
		source        sql.NullString
	)
	if _, err := t.get("SELECT dataset, bytes, sha256, source FROM artifact WHERE bag = ? AND name = ?", []any{bag, p.name},
		&dataset, &size, &sum, &source); err != nil {
		return false, err
	}
	same := size == a.Bytes && bytes.Equal(sum, p.sha256)
	switch found := source.String == exporter.FoundSource; {
	case found && (!same || a.Source != exporter.FoundSource):
	case same:
		return false, nil
	default:
		return false, fmt.Errorf("%w: %s is recorded with %d bytes, sha256 %x, and came again with %d bytes, sha256 %s",
			exporter.ErrConflict, a.Path, size, sum, a.Bytes, a.SHA256)
	}
	if _, err := t.exec("DELETE FROM artifact WHERE bag = ? AND name = ?", bag, p.name); err != nil {
		return false, err
	}
	c := t.of(dataset)
	c.artifacts--
	c.bytes -= size
	t.grow(bag, -1, -size)
	return true, nil
}
