package genesys

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// Style is how a listing is paged.
type Style int

const (
	// Numbered: pageSize and pageNumber, from 1. It ends with pageCount, or
	// without a nextUri; where the two disagree, nextUri is followed, because
	// totals are estimates on some paths.
	Numbered Style = iota
	// Cursor: the answer's cursor, or cursors.after, is the next request's, until
	// there is none.
	Cursor
	// NextURI: nextUri is the next request, until there is none. It is for
	// lists with after and before, and for those that includeTotal=false in
	// the query switches from page numbers to cursors.
	NextURI
	// BodyPaging: a POST whose body has paging{pageSize, pageNumber}. It ends
	// with an empty page or totalHits.
	BodyPaging
	// SCIM: startIndex, from 1, and count (RFC 7644 section 3.4.2.4).
	SCIM
	// Unpaged: one answer has all, and takes no paging parameters. Should it name
	// a nextUri all the same, that is followed.
	Unpaged
	// Single: the answer is the one row.
	Single
	// BodyNumbered: a POST whose body has pageSize and pageNumber.
	BodyNumbered
	// BodyAfter: a POST whose body has pageSize and after, until the answer
	// has no after.
	BodyAfter
)

// Listing describes a listing that is read to its end.
type Listing struct {
	Path  string
	Query url.Values // sent with every page
	Style Style
	// Array is the name of the array of the rows; default "entities", and
	// "Resources" with SCIM. Bare: the answer itself is the array.
	Array string
	// Counted is told how many rows there are in all, whenever an answer says
	// so; nil for nobody.
	Counted func(total int64)
	// PageSize is how many rows are asked for at once; default 100. It is
	// halved where the platform finds an answer too large.
	PageSize int
	// SizeParam names the page size in the query; default "pageSize", and
	// "count" with SCIM.
	SizeParam string
	// Body makes the request a POST: a JSON object, to which the styles of the
	// body add their paging, or with the others any value that becomes JSON.
	Body any
}

// Bare is the Array of a listing whose answer is the array itself.
const Bare = "[]"

// A listing that leads nowhere for so many pages is given up: empty pages
// that promise more, or cursors that lead to where they were.
const patience = 5

// Rows reads a listing to its end, page by page, and yields each row as
// [Client.Page] does: valid only until the next one, and possibly more than
// once. After an error nothing follows.
func (c *Client) Rows(ctx context.Context, l Listing) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		w := newWalk(c, l)
		for more := true; more; {
			var err error
			more, err = w.page(ctx, func(row json.RawMessage) error {
				if !yield(row, nil) {
					return errStop
				}
				return nil
			})
			if errors.Is(err, errStop) {
				return
			}
			if err != nil {
				yield(nil, err)
				return
			}
		}
	}
}

var errStop = errors.New("the reader has enough")

// walk is where the reading of a listing stands.
type walk struct {
	c *Client
	l Listing

	path   string     // of the next page
	query  url.Values // of the next page
	size   int
	number int    // of the next page, from 1
	index  int    // of the next row, from 1 (SCIM)
	after  string // the next page, in a body

	empty int // empty pages in a row
	loop  loop
}

func newWalk(c *Client, l Listing) *walk {
	set := func(field *string, scim, other string) {
		if *field != "" {
			return
		}
		if *field = other; l.Style == SCIM {
			*field = scim
		}
	}
	set(&l.Array, "Resources", "entities")
	if l.Array == Bare {
		l.Array = ""
	}
	set(&l.SizeParam, "count", "pageSize")
	if l.PageSize <= 0 {
		l.PageSize = 100
	}
	w := &walk{c: c, l: l, path: l.Path, query: maps.Clone(l.Query), size: l.PageSize, number: 1, index: 1}
	if w.query == nil {
		w.query = url.Values{}
	}
	return w
}

// steering are the fields that say whether and where a listing goes on.
type steering struct {
	Cursor       any          `json:"cursor"`
	After        string       `json:"after"`
	NextURI      string       `json:"nextUri"`
	PageCount    *json.Number `json:"pageCount"`
	Total        *json.Number `json:"total"`
	TotalHits    *json.Number `json:"totalHits"`
	TotalResults *json.Number `json:"totalResults"`
}

// page reads the next page, and says whether another one follows.
func (w *walk) page(ctx context.Context, row func(json.RawMessage) error) (more bool, err error) {
	x, err := w.request()
	if err != nil {
		return false, err
	}
	if w.l.Style == Single {
		return false, w.single(ctx, x, row)
	}
	rows := 0
	fields, err := w.c.page(ctx, x, w.l.Array, func(raw json.RawMessage) error {
		rows++
		return row(raw)
	})
	if errors.Is(err, ErrTooLarge) && w.size > 1 && w.l.Style != Unpaged {
		w.shrink()
		return true, nil
	}
	if err != nil {
		return false, err
	}
	if w.empty++; rows > 0 {
		w.empty = 0
	}
	s := readSteering(fields)
	for _, n := range []*json.Number{s.Total, s.TotalHits, s.TotalResults} {
		if total, known := number(n); known && w.l.Counted != nil {
			w.l.Counted(total)
		}
	}
	more, err = w.advance(s, rows)
	if err == nil && more && w.empty >= patience {
		err = fmt.Errorf("%w: %d empty pages in a row that promise more", ErrBadAnswer, w.empty)
	}
	if err != nil {
		return false, fmt.Errorf("%s %s: %w", x.method, x.path, err)
	}
	return more, nil
}

// single reads the answer that is the row itself.
func (w *walk) single(ctx context.Context, x *exchange, row func(json.RawMessage) error) error {
	answer, err := w.c.buffered(ctx, x)
	if err != nil || answer == nil {
		return err
	}
	return row(compact(answer))
}

// request makes the request of the next page.
func (w *walk) request() (*exchange, error) {
	x := &exchange{method: http.MethodGet, path: w.path, query: w.query}
	size, number := strconv.Itoa(w.size), strconv.Itoa(w.number)
	switch w.l.Style {
	case Numbered:
		x.query.Set("pageNumber", number)
	case SCIM:
		x.query.Set("startIndex", strconv.Itoa(w.index))
	}
	paging := map[string]any{}
	switch w.l.Style {
	case Unpaged, Single:
	case BodyPaging:
		paging["paging"] = map[string]int{"pageSize": w.size, "pageNumber": w.number}
	case BodyNumbered:
		paging["pageSize"], paging["pageNumber"] = w.size, w.number
	case BodyAfter:
		if paging["pageSize"] = w.size; w.after != "" {
			paging["after"] = w.after
		}
	default:
		x.query.Set(w.l.SizeParam, size)
	}
	if w.l.Body == nil && len(paging) == 0 {
		return x, nil
	}
	x.method = http.MethodPost
	if len(paging) == 0 {
		return x, x.encode(w.l.Body)
	}
	body, ok := w.l.Body.(map[string]any)
	if w.l.Body != nil && !ok {
		return nil, fmt.Errorf("POST %s: the body of a listing paged by its body is no object", w.path)
	}
	if body = maps.Clone(body); body == nil {
		body = map[string]any{}
	}
	maps.Copy(body, paging)
	return x, x.encode(body)
}

// advance moves on to the next page, if there is one.
func (w *walk) advance(s steering, rows int) (more bool, err error) {
	asked := w.number
	w.number++
	w.index += rows
	switch w.l.Style {
	case Cursor:
		cursor := ""
		if s.Cursor != nil {
			cursor = fmt.Sprint(s.Cursor)
		}
		if cursor == "" {
			return false, nil
		}
		w.query.Set("cursor", cursor)
		return true, w.loop.visit(cursor)
	case NextURI:
		if s.NextURI == "" {
			return false, nil
		}
		if err := w.follow(s.NextURI); err != nil {
			return false, err
		}
		return true, w.loop.visit(s.NextURI)
	case BodyAfter:
		if w.after = s.After; w.after == "" {
			return false, nil
		}
		return true, w.loop.visit(w.after)
	case BodyPaging:
		total, known := number(s.TotalHits)
		return rows > 0 && !(known && rows < w.size && int64(asked)*int64(w.size) >= total), nil
	case Unpaged:
		if s.NextURI == "" {
			return false, nil
		}
		if err := w.follow(s.NextURI); err != nil {
			return false, err
		}
		return true, w.loop.visit(s.NextURI)
	case Single:
		return false, nil
	case SCIM:
		total, known := number(s.TotalResults)
		return rows > 0 && !(known && int64(w.index) > total), nil
	}
	if s.NextURI != "" {
		return true, nil
	}
	if count, known := number(s.PageCount); known {
		return int64(asked) < count, nil
	}
	if w.l.Style == BodyNumbered { // whose pages may be smaller than what is asked for
		return rows > 0, nil
	}
	return rows >= w.size, nil
}

// follow takes the next page from a nextUri, absolute or not. Only its path
// and query count: the token goes to no other host.
func (w *walk) follow(uri string) error {
	next, err := w.c.api.Parse(uri)
	if err != nil {
		return fmt.Errorf("%w: its nextUri is no URI", ErrBadAnswer)
	}
	path := w.c.path(next)
	query := next.Query()
	for name, values := range w.l.Query {
		if !query.Has(name) {
			query[name] = values
		}
	}
	w.path, w.query = path, query
	return nil
}

// path is that of a URL below the API's own, which is put before it again. A
// gateway's answer may or may not have it in front.
func (c *Client) path(u *url.URL) string {
	if rest, ok := strings.CutPrefix(u.EscapedPath(), c.api.EscapedPath()+"/"); ok {
		return "/" + rest
	}
	return u.EscapedPath()
}

// shrink halves the page. Where pages are numbered the number follows, so
// that nothing is left out; a few rows may come twice.
func (w *walk) shrink() {
	before := w.size
	w.size = max(1, w.size/2)
	w.number = (w.number-1)*before/w.size + 1
	if w.l.Style == NextURI && w.query.Has("pageNumber") {
		if n, err := strconv.Atoi(w.query.Get("pageNumber")); err == nil && n > 0 {
			w.query.Set("pageNumber", strconv.Itoa((n-1)*before/w.size+1))
		}
	}
}

// readSteering reads what it can; a field of another type than expected
// counts as absent.
func readSteering(fields map[string]json.RawMessage) (s steering) {
	for name, into := range map[string]any{
		"nextUri": &s.NextURI, "after": &s.After, "pageCount": &s.PageCount, "total": &s.Total,
		"totalHits": &s.TotalHits, "totalResults": &s.TotalResults,
	} {
		if raw, ok := fields[name]; ok {
			_ = json.Unmarshal(raw, into)
		}
	}
	var cursors struct {
		After string `json:"after"`
	}
	if json.Unmarshal(fields["cursors"], &cursors) == nil && cursors.After != "" {
		s.Cursor = cursors.After
	}
	if raw, ok := fields["cursor"]; ok {
		var text string
		switch err := json.Unmarshal(raw, &text); {
		case err == nil && text != "":
			s.Cursor = text
		case err != nil:
			s.Cursor = string(raw) // a number, which keeps its spelling
		}
	}
	return s
}

func number(n *json.Number) (int64, bool) {
	if n == nil {
		return 0, false
	}
	v, err := n.Int64()
	return v, err == nil
}

// loop notices that a listing runs in a circle, whatever its length, in
// constant memory (Brent's algorithm). One and the same page a few times is
// not yet a circle: the platform repeats a cursor now and then.
type loop struct {
	last, mark   string
	steps, power int
	repeats      int
}

func (l *loop) visit(place string) error {
	if place == l.last || place == l.mark {
		l.repeats++
	}
	if l.repeats >= patience {
		return fmt.Errorf("%w: its pages lead in a circle", ErrBadAnswer)
	}
	if l.steps++; l.steps >= l.power {
		l.mark, l.steps, l.power = place, 0, max(1, l.power*2)
	}
	l.last = place
	return nil
}
