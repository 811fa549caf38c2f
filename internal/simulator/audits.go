package simulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"
)

const (
	auditsQuery       = "/api/v2/audits/query"
	auditServices     = auditsQuery + "/servicemapping"
	interactionAudits = "/api/v2/quality/conversations/audits/query"

	defaultAuditsPage = 25
	maxAuditsPage     = 500
	maxAuditsDays     = 30
)

func (s *Server) auditRoutes() []route {
	needs, interactions := []string{"audits:audit:view"}, []string{"audits:interactionDetails:view"}
	return []route{
		{"GET " + auditServices, needs, s.listAuditedServices},
		{"POST " + auditsQuery, needs, s.queryAudits},
		{"GET " + auditsQuery + "/{transactionId}", needs, s.auditsStatus},
		{"GET " + auditsQuery + "/{transactionId}/results", needs, s.auditsResults},
		{"POST " + interactionAudits, interactions, s.queryAudits},
		{"GET " + interactionAudits + "/{transactionId}", interactions, s.auditsStatus},
		{"GET " + interactionAudits + "/{transactionId}/results", interactions, s.auditsResults},
	}
}

// mapping is what the mapping of services says of a trail.
func (t *trail) mapping() []byte {
	type kind struct {
		Name    string   `json:"name"`
		Actions []string `json:"actions"`
	}
	kinds := []kind{}
	for _, e := range t.entities {
		kinds = append(kinds, kind{e.name, e.actions})
	}
	raw, _ := json.Marshal(struct { // strings cannot fail
		Name     string `json:"name"`
		Entities []kind `json:"entities"`
	}{t.service, kinds})
	return raw
}

func (s *Server) listAuditedServices(w http.ResponseWriter, _ *http.Request, _ caller) {
	services := []json.RawMessage{}
	for _, t := range serviceTrails {
		services = append(services, t.mapping())
	}
	reply(w, http.StatusOK, map[string]any{"services": services})
}

// queryAudits starts a query of a service's audits, or of those of interactions,
// whose filters are required though they may be empty. It finds what there is when
// it is made.
func (s *Server) queryAudits(w http.ResponseWriter, r *http.Request, _ caller) {
	var q struct {
		Interval    string            `json:"interval"`
		ServiceName string            `json:"serviceName"`
		Filters     []json.RawMessage `json:"filters"`
		Sort        []json.RawMessage `json:"sort"`
	}
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		badRequest(w, r, "the body is not a query: "+err.Error())
		return
	}
	from, to, err := parseInterval(q.Interval)
	t := interactionTrail
	if r.URL.Path == auditsQuery {
		t = trailOf(q.ServiceName)
	}
	switch {
	case err != nil:
		badRequest(w, r, err.Error())
		return
	case to.Sub(from) > maxAuditsDays*24*time.Hour:
		badRequest(w, r, fmt.Sprintf("the interval is longer than %d days", maxAuditsDays))
		return
	case t == nil:
		badRequest(w, r, fmt.Sprintf("serviceName %q is none of those audited", q.ServiceName))
		return
	case t == interactionTrail && q.Filters == nil:
		badRequest(w, r, "filters are required")
		return
	case len(q.Filters)+len(q.Sort) > 0:
		badRequest(w, r, "the simulator knows no filters of audits, and no order but theirs")
		return
	}
	rows := auditRows{s: s, t: t, from: from.UnixMilli(), to: to.UnixMilli(), made: s.work.count()}
	job := &job{array: "entities", rows: rows, key: hash(s.cfg.Seed, 'q', t.number, uint64(rows.from), uint64(rows.to))}
	s.submit(r, job)
	reply(w, http.StatusAccepted, s.auditsJob(job))
}

func trailOf(service string) *trail {
	at := slices.IndexFunc(serviceTrails, func(t *trail) bool { return t.service == service })
	if at < 0 {
		return nil
	}
	return serviceTrails[at]
}

// auditsJob is what the platform says of a query.
func (s *Server) auditsJob(job *job) map[string]any {
	rows := job.rows.(auditRows)
	body := map[string]any{
		"id": job.id, "interval": intervalText(rows.from, rows.to), "filters": []any{}, "sort": []any{}, "state": s.progress(job, "Queued", "Running", "Succeeded"),
	}
	started := job.submitted.UTC().Format("2006-01-02T15:04:05.000Z")
	if rows.t == interactionTrail {
		body["dateStart"] = started
	} else {
		body["startDate"], body["serviceName"] = started, rows.t.service
	}
	return body
}

// auditsStatus goes through Queued and Running to Succeeded. A query that has
// expired is not found, for there is no state for that.
func (s *Server) auditsStatus(w http.ResponseWriter, r *http.Request, _ caller) {
	job, ok := s.jobOf(r, r.PathValue("transactionId"))
	if ok {
		s.mayExpire(r, job, "status")
	}
	if !ok || s.expired(job) {
		s.jobNotFound(w, r)
		return
	}
	status := http.StatusAccepted
	if s.done(job) {
		status = http.StatusOK
	}
	reply(w, status, s.auditsJob(job))
}

// auditsResults serves a page. It never redirects to a file.
func (s *Server) auditsResults(w http.ResponseWriter, r *http.Request, _ caller) {
	found, ok := s.jobOf(r, r.PathValue("transactionId"))
	if !ok {
		s.jobNotFound(w, r)
		return
	}
	at, size, fault, ok := s.readPage(w, r, found, "cursor", defaultAuditsPage, maxAuditsPage)
	if !ok {
		return
	}
	page, rows := *found, found.rows.(auditRows)
	rows.expand = slices.Contains(r.URL.Query()["expand"], "user")
	page.rows = rows
	s.writePage(w, &page, at, size, fault, func(b []byte, next string) []byte {
		if next != "" {
			b = append(append(append(b, `"cursor":"`...), next...), `",`...)
		}
		return fmt.Appendf(b, `"id":"%s","pageSize":%d`, page.id, size)
	})
}

func eachAuditedService(_ *Server, yield func(Held) bool) {
	for _, t := range serviceTrails {
		if !yield(Held{Record: t.mapping()}) {
			return
		}
	}
}

// eachAudit gives the audits of every service, among them what was done until now.
func eachAudit(s *Server, yield func(Held) bool) {
	for _, t := range serviceTrails {
		if !s.eachOfTrail(t, []string{t.service}, yield) {
			return
		}
	}
}

func eachInteractionAudit(s *Server, yield func(Held) bool) {
	s.eachOfTrail(interactionTrail, nil, yield)
}

func (s *Server) eachOfTrail(t *trail, parent []string, yield func(Held) bool) bool {
	rows := s.allAudits(t)
	for at, after, ok := rows.next(rows.first()); ok; at, after, ok = rows.next(after) {
		if !yield(Held{Parent: parent, Record: rows.append(nil, at)}) {
			return false
		}
	}
	return true
}
