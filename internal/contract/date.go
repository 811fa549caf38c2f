package contract

import (
	"errors"
	"fmt"
	"time"
	_ "time/tzdata" // a contract must mean the same on a machine without zone files
)

// LoadZone finds the time zone of a contract by its IANA name, for example
// "Asia/Tokyo" or "UTC". The empty name and "Local" are refused: both would
// make the end of a contract depend on the machine.
func LoadZone(name string) (*time.Location, error) {
	switch name {
	case "":
		return nil, errors.New("no time zone; write the contract's IANA zone, such as Asia/Tokyo")
	case "Local":
		return nil, errors.New(`"Local" depends on the machine; write the contract's IANA zone, such as Asia/Tokyo`)
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("%q is not an IANA time zone; write one such as Asia/Tokyo or America/Sao_Paulo", name)
	}
	return loc, nil
}

// ParseStart reads a point of the contract at which something begins. A date
// ("2026-11-01") is the first instant of that day in loc; an RFC 3339 instant
// is itself. The result is in UTC.
func ParseStart(s string, loc *time.Location) (time.Time, error) {
	return parse(s, loc, 0)
}

// ParseEnd reads a point of the contract at which something ends, exclusive.
// A date is the end of that day in loc, which is the first instant of the next
// local day; an RFC 3339 instant is itself. The result is in UTC.
func ParseEnd(s string, loc *time.Location) (time.Time, error) {
	return parse(s, loc, 1)
}

// ParseGrant reads the point at which an extension was granted. It is as
// [ParseStart], except that a date whose day began before the request counts
// from the request: what was asked at noon and granted the same day was
// granted after noon.
func ParseGrant(s string, loc *time.Location, requested time.Time) (time.Time, error) {
	from, err := ParseStart(s, loc)
	if err != nil {
		return time.Time{}, err
	}
	to, err := ParseEnd(s, loc)
	if err != nil {
		return time.Time{}, err
	}
	if from.Before(requested) && requested.Before(to) {
		return requested, nil
	}
	return from, nil
}

// Years outside this range are typing errors, and the first would also be
// mistaken for a date that is not given.
const firstYear, lastYear = 1970, 9998

func parse(s string, loc *time.Location, addDays int) (time.Time, error) {
	if loc == nil {
		return time.Time{}, errors.New("no time zone to read a date in")
	}
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return inRange(s, t.UTC())
	}
	day, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is neither a date (2026-12-31) nor an RFC 3339 instant (2026-12-31T18:00:00+09:00)", s)
	}
	if day, err = inRange(s, day); err != nil {
		return time.Time{}, err
	}
	return startOfDay(day.AddDate(0, 0, addDays), loc), nil
}

func inRange(s string, t time.Time) (time.Time, error) {
	if y := t.Year(); y < firstYear || y > lastYear {
		return time.Time{}, fmt.Errorf("%q: the year must lie between %d and %d", s, firstYear, lastYear)
	}
	return t, nil
}

// startOfDay is the earliest instant at which the calendar of loc shows the
// civil day of midnight (given as UTC) or a later one. Where clocks jump over
// midnight, or over whole days, that is the instant of the jump; where they
// show midnight twice, it is the first time.
//
// [time.Date] alone does not do: for a midnight that does not exist it may
// answer with an instant of the day before.
func startOfDay(midnight time.Time, loc *time.Location) time.Time {
	// No zone is, or was, 20 hours off UTC, so the day is still to come here.
	t := midnight.Add(-20 * time.Hour)
	for {
		local := t.In(loc)
		_, offset := local.Zone()
		at := midnight.Add(-time.Duration(offset) * time.Second)
		_, end := local.ZoneBounds()
		switch {
		case !at.After(t):
			return t.UTC() // the offset that began at t leapt over midnight
		case end.IsZero() || at.Before(end):
			return at
		}
		t = end.UTC()
	}
}
