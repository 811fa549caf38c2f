package simulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

const (
	rolesListing = "authorization/roles"
	oneRole      = rolesListing + "/{roleId}" // left out of the definition; the listing's parameter id is in it
	mostRoles    = 100                        // that can be asked for by id
)

func (s *Server) grantRoutes() []route {
	needs := []string{"authorization:role:view"}
	return []route{
		{"GET " + apiBase + rolesListing, needs, s.listRoles},
		{"GET " + apiBase + oneRole, needs, s.getRole},
	}
}

// permissionsOf are all that routes know, each once, sorted.
func permissionsOf(routes []route) (list []string) {
	for _, r := range routes {
		list = append(list, r.permissions...)
	}
	for _, b := range belongings {
		list = append(list, strings.Fields(b.needs)...)
	}
	list = slices.Concat(list, contactPermissions, dncPermissions, []string{viewSensitive})
	slices.Sort(list)
	return slices.Compact(list)
}

// clientRole is the id of the one role of a client. It is not among the
// organization's listed roles, but can be asked for.
func (s *Server) clientRole(at int) identity {
	return s.org.ids.make(kindOther, collectionNumber("oauth client role"), at, 0)
}

// roleDivisions are a client's grants: of its role in all divisions, or, where
// something lies outside, in the home division.
func (s *Server) roleDivisions(c *Client) []map[string]string {
	division := "*"
	if s.cfg.DeniedShare > 0 {
		division = s.org.ids.make(kindDivision, 0, 0, 0).String()
	}
	at := slices.IndexFunc(s.cfg.Clients, func(one Client) bool { return one.ID == c.ID })
	return []map[string]string{{"roleId": s.clientRole(at).String(), "divisionId": division}}
}

// role gives one of the organization's roles, or a client's.
func (s *Server) role(id string) (json.RawMessage, bool) {
	for at, c := range s.cfg.Clients {
		if s.clientRole(at).String() == id {
			raw, _ := json.Marshal(s.roleOf(id, c)) // strings only
			return raw, true
		}
	}
	c := s.entities.byPath[rolesListing]
	ordinal, ok := s.entities.find(c, id)
	if !ok {
		return nil, false
	}
	return s.entities.appendEntity(nil, c, 0, ordinal, shape{}), true
}

func (s *Server) roleOf(id string, c Client) map[string]any {
	permissions := c.Permissions
	if permissions == nil {
		permissions = s.known
	}
	type policy struct {
		Domain          string   `json:"domain"`
		EntityName      string   `json:"entityName"`
		ActionSet       []string `json:"actionSet"`
		AllowConditions bool     `json:"allowConditions"`
	}
	policies, plain := []policy{}, []string{}
	for _, p := range permissions {
		part := strings.SplitN(p, ":", 3)
		if len(part) < 3 { // an old one, which is no policy
			plain = append(plain, p)
			continue
		}
		same := func(old policy) bool { return old.Domain == part[0] && old.EntityName == part[1] }
		if i := slices.IndexFunc(policies, same); i >= 0 {
			policies[i].ActionSet = append(policies[i].ActionSet, part[2])
			continue
		}
		policies = append(policies, policy{Domain: part[0], EntityName: part[1], ActionSet: part[2:]})
	}
	return map[string]any{
		"id": id, "name": "Role of " + c.ID, "permissions": plain, "permissionPolicies": policies,
		"base": false, "default": false, "selfUri": apiBase + rolesListing + "/" + id,
	}
}

// listRoles gives the roles that are asked for by id, a client's too; without
// ids, the organization's listing.
func (s *Server) listRoles(w http.ResponseWriter, r *http.Request, by caller) {
	query := r.URL.Query()
	if !query.Has("id") {
		s.serveListing(s.entities.byPath[rolesListing])(w, r, by)
		return
	}
	if !onlyParameters(w, r, "id pageSize pageNumber") {
		return
	}
	ids := strings.Split(strings.Join(query["id"], ","), ",")
	if len(ids) > mostRoles {
		fail(w, r, http.StatusBadRequest, "max.role.ids", fmt.Sprintf("Only %d roles can be requested at a time.", mostRoles))
		return
	}
	s.answerPage(w, r, mostRoles, func(yield func(func(*record)) bool) {
		for _, id := range ids {
			if role, ok := s.role(id); ok && !yield(func(w *record) { w.raw(string(role)) }) {
				return
			}
		}
	})
}

func (s *Server) getRole(w http.ResponseWriter, r *http.Request, _ caller) {
	if !onlyParameters(w, r, "") {
		return
	}
	role, ok := s.role(r.PathValue("roleId"))
	if !ok {
		notFound(w, r)
		return
	}
	reply(w, http.StatusOK, role)
}
