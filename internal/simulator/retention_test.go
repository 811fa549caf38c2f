package simulator_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"exitplan/internal/simulator"
)

const retention = api + "recordings/retention/query"

// retained follows nextUri, and counts pages that gave nothing new.
func (c *client) retained(days int) (rows []json.RawMessage, vain int) {
	c.t.Helper()
	for next := fmt.Sprintf("%s?pageSize=9&retentionThresholdDays=%d", retention, days); next != ""; {
		res, raw := c.do(c.request(http.MethodGet, next, nil))
		if res.StatusCode != 200 {
			c.t.Fatalf("%s: %d %s", next, res.StatusCode, raw)
		}
		before := len(rows)
		for _, row := range c.array(raw, "entities") {
			if !slices.ContainsFunc(rows, func(old json.RawMessage) bool { return string(old) == string(row) }) {
				rows = append(rows, row)
			}
		}
		if len(rows) == before {
			vain++
		}
		next, _ = c.object(raw)["nextUri"].(string)
	}
	return rows, vain
}

// The query gives every recording that is not deleted and older than it says,
// once, whatever pages the platform spoils.
func TestRetention(t *testing.T) {
	now := day0.AddDate(0, 0, 10)
	c := start(t, simulator.Config{ConversationsPerDay: 60, SecondRecordingShare: 0.5, DeletedShare: 0.2, ArchivedShare: 0.2,
		Now: func() time.Time { return now }}).demo()
	states := map[string]string{}
	for rec := range c.s.Truth().Recordings() {
		states[rec.ID] = rec.FileState
	}
	var older, all []simulator.Held
	for one := range c.s.Truth().Held(retention) {
		var row struct {
			RecordingID, ArchiveMedium string
			CreationTime               time.Time
		}
		if err := json.Unmarshal(one.Record, &row); err != nil {
			t.Fatal(err)
		}
		if state := states[row.RecordingID]; state == "" || state == "DELETED" || (state == "ARCHIVED") != (row.ArchiveMedium != "") {
			t.Fatalf("%q is retained: %s", state, one.Record)
		}
		delete(states, row.RecordingID)
		if all = append(all, one); row.CreationTime.Before(now.AddDate(0, 0, -8)) {
			older = append(older, one)
		}
	}
	for id, state := range states {
		if state != "DELETED" {
			t.Errorf("%s, which is %s, is not retained", id, state)
		}
	}
	if len(states) == 0 || len(older) == 0 || len(older) == len(all) {
		t.Fatalf("%d deleted, %d of %d older", len(states), len(older), len(all))
	}
	for _, faults := range []string{"", "repeat-page=0.3,empty-page=0.3"} {
		c.s.SetFaults(faulty(t, faults))
		for days, want := range map[int][]simulator.Held{0: all, 8: older} {
			rows, vain := c.retained(days)
			if len(rows) != len(want) || vain > 0 != (faults != "") {
				t.Fatalf("%q: %d rows for %d days, want %d; %d pages in vain", faults, len(rows), days, len(want), vain)
			}
			for i, row := range rows {
				c.holds(retention, row, want[i])
			}
		}
	}
	c.s.SetFaults(simulator.Faults{})
	first := c.call(200, http.MethodGet, retention+"?retentionThresholdDays=0", nil)
	link, err := url.Parse(first["nextUri"].(string))
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"", "retentionThresholdDays=x", "retentionThresholdDays=0&pageSize=501", "retentionThresholdDays=0&pageSize=0",
		"retentionThresholdDays=1&cursor=" + link.Query().Get("cursor"), "retentionThresholdDays=0&until=1"} {
		c.refused(400, "bad.request", http.MethodGet, retention+"?"+bad, nil)
	}
}
