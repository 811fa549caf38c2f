package simulator_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"exitplan/internal/simulator"
)

// listing finds one of the organization's listings.
func (c *client) listing(short string) simulator.Listing {
	c.t.Helper()
	all := c.s.Truth().Listings()
	at := slices.IndexFunc(all, func(l simulator.Listing) bool { return l.Pattern == api+short })
	if at < 0 {
		c.t.Fatalf("there is no listing %s", short)
	}
	return all[at]
}

// A form is whole only by itself; its listings leave out the questions.
func TestFormsAreWholeByThemselves(t *testing.T) {
	c := start(t, simulator.Config{}).demo()
	for _, short := range []string{"quality/forms/evaluations/{formId}", "quality/forms/surveys/{formId}"} {
		questions := 0
		for _, path := range paths(t, c.s, c.listing(short)) {
			form := c.call(200, http.MethodGet, path[0], nil)
			groups, ok := form["questionGroups"].([]any)
			if !ok || form["id"] != path[1] || form["selfUri"] != path[0] {
				t.Errorf("%s: %v", path[0], form)
			}
			for _, group := range groups {
				questions += len(group.(m)["questions"].([]any))
			}
		}
		if questions == 0 {
			t.Errorf("%s: no form has a question", short)
		}
		versions := short + "/versions"
		for _, path := range paths(t, c.s, c.listing(versions)) {
			for row := range c.s.Truth().Listing(api+versions, path[1]) {
				if bytes.Contains(row, []byte("questionGroups")) {
					t.Fatalf("%s lists questions: %s", versions, row)
				}
			}
		}
	}
}

// A script, as a form, is itself and more than its listing shows.
func TestScriptIsWholeByItself(t *testing.T) {
	c := start(t, simulator.Config{}).demo()
	for row := range c.s.Truth().Listing(api+"scripts", "") {
		listed, whole := c.object(row), c.call(200, http.MethodGet, api+"scripts/"+entityID(t, row), nil)
		if _, ok := whole["pages"].([]any); !ok || listed["pages"] != nil {
			t.Errorf("pages of %v, listed as %v", whole, listed)
		}
		for name, value := range listed {
			if text, ok := value.(string); ok && whole[name] != text {
				t.Errorf("%s is %v, listed as %v", name, whole[name], text)
			}
		}
	}
}

func TestConfigurationOfDeletedFlows(t *testing.T) {
	c := start(t, simulator.Config{}).demo()
	shown := c.listed(c.listing("flows"), api+"flows")
	deleted := 0
	for row := range c.s.Truth().Listing(api+"flows", "") {
		path := api + "flows/" + entityID(t, row) + "/latestconfiguration"
		c.call(200, http.MethodGet, path+"?deleted=true", nil)
		if slices.ContainsFunc(shown, func(one json.RawMessage) bool { return bytes.Equal(one, row) }) {
			c.call(200, http.MethodGet, path, nil)
			continue
		}
		deleted++
		c.refused(404, "not.found", http.MethodGet, path, nil)
		c.refused(404, "not.found", http.MethodGet, path+"?deleted=false", nil)
	}
	if deleted == 0 {
		t.Error("no flow is deleted")
	}
}

// The mapping names every wrap-up code of the organization.
func TestWrapUpCodesAreMapped(t *testing.T) {
	c := start(t, simulator.Config{Entities: map[string]int{api + "routing/wrapupcodes": 7}}).demo()
	mapping := c.call(200, http.MethodGet, api+"outbound/wrapupcodemappings", nil)["mapping"].(m)
	for row := range c.s.Truth().Listing(api+"routing/wrapupcodes", "") {
		if mapping[entityID(t, row)] == nil {
			t.Errorf("%s is not mapped: %v", entityID(t, row), mapping)
		}
	}
	if len(mapping) != 7 {
		t.Errorf("%d codes are mapped", len(mapping))
	}
}

func TestSingleRefusals(t *testing.T) {
	c := start(t, simulator.Config{Without: []string{api + "outbound/settings"}, Clients: []simulator.Client{
		{ID: "demo-client", Secret: "demo-secret"}, {ID: "poor", Secret: "p", Permissions: []string{}}}})
	poor, c := c.login("poor", "p"), c.demo()
	user := entityID(t, slices.Collect(c.s.Truth().Listing(api+"users", ""))[0])
	c.refused(404, "not.found", http.MethodGet, api+"scripts/"+user, nil)
	c.refused(404, "not.found", http.MethodGet, api+"integrations/none/config/current", nil)
	c.refused(404, "not.found", http.MethodGet, api+"outbound/settings", nil)
	c.refused(400, "bad.request", http.MethodGet, api+"routing/utilization?pageSize=1", nil)
	poor.refused(403, "missing.permissions", http.MethodGet, api+"outbound/wrapupcodemappings", nil)
	poor.call(200, http.MethodGet, api+"routing/settings", nil)
	// A document is found below its own base only.
	documents := paths(t, c.s, c.listing("knowledge/knowledgebases/{knowledgeBaseId}/documents/{documentId}"))
	first, last := strings.Split(documents[0][0], "/"), strings.Split(documents[len(documents)-1][0], "/")
	first[5] = last[5]
	c.refused(404, "not.found", http.MethodGet, strings.Join(first, "/"), nil)
	_, err := simulator.Start(t.Context(), simulator.Config{Entities: map[string]int{api + "routing/settings": 2}})
	if err == nil || !strings.Contains(err.Error(), "one object") {
		t.Errorf("two routing settings: %v", err)
	}
}
