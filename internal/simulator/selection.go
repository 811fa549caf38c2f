package simulator

import (
	"fmt"
	"strings"
	"time"
)

// selection is which conversations a query or a job means. The interval is
// half-open, in Unix milliseconds.
type selection struct {
	from, to int64
	// startedIn: only those that started in the interval, rather than all with
	// activity in it.
	startedIn bool
	// startedSince drops what started earlier (startOfDayIntervalMatching).
	startedSince int64
	// available drops what started at or after it; 0: nothing.
	available int64
	filter    *filter
}

func (s selection) matches(o *org, start, end int64) bool {
	switch {
	case start >= s.to, s.available != 0 && start >= s.available, start < s.startedSince:
		return false
	case s.startedIn:
		return start >= s.from
	}
	return start >= s.from || end >= s.from
}

// position is a place in a selection: conversations in order of their start.
type position struct {
	day, index int
}

func (s selection) first(o *org) position {
	day := o.dayOf(s.from)
	if !s.startedIn {
		day -= maxSpanDays
	}
	return position{day: max(day, 0)}
}

// next gives the first match at or after p, and where to go on behind it.
func (s selection) next(o *org, p position) (c conversation, after position, ok bool) {
	last := min(o.dayOf(s.to-1), o.cfg.Days-1)
	for ; p.day <= last; p.day, p.index = p.day+1, 0 {
		for ; p.index < o.cfg.ConversationsPerDay; p.index++ {
			start, end := o.span(p.day, p.index)
			if !s.matches(o, start, end) {
				continue
			}
			c := o.conversation(p.day, p.index)
			if s.filter != nil && !s.filter.matches(o, c) {
				continue
			}
			return c, position{p.day, p.index + 1}, true
		}
	}
	return conversation{}, p, false
}

// days counts those of the organization that an interval of whole days has.
func (s selection) days(o *org) int {
	return max(0, min(o.dayOf(s.to-1), o.cfg.Days-1)-max(o.dayOf(s.from), 0)+1)
}

// count stops at limit when it is positive.
func (s selection) count(o *org, limit int) int {
	n := 0
	for _, p, ok := s.next(o, s.first(o)); ok; _, p, ok = s.next(o, p) {
		n++
		if n == limit {
			break
		}
	}
	return n
}

// parseInterval reads "start/end" in ISO 8601, as analytics queries send it.
func parseInterval(text string) (from, to time.Time, err error) {
	a, b, ok := strings.Cut(text, "/")
	if !ok {
		return from, to, fmt.Errorf("interval %q is not of the form start/end", text)
	}
	if from, err = parseInstant(a); err != nil {
		return from, to, err
	}
	if to, err = parseInstant(b); err != nil {
		return from, to, err
	}
	if !to.After(from) {
		return from, to, fmt.Errorf("interval %q ends before it starts", text)
	}
	return from, to, nil
}

func parseInstant(text string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", "2006-01-02"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is not an ISO 8601 instant", text)
}
