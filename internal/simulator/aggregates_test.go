package simulator_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"exitplan/internal/simulator"
)

const allDays = 3 * 24 * time.Hour

func aggregatesOf(family string) string { return api + "analytics/" + family + "/aggregates/query" }

// aggregates asks for values and gives them as the truth does, in any order.
func (c *client) aggregates(family string, body m) (list []simulator.Aggregate) {
	c.t.Helper()
	res, raw := c.do(c.request(http.MethodPost, aggregatesOf(family), body))
	if res.StatusCode != http.StatusOK {
		c.t.Fatalf("%s %v: %d %s", family, body, res.StatusCode, raw)
	}
	var answer struct {
		Results []struct {
			Group map[string]string
			Data  []struct {
				Interval string
				Metrics  []struct {
					Metric, Qualifier string
					Stats             json.RawMessage
				}
			}
		}
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		c.t.Fatal(err)
	}
	groups := map[string]bool{}
	for _, result := range answer.Results {
		if key := fmt.Sprintf("%q", result.Group); groups[key] || result.Group == nil {
			c.t.Errorf("%s: group %s is missing or comes twice", family, key)
		} else {
			groups[key] = true
		}
		for _, data := range result.Data {
			for _, one := range data.Metrics {
				list = append(list, simulator.Aggregate{Group: result.Group, Interval: data.Interval, Metric: one.Metric, Qualifier: one.Qualifier, Stats: one.Stats})
			}
		}
	}
	return list
}

// sorted writes each value as a line, so that those of two places can be compared.
func sorted(list []simulator.Aggregate) (lines []string) {
	for _, one := range list {
		lines = append(lines, fmt.Sprintf("%+q", one))
	}
	slices.Sort(lines)
	return lines
}

// Every family answers what the truth says, however it is grouped and cut.
func TestAggregatesGiveTheTruth(t *testing.T) {
	c := start(t, simulator.Config{Seed: 5}).demo()
	families := c.s.Truth().Families()
	if len(families) != 19 {
		t.Fatalf("%d families", len(families))
	}
	for _, f := range families {
		total := 0
		for _, cut := range []struct {
			granularity string
			length      time.Duration
			groupBy     []string
		}{
			{"", 0, []string{}},
			{"", 0, f.Dimensions[:1]},
			{"PT15M", 15 * time.Minute, f.Dimensions[:1]},
			{"PT30M", 30 * time.Minute, f.Dimensions[len(f.Dimensions)*3/4:]},
			{"P1DT12H", 36 * time.Hour, f.Dimensions},
		} {
			body := m{"interval": interval(day0, allDays), "metrics": f.Metrics, "groupBy": cut.groupBy}
			if cut.granularity != "" {
				body["granularity"] = cut.granularity
			}
			got := sorted(c.aggregates(f.Name, body))
			want := sorted(slices.Collect(c.s.Truth().Aggregates(f.Name, cut.groupBy, cut.length)))
			if !slices.Equal(got, want) {
				t.Fatalf("%s by %v, %s: %d values differ from %d", f.Name, cut.groupBy, cut.granularity, len(got), len(want))
			}
			total += len(got)
		}
		if total == 0 {
			t.Errorf("%s have no values", f.Name)
		}
	}
	if n := len(slices.Collect(c.s.Truth().Aggregates("unknown", nil, 0))); n != 0 {
		t.Errorf("%d values of an unknown family", n)
	}
}

// A day's values are the same whether it is asked for alone or within a longer
// interval, and the metrics that are asked for change none of the others.
func TestAggregatesDoNotDependOnTheCut(t *testing.T) {
	c := start(t, simulator.Config{Seed: 6}).demo()
	groupBy := []string{"mediaType", "queueId"}
	const day = 24 * time.Hour
	var days []simulator.Aggregate
	for at := day0.Add(-day); at.Before(day0.Add(5 * day)); at = at.Add(day) {
		for _, metric := range []string{"nOffered", "tTalk", "oServiceLevel"} {
			days = append(days, c.aggregates("conversations", m{"interval": interval(at, day), "metrics": []string{metric}, "groupBy": groupBy, "granularity": "PT1H"})...)
		}
	}
	var want []simulator.Aggregate
	for one := range c.s.Truth().Aggregates("conversations", groupBy, time.Hour) {
		if slices.Contains([]string{"nOffered", "tTalk", "oServiceLevel"}, one.Metric) {
			want = append(want, one)
		}
	}
	if len(want) < 50 || !slices.Equal(sorted(days), sorted(want)) {
		t.Errorf("%d values of single days, %d of all", len(days), len(want))
	}
	// Parts are counted from the interval's start, wherever the organization's is.
	parts := 0
	for _, one := range c.aggregates("conversations", m{"interval": interval(day0.Add(-90*time.Minute), day), "metrics": []string{"tTalk"}, "granularity": "PT1H"}) {
		if parts++; !strings.Contains(one.Interval, ":30:00.000Z/") {
			t.Errorf("interval %s", one.Interval)
		}
	}
	if parts < 10 {
		t.Errorf("values in %d hours", parts)
	}
}

// What groups sum up to is what there is without them, and half hours to days.
func TestAggregatesSumUp(t *testing.T) {
	c := start(t, simulator.Config{Seed: 6}).demo()
	sum := func(groupBy []string, granularity time.Duration) (count, metrics, values int) {
		seen := map[string]bool{}
		for one := range c.s.Truth().Aggregates("conversations", groupBy, granularity) {
			var stats struct{ Count int }
			if err := json.Unmarshal(one.Stats, &stats); err != nil {
				t.Fatal(err)
			}
			values++
			count += stats.Count
			seen[one.Metric] = true
		}
		return count, len(seen), values
	}
	count, metrics, values := sum(nil, 0)
	if metrics != 61 || values != 61 {
		t.Errorf("%d values of %d metrics over all", values, metrics)
	}
	again, _, fine := sum([]string{"direction", "mediaType", "queueId", "userId", "wrapUpCode"}, 30*time.Minute)
	if again != count || count == 0 || fine < 1000 {
		t.Errorf("%d counted in %d values, %d over all", again, fine, count)
	}
	slots := map[string]bool{}
	for one := range c.s.Truth().Aggregates("conversations", nil, 30*time.Minute) {
		slots[one.Interval] = true
	}
	if len(slots) == 144 || len(slots) < 50 || fine > 30*61*len(slots) {
		t.Errorf("values in %d of 144 half hours, %d of them", len(slots), fine)
	}
}

// The statistics of a metric are those of its kind.
func TestAggregateStatistics(t *testing.T) {
	c := start(t, simulator.Config{}).demo()
	big := false
	for family, metrics := range map[string]map[string]string{
		"conversations": {"nOffered": "count", "tTalk": "count max min sum", "oServiceLevel": "denominator numerator ratio target", "oMediaCount": "count max min sum"},
		"users":         {"tSystemPresence": "sum", "tAgentRoutingStatus": "sum", "tOrganizationPresence": "sum"},
	} {
		seen := map[string]bool{}
		for one := range c.s.Truth().Aggregates(family, nil, time.Hour) {
			big = big || bytes.Contains(one.Stats, []byte("9007199254740993.0"))
			if want, ok := metrics[one.Metric]; ok {
				seen[one.Metric] = true
				got := strings.Join(slices.Sorted(maps.Keys(c.object(one.Stats))), " ")
				if got != want || (one.Qualifier != "") != (family == "users") {
					t.Fatalf("%s %q has %s", one.Metric, one.Qualifier, one.Stats)
				}
			}
		}
		if len(seen) != len(metrics) {
			t.Errorf("%s: only %v", family, seen)
		}
	}
	if !big {
		t.Error("every number is one that a float64 holds")
	}
}

func TestAggregatesTooMany(t *testing.T) {
	c := start(t, simulator.Config{MaxAggregateValues: 60}).demo()
	body := m{"interval": interval(day0, 24*time.Hour), "metrics": []string{"nOffered", "tTalk", "tAcw"}, "groupBy": []string{"queueId"}, "granularity": "PT30M"}
	c.refused(400, "response.entity.too.large", http.MethodPost, aggregatesOf("conversations"), body)
	found := 0
	for half := range 4 {
		body["interval"] = interval(day0.Add(time.Duration(half)*6*time.Hour), 6*time.Hour)
		found += len(c.aggregates("conversations", body))
	}
	if found <= 60 {
		t.Errorf("%d values, which are not too many", found)
	}
}

// Where nothing matches, there are no results, or there is no such member.
func TestAggregatesOfNothing(t *testing.T) {
	c := start(t, simulator.Config{}).demo()
	with, without := 0, 0
	for _, f := range c.s.Truth().Families() {
		for _, from := range []time.Time{day0.AddDate(-300, 0, 0), day0.AddDate(0, 0, 3), day0.AddDate(0, 0, 4)} {
			answer := c.call(200, http.MethodPost, aggregatesOf(f.Name), m{"interval": interval(from, time.Hour), "metrics": f.Metrics, "granularity": "PT15M"})
			switch results, ok := answer["results"].([]any); {
			case ok && len(results) > 0:
				t.Errorf("%s have values on %s", f.Name, from)
			case ok:
				with++
			default:
				without++
			}
		}
	}
	if with == 0 || without == 0 {
		t.Errorf("%d answers with empty results, %d without", with, without)
	}
}

func TestAggregatesRefuse(t *testing.T) {
	c := start(t, simulator.Config{Without: []string{aggregatesOf("surveys")}, Clients: []simulator.Client{
		{ID: "demo-client", Secret: "demo-secret"}, {ID: "poor", Secret: "p", Permissions: []string{"bridge:actions:view"}}}})
	poor, c := c.login("poor", "p"), c.demo()
	good := m{"interval": interval(day0, time.Hour), "metrics": []string{"nOffered"}, "groupBy": []string{"queueId"}, "granularity": "PT30M"}
	c.call(200, http.MethodPost, aggregatesOf("conversations"), good)
	for name, change := range map[string]m{
		"no interval":        {"interval": ""},
		"no metrics":         {"metrics": []string{}},
		"unknown metric":     {"metrics": []string{"nOffered", "nSurveysSent"}},
		"unknown dimension":  {"groupBy": []string{"flowId"}},
		"odd granularity":    {"granularity": "PT20M"},
		"no granularity":     {"granularity": "P"},
		"month":              {"granularity": "P1M"},
		"filter":             {"filter": m{"type": "and", "predicates": []m{{"dimension": "queueId", "value": "x"}}}},
		"time zone":          {"timeZone": "Asia/Tokyo"},
		"query type":         {"queryType": "topN"},
		"views":              {"views": []m{{"name": "x", "target": "tTalk", "function": "rangeBound"}}},
		"flattened":          {"flattenMultivaluedDimensions": true},
		"other kind of time": {"alternateTimeDimension": "eventTime"},
	} {
		t.Run(name, func(t *testing.T) {
			body := maps.Clone(good)
			maps.Copy(body, change)
			c.refused(400, "bad.request", http.MethodPost, aggregatesOf("conversations"), body)
		})
	}
	poor.refused(403, "missing.permissions", http.MethodPost, aggregatesOf("conversations"), good)
	poor.call(200, http.MethodPost, aggregatesOf("actions"), m{"interval": interval(day0, time.Hour), "metrics": []string{"tTotalExecution"}})
	c.refused(404, "not.found", http.MethodPost, aggregatesOf("surveys"), good)
	if n := len(slices.Collect(c.s.Truth().Aggregates("surveys", nil, 0))); n != 0 || len(c.s.Truth().Families()) != 18 {
		t.Errorf("%d values of what the organization has not", n)
	}
}
