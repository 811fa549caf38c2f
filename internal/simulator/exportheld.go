package simulator

import (
	"net/http"
	"slices"
	"strings"
)

// All of each are needed.
var (
	contactPermissions = []string{"outbound:contact:view", "outbound:contactList:view"}
	dncPermissions     = []string{"outbound:dnc:view", "outbound:dncList:view"}
)

// exportRoutes serve export jobs.
func (s *Server) exportRoutes() []route {
	contacts, dnc := contactPermissions, dncPermissions
	rows := []string{"architect:datatable:view", "architect:datatableRow:view"}
	return []route{
		{"POST " + flowExports, []string{"architect:jobExport:create"}, s.exportFlows},
		{"GET " + flowExports + "/{jobId}", []string{"architect:jobExport:view"}, s.flowExport},
		{"POST " + contactExports, nil, needsAll(contacts, s.exportList(contactExports))},
		{"GET " + contactExports, nil, needsAll(contacts, s.listExport(contactExports))},
		{"POST " + dncExports, nil, needsAll(dnc, s.exportList(dncExports))},
		{"GET " + dncExports, nil, needsAll(dnc, s.listExport(dncExports))},
		{"POST " + knowledgeExports, []string{"knowledge:exportJob:add"}, s.exportKnowledge},
		{"GET " + knowledgeExports + "/{exportJobId}", []string{"knowledge:exportJob:view"}, s.knowledgeExport},
		{"POST " + scriptExports, []string{"scripter:script:view"}, s.exportScript},
		{"POST " + tableExports, rows, s.exportTable},
		{"GET " + tableExports + "/{exportJobId}", rows, s.tableExport},
		{"GET /api/v2/downloads/{downloadId}", nil, s.download},
	}
}

// exportHoldings tell what an export of each parent gives. All that such a job
// says of itself is made anew with it, so that there is no Record but where how
// it ends is the organization's.
var exportHoldings = []holding{
	{flowExports, eachFlowExport},
	{contactExports, func(s *Server, yield func(Held) bool) { s.eachListExport(contactExports, yield) }},
	{dncExports, func(s *Server, yield func(Held) bool) { s.eachListExport(dncExports, yield) }},
	{knowledgeExports, eachKnowledgeExport},
	{scriptExports, eachScriptExport},
	{tableExports, eachTableExport},
}

// needsAll lets a client through that has all of the permissions, where any of
// them will not do.
func needsAll(permissions []string, next func(http.ResponseWriter, *http.Request, caller)) func(http.ResponseWriter, *http.Request, caller) {
	return func(w http.ResponseWriter, r *http.Request, c caller) {
		for _, p := range permissions {
			if c.client.Permissions != nil && !slices.Contains(c.client.Permissions, p) {
				list := strings.Join(permissions, ", ")
				fail(w, r, http.StatusForbidden, "missing.permissions",
					"Unable to perform the requested action. You are missing the following permission(s): "+list, "permissions", list)
				return
			}
		}
		next(w, r, c)
	}
}

// eachEntity goes through the entities of a listing that has no parent.
func (s *Server) eachEntity(path string, yield func(ordinal int, id string) bool) {
	c := s.entities.byPath[path]
	for ordinal := range c.count {
		if !yield(ordinal, s.entities.id(c.base, ordinal).String()) {
			return
		}
	}
}
