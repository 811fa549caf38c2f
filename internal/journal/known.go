package journal

import (
	"context"
	"database/sql"
	"iter"
	"time"

	"exitplan/exporter"
)

// Units yields those whose keys begin so, in their order.
func (j *Journal) Units(ctx context.Context, prefix string) iter.Seq2[exporter.Unit, error] {
	return query(ctx, j, "SELECT key, params, checkpoint FROM unit WHERE key >= ?1 AND key < ?2 ORDER BY key", []any{prefix, after(prefix)},
		func(scan func(...any) error) (u exporter.Unit, err error) {
			var params, checkpoint []byte
			err = scan(&u.Key, &params, &checkpoint)
			u.Params, u.Checkpoint = params, checkpoint
			return u, err
		})
}

const knownColumns = "i.name, coalesce(i.expected, 0), i.got, i.source, i.at, i.due"

// unmetItem is the condition on an item i that is neither stored nor excepted.
const unmetItem = "i.got = 0 AND NOT EXISTS (SELECT 1 FROM exception e JOIN unit s ON s.id = e.unit WHERE e.item = i.id AND s.state IN (2, 3))"

func scanKnown(scan func(...any) error) (exporter.Known, error) {
	var (
		k       exporter.Known
		source  sql.NullString
		at, due sql.NullInt64
	)
	err := scan(&k.Item, &k.Count, &k.Stored, &source, &at, &due)
	k.Source, k.At, k.Due = source.String, timeOf(at), timeOf(due)
	return k, err
}

// Known implements [exporter.Journal]. It should be read without delay, since
// it holds a view of the database meanwhile.
func (j *Journal) Known(ctx context.Context, dataset, from, to string, unmet bool) iter.Seq2[exporter.Known, error] {
	text := "SELECT " + knownColumns + ` FROM item i WHERE i.dataset = (SELECT id FROM dataset WHERE name = ?1) AND i.name >= ?2`
	args := []any{dataset, from}
	if to != "" {
		text += " AND i.name < ?3"
		args = append(args, to)
	}
	if unmet {
		text += " AND " + unmetItem
	}
	return query(ctx, j, text+" ORDER BY i.name", args, scanKnown)
}

// Failed implements [exporter.Journal].
func (j *Journal) Failed(ctx context.Context, dataset string) iter.Seq2[exporter.Unit, error] {
	return query(ctx, j, "SELECT key, params FROM unit WHERE again = 1 AND state = 3 AND dataset = (SELECT id FROM dataset WHERE name = ?)", []any{dataset},
		func(scan func(...any) error) (exporter.Unit, error) {
			u := exporter.Unit{Dataset: dataset}
			var params []byte
			err := scan(&u.Key, &params)
			u.Params = params
			return u, err
		})
}

// Doomed yields what is known of a dataset, began in an interval, is to be
// deleted by the platform, and is neither stored nor excepted: what is deleted
// first comes first.
func (j *Journal) Doomed(ctx context.Context, dataset string, iv exporter.Interval) iter.Seq2[exporter.Known, error] {
	return query(ctx, j, "SELECT "+knownColumns+` FROM item i WHERE i.dataset = (SELECT id FROM dataset WHERE name = ?1)
		AND i.due IS NOT NULL AND coalesce(i.at, ?2) >= ?2 AND coalesce(i.at, ?2) < ?3 AND `+unmetItem+" ORDER BY i.due, i.name",
		[]any{dataset, iv.From.UnixMilli(), iv.To.UnixMilli()}, scanKnown)
}

// Deadline is how much is deleted in one hour.
type Deadline struct {
	Hour  time.Time // its begin
	Items int64
}

// Deadlines counts what Doomed yields, by hours.
func (j *Journal) Deadlines(ctx context.Context, dataset string, iv exporter.Interval) iter.Seq2[Deadline, error] {
	const hour = int64(time.Hour / time.Millisecond)
	return query(ctx, j, `SELECT i.due / ?4, count(*) FROM item i WHERE i.dataset = (SELECT id FROM dataset WHERE name = ?1)
		AND i.due IS NOT NULL AND coalesce(i.at, ?2) >= ?2 AND coalesce(i.at, ?2) < ?3 AND `+unmetItem+" GROUP BY 1 ORDER BY 1",
		[]any{dataset, iv.From.UnixMilli(), iv.To.UnixMilli(), hour},
		func(scan func(...any) error) (d Deadline, err error) {
			var n int64
			err = scan(&n, &d.Items)
			d.Hour = time.UnixMilli(n * hour).UTC()
			return d, err
		})
}
