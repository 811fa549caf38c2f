package simulator

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
)

const flowExports = "/api/v2/flows/export/jobs"

// flowToExport is one of a job's flows.
type flowToExport struct {
	Flow struct {
		ID string `json:"id"`
	} `json:"flow"`
	FileName   string `json:"fileName"`
	ExportType string `json:"exportType"`
}

var flowFileName = regexp.MustCompile(`^[A-Za-z0-9_-]*$`)

// flowExtensions by export type. The definition says only that there is one.
var flowExtensions = map[string]string{"Yaml": "yaml", "Architect": "i3Flow"}

// name is that of the file; without a name in the request, the flow's id.
func (f flowToExport) name() string {
	name := f.FileName
	def(&name, f.Flow.ID)
	return name + "." + flowExtensions[f.ExportType]
}

func (s *Server) exportFlows(w http.ResponseWriter, r *http.Request, c caller) {
	var body struct {
		Flows []flowToExport `json:"flows"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || len(body.Flows) == 0 {
		badRequest(w, r, "flows are required")
		return
	}
	for i := range body.Flows {
		f := &body.Flows[i]
		def(&f.ExportType, "Yaml")
		switch {
		case f.Flow.ID == "":
			badRequest(w, r, "the simulator knows flows by their id only")
			return
		case flowExtensions[f.ExportType] == "":
			badRequest(w, r, "there is no exportType "+f.ExportType)
			return
		case !flowFileName.MatchString(f.FileName):
			badRequest(w, r, "fileName must contain only alphanumeric characters, underscores, or hyphens")
			return
		}
	}
	job := &exportJob{flows: body.Flows}
	s.submitExport(r, c, fmt.Sprint(body.Flows), job)
	reply(w, http.StatusAccepted, map[string]any{
		"id": job.id, "status": "Registered", "totalFlows": len(body.Flows), "selfUri": flowExports + "/" + job.id,
	})
}

// flowExport goes from Registered to Success. The definition does not say what
// becomes of a flow that was deleted or never was: here the whole job comes to
// Failure, and its messages say why.
func (s *Server) flowExport(w http.ResponseWriter, r *http.Request, _ caller) {
	job, status, done, ok := s.exportStatus(w, r, r.PathValue("jobId"), "Registered", "Started", "Success")
	if !ok {
		return
	}
	body := map[string]any{"id": job.id, "status": status, "command": "Export", "selfUri": r.URL.Path}
	messages := []any{}
	for _, f := range job.flows {
		if _, here := s.flowToExport(f.Flow.ID); !here {
			messages = append(messages, map[string]string{
				"dateTime": job.submitted.UTC().Format(millis), "type": "Error", "text": "The flow " + f.Flow.ID + " was not found.",
			})
		}
	}
	switch {
	case done && len(messages) > 0:
		body["status"] = "Failure"
	case done && len(job.flows) == 1:
		body["downloadUrl"] = s.fileURL("flow", job.flows[0].Flow.ID+"/"+job.flows[0].name())
	case done:
		body["downloadUrl"] = s.fileURL("flows", job.id+".zip")
	}
	if done && r.URL.Query().Get("expand") == "messages" {
		body["messages"] = messages
	}
	reply(w, http.StatusOK, body)
}

// flowToExport is false for a flow that was deleted.
func (s *Server) flowToExport(id string) (ordinal int, ok bool) {
	flows := s.entities.byPath["flows"]
	ordinal, ok = s.entities.find(flows, id)
	return ordinal, ok && flows.hiding.classAt(ordinal) == 0
}

func eachFlowExport(s *Server, yield func(Held) bool) {
	s.eachEntity("flows", func(ordinal int, id string) bool {
		if _, ok := s.flowToExport(id); !ok {
			return true
		}
		// Files are as Yaml, then as Architect.
		return yield(Held{Parent: []string{id}, Files: []HeldFile{s.flow(ordinal, "Yaml").held(), s.flow(ordinal, "Architect").held()}})
	})
}

// flow is what one export of a flow gives.
func (s *Server) flow(ordinal int, exportType string) file {
	c := s.entities.byPath["flows/{flowId}/latestconfiguration"]
	if exportType == "Yaml" {
		b := append([]byte("# "), s.entities.id(c.base, ordinal).String()...)
		b = s.entities.appendEntity(append(b, "\nflow:\n  "...), c, ordinal, 0, shape{}) // JSON is YAML
		return file{"application/x-yaml", append(b, '\n')}
	}
	r := random{hash(s.cfg.Seed, 'A', uint64(ordinal))}
	b := make([]byte, 1000+r.below(4000))
	for i := range b {
		b[i] = byte(r.next())
	}
	return file{"application/octet-stream", b}
}

// flowFile finds the file of "<flow id>/<name>.<extension>".
func (s *Server) flowFile(name string) (file, bool) {
	id, rest, _ := strings.Cut(name, "/")
	ordinal, ok := s.flowToExport(id)
	for exportType, extension := range flowExtensions {
		if ok && strings.HasSuffix(rest, "."+extension) {
			return s.flow(ordinal, exportType), true
		}
	}
	return file{}, false
}

// flowsFile packs the flows of the job of "<job id>.zip".
func (s *Server) flowsFile(name string) (file, bool) {
	job, ok := s.exports.find(strings.TrimSuffix(name, ".zip"))
	if !ok {
		return file{}, false
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range job.flows {
		ordinal, ok := s.flowToExport(f.Flow.ID)
		if !ok {
			return file{}, false
		}
		entry, err := z.CreateHeader(&zip.FileHeader{Name: f.name(), Method: zip.Deflate})
		if err != nil {
			return file{}, false
		}
		_, _ = entry.Write(s.flow(ordinal, f.ExportType).body) // a buffer takes everything
	}
	_ = z.Close()
	return file{"application/zip", b.Bytes()}, true
}
