package simulator

import (
	"encoding/json"
	"net/http"
)

const (
	assetSearch = "responsemanagement/responseassets/search"
	assetPath   = "responsemanagement/responseassets/{responseAssetId}"
	assetFiles  = "responseassets"
	assetCount  = 30
)

func (s *Server) assetRoutes() []route {
	needs := []string{"responseAssets:asset:view"}
	return []route{
		{"POST " + apiBase + assetSearch, needs, s.searchAssets},
		{"GET " + apiBase + assetPath, needs, s.serveAsset},
	}
}

var assetHoldings = []holding{
	{apiBase + assetSearch, func(s *Server, yield func(Held) bool) {
		for i := range assetCount {
			if !yield(s.heldRecord(nil, func(w *record) { w.asset(i) })) {
				return
			}
		}
	}},
	{apiBase + assetPath, func(s *Server, yield func(Held) bool) {
		for i := range assetCount {
			if !yield(s.heldRecord([]string{s.org.assetID(i).String()}, func(w *record) { w.asset(i) })) {
				return
			}
		}
	}},
}

func (o *org) assetID(i int) identity { return o.contentID(conversation{index: i}, assetContent, 0) }

// asset writes a ResponseAsset.
func (w *record) asset(i int) {
	w.draw(conversation{}, 'P', uint64(i))
	id := w.o.assetID(i)
	e := w.s.enclosure(id, []string{"png", "pdf", "html", "txt"}[i%4], &w.r)
	w.raw(`{"id":`).id(id).raw(`,"name":`).raw(e.name).raw(`,"division":`)
	w.reference("authorization/divisions", 0, false)
	w.raw(`,"contentLength":`).int(e.size)
	w.linkTo("contentLocation", assetFiles, e.file)
	w.raw(`,"contentType":"`).raw(e.contentType).raw(`","dateCreated":`).instant(w.o.from - int64(w.r.below(300*dayMillis)))
	w.future().self("responsemanagement/responseassets", id)
	w.raw(`}`)
}

// searchAssets knows a search for all of them only. A page past the end is empty.
func (s *Server) searchAssets(w http.ResponseWriter, r *http.Request, _ caller) {
	var q struct {
		postedPage
		Query             []json.RawMessage
		SortBy, SortOrder string
	}
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil || q.Query == nil {
		badRequest(w, r, "the body is no search with a query")
		return
	}
	first, size, number, problem := q.place(100)
	switch {
	case problem != "":
		badRequest(w, r, problem)
		return
	case len(q.Query) > 0 || q.SortBy != "" || q.SortOrder != "":
		badRequest(w, r, "the simulator knows a search without criteria and order only")
		return
	}
	answer := s.record(true)
	answer.raw(`{"total":`).int(assetCount).raw(`,"pageCount":`).int((assetCount + size - 1) / size)
	answer.raw(`,"pageSize":`).int(size).raw(`,"pageNumber":`).int(number).raw(`,"results":`)
	answer.page(first, size, func(yield func(func(*record)) bool) {
		for i := range assetCount {
			if !yield(func(w *record) { w.asset(i) }) {
				return
			}
		}
	})
	answer.raw(`}`)
	answer.send(w)
}

func (s *Server) serveAsset(w http.ResponseWriter, r *http.Request, _ caller) {
	if !onlyParameters(w, r, "") {
		return
	}
	k, day, i, sub, ok := s.org.ids.parse(r.PathValue("responseAssetId"))
	if !ok || k != kindContent || day != 0 || sub != assetContent<<8 || i >= assetCount {
		notFound(w, r)
		return
	}
	answer := s.record(true)
	answer.asset(i)
	answer.send(w)
}
