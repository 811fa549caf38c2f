package simulator

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
)

const (
	retentionQuery = "recordings/retention/query"
	mostRetained   = 500 // rows on a page
)

var retentionHolding = holding{apiBase + retentionQuery, func(s *Server, yield func(Held) bool) {
	for c := range s.org.recorded() {
		for _, rec := range s.org.recordings(c) {
			if rec.retained() && !yield(s.heldRecord(nil, func(w *record) { w.retention(rec) })) {
				return
			}
		}
	}
}}

// retained says whether the query has a recording: it has none that is gone, but
// for the one that is deleted before somebody comes to fetch it.
func (rec recording) retained() bool {
	return !rec.unretained && (rec.fileState != "DELETED" || rec.fate == "vanished")
}

// retention writes the dates of a recording.
func (w *record) retention(rec recording) {
	c := rec.conversation
	w.draw(c, 'R', uint64(rec.sub))
	w.raw(`{"conversationId":`).id(w.o.conversationID(c)).raw(`,"recordingId":`).id(rec.id).raw(`,"creationTime":`).instant(c.end)
	if at, ok := w.o.deleteDate(rec); ok {
		w.raw(`,"deleteDate":`).instant(at)
	}
	if rec.archived != 0 {
		w.raw(`,"archiveDate":`).instant(rec.archived).raw(`,"archiveMedium":"CLOUDARCHIVE"`)
	}
	if w.r.chance(0.2) {
		w.raw(`,"exportDate":`).instant(c.end + dayMillis).raw(`,"exportedDate":`).instant(c.end + 2*dayMillis)
	}
	w.future().raw(`}`)
}

// queryRetention gives all recordings that are older than so many days, by the
// platform's clock, in order of their conversations. The cursor stands in nextUri
// alone.
func (s *Server) queryRetention(w http.ResponseWriter, r *http.Request, _ caller) {
	if !onlyParameters(w, r, "retentionThresholdDays cursor pageSize") {
		return
	}
	query, size := r.URL.Query(), 25
	days, err := strconv.Atoi(query.Get("retentionThresholdDays"))
	if err == nil && query.Has("pageSize") {
		size, err = strconv.Atoi(query.Get("pageSize"))
	}
	if err != nil || days < 0 || size < 1 || size > mostRetained {
		badRequest(w, r, fmt.Sprintf("retentionThresholdDays is required, and pageSize must be between 1 and %d", mostRetained))
		return
	}
	key, at, ok := "retention "+query.Get("retentionThresholdDays"), cursor{}, true
	if query.Get("cursor") != "" {
		if at, ok = parseCursor(query.Get("cursor"), s.cfg.Seed, key); !ok {
			badRequest(w, r, "the cursor is not one of this query's")
			return
		}
	}
	answer := s.record(true)
	next, more := at, false
	fault := s.inject(r, fmt.Sprint("page ", key, " ", at.position, at.copy), repeatPage, emptyPage)
	answer.raw(`{"entities":[`)
	if fault != emptyPage {
		next, more = answer.retained(at, size, s.cfg.Now().UnixMilli()-int64(days)*dayMillis)
	}
	if fault != none {
		next, more = at, true
		if fault == emptyPage || at.nonce%2 == 0 {
			next.nonce++ // else it is the very same cursor
		}
	}
	link := func(c string) string {
		q := url.Values{"retentionThresholdDays": {strconv.Itoa(days)}, "pageSize": {strconv.Itoa(size)}}
		if c != "" {
			q.Set("cursor", c)
		}
		return strconv.Quote(r.URL.Path + "?" + q.Encode())
	}
	answer.raw(`],"selfUri":`).raw(link(query.Get("cursor")))
	if more {
		answer.raw(`,"nextUri":`).raw(link(next.String(s.cfg.Seed, key)))
	}
	answer.raw(`}`)
	answer.send(w)
}

// retained writes a page of what was created before, from a cursor on; its copy
// counts the recordings of a conversation that were on the page before. It gives
// where the next page starts, if there is one.
func (w *record) retained(at cursor, size int, before int64) (next cursor, more bool) {
	rows := 0
	for ; at.day < w.o.cfg.Days; at.position = (position{at.day + 1, 0}) {
		for ; at.index < w.o.indexes(at.day); at.index, at.copy = at.index+1, 0 {
			c := w.o.conversation(at.day, at.index)
			if c.end >= before {
				continue
			}
			for list := w.o.listed(c); at.copy < len(list); at.copy++ {
				rec := list[at.copy]
				switch {
				case !rec.retained():
					continue
				case rows == size:
					return at, true
				case rows > 0:
					w.raw(`,`)
				}
				w.retention(rec)
				rows++
			}
		}
	}
	return at, false
}
