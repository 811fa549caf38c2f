package tables

import (
	"bytes"
	"fmt"
	"testing"
)

// valuesOf writes results, and reads the values back.
func valuesOf(t *testing.T, results ...string) []map[string]string {
	t.Helper()
	return rowsOf(t, aggregatesOf(t, results...))
}

func aggregatesOf(t *testing.T, results ...string) []byte {
	t.Helper()
	p, err := NewAggregates(spool(t), "flows")
	if err != nil {
		t.Fatal(err)
	}
	return filled(t, p, results...)["flows"]
}

// Each metric of each interval of each group is a row, with all that it is of.
func TestAggregatesAreAValueARow(t *testing.T) {
	got := fmt.Sprint(valuesOf(t, `{"group":{"flowId":"f","mediaType":"voice","newOne":"x"},"data":[
		{"interval":"2026-03-04T05:00:00.000Z/2026-03-04T05:30:00.000Z","metrics":[
			{"metric":"nFlow","stats":{"count":2}},
			{"metric":"oServiceLevel","qualifier":"q","stats":{"ratio":0.5,"numerator":1,"denominator":2,"target":0.8,"p95":7}}]},
		{"interval":"2026-03-04T05:30:00.000Z/2026-03-04T06:00:00.000Z","metrics":[]},
		{"interval":"2026-03-04T06:00:00.000Z/2026-03-04T06:30:00.000Z","metrics":[
			{"metric":"tFlow","stats":{"count":1,"sum":12.5,"min":12.5,"max":12.5}}]}]}`,
		`{"group":{},"data":[{"interval":"2026-03-04T05:00:00.000Z/2026-03-04T05:30:00.000Z","metrics":[{"metric":"nFlow","stats":{"count":9007199254740993}}]}]}`))
	const group = `flowId:f group:{"flowId":"f","mediaType":"voice","newOne":"x"} `
	want := "[map[count:2 family:flows " + group + "intervalEnd:1772602200000 intervalStart:1772600400000 mediaType:voice metric:nFlow]" +
		" map[denominator:2 family:flows " + group + "intervalEnd:1772602200000 intervalStart:1772600400000 mediaType:voice metric:oServiceLevel numerator:1 p95:7 qualifier:q ratio:0.5 target:0.8]" +
		" map[count:1 family:flows " + group + "intervalEnd:1772605800000 intervalStart:1772604000000 max:12.5 mediaType:voice metric:tFlow min:12.5 sum:12.5]" +
		" map[count:9007199254740993 family:flows group:{} intervalEnd:1772602200000 intervalStart:1772600400000 metric:nFlow]]"
	if got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

// What does not fit its column is null; what is no value has no row; nothing
// of it costs another value.
func TestAggregatesTakeWhatDoesNotFit(t *testing.T) {
	for result, want := range map[string]string{
		`null`: "[]", `7`: "[]", `{}`: "[]", `{"data":{"metrics":[{}]}}`: "[]", `{"data":[5,{"metrics":"none"},{"views":[{"name":"v"}]}]}`: "[]",
		`{"group":"odd","data":[{"interval":5,"metrics":[{"metric":"m","stats":7}]}]}`:                               `[map[family:flows group:"odd" metric:m]]`,
		`{"data":[{"interval":"2026-03-04T05:00:00Z","metrics":[null,{"metric":1,"stats":{"count":"2","sum":3}}]}]}`: "[map[family:flows intervalStart:1772600400000] map[family:flows intervalStart:1772600400000 metric:1 sum:3]]",
		`{"group":{"flowId":null,"queueId":4},"data":[{"metrics":[{"stats":{"count":1.5,"max":1e999}}]}]}`:           `[map[family:flows group:{"flowId":null,"queueId":4} queueId:4]]`,
		`{"group":{"flowId":"` + "\xff" + `"},"data":[{"interval":"a/b","metrics":[{"metric":"\ud83d"}]}]}`:          "[map[family:flows flowId:\uFFFD group:{\"flowId\":\"\uFFFD\"} metric:\uFFFD]]",
	} {
		if got := fmt.Sprint(valuesOf(t, result)); got != want {
			t.Errorf("%s\n%s\nwant\n%s", result, got, want)
		}
	}
}

// A repeat must find the same object.
func TestAggregatesOfTheSameResultsAreTheSame(t *testing.T) {
	results := make([]string, groupRows+1)
	for i := range results {
		results[i] = fmt.Sprintf(`{"group":{"flowId":"f%d"},"data":[{"metrics":[{"metric":"nFlow","stats":{"count":%d}}]}]}`, i%97, i)
	}
	a, b := aggregatesOf(t, results...), aggregatesOf(t, results...)
	if !bytes.Equal(a, b) {
		t.Error("they differ")
	}
	if n := len(rowsOf(t, a)); n != len(results) {
		t.Errorf("%d rows of %d", n, len(results))
	}
}

func TestFamilies(t *testing.T) {
	for dataset, want := range map[string]string{"analytics.flows.aggregates": "flows", Details: "", "usage.aggregates": ""} {
		if family := Family(dataset); family != want {
			t.Errorf("%s: %q, want %q", dataset, family, want)
		}
	}
}
