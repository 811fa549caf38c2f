package simulator

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"
)

const usageQueryPath = "/api/v2/usage/query"

func (s *Server) usageRoutes() []route {
	clients, organization := []string{"oauth:client:view", "usage:organization:view"}, []string{"usage:organization:view"}
	billing := []string{"billing:subscription:read", "billing:subscription:view"}
	return []route{
		{"POST " + usageQueryPath, clients, s.queryUsage},
		{"GET " + usageQueryPath + "/{executionId}/results", clients, s.usageResults},
		{"POST " + usageJobs, organization, s.submitUsage},
		{"GET " + usageJobs + "/{jobId}", organization, s.usageJob},
		{"POST " + usageEvents, []string{"usage:events:view"}, s.queryUsageEvents},
		{"GET " + billableUsage, billing, s.reportBilling},
		{"GET " + dataRetention, []string{"analytics:dataRetention:view"}, s.retention},
	}
}

// usageStatuses are the classes of answers that usage counts.
var usageStatuses = [...]string{"200", "300", "400", "500", "429"}

// usageTemplates are what clients ask for: methods and paths.
var usageTemplates = [...][2]string{
	{"GET", "/api/v2/users"}, {"GET", "/api/v2/users/{userId}"}, {"PATCH", "/api/v2/users/{userId}"}, {"GET", "/api/v2/routing/queues"},
	{"POST", "/api/v2/analytics/conversations/details/query"}, {"POST", "/api/v2/conversations/calls"},
	{"DELETE", "/api/v2/outbound/contactlists/{contactListId}"}, {"PUT", "/api/v2/flows/datatables/{datatableId}/rows/{rowId}"},
}

// usageFact is how often one client asked for one thing on one day.
type usageFact struct {
	day, client, template int
	user                  int // -1: for nobody
	counts                [len(usageStatuses)]int
}

// usageFact is the nth of a day's, of which about a third are something.
func (cat *catalogue) usageFact(day, n int) (fact usageFact, ok bool) {
	r := random{hash(cat.org.cfg.Seed, 'U', uint64(day), uint64(n))}
	fact = usageFact{day: day, client: n / len(usageTemplates), template: n % len(usageTemplates), user: -1}
	if !r.chance(0.35) {
		return fact, false
	}
	if r.chance(0.3) && cat.users() > 0 {
		fact.user = r.below(cat.users())
	}
	fact.counts[0] = 1 + r.below(100_000)
	for i := range fact.counts[1:] {
		fact.counts[i+1] = max(r.below(400)-200, 0)
	}
	return fact, true
}

// usageFacts counts those that a day might have.
func (cat *catalogue) usageFacts() int {
	return cat.byPath["oauth/clients"].count * len(usageTemplates)
}

func (f usageFact) requests() (sum int) {
	for _, n := range f.counts {
		sum += n
	}
	return sum
}

// usageQuery is a question for usage by client, path or method.
type usageQuery struct {
	Interval    string   `json:"interval"`
	Granularity string   `json:"granularity"`
	Metrics     []string `json:"metrics"`
	GroupBy     []string `json:"groupBy"`
	from, to    int64
}

var usageMetrics = []string{"Status200", "Status300", "Status400", "Status500", "Status429", "Requests"}

var usageDimensions = []string{"OAuthClientId", "OrganizationId", "UserId", "TemplateUri", "HttpMethod"}

func (s *Server) queryUsage(w http.ResponseWriter, r *http.Request, _ caller) {
	var q usageQuery
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		badRequest(w, r, "the body is not a query: "+err.Error())
		return
	}
	from, to, err := parseInterval(q.Interval)
	unknown := func(names, known []string) bool {
		return slices.ContainsFunc(names, func(name string) bool { return !slices.Contains(known, name) })
	}
	switch {
	case err != nil:
		badRequest(w, r, err.Error())
		return
	case unknown([]string{q.Granularity}, []string{"", "Day", "Week", "Month"}), unknown(q.Metrics, usageMetrics), unknown(q.GroupBy, usageDimensions):
		badRequest(w, r, "the granularity, a metric or a dimension is none of usage")
		return
	}
	q.from, q.to = from.UnixMilli(), to.UnixMilli()
	job := &job{query: q, key: hash(s.cfg.Seed, 'Q', uint64(q.from), uint64(q.to))}
	s.submit(r, job)
	reply(w, http.StatusAccepted, map[string]string{"executionId": job.id, "resultsUri": r.URL.Path + "/" + job.id + "/results"})
}

// usageResults says that a query is running, or all that it found. One that has
// expired is not found.
func (s *Server) usageResults(w http.ResponseWriter, r *http.Request, _ caller) {
	job, ok := s.jobOf(r, r.PathValue("executionId"))
	if ok {
		s.mayExpire(r, job, "status")
	}
	switch {
	case !ok || s.expired(job):
		s.jobNotFound(w, r)
	case !s.done(job):
		reply(w, http.StatusOK, map[string]string{"queryStatus": "Running"})
	default:
		b := []byte(`{"results":[`)
		for i, row := range s.entities.usage(job.query.(usageQuery)) {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(b, row...)
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(append(b, `],"queryStatus":"Complete"}`...))
	}
}

// usage gives the rows of a query: sums over the days that begin in its interval,
// and over the dimensions that it does not group by.
func (cat *catalogue) usage(q usageQuery) (rows [][]byte) {
	o := cat.org
	sums, order := map[string]*usageFact{}, []string{}
	first, last := max(o.dayOf(q.from-1)+1, 0), min(o.dayOf(q.to-1), o.cfg.Days-1)
	for day := first; day <= last; day++ {
		for n := range cat.usageFacts() {
			fact, ok := cat.usageFact(day, n)
			if !ok {
				continue
			}
			key := cat.usageGroup(q, fact)
			if sums[key] == nil {
				sums[key], order = &usageFact{day: day}, append(order, key)
			}
			for i, n := range fact.counts {
				sums[key].counts[i] += n
			}
		}
	}
	for _, key := range order {
		w := row{o: o, b: []byte(`{` + key)}
		comma := func() { // before a member
			if len(w.b) > 1 {
				w.raw(`,`)
			}
		}
		for i, metric := range usageMetrics {
			if len(q.Metrics) > 0 && !slices.Contains(q.Metrics, metric) {
				continue
			}
			if comma(); metric == "Requests" {
				w.raw(`"requests":`).int(sums[key].requests())
			} else {
				w.raw(`"status` + usageStatuses[i] + `":`).int(sums[key].counts[i])
			}
		}
		rows = append(rows, append(w.b, '}'))
	}
	return rows
}

// usageGroup gives the members that a row shares with no other: dimensions, and
// the date where the query has a granularity.
func (cat *catalogue) usageGroup(q usageQuery, fact usageFact) string {
	e := entity{row: row{o: cat.org}, cat: cat}
	clients := cat.byPath["oauth/clients"]
	for _, dimension := range usageDimensions {
		if !slices.Contains(q.GroupBy, dimension) || dimension == "UserId" && fact.user < 0 {
			continue
		}
		e.comma(0)
		switch dimension {
		case "OAuthClientId":
			e.raw(`"clientId":`)
			e.ownID(clients, fact.client)
			e.raw(`,"clientName":`)
			e.name(cat.key(clients, fact.client), fact.client)
		case "OrganizationId":
			e.raw(`"organizationId":`).raw(quoted(cat.org.cfg.OrgID))
		case "UserId":
			e.raw(`"userId":`)
			e.ownID(cat.byPath["users"], fact.user)
		case "TemplateUri":
			e.raw(`"templateUri":"` + usageTemplates[fact.template][1] + `"`)
		case "HttpMethod":
			e.raw(`"httpMethod":"` + usageTemplates[fact.template][0] + `"`)
		}
	}
	if q.Granularity != "" {
		e.comma(0)
		e.raw(`"date":`).instant(periodStart(cat.org.dayStart(fact.day), q.Granularity))
	}
	return string(e.b)
}

// periodStart is the day, the Monday or the first of a month on which a period begins.
func periodStart(ms int64, granularity string) int64 {
	day := time.UnixMilli(ms).UTC()
	switch granularity {
	case "Week":
		day = day.AddDate(0, 0, -(int(day.Weekday())+6)%7)
	case "Month":
		day = day.AddDate(0, 0, 1-day.Day())
	}
	return day.UnixMilli()
}

// eachUsage gives the rows by client, path and method of every day, with all metrics.
func eachUsage(s *Server, yield func(Held) bool) {
	for day := range s.cfg.Days {
		q := usageQuery{Granularity: "Day", GroupBy: []string{"OAuthClientId", "TemplateUri", "HttpMethod"}, from: s.org.dayStart(day), to: s.org.dayStart(day + 1)}
		for _, row := range s.entities.usage(q) {
			if !yield(Held{Record: row}) {
				return
			}
		}
	}
}
