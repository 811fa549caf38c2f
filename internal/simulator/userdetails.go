package simulator

import (
	"encoding/json"
	"net/http"
	"strconv"
)

const usersDetails = "/api/v2/analytics/users/details/jobs"

func (s *Server) userDetailsRoutes() []route {
	needs := []string{"analytics:userDetail:view"}
	return []route{
		{"POST " + usersDetails, needs, s.submitUserDetails},
		{"GET " + usersDetails + "/availability", needs, s.jobsAvailability},
		{"GET " + usersDetails + "/{jobId}", needs, s.jobStatus},
		{"DELETE " + usersDetails + "/{jobId}", needs, s.deleteJob},
		{"GET " + usersDetails + "/{jobId}/results", needs, s.jobResults},
	}
}

// submitUserDetails matches what users started to be within the interval, as far
// as it was before dataAvailabilityDate.
func (s *Server) submitUserDetails(w http.ResponseWriter, r *http.Request, _ caller) {
	var q struct {
		Interval             string            `json:"interval"`
		Order                string            `json:"order"`
		Limit                int               `json:"limit"`
		UserFilters          []json.RawMessage `json:"userFilters"`
		PresenceFilters      []json.RawMessage `json:"presenceFilters"`
		RoutingStatusFilters []json.RawMessage `json:"routingStatusFilters"`
	}
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		badRequest(w, r, "the body is not a query: "+err.Error())
		return
	}
	from, to, err := parseInterval(q.Interval)
	switch {
	case err != nil:
		badRequest(w, r, err.Error())
		return
	case q.Order != "" && q.Order != "asc" && q.Order != "unordered":
		badRequest(w, r, "the simulator knows no order "+strconv.Quote(q.Order))
		return
	case len(q.UserFilters)+len(q.PresenceFilters)+len(q.RoutingStatusFilters) > 0:
		badRequest(w, r, "the simulator knows no filters of users details")
		return
	}
	rows := userRows{s.entities, from.UnixMilli(), min(to.UnixMilli(), s.available().UnixMilli())}
	job := &job{
		array: "userDetails", rows: rows, limit: q.Limit, repeats: true,
		key: hash(s.cfg.Seed, 'u', uint64(rows.from), uint64(rows.to), uint64(q.Limit)),
	}
	s.submit(r, job)
	reply(w, http.StatusAccepted, map[string]string{"jobId": job.id})
}

// userRows are a row for each user and UTC day on which anything started within
// an interval.
type userRows struct {
	cat      *catalogue
	from, to int64
}

func (u userRows) first() position { return position{day: max(u.cat.org.dayOf(u.from), 0)} }

func (u userRows) next(p position) (at, after position, ok bool) {
	o := u.cat.org
	for last := min(o.dayOf(u.to-1), o.cfg.Days-1); p.day <= last; p = (position{day: p.day + 1}) {
		for ; p.index < u.cat.users(); p.index++ {
			presence, routing := u.cat.statesOf(p)
			if len(u.started(presence))+len(u.started(routing)) > 0 {
				return p, position{p.day, p.index + 1}, true
			}
		}
	}
	return p, p, false
}

func (u userRows) append(b []byte, at position) []byte {
	w := row{o: u.cat.org, b: b}
	presence, routing := u.cat.statesOf(at)
	w.raw(`{"userId":`).id(u.cat.id(u.cat.byPath["users"], at.index))
	list := func(name, member string, states []state) {
		for i, one := range u.started(states) {
			w.raw([]string{`,"` + name + `":[`, `,`}[min(i, 1)])
			w.raw(`{"startTime":`).instant(one.from)
			if one.to > 0 {
				w.raw(`,"endTime":`).instant(one.to)
			}
			w.raw(`,"` + member + `":"` + one.name + `"`)
			if one.id != "" {
				w.raw(`,"organizationPresenceId":` + one.id)
			}
			w.raw(`}`)
		}
		if len(u.started(states)) > 0 {
			w.raw(`]`)
		}
	}
	list("primaryPresence", "systemPresence", presence)
	list("routingStatus", "routingStatus", routing)
	if r := (random{hash(w.o.cfg.Seed, 'v', uint64(at.day), uint64(at.index))}); r.chance(0.1) {
		w.raw(`,"futureNote":`).raw(oddText[r.below(len(oddText))])
	}
	return append(w.b, '}')
}

func (u userRows) started(states []state) (within []state) {
	for _, one := range states {
		if one.from >= u.from && one.from < u.to {
			within = append(within, one)
		}
	}
	return within
}

// state is what a user was for a while.
type state struct {
	from, to int64 // to is 0 for what is so still
	name     string
	id       string // of the organization's presence, as JSON
}

// users counts the organization's, hidden ones included.
func (cat *catalogue) users() int { return cat.byPath["users"].count }

// statesOf gives what a user became on a day, in order: now and then nothing. The
// last presence of a day reaches into the next one.
func (cat *catalogue) statesOf(at position) (presence, routing []state) {
	o := cat.org
	r := random{hash(o.cfg.Seed, 'u', uint64(at.day), uint64(at.index))}
	if r.chance(0.2) {
		return nil, nil
	}
	begin, overnight := o.dayStart(at.day), o.dayStart(at.day+1)
	now := begin + int64(r.below(12*3600_000))
	last := 1 + r.below(6)
	for i := range last + 1 {
		one := state{from: now, name: systemPresences[r.below(len(systemPresences))], id: cat.someID(cat.byPath["presence/definitions"], r.below(1000))}
		now += int64(60_000 + r.below(100*60_000)) // seven of these stay within the day
		if one.to = now; i == last {
			one.name, one.to = "OFFLINE", overnight+int64(r.below(6*3600_000))
			if at.day == o.cfg.Days-1 {
				one.to = 0
			}
		}
		presence = append(presence, one)
		if one.name == "ON_QUEUE" || one.name == "AVAILABLE" {
			for t := one.from; t < one.to; {
				status := state{from: t, name: routingStatuses[r.below(len(routingStatuses))]}
				t = min(t+int64(1+r.below(20*60_000)), one.to)
				status.to = t
				routing = append(routing, status)
			}
		}
	}
	return presence, routing
}

// eachUserDay gives the rows that jobs over single UTC days give.
func eachUserDay(s *Server, yield func(Held) bool) {
	for day := range s.cfg.Days {
		rows := userRows{s.entities, s.org.dayStart(day), s.org.dayStart(day + 1)}
		for at, after, ok := rows.next(rows.first()); ok; at, after, ok = rows.next(after) {
			if !yield(Held{Parent: []string{s.org.dayName(day)}, Record: rows.append(nil, at)}) {
				return
			}
		}
	}
}
