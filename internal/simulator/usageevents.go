package simulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

const usageEvents = "/api/v2/usage/events/query"

// Operational events of a day, and of a page at most.
const (
	eventsPerDay = 7
	mostEvents   = 200
)

// usageEvent is the nth of the organization's, in order of time.
func (s *Server) usageEvent(n int) (at time.Time, row json.RawMessage) {
	o := s.org
	r := random{hash(o.cfg.Seed, 'O', uint64(n))}
	at = o.cfg.From.AddDate(0, 0, n/eventsPerDay).Add(time.Duration(n%eventsPerDay)*3*time.Hour + time.Duration(r.below(3600))*time.Second)
	definition := o.ids.make(kindOther, 'D', r.below(5), 0).String()
	row = fmt.Appendf(nil, `{"eventDefinition":{"id":%q,"selfUri":"/api/v2/usage/events/definitions/%s"},"entityId":%q,"entityName":%s,"previousValue":"%d","currentValue":%s,"dateCreated":%q}`,
		definition, definition, o.ids.make(kindOther, 'O', n, 0).String(), oddText[r.below(len(oddText))], r.below(9), oddText[r.below(len(oddText))], at.UTC().Format("2006-01-02T15:04:05.000Z"))
	return at, row
}

// queryUsageEvents pages by nextUri, and knows nothing that is over a year old.
func (s *Server) queryUsageEvents(w http.ResponseWriter, r *http.Request, _ caller) {
	var q struct{ Interval string }
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		badRequest(w, r, "the body is not a query: "+err.Error())
		return
	}
	from, to, err := parseInterval(q.Interval)
	if err != nil {
		badRequest(w, r, "interval: "+err.Error())
		return
	}
	if to.Before(s.cfg.Now().AddDate(-1, 0, 0)) {
		fail(w, r, http.StatusBadRequest, "usage.events.too.old", "Events are kept for a year")
		return
	}
	size, after := 25, 0
	for name, into := range map[string]*int{"pageSize": &size, "after": &after} {
		if text := r.URL.Query().Get(name); text != "" {
			if *into, err = strconv.Atoi(text); err != nil || *into < 0 || size < 1 || size > mostEvents {
				badRequest(w, r, name+" is out of range")
				return
			}
		}
	}
	body := struct {
		Entities []json.RawMessage `json:"entities"`
		NextURI  string            `json:"nextUri,omitempty"`
	}{Entities: []json.RawMessage{}}
	n := after
	for ; n < s.org.cfg.Days*eventsPerDay && len(body.Entities) < size; n++ {
		if at, row := s.usageEvent(n); !at.Before(from) && at.Before(to) {
			body.Entities = append(body.Entities, row)
		}
	}
	if n < s.org.cfg.Days*eventsPerDay {
		body.NextURI = fmt.Sprintf("%s?after=%d&pageSize=%d", usageEvents, n, size)
	}
	reply(w, http.StatusOK, body)
}

func eachUsageEvent(s *Server, yield func(Held) bool) {
	for n := range s.org.cfg.Days * eventsPerDay {
		if _, row := s.usageEvent(n); !yield(Held{Record: row}) {
			return
		}
	}
}
