package simulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

const tableExports = "/api/v2/flows/datatables/{datatableId}/export/jobs"

func (s *Server) exportTable(w http.ResponseWriter, r *http.Request, c caller) {
	if _, ok := s.entities.find(s.entities.byPath["flows/datatables"], r.PathValue("datatableId")); !ok {
		notHere(w, r, caller{})
		return
	}
	job := &exportJob{}
	s.submitExport(r, c, "", job)
	reply(w, http.StatusAccepted, tableJob(*job, "Processing"))
}

// tableExport goes from Processing to Succeeded. The file lies in the API and
// needs its token; see download.
func (s *Server) tableExport(w http.ResponseWriter, r *http.Request, _ caller) {
	job, status, done, ok := s.exportStatus(w, r, r.PathValue("exportJobId"), "Processing", "Succeeded")
	if !ok {
		return
	}
	body := tableJob(job, status)
	if !done {
		reply(w, http.StatusAccepted, body)
		return
	}
	ordinal, _ := s.entities.find(s.entities.byPath["flows/datatables"], r.PathValue("datatableId")) // the job was taken on for it
	body["dateCompleted"] = job.submitted.Add(s.cfg.JobLatency).UTC().Format(millis)
	body["downloadURI"] = s.downloadURI("flows/datatables", ordinal, false)
	body["countRecordsProcessed"] = s.entities.byPath["flows/datatables/{datatableId}/rows"].rowsOf(ordinal)
	reply(w, http.StatusOK, body)
}

func tableJob(job exportJob, status string) map[string]any {
	return map[string]any{
		"id": job.id, "status": status, "owner": map[string]string{"id": job.client.ID},
		"dateCreated": job.submitted.UTC().Format(millis), "selfUri": job.path + "/" + job.id,
	}
}

func eachTableExport(s *Server, yield func(Held) bool) {
	s.eachEntity("flows/datatables", func(_ int, id string) bool {
		f, _ := s.tableFile(id + ".csv")
		return yield(Held{Parent: []string{id}, Files: []HeldFile{f.held()}})
	})
}

// tableFile has the rows of the data table of "<table id>.csv".
func (s *Server) tableFile(name string) (file, bool) {
	id, ok := strings.CutSuffix(name, ".csv")
	ordinal, found := s.entities.find(s.entities.byPath["flows/datatables"], id)
	if !ok || !found {
		return file{}, false
	}
	c := s.entities.byPath["flows/datatables/{datatableId}/rows"]
	header := []string{"key", "value", "priority", "active", "列 ü/1"}
	return csvFile(header, func(yield func([]string) bool) {
		for i := range c.rowsOf(ordinal) {
			var values map[string]any
			in := json.NewDecoder(bytes.NewReader(s.entities.appendEntity(nil, c, ordinal, i, shape{})))
			in.UseNumber()
			_ = in.Decode(&values) // it is JSON
			row := make([]string, len(header))
			for i, column := range header {
				row[i] = fmt.Sprint(values[column])
			}
			if !yield(row) {
				return
			}
		}
	}), true
}
