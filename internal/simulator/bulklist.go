package simulator

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// jobRow is a row of the listing of jobs, and what it is sorted and filtered by.
type jobRow struct {
	raw                       json.RawMessage
	state, user, date, action string
}

// jobRows are all jobs: those of former years, then those that were made since.
func (s *Server) jobRows() (rows []jobRow) {
	former := s.entities.byPath[bulkJobs]
	for i := range former.rowsOf(0) {
		row := jobRow{raw: s.entities.appendEntity(nil, former, 0, i, shape{})}
		var read struct {
			State, DateCreated string
			User               struct{ ID string }
		}
		_ = json.Unmarshal(row.raw, &read) // it was just written
		row.state, row.date, row.user = read.State, read.DateCreated, read.User.ID
		rows = append(rows, row)
	}
	b := &s.bulk
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, j := range b.jobs {
		raw, err := json.Marshal(s.jobBody(j))
		if err != nil {
			panic(err) // the query was read as JSON
		}
		rows = append(rows, jobRow{raw, j.state, j.user, j.created.UTC().Format(millis), j.query.Action})
	}
	return rows
}

// listRecordingJobs keeps the order in which jobs were made unless it is asked for
// another. What its rows do not tell, as the action of a former job, no filter
// finds.
func (s *Server) listRecordingJobs(w http.ResponseWriter, r *http.Request, c caller) {
	if !onlyParameters(w, r, "pageSize pageNumber sortBy state showOnlyMyJobs jobType includeTotal cursor") {
		return
	}
	query, rows := r.URL.Query(), s.jobRows()
	state, action := query.Get("state"), query.Get("jobType")
	for value, known := range map[string]string{
		state: "FULFILLED PENDING READY PROCESSING CANCELLED FAILED", action: "ARCHIVE DELETE EXPORT", query.Get("sortBy"): "userId dateCreated",
	} {
		if value != "" && !slices.Contains(strings.Fields(known), value) {
			badRequest(w, r, strconv.Quote(value)+" is none of "+known)
			return
		}
	}
	rows = slices.DeleteFunc(rows, func(row jobRow) bool {
		return state != "" && row.state != state || action != "" && row.action != action ||
			query.Get("showOnlyMyJobs") == "true" && row.user != c.client.ID
	})
	switch query.Get("sortBy") {
	case "userId":
		slices.SortStableFunc(rows, func(a, b jobRow) int { return cmp.Compare(a.user, b.user) })
	case "dateCreated":
		slices.SortStableFunc(rows, func(a, b jobRow) int { return cmp.Compare(a.date, b.date) })
	}
	s.pageOfBulk(w, r, len(rows), func(i int) json.RawMessage { return rows[i].raw })
}

func (s *Server) listFailedRecordings(w http.ResponseWriter, r *http.Request, _ caller) {
	if !onlyParameters(w, r, "pageSize pageNumber includeTotal cursor") {
		return
	}
	var failed []bulkItem
	s.bulk.mu.Lock()
	j := s.bulk.find(r.PathValue("jobId"))
	if j != nil && j.state != jobPending && j.state != jobReady {
		failed = j.plan.failed
	}
	s.bulk.mu.Unlock()
	if _, former := s.entities.find(s.entities.byPath[bulkJobs], r.PathValue("jobId")); j == nil && !former {
		s.jobUnknown(w, r)
		return
	}
	s.pageOfBulk(w, r, len(failed), func(i int) json.RawMessage {
		rec := failed[i].recording(s.org)
		conversation := s.org.conversationID(rec.conversation).String()
		self := apiBase + "conversations/" + conversation
		raw, _ := json.Marshal(map[string]any{ // strings alone
			"conversation": map[string]string{"id": conversation, "selfUri": self},
			"recording":    map[string]string{"id": rec.id.String(), "selfUri": self + "/recordings/" + rec.id.String()},
		})
		return raw
	})
}

// pageOfBulk serves a page by its number, or, with includeTotal=false, by a
// cursor, which stands in nextUri alone.
func (s *Server) pageOfBulk(w http.ResponseWriter, r *http.Request, total int, row func(i int) json.RawMessage) {
	c := &collection{listing: listing{style: numbered, size: 25, most: 100, members: usual[numbered]}}
	p := &listingPage{c: c, query: r.URL.Query(), path: r.URL.Path, total: total}
	byCursor := p.query.Get("includeTotal") == "false"
	rest := maps.Clone(p.query) // which a cursor belongs to
	rest.Del("cursor")
	rest.Del("pageSize")
	p.key = p.path + "?" + rest.Encode()
	problem := p.readSize()
	if problem == "" && byCursor {
		problem = p.placeByCursor(s.cfg.Seed)
	} else if problem == "" {
		problem = p.place(s.cfg.Seed)
	}
	if problem != "" {
		badRequest(w, r, problem)
		return
	}
	body := map[string]any{}
	if byCursor {
		s.spoil(r, p)
		body["pageSize"], body["selfUri"] = p.size, p.path+"?"+p.query.Encode()
		if p.cursor != "" {
			query := maps.Clone(p.query)
			query.Set("cursor", p.cursor)
			body["nextUri"] = p.path + "?" + query.Encode()
		}
	} else {
		for _, name := range strings.Fields(c.members) {
			if value := p.member(name); value != "" {
				body[name] = json.RawMessage(value)
			}
		}
	}
	rows := []json.RawMessage{}
	for i := p.first; i < p.end; i++ {
		rows = append(rows, row(i))
	}
	body["entities"] = rows
	reply(w, http.StatusOK, body)
}

func (p *listingPage) placeByCursor(seed uint64) string {
	if text := p.query.Get("cursor"); text != "" {
		at, ok := parseCursor(text, seed, p.key)
		if !ok {
			return "the cursor is not one of this listing's"
		}
		p.first, p.nonce = min(at.index, p.total), at.nonce
	}
	if p.end = min(p.first+p.size, p.total); p.end < p.total {
		p.cursor = p.cursorAt(seed, p.end, 0)
	}
	return ""
}
