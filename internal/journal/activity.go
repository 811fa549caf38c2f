package journal

import (
	"context"
	"database/sql"
	"time"
)

// Activity is the last stretch of time in which an export was at work.
type Activity struct {
	// From is no earlier than the begin of the last run; To is its last sign
	// of life: a unit that finished, or Advance. Zero before the first.
	From time.Time `json:"from,omitzero"`
	To   time.Time `json:"to,omitzero"`
	// Finished counts the units that finished in it, by dataset.
	Finished map[string]int64 `json:"finished"`
}

// Finished is when the last unit of a dataset ended; zero for none.
func (j *Journal) Finished(ctx context.Context, dataset string) (time.Time, error) {
	var last sql.NullInt64
	err := j.readers.QueryRowContext(ctx, `SELECT max(finished) FROM unit
		WHERE dataset = (SELECT id FROM dataset WHERE name = ?) AND finished IS NOT NULL`, dataset).Scan(&last)
	if err != nil {
		return time.Time{}, j.unread(ctx, err)
	}
	return timeOf(last), nil
}

// Activity looks back over at most span. It reads an index, and of that only
// what finished in the stretch.
func (j *Journal) Activity(ctx context.Context, span time.Duration) (Activity, error) {
	a := Activity{Finished: map[string]int64{}}
	to, err := j.LastTime(ctx)
	if err != nil {
		return a, err
	}
	var last sql.NullInt64
	if err := j.readers.QueryRowContext(ctx, "SELECT max(finished) FROM unit WHERE finished IS NOT NULL").Scan(&last); err != nil {
		return a, j.unread(ctx, err)
	}
	if at := time.UnixMilli(last.Int64).UTC(); last.Valid && at.After(to) {
		to = at
	}
	if to.IsZero() {
		return a, nil
	}
	a.From, a.To = to.Add(-span), to
	for began, err := range query(ctx, j, "SELECT time FROM event WHERE kind = 'run-started' ORDER BY seq DESC LIMIT 1", nil,
		func(scan func(...any) error) (t time.Time, err error) {
			var text string
			if err := scan(&text); err != nil {
				return t, err
			}
			return time.Parse(time.RFC3339Nano, text)
		}) {
		if err != nil {
			return a, err
		}
		if began.After(a.From) && began.Before(a.To) {
			a.From = began
		}
	}
	type finished struct {
		dataset string
		n       int64
	}
	for f, err := range query(ctx, j, `SELECT d.name, f.n FROM dataset d JOIN
		(SELECT dataset, count(*) AS n FROM unit WHERE finished >= ? GROUP BY dataset) f ON f.dataset = d.id`,
		[]any{a.From.UnixMilli()}, func(scan func(...any) error) (f finished, err error) {
			err = scan(&f.dataset, &f.n)
			return f, err
		}) {
		if err != nil {
			return a, err
		}
		a.Finished[f.dataset] = f.n
	}
	return a, nil
}
