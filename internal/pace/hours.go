// Package pace knows the hours of a customer's live operation, in which an
// export takes less than it could: pure functions of time.
package pace

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Hours are the hours of a week in which the customer serves its own
// customers, as the clock on the wall shows them. The zero value has none.
//
// A span is half-open. An hour that the clock skips is in no span, and one
// that it shows twice is in it both times.
type Hours struct {
	text  string
	zone  *time.Location
	spans []span
}

// span holds on one day of the week, from and to in minutes. One that ends
// over midnight has a to beyond the day.
type span struct {
	day      time.Weekday
	from, to int
}

const day = 24 * 60

var days = []string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"}

// ParseHours reads hours such as "Mon-Fri 08:00-20:00, Sat 09:00-13:00". A
// span whose end is not after its begin goes over midnight; "" has no hours.
func ParseHours(text string, zone *time.Location) (Hours, error) {
	h := Hours{text: strings.TrimSpace(text), zone: zone}
	if h.text == "" {
		return Hours{}, nil
	}
	for part := range strings.SplitSeq(h.text, ",") {
		fields := strings.Fields(part)
		if len(fields) != 2 {
			return Hours{}, fmt.Errorf("%q is not days and times; write them such as Mon-Fri 08:00-20:00, parts separated by commas", strings.TrimSpace(part))
		}
		first, last, err := bounds(fields[0], weekday)
		if err != nil {
			return Hours{}, err
		}
		if !strings.Contains(fields[1], "-") {
			return Hours{}, fmt.Errorf("%q has no end; write times such as 08:00-20:00", fields[1])
		}
		from, to, err := bounds(fields[1], minute)
		switch {
		case err != nil:
			return Hours{}, err
		case from == day:
			return Hours{}, fmt.Errorf("%q begins at 24:00; write 00:00 and the next day", fields[1])
		case from == to:
			return Hours{}, fmt.Errorf("%q is no time at all; for the whole day write 00:00-24:00", fields[1])
		case to < from:
			to += day
		}
		for d := first; ; d = (d + 1) % 7 {
			h.spans = append(h.spans, span{time.Weekday(d), from, to})
			if d == last {
				break
			}
		}
	}
	return h, nil
}

// bounds reads "a-b", or "a" for both.
func bounds(text string, one func(string) (int, error)) (first, last int, err error) {
	a, b, two := strings.Cut(text, "-")
	if first, err = one(a); err != nil || !two {
		return first, first, err
	}
	last, err = one(b)
	return first, last, err
}

func weekday(text string) (int, error) {
	if i := slices.Index(days, text); i >= 0 {
		return i, nil
	}
	return 0, fmt.Errorf("%q is not a day of the week; write Mon, Tue, Wed, Thu, Fri, Sat or Sun", text)
}

func minute(text string) (int, error) {
	hour, rest, ok := strings.Cut(text, ":")
	h, err := strconv.ParseUint(hour, 10, 8)
	m, err2 := strconv.ParseUint(rest, 10, 8)
	if !ok || err != nil || err2 != nil || len(hour) != 2 || len(rest) != 2 || m > 59 || h > 24 || h == 24 && m > 0 {
		return 0, fmt.Errorf("%q is not a time of day from 00:00 to 24:00", text)
	}
	return int(h)*60 + int(m), nil
}

// String is what was parsed, with the zone.
func (h Hours) String() string {
	if h.spans == nil {
		return ""
	}
	return h.text + " " + h.zone.String()
}

// Text is what was parsed.
func (h Hours) Text() string { return h.text }

// Zone is where the clock hangs; nil for no hours.
func (h Hours) Zone() *time.Location { return h.zone }

// Live says whether an instant lies in the hours.
func (h Hours) Live(at time.Time) bool {
	if h.spans == nil {
		return false
	}
	local := at.In(h.zone)
	now, today := local.Hour()*60+local.Minute(), local.Weekday()
	for _, s := range h.spans {
		if s.day == today && s.from <= now && now < s.to ||
			s.to > day && (s.day+1)%7 == today && now < s.to-day {
			return true
		}
	}
	return false
}

// Until is the first instant after at at which Live changes; ok is false where
// it never does. Zones change by whole minutes, so each minute is tried.
func (h Hours) Until(at time.Time) (change time.Time, ok bool) {
	live := h.Live(at)
	next := at.Truncate(time.Minute)
	for range 8 * day { // a week, and a clock that is turned in it
		if next = next.Add(time.Minute); h.Live(next) != live {
			return next.UTC(), true
		}
	}
	return time.Time{}, false
}
