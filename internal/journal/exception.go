package journal

import (
	"context"
	"database/sql"
	"fmt"
	"iter"

	"exitplan/exporter"
)

// Exceptions streams everything that should exist and does not: first what
// done and failed units stated, by unit; then, with the reason
// exporter.FailedItem and a detail that begins "not accounted for", every
// expectation of a done or failed unit that is neither met nor named by such
// an exception. While units are pending, theirs may still be met.
func (j *Journal) Exceptions(ctx context.Context) iter.Seq2[exporter.Exception, error] {
	return func(yield func(exporter.Exception, error) bool) {
		for _, part := range []iter.Seq2[exporter.Exception, error]{j.stated(ctx), j.unstated(ctx)} {
			for e, err := range part {
				if !yield(e, err) || err != nil {
					return
				}
			}
		}
	}
}

func (j *Journal) stated(ctx context.Context) iter.Seq2[exporter.Exception, error] {
	return query(ctx, j, `SELECT d.name, u.key, i.name, e.reason, e.detail, e.correlation_id, e.attempts, e.covers, e.at, date(i.at/1000, 'unixepoch')
		FROM exception e JOIN unit u ON u.id = e.unit JOIN dataset d ON d.id = e.dataset
		LEFT JOIN item i ON i.id = e.item
		WHERE u.state IN (2, 3) ORDER BY u.key, e.id`, nil,
		func(scan func(...any) error) (exporter.Exception, error) {
			var (
				e                         exporter.Exception
				item, detail, correlation sql.NullString
				attempts, covers, at      sql.NullInt64
				day                       sql.NullString
			)
			err := scan(&e.Dataset, &e.Unit, &item, &e.Reason, &detail, &correlation, &attempts, &covers, &at, &day)
			e.At, e.Day = timeOf(at), day.String
			e.Item, e.Detail, e.CorrelationID = item.String, detail.String, correlation.String
			e.Attempts, e.Covers = int(attempts.Int64), covers.Int64
			return e, err
		})
}

// unaccounted is the condition on an item i, expected by a unit u.
const unaccounted = `i.got < i.expected AND u.state IN (2, 3) AND NOT EXISTS (
	SELECT 1 FROM exception e JOIN unit s ON s.id = e.unit
	WHERE e.item = i.id AND s.state IN (2, 3))`

func (j *Journal) unstated(ctx context.Context) iter.Seq2[exporter.Exception, error] {
	return query(ctx, j, `SELECT d.name, u.key, i.name, i.expected, i.got, i.source, date(i.at/1000, 'unixepoch')
		FROM item i JOIN unit u ON u.id = i.unit JOIN dataset d ON d.id = i.dataset
		WHERE `+unaccounted+`
		ORDER BY d.name, i.name`, nil,
		func(scan func(...any) error) (exporter.Exception, error) {
			e := exporter.Exception{Reason: exporter.FailedItem}
			var (
				expected, got int64
				source, day   sql.NullString
			)
			err := scan(&e.Dataset, &e.Unit, &e.Item, &expected, &got, &source, &day)
			e.Day = day.String
			by := ""
			if source.String != "" {
				by = " by " + source.String
			}
			e.Detail = fmt.Sprintf("not accounted for: %d expected%s, %d stored", expected, by, got)
			return e, err
		})
}
