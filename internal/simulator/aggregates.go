package simulator

import (
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Aggregate is one value: what one metric comes to in one group and one part of
// the organization's time.
type Aggregate struct {
	Group     map[string]string `json:"group"`    // without dimensions in which it has no value
	Interval  string            `json:"interval"` // as answers write it
	Metric    string            `json:"metric"`
	Qualifier string            `json:"qualifier,omitempty"` // tells apart values of one metric
	Stats     json.RawMessage   `json:"stats"`               // byte for byte
}

// Family is one kind of aggregates, such as conversations.
type Family struct {
	Name       string   `json:"name"`
	Dimensions []string `json:"dimensions"` // that its values can be grouped by
	Metrics    []string `json:"metrics"`
}

// Families names those that the organization has.
func (t *Truth) Families() (list []Family) {
	for _, f := range families {
		if !slices.Contains(t.s.cfg.Without, f.pattern()) {
			list = append(list, Family{f.name, f.dimensions, f.metrics})
		}
	}
	return list
}

// Aggregates gives every value that a family has, by some dimensions, and cut from the first day on by a granularity; 0: the whole time
// of the organization at once. There is nothing for an unknown family.
func (t *Truth) Aggregates(family string, groupBy []string, granularity time.Duration) iter.Seq[Aggregate] {
	return func(yield func(Aggregate) bool) {
		f := familyOf(family)
		if f == nil || slices.Contains(t.s.cfg.Without, f.pattern()) {
			return
		}
		o := t.s.org
		q := aggregateQuery{f: f, groupBy: groupBy, wanted: f.wanted(f.metrics), from: o.from, to: o.dayStart(o.cfg.Days), step: granularity.Milliseconds()}
		for from, to := range q.parts(o) {
			for _, g := range t.s.entities.aggregate(f, groupBy, q.wanted, from, to) {
				var group map[string]string
				_ = json.Unmarshal([]byte(g.key), &group) // it was made as JSON
				for _, m := range g.measures {
					a := Aggregate{Group: group, Interval: intervalText(from, to), Metric: f.metrics[m.metric], Stats: f.appendStats(nil, m)}
					a.Qualifier = strings.Trim(m.qualifier, `"`)
					if !yield(a) {
						return
					}
				}
			}
		}
	}
}

func familyOf(name string) *family {
	at := slices.IndexFunc(families, func(f *family) bool { return f.name == name })
	if at < 0 {
		return nil
	}
	return families[at]
}

func (f *family) pattern() string { return "/api/v2/analytics/" + f.name + "/aggregates/query" }

// wanted marks metrics in the family's order.
func (f *family) wanted(metrics []string) []bool {
	marks := make([]bool, len(f.metrics))
	for i, metric := range f.metrics {
		marks[i] = slices.Contains(metrics, metric)
	}
	return marks
}

// aggregateQuery is a question for a family's values.
type aggregateQuery struct {
	f        *family
	groupBy  []string
	wanted   []bool // metrics
	from, to int64
	step     int64 // 0: not cut
}

// parts cuts the interval from its start. What lies wholly outside the
// organization's days is left out, for there is nothing.
func (q aggregateQuery) parts(o *org) iter.Seq2[int64, int64] {
	return func(yield func(from, to int64) bool) {
		from, step := q.from, q.step
		if step == 0 {
			step = q.to - q.from
		}
		if from < o.from {
			from += (o.from - from) / step * step
		}
		for end := min(q.to, o.dayStart(o.cfg.Days)); from < end; from += step {
			if !yield(from, min(from+step, q.to)) {
				return
			}
		}
	}
}

func intervalText(from, to int64) string {
	text := func(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z") }
	return text(from) + "/" + text(to)
}

func (s *Server) aggregateRoutes() (routes []route) {
	for _, f := range families {
		routes = append(routes, route{"POST " + f.pattern(), f.needs, func(w http.ResponseWriter, r *http.Request, _ caller) {
			s.queryAggregates(w, r, f)
		}})
	}
	return routes
}

// queryAggregates answers what the interval holds. Where that is nothing, results
// is an empty array or is not there at all.
func (s *Server) queryAggregates(w http.ResponseWriter, r *http.Request, f *family) {
	q, problem := readAggregateQuery(r, f)
	if problem != "" {
		badRequest(w, r, problem)
		return
	}
	var order []string
	data, values := map[string][]byte{}, 0
	for from, to := range q.parts(s.org) {
		for _, g := range s.entities.aggregate(f, q.groupBy, q.wanted, from, to) {
			if values += len(g.measures); s.cfg.MaxAggregateValues > 0 && values > s.cfg.MaxAggregateValues {
				responseTooLarge(w, r)
				return
			}
			b, known := data[g.key]
			if known {
				b = append(b, ',')
			} else {
				order = append(order, g.key)
			}
			data[g.key] = f.appendData(b, g, from, to)
		}
	}
	w.Header().Set("Content-Type", "application/json")
	if len(order) == 0 {
		_, _ = w.Write([]byte([]string{`{}`, `{"results":[]}`}[hash(s.cfg.Seed, f.number, uint64(q.from))%2]))
		return
	}
	b := []byte(`{"results":[`)
	for i, key := range order {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(append(append(append(b, `{"group":`...), key...), `,"data":[`...), data[key]...), `]}`...)
	}
	_, _ = w.Write(append(b, `]}`...))
}

func (f *family) appendData(b []byte, g *grouped, from, to int64) []byte {
	b = append(append(append(b, `{"interval":"`...), intervalText(from, to)...), `","metrics":[`...)
	for i, m := range g.measures {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(append(b, `{"metric":"`...), f.metrics[m.metric]...), '"')
		if m.qualifier != "" {
			b = append(append(b, `,"qualifier":`...), m.qualifier...)
		}
		b = append(f.appendStats(append(b, `,"stats":`...), m), '}')
	}
	return append(b, `]}`...)
}

// readAggregateQuery gives what is wrong with a body, or nothing. A member that
// the simulator does not know is refused aloud, because ignoring it would answer
// another question.
func readAggregateQuery(r *http.Request, f *family) (q aggregateQuery, problem string) {
	var body struct {
		Interval    string          `json:"interval"`
		Granularity string          `json:"granularity"`
		TimeZone    string          `json:"timeZone"`
		GroupBy     []string        `json:"groupBy"`
		Metrics     []string        `json:"metrics"`
		Filter      json.RawMessage `json:"filter"`
		QueryType   string          `json:"queryType"`
	}
	in := json.NewDecoder(r.Body)
	in.DisallowUnknownFields()
	if err := in.Decode(&body); err != nil {
		return q, "the body is not a query that the simulator knows: " + err.Error()
	}
	from, to, err := parseInterval(body.Interval)
	if err != nil {
		return q, err.Error()
	}
	q = aggregateQuery{f: f, groupBy: body.GroupBy, wanted: f.wanted(body.Metrics), from: from.UnixMilli(), to: to.UnixMilli()}
	if q.step, err = parseGranularity(body.Granularity); err != nil {
		return q, err.Error()
	}
	for _, check := range []struct {
		what         string
		asked, known []string
	}{{"metric", body.Metrics, f.metrics}, {"dimension", body.GroupBy, f.dimensions}} {
		for _, name := range check.asked {
			if !slices.Contains(check.known, name) {
				return q, fmt.Sprintf("%s have no %s %q", f.name, check.what, name)
			}
		}
	}
	switch {
	case len(body.Metrics) == 0:
		return q, "metrics are required"
	case body.TimeZone != "" && body.TimeZone != "UTC" && body.TimeZone != "Etc/UTC":
		return q, "the simulator knows no time zone " + strconv.Quote(body.TimeZone)
	case body.QueryType != "" && body.QueryType != "groupBy":
		return q, "the simulator knows no queryType " + strconv.Quote(body.QueryType)
	case len(body.Filter) > 0 && !slices.Contains([]string{"null", "{}"}, string(body.Filter)):
		return q, "the simulator knows no filter of aggregates"
	}
	return q, ""
}

var isoPeriod = regexp.MustCompile(`^P(?:(\d{1,3})D)?(?:T(?:(\d{1,3})H)?(?:(\d{1,4})M)?)?$`)

// parseGranularity reads an ISO 8601 period of quarters of an hour, in
// milliseconds; 0 for nothing.
func parseGranularity(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	parts := isoPeriod.FindStringSubmatch(text)
	if parts == nil {
		return 0, fmt.Errorf("granularity %q is not of the form P1D or PT30M", text)
	}
	var sum time.Duration
	for i, unit := range []time.Duration{24 * time.Hour, time.Hour, time.Minute} {
		n, _ := strconv.Atoi(parts[i+1]) // digits, or nothing
		sum += time.Duration(n) * unit
	}
	if sum == 0 || sum%(15*time.Minute) != 0 {
		return 0, fmt.Errorf("granularity %q is not a number of quarters of an hour", text)
	}
	return sum.Milliseconds(), nil
}
