package simulator

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
)

const (
	contactExports = "/api/v2/outbound/contactlists/{contactListId}/export"
	dncExports     = "/api/v2/outbound/dnclists/{dncListId}/export"
)

// listExports are those of one contact list or do-not-call list: the last that
// was asked for, and the last that was finished before. A list whose ordinal is
// odd was exported once before anybody of the export asked, a month before the
// organization's first day, when it had fewer entries: whoever takes what is
// there loses the rest.
type listExports struct {
	before  time.Time     // when it was finished, by the platform's clock; zero: none
	stale   bool          // it is that old one
	last    time.Time     // when it was asked for; zero: never
	elapsed time.Duration // the server's, at that time
}

// exportedList says how a kind of list is exported.
type exportedList struct {
	listing, place, kind string
}

var exportedLists = map[string]exportedList{
	contactExports: {"outbound/contactlists", "contactListId", "contactlists"},
	dncExports:     {"outbound/dnclists", "dncListId", "dnclists"},
}

// listOf finds the list that a request names. One that a third party keeps
// answers 501.
func (s *Server) listOf(w http.ResponseWriter, r *http.Request, pattern string) (ordinal int, ok bool) {
	l := exportedLists[pattern]
	ordinal, ok = s.entities.find(s.entities.byPath[l.listing], r.PathValue(l.place))
	switch {
	case !ok:
		notHere(w, r, caller{})
	case pattern == dncExports && s.dncList(ordinal).thirdParty():
		fail(w, r, http.StatusNotImplemented, "not.implemented", "A list that a third party keeps cannot be exported.")
		ok = false
	}
	return ordinal, ok
}

// exportsOf gives the exports of a list as they stand; the lock must be held.
func (s *Server) exportsOf(path string, ordinal int) listExports {
	if known, ok := s.exports.lists[path]; ok {
		return known
	}
	if ordinal%2 == 1 {
		return listExports{before: s.cfg.From.AddDate(0, -1, 0), stale: true}
	}
	return listExports{}
}

func (s *Server) exportList(pattern string) func(http.ResponseWriter, *http.Request, caller) {
	return func(w http.ResponseWriter, r *http.Request, _ caller) {
		ordinal, ok := s.listOf(w, r, pattern)
		if !ok {
			return
		}
		var body map[string]json.RawMessage
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil && !errors.Is(err, io.EOF) || len(body) > 0 {
			badRequest(w, r, "the simulator exports whole lists only")
			return
		}
		s.exports.mu.Lock()
		defer s.exports.mu.Unlock()
		e := s.exportsOf(r.URL.Path, ordinal)
		if !e.last.IsZero() && s.elapsed()-e.elapsed >= s.cfg.JobLatency {
			e.before, e.stale = e.last.Add(s.cfg.JobLatency), false
		}
		e.last, e.elapsed = s.cfg.Now(), s.elapsed()
		if s.exports.lists == nil {
			s.exports.lists = map[string]listExports{}
		}
		s.exports.lists[r.URL.Path] = e
		l := exportedLists[pattern]
		reply(w, http.StatusOK, map[string]string{"id": r.PathValue(l.place), "selfUri": apiBase + l.listing + "/" + r.PathValue(l.place)})
	}
}

// listExport gives the URI of the last export that is finished, which right
// after asking for another is the one before, and 404 where there is none. The
// URI lies in the API and needs its token; see download.
func (s *Server) listExport(pattern string) func(http.ResponseWriter, *http.Request, caller) {
	return func(w http.ResponseWriter, r *http.Request, _ caller) {
		ordinal, ok := s.listOf(w, r, pattern)
		if !ok {
			return
		}
		s.exports.mu.Lock()
		e := s.exportsOf(r.URL.Path, ordinal)
		s.exports.mu.Unlock()
		at, stale := e.before, e.stale
		if !e.last.IsZero() && s.elapsed()-e.elapsed >= s.cfg.JobLatency {
			at, stale = e.last.Add(s.cfg.JobLatency), false
		}
		if at.IsZero() {
			notHere(w, r, caller{})
			return
		}
		uri := s.downloadURI(exportedLists[pattern].listing, ordinal, stale)
		if r.URL.Query().Get("download") == "true" {
			redirect(w, uri)
			return
		}
		reply(w, http.StatusOK, map[string]string{"uri": uri, "exportTimestamp": at.UTC().Format(millis)})
	}
}

func (s *Server) eachListExport(pattern string, yield func(Held) bool) {
	l := exportedLists[pattern]
	s.eachEntity(l.listing, func(ordinal int, id string) bool {
		if pattern == dncExports && s.dncList(ordinal).thirdParty() {
			return true
		}
		f, _ := fileKinds[l.kind](s, id+".csv")
		return yield(Held{Parent: []string{id}, Files: []HeldFile{f.held()}})
	})
}

// exportedRows counts the entries of a list that an export has.
func (s *Server) exportedRows(stale bool) int {
	if stale {
		return s.cfg.ContactsPerList / 2
	}
	return s.cfg.ContactsPerList
}

// listFile finds the list of "<list id>.csv" or "<list id>-stale.csv".
func (s *Server) listFile(listing, name string) (ordinal int, stale, ok bool) {
	id, isCSV := strings.CutSuffix(name, ".csv")
	id, stale = strings.CutSuffix(id, staleSuffix)
	ordinal, ok = s.entities.find(s.entities.byPath[listing], id)
	return ordinal, stale, ok && isCSV
}

const staleSuffix = "-stale"
