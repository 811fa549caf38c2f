package simulator

import (
	"encoding/json"
	"iter"
	"slices"
)

// Listing says how one of the organization's listings is asked for.
type Listing struct {
	Pattern string `json:"pattern"` // as in /api/v2/groups/{groupId}/members
	Method  string `json:"method"`  // GET, or POST of {"filters": []} for a query
	Array   string `json:"array"`   // the member that holds the rows; "" for a bare array
	// Single says that the answer is one object, and no array: the one row, or the
	// one of each parent.
	Single bool `json:"single,omitempty"`
	Most   int  `json:"most,omitempty"` // rows that a page may have; 0: all are in one answer
	// Parent is the pattern of the listing whose ids fill the last place of the
	// path, or the query parameter Query where that is not "".
	Parent string `json:"parent,omitempty"`
	Query  string `json:"query,omitempty"`
}

// Beyond names what the simulator serves although the public definition that we
// hold leaves it out.
func Beyond() (patterns []string) {
	for _, l := range listings {
		if l.beyond {
			patterns = append(patterns, apiBase+l.path)
		}
	}
	return append(patterns, apiBase+oneRole)
}

// Listings names the listings that the organization has.
func (t *Truth) Listings() (list []Listing) {
	for _, c := range t.s.entities.all {
		if slices.Contains(t.s.cfg.Without, c.pattern) {
			continue
		}
		l := Listing{Pattern: c.pattern, Method: c.method(), Array: c.arrayName(), Single: c.style == single, Query: c.query}
		if c.up != nil {
			l.Parent = c.up.pattern
		}
		if c.style != whole && c.style != array && c.style != single {
			l.Most = c.most
		}
		list = append(list, l)
	}
	return list
}

// Listing gives every row of a listing in its order, whole, and those that a
// request without parameters would not show as well. parent is the id of the
// entity to which they belong, where the listing has a parent. There is nothing
// for a pattern or an id that the organization does not have. Rows are as a
// request without expand gets them; see [Truth.Expanded].
func (t *Truth) Listing(pattern, parent string) iter.Seq[json.RawMessage] {
	return t.rows(pattern, parent, shape{})
}

// Expanded gives the same rows with all that expand adds to them.
func (t *Truth) Expanded(pattern, parent string) iter.Seq[json.RawMessage] {
	return t.rows(pattern, parent, shape{whole: true})
}

func (t *Truth) rows(pattern, parent string, shape shape) iter.Seq[json.RawMessage] {
	cat := t.s.entities
	return func(yield func(json.RawMessage) bool) {
		at := slices.IndexFunc(cat.all, func(c *collection) bool { return c.pattern == pattern })
		if at < 0 {
			return
		}
		c, p := cat.all[at], 0
		if c.up != nil {
			var ok bool
			if p, ok = cat.find(c.up, parent); !ok {
				return
			}
		}
		v := c.hiding.all(c.rowsOf(p))
		for j := range v.total() {
			if !yield(cat.appendEntity(nil, c, p, v.at(j), shape)) {
				return
			}
		}
	}
}
