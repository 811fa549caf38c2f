package dataset

import (
	"context"
	"encoding/json"
	"iter"
	"sync/atomic"

	"exitplan/exporter"
	"exitplan/internal/genesys"
)

// DaySample is a dataset of which only some days are exported, with all that they
// hold; what has no day, such as a listing of users, is exported whole.
type DaySample struct {
	Of   exporter.Dataset
	Days []exporter.Interval
	// Calls counts the requests that its units send.
	Calls atomic.Int64
}

// Info describes the dataset.
func (d *DaySample) Info() exporter.Info { return d.Of.Info() }

// Waits implements [exporter.Waiter].
func (d *DaySample) Waits() bool {
	w, ok := d.Of.(exporter.Waiter)
	return ok && w.Waits()
}

// Plan gives the units of the days alone, whatever the interval. What comes
// after an interval belongs to none of them.
func (d *DaySample) Plan(ctx context.Context, _ exporter.Interval) iter.Seq2[exporter.Unit, error] {
	days := d.Days
	if len(days) == 0 {
		days = []exporter.Interval{{}} // for what has no day
	}
	return func(yield func(exporter.Unit, error) bool) {
		seen := map[string]bool{}
		for _, day := range days {
			for u, err := range d.Of.Plan(ctx, day) {
				if err == nil && (seen[u.Key] || d.tail(u)) {
					continue
				}
				seen[u.Key] = true
				if !yield(u, err) {
					return
				}
			}
		}
	}
}

// tail says that a unit is about the time between an interval and now.
func (d *DaySample) tail(u exporter.Unit) bool {
	var p listingParams
	_, listing := d.Of.(*Listing)
	return listing && len(u.Params) > 0 && json.Unmarshal(u.Params, &p) == nil && p.Tail
}

// Run runs a unit as the dataset does.
func (d *DaySample) Run(ctx context.Context, u exporter.Unit, out *exporter.Output) (exporter.Receipt, error) {
	return d.Of.Run(genesys.Counting(ctx, &d.Calls), u, out)
}

// Describe says what a unit covers.
func (d *DaySample) Describe(u exporter.Unit) (words string, conversations int64) {
	if describer, ok := d.Of.(exporter.Describer); ok {
		return describer.Describe(u)
	}
	return d.Info().Name, 0
}
