package simulator

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
)

const scriptExports = "/api/v2/scripts/{scriptId}/export"

// exportScript gives the signed URL of a script's file at once.
func (s *Server) exportScript(w http.ResponseWriter, r *http.Request, _ caller) {
	id := r.PathValue("scriptId")
	if _, ok := s.entities.find(s.entities.byPath["scripts"], id); !ok {
		notHere(w, r, caller{})
		return
	}
	var body struct {
		VersionID string `json:"versionId"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil && !errors.Is(err, io.EOF) || body.VersionID != "" {
		badRequest(w, r, "the simulator exports a script as it is now")
		return
	}
	reply(w, http.StatusOK, map[string]string{"url": s.fileURL("scripts", id+".script")})
}

func eachScriptExport(s *Server, yield func(Held) bool) {
	s.eachEntity("scripts", func(_ int, id string) bool {
		f, _ := s.scriptFile(id + ".script")
		return yield(Held{Parent: []string{id}, Files: []HeldFile{f.held()}})
	})
}

// scriptFile is the script of "<script id>.script", whole.
func (s *Server) scriptFile(name string) (file, bool) {
	id, ok := strings.CutSuffix(name, ".script")
	ordinal, found := s.entities.find(s.entities.byPath["scripts"], id)
	if !ok || !found {
		return file{}, false
	}
	return file{"application/json", s.entities.appendEntity(nil, s.entities.byPath["scripts/{scriptId}"], ordinal, 0, shape{})}, true
}
