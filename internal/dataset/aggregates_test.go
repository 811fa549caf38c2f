package dataset

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"exitplan/internal/simulator"
	"exitplan/internal/sink/sinktest"
	"exitplan/internal/tables"
)

// Each dimension by which a family is asked for is a column, and no other is.
func TestDimensionsOfAggregatesAreColumns(t *testing.T) {
	var want []string
	for _, a := range aggregates {
		want = append(want, strings.Fields(a.groupBy)...)
	}
	slices.Sort(want)
	got := slices.Sorted(slices.Values(tables.DimensionNames()))
	if want = slices.Compact(want); !slices.Equal(got, want) {
		t.Errorf("columns %v\nfamilies are asked for by %v", got, want)
	}
}

// aggregated answers an aggregates query with some groups, and in each with
// every metric that is asked for in each hour, those of one group apart.
func aggregated(w http.ResponseWriter, r *http.Request) {
	var q struct {
		Interval         string
		GroupBy, Metrics []string
	}
	_ = json.NewDecoder(r.Body).Decode(&q)
	from, _, _ := strings.Cut(q.Interval, "/")
	start, _ := time.Parse(time.RFC3339, from)
	type object = map[string]any
	var results []object
	for n := range 3 {
		group, data := object{}, []object{}
		for _, dimension := range q.GroupBy {
			group[dimension] = fmt.Sprint(dimension, n)
		}
		for hour := range 24 * n {
			begin := start.Add(time.Duration(hour) * time.Hour)
			var metrics []object
			for i, metric := range q.Metrics {
				metrics = append(metrics, object{"metric": metric, "qualifier": fmt.Sprint("q", i%2), "stats": object{"count": hour + i, "sum": float64(i) / 2}})
			}
			data = append(data, object{"interval": begin.Format(time.RFC3339) + "/" + begin.Add(time.Hour).Format(time.RFC3339), "metrics": metrics})
		}
		results = append(results, object{"group": group, "data": data})
	}
	_ = json.NewEncoder(w).Encode(object{"results": results})
}

var families = []string{"flows", "users", "actions"}

// aggregatesExport is an export of aggregates as Parquet too.
func aggregatesExport(t *testing.T) *export {
	t.Helper()
	answers, names := map[string]http.HandlerFunc{}, []string{}
	for _, family := range families {
		answers["POST /api/v2/analytics/"+family+"/aggregates/query"] = aggregated
		names = append(names, "analytics."+family+".aggregates")
	}
	e := newDeclared(t, simulator.Config{Days: 2, Middleware: answering(answers)}, names...)
	e.details.Layout.Parquet = true
	e.use(t, names...)
	return e
}

// inLines counts the values of a family's lines, by all that tells them apart.
func (e *export) inLines(t *testing.T, family string) map[string]int {
	t.Helper()
	values := map[string]int{}
	for _, line := range e.lines(t, "analytics."+family+".aggregates") {
		var result struct {
			Group map[string]string
			Data  []struct {
				Interval string
				Metrics  []struct {
					Metric, Qualifier string
					Stats             struct {
						Count int
						Sum   float64
					}
				}
			}
		}
		if err := json.Unmarshal([]byte(line), &result); err != nil {
			t.Fatal(err)
		}
		for _, d := range result.Data {
			from, to, _ := strings.Cut(d.Interval, "/")
			for _, m := range d.Metrics {
				values[fmt.Sprintln(family, result.Group, from, to, m.Metric, m.Qualifier, m.Stats.Count, m.Stats.Sum)]++
			}
		}
	}
	return values
}

// inParquet counts them as they are in the table.
func (e *export) inParquet(t *testing.T, family string) map[string]int {
	t.Helper()
	values := map[string]int{}
	for path := range e.stored(t) {
		if !strings.Contains(path, "/data/"+tables.AggregatesFolder+"/"+family+"/year=2026/month=03/day=0") {
			continue
		}
		r := parquet.NewReader(bytes.NewReader(e.slurp(t, path)))
		names := r.Schema().Columns()
		for {
			read := make([]parquet.Row, 1)
			n, err := r.ReadRows(read)
			if n == 1 {
				row := map[string]parquet.Value{}
				group := map[string]string{}
				for _, v := range read[0] {
					name := names[v.Column()][0]
					if row[name] = v; !v.IsNull() && slices.Contains(tables.DimensionNames(), name) {
						group[name] = v.String()
					}
				}
				at := func(name string) string { return time.UnixMilli(row[name].Int64()).UTC().Format(time.RFC3339) }
				values[fmt.Sprintln(row["family"], group, at("intervalStart"), at("intervalEnd"), row["metric"], row["qualifier"], row["count"].Int64(), row["sum"].Double())]++
			}
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return values
}

// The table holds each value of the lines once, and the lines alone are counted.
func TestAggregatesAsParquetHoldWhatTheLinesHold(t *testing.T) {
	e := aggregatesExport(t)
	e.run(t)
	e.sound(t)
	for _, family := range families {
		want, got := e.inLines(t, family), e.inParquet(t, family)
		if len(want) < 2*72 || !maps.Equal(got, want) {
			t.Errorf("%s: %d values in Parquet, %d in the lines, or others", family, len(got), len(want))
		}
		tally, err := e.journal.Tally(t.Context())
		if c := tally.Datasets["analytics."+family+".aggregates"]; err != nil || c.Records != 2*3 || c.Artifacts != 2*2 || c.Met != c.Expected {
			t.Errorf("%s: counted %+v (%v), want each result once, in two files a day", family, c, err)
		}
	}
}

// A run that breaks off between the part and its table ends with the same
// objects as one that does not.
func TestAggregatesAsParquetAreTheSameAfterAFailure(t *testing.T) {
	e := aggregatesExport(t)
	e.run(t)
	want := e.stored(t)
	for _, fault := range []sinktest.Fault{
		{Path: "-00000.parquet", When: sinktest.Before, Times: 2},
		{Path: "-00000.parquet", When: sinktest.After, Times: 2},
		{Path: "-00000" + packedSuffix, When: sinktest.After, Times: 2},
	} {
		t.Run(fmt.Sprint(fault.Path, fault.When), func(t *testing.T) {
			e := aggregatesExport(t)
			e.dest.Fail(fault)
			e.run(t)
			e.dest.Heal()
			e.run(t)
			e.sound(t)
			if got := e.stored(t); !maps.Equal(got, want) {
				t.Errorf("%d objects, want the %d of an undisturbed export", len(got), len(want))
			}
		})
	}
}

// A unit that is opened again, since a part of its day was refused, reads back
// its lines and not its table, and adds to both.
func TestAggregatesThatComeLaterHaveTheirTable(t *testing.T) {
	var whole atomic.Bool
	e := newDeclared(t, simulator.Config{Middleware: answering(map[string]http.HandlerFunc{
		"POST /api/v2/analytics/flows/aggregates/query": func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			switch {
			case bytes.Contains(body, []byte("T00:00:00.000Z/2026-03-02T")):
				refuse(w, 400, "response.entity.too.large")
			case bytes.Contains(body, []byte("T12:00:00.000Z/")) && !whole.Load():
				refuse(w, 400, "bad.request")
			default:
				r.Body = io.NopCloser(bytes.NewReader(body))
				aggregated(w, r)
			}
		},
	})}, "analytics.flows.aggregates")
	e.details.Layout.Parquet = true
	e.use(t, "analytics.flows.aggregates")
	e.run(t)
	first := len(e.inParquet(t, "flows"))
	whole.Store(true)
	e.run(t)
	e.sound(t)
	want, got := e.inLines(t, "flows"), e.inParquet(t, "flows")
	if first == 0 || len(want) <= first || !maps.Equal(got, want) {
		t.Errorf("%d values, then %d in Parquet of %d in the lines", first, len(got), len(want))
	}
}
