package simulator

import (
	"encoding/json"
	"iter"
	"net/http"
)

// Files that rows of configuration lead to: by an operation of their own, or by a
// member of the row.
const (
	voicemailMedia  = "voicemail/messages/{messageId}/media"
	voicemailFiles  = "voicemail"
	documentContent = "contentmanagement/documents/{documentId}/content"
	documentFiles   = "documents"
	documentListing = "contentmanagement/workspaces/{workspaceId}/documents"
	architectFiles  = "architect"
)

var voicemailListings = [...]string{"voicemail/queues/{queueId}/messages", "voicemail/groups/{groupId}/messages", "voicemail/users/{userId}/messages"}

func (s *Server) configFileRoutes() []route {
	return []route{
		{"GET " + apiBase + voicemailMedia, nil, s.serveVoicemail},
		{"GET " + apiBase + documentContent, []string{"content_management_user"}, s.serveDocument},
	}
}

var configFileHoldings = []holding{
	{apiBase + voicemailMedia, func(s *Server, yield func(Held) bool) {
		for _, path := range voicemailListings {
			for row := range s.entities.entitiesOf(path) {
				id := row.id()
				if !yield(s.heldRecord([]string{id.String()}, func(w *record) { w.voicemail(id) })) {
					return
				}
			}
		}
	}},
	{apiBase + documentContent, func(s *Server, yield func(Held) bool) {
		for row := range s.entities.entitiesOf(documentListing) {
			if !yield(s.heldRecord([]string{row.id().String()}, func(w *record) { w.document(row) })) {
				return
			}
		}
	}},
	linkedRows("architect/grammars"),
	linkedRows("architect/prompts/{promptId}/resources"),
	linkedRows("architect/systemprompts/{promptId}/resources"),
}

// listedEntity is a row's place.
type listedEntity struct {
	cat       *catalogue
	c         *collection
	parent, i int
}

func (e listedEntity) ordinal() int { return e.c.ordinal(e.parent, e.i) }
func (e listedEntity) id() identity { return e.cat.id(e.c.base, e.ordinal()) }

// entitiesOf gives the rows of a listing below all of its parents, which have
// none themselves.
func (cat *catalogue) entitiesOf(path string) iter.Seq[listedEntity] {
	c := cat.byPath[path]
	parents := 1
	if c.up != nil {
		parents = c.up.count
	}
	return func(yield func(listedEntity) bool) {
		for parent := range parents {
			for i := range c.rowsOf(parent) {
				if !yield(listedEntity{cat, c, parent, i}) {
					return
				}
			}
		}
	}
}

// linkedRows is the truth of a listing whose rows have signed URLs among their
// members. In the record, and in [Truth.Listing], these members are left out.
func linkedRows(path string) holding {
	return holding{apiBase + path, func(s *Server, yield func(Held) bool) {
		for e := range s.entities.entitiesOf(path) {
			var parent []string
			if e.c.up != nil {
				parent = []string{s.entities.id(e.c.up.base, e.parent).String()}
			}
			held := s.heldRecord(parent, func(w *record) {
				_ = s.entities.appendEntity(nil, e.c, e.parent, e.i, shape{whole: true, file: func(name string) string {
					w.links = append(w.links, link{kind: architectFiles, name: name})
					return ""
				}})
				w.b = s.entities.appendEntity(w.b, e.c, e.parent, e.i, shape{})
			})
			if !yield(held) {
				return
			}
		}
	}}
}

// voicemail writes a VoicemailMediaInfo.
func (w *record) voicemail(id identity) {
	w.raw(`{"id":`).id(id)
	w.linkTo("mediaFileUri", voicemailFiles, id.String()+".wav")
	w.raw(`,"waveformData":[0.0,0.5,0.25]}`)
}

// serveVoicemail gives the file as it is, whatever the format that is asked for.
func (s *Server) serveVoicemail(w http.ResponseWriter, r *http.Request, _ caller) {
	if !onlyParameters(w, r, "formatId") {
		return
	}
	for _, path := range voicemailListings {
		c := s.entities.byPath[path]
		if ordinal, ok := s.entities.find(c, r.PathValue("messageId")); ok {
			answer := s.record(true)
			answer.voicemail(s.entities.id(c, ordinal))
			answer.send(w)
			return
		}
	}
	notFound(w, r)
}

var documentEndings = [...]string{"pdf", "png", "txt", "wav", "csv"}

// document writes a DownloadResponse for content that is there.
func (w *record) document(e listedEntity) {
	id := e.id()
	w.raw(`{"id":`).id(id).raw(`,"state":"Completed"`)
	w.linkTo("contentLocationUri", documentFiles, id.String()+"."+documentEndings[e.ordinal()%len(documentEndings)])
	w.raw(`}`)
}

// serveDocument lets every second document be prepared first. It says so by its
// status, or, for every fourth, by its state.
func (s *Server) serveDocument(w http.ResponseWriter, r *http.Request, _ caller) {
	if !onlyParameters(w, r, "disposition contentType") {
		return
	}
	c := s.entities.byPath[documentListing]
	ordinal, ok := s.entities.find(c, r.PathValue("documentId"))
	if !ok {
		notFound(w, r)
		return
	}
	e := listedEntity{s.entities, c, ordinal / c.count, ordinal % c.count}
	if ordinal%2 == 1 && !s.isPrepared(r, r.URL.Path) {
		if ordinal%4 == 1 {
			w.WriteHeader(http.StatusAccepted)
			return
		}
		reply(w, http.StatusOK, json.RawMessage(`{"id":"`+e.id().String()+`","state":"Running"}`))
		return
	}
	answer := s.record(true)
	answer.document(e)
	answer.send(w)
}
