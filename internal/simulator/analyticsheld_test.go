package simulator_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"exitplan/internal/simulator"
)

// paged follows the cursor, or the nextUri, of a listing to its end.
func (c *client) paged(path, array string) (rows []json.RawMessage, pages int) {
	c.t.Helper()
	for next := path; next != ""; pages++ {
		res, raw := c.do(c.request(http.MethodGet, next, nil))
		if res.StatusCode != http.StatusOK {
			c.t.Fatalf("%s: %d %s", next, res.StatusCode, raw)
		}
		var page map[string]json.RawMessage
		var more []json.RawMessage
		var cursor string
		if err := json.Unmarshal(raw, &page); err != nil {
			c.t.Fatal(err)
		}
		if page[array] != nil {
			if err := json.Unmarshal(page[array], &more); err != nil {
				c.t.Fatal(err)
			}
		}
		rows, next = append(rows, more...), ""
		_ = json.Unmarshal(page["nextUri"], &next)
		if _ = json.Unmarshal(page["cursor"], &cursor); cursor != "" {
			next = path + "&cursor=" + url.QueryEscape(cursor)
		}
	}
	return rows, pages
}

// until asks again for as long as a member of the answer has one of the values.
func (c *client) until(path, member string, values ...string) m {
	c.t.Helper()
	for {
		res, raw := c.do(c.request(http.MethodGet, path, nil))
		answer := c.object(raw)
		state, _ := answer[member].(string)
		if !slices.Contains(values, state) || res.StatusCode >= 300 {
			return answer
		}
	}
}

// held gives what the truth has behind an operation, by the last parent.
func (c *client) held(pattern string) map[string][]simulator.Held {
	all := map[string][]simulator.Held{}
	for one := range c.s.Truth().Held(pattern) {
		parent := ""
		if n := len(one.Parent); n > 0 {
			parent = one.Parent[n-1]
		}
		all[parent] = append(all[parent], one)
	}
	return all
}

func records(held []simulator.Held) (rows []json.RawMessage) {
	for _, one := range held {
		rows = append(rows, one.Record)
	}
	return rows
}

// sameRows wants the same bytes, nothing twice, in any order.
func sameRows(t *testing.T, what string, got, want []json.RawMessage) {
	t.Helper()
	lines := func(rows []json.RawMessage) (list []string) {
		for _, row := range rows {
			list = append(list, string(row))
		}
		slices.Sort(list)
		return list
	}
	g, w := lines(got), lines(want)
	if slices.Equal(g, w) {
		return
	}
	for i := range max(len(g), len(w)) {
		if i >= len(g) || i >= len(w) || g[i] != w[i] {
			t.Fatalf("%s: %d rows, want %d; first difference\n%s\nand\n%s", what, len(g), len(w),
				strings.Join(g[min(i, len(g)):min(i+1, len(g))], ""), strings.Join(w[min(i, len(w)):min(i+1, len(w))], ""))
		}
	}
}
