package simulator_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"
	"time"

	"exitplan/internal/simulator"
)

const (
	usageQuery = "/api/v2/usage/query"
	usageJobs  = "/api/v2/usage/aggregates/query/jobs"
	billing    = "/api/v2/billing/reports/billableusage"
)

// usageMetrics are those of usage, as rows name them.
var usageMetrics = []string{"status200", "status300", "status400", "status500", "status429", "requests"}

// usage queries, and waits for the rows.
func (c *client) usage(body m) (rows []json.RawMessage) {
	c.t.Helper()
	made := c.call(http.StatusAccepted, http.MethodPost, usageQuery, body)
	path := usageQuery + "/" + made["executionId"].(string) + "/results"
	if answer := c.until(path, "queryStatus", "Running"); answer["queryStatus"] != "Complete" || made["resultsUri"] != path {
		c.t.Fatalf("usage %v, submitted as %v", answer, made)
	}
	rows, _ = c.paged(path, "results")
	return rows
}

// Usage by client, path and method is the truth's, whatever days are asked for at once.
func TestUsageGivesTheTruth(t *testing.T) {
	c := start(t, simulator.Config{Seed: 11, Days: 20}).demo()
	want := records(c.held(usageQuery)[""])
	for _, days := range []int{1, 7, 30} {
		var got []json.RawMessage
		for at := day0; at.Before(day0.AddDate(0, 0, 20)); at = at.AddDate(0, 0, days) {
			got = append(got, c.usage(m{"interval": interval(at, time.Duration(days)*24*time.Hour), "granularity": "Day",
				"metrics": []string{"Status200", "Status300", "Status400", "Status500", "Status429", "Requests"},
				"groupBy": []string{"OAuthClientId", "TemplateUri", "HttpMethod"}})...)
		}
		sameRows(t, "usage", got, want)
	}
	if len(want) < 50 {
		t.Errorf("%d rows", len(want))
	}
	if rows := c.usage(m{"interval": interval(day0.AddDate(0, 0, 20), 24*time.Hour), "granularity": "Day"}); len(rows) != 0 {
		t.Errorf("usage after the last day: %s", rows)
	}
}

// However it is grouped, it sums up to the same.
func TestUsageSumsUp(t *testing.T) {
	c := start(t, simulator.Config{Seed: 11, Days: 40}).demo()
	period := interval(day0, 40*24*time.Hour)
	sum := func(rows []json.RawMessage) (sums [6]float64) {
		for _, row := range rows {
			for i, name := range usageMetrics {
				n, _ := c.object(row)[name].(float64)
				sums[i] += n
			}
		}
		return sums
	}
	all := sum(records(c.held(usageQuery)[""]))
	for rows, body := range map[int]m{
		1:  {"interval": period},
		2:  {"interval": period, "granularity": "Month", "groupBy": []string{"OrganizationId"}},
		7:  {"interval": period, "granularity": "Week"}, // the first day is a Sunday
		5:  {"interval": period, "groupBy": []string{"HttpMethod"}},
		40: {"interval": period, "granularity": "Day"},
	} {
		got := c.usage(body)
		if len(got) != rows || sum(got) != all {
			t.Errorf("%v: %d rows, want %d; %v, want %v", body, len(got), rows, sum(got), all)
		}
	}
	if first := c.object(c.usage(m{"interval": period, "granularity": "Week"})[0])["date"]; first != "2026-02-23T00:00:00.000Z" {
		t.Errorf("the first week begins on %v", first)
	}
	users := c.usage(m{"interval": period, "groupBy": []string{"UserId"}, "metrics": []string{"Requests"}})
	nobody := 0
	for _, row := range users {
		if one := c.object(row); one["userId"] == nil {
			nobody++
		} else if len(one) != 2 {
			t.Errorf("row %s", row)
		}
	}
	if nobody != 1 || len(users) < 5 {
		t.Errorf("%d rows by user, %d of nobody", len(users), nobody)
	}
}

// inAYear is a clock by which the default organization can be asked for.
func inAYear() time.Time { return day0.AddDate(0, 6, 0) }

// Both ends of the interval of usage by platform are part of it.
func TestUsageOfPlatformsGivesTheTruth(t *testing.T) {
	c := start(t, simulator.Config{Seed: 11, Days: 12, Now: inAYear}).demo()
	want := records(c.held(usageJobs)[""])
	find := func(body m, size string) []json.RawMessage {
		made := c.call(http.StatusOK, http.MethodPost, usageJobs, body)
		path := usageJobs + "/" + made["id"].(string)
		if answer := c.until(path, "queryStatus", "Queued", "Running"); answer["queryStatus"] != "Succeeded" || made["resultsUri"] != path {
			t.Fatalf("usage %v, submitted as %v", answer, made)
		}
		rows, pages := c.paged(path+"?pageSize="+size, "entities")
		if size == "7" && len(rows) > 7 && pages != (len(rows)+6)/7 {
			t.Errorf("%d rows on %d pages", len(rows), pages)
		}
		return rows
	}
	for _, size := range []string{"7", "100", "1000"} {
		sameRows(t, "pageSize "+size, find(m{"interval": interval(day0, 12*24*time.Hour), "granularity": "Day"}, size), want)
	}
	days := map[string]bool{}
	for _, row := range find(m{"interval": "2026-03-02/2026-03-04"}, "100") {
		days[c.object(row)["date"].(string)] = true
	}
	if len(days) != 3 || !days["2026-03-04"] || len(find(m{"interval": "2026-03-02/2026-03-02"}, "100")) == 0 {
		t.Errorf("days %v", days)
	}
	if len(want) < 100 {
		t.Errorf("%d rows", len(want))
	}
}

// A report is in progress at first, and the same request gets it.
func TestBillableUsage(t *testing.T) {
	c := start(t, simulator.Config{Seed: 11, Days: 5, JobLatency: 50 * time.Millisecond}).demo()
	path := billing + "?startDate=2026-03-01T00:00:00Z&endDate=2026-03-06T00:00:00Z"
	if first := c.call(200, http.MethodGet, path, nil); first["status"] != "InProgress" || len(first["usages"].([]any)) > 0 {
		t.Errorf("at first: %v", first)
	}
	c.until(path, "status", "InProgress")
	_, raw := c.do(c.request(http.MethodGet, path, nil))
	var report struct {
		Usages []struct {
			Name, TotalUsage string
			Resources        []json.RawMessage
		}
	}
	if err := json.Unmarshal(raw, &report); err != nil {
		t.Fatal(err)
	}
	truth, never := c.held(billing), 0
	for _, usage := range report.Usages {
		sameRows(t, usage.Name, usage.Resources, records(truth[usage.Name]))
		if delete(truth, usage.Name); usage.TotalUsage == "0" {
			never++
		} else if len(usage.Resources) == 0 {
			t.Errorf("%s was used %s times", usage.Name, usage.TotalUsage)
		}
	}
	if len(report.Usages) != 3 || never != 1 || len(truth) > 0 {
		t.Errorf("%d usages, %d of nothing, %d missing", len(report.Usages), never, len(truth))
	}
	c.until(billing+"?startDate=2026-03-06T00:00:00Z&endDate=2026-04-01T00:00:00Z", "status", "InProgress")
	for _, usage := range c.call(200, http.MethodGet, billing+"?startDate=2026-03-06T00:00:00Z&endDate=2026-04-01T00:00:00Z", nil)["usages"].([]any) {
		if usage.(m)["totalUsage"] != "0" {
			t.Errorf("after the last day %v", usage)
		}
	}
}

func TestDataRetention(t *testing.T) {
	c := start(t, simulator.Config{}).demo()
	path := "/api/v2/analytics/dataretention/settings"
	_, raw := c.do(c.request(http.MethodGet, path, nil))
	sameRows(t, path, []json.RawMessage{raw}, records(c.held(path)[""]))
}

func TestUsageTakesItsTime(t *testing.T) {
	c := start(t, simulator.Config{JobLatency: time.Hour, Now: inAYear}).demo()
	day := m{"interval": interval(day0, 24*time.Hour)}
	path := usageQuery + "/" + c.call(202, http.MethodPost, usageQuery, day)["executionId"].(string) + "/results"
	if got := c.call(200, http.MethodGet, path, nil); got["queryStatus"] != "Running" || got["results"] != nil {
		t.Errorf("usage %v", got)
	}
	job := usageJobs + "/" + c.call(200, http.MethodPost, usageJobs, day)["id"].(string)
	if got := c.call(200, http.MethodGet, job, nil); got["queryStatus"] != "Queued" || got["entities"] != nil {
		t.Errorf("usage of platforms %v", got)
	}
	c.s.SetFaults(faulty(t, "expired-job=1"))
	c.refused(404, "not.found", http.MethodGet, path, nil)
	c.refused(404, "not.found", http.MethodGet, job, nil)
}

func TestUsageRefuses(t *testing.T) {
	c := start(t, simulator.Config{Now: inAYear, Clients: []simulator.Client{
		{ID: "demo-client", Secret: "demo-secret"}, {ID: "poor", Secret: "p", Permissions: []string{"oauth:client:view"}}}})
	poor, c := c.login("poor", "p"), c.demo()
	day := interval(day0, 24*time.Hour)
	for _, body := range []m{{}, {"interval": day, "granularity": "Hour"}, {"interval": day, "metrics": []string{"status200"}}, {"interval": day, "groupBy": []string{"Platform"}}} {
		c.refused(400, "bad.request", http.MethodPost, usageQuery, body)
	}
	for _, body := range []m{
		{}, {"interval": interval(day0, 91*24*time.Hour)}, {"interval": interval(inAYear().AddDate(-1, 0, -1), 24*time.Hour)},
		{"interval": day, "granularity": "Week"}, {"interval": day, "platforms": []string{"PublicApi"}}, {"interval": "2026-03-02/2026-03-01"},
	} {
		c.refused(400, "bad.request", http.MethodPost, usageJobs, body)
	}
	c.call(200, http.MethodPost, usageJobs, m{"interval": interval(day0, 90*24*time.Hour)})
	for _, query := range []string{"", "?startDate=2026-03-01T00:00:00Z", "?startDate=2026-03-02T00:00:00Z&endDate=2026-03-01T00:00:00Z"} {
		c.refused(400, "bad.request", http.MethodGet, billing+query, nil)
	}
	poor.call(202, http.MethodPost, usageQuery, m{"interval": day})
	poor.refused(403, "missing.permissions", http.MethodPost, usageJobs, m{"interval": day})
	poor.refused(403, "missing.any.permissions", http.MethodGet, billing+"?startDate=2026-03-01T00:00:00Z&endDate=2026-03-02T00:00:00Z", nil)
}

// All that the truth names can be asked for, and nothing that the organization has not.
func TestHeldPatterns(t *testing.T) {
	c := start(t, simulator.Config{Without: []string{usageQuery}})
	patterns := c.s.Truth().HeldPatterns()
	for _, pattern := range []string{userJobs, extractions + "/metadata", extractions + "/bulk", auditQuery, interactionQuery, usageJobs, billing} {
		if !slices.Contains(patterns, pattern) || len(c.held(pattern)) == 0 {
			t.Errorf("the truth has nothing for %s", pattern)
		}
	}
	if slices.Contains(patterns, usageQuery) || len(c.held(usageQuery)) > 0 {
		t.Error("the truth has what the organization has not")
	}
	c.demo().refused(404, "not.found", http.MethodPost, usageQuery, m{"interval": interval(day0, time.Hour)})
}
