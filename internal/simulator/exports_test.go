package simulator_test

import (
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"exitplan/internal/simulator"
)

const (
	flowExports      = api + "flows/export/jobs"
	contactExports   = api + "outbound/contactlists/{contactListId}/export"
	dncExports       = api + "outbound/dnclists/{dncListId}/export"
	knowledgeExports = api + "knowledge/knowledgebases/{knowledgeBaseId}/export/jobs"
	scriptExports    = api + "scripts/{scriptId}/export"
	tableExports     = api + "flows/datatables/{datatableId}/export/jobs"
)

// behind gives what the organization has behind an operation, and its paths.
func (c *client) behind(pattern string) (list []simulator.Held, paths []string) {
	c.t.Helper()
	from, to := strings.IndexByte(pattern, '{'), strings.IndexByte(pattern, '}')
	for h := range c.s.Truth().Held(pattern) {
		list = append(list, h)
		if from >= 0 {
			paths = append(paths, pattern[:from]+h.Parent[0]+pattern[to+1:])
		}
	}
	if len(list) == 0 {
		c.t.Fatalf("the organization holds nothing behind %s", pattern)
	}
	return list, paths
}

// follow gets a file by its signed URL.
func (c *client) follow(url string) (*http.Response, []byte) {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, url, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	return c.do(req)
}

// fetched fails unless a signed URL leads to what the truth says.
func (c *client) fetched(url string, want simulator.HeldFile) []byte {
	c.t.Helper()
	res, body := c.follow(url)
	sum := sha256.Sum256(body)
	got := simulator.HeldFile{ContentType: res.Header.Get("Content-Type"), Bytes: int64(len(body)), SHA256: hex.EncodeToString(sum[:]), JSON: want.JSON}
	if res.StatusCode != http.StatusOK || got != want {
		c.t.Fatalf("%s: %d %+v, want %+v", url, res.StatusCode, got, want)
	}
	return body
}

// exported asks for an export and waits until it is over.
func (c *client) exported(path string, body any) m {
	c.t.Helper()
	id := c.call(http.StatusAccepted, http.MethodPost, path, body)["id"].(string)
	deadline := time.Now().Add(10 * time.Second)
	for seen := ""; time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		res, raw := c.do(c.request(http.MethodGet, path+"/"+id, nil))
		job := c.object(raw)
		if job["id"] != id || job["selfUri"] != path+"/"+id {
			c.t.Fatalf("%s: %d %s", path, res.StatusCode, raw)
		}
		switch status := job["status"].(string); status {
		case "Success", "Failure", "Completed", "PartialCompleted", "Succeeded":
			return job
		case "Registered", "Created", "Processing":
			if seen != "" && seen != status {
				c.t.Fatalf("%s: %s after %s", path, status, seen)
			}
			fallthrough
		default:
			seen = status
			if job["downloadUrl"] != nil || job["downloadURL"] != nil || job["downloadURI"] != nil {
				c.t.Fatalf("%s: a file before the end: %s", path, raw)
			}
		}
	}
	c.t.Fatalf("%s: no end", path)
	return nil
}

// signed follows a URI of the API to the signed URL behind it.
func (c *client) signed(uri string) string {
	c.t.Helper()
	path, ok := strings.CutPrefix(uri, c.s.URL())
	if !ok || !strings.HasPrefix(path, api+"downloads/") {
		c.t.Fatalf("%s is not in the API", uri)
	}
	return c.call(200, http.MethodGet, path+"?issueRedirect=false", nil)["url"].(string)
}

func csvRecords(t *testing.T, body []byte) [][]string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(string(body))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestScriptsAreExported(t *testing.T) {
	c := start(t, simulator.Config{}).demo()
	list, paths := c.behind(scriptExports)
	for i, path := range paths {
		body := c.fetched(c.call(200, http.MethodPost, path, m{"fileName": "x"})["url"].(string), list[i].Files[0])
		if _, whole := c.do(c.request(http.MethodGet, strings.TrimSuffix(path, "/export"), nil)); string(whole) != string(body) {
			t.Errorf("%s: the file is %s, the script %s", path, body, whole)
		}
	}
	c.call(200, http.MethodPost, paths[0], nil)
	c.refused(400, "bad.request", http.MethodPost, paths[0], m{"versionId": list[0].Parent[0]})
	c.refused(404, "not.found", http.MethodPost, api+"scripts/none/export", nil)
}

func TestDataTablesAreExported(t *testing.T) {
	c := start(t, simulator.Config{}).demo()
	list, paths := c.behind(tableExports)
	total := 0
	for i, path := range paths {
		job := c.exported(path, nil)
		rows := csvRecords(t, c.fetched(c.signed(job["downloadURI"].(string)), list[i].Files[0]))
		if float64(len(rows)-1) != job["countRecordsProcessed"] || rows[0][0] != "key" {
			t.Errorf("%s: %d rows under %v, counted %v", path, len(rows)-1, rows[0], job["countRecordsProcessed"])
		}
		at := 1
		for row := range c.s.Truth().Listing(api+"flows/datatables/{datatableId}/rows", list[i].Parent[0]) {
			if key := c.object(row)["key"]; rows[at][0] != key {
				t.Errorf("%s: row %d has key %q, want %q", path, at, rows[at][0], key)
			}
			at++
		}
		total += at - 1
	}
	if total == 0 {
		t.Error("no data table has rows")
	}
	c.refused(404, "not.found", http.MethodPost, api+"flows/datatables/none/export/jobs", nil)
}

// A job is gone once its time is over, or the fault has hit it, and is no other
// parent's.
func TestExportJobsExpire(t *testing.T) {
	var now clock
	c := start(t, simulator.Config{Now: now.now, TokenTTL: 1000 * time.Hour}).demo()
	_, paths := c.behind(tableExports)
	job := c.exported(paths[0], nil)
	id := "/" + job["id"].(string)
	c.refused(404, "not.found", http.MethodGet, paths[1]+id, nil)
	c.refused(404, "not.found", http.MethodGet, paths[0]+"/none", nil)
	url := c.signed(job["downloadURI"].(string))
	now.advance(2 * time.Hour)
	if res, body := c.follow(url); res.StatusCode != http.StatusForbidden || !strings.Contains(string(body), "expired") {
		t.Errorf("an old URL: %d %s", res.StatusCode, body)
	}
	if again := c.call(200, http.MethodGet, paths[0]+id, nil); again["downloadURI"] != job["downloadURI"] || c.signed(again["downloadURI"].(string)) == url {
		t.Errorf("asked again: %v", again)
	}
	now.advance(24 * time.Hour)
	c.refused(404, "not.found", http.MethodGet, paths[0]+id, nil)

	id = "/" + c.exported(paths[0], nil)["id"].(string)
	c.s.SetFaults(faulty(t, "expired-job=1"))
	c.refused(404, "not.found", http.MethodGet, paths[0]+id, nil)
	c.s.SetFaults(simulator.Faults{})
	c.refused(404, "not.found", http.MethodGet, paths[0]+id, nil)
	// At a moderate rate a job that is asked for again comes through.
	c.s.SetFaults(faulty(t, "expired-job=0.9"))
	for range 4 {
		id := c.call(202, http.MethodPost, paths[0], nil)["id"].(string)
		time.Sleep(5 * time.Millisecond)
		if res, _ := c.do(c.request(http.MethodGet, paths[0]+"/"+id, nil)); res.StatusCode == http.StatusOK {
			return
		}
	}
	t.Error("four jobs were lost running")
}

// Files have the faults of media.
func TestExportedFilesFail(t *testing.T) {
	c := start(t, simulator.Config{}).demo()
	_, paths := c.behind(scriptExports)
	for fault, want := range map[string]int{"5xx=1": 503, "html-200=1": 200, "drop-media=1": 0, "expired-url=1": 403} {
		c.s.SetFaults(simulator.Faults{})
		url := c.call(200, http.MethodPost, paths[0], nil)["url"].(string)
		c.s.SetFaults(faulty(t, fault))
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, body, err := c.try(req)
		switch {
		case want == 0 && !errors.Is(err, io.ErrUnexpectedEOF):
			t.Errorf("%s: %v", fault, err)
		case want != 0 && (err != nil || res.StatusCode != want || body[0] != '<'):
			t.Errorf("%s: %v %v %s", fault, err, res, body)
		}
	}
}

var exportPatterns = []string{flowExports, contactExports, dncExports, knowledgeExports, scriptExports, tableExports}

func TestExportsAreDeterministic(t *testing.T) {
	one, again, other := start(t, simulator.Config{Seed: 3}), start(t, simulator.Config{Seed: 3}), start(t, simulator.Config{Seed: 4})
	for _, pattern := range exportPatterns {
		list, _ := one.behind(pattern)
		if same, _ := again.behind(pattern); !reflect.DeepEqual(list, same) {
			t.Errorf("%s changes from run to run", pattern)
		}
		if another, _ := other.behind(pattern); reflect.DeepEqual(list, another) {
			t.Errorf("%s does not hang on the seed", pattern)
		}
	}
}

func TestHeldExports(t *testing.T) {
	c := start(t, simulator.Config{Without: []string{scriptExports}})
	patterns := strings.Join(c.s.Truth().HeldPatterns(), "\n")
	for _, pattern := range exportPatterns {
		if strings.Contains(patterns, pattern) == (pattern == scriptExports) {
			t.Errorf("%s among %s", pattern, patterns)
		}
	}
	for range c.s.Truth().Held(scriptExports) {
		t.Error("the organization has no scripts to export")
	}
}
