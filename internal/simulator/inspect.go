package simulator

import (
	"bufio"
	"encoding/json"
	"iter"
	"net/http"
	"strings"
)

// inspect serves /_simulator/, which is not the platform's: truth, counts and
// log for whoever tests against a simulator in another process. It needs no
// token and is neither counted nor hit by faults.
func (s *Server) inspect(w http.ResponseWriter, r *http.Request) bool {
	name, ok := strings.CutPrefix(r.URL.Path, "/_simulator/")
	if !ok {
		return false
	}
	switch {
	case r.Method != http.MethodGet:
		http.Error(w, "only GET", http.StatusMethodNotAllowed)
	case name == "truth/conversations":
		writeLines(w, s.Truth().Conversations())
	case name == "truth/recordings":
		writeLines(w, s.Truth().Recordings())
	case name == "truth/listings":
		s.listingsTruth(w, r)
	case name == "counts":
		reply(w, http.StatusOK, s.Counts())
	case name == "requests":
		writeLines(w, func(yield func(Request) bool) {
			for _, one := range s.log.recent() {
				if !yield(one) {
					return
				}
			}
		})
	default:
		http.Error(w, "there are truth/conversations, truth/recordings, truth/listings, counts and requests", http.StatusNotFound)
	}
	return true
}

// writeLines writes JSON Lines. Characters are not escaped, so that a row's
// bytes remain what they are.
func writeLines[T any](w http.ResponseWriter, seq iter.Seq[T]) {
	w.Header().Set("Content-Type", "application/jsonl")
	buffered := bufio.NewWriterSize(w, 64<<10)
	enc := json.NewEncoder(buffered)
	enc.SetEscapeHTML(false)
	for one := range seq {
		if enc.Encode(one) != nil {
			return // the reader went away
		}
	}
	_ = buffered.Flush()
}
