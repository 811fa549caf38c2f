package simulator_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"exitplan/internal/simulator"
)

const (
	auditQuery       = "/api/v2/audits/query"
	interactionQuery = "/api/v2/quality/conversations/audits/query"
)

// audits queries, waits, and pages to the end.
func (c *client) audits(path string, body m, parameters string) (rows []json.RawMessage, pages int) {
	c.t.Helper()
	id := c.call(http.StatusAccepted, http.MethodPost, path, body)["id"].(string)
	if state := c.until(path+"/"+id, "state", "Queued", "Running")["state"]; state != "Succeeded" {
		c.t.Fatalf("the query is %v", state)
	}
	return c.paged(path+"/"+id+"/results?"+parameters, "entities")
}

// Each service has the audits that the truth says, month by month and page by page.
func TestAuditsGiveTheTruth(t *testing.T) {
	c := start(t, simulator.Config{Seed: 10, Days: 70}).demo()
	services := c.call(200, http.MethodGet, auditQuery+"/servicemapping", nil)["services"].([]any)
	truth, empty, total := c.held(auditQuery), 0, 0
	for _, one := range services {
		name := one.(m)["name"].(string)
		var got []json.RawMessage
		for at := day0; at.Before(day0.AddDate(0, 0, 70)); at = at.AddDate(0, 0, 30) {
			rows, pages := c.audits(auditQuery, m{"interval": interval(at, 30*24*time.Hour), "serviceName": name}, "pageSize=100")
			if len(rows) > 100 && pages != (len(rows)+99)/100 {
				t.Errorf("%s: %d rows on %d pages", name, len(rows), pages)
			}
			got = append(got, rows...)
		}
		sameRows(t, name, got, records(truth[name]))
		if total += len(got); len(got) == 0 {
			empty++
		}
		delete(truth, name)
	}
	if len(truth) > 0 || empty == 0 || empty == len(services) || total < 1000 {
		t.Errorf("%d audits; %d of %d services have none; no service for %d", total, empty, len(services), len(truth))
	}
	sameRows(t, "services", rawOf(t, services), rawOf(t, records(c.held(auditQuery + "/servicemapping")[""])))
}

// rawOf writes values anew, so that the order of their members does not matter.
func rawOf[T any](t *testing.T, values []T) (rows []json.RawMessage) {
	t.Helper()
	for _, value := range values {
		var plain any
		raw, err := json.Marshal(value)
		if err == nil {
			err = json.Unmarshal(raw, &plain)
		}
		if err == nil {
			raw, err = json.Marshal(plain)
		}
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, raw)
	}
	return rows
}

func TestInteractionAuditsGiveTheTruth(t *testing.T) {
	c := start(t, simulator.Config{Seed: 10, Days: 20}).demo()
	want := records(c.held(interactionQuery)[""])
	for _, size := range []string{"3", "25", "500"} {
		got, _ := c.audits(interactionQuery, m{"interval": interval(day0, 20*24*time.Hour), "filters": []any{}}, "pageSize="+size)
		sameRows(t, "pageSize "+size, got, want)
	}
	if len(want) < 50 || !bytes.Contains(want[0], []byte(`"conversationId"`)) {
		t.Errorf("%d audits such as %s", len(want), want[0])
	}
}

// Users are named only where a request asks for it.
func TestAuditsExpandUsers(t *testing.T) {
	c := start(t, simulator.Config{Seed: 10}).demo()
	body := m{"interval": interval(day0, 72*time.Hour), "serviceName": "Quality"}
	plain, _ := c.audits(auditQuery, body, "pageSize=500")
	expanded, _ := c.audits(auditQuery, body, "pageSize=500&expand=user")
	named := 0
	for i, row := range expanded {
		user, ok := c.object(row)["user"].(m)
		if !ok {
			continue
		}
		if before := c.object(plain[i])["user"].(m); before["id"] != user["id"] || before["name"] != nil || user["name"] == "" {
			t.Errorf("user %v, without expand %v", user, before)
		}
		named++
	}
	if named == 0 || named == len(expanded) {
		t.Errorf("%d of %d audits have a user", named, len(expanded))
	}
}

// What the simulator is asked to do while it runs is audited, but for what it
// refuses; a query finds what was before it.
func TestExportsAreAudited(t *testing.T) {
	var now clock
	c := start(t, simulator.Config{Seed: 10, Now: now.now}).demo()
	today := time.Now().UTC().Add(-time.Hour)
	found := func() []json.RawMessage {
		rows, _ := c.audits(auditQuery, m{"interval": interval(today, 24*time.Hour), "serviceName": "Analytics"}, "pageSize=2")
		return rows
	}
	if rows := found(); len(rows) != 0 {
		t.Fatalf("audits before anything was asked: %s", rows)
	}
	before := len(c.held(auditQuery)["Analytics"])
	day := m{"interval": interval(day0, 24*time.Hour)}
	c.job(day)
	c.call(202, http.MethodPost, userJobs, day)
	c.refused(400, "bad.request", http.MethodPost, userJobs, m{})
	c.call(200, http.MethodPost, "/api/v2/recording/batchrequests", m{"batchDownloadRequestList": []m{{"conversationId": "x"}}})
	rows := found()
	if len(rows) != 3 || len(c.held(auditQuery)["Analytics"]) != before+3 {
		t.Fatalf("audits of three jobs: %s", rows)
	}
	for i, path := range []string{jobs, userJobs, "/api/v2/recording/batchrequests"} {
		row := c.object(rows[i])
		if row["entity"].(m)["name"] != path || row["client"].(m)["id"] != "demo-client" {
			t.Errorf("audit of %s: %s", path, rows[i])
		}
	}
	query := m{"interval": interval(today, 24*time.Hour), "serviceName": "Analytics"}
	id := c.call(http.StatusAccepted, http.MethodPost, auditQuery, query)["id"].(string)
	now.advance(time.Minute)
	c.job(day)
	c.until(auditQuery+"/"+id, "state", "Queued", "Running")
	if early, _ := c.paged(auditQuery+"/"+id+"/results?pageSize=500", "entities"); len(early) != 3 {
		t.Errorf("a query finds %d, one of them made after it", len(early))
	}
	later := found()
	sameRows(t, "the first three", later[:3], rows)
	sameRows(t, "until now", later, records(c.held(auditQuery)["Analytics"][before:]))
	if at, err := time.Parse(time.RFC3339, c.object(later[3])["eventDate"].(string)); err != nil || at.Before(time.Now().Add(50*time.Second)) {
		t.Errorf("eventDate is not the platform's: %v %v", at, err)
	}
}

// A page may come again or be empty, with a cursor that leads on, and a query may
// be gone before its time.
func TestAuditsFaults(t *testing.T) {
	c := start(t, simulator.Config{Seed: 10, Days: 9, Faults: faulty(t, "repeat-page=0.3,empty-page=0.3")}).demo()
	body := m{"interval": interval(day0, 30*24*time.Hour), "filters": []any{}}
	rows, pages := c.audits(interactionQuery, body, "pageSize=5")
	seen, distinct := map[string]bool{}, []json.RawMessage{}
	for _, row := range rows {
		if !seen[string(row)] {
			seen[string(row)], distinct = true, append(distinct, row)
		}
	}
	sameRows(t, "in spite of faults", distinct, records(c.held(interactionQuery)[""]))
	if len(rows) == len(distinct) || pages <= len(distinct)/5+1 {
		t.Errorf("%d rows, %d distinct, on %d pages", len(rows), len(distinct), pages)
	}
	c.s.SetFaults(faulty(t, "expired-job=1"))
	id := c.call(202, http.MethodPost, interactionQuery, body)["id"].(string)
	c.refused(404, "not.found", http.MethodGet, interactionQuery+"/"+id, nil)
	c.refused(404, "not.found", http.MethodGet, interactionQuery+"/"+id+"/results", nil)
}

func TestAuditsTakeTheirTime(t *testing.T) {
	var now clock
	c := start(t, simulator.Config{JobLatency: time.Hour, JobTTL: time.Hour, Now: now.now}).demo()
	day := interval(day0, 24*time.Hour)
	for path, body := range map[string]m{auditQuery: {"interval": day, "serviceName": "Quality"}, interactionQuery: {"interval": day, "filters": []any{}}} {
		made := c.call(202, http.MethodPost, path, body)
		id := made["id"].(string)
		if got := c.call(202, http.MethodGet, path+"/"+id, nil); got["state"] != "Queued" || made["state"] != "Queued" || got["interval"] != day {
			t.Errorf("status %v", got)
		}
		c.refused(400, "bad.request", http.MethodGet, path+"/"+id+"/results", nil)
		now.advance(time.Hour)
		c.refused(404, "not.found", http.MethodGet, path+"/"+id, nil)
	}
}

func TestAuditsRefuse(t *testing.T) {
	c := start(t, simulator.Config{Clients: []simulator.Client{{ID: "demo-client", Secret: "demo-secret"}, {ID: "poor", Secret: "p", Permissions: []string{"audits:audit:view"}}}})
	poor, c := c.login("poor", "p"), c.demo()
	month := interval(day0, 30*24*time.Hour)
	for name, body := range map[string]m{
		"no interval": {"serviceName": "Quality"}, "no service": {"interval": month}, "unknown service": {"interval": month, "serviceName": "quality"},
		"too long": {"interval": interval(day0, 31*24*time.Hour), "serviceName": "Quality"},
		"filter":   {"interval": month, "serviceName": "Quality", "filters": []m{{"property": "UserId", "value": "x"}}},
	} {
		t.Run(name, func(t *testing.T) { c.refused(400, "bad.request", http.MethodPost, auditQuery, body) })
	}
	c.refused(400, "bad.request", http.MethodPost, interactionQuery, m{"interval": month})
	c.refused(400, "bad.request", http.MethodPost, interactionQuery, m{"filters": []any{}})
	id := c.call(202, http.MethodPost, auditQuery, m{"interval": month, "serviceName": "Quality"})["id"].(string)
	c.until(auditQuery+"/"+id, "state", "Queued", "Running")
	page := c.call(200, http.MethodGet, auditQuery+"/"+id+"/results", nil)
	if page["pageSize"] != 25.0 || page["id"] != id || len(page["entities"].([]any)) != 25 || page["cursor"] == nil {
		t.Errorf("the first page has %v rows, pageSize %v", len(page["entities"].([]any)), page["pageSize"])
	}
	c.refused(400, "bad.request", http.MethodGet, auditQuery+"/"+id+"/results?pageSize=501", nil)
	c.refused(400, "bad.request", http.MethodGet, auditQuery+"/"+id+"/results?cursor=x", nil)
	// The audits of a service are not those of interactions.
	c.refused(404, "not.found", http.MethodGet, strings.Replace(interactionQuery, "query", "query/"+id, 1), nil)
	poor.call(200, http.MethodGet, auditQuery+"/servicemapping", nil)
	poor.refused(403, "missing.permissions", http.MethodPost, interactionQuery, m{"interval": month, "filters": []any{}})
}
