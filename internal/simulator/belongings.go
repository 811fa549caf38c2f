package simulator

import (
	"net/http"
	"slices"
	"strings"
)

// belonging is an operation of the API that gives what belongs to one
// conversation. An answer and the truth are written by the same functions.
type belonging struct {
	path  string // below /api/v2/
	needs string // permissions, any of which will do
	all   bool   // rather, all of them
	takes string // query parameters
	// owner finds the conversation by the first id of the path, where that is not
	// its own, and lost answers where there is none.
	owner func(o *org, id string) (conversation, bool)
	lost  http.HandlerFunc
	// pieces are all that a conversation has behind the operation.
	pieces func(s *Server, c conversation) []piece
	// array is the member that holds the pieces: "" where the answer is the one
	// piece, [] for a bare array.
	array string
	head  func(w *record, ids []string) // what stands before the array
	most  int                           // rows on a page, where there are pages
	// none is the code of the 404 for want of a piece; without it an array is empty.
	none string
	// lacks gives the code of a 404 for ids that name nothing.
	lacks func(o *org, ids []string) string
}

// piece is one record of a conversation.
type piece struct {
	ids   []string // that fill the path, outermost first
	write func(w *record)
}

var belongings = slices.Concat(operational, emailOperations, messageOperations, speech, transcripts, assessed)

func (s *Server) belongingRoutes() (routes []route) {
	for _, b := range belongings {
		needs, serve := strings.Fields(b.needs), s.serveBelonging(b)
		if b.all {
			needs, serve = nil, needsAll(needs, serve)
		}
		routes = append(routes, route{"GET " + apiBase + b.path, needs, serve})
	}
	return routes
}

func belongingHoldings() (list []holding) {
	for _, b := range belongings {
		list = append(list, held(b.path, b.pieces))
	}
	return list
}

// held is the truth of pieces.
func held(path string, pieces func(*Server, conversation) []piece) holding {
	return holding{apiBase + path, func(s *Server, yield func(Held) bool) {
		for c := range s.org.all() {
			for _, p := range pieces(s, c) {
				if !yield(s.heldRecord(p.ids, p.write)) {
					return
				}
			}
		}
	}}
}

// serveBelonging answers the pieces whose ids the path has.
func (s *Server) serveBelonging(b belonging) func(http.ResponseWriter, *http.Request, caller) {
	var names []string
	for segment := range strings.SplitSeq(b.path, "/") {
		if strings.HasPrefix(segment, "{") {
			names = append(names, segment[1:len(segment)-1])
		}
	}
	if b.owner == nil {
		b.owner = (*org).findConversation
	}
	if b.lost == nil {
		b.lost = conversationNotFound
	}
	return func(w http.ResponseWriter, r *http.Request, _ caller) {
		if !onlyParameters(w, r, b.takes) {
			return
		}
		var ids []string
		for _, name := range names {
			ids = append(ids, r.PathValue(name))
		}
		c, ok := b.owner(s.org, ids[0])
		if !ok {
			b.lost(w, r)
			return
		}
		pieces := slices.DeleteFunc(b.pieces(s, c), func(p piece) bool { return !slices.Equal(p.ids, ids) })
		code := b.none
		if len(pieces) > 0 {
			code = ""
		}
		if b.lacks != nil {
			code = b.lacks(s.org, ids)
		}
		if code != "" {
			fail(w, r, http.StatusNotFound, code, "The requested resource was not found.")
			return
		}
		var page *listingPage
		if b.most > 0 {
			var problem string
			if page, problem = numberedPage(r, b.most, len(pieces)); problem != "" {
				badRequest(w, r, problem)
				return
			}
			pieces = pieces[page.first:page.end]
		}
		answer := s.record(true)
		answer.query = r.URL.Query()
		answer.belonging(b, ids, pieces, page)
		answer.send(w)
	}
}

func (w *record) belonging(b belonging, ids []string, pieces []piece, page *listingPage) {
	if b.array == "" {
		pieces[0].write(w)
		return
	}
	if b.array != "[]" {
		w.raw(`{`)
		if b.head != nil {
			b.head(w, ids)
		}
		w.raw(`"`).raw(b.array).raw(`":`)
	}
	w.raw(`[`)
	for i, p := range pieces {
		w.item(i)
		p.write(w)
	}
	w.raw(`]`)
	if page != nil {
		w.paging(page)
	}
	if b.array != "[]" {
		w.raw(`}`)
	}
}

// onlyParameters refuses a request with others than the named parameters, because
// ignoring a filter would answer another question.
func onlyParameters(w http.ResponseWriter, r *http.Request, names string) bool {
	for name := range r.URL.Query() {
		if !slices.Contains(strings.Fields(names), name) {
			badRequest(w, r, "the simulator knows no parameter "+name)
			return false
		}
	}
	return true
}

func conversationNotFound(w http.ResponseWriter, r *http.Request) {
	fail(w, r, http.StatusNotFound, "conversation.not.found", "Conversation with specified conversationId was not found.")
}

func notFound(w http.ResponseWriter, r *http.Request) { notHere(w, r, caller{}) }
