package simulator

import (
	"encoding/json"
	"net/http"
	"strings"
)

const knowledgeExports = "/api/v2/knowledge/knowledgebases/{knowledgeBaseId}/export/jobs"

// knowledgeRequest is what a job was asked for.
type knowledgeRequest struct {
	ExportFilter struct {
		VersionFilter   string          `json:"versionFilter"`
		DocumentsFilter json.RawMessage `json:"documentsFilter,omitempty"`
		Exclude         []string        `json:"exclude,omitempty"`
	} `json:"exportFilter"`
	FileType        string `json:"fileType"`
	JSONFileVersion int    `json:"jsonFileVersion"`
	SourceID        string `json:"sourceId,omitempty"`
}

// problem says what is wrong with a request, or nothing.
func (q knowledgeRequest) problem() string {
	switch filter := q.ExportFilter; {
	case filter.VersionFilter != "All" && filter.VersionFilter != "Latest":
		return "exportFilter.versionFilter must be All or Latest"
	case filter.DocumentsFilter != nil || len(filter.Exclude) > 0 || q.SourceID != "":
		return "the simulator exports whole knowledge bases only"
	case q.FileType != "Json":
		return "the simulator exports knowledge as Json only"
	case q.JSONFileVersion != 2 && q.JSONFileVersion != 3:
		return "jsonFileVersion must be 2 or 3"
	}
	return ""
}

func (s *Server) exportKnowledge(w http.ResponseWriter, r *http.Request, c caller) {
	if _, ok := s.entities.find(s.entities.byPath["knowledge/knowledgebases"], r.PathValue("knowledgeBaseId")); !ok {
		notHere(w, r, caller{})
		return
	}
	q := knowledgeRequest{JSONFileVersion: 2}
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		badRequest(w, r, "the body is no request for an export: "+err.Error())
		return
	}
	if problem := q.problem(); problem != "" {
		badRequest(w, r, problem)
		return
	}
	job := &exportJob{knowledge: q}
	s.submitExport(r, c, q.ExportFilter.VersionFilter, job)
	reply(w, http.StatusAccepted, s.knowledgeJob(*job, "Created"))
}

// knowledgeExport goes from Created to Completed, or, for some bases, to
// PartialCompleted: a file that lacks a document, and an error that says so.
func (s *Server) knowledgeExport(w http.ResponseWriter, r *http.Request, _ caller) {
	job, status, done, ok := s.exportStatus(w, r, r.PathValue("exportJobId"),
		"Created", "ValidationInProgress", "ValidationCompleted", "Started", "InProgress", "Completed")
	if !ok {
		return
	}
	if !done {
		reply(w, http.StatusAccepted, s.knowledgeJob(job, status))
		return
	}
	id := r.PathValue("knowledgeBaseId")
	ordinal, _ := s.entities.find(s.entities.byPath["knowledge/knowledgebases"], id) // the job was taken on for it
	end := s.knowledgeEnd(ordinal)
	body := s.knowledgeJob(job, end.Status)
	body["countDocumentProcessed"], body["downloadURL"] = end.Count, s.fileURL("knowledge", id+".json")
	if end.Status != "Completed" {
		body["errorInformation"] = errorBody(r, http.StatusInternalServerError, "knowledge.export.partial", "Some documents could not be exported.")
	}
	reply(w, http.StatusOK, body)
}

func (s *Server) knowledgeJob(job exportJob, status string) map[string]any {
	at := job.submitted.UTC().Format(millis)
	return map[string]any{
		"id": job.id, "fileType": job.knowledge.FileType, "jsonFileVersion": job.knowledge.JSONFileVersion,
		"exportFilter": job.knowledge.ExportFilter, "status": status, "createdBy": map[string]string{"id": job.client.ID},
		"dateCreated": at, "dateModified": at, "selfUri": job.path + "/" + job.id,
	}
}

// knowledgeEnd is how every export of a base ends.
type knowledgeEnd struct {
	Status string `json:"status"`
	Count  int    `json:"countDocumentProcessed"`
}

func (s *Server) knowledgeEnd(ordinal int) knowledgeEnd {
	n := s.entities.byPath["knowledge/knowledgebases/{knowledgeBaseId}/documents"].rowsOf(ordinal)
	if below(hash(s.cfg.Seed, 'K', uint64(ordinal)), s.cfg.PartialKnowledge) {
		return knowledgeEnd{"PartialCompleted", max(n-1, 0)}
	}
	return knowledgeEnd{"Completed", n}
}

// eachKnowledgeExport tells in Record how an export ends; nothing else of a job
// is the same in the next.
func eachKnowledgeExport(s *Server, yield func(Held) bool) {
	s.eachEntity("knowledge/knowledgebases", func(ordinal int, id string) bool {
		record, _ := json.Marshal(s.knowledgeEnd(ordinal)) // a word and a number
		return yield(Held{Parent: []string{id}, Record: record, Files: []HeldFile{s.knowledge(ordinal).held()}})
	})
}

// knowledge is what an export of a base gives: the base, its categories and
// labels, and each document whole, drafts included. All versions or the latest,
// and versions of the file, make no difference here.
func (s *Server) knowledge(ordinal int) file {
	base := s.entities.byPath["knowledge/knowledgebases"]
	b := s.entities.appendEntity([]byte(`{"knowledgeBase":`), base, 0, ordinal, shape{})
	for _, name := range []string{"categories", "labels", "documents"} {
		c := s.entities.byPath["knowledge/knowledgebases/{knowledgeBaseId}/"+name]
		n, whole := c.rowsOf(ordinal), s.entities.byPath[c.path+"/{documentId}"]
		if whole != nil {
			n = s.knowledgeEnd(ordinal).Count
		}
		b = append(append(append(b, `,"`...), name...), `":[`...)
		for i := range n {
			if i > 0 {
				b = append(b, ',')
			}
			if whole != nil {
				b = s.entities.appendEntity(b, whole, c.ordinal(ordinal, i), 0, shape{whole: true})
			} else {
				b = s.entities.appendEntity(b, c, ordinal, i, shape{})
			}
		}
		b = append(b, ']')
	}
	return file{"application/json", append(b, '}')}
}

// knowledgeFile finds the base of "<base id>.json".
func (s *Server) knowledgeFile(name string) (file, bool) {
	id, ok := strings.CutSuffix(name, ".json")
	ordinal, found := s.entities.find(s.entities.byPath["knowledge/knowledgebases"], id)
	if !ok || !found {
		return file{}, false
	}
	return s.knowledge(ordinal), true
}
