package simulator

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// neutral are parameters that do not change which rows there are. Expansions are
// best effort on the platform; here they add the optional fields of a model.
var neutral = []string{"expand", "sortBy", "includeMediaUris", "includeResources", "includeSchemas", "summary", "userCount",
	"objectCount", "deleted", "includeFileUrls", "includeImportStatus", "includeSize", "allowEmptyResult", "onlyLatestPerContext", "onlyLatestEnabledPerContext"}

// pagingParameters by style: how many, and where to go on.
var pagingParameters = [...][2]string{
	numbered: {"pageSize", "pageNumber"}, after: {"pageSize", "after"}, nextPage: {"pageSize", "nextPage"},
	scan: {"limit", "cursor"}, scim: {"count", "startIndex"}, whole: {}, array: {},
	posted: {"pageSize", "after"}, single: {}, dated: {"pageSize", "after"},
}

// listingPage is a request for a page, and what the answer will say.
type listingPage struct {
	c          *collection
	query      url.Values
	path       string
	parent     int
	view       view
	shape      shape
	total      int // rows in view
	size       int
	first, end int    // of the rows in view
	cursor     string // where the next page starts, "" on the last
	key        string // what a cursor is good for
	pageNumber int
	pageCount  int
	nonce      int // of the cursor that led here
}

// serveListing serves a collection. A parameter that the simulator does not know
// is refused aloud, because ignoring a filter would answer another question.
func (s *Server) serveListing(c *collection) func(http.ResponseWriter, *http.Request, caller) {
	var names []string
	for _, segment := range strings.Split(c.path, "/") {
		if strings.HasPrefix(segment, "{") {
			names = append(names, segment[1:len(segment)-1])
		}
	}
	return func(w http.ResponseWriter, r *http.Request, _ caller) {
		p := &listingPage{c: c, query: r.URL.Query(), path: r.URL.Path}
		var ids []string
		for _, name := range names {
			ids = append(ids, r.PathValue(name))
		}
		found := false
		if p.parent, found = s.entities.findPath(c, ids); !found {
			notHere(w, r, caller{})
			return
		}
		if c.style == posted {
			if p.query = postedQuery(r.Body, c.unfiltered); p.query == nil {
				badRequest(w, r, "the body is not a query without filters")
				return
			}
		}
		if problem := p.read(s); problem != "" {
			badRequest(w, r, problem)
			return
		}
		if c.style == single && p.total == 0 {
			notHere(w, r, caller{})
			return
		}
		p.shape.file = func(name string) string { return s.fileURL(architectFiles, name) }
		if pagingParameters[c.style][1] != "" && c.style != numbered && c.style != scim && c.style != dated {
			s.spoil(r, p)
		}
		s.writeListing(w, p)
	}
}

// postedQuery gives a body's paging as parameters, or nothing for one that asks
// for more.
func postedQuery(body io.Reader, unfiltered bool) url.Values {
	var q struct {
		PageSize int               `json:"pageSize"`
		After    string            `json:"after"`
		Filters  []json.RawMessage `json:"filters"`
		Select   string            `json:"select"`
	}
	if json.NewDecoder(body).Decode(&q) != nil || q.Filters == nil && !unfiltered || len(q.Filters) > 0 || q.Select != "" {
		return nil
	}
	query := url.Values{"after": {q.After}}
	if q.PageSize != 0 {
		query.Set("pageSize", strconv.Itoa(q.PageSize))
	}
	return query
}

// read gives what is wrong with the request, or nothing.
func (p *listingPage) read(s *Server) string {
	c, paging := p.c, pagingParameters[p.c.style]
	for name, values := range p.query {
		switch {
		case slices.Contains(neutral, name), name != "" && slices.Contains([]string{c.query, c.hiding.parameter, c.brief, paging[0], paging[1]}, name):
		case name == "sortOrder" && strings.HasPrefix(strings.ToLower(values[0]), "asc"):
		case name == "before" && c.style == dated, slices.Contains(strings.Fields(c.heedless), name):
		case name == "divisionId" && c.style == scan && values[0] == "*":
		default:
			return "the simulator knows no parameter " + strconv.Quote(name)
		}
	}
	rows := c.rowsOf(p.parent)
	if c.query != "" {
		id := p.query.Get(c.query)
		if id == "" {
			return "the parameter " + c.query + " is required"
		}
		var ok bool
		if p.parent, ok = s.entities.find(c.up, id); ok {
			rows = c.rowsOf(p.parent)
		} else {
			rows = 0
		}
	}
	classes := "0"
	if h := c.hiding; h.parameter != "" {
		at := 0
		if p.query.Has(h.parameter) {
			value := p.query.Get(h.parameter)
			if at = slices.IndexFunc(h.values, func(v shown) bool { return strings.EqualFold(v.value, value) }); at < 0 {
				return "the value " + strconv.Quote(value) + " of " + h.parameter + " is not one of its"
			}
		}
		classes = h.values[at].classes
		if c.style == single && !strings.Contains(classes, strconv.Itoa(h.classAt(c.base.placeOf(p.parent)))) {
			rows = 0
		}
	}
	p.view = c.hiding.view(classes, rows)
	p.total = p.view.total()
	p.shape.brief = c.brief != "" && p.query.Get(c.brief) != "false"
	p.shape.expand = strings.Split(strings.Join(p.query["expand"], ","), ",")
	if p.query.Get("includeFileUrls") == "true" {
		p.shape.expand = append(p.shape.expand, "voiceFileUrl", "dtmfFileUrl")
	}
	p.key = fmt.Sprint(c.path, " ", p.parent, " ", classes)
	if problem := p.readSize(); problem != "" {
		return problem
	}
	switch {
	case c.style == dated:
		return p.placeDated(s)
	case paging[0] == "":
		p.end, p.pageNumber, p.pageCount = p.total, 1, 1
		return ""
	}
	return p.place(s.cfg.Seed)
}

// readSize finds how many rows a page has.
func (p *listingPage) readSize() string {
	c, paging := p.c, pagingParameters[p.c.style]
	if paging[0] == "" {
		p.size = p.total
		return ""
	}
	least := map[style]int{scan: 10, scim: 0}
	low, ok := least[c.style]
	if !ok {
		low = 1
	}
	p.size = c.size
	if text := p.query.Get(paging[0]); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < low || n > c.most && !c.clamp {
			return fmt.Sprintf("%s must be between %d and %d", paging[0], low, c.most)
		}
		p.size = min(n, c.most)
	}
	return ""
}

// place finds the page's rows.
func (p *listingPage) place(seed uint64) string {
	c, paging := p.c, pagingParameters[p.c.style]
	p.pageCount = (p.total + max(p.size, 1) - 1) / max(p.size, 1)
	text := p.query.Get(paging[1])
	switch {
	case c.style == numbered || c.style == scim:
		n := 1
		if text != "" {
			var err error
			if n, err = strconv.Atoi(text); err != nil || n < 1 || n > maxPerDay {
				return paging[1] + " starts at 1"
			}
		}
		if c.window > 0 && n*p.size > c.window {
			return fmt.Sprintf("pageNumber * pageSize must be at most %d", c.window)
		}
		p.pageNumber, p.first = n, (n-1)*p.size
		if c.style == scim {
			p.first = n - 1
		}
	case text != "":
		at, ok := parseCursor(text, seed, p.key)
		if !ok {
			return "the " + paging[1] + " is not one of this listing's"
		}
		p.first, p.nonce = at.index, at.nonce
	}
	p.first = min(p.first, p.total)
	p.end = min(p.first+p.size, p.total)
	if p.end < p.total {
		p.cursor = p.cursorAt(seed, p.end, 0)
	}
	return ""
}

func (p *listingPage) cursorAt(seed uint64, index, nonce int) string {
	return cursor{position: position{index: index}, nonce: nonce}.String(seed, p.key)
}

// spoil lets a cursor lead to the same page again, or sends no rows and a cursor
// that leads to them.
func (s *Server) spoil(r *http.Request, p *listingPage) {
	nonce := p.nonce
	switch s.inject(r, fmt.Sprint("page ", p.key, " ", p.first), repeatPage, emptyPage) {
	case repeatPage:
		if nonce%2 == 0 {
			nonce++ // another text every second time
		}
		p.cursor = p.cursorAt(s.cfg.Seed, p.first, nonce)
	case emptyPage:
		p.end = p.first
		p.cursor = p.cursorAt(s.cfg.Seed, p.first, nonce+1)
	}
}

func (s *Server) writeListing(w http.ResponseWriter, p *listingPage) {
	w.Header().Set("Content-Type", "application/json")
	if p.c.style == single {
		_, _ = w.Write(s.entities.appendEntity(nil, p.c, p.parent, 0, p.shape))
		return
	}
	b := []byte(`{"` + p.c.arrayName() + `":[`)
	if p.c.style == array {
		b = []byte(`[`)
	}
	for j := p.first; j < p.end; j++ {
		if j > p.first {
			b = append(b, ',')
		}
		b = s.entities.appendEntity(b, p.c, p.parent, p.view.at(j), p.shape)
		if len(b) > 64<<10 {
			if _, err := w.Write(b); err != nil {
				return
			}
			b = b[:0]
		}
	}
	b = append(b, ']')
	if p.c.style != array {
		for _, name := range strings.Fields(p.c.members) {
			if value := p.member(name); value != "" {
				b = append(append(append(append(b, `,"`...), name...), `":`...), value...)
			}
		}
		b = append(b, '}')
	}
	_, _ = w.Write(b)
}

// arrayName is the member that holds the rows; a bare array, and one object, have
// none.
func (c *collection) arrayName() string {
	switch c.style {
	case scim:
		return "Resources"
	case array, single:
		return ""
	}
	return "entities"
}

// member is the JSON of a member beside the array, or nothing.
func (p *listingPage) member(name string) string {
	link := func(pairs ...string) string {
		query := maps.Clone(p.query)
		for i := 0; i < len(pairs); i += 2 {
			query.Set(pairs[i], pairs[i+1])
		}
		if len(query) == 0 {
			return strconv.Quote(p.path)
		}
		return strconv.Quote(p.path + "?" + query.Encode())
	}
	page := func(n int) string {
		if p.c.style != numbered || n < 1 || n > max(p.pageCount, 1) {
			return ""
		}
		return link("pageSize", strconv.Itoa(p.size), "pageNumber", strconv.Itoa(n))
	}
	switch name {
	case "pageSize":
		return strconv.Itoa(p.size)
	case "pageNumber":
		return strconv.Itoa(p.pageNumber)
	case "total", "totalResults":
		return strconv.Itoa(p.total)
	case "pageCount":
		return strconv.Itoa(p.pageCount)
	case "startIndex":
		return strconv.Itoa(p.first + 1)
	case "itemsPerPage":
		return strconv.Itoa(p.end - p.first)
	case "schemas":
		return `["urn:ietf:params:scim:api:messages:2.0:ListResponse"]`
	case "selfUri":
		return link()
	case "firstUri":
		return page(1)
	case "lastUri":
		return page(max(p.pageCount, 1))
	case "previousUri":
		return page(p.pageNumber - 1)
	}
	switch {
	case p.c.style == numbered && name == "nextUri":
		return page(p.pageNumber + 1)
	case p.cursor == "" || p.c.style == numbered:
		return ""
	case name == "nextUri":
		return link(pagingParameters[p.c.style][1], p.cursor)
	case name == "after":
		return strconv.Quote(p.cursor)
	case name == "cursors":
		return `{"after":"` + p.cursor + `"}`
	}
	return ""
}

// listingsTruth serves truth/listings, and a listing's rows for the parameters
// pattern and parent.
func (s *Server) listingsTruth(w http.ResponseWriter, r *http.Request) {
	if pattern := r.URL.Query().Get("pattern"); pattern != "" {
		writeLines(w, s.Truth().Listing(pattern, r.URL.Query().Get("parent")))
		return
	}
	writeLines(w, slices.Values(s.Truth().Listings()))
}
