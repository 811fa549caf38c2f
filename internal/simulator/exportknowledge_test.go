package simulator_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"

	"exitplan/internal/simulator"
)

var wholeBase = m{"exportFilter": m{"versionFilter": "All"}, "fileType": "Json"}

// An export has each document whole, drafts included, or says that it has not.
func TestKnowledgeIsExported(t *testing.T) {
	for _, share := range []float64{0, 1} {
		c := start(t, simulator.Config{PartialKnowledge: share}).demo()
		list, paths := c.behind(knowledgeExports)
		total := 0
		for i, path := range paths {
			job := c.exported(path, wholeBase)
			var end struct {
				Status                 string
				CountDocumentProcessed float64
			}
			if err := json.Unmarshal(list[i].Record, &end); err != nil {
				t.Fatal(err)
			}
			if job["status"] != end.Status || job["countDocumentProcessed"] != end.CountDocumentProcessed ||
				(end.Status == "PartialCompleted") != (share == 1) || (job["errorInformation"] != nil) != (share == 1) {
				t.Errorf("%s: %v, want %+v", path, job, end)
			}
			var file struct{ Documents []json.RawMessage }
			if err := json.Unmarshal(c.fetched(job["downloadURL"].(string), list[i].Files[0]), &file); err != nil {
				t.Fatal(err)
			}
			documents := slices.Collect(c.s.Truth().Listing(api+"knowledge/knowledgebases/{knowledgeBaseId}/documents", list[i].Parent[0]))
			for j, document := range file.Documents {
				id := entityID(t, document)
				whole := slices.Collect(c.s.Truth().Expanded(api+"knowledge/knowledgebases/{knowledgeBaseId}/documents/{documentId}", id))
				if id != entityID(t, documents[j]) || string(whole[0]) != string(document) {
					t.Errorf("%s: document %d is %s, want %s", path, j, document, whole[0])
				}
			}
			missing := len(documents) - len(file.Documents)
			if want := min(int(share), len(documents)); missing != want || float64(len(file.Documents)) != end.CountDocumentProcessed {
				t.Errorf("%s: %d documents of %d", path, len(file.Documents), len(documents))
			}
			total += len(documents)
		}
		if total == 0 {
			t.Error("there are no documents")
		}
	}
}

func TestKnowledgeExportRefusals(t *testing.T) {
	c := start(t, simulator.Config{}).demo()
	_, paths := c.behind(knowledgeExports)
	for _, body := range []m{
		{"exportFilter": m{"versionFilter": "All"}, "fileType": "Csv"},
		{"exportFilter": m{"versionFilter": "Some"}, "fileType": "Json"},
		{"exportFilter": m{"versionFilter": "All", "exclude": []string{"Labels"}}, "fileType": "Json"},
		{"exportFilter": m{"versionFilter": "All"}, "fileType": "Json", "jsonFileVersion": 4},
		{"fileType": "Json"},
	} {
		c.refused(400, "bad.request", http.MethodPost, paths[0], body)
	}
	c.call(202, http.MethodPost, paths[0], m{"exportFilter": m{"versionFilter": "Latest"}, "fileType": "Json", "jsonFileVersion": 3})
	c.refused(404, "not.found", http.MethodPost, api+"knowledge/knowledgebases/none/export/jobs", wholeBase)
}
