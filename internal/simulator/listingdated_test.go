package simulator_test

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"exitplan/internal/simulator"
)

// Requests for limits show the last year unless both ends of an interval are named.
func TestChangeRequestsAreShownByDate(t *testing.T) {
	now := day0.AddDate(0, 0, 9)
	c := start(t, simulator.Config{Now: func() time.Time { return now }}).demo()
	made := map[string]time.Time{}
	var ids []string
	for row := range c.s.Truth().Listing(api+"organizations/limits/changerequests", "") {
		at, err := time.Parse(time.RFC3339, c.object(row)["dateCreated"].(string))
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, entityID(t, row))
		made[ids[len(ids)-1]] = at
	}
	if len(ids) != 12 {
		t.Fatalf("%d requests", len(ids))
	}
	millis := func(at time.Time) string { return strconv.FormatInt(at.UnixMilli(), 10) }
	third := made[ids[2]]
	for _, test := range []struct {
		query    string
		from, to time.Time
	}{
		{"", now.AddDate(0, 0, -365), now},
		{"?after=0", time.Time{}, time.UnixMilli(0).AddDate(0, 0, 180)},
		{"?after=" + millis(third), third, third.AddDate(0, 0, 180)},
		{"?before=" + millis(third), third.AddDate(0, 0, -180), third},
		{"?after=0&before=" + millis(now), time.Time{}, now},
		{"?after=" + millis(third) + "&before=" + millis(third), third, third},
	} {
		for _, size := range []string{"", "pageSize=1", "pageSize=4"} {
			path := api + "organizations/limits/changerequests" + test.query
			switch {
			case size != "" && test.query == "":
				path += "?" + size
			case size != "":
				path += "&" + size
			}
			got, pages := map[string]bool{}, 0
			for next := path; next != ""; pages++ {
				page := c.call(200, http.MethodGet, next, nil)
				for _, one := range page["entities"].([]any) {
					got[one.(m)["id"].(string)] = true
				}
				next, _ = page["nextUri"].(string)
			}
			want := 0
			for id, at := range made {
				in := at.After(test.from) && !at.After(test.to)
				if in {
					want++
				}
				if got[id] != in {
					t.Errorf("%s: shows the request of %s: %v", path, at, got[id])
				}
			}
			if size == "pageSize=1" && pages != max(want, 1) {
				t.Errorf("%s: %d pages for %d", path, pages, want)
			}
		}
	}
	c.refused(400, "bad.request", http.MethodGet, api+"organizations/limits/changerequests?after=yesterday", nil)
	c.refused(400, "bad.request", http.MethodGet, api+"organizations/limits/changerequests?status=Open", nil)
}

func TestWorkitemsAreQueried(t *testing.T) {
	c := start(t, simulator.Config{}).demo()
	query := api + "taskmanagement/workitems/query"
	page := c.call(200, http.MethodPost, query, m{"pageSize": 20})
	if len(page["entities"].([]any)) != 20 || page["after"] == nil {
		t.Errorf("%d work items, then %v", len(page["entities"].([]any)), page["after"])
	}
	page = c.call(200, http.MethodPost, query, m{"pageSize": 20, "after": page["after"]})
	if len(page["entities"].([]any)) != 13 || page["after"] != nil {
		t.Errorf("%d work items, then %v", len(page["entities"].([]any)), page["after"])
	}
	c.refused(400, "bad.request", http.MethodPost, query, m{"filters": []any{m{"name": "priority", "type": "Int", "operator": "GT", "values": []string{"1"}}}})
	c.refused(400, "bad.request", http.MethodPost, api+"taskmanagement/worktypes/query", m{"pageSize": 20})
}
