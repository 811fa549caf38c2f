package journal

import (
	"context"

	"exitplan/exporter"
)

// Tally is how an export stands.
type Tally struct {
	Datasets map[string]Counts `json:"datasets"`
	Total    Counts            `json:"total"`
}

// Counts are the sums of one dataset, or of all.
type Counts struct {
	// Units by state.
	Pending int64 `json:"pending"`
	Running int64 `json:"running"`
	Done    int64 `json:"done"`
	Failed  int64 `json:"failed"`
	Asleep  int64 `json:"asleep,omitempty"` // until there is something for them

	Artifacts int64 `json:"artifacts"`
	Records   int64 `json:"records"`
	Bytes     int64 `json:"bytes"`

	// Expected is the sum of all expectations' counts, and Met how much of it
	// is stored; they are equal exactly when every expectation is met.
	Expected int64 `json:"expected"`
	Met      int64 `json:"met"`

	// Exceptions counts what done and failed units stated, by reason. What
	// Exceptions finds unaccounted for is not among them.
	Exceptions map[exporter.Reason]int64 `json:"exceptions,omitempty"`
}

// Tally sums up the journal. It reads counters, so it takes no longer for a
// million units; only exceptions are counted one by one.
func (j *Journal) Tally(ctx context.Context) (Tally, error) {
	t := Tally{Datasets: map[string]Counts{}}
	tx, err := j.readers.BeginTx(ctx, nil) // all sums from one instant
	if err != nil {
		return Tally{}, j.unread(ctx, err)
	}
	defer tx.Rollback()

	rows, err := tx.QueryContext(ctx, `SELECT name, pending, running, done, failed, asleep,
		artifacts, records, bytes, expected, met FROM dataset`)
	if err != nil {
		return Tally{}, j.unread(ctx, err)
	}
	defer rows.Close()
	for rows.Next() {
		var (
			name string
			c    Counts
		)
		if err := rows.Scan(&name, &c.Pending, &c.Running, &c.Done, &c.Failed, &c.Asleep,
			&c.Artifacts, &c.Records, &c.Bytes, &c.Expected, &c.Met); err != nil {
			return Tally{}, j.unread(ctx, err)
		}
		t.Datasets[name] = c
		t.Total.Add(c)
	}
	if err := rows.Err(); err != nil {
		return Tally{}, j.unread(ctx, err)
	}

	rows, err = tx.QueryContext(ctx, `SELECT d.name, e.reason, count(*) FROM exception e
		JOIN unit u ON u.id = e.unit JOIN dataset d ON d.id = e.dataset
		WHERE u.state IN (2, 3) GROUP BY d.name, e.reason`)
	if err != nil {
		return Tally{}, j.unread(ctx, err)
	}
	defer rows.Close()
	for rows.Next() {
		var (
			name   string
			reason exporter.Reason
			n      int64
		)
		if err := rows.Scan(&name, &reason, &n); err != nil {
			return Tally{}, j.unread(ctx, err)
		}
		c := t.Datasets[name]
		c.except(reason, n)
		t.Datasets[name] = c
		t.Total.except(reason, n)
	}
	if err := rows.Err(); err != nil {
		return Tally{}, j.unread(ctx, err)
	}
	return t, nil
}

// Add adds the sums of another dataset, its exceptions aside.
func (c *Counts) Add(o Counts) {
	c.Pending += o.Pending
	c.Running += o.Running
	c.Done += o.Done
	c.Failed += o.Failed
	c.Asleep += o.Asleep
	c.Artifacts += o.Artifacts
	c.Records += o.Records
	c.Bytes += o.Bytes
	c.Expected += o.Expected
	c.Met += o.Met
}

func (c *Counts) except(reason exporter.Reason, n int64) {
	if c.Exceptions == nil {
		c.Exceptions = map[exporter.Reason]int64{}
	}
	c.Exceptions[reason] += n
}
