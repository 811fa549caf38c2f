package simulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

const (
	maxQueryPage = 100
	maxQueryDays = 31
)

// conversationQuery is what the query and the job read of their bodies.
type conversationQuery struct {
	Interval            string            `json:"interval"`
	Order               string            `json:"order"`
	OrderBy             string            `json:"orderBy"`
	ConversationFilters []json.RawMessage `json:"conversationFilters"`
	SegmentFilters      []json.RawMessage `json:"segmentFilters"`
	EvaluationFilters   []json.RawMessage `json:"evaluationFilters"`
	SurveyFilters       []json.RawMessage `json:"surveyFilters"`
	ResolutionFilters   []json.RawMessage `json:"resolutionFilters"`

	// of the query
	Paging *struct {
		PageSize   int `json:"pageSize"`
		PageNumber int `json:"pageNumber"`
	} `json:"paging"`

	// of the job
	Limit                      int  `json:"limit"`
	StartOfDayIntervalMatching bool `json:"startOfDayIntervalMatching"`
}

// readQuery answers 400 and is false when the body cannot be served as it is.
func (s *Server) readQuery(w http.ResponseWriter, r *http.Request) (q conversationQuery, sel selection, ok bool) {
	refuse := func(message string) (conversationQuery, selection, bool) {
		badRequest(w, r, message)
		return q, sel, false
	}
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		return refuse("the body is not a query: " + err.Error())
	}
	sel, err := q.selection()
	if err != nil {
		return refuse(err.Error())
	}
	return q, sel, true
}

// selection is what the query matches.
func (q conversationQuery) selection() (sel selection, err error) {
	from, to, err := parseInterval(q.Interval)
	if err != nil {
		return sel, err
	}
	switch {
	case q.Order != "" && q.Order != "asc" && q.Order != "unordered":
		return sel, fmt.Errorf("the simulator knows no order %q", q.Order)
	case q.OrderBy != "" && q.OrderBy != "conversationStart":
		return sel, fmt.Errorf("the simulator knows no orderBy %q", q.OrderBy)
	case len(q.SegmentFilters)+len(q.EvaluationFilters)+len(q.SurveyFilters)+len(q.ResolutionFilters) > 0:
		return sel, errors.New("the simulator knows conversationFilters only")
	}
	sel = selection{from: from.UnixMilli(), to: to.UnixMilli()}
	sel.filter, err = parseFilter(q.ConversationFilters)
	return sel, err
}

// queryConversations serves the synchronous query: conversations that started on
// a UTC day touched by the interval, without attributes, as the platform's live
// store sees them (dataAvailabilityDate does not bind it). A page past the end
// has no conversations member.
func (s *Server) queryConversations(w http.ResponseWriter, r *http.Request, _ caller) {
	q, sel, ok := s.readQuery(w, r)
	if !ok {
		return
	}
	size, number := 25, 1
	if q.Paging != nil {
		size, number = q.Paging.PageSize, q.Paging.PageNumber
	}
	switch {
	case size < 1 || size > maxQueryPage:
		badRequest(w, r, "paging.pageSize must be between 1 and "+strconv.Itoa(maxQueryPage))
		return
	case number < 1:
		badRequest(w, r, "paging.pageNumber starts at 1")
		return
	case sel.to-sel.from > maxQueryDays*dayMillis:
		badRequest(w, r, "the interval is longer than "+strconv.Itoa(maxQueryDays)+" days")
		return
	}
	sel.startedIn = true
	sel.from, sel.to = floorDay(sel.from), floorDay(sel.to-1)+dayMillis

	first, total, known := (number-1)*size, 0, -1
	from := sel.first(s.org)
	if sel.filter == nil { // whole days: a month of millions is not walked through to be counted
		known = sel.days(s.org) * s.org.cfg.ConversationsPerDay
		total = min(first, known)
		if total > 0 {
			from.day, from.index = from.day+total/s.org.cfg.ConversationsPerDay, total%s.org.cfg.ConversationsPerDay
		}
	}
	body := []byte("{")
	for c, p, ok := sel.next(s.org, from); ok && (known < 0 || total < first+size); c, p, ok = sel.next(s.org, p) {
		if total >= first && total < first+size {
			if total == first {
				body = append(body, `"conversations":[`...)
			} else {
				body = append(body, ',')
			}
			body = s.org.appendConversation(body, c, false)
		}
		total++
	}
	if total > first {
		body = append(body, `],`...)
	}
	if known >= 0 {
		total = known
	}
	body = append(strconv.AppendInt(append(body, `"totalHits":`...), int64(total), 10), '}')
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(body)
}

// floorDay gives the start of the UTC day of an instant in Unix milliseconds.
func floorDay(ms int64) int64 {
	return time.UnixMilli(ms).UTC().Truncate(24 * time.Hour).UnixMilli()
}
