package simulator

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
)

// record writes records that the organization holds beside its listings: with
// signed URLs for an answer, and without the members that hold them for the
// truth.
type record struct {
	row
	s     *Server
	signs bool
	query url.Values // of the request; the truth is as for none
	links []link
}

// link is a file that a record leads to, and its URL, which is the same wherever
// the record says it.
type link struct{ kind, name, url string }

func (s *Server) record(signs bool) *record {
	return &record{row: row{o: s.org}, s: s, signs: signs}
}

// draw starts the random stream of a record. Each has its own, so that it is the
// same wherever it is written.
func (w *row) draw(c conversation, what byte, parts ...uint64) {
	w.c = c
	w.r = random{hash(w.o.cfg.Seed, append([]uint64{uint64(what), uint64(c.day), uint64(c.index)}, parts...)...)}
}

// item separates an item of an array from the one before.
func (w *row) item(i int) *row {
	if i > 0 {
		w.raw(`,`)
	}
	return w
}

// text writes odd text.
func (w *row) text() *row { return w.raw(oddText[w.r.below(len(oddText))]) }

// linkTo writes a member with the URL of a file.
func (w *record) linkTo(member, kind, name string) {
	at := slices.IndexFunc(w.links, func(l link) bool { return l.kind == kind && l.name == name })
	if at < 0 {
		at = len(w.links)
		w.links = append(w.links, link{kind: kind, name: name})
		if w.signs {
			w.links[at].url = w.s.fileURL(kind, name)
		}
	}
	if !w.signs {
		return
	}
	if w.b[len(w.b)-1] != '{' {
		w.raw(`,`)
	}
	w.raw(`"`).raw(member).raw(`":"`).raw(w.links[at].url).raw(`"`)
}

// reference writes an entity of a listing without parents by id, name and path, and
// a version where it must have one.
func (w *record) reference(path string, ordinal int, versioned bool) {
	e := entity{row: w.row, cat: w.s.entities}
	e.reference(w.s.entities.byPath[path].base, ordinal, versioned)
	w.row = e.row
}

// conversationRef writes a reference to the record's conversation.
func (w *row) conversationRef() *row {
	w.raw(`{"id":`).id(w.o.conversationID(w.c)).raw(`,"selfUri":"/api/v2/conversations/`)
	w.b = append(w.o.conversationID(w.c).append(w.b), `"}`...)
	return w
}

// self writes the member selfUri from the elements of its path.
func (w *row) self(elements ...any) {
	w.raw(`,"selfUri":"/api/v2`)
	for _, e := range elements {
		w.raw(`/`)
		switch e := e.(type) {
		case identity:
			w.b = e.append(w.b)
		case string:
			w.raw(e)
		}
	}
	w.raw(`"`)
}

// future adds, now and then, a field that the public definition does not know yet.
func (w *row) future() *row {
	if w.r.chance(0.2) {
		w.raw(`,"futureField":{"tier":`).int(w.r.below(9)).raw(`,"note":null}`)
	}
	return w
}

// heldRecord is the truth of what a function writes.
func (s *Server) heldRecord(parent []string, write func(*record)) Held {
	w := s.record(false)
	write(w)
	h := Held{Parent: parent, Record: json.RawMessage(w.b)}
	for _, l := range w.links {
		if f, ok := s.findFile(filesPath + l.kind + "/" + l.name); ok {
			h.Files = append(h.Files, f.held())
		}
	}
	return h
}

// send answers with what was written.
func (w *record) send(to http.ResponseWriter) {
	to.Header().Set("Content-Type", "application/json")
	_, _ = to.Write(w.b)
}
