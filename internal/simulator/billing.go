package simulator

import (
	"net/http"
	"strconv"
	"sync"
	"time"
)

const (
	billableUsage = "/api/v2/billing/reports/billableusage"
	dataRetention = "/api/v2/analytics/dataretention/settings"
)

// billed is what is billed for each of the users who had it on a day.
var billed = [...]string{`"genesys-cloud-cx-3"`, `"人事 \"WEM\" add-on"`, `"never used"`}

// billedFor gives the nth of a day's resources of something, if it is one.
func (cat *catalogue) billedFor(what, day, n int) (resource []byte, ok bool) {
	if what == len(billed)-1 || hash(cat.org.cfg.Seed, 'B', uint64(what), uint64(day), uint64(n))%4 != 0 {
		return nil, false
	}
	e := entity{row: row{o: cat.org}, cat: cat}
	e.raw(`{"name":`)
	e.name(cat.key(cat.byPath["users"], n), n)
	e.raw(`,"date":`).instant(cat.org.dayStart(day))
	return append(e.b, '}'), true
}

// reports knows since when the platform works on a report.
type reports struct {
	mu    sync.Mutex
	begun map[string]time.Duration // by the request; the server's elapsed time
}

// begin gives when a report was first asked for; after so long it is made anew.
func (r *reports) begin(request string, now, forget time.Duration) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	for old, at := range r.begun {
		if now-at >= forget {
			delete(r.begun, old)
		}
	}
	if at, ok := r.begun[request]; ok {
		return at
	}
	r.begun[request] = now
	return now
}

// reportBilling answers with what was used on the days that begin in a period. At
// first the platform is still working on it: the same request gets it later.
func (s *Server) reportBilling(w http.ResponseWriter, r *http.Request, _ caller) {
	query := r.URL.Query()
	from, err := parseInstant(query.Get("startDate"))
	to, err2 := parseInstant(query.Get("endDate"))
	if err != nil || err2 != nil || !to.After(from) {
		badRequest(w, r, "startDate and endDate are required, in this order")
		return
	}
	now := s.elapsed()
	done := now-s.reports.begin(intervalText(from.UnixMilli(), to.UnixMilli()), now, s.cfg.JobTTL) >= s.cfg.JobLatency
	b := row{o: s.org}
	b.raw(`{"id":`).id(s.org.ids.make(kindOther, collectionNumber(billableUsage), 0, 0)).raw(`,"name":"Billable usage","startDate":`).instant(from.UnixMilli())
	b.raw(`,"endDate":`).instant(to.UnixMilli()).raw(`,"status":"` + map[bool]string{true: "Complete", false: "InProgress"}[done] + `","usages":[`)
	for what := range billed {
		if done {
			b.b = s.appendBilled(b.b, what, from.UnixMilli(), to.UnixMilli())
		}
	}
	b.raw(`],"selfUri":`).raw(quoted(r.URL.Path)).raw(`}`)
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(b.b)
}

func (s *Server) appendBilled(b []byte, what int, from, to int64) []byte {
	if what > 0 {
		b = append(b, ',')
	}
	resources, total := []byte{}, 0
	for day := max(s.org.dayOf(from-1)+1, 0); day <= min(s.org.dayOf(to-1), s.cfg.Days-1); day++ {
		for n := range s.entities.users() {
			if resource, ok := s.entities.billedFor(what, day, n); ok {
				if total++; total > 1 {
					resources = append(resources, ',')
				}
				resources = append(resources, resource...)
			}
		}
	}
	b = append(append(append(b, `{"name":`...), billed[what]...), `,"totalUsage":"`...)
	b = append(strconv.AppendInt(b, int64(total), 10), `","resources":[`...)
	return append(append(b, resources...), `]}`...)
}

// eachBilled gives the resources of what is billed.
func eachBilled(s *Server, yield func(Held) bool) {
	for what, name := range billed {
		for day := range s.cfg.Days {
			for n := range s.entities.users() {
				resource, ok := s.entities.billedFor(what, day, n)
				if ok && !yield(Held{Parent: []string{unquoted(name)}, Record: resource}) {
					return
				}
			}
		}
	}
}

func (s *Server) retentionSettings() []byte {
	b := row{o: s.org}
	b.raw(`{"retentionDays":`).int(400 + int(hash(s.cfg.Seed, 'R')%1400)).raw(`,"dateCreated":`).instant(s.org.dayStart(-900))
	return b.raw(`,"dateModified":`).instant(s.org.dayStart(-30) + 1).raw(`}`).b
}

func (s *Server) retention(w http.ResponseWriter, _ *http.Request, _ caller) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(s.retentionSettings())
}

func eachRetention(s *Server, yield func(Held) bool) { yield(Held{Record: s.retentionSettings()}) }
