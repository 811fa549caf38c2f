package simulator_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"exitplan/internal/simulator"
)

const api = "/api/v2/"

// everything is what to ask for beside the default, where that hides rows or
// parts of them. Where there are several, each shows a part.
var everything = map[string][]string{
	"users":                               {"state=any"},
	"flows":                               {"deleted=true"},
	"flows/{flowId}/latestconfiguration":  {"deleted=true"},
	"flows/datatables/{datatableId}/rows": {"showbrief=false"},
	"knowledge/knowledgebases/{knowledgeBaseId}/documents": {"includeDrafts=true"},
	"organizations/limits/changerequests":                  {"after=0&before=9999999999999"},
	"presencedefinitions":                                  {"deleted=ALL"},
	"presence/definitions":                                 {"deactivated=FALSE", "deactivated=TRUE"},
	"users/{userId}/queues":                                {"joined=true", "joined=false"},
	"scim/users":                                           {"", "filter=active+eq+false"},
	"scim/v2/users":                                        {"", "filter=active+eq+false"},
}

// unpaged take no page size.
var unpaged = []string{
	"analytics/reporting/exports/metadata", "externalcontacts/contacts/schemas", "license/definitions", "oauth/clients", "presence/definitions", "recording/keyconfigurations",
	"taskmanagement/workitems/schemas", "taskmanagement/workitems/schemas/{schemaId}/versions", "taskmanagement/workitems/schemas/coretypes",
	"taskmanagement/worktypes/{worktypeId}/statuses", "usage/events/definitions", "webdeployments/configurations", "webdeployments/deployments",
	"outbound/schedules/campaigns", "workforcemanagement/businessunits",
	"workforcemanagement/businessunits/{businessUnitId}/activitycodes", "workforcemanagement/businessunits/{businessUnitId}/managementunits",
	"workforcemanagement/businessunits/{businessUnitId}/planninggroups", "workforcemanagement/businessunits/{businessUnitId}/servicegoaltemplates",
	"workforcemanagement/managementunits/{managementUnitId}/timeofflimits", "workforcemanagement/managementunits/{managementUnitId}/users",
	"workforcemanagement/managementunits/{managementUnitId}/workplans",
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
			for _, id := range slices.Backward(append(uuids(parent[0]), id)) {
				if from, to := strings.LastIndexByte(path, '{'), strings.LastIndexByte(path, '}'); from >= 0 {
					path = path[:from] + id + path[to+1:]
				}
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
	case l.Method == http.MethodPost, l.Single:
	case strings.HasPrefix(short, "scim/"):
		first = join(path, "count=3")
	case strings.Contains(short, "/scan/"):
		first = join(path, "limit=10")
	case !slices.Contains(unpaged, short):
		first = join(path, "pageSize=3")
	}
	for next := first; next != ""; {
		var body any
		if l.Method == http.MethodPost {
			path, query, _ := strings.Cut(next, "?after=")
			next, body = path, m{"filters": []any{}, "pageSize": 3, "after": query}
		}
		res, raw := c.do(c.request(l.Method, next, body))
		if res.StatusCode != http.StatusOK {
			c.t.Fatalf("%s: %d %s", next, res.StatusCode, raw)
		}
		if l.Single {
			return append(rows, raw)
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
		if l.Method == http.MethodPost && page["after"] != nil {
			_ = json.Unmarshal(page["after"], &link)
			link = path + "?after=" + link
		}
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
				for _, row := range c.listed(l, p) {
					unsigned, _ := c.unsigned(row)
					got = append(got, json.RawMessage(unsigned))
				}
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
		if total == 0 || len(all) > 2 && empty == 0 && !strings.Contains(short, "versions") && l.Parent != "" && !l.Single {
			t.Errorf("%s: %d rows under %d parents, %d of them empty", l.Pattern, total, len(all), empty)
		}
	}
}

// What a request says nothing about is not shown, though it exists.
func TestHiddenRows(t *testing.T) {
	c := start(t, simulator.Config{Now: func() time.Time { return day0.AddDate(0, 0, 9) }}).demo()
	all := c.s.Truth().Listings()
	for short := range everything {
		l := all[slices.IndexFunc(all, func(one simulator.Listing) bool { return one.Pattern == api+short })]
		if l.Single {
			continue
		}
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
