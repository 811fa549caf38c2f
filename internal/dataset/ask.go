package dataset

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"exitplan/exporter"
	"exitplan/internal/genesys"
)

// ask is one question to the platform: what is there of one parent, or of
// some, and of which interval.
type ask struct {
	parent []string          // ids, outermost first
	last   []string          // the last ids, where one question is about several parents
	iv     exporter.Interval // zero where time does not matter
	cut    bool              // a part of what the unit is about
	now    time.Time
}

// item names what one question is about, within its unit.
func (a ask) item(unit string) string {
	if len(a.parent) == 0 && len(a.last) == 0 && !a.cut {
		return unit
	}
	var escaped []string
	for _, id := range a.parent {
		escaped = append(escaped, url.PathEscape(id))
	}
	if n := len(a.last); n > 0 {
		escaped = append(escaped, fmt.Sprintf("%s+%d", url.PathEscape(a.last[0]), n-1))
	}
	if a.cut {
		escaped = append(escaped, detailsParams{From: a.iv.From, To: a.iv.To}.name())
	}
	if len(a.parent)+len(a.last) == 0 {
		return unit + "/" + strings.Join(escaped, "/")
	}
	return strings.Join(escaped, "/")
}

// The values of metrics are kept by the half hour.
const halfHour = 30 * time.Minute

// halves cuts a question in two, if it can be: what it asks about at once, or the
// interval that it names.
func (d *listing) halves(a ask) []ask {
	if n := len(a.last); n > 1 {
		first, second := a, a
		first.last, second.last = a.last[:n/2], a.last[n/2:]
		return []ask{first, second}
	}
	if !d.timed() {
		return nil
	}
	middle := a.iv.From.Add(a.iv.To.Sub(a.iv.From) / 2).Truncate(halfHour)
	if !a.iv.From.Before(middle) || !middle.Before(a.iv.To) {
		return nil
	}
	first, second := a, a
	first.iv.To, second.iv.From = middle, middle
	first.cut, second.cut = true, true
	return []ask{first, second}
}

// timed says whether questions name their interval.
func (d *listing) timed() bool {
	return strings.Contains(d.body, "{interval}") || strings.Contains(d.body, "{closed}") || strings.Contains(d.query, "{from}")
}

// path fills the places of a path, from the last one back; {job} is not one.
func (a ask) path(path, job string) string {
	path = strings.ReplaceAll(path, "{job}", url.PathEscape(job))
	ids := a.parent
	for len(ids) > 0 {
		from, to := strings.LastIndexByte(path, '{'), strings.LastIndexByte(path, '}')
		if from < 0 {
			break
		}
		path = path[:from] + url.PathEscape(ids[len(ids)-1]) + path[to+1:]
		ids = ids[:len(ids)-1]
	}
	return path
}

// places are what may stand in a query or a body for what is asked about, and
// for the time, in milliseconds.
func (a ask) places(encode func(string) string) *strings.Replacer {
	id := ""
	if n := len(a.parent); n > 0 {
		id = a.parent[n-1]
	}
	ids, _ := json.Marshal(a.last) // strings cannot fail
	pairs := []string{"{id}", encode(id), "{ids}", string(ids), "{now}", fmt.Sprint(a.now.UnixMilli())}
	if !a.iv.To.IsZero() {
		closed := exporter.Interval{From: a.iv.From, To: a.iv.To.Add(-time.Millisecond)}
		pairs = append(pairs, "{interval}", a.iv.String(), "{closed}", closed.String(),
			"{from}", a.iv.From.UTC().Format(time.RFC3339), "{to}", a.iv.To.UTC().Format(time.RFC3339))
	}
	return strings.NewReplacer(pairs...)
}

// queryOf fills the query of a row.
func (a ask) queryOf(text string) url.Values {
	query, err := url.ParseQuery(text)
	if err != nil {
		panic(err) // a test reads every row of the table
	}
	fill := a.places(func(id string) string { return id })
	for _, values := range query {
		for i := range values {
			values[i] = fill.Replace(values[i])
		}
	}
	return query
}

// bodyOf fills the body of a row; nil where it has none.
func (a ask) bodyOf(text string) (body any, err error) {
	if text == "" {
		return nil, nil
	}
	filled := a.places(func(id string) string {
		quoted, _ := json.Marshal(id) // a string cannot fail
		return string(quoted[1 : len(quoted)-1])
	}).Replace(text)
	if err := json.Unmarshal([]byte(filled), &body); err != nil {
		return nil, fmt.Errorf("the body %s: %w", filled, err)
	}
	return body, nil
}

// request is the listing that a question asks for.
func (d *listing) request(a ask) (genesys.Listing, error) {
	body, err := a.bodyOf(d.body)
	return genesys.Listing{
		Path: a.path(d.path, ""), Query: a.queryOf(d.query), Style: d.style, Array: d.array,
		PageSize: d.pageSize(), SizeParam: d.sizeParam, Body: body,
	}, err
}
