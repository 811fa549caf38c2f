package simulator_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"exitplan/internal/simulator"
)

const api = "/api/v2/"

// everything is what to ask for beside the default, where that hides rows or
// parts of them. Where there are several, each shows a part.
var everything = map[string][]string{
	"users":                               {"state=any"},
	"flows":                               {"deleted=true"},
	"flows/datatables/{datatableId}/rows": {"showbrief=false"},
	"knowledge/knowledgebases/{knowledgeBaseId}/documents": {"includeDrafts=true"},
	"presencedefinitions":   {"deleted=ALL"},
	"presence/definitions":  {"deactivated=FALSE", "deactivated=TRUE"},
	"users/{userId}/queues": {"joined=true", "joined=false"},
	"scim/users":            {"", "filter=active+eq+false"},
	"scim/v2/users":         {"", "filter=active+eq+false"},
}

// unpaged take no page size.
var unpaged = []string{
	"externalcontacts/contacts/schemas", "license/definitions", "oauth/clients", "presence/definitions", "recording/keyconfigurations",
	"taskmanagement/workitems/schemas", "taskmanagement/workitems/schemas/{schemaId}/versions", "taskmanagement/workitems/schemas/coretypes",
	"usage/events/definitions", "webdeployments/configurations", "webdeployments/deployments",
}

// paths gives the path of a listing for each of its parents, and the parent's id.
func paths(t *testing.T, s *simulator.Server, l simulator.Listing) (list [][2]string) {
	t.Helper()
	if l.Parent == "" {
		return [][2]string{{l.Pattern, ""}}
	}
	all := s.Truth().Listings()
	up := all[slices.IndexFunc(all, func(one simulator.Listing) bool { return one.Pattern == l.Parent })]
	for _, parent := range paths(t, s, up) {
		for row := range s.Truth().Listing(up.Pattern, parent[1]) {
			id := entityID(t, row)
			if l.Query != "" {
				list = append(list, [2]string{l.Pattern + "?" + l.Query + "=" + id, id})
				continue
			}
			path := l.Pattern
			for _, id := range append(uuids(parent[0]), id) {
				from, to := strings.IndexByte(path, '{'), strings.IndexByte(path, '}')
				path = path[:from] + id + path[to+1:]
			}
			list = append(list, [2]string{path, id})
		}
	}
	return list
}

func uuids(path string) (list []string) {
	for segment := range strings.SplitSeq(path, "/") {
		if len(segment) == 36 && strings.Count(segment, "-") == 4 {
			list = append(list, segment)
		}
	}
	return list
}

func entityID(t *testing.T, row json.RawMessage) string {
	t.Helper()
	var e struct{ ID string }
	if err := json.Unmarshal(row, &e); err != nil || e.ID == "" {
		t.Fatalf("row without an id: %v %.200s", err, row)
	}
	return e.ID
}

// listed pages to the end as the answer tells.
func (c *client) listed(l simulator.Listing, path string) (rows []json.RawMessage) {
	c.t.Helper()
	short := strings.TrimPrefix(l.Pattern, api)
	join := func(path, parameter string) string {
		if strings.Contains(path, "?") {
			return path + "&" + parameter
		}
		return path + "?" + parameter
	}
	first := path
	switch {
	case strings.HasPrefix(short, "scim/"):
		first = join(path, "count=3")
	case strings.Contains(short, "/scan/"):
		first = join(path, "limit=10")
	case !slices.Contains(unpaged, short):
		first = join(path, "pageSize=3")
	}
	for next := first; next != ""; {
		res, raw := c.do(c.request(http.MethodGet, next, nil))
		if res.StatusCode != http.StatusOK {
			c.t.Fatalf("%s: %d %s", next, res.StatusCode, raw)
		}
		if l.Array == "" {
			if err := json.Unmarshal(raw, &rows); err != nil {
				c.t.Fatal(err)
			}
			return rows
		}
		var page map[string]json.RawMessage
		var more []json.RawMessage
		if err := json.Unmarshal(raw, &page); err != nil {
			c.t.Fatal(err)
		}
		if err := json.Unmarshal(page[l.Array], &more); err != nil {
			c.t.Fatalf("%s: %v", next, err)
		}
		rows = append(rows, more...)
		var link, number, pages = "", 0, 0
		_ = json.Unmarshal(page["nextUri"], &link)
		_ = json.Unmarshal(page["pageNumber"], &number)
		_ = json.Unmarshal(page["pageCount"], &pages)
		switch {
		case l.Array == "Resources" && len(more) > 0:
			next = join(first, fmt.Sprint("startIndex=", len(rows)+1))
		case page["nextUri"] == nil && page["firstUri"] == nil && number > 0 && number < pages:
			next = join(first, fmt.Sprint("pageNumber=", number+1))
		default:
			next = link
		}
	}
	return rows
}

// Every listing gives over HTTP what the truth says: in order, nothing twice,
// nothing missing, and as the definition has it.
func TestListings(t *testing.T) {
	c := start(t, simulator.Config{Seed: 7}).demo()
	for _, l := range c.s.Truth().Listings() {
		short := strings.TrimPrefix(l.Pattern, api)
		all := paths(t, c.s, l)
		total, empty := 0, 0
		for _, path := range all {
			want := slices.Collect(c.s.Truth().Listing(l.Pattern, path[1]))
			queries := everything[short]
			if queries == nil {
				queries = []string{""}
			}
			var got []json.RawMessage
			for _, query := range queries {
				p := path[0]
				if query != "" {
					p += "?" + query
				}
				got = append(got, c.listed(l, p)...)
			}
			if len(queries) > 1 {
				slices.SortFunc(got, func(a, b json.RawMessage) int { return bytes.Compare(a, b) })
				slices.SortFunc(want, func(a, b json.RawMessage) int { return bytes.Compare(a, b) })
			}
			if len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
				t.Fatalf("%s: %d rows differ from %d", path[0], len(got), len(want))
			}
			distinct := map[string]bool{}
			for _, row := range want {
				distinct[string(row)] = true
			}
			if len(distinct) != len(want) {
				t.Errorf("%s: %d of %d rows are distinct", path[0], len(distinct), len(want))
			}
			if total += len(want); len(want) == 0 {
				empty++
			}
		}
		if total == 0 || len(all) > 2 && empty == 0 && !strings.Contains(short, "versions") && l.Parent != "" {
			t.Errorf("%s: %d rows under %d parents, %d of them empty", l.Pattern, total, len(all), empty)
		}
	}
}

// What a request says nothing about is not shown, though it exists.
func TestHiddenRows(t *testing.T) {
	c := start(t, simulator.Config{}).demo()
	all := c.s.Truth().Listings()
	for short := range everything {
		l := all[slices.IndexFunc(all, func(one simulator.Listing) bool { return one.Pattern == api+short })]
		path := paths(t, c.s, l)[0]
		want := slices.Collect(c.s.Truth().Listing(l.Pattern, path[1]))
		got := c.listed(l, path[0])
		if short == "flows/datatables/{datatableId}/rows" {
			if len(got) != len(want) || len(got[5]) >= len(want[5]) || strings.Count(string(got[5]), ":") != 1 {
				t.Errorf("%s: brief %s, whole %s", short, got[5], want[5])
			}
			continue
		}
		if len(got) == 0 || len(got) >= len(want) {
			t.Errorf("%s shows %d of %d", short, len(got), len(want))
		}
	}
	states := map[string]int{}
	for _, state := range []string{"active", "inactive", "deleted", "any"} {
		page := c.call(200, http.MethodGet, api+"users?pageSize=500&state="+state, nil)
		for _, user := range page["entities"].([]any) {
			if got := user.(m)["state"]; state != "any" && got != state {
				t.Errorf("state=%s gives a user who is %v", state, got)
			}
		}
		states[state] = int(page["total"].(float64))
	}
	if states["any"] != 20 || states["inactive"] == 0 || states["deleted"] == 0 || states["active"]+states["inactive"]+states["deleted"] != 20 {
		t.Errorf("users %v", states)
	}
}

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

func TestListingsHoldNoSecrets(t *testing.T) {
	c := start(t, simulator.Config{})
	for _, l := range c.s.Truth().Listings() {
		for _, path := range paths(t, c.s, l) {
			for row := range c.s.Truth().Listing(l.Pattern, path[1]) {
				for _, word := range []string{`"secret"`, `"password"`, `"apiKey"`, `"token"`} {
					if bytes.Contains(row, []byte(word)) {
						t.Fatalf("%s has a field %s", l.Pattern, word)
					}
				}
			}
		}
	}
}

// The same seed gives the same rows, another one others; an entity is the same
// wherever it is shown.
func TestListingsAreDeterministic(t *testing.T) {
	one, again, other := start(t, simulator.Config{Seed: 3}), start(t, simulator.Config{Seed: 3}), start(t, simulator.Config{Seed: 4})
	for _, l := range one.s.Truth().Listings() {
		if l.Parent != "" {
			continue
		}
		rows := slices.Collect(one.s.Truth().Listing(l.Pattern, ""))
		if !reflect.DeepEqual(rows, slices.Collect(again.s.Truth().Listing(l.Pattern, ""))) {
			t.Errorf("%s changes from run to run", l.Pattern)
		}
		if reflect.DeepEqual(rows, slices.Collect(other.s.Truth().Listing(l.Pattern, ""))) {
			t.Errorf("%s does not hang on the seed", l.Pattern)
		}
	}
	users := slices.Collect(one.s.Truth().Listing(api+"users", ""))
	group := entityID(t, slices.Collect(one.s.Truth().Listing(api+"groups", ""))[0])
	for row := range one.s.Truth().Listing(api+"groups/{groupId}/members", group) {
		if !slices.ContainsFunc(users, func(user json.RawMessage) bool { return bytes.Equal(user, row) }) {
			t.Errorf("a member is no user: %s", row)
		}
	}
}

func TestListingTruthOverHTTP(t *testing.T) {
	c := start(t, simulator.Config{Faults: faulty(t, "all=1"), Entities: map[string]int{api + "users": 33}})
	if got, want := lines[simulator.Listing](c, "truth/listings"), c.s.Truth().Listings(); !reflect.DeepEqual(got, want) || len(want) < 100 {
		t.Errorf("%d listings differ from %d", len(got), len(want))
	}
	users := slices.Collect(c.s.Truth().Listing(api+"users", ""))
	if got := lines[json.RawMessage](c, "truth/listings?pattern="+api+"users"); len(got) != 33 || !reflect.DeepEqual(got, users) {
		t.Errorf("%d users differ from %d", len(got), len(users))
	}
	query := url.Values{"pattern": {api + "users/{userId}/queues"}, "parent": {entityID(t, users[0])}}
	if got := lines[json.RawMessage](c, "truth/listings?"+query.Encode()); len(got) != 3 {
		t.Errorf("%d queues of a user", len(got))
	}
}

// Faults of API answers hit listings, and those of pages where there is a cursor.
func TestListingFaults(t *testing.T) {
	c := start(t, simulator.Config{}).demo()
	get := func(path string) (*http.Response, []byte, error) {
		return c.try(c.request(http.MethodGet, api+path, nil))
	}
	for list, want := range map[string]int{"429=1": 429, "429-bare=1": 429, "html-200=1": 200, "drop-json=1": 0} {
		c.s.SetFaults(faulty(t, list))
		res, raw, err := get("teams")
		switch {
		case want == 0 && err == nil:
			t.Errorf("%s: whole", list)
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
	const many = 1_000_000
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
	page := c.call(200, http.MethodGet, api+"users?state=any&pageSize=500&pageNumber=2000", nil)
	runtime.GC()
	runtime.ReadMemStats(&after)
	if rows != many || page["total"] != 1e6 || len(page["entities"].([]any)) != 500 || page["nextUri"] != nil {
		t.Errorf("%d rows, total %v", rows, page["total"])
	}
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 4<<20 {
		t.Errorf("heap grew by %d bytes", grown)
	}
}
