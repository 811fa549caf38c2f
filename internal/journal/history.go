package journal

import (
	"context"
	"database/sql"
	"time"

	"exitplan/exporter"
)

// History is what an export has done so far, as time went by.
type History struct {
	// Runs are the stretches in which a process was at work, oldest first; the
	// last one ends with its last sign of life.
	Runs []exporter.Interval
	// Width is that of a bucket. Buckets holds how many units of each dataset
	// finished in [At, At + Width), oldest first, without those in which none did.
	Width   time.Duration
	Buckets []Bucket
}

// Bucket is a part of a history.
type Bucket struct {
	At       time.Time
	Finished map[string]int64 // units, by dataset
}

// The history is cut into about so many buckets, none shorter than the least.
const (
	buckets     = 500
	leastBucket = 5 * time.Second
)

// History reads events, and an index of the finished units.
func (j *Journal) History(ctx context.Context) (h History, err error) {
	var active time.Duration
	last, err := j.lastSign(ctx)
	if err != nil {
		return h, err
	}
	for e, err := range j.Events(ctx) {
		if err != nil {
			return h, err
		}
		n := len(h.Runs)
		switch {
		case e.Kind == "run-started":
			if n > 0 && h.Runs[n-1].To.IsZero() { // it was killed
				if h.Runs[n-1].To, err = j.lastBefore(ctx, e.Time); err != nil {
					return h, err
				}
			}
			h.Runs = append(h.Runs, exporter.Interval{From: e.Time})
		case e.Kind == "run-ended" && n > 0 && h.Runs[n-1].To.IsZero():
			h.Runs[n-1].To = e.Time
		}
	}
	for i := range h.Runs {
		r := &h.Runs[i]
		if r.To.IsZero() {
			r.To = last
		}
		if r.To.Before(r.From) {
			r.To = r.From
		}
		active += r.To.Sub(r.From)
	}
	h.Width = max(leastBucket, (active / buckets).Truncate(time.Second))
	type row struct {
		at      time.Time
		dataset string
		n       int64
	}
	for r, err := range query(ctx, j, `SELECT f.bucket, d.name, f.n FROM dataset d JOIN
		(SELECT finished / ?1 AS bucket, dataset, count(*) AS n FROM unit WHERE finished IS NOT NULL GROUP BY 1, 2) f ON f.dataset = d.id
		ORDER BY f.bucket`, []any{h.Width.Milliseconds()}, func(scan func(...any) error) (r row, err error) {
		var bucket int64
		err = scan(&bucket, &r.dataset, &r.n)
		r.at = time.UnixMilli(bucket * h.Width.Milliseconds()).UTC()
		return r, err
	}) {
		if err != nil {
			return h, err
		}
		if n := len(h.Buckets); n == 0 || !h.Buckets[n-1].At.Equal(r.at) {
			h.Buckets = append(h.Buckets, Bucket{r.at, map[string]int64{}})
		}
		h.Buckets[len(h.Buckets)-1].Finished[r.dataset] = r.n
	}
	return h, nil
}

// lastSign is the last sign of life of an export.
func (j *Journal) lastSign(ctx context.Context) (time.Time, error) {
	to, err := j.LastTime(ctx)
	if err != nil {
		return to, err
	}
	finished, err := j.lastBefore(ctx, time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC))
	if finished.After(to) {
		to = finished
	}
	return to, err
}

// lastBefore is when the last unit before an instant ended; zero for none.
func (j *Journal) lastBefore(ctx context.Context, t time.Time) (time.Time, error) {
	var at sql.NullInt64
	err := j.readers.QueryRowContext(ctx, "SELECT max(finished) FROM unit WHERE finished IS NOT NULL AND finished < ?", t.UnixMilli()).Scan(&at)
	if err != nil {
		return time.Time{}, j.unread(ctx, err)
	}
	return timeOf(at), nil
}

// Told is how many items of a dataset any source knows of, and how many of them
// are stored.
func (j *Journal) Told(ctx context.Context, dataset string) (known, stored int64, err error) {
	var got sql.NullInt64
	err = j.readers.QueryRowContext(ctx, `SELECT count(*), sum(got > 0) FROM item
		WHERE dataset = (SELECT id FROM dataset WHERE name = ?) AND expected IS NOT NULL`, dataset).Scan(&known, &got)
	if err != nil {
		return 0, 0, j.unread(ctx, err)
	}
	return known, got.Int64, nil
}
