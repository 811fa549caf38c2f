package simulator_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"exitplan/internal/simulator"
)

const roles = api + "authorization/roles"

// A client learns by its role what it may do, and where.
func TestGrants(t *testing.T) {
	few := []string{"authorization:role:view", "recording:recording:view", "recording:recording:viewSensitiveData", "content_management_user"}
	clients := []simulator.Client{{ID: "all", Secret: "s"}, {ID: "few", Secret: "s", Permissions: few}, {ID: "none", Secret: "s", Permissions: []string{}}}
	for _, denied := range []float64{0, 0.5} {
		c := start(t, simulator.Config{Clients: clients, DeniedShare: denied})
		granted := map[string][]string{}
		for _, id := range []string{"all", "few"} {
			by := c.login(id, "s")
			client := by.call(200, http.MethodGet, api+"tokens/me", nil)["OAuthClient"].(m)
			grant := client["roleDivisions"].([]any)[0].(m)
			if (grant["divisionId"] == "*") != (denied == 0) || client["authorizedGrantType"] != "CLIENT-CREDENTIALS" {
				t.Errorf("%s is granted %v", id, grant)
			}
			roleID := grant["roleId"].(string)
			listed := by.call(200, http.MethodGet, roles+"?id="+roleID, nil)
			if listed["total"] != 1.0 {
				t.Fatalf("roles %v", listed)
			}
			role := by.call(200, http.MethodGet, roles+"/"+roleID, nil)
			if role["id"] != roleID || role["name"] != listed["entities"].([]any)[0].(m)["name"] {
				t.Errorf("role %v, listed %v", role, listed)
			}
			for _, p := range role["permissionPolicies"].([]any) {
				for _, action := range p.(m)["actionSet"].([]any) {
					granted[id] = append(granted[id], p.(m)["domain"].(string)+":"+p.(m)["entityName"].(string)+":"+action.(string))
				}
			}
			for _, p := range role["permissions"].([]any) {
				granted[id] = append(granted[id], p.(string))
			}
		}
		if !slices.Equal(granted["few"], few) {
			t.Errorf("granted %v, want %v", granted["few"], few)
		}
		for _, p := range append(few, "recording:deletionProtection:apply", "speechAndTextAnalytics:data:view", "outbound:dnc:view") {
			if !slices.Contains(granted["all"], p) {
				t.Errorf("who may do everything is not granted %s", p)
			}
		}
	}
	c := start(t, simulator.Config{Clients: clients})
	by := c.login("all", "s")
	first := by.call(200, http.MethodGet, roles, nil)
	if first["total"] != 26.0 {
		t.Errorf("%v roles in the listing", first["total"])
	}
	one := first["entities"].([]any)[3].(m)
	if got := by.call(200, http.MethodGet, roles+"/"+one["id"].(string), nil); got["name"] != one["name"] {
		t.Errorf("role %v, listed %v", got, one)
	}
	by.refused(404, "not.found", http.MethodGet, roles+"/nothing", nil)
	by.refused(400, "max.role.ids", http.MethodGet, roles+"?id="+strings.Repeat("x,", 100)+"x", nil)
	c.login("none", "s").refused(403, "missing.permissions", http.MethodGet, roles+"?id=x", nil)
}
