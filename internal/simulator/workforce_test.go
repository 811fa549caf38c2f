package simulator_test

import (
	"net/http"
	"testing"

	"exitplan/internal/simulator"
)

// Management units take the parameters of a page, and list all the same.
func TestManagementUnitsAreNotPaged(t *testing.T) {
	c := start(t, simulator.Config{Entities: map[string]int{api + "workforcemanagement/managementunits": 40}}).demo()
	for _, query := range []string{"", "?pageSize=3", "?pageSize=3&pageNumber=9"} {
		page := c.call(200, http.MethodGet, api+"workforcemanagement/managementunits"+query, nil)
		if len(page["entities"].([]any)) != 40 || page["nextUri"] != nil {
			t.Errorf("%q: %d units, then %v", query, len(page["entities"].([]any)), page["nextUri"])
		}
	}
	c.refused(400, "bad.request", http.MethodGet, api+"workforcemanagement/businessunits?pageSize=3", nil)
}

// A subject's grants are its own.
func TestSubjectsHaveGrants(t *testing.T) {
	c := start(t, simulator.Config{}).demo()
	grants := 0
	for _, path := range paths(t, c.s, c.listing("authorization/subjects/{subjectId}")) {
		subject := c.call(200, http.MethodGet, path[0], nil)
		for _, grant := range subject["grants"].([]any) {
			grants++
			if grant.(m)["subjectId"] != path[1] || subject["id"] != path[1] || subject["selfUri"] != path[0] {
				t.Errorf("%s has %v", path[0], subject)
			}
		}
	}
	if grants == 0 {
		t.Error("nobody has a grant")
	}
}
