package simulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	usageJobs = "/api/v2/usage/aggregates/query/jobs"

	defaultUsagePage = 100
	maxUsagePage     = 1000
	maxUsageDays     = 90
)

// submitUsage starts a query of usage by platform, of which both ends of the
// interval are part: an interval that ends at midnight has the day that begins
// there. It may begin a year ago at most.
func (s *Server) submitUsage(w http.ResponseWriter, r *http.Request, _ caller) {
	var q struct {
		Interval    string `json:"interval"`
		Granularity string `json:"granularity"`
	}
	in := json.NewDecoder(r.Body)
	in.DisallowUnknownFields()
	if err := in.Decode(&q); err != nil {
		badRequest(w, r, "the body is not a query that the simulator knows: "+err.Error())
		return
	}
	a, b, _ := strings.Cut(q.Interval, "/")
	from, err := parseInstant(a)
	to, err2 := parseInstant(b)
	switch {
	case err != nil, err2 != nil, to.Before(from):
		badRequest(w, r, fmt.Sprintf("interval %q is not of the form start/end", q.Interval))
		return
	case from.Before(s.cfg.Now().AddDate(-1, 0, 0)):
		badRequest(w, r, "the interval starts more than a year ago")
		return
	case to.Sub(from) > maxUsageDays*24*time.Hour:
		badRequest(w, r, fmt.Sprintf("the interval is longer than %d days", maxUsageDays))
		return
	case q.Granularity != "" && q.Granularity != "Day":
		badRequest(w, r, "the simulator knows no granularity of usage but Day")
		return
	}
	rows := usageRows{s.entities, s.org.dayOf(from.UnixMilli()), s.org.dayOf(to.UnixMilli())}
	job := &job{array: "entities", rows: rows, key: hash(s.cfg.Seed, 'J', uint64(rows.from), uint64(rows.last))}
	s.submit(r, job)
	uri := r.URL.Path + "/" + job.id
	reply(w, http.StatusOK, map[string]string{"id": job.id, "resultsUri": uri, "selfUri": uri})
}

// usageRows are the usage of some days, one client, path and method a row.
type usageRows struct {
	cat        *catalogue
	from, last int // days
}

func (u usageRows) first() position { return position{day: max(u.from, 0)} }

func (u usageRows) next(p position) (at, after position, ok bool) {
	for ; p.day <= min(u.last, u.cat.org.cfg.Days-1); p = (position{day: p.day + 1}) {
		for ; p.index < u.cat.usageFacts(); p.index++ {
			if _, ok := u.cat.usageFact(p.day, p.index); ok {
				return p, position{p.day, p.index + 1}, true
			}
		}
	}
	return p, p, false
}

// usagePlatforms are where requests come from.
var usagePlatforms = [...]string{"PublicApi", "Web App", "Architect", "データ連携"}

func (u usageRows) append(b []byte, at position) []byte {
	fact, _ := u.cat.usageFact(at.day, at.index)
	e := entity{row: row{o: u.cat.org, b: b}, cat: u.cat}
	e.raw(`{"date":"` + e.o.dayName(at.day) + `","platform":"` + usagePlatforms[fact.client%len(usagePlatforms)] + `"`)
	e.raw(`,"httpMethod":"` + usageTemplates[fact.template][0] + `","templateUri":"` + usageTemplates[fact.template][1] + `","requestCount":`).int(fact.requests())
	for i, status := range usageStatuses {
		e.raw(`,"status` + status + `":`).int(fact.counts[i])
	}
	e.raw(`,"oauthClient":`)
	e.reference(u.cat.byPath["oauth/clients"], fact.client, false)
	if users := u.cat.byPath["users"]; fact.user >= 0 {
		e.raw(`,"user":{"id":`)
		e.ownID(users, fact.user)
		e.raw(`,"selfUri":`)
		e.self(users, fact.user)
		e.raw(`}`)
	}
	return append(e.b, '}')
}

// usageJob answers how far a query is, and with its rows once it has succeeded.
func (s *Server) usageJob(w http.ResponseWriter, r *http.Request, _ caller) {
	job, ok := s.jobOf(r, r.PathValue("jobId"))
	if ok {
		s.mayExpire(r, job, "status")
	}
	switch {
	case !ok || s.expired(job):
		s.jobNotFound(w, r)
		return
	case !s.done(job):
		reply(w, http.StatusOK, map[string]string{"queryStatus": s.progress(job, "Queued", "Running", ""), "selfUri": r.URL.Path})
		return
	}
	at, size, fault, ok := s.readPage(w, r, job, "after", defaultUsagePage, maxUsagePage)
	if !ok {
		return
	}
	s.writePage(w, job, at, size, fault, func(b []byte, next string) []byte {
		if next != "" {
			query := url.Values{"pageSize": {strconv.Itoa(size)}, "after": {next}}
			b = append(append(b, `"nextUri":`...), strconv.Quote(r.URL.Path+"?"+query.Encode())...)
			b = append(b, ',')
		}
		return append(append(b, `"queryStatus":"Succeeded","selfUri":`...), strconv.Quote(r.URL.Path)...)
	})
}

func eachUsageOfPlatforms(s *Server, yield func(Held) bool) {
	rows := usageRows{s.entities, 0, s.cfg.Days - 1}
	for at, after, ok := rows.next(rows.first()); ok; at, after, ok = rows.next(after) {
		if !yield(Held{Record: rows.append(nil, at)}) {
			return
		}
	}
}
