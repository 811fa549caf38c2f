package simulator

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Held is one record that the organization holds outside its plain listings.
type Held struct {
	// Parent are the ids that fill the places of the path, outermost first.
	Parent []string `json:"parent,omitempty"`
	// Record is what the API gives for it, byte for byte, but for what is made
	// anew with each answer: signed URLs are left out.
	Record json.RawMessage `json:"record,omitempty"`
	Files  []HeldFile      `json:"files,omitempty"` // what its URLs lead to, in their order
}

// HeldFile is a file that a record refers to.
type HeldFile struct {
	ContentType string `json:"contentType"`
	Bytes       int64  `json:"bytes"`
	SHA256      string `json:"sha256"` // hexadecimal
	// JSON is the content of one that is JSON.
	JSON string `json:"json,omitempty"`
}

// holding tells what one operation of the API gives, for [Truth.Held].
type holding struct {
	pattern string // as in /api/v2/audits/query
	each    func(s *Server, yield func(Held) bool)
}

// holdings are those of every part of the simulator.
var holdings = slices.Concat(organizationHoldings, analyticsHoldings, contentHoldings, exportHoldings)

// HeldPatterns names what [Truth.Held] can tell of.
func (t *Truth) HeldPatterns() (patterns []string) {
	for _, h := range holdings {
		if !slices.Contains(t.s.cfg.Without, h.pattern) {
			patterns = append(patterns, h.pattern)
		}
	}
	return patterns
}

// Held gives all that the organization has behind an operation, whatever
// parameters and intervals hide; nothing for a pattern that it does not have.
func (t *Truth) Held(pattern string) iter.Seq[Held] {
	return func(yield func(Held) bool) {
		if slices.Contains(t.s.cfg.Without, pattern) {
			return
		}
		for _, h := range holdings {
			if h.pattern == pattern {
				h.each(t.s, yield)
			}
		}
	}
}

// file is a small file behind a signed URL.
type file struct {
	contentType string
	body        []byte
}

func (f file) held() HeldFile {
	sum := sha256.Sum256(f.body)
	held := HeldFile{ContentType: f.contentType, Bytes: int64(len(f.body)), SHA256: hex.EncodeToString(sum[:])}
	if f.contentType == "application/json" {
		held.JSON = string(f.body)
	}
	return held
}

// fileKinds make a file again from the rest of its path, by the first element
// below /files/. The same path always has the same bytes.
var fileKinds = map[string]func(s *Server, name string) (file, bool){
	"contactlists":  (*Server).contactsFile,
	"datatables":    (*Server).tableFile,
	"dnclists":      (*Server).dncFile,
	"flow":          (*Server).flowFile,
	"flows":         (*Server).flowsFile,
	"knowledge":     (*Server).knowledgeFile,
	"scripts":       (*Server).scriptFile,
	"extraction":    (*Server).extractionFile,
	architectFiles:  (*Server).sample,
	assetFiles:      (*Server).sample,
	"attachments":   (*Server).sample,
	documentFiles:   (*Server).sample,
	orphanFiles:     (*Server).sample,
	voicemailFiles:  (*Server).sample,
	"messages":      (*Server).sample,
	"stickers":      (*Server).sample,
	transcriptsKind: (*Server).transcriptFile,
}

const filesPath = "/files/"

// fileURL signs the URL of a file, as of now. Each is another, so that one that
// died is not given again within the same second.
func (s *Server) fileURL(kind, name string) string {
	return s.sign(filesPath+kind+"/"+name, int(s.signed.Add(1)), s.cfg.Now())
}

func (s *Server) findFile(path string) (file, bool) {
	kind, name, _ := strings.Cut(strings.TrimPrefix(path, filesPath), "/")
	made, ok := fileKinds[kind]
	if !ok {
		return file{}, false
	}
	return made(s, name)
}

// sendFile answers as S3 does, with the faults of media.
func (s *Server) sendFile(w http.ResponseWriter, r *http.Request, fault fault) {
	f, ok := s.findFile(r.URL.Path)
	if !ok {
		s3Error(w, r, http.StatusNotFound, "NoSuchKey", "The specified key does not exist.", "")
		return
	}
	w.Header().Set("Content-Type", f.contentType)
	w.Header().Set("ETag", fmt.Sprintf("%q", f.held().SHA256[:32]))
	if fault == dropMedia {
		w.Header().Set("Content-Length", fmt.Sprint(len(f.body)))
		_, _ = w.Write(f.body[:len(f.body)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.body))
}
