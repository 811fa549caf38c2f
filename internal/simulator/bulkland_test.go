package simulator_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"exitplan/internal/simulator"
	"exitplan/internal/sink/s3server"
)

// landed waits until a bucket has so many objects.
func landed(t *testing.T, server *s3server.Server, want int) []string {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if keys := keysOf(t, server); len(keys) >= want {
			return keys
		} else if time.Now().After(deadline) {
			t.Fatalf("%d objects in the bucket, want %d", len(keys), want)
		}
	}
}

// What landed carries the dates of its export; what did not keeps its bytes.
func TestBulkExportIsDated(t *testing.T) {
	cfg, _ := withBucket(t, simulator.Config{Bulk: simulator.Bulk{LostShare: 0.3, FailedShare: 0.2}})
	c := start(t, cfg).demo()
	retained := func() (rows []string) {
		for one := range c.s.Truth().Held(retention) {
			rows = append(rows, string(one.Record))
		}
		return rows
	}
	metadata := func() (rows []string) {
		for rec := range c.s.Truth().Recordings() {
			rows = append(rows, string(rec.Metadata))
		}
		return rows
	}
	before, described := retained(), metadata()
	job := c.exportAll()
	_, fates := c.expected()
	if fates["lost"] == 0 || fates["failed"] == 0 || fates["landed"] == 0 ||
		job["totalProcessedRecordings"] != float64(fates["landed"]+fates["lost"]) || job["totalFailedRecordings"] != float64(fates["failed"]) {
		t.Fatalf("%v of %v", job, fates)
	}
	dated := 0
	for i, row := range retained() {
		var read struct{ RecordingID, ExportDate, ExportedDate string }
		if err := json.Unmarshal([]byte(row), &read); err != nil {
			t.Fatal(err)
		}
		if c.s.Truth().BulkFate(read.RecordingID) != "landed" {
			if row != before[i] {
				t.Errorf("not exported, yet changed: %s, was %s", row, before[i])
			}
			continue
		}
		if dated++; read.ExportDate != "2026-03-05T00:00:00.000Z" || read.ExportedDate != later().Format("2006-01-02T15:04:05.000Z") {
			t.Errorf("exported: %s", row)
		}
	}
	if dated != fates["landed"] {
		t.Errorf("%d rows are dated, want %d", dated, fates["landed"])
	}
	changed := 0
	for i, row := range metadata() {
		if row != described[i] {
			changed++
			if !strings.Contains(row, `"exportedDate":"`+later().Format("2006-01-02T15:04:05.000Z")) {
				t.Errorf("changed: %s", row)
			}
		}
	}
	if changed != dated {
		t.Errorf("metadata of %d recordings changed, want %d", changed, dated)
	}
	path := ""
	for rec := range c.s.Truth().Recordings() {
		if c.s.Truth().BulkFate(rec.ID) == "landed" {
			path = api + "conversations/" + rec.ConversationID + "/recordingmetadata/" + rec.ID
			break
		}
	}
	if got := c.call(200, http.MethodGet, path, nil); got["exportedDate"] == nil {
		t.Errorf("%v", got)
	}
}

// Objects land after the job says that it is done, among those of strangers.
func TestBulkObjectsLandLate(t *testing.T) {
	cfg, server := withBucket(t, simulator.Config{Bulk: simulator.Bulk{Landing: time.Second, Strangers: 7}})
	c := start(t, cfg).demo()
	c.exportAll()
	want, _ := c.expected()
	strangers := c.s.Truth().BulkStrangers()
	if n := len(keysOf(t, server)); n < len(strangers) || n > len(want)/2+len(strangers) {
		t.Errorf("%d of %d objects lie there at the job's end", n, len(want))
	}
	keys := landed(t, server, len(want)+len(strangers))
	for _, key := range keys {
		if _, ok := want[key]; !ok && !slices.Contains(strangers, key) {
			t.Errorf("%s is nothing that was to be exported", key)
		}
	}
	for _, key := range strangers {
		if id := key[strings.LastIndexByte(key, '/')+1:][:36]; c.s.Truth().BulkFate(id) != "" || !slices.Contains(keys, key) {
			t.Errorf("%s is of a recording, or not there", key)
		}
	}
}

// A server is closed while objects land, and at once.
func TestBulkIsClosedWhileLanding(t *testing.T) {
	cfg, server := withBucket(t, simulator.Config{Bulk: simulator.Bulk{Landing: time.Hour}})
	c := start(t, cfg).demo()
	c.exportAll()
	begun := time.Now()
	if err := c.s.Close(); err != nil || time.Since(begun) > 5*time.Second {
		t.Errorf("closed after %v: %v", time.Since(begun), err)
	}
	if n := len(keysOf(t, server)); n != 0 {
		t.Errorf("%d objects landed within moments of an hour", n)
	}
}

// Nothing lands before its date, by the platform's clock.
func TestBulkExportAwaitsItsDate(t *testing.T) {
	var now clock
	now.advance(time.Until(later()))
	cfg, server := withBucket(t, simulator.Config{Now: now.now})
	cfg.TokenTTL = 10000 * time.Hour
	c := start(t, cfg).demo()
	query := c.export()
	delete(query, "actionDate")
	query["actionAge"] = 8 // between the days of the organization
	job := c.bulkJob(query)
	c.execute(job["id"].(string))
	c.bulkState(job["id"].(string), "FULFILLED")
	want, _ := c.expected()
	first := len(keysOf(t, server))
	if first == 0 || first == len(want) {
		t.Fatalf("%d of %d objects are due", first, len(want))
	}
	now.advance(30 * 24 * time.Hour)
	landed(t, server, len(want))
}

// A job that is cancelled while it runs writes no more.
func TestBulkJobIsCancelled(t *testing.T) {
	cfg, server := withBucket(t, simulator.Config{Bulk: simulator.Bulk{Latency: 300 * time.Millisecond, Landing: time.Millisecond}})
	c := start(t, cfg).demo()
	pending := c.call(202, http.MethodPost, bulkJobs, c.export())["id"].(string)
	c.call(204, http.MethodDelete, bulkJobs+"/"+pending, nil)
	id := c.bulkJob(c.export())["id"].(string)
	if job := c.execute(id); job["state"] != "PROCESSING" || job["percentProgress"] == 100.0 {
		t.Errorf("executed: %v", job)
	}
	c.call(204, http.MethodDelete, bulkJobs+"/"+id, nil)
	c.bulkState(id, "CANCELLED")
	c.refused(400, "bad.request", http.MethodDelete, bulkJobs+"/"+id, nil)
	c.refused(400, "bad.request", http.MethodPut, bulkJobs+"/"+id, m{"state": "PROCESSING"})
	time.Sleep(400 * time.Millisecond)
	if n := len(keysOf(t, server)); n != 0 {
		t.Errorf("a cancelled job wrote %d objects", n)
	}
}

// Jobs that fail write nothing; the next one does.
func TestBulkJobsFail(t *testing.T) {
	cfg, server := withBucket(t, simulator.Config{Bulk: simulator.Bulk{FailJobs: 1, Integrations: []simulator.BulkIntegration{
		{Bucket: "elsewhere"}, {NoCredentials: true}}}})
	c := start(t, cfg).demo()
	for i, words := range []string{"internal error", "elsewhere", "no credentials"} {
		query := c.export()
		if i > 0 {
			query["integrationId"] = c.s.IntegrationOf(i - 1)
		}
		id := c.bulkJob(query)["id"].(string)
		c.execute(id)
		if job := c.bulkState(id, "FAILED"); !strings.Contains(job["errorMessage"].(string), words) {
			t.Errorf("%v, want %q", job, words)
		}
	}
	if n := len(keysOf(t, server)); n != 0 {
		t.Errorf("jobs that failed wrote %d objects", n)
	}
	c.exportAll()
	if len(keysOf(t, server)) == 0 {
		t.Error("nothing was exported")
	}
}
