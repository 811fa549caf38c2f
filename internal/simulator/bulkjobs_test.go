package simulator_test

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"exitplan/internal/simulator"
)

// each with what a query is refused for.
func TestBulkQueriesAreRefused(t *testing.T) {
	c := start(t, quickBulk(simulator.Config{Bulk: simulator.Bulk{Integrations: []simulator.BulkIntegration{
		{Type: "purecloud-data-actions"}, {Disabled: true}}}})).demo()
	long := m{"interval": "2021-03-01T00:00:00.000Z/2021-04-01T00:00:00.000Z"}
	for name, change := range map[string]m{
		"no integration":         {"integrationId": nil},
		"an unknown integration": {"integrationId": "none"},
		"one of another type":    {"integrationId": c.s.IntegrationOf(0)},
		"one that is disabled":   {"integrationId": c.s.IntegrationOf(1)},
		"one of the directory's": {"integrationId": c.entity("integrations")},
		"an unknown action":      {"action": "COPY"},
		"no date":                {"actionDate": nil},
		"two dates":              {"actionAge": 3},
		"no conversations":       {"conversationQuery": nil},
		"two intervals":          {"agedConversationInterval": "2020-01-01/2020-02-01"},
		"over five years ago":    {"conversationQuery": long},
		"under five years ago":   {"conversationQuery": nil, "agedConversationInterval": "2021-03-01/2021-04-01"},
		"over six months":        {"conversationQuery": nil, "agedConversationInterval": "2019-01-01/2019-08-01"},
		"a limit":                {"conversationQuery": m{"interval": interval(day0, time.Hour), "limit": 3}},
		"no screens, yet a date": {"includeScreenRecordings": false, "screenRecordingActionAge": 3},
		"no snippets":            {"includeSnippetRecordings": false},
		"an export cleared":      {"clearExport": true},
		"an integration to none": {"action": "DELETE"},
	} {
		query := c.export()
		for member, value := range change {
			if query[member] = value; value == nil {
				delete(query, member)
			}
		}
		if res, raw := c.do(c.request(http.MethodPost, bulkJobs, query)); res.StatusCode != 400 {
			t.Errorf("%s: %d %s", name, res.StatusCode, raw)
		}
	}
	if jobs := c.s.Truth().BulkJobs(); len(jobs) != 0 {
		t.Errorf("jobs were made: %v", jobs)
	}
	aged := c.export()
	delete(aged, "conversationQuery")
	aged["agedConversationInterval"] = "2020-01-01T00:00:00.000Z/2020-07-01T00:00:00.000Z"
	if job := c.bulkJob(aged); job["totalRecordings"] != 0.0 {
		t.Errorf("%v", job)
	}
	query := c.export()
	delete(query, "integrationId")
	query["action"] = "DELETE"
	id := c.bulkJob(query)["id"].(string)
	c.execute(id)
	if job := c.bulkState(id, "FULFILLED"); job["totalProcessedRecordings"] == 0.0 {
		t.Errorf("%v", job)
	}
}

// entity is the id of the first of a listing.
func (c *client) entity(path string) string {
	c.t.Helper()
	for row := range c.s.Truth().Listing(api+path, "") {
		return c.object(row)["id"].(string)
	}
	c.t.Fatalf("nothing in %s", path)
	return ""
}

// A job is found from where its conversations were active, as far as the platform
// has them.
func TestBulkJobsFindWhatIsAvailable(t *testing.T) {
	c := start(t, quickBulk(simulator.Config{Available: day0.AddDate(0, 0, 2)})).demo()
	found := 0
	for rec := range c.s.Truth().Recordings() {
		if rec.ConversationStart.Before(day0.AddDate(0, 0, 2)) {
			found++
		}
	}
	if job := c.bulkJob(c.export()); job["totalRecordings"] != float64(found) || found == 0 {
		t.Errorf("%v, want %d recordings", job, found)
	}
}

// Only who made a job executes it, with all the permissions, once it is READY.
func TestBulkPermissions(t *testing.T) {
	all := []string{"recording:job:add", "recording:job:view", "recording:job:edit", "recording:job:delete",
		"recording:recording:editRetention", "recording:screenRecording:editRetention"}
	cfg := quickBulk(simulator.Config{Clients: []simulator.Client{
		{ID: "a", Secret: "s", Permissions: all}, {ID: "b", Secret: "s"}, {ID: "c", Secret: "s", Permissions: all[:5]}}})
	cfg.Bulk.Latency = 400 * time.Millisecond
	s := start(t, cfg)
	a, b, c := s.login("a", "s"), s.login("b", "s"), s.login("c", "s")

	query := a.export()
	query["includeRecordingsWithSensitiveData"] = true
	a.refused(403, "missing.permissions", http.MethodPost, bulkJobs, query)
	b.call(202, http.MethodPost, bulkJobs, query)
	id := a.call(202, http.MethodPost, bulkJobs, a.export())["id"].(string)
	path := bulkJobs + "/" + id
	a.refused(400, "bad.request", http.MethodPut, path, m{"state": "PROCESSING"})
	a.bulkState(id, "READY")
	a.refused(400, "bad.request", http.MethodPut, path, m{"state": "READY"})
	b.refused(403, "not.authorized", http.MethodPut, path, m{"state": "PROCESSING"})
	c.refused(403, "missing.permissions", http.MethodPut, path, m{"state": "PROCESSING"})
	a.refused(404, "not.found", http.MethodPut, bulkJobs+"/none", m{"state": "PROCESSING"})
	a.refused(404, "not.found", http.MethodGet, bulkJobs+"/none", nil)
	a.refused(404, "not.found", http.MethodDelete, bulkJobs+"/none", nil)
	a.refused(404, "not.found", http.MethodGet, bulkJobs+"/none/failedrecordings", nil)
	a.execute(id)
}

// Two jobs are on their way at most, those of others among them.
func TestBulkSlots(t *testing.T) {
	busy := 800 * time.Millisecond
	c := start(t, quickBulk(simulator.Config{Bulk: simulator.Bulk{Busy: 1, BusyFor: busy}})).demo()
	const full = "service.limit.bulk.jobs.concurrent.maximum.limit.reached"
	others := c.jobsListed("?state=PROCESSING")
	if len(others) != 1 || others[0]["user"].(m)["id"] == "demo-client" {
		t.Fatalf("jobs of others: %v", others)
	}
	id := c.bulkJob(c.export())["id"].(string)
	c.refused(400, full, http.MethodPost, bulkJobs, c.export())
	c.bulkState(others[0]["id"].(string), "PROCESSING")
	time.Sleep(busy)
	c.bulkState(others[0]["id"].(string), "FULFILLED")
	c.bulkJob(c.export())
	c.refused(400, full, http.MethodPost, bulkJobs, c.export())
	c.call(204, http.MethodDelete, bulkJobs+"/"+id, nil)
	c.bulkJob(c.export())
	made := c.s.Truth().BulkJobs()
	if len(made) != 3 || made[0].ID != id || made[0].Client != "demo-client" || made[0].State != "CANCELLED" || made[2].State != "READY" ||
		made[0].Interval != interval(day0, 4*24*time.Hour) || made[0].Action != "EXPORT" || !made[0].Created.Equal(later()) {
		t.Errorf("made: %+v", made)
	}
}

// jobsListed reads the listing by its pages and by its cursors, which must agree.
func (c *client) jobsListed(query string) (jobs []m) {
	c.t.Helper()
	for i, paging := range []string{"&pageSize=3", "&pageSize=3&includeTotal=false"} {
		seen := 0
		if i == 0 {
			seen, jobs = 0, nil
		}
		for next := bulkJobs + query + paging; next != ""; {
			page := c.call(200, http.MethodGet, next, nil)
			for _, one := range page["entities"].([]any) {
				if seen++; i == 0 {
					jobs = append(jobs, one.(m))
				} else if seen > len(jobs) || jobs[seen-1]["id"] != one.(m)["id"] {
					c.t.Fatalf("%s: %v is in another place", next, one)
				}
			}
			next, _ = page["nextUri"].(string)
		}
		if seen != len(jobs) {
			c.t.Fatalf("%s: %d jobs, want %d", paging, seen, len(jobs))
		}
	}
	return jobs
}

func TestBulkJobsAreListed(t *testing.T) {
	c := start(t, quickBulk(simulator.Config{Clients: []simulator.Client{{ID: "a", Secret: "s"}, {ID: "b", Secret: "s"}}}))
	a, b := c.login("a", "s"), c.login("b", "s")
	first := a.bulkJob(a.export())["id"]
	second := b.bulkJob(b.export())["id"]
	ids := func(jobs []m) (list []any) {
		for _, job := range jobs {
			list = append(list, job["id"])
		}
		return list
	}
	all := a.jobsListed("?")
	if len(all) != 7 || all[5]["id"] != first || all[6]["id"] != second {
		t.Fatalf("listed: %v", all)
	}
	at := 0
	for row := range a.s.Truth().Listing(bulkJobs, "") {
		if got := a.object(row); got["id"] != all[at]["id"] || got["state"] != all[at]["state"] {
			t.Errorf("%v is listed, the truth is %v", all[at], got)
		}
		at++
	}
	if at != len(all) {
		t.Errorf("the truth has %d jobs", at)
	}
	if former := a.call(200, http.MethodGet, bulkJobs+"/"+all[0]["id"].(string), nil); !maps.EqualFunc(former, all[0], func(x, y any) bool { return true }) {
		t.Errorf("a former job: %v", former)
	}
	for query, want := range map[string][]any{
		"?state=READY": {first, second}, "?showOnlyMyJobs=true": {first}, "?jobType=EXPORT": {first, second}, "?jobType=DELETE": nil,
	} {
		if got := ids(a.jobsListed(query)); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
	}
	for _, by := range []string{"dateCreated", "userId"} {
		jobs := a.jobsListed("?sortBy=" + by)
		key := func(job m) string {
			if by == "userId" {
				return job["user"].(m)["id"].(string)
			}
			return job[by].(string)
		}
		if !slices.IsSortedFunc(jobs, func(x, y m) int { return map[bool]int{true: 1}[key(x) > key(y)] }) || len(jobs) != len(all) {
			t.Errorf("sorted by %s: %v", by, jobs)
		}
	}
	page := a.call(200, http.MethodGet, bulkJobs+"?pageSize=2&includeTotal=false", nil)
	link, err := url.Parse(page["nextUri"].(string))
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"?sortBy=state", "?state=DONE", "?pageSize=0", "?limit=2", "?state=READY&includeTotal=false&cursor=" + link.Query().Get("cursor")} {
		a.refused(400, "bad.request", http.MethodGet, bulkJobs+bad, nil)
	}
	a.s.SetFaults(faulty(t, "repeat-page=0.4,empty-page=0.4"))
	seen := map[any]bool{}
	for next := bulkJobs + "?pageSize=2&includeTotal=false"; next != ""; {
		page := a.call(200, http.MethodGet, next, nil)
		for _, one := range page["entities"].([]any) {
			seen[one.(m)["id"]] = true
		}
		next, _ = page["nextUri"].(string)
	}
	if len(seen) != len(all) {
		t.Errorf("%d jobs through spoilt pages, want %d", len(seen), len(all))
	}
}

// A job that nobody executes in time is CANCELLED.
func TestReadyBulkJobsExpire(t *testing.T) {
	c := start(t, quickBulk(simulator.Config{Bulk: simulator.Bulk{ExpireReady: 1}})).demo()
	id := c.bulkJob(c.export())["id"].(string)
	c.refused(400, "bad.request", http.MethodPut, bulkJobs+"/"+id, m{"state": "PROCESSING"})
	c.bulkState(id, "CANCELLED")
	id = c.bulkJob(c.export())["id"].(string)
	c.bulkState(id, "READY")
	c.execute(id)
}

// The integrations of recording jobs are among the others, and without a bucket
// there are none.
func TestBulkIntegrations(t *testing.T) {
	c := start(t, quickBulk(simulator.Config{Bulk: simulator.Bulk{Integrations: []simulator.BulkIntegration{
		{Bucket: "other"}, {NoCredentials: true}, {Disabled: true}, {Type: "else"}}}})).demo()
	listed := map[any]m{}
	for _, one := range c.call(200, http.MethodGet, api+"integrations", nil)["entities"].([]any) {
		listed[one.(m)["id"]] = one.(m)
	}
	if len(listed) != 10 || c.s.IntegrationOf(4) != "" {
		t.Errorf("%d integrations", len(listed))
	}
	for number, want := range map[int]struct {
		kind, state, bucket string
		credentials         int
	}{
		-1: {"aws-s3-recording-bulk-actions-integration", "ENABLED", "nowhere", 1},
		0:  {"aws-s3-recording-bulk-actions-integration", "ENABLED", "other", 1},
		1:  {"aws-s3-recording-bulk-actions-integration", "ENABLED", "nowhere", 0},
		2:  {"aws-s3-recording-bulk-actions-integration", "DISABLED", "nowhere", 1},
		3:  {"else", "ENABLED", "nowhere", 1},
	} {
		id := c.s.IntegrationOf(number)
		one, config := c.call(200, http.MethodGet, api+"integrations/"+id, nil), c.call(200, http.MethodGet, api+"integrations/"+id+"/config/current", nil)
		if listed[id]["name"] != one["name"] || one["id"] != id || config["name"] != one["name"] ||
			one["integrationType"].(m)["id"] != want.kind || one["intendedState"] != want.state ||
			config["properties"].(m)["bucketName"] != want.bucket || len(config["credentials"].(m)) != want.credentials {
			t.Errorf("integration %d: %v with %v", number, one, config)
		}
		at := 0
		for row := range c.s.Truth().Listing(api+"integrations/{integrationId}/config/current", id) {
			if at++; c.object(row)["selfUri"] != config["selfUri"] {
				t.Errorf("the truth is %s", row)
			}
		}
		if at != 1 {
			t.Errorf("the truth has %d configurations of %s", at, id)
		}
	}
	if c.s.Integration() != c.s.IntegrationOf(-1) || c.s.Integration() == "" {
		t.Error("there is no first integration")
	}
	plain := start(t, simulator.Config{}).demo()
	if n := plain.call(200, http.MethodGet, api+"integrations", nil)["total"]; n != 5.0 || plain.s.Integration() != "" {
		t.Errorf("%v integrations without a bucket, and %q", n, plain.s.Integration())
	}
}
