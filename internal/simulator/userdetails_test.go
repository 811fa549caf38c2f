package simulator_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"exitplan/internal/simulator"
)

const userJobs = "/api/v2/analytics/users/details/jobs"

// userDetails has a job find rows, and leaves out those that come again.
func (c *client) userDetails(body m, size string) (rows []json.RawMessage, repeats int) {
	c.t.Helper()
	id := c.call(http.StatusAccepted, http.MethodPost, userJobs, body)["jobId"].(string)
	if state := c.until(userJobs+"/"+id, "state", "QUEUED", "PENDING")["state"]; state != "FULFILLED" {
		c.t.Fatalf("the job is %v", state)
	}
	all, _ := c.paged(userJobs+"/"+id+"/results?pageSize="+size, "userDetails")
	seen := map[string]bool{}
	for _, row := range all {
		if seen[string(row)] {
			repeats++
			continue
		}
		seen[string(row)] = true
		rows = append(rows, row)
	}
	return rows, repeats
}

// A job over a day gives that day's rows, one over all days those of each day.
func TestUserDetailsGiveTheTruth(t *testing.T) {
	c := start(t, simulator.Config{Seed: 8, Days: 5, Entities: map[string]int{api + "users": 37}}).demo()
	days, all := c.held(userJobs), []json.RawMessage{}
	for at := day0; at.Before(day0.AddDate(0, 0, 5)); at = at.AddDate(0, 0, 1) {
		want := records(days[at.Format(time.DateOnly)])
		got, _ := c.userDetails(m{"interval": interval(at, 24*time.Hour)}, "1000")
		sameRows(t, at.String(), got, want)
		if len(want) == 0 || len(want) == 37 {
			t.Errorf("%s: %d rows of 37 users", at, len(want))
		}
		all = append(all, want...)
	}
	for _, size := range []string{"1", "7", "10000"} {
		got, repeats := c.userDetails(m{"interval": interval(day0.AddDate(0, -1, 0), 90*24*time.Hour)}, size)
		sameRows(t, "pageSize "+size, got, all)
		if repeats == 0 {
			t.Errorf("pageSize %s: no row is repeated", size)
		}
	}
}

// Every page but the first starts with the last row of the one before.
func TestUserDetailsPagesOverlap(t *testing.T) {
	c := start(t, simulator.Config{Seed: 8}).demo()
	id := c.call(202, http.MethodPost, userJobs, m{"interval": interval(day0, 72*time.Hour)})["jobId"].(string)
	c.until(userJobs+"/"+id, "state", "QUEUED", "PENDING")
	rows, pages := c.paged(userJobs+"/"+id+"/results?pageSize=5", "userDetails")
	for i := 5; i < len(rows); i += 5 {
		if !bytes.Equal(rows[i], rows[i-1]) {
			t.Errorf("row %d is not the one before again", i)
		}
	}
	if pages < 5 {
		t.Errorf("%d pages", pages)
	}
}

type userDay struct {
	UserID        string
	Presence      []userState `json:"primaryPresence"`
	RoutingStatus []userState
}

type userState struct{ StartTime, EndTime time.Time }

// Only what started in the interval is shown, with users that have been deleted,
// and what reaches into the next day is shown on the first one alone.
func TestUserDetailsByStart(t *testing.T) {
	c := start(t, simulator.Config{Seed: 8}).demo()
	users, hidden, across, open, still := map[string]bool{}, 0, 0, 0, 0
	for row := range c.s.Truth().Listing(api+"users", "") {
		users[entityID(t, row)] = bytes.Contains(row, []byte(`"state":"deleted"`))
	}
	count := func(rows []json.RawMessage, from, to time.Time) (n int) {
		for _, row := range rows {
			var one userDay
			if err := json.Unmarshal(row, &one); err != nil {
				t.Fatal(err)
			}
			deleted, known := users[one.UserID]
			if !known || len(one.Presence)+len(one.RoutingStatus) == 0 {
				t.Errorf("row %s", row)
			}
			if deleted {
				hidden++
			}
			for _, state := range append(one.Presence, one.RoutingStatus...) {
				if n++; state.StartTime.Before(from) || !state.StartTime.Before(to) {
					t.Errorf("%s does not start in the interval", state.StartTime)
				}
				switch {
				case state.EndTime.IsZero():
					open++
				case state.EndTime.After(to):
					across++
				}
			}
			if one.RoutingStatus == nil {
				still++
			}
		}
		return n
	}
	whole, _ := c.userDetails(m{"interval": interval(day0, 72*time.Hour)}, "100")
	all, parts := count(whole, day0, day0.Add(72*time.Hour)), 0
	for at := day0; at.Before(day0.Add(72 * time.Hour)); at = at.Add(5 * time.Hour) {
		rows, _ := c.userDetails(m{"interval": interval(at, 5*time.Hour)}, "100")
		parts += count(rows, at, at.Add(5*time.Hour))
	}
	if all != parts || hidden == 0 || across == 0 || open == 0 || still == 0 {
		t.Errorf("%d states, %d in parts; %d of deleted users, %d across an end, %d open, %d rows of presence alone", all, parts, hidden, across, open, still)
	}
}

func TestUserDetailsAvailability(t *testing.T) {
	c := start(t, simulator.Config{Available: day0.Add(36 * time.Hour)}).demo()
	if got := c.call(200, http.MethodGet, userJobs+"/availability", nil)["dataAvailabilityDate"]; got != "2026-03-02T12:00:00.000Z" {
		t.Errorf("dataAvailabilityDate %v", got)
	}
	all, _ := c.userDetails(m{"interval": interval(day0, 72*time.Hour)}, "100")
	early, _ := c.userDetails(m{"interval": interval(day0, 36*time.Hour)}, "100")
	sameRows(t, "until the availability date", all, early)
	if len(early) == 0 {
		t.Error("nothing is available")
	}
}

func TestUserDetailsRefuse(t *testing.T) {
	var now clock
	c := start(t, simulator.Config{Now: now.now, JobTTL: time.Hour, Clients: []simulator.Client{
		{ID: "demo-client", Secret: "demo-secret"}, {ID: "poor", Secret: "p", Permissions: []string{"analytics:conversationDetail:view"}}}})
	poor, c := c.login("poor", "p"), c.demo()
	day := m{"interval": interval(day0, 24*time.Hour)}
	poor.refused(403, "missing.permissions", http.MethodPost, userJobs, day)
	for name, body := range map[string]m{
		"no interval": {}, "order": {"interval": day["interval"], "order": "desc"},
		"filter": {"interval": day["interval"], "userFilters": []m{{"type": "and", "predicates": []m{{"dimension": "userId", "value": "x"}}}}},
	} {
		t.Run(name, func(t *testing.T) { c.refused(400, "bad.request", http.MethodPost, userJobs, body) })
	}
	if rows, _ := c.userDetails(m{"interval": day["interval"], "limit": 3}, "2"); len(rows) != 3 {
		t.Errorf("%d rows with a limit of 3", len(rows))
	}
	id := c.call(202, http.MethodPost, userJobs, day)["jobId"].(string)
	c.until(userJobs+"/"+id, "state", "QUEUED", "PENDING")
	// A job of users is none of conversations.
	c.refused(404, "not.found", http.MethodGet, jobs+"/"+id, nil)
	c.refused(404, "not.found", http.MethodDelete, jobs+"/"+id, nil)
	c.refused(404, "not.found", http.MethodGet, jobs+"/"+id+"/results", nil)
	c.refused(400, "bad.request", http.MethodGet, userJobs+"/"+id+"/results?pageSize=10001", nil)
	now.advance(time.Hour)
	if got := c.call(200, http.MethodGet, userJobs+"/"+id, nil); got["state"] != "EXPIRED" {
		t.Errorf("status %v", got)
	}
	c.refused(404, "not.found", http.MethodGet, userJobs+"/"+id+"/results", nil)
	c.call(204, http.MethodDelete, userJobs+"/"+id, nil)
	c.refused(404, "not.found", http.MethodGet, userJobs+"/"+id, nil)
}
