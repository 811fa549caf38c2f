package forecast

import (
	"math"
	"time"

	"exitplan/internal/contract"
)

// An extension is asked for with a margin: a part of what the work takes beyond
// the present end, and some days at least.
const (
	marginShare = 0.2
	marginDays  = 3
)

// Extension is what has to be requested so that a class is exported in time.
type Extension struct {
	Class string `json:"class"`
	// RequestBy is the last instant, exclusive, to request it: the end that it
	// extends, less the days of notice that the contract asks for.
	RequestBy time.Time `json:"request_by"`
	// TooLate: that instant is over.
	TooLate bool `json:"too_late,omitempty"`
	// Until is how long it must be, exclusive: the first instant of the day
	// after its last one, in the contract's zone.
	Until time.Time `json:"until"`
	Days  int       `json:"days"` // of it
}

// Extend says which extension a class needs; ok is false where it needs none,
// or where the terms say no end. P90 is what it must reach, with a margin of a
// fifth of the time beyond the end, three days at least.
func (c Class) Extend(now time.Time, terms contract.Terms, noticeDays int) (e Extension, ok bool) {
	if c.Verdict == OnTrack || c.Closes.IsZero() || terms.Zone == nil {
		return Extension{}, false
	}
	beyond := c.P90.Sub(c.Closes)
	margin := max(time.Duration(marginShare*float64(beyond)), marginDays*24*time.Hour)
	until := c.P90.Add(margin).In(terms.Zone)
	until = time.Date(until.Year(), until.Month(), until.Day()+1, 0, 0, 0, 0, terms.Zone)
	closes := c.Closes.In(terms.Zone)
	by := time.Date(closes.Year(), closes.Month(), closes.Day()-noticeDays, closes.Hour(), closes.Minute(), closes.Second(), closes.Nanosecond(), terms.Zone)
	return Extension{
		Class: c.Class, RequestBy: by.UTC(), TooLate: !now.Before(by),
		Until: until.UTC(), Days: int(math.Ceil(until.Sub(closes).Hours() / 24)),
	}, true
}
