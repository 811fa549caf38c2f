package genesys_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"exitplan/internal/genesys"
)

// number of a query parameter; -1 if it is none.
func param(r *http.Request, name string) int {
	n, err := strconv.Atoi(r.URL.Query().Get(name))
	if err != nil {
		return -1
	}
	return n
}

// span writes the rows from (counted from 0) up to but not including to, as far as total goes.
func span(from, to, total int) string {
	rows := []string{}
	for i := max(from, 0); i < min(to, total); i++ {
		rows = append(rows, strconv.Itoa(i))
	}
	return "[" + strings.Join(rows, ",") + "]"
}

func read(t *testing.T, c *genesys.Client, l genesys.Listing) (rows []int, err error) {
	t.Helper()
	for row, err := range c.Rows(t.Context(), l) {
		if err != nil {
			return rows, err
		}
		n, err := strconv.Atoi(string(row))
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, n)
	}
	return rows, nil
}

func wantRows(t *testing.T, rows []int, total int) {
	t.Helper()
	for i, row := range rows {
		if row != i {
			t.Fatalf("row %d is %d", i, row)
		}
	}
	if len(rows) != total {
		t.Errorf("%d rows, not %d", len(rows), total)
	}
}

func TestListings(t *testing.T) {
	const total, size = 25, 10
	for name, tc := range map[string]struct {
		listing genesys.Listing
		calls   int64
		answer  func(w http.ResponseWriter, r *http.Request)
	}{
		"numbered, page count": {genesys.Listing{}, 3, func(w http.ResponseWriter, r *http.Request) {
			n := param(r, "pageNumber")
			fmt.Fprintf(w, `{"entities":%s,"pageCount":3,"pageNumber":%d}`, span((n-1)*size, n*size, total), n)
		}},
		"numbered, nextUri knows better": {genesys.Listing{}, 3, func(w http.ResponseWriter, r *http.Request) {
			n := param(r, "pageNumber")
			next := ""
			if n < 3 {
				next = `"nextUri":"/api/v2/x?pageNumber=2",`
			}
			fmt.Fprintf(w, `{%s"pageCount":1,"entities":%s}`, next, span((n-1)*size, n*size, total))
		}},
		"numbered, nothing said": {genesys.Listing{}, 3, func(w http.ResponseWriter, r *http.Request) {
			n := param(r, "pageNumber")
			fmt.Fprintf(w, `{"entities":%s}`, span((n-1)*size, n*size, total))
		}},
		"numbered, empty page in between": {genesys.Listing{}, 4, func(w http.ResponseWriter, r *http.Request) {
			n := param(r, "pageNumber")
			if n == 2 {
				io.WriteString(w, `{"entities":[],"pageCount":4}`)
				return
			}
			if n > 2 {
				n--
			}
			fmt.Fprintf(w, `{"entities":%s,"pageCount":4}`, span((n-1)*size, n*size, total))
		}},
		"cursor": {genesys.Listing{Style: genesys.Cursor, Array: "conversations"}, 3, func(w http.ResponseWriter, r *http.Request) {
			at := max(param(r, "cursor"), 0)
			next := ""
			if at+size < total {
				next = fmt.Sprintf(`,"cursor":"%d"`, at+size)
			}
			fmt.Fprintf(w, `{"conversations":%s%s}`, span(at, at+size, total), next)
		}},
		"cursor, a number and then null": {genesys.Listing{Style: genesys.Cursor, SizeParam: "limit"}, 3, func(w http.ResponseWriter, r *http.Request) {
			at, next := max(param(r, "cursor"), 0), "null"
			if at+size < total {
				next = strconv.Itoa(at + param(r, "limit"))
			}
			fmt.Fprintf(w, `{"cursor":%s,"entities":%s}`, next, span(at, at+size, total))
		}},
		"cursor, empty page and empty cursor": {genesys.Listing{Style: genesys.Cursor}, 4, func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Query().Get("cursor") {
			case "":
				fmt.Fprintf(w, `{"cursor":"a","entities":%s}`, span(0, 10, total))
			case "a":
				io.WriteString(w, `{"cursor":"b"}`)
			case "b":
				fmt.Fprintf(w, `{"cursor":"c","entities":%s}`, span(10, 20, total))
			case "c":
				fmt.Fprintf(w, `{"cursor":"","entities":%s}`, span(20, 30, total))
			}
		}},
		"nextUri, absolute": {genesys.Listing{Style: genesys.NextURI}, 3, func(w http.ResponseWriter, r *http.Request) {
			at, next := max(param(r, "after"), 0), ""
			if at+size < total {
				next = fmt.Sprintf(`"nextUri":"https://api.mypurecloud.jp/api/v2/x?after=%d&pageSize=10",`, at+size)
			}
			fmt.Fprintf(w, `{%s"entities":%s}`, next, span(at, at+size, total))
		}},
		"nextUri, without the filter": {genesys.Listing{Style: genesys.NextURI}, 3, func(w http.ResponseWriter, r *http.Request) {
			at, next := max(param(r, "cursor"), 0), "null"
			if at+size < total {
				next = fmt.Sprintf(`"/api/v2/x?cursor=%d"`, at+size)
			}
			fmt.Fprintf(w, `{"nextUri":%s,"entities":%s}`, next, span(at, at+size, total))
		}},
		"in the body": {genesys.Listing{Style: genesys.BodyPaging, Array: "conversations", Body: map[string]any{"interval": "a/b"}}, 3, func(w http.ResponseWriter, r *http.Request) {
			var body struct {
				Interval string
				Paging   struct{ PageSize, PageNumber int }
			}
			if err := json.NewDecoder(r.Body).Decode(&body); err != nil || body.Interval != "a/b" || body.Paging.PageSize != size {
				fail(w, 400, "bad.request", fmt.Sprint(err, body))
				return
			}
			n := body.Paging.PageNumber
			fmt.Fprintf(w, `{"totalHits":25,"conversations":%s}`, span((n-1)*size, n*size, total))
		}},
		"in the body, until nothing comes": {genesys.Listing{Style: genesys.BodyPaging}, 4, func(w http.ResponseWriter, r *http.Request) {
			var body struct{ Paging struct{ PageNumber int } }
			json.NewDecoder(r.Body).Decode(&body)
			n := body.Paging.PageNumber
			if n > 3 {
				io.WriteString(w, `{}`)
				return
			}
			fmt.Fprintf(w, `{"entities":%s}`, span((n-1)*size, n*size, total))
		}},
		"SCIM": {genesys.Listing{Style: genesys.SCIM}, 3, func(w http.ResponseWriter, r *http.Request) {
			at := param(r, "startIndex") - 1
			fmt.Fprintf(w, `{"totalResults":25,"startIndex":%d,"Resources":%s}`, at+1, span(at, at+param(r, "count"), total))
		}},
		"SCIM, pages shorter than asked": {genesys.Listing{Style: genesys.SCIM}, 5, func(w http.ResponseWriter, r *http.Request) {
			at := param(r, "startIndex") - 1
			fmt.Fprintf(w, `{"totalResults":25,"Resources":%s}`, span(at, at+5, total))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlatform(t, func(w http.ResponseWriter, r *http.Request, n int) {
				if r.URL.Path != "/api/v2/x" || r.Method == http.MethodGet && r.URL.Query().Get("state") != "any" {
					t.Errorf("asked for %s", r.URL)
				}
				tc.answer(w, r)
			})
			l := tc.listing
			l.Path, l.PageSize = "/api/v2/x", size
			l.Query = map[string][]string{"state": {"any"}}
			rows, err := read(t, p.client(t), l)
			if err != nil {
				t.Fatal(err)
			}
			wantRows(t, rows, total)
			if got := p.calls.Load(); got != tc.calls {
				t.Errorf("%d requests, not %d", got, tc.calls)
			}
			if len(l.Query) != 1 {
				t.Errorf("the caller's query was changed: %v", l.Query)
			}
		})
	}
}

// A page that is too large is halved until it fits, and nothing is left out.
func TestListingsShrink(t *testing.T) {
	const total = 47
	for name, tc := range map[string]struct {
		style  genesys.Style
		answer func(w http.ResponseWriter, r *http.Request) (from, size int, rest string)
	}{
		"numbered": {genesys.Numbered, func(w http.ResponseWriter, r *http.Request) (int, int, string) {
			size := param(r, "pageSize")
			return (param(r, "pageNumber") - 1) * size, size, ""
		}},
		"cursor": {genesys.Cursor, func(w http.ResponseWriter, r *http.Request) (int, int, string) {
			at, size := max(param(r, "cursor"), 0), param(r, "pageSize")
			if at+size < total {
				return at, size, fmt.Sprintf(`,"cursor":"%d"`, at+size)
			}
			return at, size, ""
		}},
		"SCIM": {genesys.SCIM, func(w http.ResponseWriter, r *http.Request) (int, int, string) {
			return param(r, "startIndex") - 1, param(r, "count"), `,"totalResults":47`
		}},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlatform(t, func(w http.ResponseWriter, r *http.Request, n int) {
				from, size, rest := tc.answer(w, r)
				// Beyond row 20 records are larger.
				if from+size > 20 && size > 3 {
					fail(w, 400, "response.entity.too.large", "response is over the size limit")
					return
				}
				fmt.Fprintf(w, `{"rows":%s%s}`, span(from, from+size, total), rest)
			})
			rows, err := read(t, p.client(t), genesys.Listing{Path: "/api/v2/x", Style: tc.style, Array: "rows", PageSize: 7})
			if err != nil {
				t.Fatal(err)
			}
			seen := map[int]bool{}
			for _, row := range rows {
				seen[row] = true
			}
			if len(seen) != total || len(rows) > total+7 {
				t.Errorf("%d different rows of %d", len(seen), len(rows))
			}
		})
	}
	p := newPlatform(t, func(w http.ResponseWriter, r *http.Request, n int) { fail(w, 413, "payload.too.large", "") })
	if _, err := read(t, p.client(t), genesys.Listing{Path: "/api/v2/x", PageSize: 8}); !errors.Is(err, genesys.ErrTooLarge) || p.calls.Load() != 4 {
		t.Errorf("one row too large: %v after %d requests", err, p.calls.Load())
	}
}

func TestListingsThatLeadNowhere(t *testing.T) {
	for name, tc := range map[string]struct {
		style  genesys.Style
		answer func(n int) string
	}{
		"same cursor":            {genesys.Cursor, func(n int) string { return `{"cursor":"a","entities":[1]}` }},
		"cursors in a circle":    {genesys.Cursor, func(n int) string { return fmt.Sprintf(`{"cursor":"%d","entities":[1]}`, n%7) }},
		"circle after a while":   {genesys.Cursor, func(n int) string { return fmt.Sprintf(`{"cursor":"%d","entities":[1]}`, min(n, 100+n%3)) }},
		"same nextUri":           {genesys.NextURI, func(n int) string { return `{"nextUri":"/api/v2/x?after=1","entities":[1]}` }},
		"empty pages, numbered":  {genesys.Numbered, func(n int) string { return `{"nextUri":"/api/v2/x","entities":[]}` }},
		"empty pages, cursor":    {genesys.Cursor, func(n int) string { return fmt.Sprintf(`{"cursor":"%d"}`, n) }},
		"nextUri that is no URI": {genesys.NextURI, func(n int) string { return `{"nextUri":"http://[","entities":[1]}` }},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlatform(t, func(w http.ResponseWriter, r *http.Request, n int) { io.WriteString(w, tc.answer(n)) })
			_, err := read(t, p.client(t), genesys.Listing{Path: "/api/v2/x", Style: tc.style})
			if !errors.Is(err, genesys.ErrBadAnswer) || p.calls.Load() > 500 {
				t.Errorf("%v after %d requests", err, p.calls.Load())
			}
		})
	}
}

// One repeated cursor is a hiccup: the listing goes on.
func TestListingWithARepeatedCursor(t *testing.T) {
	p := newPlatform(t, func(w http.ResponseWriter, r *http.Request, n int) {
		switch cursor := r.URL.Query().Get("cursor"); {
		case cursor == "":
			io.WriteString(w, `{"cursor":"a","entities":[0]}`)
		case n < 4:
			io.WriteString(w, `{"cursor":"a","entities":[1]}`)
		default:
			io.WriteString(w, `{"entities":[1,2]}`)
		}
	})
	rows, err := read(t, p.client(t), genesys.Listing{Path: "/api/v2/x", Style: genesys.Cursor})
	if err != nil || fmt.Sprint(rows) != "[0 1 1 1 2]" {
		t.Errorf("rows are %v, %v", rows, err)
	}
}

func TestListingStopsWithItsReader(t *testing.T) {
	p := newPlatform(t, func(w http.ResponseWriter, r *http.Request, n int) {
		io.WriteString(w, `{"pageCount":9,"entities":[1,2,3]}`)
	})
	for range p.client(t).Rows(t.Context(), genesys.Listing{Path: "/api/v2/x"}) {
		break
	}
	if got := p.calls.Load(); got != 1 {
		t.Errorf("%d requests", got)
	}
}

// nextUri may name another host; the token goes to none but the API's.
func TestNextURIOfAGateway(t *testing.T) {
	p := newPlatform(t, nil)
	p.Config.Handler.(*http.ServeMux).HandleFunc("/gate/api/", p.serve)
	p.api = func(w http.ResponseWriter, r *http.Request, n int) {
		if !strings.HasPrefix(r.URL.Path, "/gate/api/v2/x") {
			t.Errorf("asked for %s", r.URL)
		}
		switch n {
		case 1:
			io.WriteString(w, `{"nextUri":"https://evil.example/api/v2/x?after=1","entities":[0]}`)
		case 2:
			io.WriteString(w, `{"nextUri":"/gate/api/v2/x?after=2","entities":[1]}`)
		default:
			io.WriteString(w, `{"entities":[2]}`)
		}
	}
	c := p.client(t, func(cfg *genesys.Config) { cfg.APIURL += "/gate/" })
	rows, err := read(t, c, genesys.Listing{Path: "/api/v2/x", Style: genesys.NextURI})
	if err != nil {
		t.Fatal(err)
	}
	wantRows(t, rows, 3)
}
