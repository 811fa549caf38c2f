package simulator

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

const (
	extractionPath     = "/api/v2/analytics/dataextraction/downloads"
	extractionMetadata = extractionPath + "/metadata"
	extractionBulk     = extractionPath + "/bulk"
)

// extractionSchemas are what files are of, in turn.
var extractionSchemas = [...]string{"conversations", "user_presence", "routing_status"}

// extractionPages pages the files as a listing.
var extractionPages = &collection{listing: listing{style: after, size: 25, most: 200}}

func (s *Server) extractionRoutes() []route {
	needs := []string{"analytics:datawarehouse:view"}
	return []route{
		{"GET " + extractionMetadata, needs, s.listExtraction},
		{"POST " + extractionBulk, needs, s.signExtraction},
	}
}

// extraction is one file of data extraction, by its number.
type extraction struct {
	o *org
	i int
}

func (o *org) extractions() (all []extraction) {
	for i := range max(o.cfg.ExtractionFiles, 0) {
		all = append(all, extraction{o, i})
	}
	return all
}

func (x extraction) id() string {
	return x.o.ids.make(kindOther, collectionNumber(extractionPath), x.i, 0).String()
}

// name is the file's, and the last part of its URL.
func (x extraction) name() string {
	if x.zipped() {
		return x.id() + ".csv.gz"
	}
	return x.id() + ".csv"
}

func (x extraction) zipped() bool   { return x.i%2 == 0 }
func (x extraction) schema() string { return extractionSchemas[x.i%len(extractionSchemas)] }

// created grows with the number: in the small hours after a day.
func (x extraction) created() int64 {
	return x.o.dayStart(x.o.cfg.Days*x.i/x.o.cfg.ExtractionFiles+1) + int64(x.i)*60_000
}

// append appends what metadata say of a file. It expires long after any clock,
// for what has expired is no longer there.
func (x extraction) append(b []byte) []byte {
	w := row{o: x.o, b: b}
	w.raw(`{"id":"` + x.id() + `","dataSchema":"` + x.schema() + `","dateCreated":`).instant(x.created())
	w.raw(`,"dateExpires":`).instant(x.created() + 36_500*dayMillis)
	return append(w.b, '}')
}

// file is a table of a few rows, zipped or not.
func (x extraction) file() file {
	r := random{hash(x.o.cfg.Seed, 'x', uint64(x.i))}
	var body bytes.Buffer
	table := csv.NewWriter(&body)
	_ = table.Write([]string{"id", "name", "value"}) // a buffer takes everything
	for n := range r.below(40) {
		name := unquoted(oddText[r.below(len(oddText))])
		_ = table.Write([]string{x.o.ids.make(kindOther, 0, x.i, n).String(), name, time.Duration(r.next() >> 20).String()})
	}
	table.Flush()
	if !x.zipped() {
		return file{"text/csv", body.Bytes()}
	}
	var zipped bytes.Buffer
	zip := gzip.NewWriter(&zipped)
	_, _ = zip.Write(body.Bytes())
	_ = zip.Close()
	return file{"application/gzip", zipped.Bytes()}
}

func (s *Server) extractionFile(name string) (file, bool) {
	for _, x := range s.org.extractions() {
		if x.name() == name {
			return x.file(), true
		}
	}
	return file{}, false
}

// listExtraction lists files by when they were made. An organization that has
// not enabled extraction gets an answer that says so.
func (s *Server) listExtraction(w http.ResponseWriter, r *http.Request, _ caller) {
	files, problem := s.askedExtractions(r)
	p := &listingPage{c: extractionPages, query: r.URL.Query(), path: r.URL.Path, total: len(files)}
	p.key = strings.Join([]string{extractionPath, p.query.Get("dataSchema"), p.query.Get("dateStart"), p.query.Get("dateEnd")}, " ")
	for _, read := range []func() string{p.readSize, func() string { return p.place(s.cfg.Seed) }} {
		if problem == "" {
			problem = read()
		}
	}
	if problem != "" {
		badRequest(w, r, problem)
		return
	}
	s.spoil(r, p)
	b := []byte(`{"entities":[`)
	for i, x := range files[p.first:p.end] {
		if i > 0 {
			b = append(b, ',')
		}
		b = x.append(b)
	}
	b = append(b, `],"enabledDataSchemas":`...)
	enabled := []string{}
	if s.cfg.ExtractionFiles > 0 {
		enabled = extractionSchemas[:]
	}
	schemas, _ := json.Marshal(enabled) // strings cannot fail
	b = append(b, schemas...)
	for _, name := range []string{"nextUri", "selfUri"} {
		if value := p.member(name); value != "" {
			b = append(append(append(append(b, `,"`...), name...), `":`...), value...)
		}
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(append(b, '}'))
}

// askedExtractions gives the files that a request is about, or what is wrong with it.
func (s *Server) askedExtractions(r *http.Request) (files []extraction, problem string) {
	files = s.org.extractions()
	for name, values := range r.URL.Query() {
		at, err := time.Time{}, error(nil)
		if strings.HasPrefix(name, "date") {
			at, err = parseInstant(values[0])
		}
		switch {
		case name == "dataSchema":
			files = slices.DeleteFunc(files, func(x extraction) bool { return x.schema() != values[0] })
		case slices.Contains(pagingParameters[after][:], name):
		case name != "dateStart" && name != "dateEnd":
			return nil, "the simulator knows no parameter " + name
		case err != nil:
			return nil, err.Error()
		default:
			files = slices.DeleteFunc(files, func(x extraction) bool { return (x.created() < at.UnixMilli()) == (name == "dateStart") })
		}
	}
	return files, ""
}

// signExtraction gives URLs of files; one that there is not is left out.
func (s *Server) signExtraction(w http.ResponseWriter, r *http.Request, _ caller) {
	var body struct {
		Files []string `json:"files"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || len(body.Files) == 0 {
		badRequest(w, r, "files are required")
		return
	}
	signed := []map[string]string{}
	for _, x := range s.org.extractions() {
		if slices.Contains(body.Files, x.id()) {
			signed = append(signed, map[string]string{"id": x.id(), "signedUrl": s.fileURL("extraction", x.name())})
		}
	}
	reply(w, http.StatusOK, map[string]any{"entities": signed})
}

func eachExtraction(s *Server, yield func(Held) bool) {
	for _, x := range s.org.extractions() {
		if !yield(Held{Record: x.append(nil)}) {
			return
		}
	}
}

func eachExtractionFile(s *Server, yield func(Held) bool) {
	for _, x := range s.org.extractions() {
		if !yield(Held{Parent: []string{x.id()}, Record: json.RawMessage(`{"id":"` + x.id() + `"}`), Files: []HeldFile{x.file().held()}}) {
			return
		}
	}
}
