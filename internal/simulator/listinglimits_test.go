package simulator_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"runtime"
	"testing"

	"exitplan/internal/simulator"
)

func TestListingRefusals(t *testing.T) {
	anonymous := start(t, simulator.Config{
		Clients: []simulator.Client{{ID: "demo-client", Secret: "demo-secret"}, {ID: "poor", Secret: "p", Permissions: []string{"routing:queue:view"}}},
		Without: []string{api + "knowledge/knowledgebases", api + "recording/settings"},
	})
	c, poor := anonymous.demo(), anonymous.login("poor", "p")
	anonymous.refused(401, "authentication.required", http.MethodGet, api+"users", nil)
	poor.call(200, http.MethodGet, api+"routing/queues", nil)
	poor.call(200, http.MethodGet, api+"users", nil)
	poor.refused(403, "missing.permissions", http.MethodGet, api+"routing/wrapupcodes", nil)
	poor.refused(403, "missing.any.permissions", http.MethodGet, api+"externalcontacts/scan/contacts", nil)
	c.refused(404, "not.found", http.MethodGet, api+"knowledge/knowledgebases", nil)
	c.refused(404, "not.found", http.MethodGet, api+"recording/settings", nil)
	c.refused(404, "not.found", http.MethodGet, api+"groups/ff5efe89-43ca-487e-a415-a44dc6906d92/members", nil)
	for _, l := range c.s.Truth().Listings() {
		if l.Pattern == api+"knowledge/knowledgebases" {
			t.Error("the truth has a listing that the organization is without")
		}
	}
	queue := c.call(200, http.MethodGet, api+"routing/queues", nil)["entities"].([]any)[0].(m)["id"].(string)
	c.refused(404, "not.found", http.MethodGet, api+"groups/"+queue+"/members", nil)
	for _, path := range []string{
		"users?pageSize=501", "users?pageSize=0", "users?pageNumber=0", "users?state=asleep", "users?jabberId=x", "users?sortOrder=descending",
		"routing/queues/" + queue + "/members?pageSize=101", "routing/skills?pageSize=101", "externalcontacts/scan/contacts?limit=9",
		"externalcontacts/scan/contacts?limit=201", "externalcontacts/scan/contacts?cursor=x", "externalcontacts/contacts?pageSize=100&pageNumber=11",
		"teams?after=abc", "quality/calibrations", "responsemanagement/responses",
	} {
		c.refused(400, "bad.request", http.MethodGet, api+path, nil)
	}
	if page := c.call(200, http.MethodGet, api+"outbound/contactlists?pageSize=500", nil); page["pageSize"] != 100.0 {
		t.Errorf("outbound gives page size %v", page["pageSize"])
	}
	if page := c.call(200, http.MethodGet, api+"speechandtextanalytics/categories?pageSize=100", nil); len(page["entities"].([]any)) != 25 || page["nextUri"] == nil {
		t.Errorf("categories: %d, next %v", len(page["entities"].([]any)), page["nextUri"])
	}
	if page := c.call(200, http.MethodGet, api+"users?pageNumber=9", nil); len(page["entities"].([]any)) != 0 || page["nextUri"] != nil {
		t.Errorf("behind the end: %v", page)
	}
	for _, namespace := range c.call(200, http.MethodGet, api+"organizations/limits/namespaces", nil)["entities"].([]any) {
		if page := c.call(200, http.MethodGet, api+"organizations/limits/namespaces/"+namespace.(string)+"/defaults", nil); len(page["entities"].([]any)) == 0 {
			t.Errorf("no limits in %s", namespace)
		}
	}
	for _, cfg := range []simulator.Config{
		{Entities: map[string]int{"users": 3}}, {Entities: map[string]int{api + "users": -1}}, {Entities: map[string]int{api + "license/users": 3}},
		{Entities: map[string]int{api + "users": 1 << 20, api + "voicemail/users/{userId}/messages": 1 << 20}},
	} {
		if s, err := simulator.Start(t.Context(), cfg); err == nil {
			_ = s.Close()
			t.Errorf("%v is accepted", cfg.Entities)
		}
	}
}

// Faults of API answers hit listings, and those of pages where there is a cursor.
func TestListingFaults(t *testing.T) {
	c := start(t, simulator.Config{}).demo()
	get := func(path string) (*http.Response, []byte, error) {
		return c.try(c.request(http.MethodGet, api+path, nil))
	}
	for list, want := range map[string]int{"429=1": 429, "429-bare=1": 429, "html-200=1": 200, "drop-json=1": 0, "5xx=1": 500, "slow=1:1ms,429=1": 429} {
		c.s.SetFaults(faulty(t, list))
		res, raw, err := get("teams")
		switch {
		case want == 0 && err == nil:
			t.Errorf("%s: whole", list)
		case want == 500 && err == nil && res.StatusCode > 500:
		case want != 0 && (err != nil || res.StatusCode != want || want == 200 && raw[0] != '<'):
			t.Errorf("%s: %v %v %.80s", list, res, err, raw)
		}
	}
	for _, path := range []string{"teams?pageSize=1", "speechandtextanalytics/topics?pageSize=5", "externalcontacts/scan/notes"} {
		c.s.SetFaults(simulator.Faults{})
		_, sound, _ := get(path)
		for _, list := range []string{"repeat-page=1", "empty-page=1"} {
			c.s.SetFaults(faulty(t, list))
			page := c.call(200, http.MethodGet, api+path, nil)
			if list == "empty-page=1" && len(page["entities"].([]any)) != 0 {
				t.Errorf("%s %s: not empty", path, list)
			}
			c.s.SetFaults(simulator.Faults{})
			again := c.call(200, http.MethodGet, page["nextUri"].(string), nil)
			if !reflect.DeepEqual(again["entities"], c.object(sound)["entities"]) {
				t.Errorf("%s %s: its link leads elsewhere", path, list)
			}
		}
	}
	// At moderate rates the pages in order hold everything.
	c.s.SetFaults(faulty(t, "repeat-page=0.3,empty-page=0.3"))
	seen := map[string]bool{}
	for next := api + "externalcontacts/scan/contacts?limit=10"; next != ""; {
		page := c.call(200, http.MethodGet, next, nil)
		for _, one := range page["entities"].([]any) {
			seen[one.(m)["id"].(string)] = true
		}
		next, _ = page["nextUri"].(string)
	}
	if len(seen) != 40 {
		t.Errorf("%d contacts of 40", len(seen))
	}
}

// A listing of any size costs the same memory.
func TestListingMemory(t *testing.T) {
	many := 1_000_000
	if testing.Short() {
		many = 100_000
	}
	c := start(t, simulator.Config{Entities: map[string]int{api + "users": many}}).demo()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	rows := 0
	for row := range c.s.Truth().Listing(api+"users", "") {
		if rows++; rows%250_000 == 0 && !json.Valid(row) {
			t.Fatalf("not JSON: %s", row)
		}
	}
	page := c.call(200, http.MethodGet, api+"users?state=any&pageSize=500&pageNumber="+fmt.Sprint(many/500), nil)
	runtime.GC()
	runtime.ReadMemStats(&after)
	if rows != many || page["total"] != float64(many) || len(page["entities"].([]any)) != 500 || page["nextUri"] != nil {
		t.Errorf("%d rows, total %v", rows, page["total"])
	}
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 4<<20 {
		t.Errorf("heap grew by %d bytes", grown)
	}
}
