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
	byCalls = forecast.Calls
	byBytes = forecast.Bytes
	byDays  = forecast.Days // that have to be waited for
)

// endings say when each class ends, as if it were open where it is closed for
// good: so long an extension would have to be.
func endings(terms contract.Terms, classes []string, loads []forecast.Load, supply forecast.Supply, now time.Time) (list []ending) {
	present := slices.Clone(loads)
	for i := range present { // days to come arrive later
		l := &present[i]
		days := daysIn(l.Daily)
		l.Calls.Mid, l.Bytes.Mid = max(0, l.Calls.Mid-days*l.Daily.Calls), max(0, l.Bytes.Mid-days*l.Daily.Bytes)
	}
	f := forecast.Run(now, present, supply, terms)
	for _, class := range classes {
		c, ok := f.Of(class)
		if !ok {
			continue
		}
		e := endingOf(c, f, terms, now)
		if waits := slices.ContainsFunc(loads, func(l forecast.Load) bool { return l.Class == class && daysIn(l.Daily) > 0 }); e.By == byDays && !waits && !e.Begins.After(now) {
			e.By = byCalls // it is another class that waits for them
		}
		list = append(list, e)
	}
	return list
}

func daysIn(a forecast.Arrival) float64 { return a.Until.Sub(a.From).Hours() / 24 }

// endingOf holds the forecast of a class against its window. By is what decides
// everything: classes share the budget.
func endingOf(c forecast.Class, f forecast.Forecast, terms contract.Terms, now time.Time) ending {
	e := ending{Class: c.Class, Begins: now, Closes: c.Closes, P10: c.P10, P50: c.P50, P90: c.P90,
		Fits: c.Verdict == forecast.OnTrack, Calls: c.Calls, Bytes: c.Bytes, By: f.Critical.Resource}
	if e.By == byBytes && c.Bytes == 0 {
		e.By = byCalls
	}
	if terms.Zone != nil {
		if d := terms.Decide(c.Class, now); !d.Open {
			if e.Begins = d.Next; d.Opens.IsZero() {
				e.Shut, e.Fits = d.Reason, true
			}
		}
	}
	return e
}

// inAll is when everything is done, and whether it fits.
func inAll(list []ending) (p50, p90 time.Time, fits bool) {
	fits = !slices.ContainsFunc(list, func(f ending) bool { return !f.Fits })
	for _, f := range list {
		p50, p90 = latestOf(p50, f.P50), latestOf(p90, f.P90)
	}
	return p50, p90, fits
}
