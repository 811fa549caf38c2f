package simulator

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// style is how a listing is paged.
type style int

const (
	numbered style = iota // pageSize and pageNumber
	after                 // pageSize and after; nextUri holds the cursor
	nextPage              // the same with nextPage
	scan                  // limit and cursor; cursors.after
	scim                  // count and startIndex, from 1
	whole                 // not paged
	array                 // not paged, a bare array
	posted                // POST, whose body has pageSize and after; the answer's after
	single                // no listing: the one row, or the one of each parent
	dated                 // pageSize, and after and before, which are instants; see placeDated
)

// listing is a row of the table of listings. Paths lie below /api/v2/.
type listing struct {
	path, model string // no model: rows of a data table
	style       style
	members     string // of the answer beside the array, where they are not the style's usual ones
	parent      string // the listing whose ids fill the path, or query
	query       string // the required query parameter that takes the parent's id
	of          string // the listing whose entities these are, or are some of
	needs       string // permissions, any of which will do
	rows        int    // for each parent; default 5
	size, most  int    // default and largest page size; default 25 (scan: 100) and 100 (scan: 200)
	clamp       bool   // a larger page size gives the largest instead of 400
	window      int    // pageNumber * pageSize must not be more
	hide        string // see hiding
	brief       string // the parameter that, unless false, leaves only the key of each row
	unfiltered  bool   // a posted query may leave out its filters
	heedless    string // parameters that it takes and does not heed
	beyond      bool   // the public definition that we hold leaves it out
}

// usual are the members of an answer beside its array, by style.
var usual = [...]string{
	numbered: "pageSize pageNumber total firstUri previousUri selfUri nextUri lastUri pageCount",
	after:    "nextUri selfUri previousUri",
	nextPage: "pageSize nextUri selfUri pageCount",
	scan:     "nextUri selfUri previousUri cursors",
	scim:     "schemas totalResults startIndex itemsPerPage",
	whole:    "total selfUri",
	array:    "",
	posted:   "after",
	single:   "",
	dated:    "nextUri selfUri previousUri",
}

// collection is a listing of one organization.
type collection struct {
	listing
	pattern string
	number  int // tells its entities' ids from others'
	fields  []field
	idKind  string
	up      *collection // parent
	base    *collection // whose entities these are; itself unless of is set
	hiding  hiding
	count   int  // entities of each parent, or in all
	sparse  bool // every fourth parent has none
}

// catalogue holds an organization's collections. Entities are not held: each is
// a function of the seed, its collection, and its ordinal.
type catalogue struct {
	org    *org
	all    []*collection
	byPath map[string]*collection
	bulk   []BulkIntegration // the last of the integrations
}

const apiBase = "/api/v2/"

const defaultRows = 5

func newCatalogue(o *org) (*catalogue, error) {
	cat := &catalogue{org: o, byPath: map[string]*collection{}}
	numbers := map[int]string{}
	for _, l := range listings {
		def(&l.rows, map[bool]int{true: 1, false: defaultRows}[l.style == single])
		def(&l.size, map[bool]int{true: 100, false: 25}[l.style == scan])
		def(&l.most, map[bool]int{true: 200, false: 100}[l.style == scan])
		def(&l.members, usual[l.style])
		c := &collection{listing: l, pattern: apiBase + l.path, number: collectionNumber(l.path), hiding: parseHiding(l.hide)}
		if other, taken := numbers[c.number]; taken {
			panic("simulator: the numbers of " + l.path + " and " + other + " are equal")
		}
		numbers[c.number] = l.path
		c.count, c.sparse = l.rows, l.parent != "" && l.style != single
		cat.all = append(cat.all, c)
		cat.byPath[l.path] = c
	}
	for _, c := range cat.all {
		c.up, c.base = cat.byPath[c.parent], c
		if c.of != "" {
			c.base = cat.byPath[c.of]
		}
	}
	if err := cat.configure(o.cfg); err != nil {
		return nil, err
	}
	cat.addIntegrations(o.cfg)
	for _, c := range cat.all {
		switch {
		case c.base == c && c.total() > maxPerDay:
			return nil, fmt.Errorf("simulator: %s has more than %d entities", c.pattern, maxPerDay)
		case c.alias() && c.count > 0:
			c.count, c.sparse = c.base.count, c.base.sparse
		case c.base != c:
			c.count = min(c.count, c.base.count)
		}
		if c.model != "" {
			c.fields = parseModel(cat, c.model)
			c.idKind = c.fields[0].what.kind
		}
	}
	return cat, nil
}

// collectionNumber must not change, for ids hang on it.
func collectionNumber(path string) int {
	h := hash(0, 'l')
	for _, b := range []byte(path) {
		h = mix(h ^ uint64(b))
	}
	return int(h % maxDays)
}

func (cat *catalogue) configure(cfg Config) error {
	find := func(pattern string) (*collection, error) {
		path, below := strings.CutPrefix(pattern, apiBase)
		c := cat.byPath[path]
		if !below || c == nil {
			return nil, fmt.Errorf("simulator: there is no listing %q", pattern)
		}
		return c, nil
	}
	for pattern, n := range cfg.Entities {
		c, err := find(pattern)
		switch {
		case err != nil:
			return err
		case c.alias():
			return fmt.Errorf("simulator: %s lists the entities of %s: configure those", pattern, c.base.pattern)
		case c.style == single:
			return fmt.Errorf("simulator: %s is one object", pattern)
		case n < 0 || n > maxPerDay:
			return fmt.Errorf("simulator: %d entities of %s: at most %d", n, pattern, maxPerDay)
		}
		c.count, c.sparse = n, false
	}
	for _, pattern := range cfg.Without {
		if c, err := find(pattern); err == nil {
			c.count = 0
		}
	}
	return nil
}

func (c *collection) method() string {
	if c.style == posted {
		return http.MethodPost
	}
	return http.MethodGet
}

// alias says that a collection shows all entities of another, parent by parent.
func (c *collection) alias() bool {
	return c.base != c && c.style != single && (c.up == nil) == (c.base.up == nil)
}

// total counts the ordinals that a collection uses for its own entities.
func (c *collection) total() int {
	if c.up == nil || c.count == 0 {
		return c.count
	}
	if n := c.up.base.total(); n <= maxPerDay/c.count {
		return n * c.count
	}
	return maxPerDay + 1
}

// rowsOf counts the rows under the parent with an ordinal, hidden ones included.
func (c *collection) rowsOf(parent int) int {
	if c.sparse && parent%4 == 2 {
		return 0
	}
	return c.count
}

// ordinal is that of a row's entity in its base.
func (c *collection) ordinal(parent, i int) int {
	switch {
	case c.style == single:
		return parent
	case c.up == nil:
		return i
	case c.base == c || c.alias():
		return parent*c.count + i
	default:
		return (parent*7 + i) % c.base.count
	}
}

// placeOf is the place, under its parent, of one of a base's entities.
func (c *collection) placeOf(ordinal int) int {
	if c.up == nil {
		return ordinal
	}
	return ordinal % c.count
}

// id of one of a base's entities. Users, queues and divisions are those of which
// conversations speak.
func (cat *catalogue) id(base *collection, ordinal int) identity {
	k, day := base.kind()
	return cat.org.ids.make(k, day, ordinal, 0)
}

func (c *collection) kind() (k kind, day int) {
	switch c.path {
	case "users":
		return kindUser, 0
	case "routing/queues":
		return kindQueue, 0
	case "authorization/divisions":
		return kindDivision, 0
	}
	return kindEntity, c.number
}

// find gives the ordinal of an entity in its base.
func (cat *catalogue) find(c *collection, id string) (ordinal int, ok bool) {
	base := c.base
	k, day := base.kind()
	gotKind, gotDay, ordinal, sub, ok := cat.org.ids.parse(id)
	if !ok || gotKind != k || gotDay != day || sub != 0 || ordinal >= base.total() {
		return 0, false
	}
	return ordinal, base.up == nil || ordinal%base.count < base.rowsOf(ordinal/base.count)
}

// findPath finds the parent that a path names by its ids, from the left.
func (cat *catalogue) findPath(c *collection, ids []string) (parent int, ok bool) {
	if len(ids) == 0 {
		return 0, c.up == nil || c.query != ""
	}
	last := len(ids) - 1
	if parent, ok = cat.find(c.up, ids[last]); !ok || last == 0 {
		return parent, ok
	}
	grandparent, ok := cat.findPath(c.up, ids[:last])
	return parent, ok && grandparent == parent/c.up.base.count
}

// hiding is what a listing shows of which rows: a parameter's values, the first
// of which holds where a request says none, each with the classes that it shows.
// Rows have classes by their place: of eight, six have 0.
type hiding struct {
	parameter string
	values    []shown
	classes   int
}

type shown struct{ value, classes string }

func parseHiding(text string) (h hiding) {
	h.classes = 1
	for i, word := range strings.Fields(text) {
		if i == 0 {
			h.parameter = word
			continue
		}
		value, classes, _ := strings.Cut(word, "=")
		value, _ = url.PathUnescape(value) // the table's
		h.values = append(h.values, shown{value, classes})
		for _, class := range classes {
			h.classes = max(h.classes, int(class-'0')+1)
		}
	}
	return h
}

// classAt is the class of a parent's row.
func (h hiding) classAt(i int) int {
	switch {
	case h.classes > 1 && i%8 == 1:
		return 1
	case h.classes > 1 && i%8 == 4:
		return h.classes - 1
	}
	return 0
}

// view is the part of a parent's rows that a request sees.
type view struct {
	rows     int
	residues []int // of eight
}

func (h hiding) view(classes string, rows int) view {
	v := view{rows: rows}
	for i := range 8 {
		if strings.Contains(classes, strconv.Itoa(h.classAt(i))) {
			v.residues = append(v.residues, i)
		}
	}
	return v
}

// all is the view of everything that some value shows.
func (h hiding) all(rows int) view {
	classes := ""
	for _, v := range h.values {
		classes += v.classes
	}
	if h.values == nil {
		classes = "0"
	}
	return h.view(classes, rows)
}

func (v view) total() int {
	left, _ := slices.BinarySearch(v.residues, v.rows%8)
	return v.rows/8*len(v.residues) + left
}

// at is the place among all rows of the j-th one seen.
func (v view) at(j int) int { return j/len(v.residues)*8 + v.residues[j%len(v.residues)] }
