package simulator_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"exitplan/internal/simulator"
)

// A job over everything gives every conversation with exactly the bytes that the
// truth says, whatever the page size; rows repeat, within pages and over them.
func TestJobGivesTheTruth(t *testing.T) {
	c := start(t, simulator.Config{Seed: 1, ConversationsPerDay: 80}).demo()
	job := c.job(m{"interval": interval(day0, 10*24*time.Hour)})
	for _, size := range []string{"1", "2", "37", "1000", "10000"} {
		rows, repeats := c.rows(job, size)
		n := 0
		for want := range c.s.Truth().Conversations() {
			n++
			if !bytes.Equal(rows[want.ID], want.Row) {
				t.Fatalf("page size %s: conversation %s:\n%s\nwant\n%s", size, want.ID, rows[want.ID], want.Row)
			}
		}
		if n != 240 || len(rows) != n || repeats == 0 {
			t.Errorf("page size %s: %d rows and %d repeats of %d conversations", size, len(rows), repeats, n)
		}
	}
	if c.call(http.StatusNoContent, http.MethodDelete, jobs+"/"+job, nil) != nil {
		t.Error("DELETE has a body")
	}
	c.refused(404, "not.found", http.MethodGet, jobs+"/"+job, nil)
	c.refused(404, "not.found", http.MethodGet, jobs+"/"+job+"/results", nil)
	c.refused(404, "not.found", http.MethodDelete, jobs+"/"+job, nil)
}

// Neighbouring intervals share conversations; startOfDayIntervalMatching leaves
// those that started on an earlier day to the earlier job, and no other.
func TestJobIntervals(t *testing.T) {
	c := start(t, simulator.Config{Seed: 2, Days: 4}).demo()
	const day = 24 * time.Hour
	for _, iv := range []struct {
		from   time.Time
		length time.Duration
	}{{day0, day}, {day0.Add(day), day}, {day0.Add(2 * day), day}, {day0.Add(day + 7*time.Hour), 3 * time.Hour}, {day0.Add(-5 * day), 7 * day}, {day0.Add(8 * day), day}} {
		to := iv.from.Add(iv.length)
		active, _ := c.rows(c.job(m{"interval": interval(iv.from, iv.length)}), "100")
		matched, _ := c.rows(c.job(m{"interval": interval(iv.from, iv.length), "startOfDayIntervalMatching": true}), "100")
		wantActive, wantMatched := 0, 0
		for one := range c.s.Truth().Conversations() {
			if !one.Start.Before(to) || one.End.Before(iv.from) && one.Start.Before(iv.from) {
				continue
			}
			wantActive++
			if active[one.ID] == nil {
				t.Errorf("%v: %s with activity is missing", iv, one.ID)
			}
			if !one.Start.Before(iv.from.Truncate(day)) {
				wantMatched++
				if matched[one.ID] == nil {
					t.Errorf("%v: %s that started since the day's start is missing", iv, one.ID)
				}
			}
		}
		if len(active) != wantActive || len(matched) != wantMatched {
			t.Errorf("%v: %d active, want %d; %d matched, want %d", iv, len(active), wantActive, len(matched), wantMatched)
		}
		if iv.from.Equal(day0.Add(2*day)) && wantActive == wantMatched {
			t.Error("no conversation crosses into the day")
		}
	}
}

func TestJobAvailability(t *testing.T) {
	c := start(t, simulator.Config{Available: day0.Add(36 * time.Hour)}).demo()
	body := m{"interval": interval(day0, 72*time.Hour)}
	if got := c.call(200, http.MethodGet, jobs+"/availability", nil)["dataAvailabilityDate"]; got != "2026-03-02T12:00:00.000Z" {
		t.Errorf("dataAvailabilityDate %v", got)
	}
	job := c.job(body)
	if rows, _ := c.rows(job, "100"); len(rows) != 300 {
		t.Errorf("%d rows, want those of one day and a half", len(rows))
	}
	if got := c.page(job, "", "1").DataAvailabilityDate; !got.Equal(day0.Add(36 * time.Hour)) {
		t.Errorf("dataAvailabilityDate of the results %v", got)
	}
	c.s.SetAvailable(day0.Add(96 * time.Hour))
	if rows, _ := c.rows(c.job(body), "100"); len(rows) != 600 {
		t.Errorf("%d rows after the data arrived", len(rows))
	}
}

func TestJobExpires(t *testing.T) {
	var now clock
	c := start(t, simulator.Config{Now: now.now, JobTTL: time.Hour}).demo()
	job := c.job(m{"interval": interval(day0, 24*time.Hour)})
	cursor := c.page(job, "", "10").Cursor
	now.advance(time.Hour)
	if got := c.call(200, http.MethodGet, jobs+"/"+job, nil); got["state"] != "EXPIRED" {
		t.Errorf("status %v", got)
	}
	c.refused(404, "not.found", http.MethodGet, jobs+"/"+job+"/results?cursor="+cursor, nil)
}

func TestJobTakesItsTime(t *testing.T) {
	c := start(t, simulator.Config{JobLatency: time.Hour}).demo()
	id := c.call(202, http.MethodPost, jobs, m{"interval": interval(day0, 24*time.Hour)})["jobId"].(string)
	if got := c.call(202, http.MethodGet, jobs+"/"+id, nil); got["state"] != "QUEUED" || got["completionDate"] != nil {
		t.Errorf("status %v", got)
	}
	c.refused(400, "bad.request", http.MethodGet, jobs+"/"+id+"/results", nil)
}

func TestJobTooLarge(t *testing.T) {
	c := start(t, simulator.Config{MaxRowsPerJob: 150}).demo()
	body := func(from time.Time, d time.Duration) m {
		return m{"interval": interval(from, d), "startOfDayIntervalMatching": true}
	}
	c.refused(400, "response.entity.too.large", http.MethodPost, jobs, body(day0, 24*time.Hour))
	c.call(202, http.MethodPost, jobs, body(day0, 12*time.Hour))
	if n := c.s.Counts().Jobs; n != 1 {
		t.Errorf("%d jobs created", n)
	}
}

func TestJobRefuses(t *testing.T) {
	c := start(t, simulator.Config{}).demo()
	day := interval(day0, 24*time.Hour)
	for name, body := range map[string]m{
		"no interval":     {},
		"half interval":   {"interval": "2026-03-01T00:00:00Z"},
		"empty interval":  {"interval": "2026-03-01T00:00:00Z/2026-03-01T00:00:00Z"},
		"unknown order":   {"interval": day, "order": "sideways"},
		"unknown filters": {"interval": day, "segmentFilters": []m{{"type": "and"}}},
		"unknown dimension": {"interval": day, "conversationFilters": []m{{"type": "and", "predicates": []m{
			{"type": "dimension", "dimension": "externalTag", "operator": "exists"}}}}},
	} {
		t.Run(name, func(t *testing.T) { c.refused(400, "bad.request", http.MethodPost, jobs, body) })
	}
	one, other := c.job(m{"interval": day}), c.job(m{"interval": day})
	cursor := c.page(one, "", "10").Cursor
	for _, query := range []string{"pageSize=0", "pageSize=10001", "pageSize=x", "cursor=AAAA", "cursor=@"} {
		c.refused(400, "bad.request", http.MethodGet, jobs+"/"+one+"/results?"+query, nil)
	}
	c.refused(400, "bad.request", http.MethodGet, jobs+"/"+other+"/results?cursor="+cursor, nil)
	c.refused(404, "not.found", http.MethodGet, "/api/v2/analytics/conversations/details/jobs/none", nil)
}

func TestJobLimitAndFilter(t *testing.T) {
	c := start(t, simulator.Config{OpenShare: 0.1}).demo()
	day := interval(day0, 24*time.Hour)
	if rows, _ := c.rows(c.job(m{"interval": day, "limit": 25}), "10"); len(rows) != 25 {
		t.Errorf("%d rows with a limit of 25", len(rows))
	}
	split := map[string]int{}
	for _, operator := range []string{"exists", "notExists"} {
		rows, _ := c.rows(c.job(m{"interval": day, "conversationFilters": []m{{"type": "and", "predicates": []m{
			{"type": "dimension", "dimension": "conversationEnd", "operator": operator}}}}}), "100")
		for _, row := range rows {
			var has struct{ ConversationEnd *time.Time }
			if err := json.Unmarshal(row, &has); err != nil || (has.ConversationEnd != nil) != (operator == "exists") {
				t.Fatalf("%s: %v %s", operator, err, row)
			}
		}
		split[operator] = len(rows)
	}
	if split["notExists"] == 0 || split["exists"]+split["notExists"] != 200 {
		t.Errorf("split %v", split)
	}
}

// A conversation that is open gets its end when the platform's clock says so.
func TestOpenConversations(t *testing.T) {
	var now clock
	c := start(t, simulator.Config{OpenShare: 1, Now: now.now, OpenUntil: time.Now().Add(time.Hour)}).demo()
	open := func() (n int) {
		for one := range c.s.Truth().Conversations() {
			if one.End.IsZero() != !bytes.Contains(one.Row, []byte(`"conversationEnd"`)) {
				t.Fatalf("end %v of %s", one.End, one.Row)
			}
			if one.End.IsZero() {
				n++
			}
		}
		return n
	}
	before := open()
	now.advance(time.Hour)
	if after := open(); before != 600 || after != 0 {
		t.Errorf("%d open before, %d after", before, after)
	}
}

func TestQuery(t *testing.T) {
	c := start(t, simulator.Config{Seed: 3}).demo()
	const path = "/api/v2/analytics/conversations/details/query"
	query := func(iv string, size, number int) m {
		return c.call(200, http.MethodPost, path, m{"interval": iv, "paging": m{"pageSize": size, "pageNumber": number}})
	}
	// Part of a day means the day.
	part := interval(day0.Add(30*time.Hour), time.Hour)
	seen := map[string]bool{}
	for number := 1; ; number++ {
		got := query(part, 70, number)
		if got["totalHits"] != 200.0 {
			t.Fatalf("totalHits %v", got["totalHits"])
		}
		list, ok := got["conversations"].([]any)
		if !ok {
			break
		}
		for _, one := range list {
			seen[one.(m)["conversationId"].(string)] = true
			for _, p := range one.(m)["participants"].([]any) {
				if p.(m)["attributes"] != nil {
					t.Fatal("the query gave attributes")
				}
			}
		}
	}
	for one := range c.s.Truth().Conversations() {
		if seen[one.ID] != one.Day.Equal(day0.Add(24*time.Hour)) {
			t.Errorf("conversation of %v: seen is %v", one.Day, seen[one.ID])
		}
	}
	for _, size := range []int{0, 101} {
		c.refused(400, "bad.request", http.MethodPost, path, m{"interval": part, "paging": m{"pageSize": size, "pageNumber": 1}})
	}
	c.refused(400, "bad.request", http.MethodPost, path, m{"interval": part, "paging": m{"pageSize": 1, "pageNumber": 0}})
	c.refused(400, "bad.request", http.MethodPost, path, m{"interval": interval(day0, 32*24*time.Hour)})
}

func TestHugeRecord(t *testing.T) {
	c := start(t, simulator.Config{HugeRecordBytes: 3 << 20, HugeRecordEvery: 300, ConversationsPerDay: 200}).demo()
	rows, _ := c.rows(c.job(m{"interval": interval(day0, 72*time.Hour)}), "1000")
	huge := 0
	for want := range c.s.Truth().Conversations() {
		if !bytes.Equal(rows[want.ID], want.Row) {
			t.Fatalf("conversation %s differs", want.ID)
		}
		if len(want.Row) > 3<<20 {
			huge++
		}
	}
	if huge != 2 {
		t.Errorf("%d huge records", huge)
	}
}
