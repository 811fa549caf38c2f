package main

import (
	"slices"
	"time"

	"exitplan/internal/contract"
	"exitplan/internal/forecast"
)

// ending is when a class of data is exported, held against its window: half of
// the cases end before P50, nine in ten before P90.
type ending struct {
	Class  string    `json:"class"`
	Begins time.Time `json:"begins,omitzero"` // now, or when its window opens
	Closes time.Time `json:"closes,omitzero"`
	P10    time.Time `json:"p10,omitzero"`
	P50    time.Time `json:"p50,omitzero"`
	P90    time.Time `json:"p90,omitzero"`
	Fits   bool      `json:"fits"` // P90 does
	// Calls and Bytes are what is left of the class; By says what decides its end.
	Calls float64 `json:"calls"`
	Bytes float64 `json:"bytes,omitempty"`
	By    string  `json:"decided_by,omitempty"` // calls, bytes or days
	// Shut says why it has no window at all, as before notice is given; then the
	// times are those of a window that opens now, and nothing is held against it.
	Shut string `json:"shut,omitempty"`
}

// What decides when a class ends.
const (
	byCalls = "calls"
	byBytes = "bytes"
	byDays  = "days" // that have to be waited for
)

// endings say when each class ends. All share one budget, and what has a higher
// priority goes first.
func endings(terms contract.Terms, classes []string, loads []forecast.Load, supply forecast.Supply, now time.Time) (list []ending) {
	for _, class := range classes {
		f := ending{Class: class, Begins: now, Fits: true}
		last := -1
		for _, l := range loads {
			if l.Class == class {
				f.Calls, f.Bytes, last = f.Calls+l.Calls.Mid, f.Bytes+l.Bytes.Mid, max(last, l.Priority)
			}
		}
		if last < 0 {
			continue
		}
		if terms.Zone != nil {
			d := terms.Decide(class, now)
			f.Closes = d.Closes
			if !d.Open {
				f.Begins = d.Next
			}
			if d.Opens.IsZero() {
				f.Shut = d.Reason
			}
		}
		begin := latestOf(f.Begins, now) // as if it were open, where it is closed for good
		f.P10, _ = endOf(class, last, loads, supply, begin, -1)
		f.P50, f.By = endOf(class, last, loads, supply, begin, 0)
		f.P90, _ = endOf(class, last, loads, supply, begin, 1)
		f.Fits = f.Shut != "" || !f.Begins.IsZero() && (f.Closes.IsZero() || !f.P90.After(f.Closes))
		list = append(list, f)
	}
	return list
}

// endOf is when a class ends if everything lies on one side of its middle: -1 for
// a tenth of the cases, 0, or 1 for nine in ten.
func endOf(class string, last int, loads []forecast.Load, supply forecast.Supply, begin time.Time, side int) (end time.Time, by string) {
	var calls, bytes float64
	for _, l := range loads {
		if l.Priority > last {
			continue
		}
		calls += quantile(l.Calls, side)
		if l.Class == class {
			bytes += quantile(l.Bytes, side)
		}
	}
	minutes := calls / max(1, quantile(supply.CallsPerMinute, -side))
	end, by = begin.Add(seconds(minutes*60)), byCalls
	if speed := quantile(supply.BytesPerSecond, -side); speed > 0 && bytes > 0 {
		if done := begin.Add(seconds(bytes / speed)); done.After(end) {
			end, by = done, byBytes
		}
	}
	for _, l := range loads {
		if l.Class != class || l.Daily.Until.IsZero() {
			continue
		}
		wait := time.Duration(1+side) * lag / 2
		work := seconds(l.Daily.Calls / max(1, quantile(supply.CallsPerMinute, -side)) * 60)
		if done := l.Daily.Until.Add(wait + work); done.After(end) {
			end, by = done, byDays
		}
	}
	return end.UTC().Truncate(time.Second), by
}

// quantile is an estimate in the middle, or at one of its ends.
func quantile(e forecast.Estimate, side int) float64 {
	spread := max(e.Spread, 1)
	switch side {
	case -1:
		return e.Mid / spread
	case 1:
		return e.Mid * spread
	}
	return e.Mid
}

// inAll is when everything is done, and whether it fits.
func inAll(list []ending) (p50, p90 time.Time, fits bool) {
	fits = !slices.ContainsFunc(list, func(f ending) bool { return !f.Fits })
	for _, f := range list {
		p50, p90 = latestOf(p50, f.P50), latestOf(p90, f.P90)
	}
	return p50, p90, fits
}
