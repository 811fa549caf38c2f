package simulator_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"exitplan/internal/simulator"
)

// One flow is a file of either kind; several are in one archive.
func TestFlowsAreExported(t *testing.T) {
	c := start(t, simulator.Config{}).demo()
	list, _ := c.behind(flowExports)
	var flows []m
	want := map[string]simulator.HeldFile{}
	for _, flow := range list {
		id := flow.Parent[0]
		for i, exportType := range []string{"Yaml", "Architect"} {
			job := c.exported(flowExports, m{"flows": []m{{"flow": m{"id": id}, "fileName": "a_b-1", "exportType": exportType}}})
			url := job["downloadUrl"].(string)
			c.fetched(url, flow.Files[i])
			if job["status"] != "Success" || job["command"] != "Export" || !strings.Contains(url, "/a_b-1.") {
				t.Errorf("job %v", job)
			}
		}
		// Without a type it is YAML, and without a name the flow's id.
		flows = append(flows, m{"flow": m{"id": id}}, m{"flow": m{"id": id}, "exportType": "Architect"})
		want[id+".yaml"], want[id+".i3Flow"] = flow.Files[0], flow.Files[1]
	}
	if len(list) < 5 {
		t.Fatalf("%d flows", len(list))
	}
	res, body := c.follow(c.exported(flowExports, m{"flows": flows})["downloadUrl"].(string))
	if res.Header.Get("Content-Type") != "application/zip" {
		t.Errorf("several flows come as %s", res.Header.Get("Content-Type"))
	}
	archive, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range archive.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(content); want[f.Name].SHA256 != hex.EncodeToString(sum[:]) {
			t.Errorf("%s of %d bytes is not %+v", f.Name, len(content), want[f.Name])
		}
		delete(want, f.Name)
	}
	if len(want) > 0 {
		t.Errorf("the archive lacks %v", want)
	}
}

// A job with a flow that was deleted fails, and says why where it is asked.
func TestDeletedFlowsAreNotExported(t *testing.T) {
	c := start(t, simulator.Config{}).demo()
	list, _ := c.behind(flowExports)
	sound := list[0].Parent[0]
	exportable := map[string]bool{}
	for _, flow := range list {
		exportable[flow.Parent[0]] = true
	}
	failed := 0
	for row := range c.s.Truth().Listing(api+"flows", "") {
		id := entityID(t, row)
		if exportable[id] {
			continue
		}
		failed++
		job := c.exported(flowExports, m{"flows": []m{{"flow": m{"id": sound}}, {"flow": m{"id": id}}}})
		if job["status"] != "Failure" || job["downloadUrl"] != nil || job["messages"] != nil {
			t.Errorf("job %v", job)
		}
		job = c.call(200, http.MethodGet, flowExports+"/"+job["id"].(string)+"?expand=messages", nil)
		if messages := job["messages"].([]any); len(messages) != 1 || !strings.Contains(messages[0].(m)["text"].(string), id) {
			t.Errorf("job %v", job)
		}
	}
	if failed == 0 {
		t.Error("no flow is deleted")
	}
}

func TestFlowExportRefusals(t *testing.T) {
	anonymous := start(t, simulator.Config{JobLatency: time.Hour, Clients: []simulator.Client{
		{ID: "demo-client", Secret: "demo-secret"}, {ID: "poor", Secret: "p", Permissions: []string{"architect:jobExport:view"}}}})
	c, poor := anonymous.demo(), anonymous.login("poor", "p")
	list, _ := c.behind(flowExports)
	flow := m{"id": list[0].Parent[0]}
	for _, flows := range [][]m{
		{}, {{"flow": m{"name": "x"}}}, {{"flow": flow, "fileName": "a/b"}}, {{"flow": flow, "exportType": "Json"}},
	} {
		c.refused(400, "bad.request", http.MethodPost, flowExports, m{"flows": flows})
	}
	poor.refused(403, "missing.permissions", http.MethodPost, flowExports, m{"flows": []m{{"flow": flow}}})
	id := c.call(202, http.MethodPost, flowExports, m{"flows": []m{{"flow": flow}}})["id"].(string)
	if job := poor.call(200, http.MethodGet, flowExports+"/"+id, nil); job["status"] != "Registered" || job["downloadUrl"] != nil {
		t.Errorf("a job that has just begun: %v", job)
	}
}
