package simulator

import (
	"sort"
	"strconv"
)

// A dated listing shows the rows of an interval, which the parameters after and
// before name in Unix milliseconds. As the definition has it, a request that
// names neither gets the last 365 days, and one that names either gets 180 days
// from there: to see everything it has to name both.
const (
	datedAtMost  = 365 * dayMillis
	datedOneSide = 180 * dayMillis
	datedEvery   = 60 * dayMillis
)

// dated is when a row of such a listing was made: every two months, in order,
// until the organization's first day.
func (cat *catalogue) dated(c *collection, i int) int64 {
	return cat.org.from - int64(c.count-i)*datedEvery
}

// placeDated finds the page's rows by their dates. It gives what is wrong with
// the request, or nothing.
func (p *listingPage) placeDated(s *Server) string {
	after, before := int64(0), s.cfg.Now().UnixMilli()
	var named [2]bool
	for i, bound := range []struct {
		name string
		at   *int64
	}{{"after", &after}, {"before", &before}} {
		text := p.query.Get(bound.name)
		if named[i] = text != ""; named[i] {
			var err error
			if *bound.at, err = strconv.ParseInt(text, 10, 64); err != nil {
				return bound.name + " is no timestamp"
			}
		}
	}
	switch named {
	case [2]bool{false, false}:
		after = before - datedAtMost
	case [2]bool{false, true}:
		after = before - datedOneSide
	case [2]bool{true, false}:
		before = after + datedOneSide
	}
	p.query.Set("before", strconv.FormatInt(before, 10)) // the next page ends there as well
	until := func(at int64) int {
		return sort.Search(p.total, func(i int) bool { return s.entities.dated(p.c, i) > at })
	}
	p.first = until(after)
	if p.end = max(until(before), p.first); p.end > p.first+p.size {
		p.end = p.first + p.size
		p.cursor = strconv.FormatInt(s.entities.dated(p.c, p.end-1), 10)
	}
	return ""
}
