package simulator_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"exitplan/internal/simulator"
)

const extractions = "/api/v2/analytics/dataextraction/downloads"

// fetch gets a signed URL as anybody may, and says what the truth says of a file.
func (c *client) fetch(link string) (simulator.HeldFile, []byte) {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, link, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	res, raw := c.do(req)
	if res.StatusCode != http.StatusOK {
		c.t.Fatalf("%s: %d %s", link, res.StatusCode, raw)
	}
	sum := sha256.Sum256(raw)
	return simulator.HeldFile{ContentType: res.Header.Get("Content-Type"), Bytes: int64(len(raw)), SHA256: hex.EncodeToString(sum[:])}, raw
}

// The files that metadata list are those that can be fetched, and an id that names
// none is left out.
func TestExtractionGivesTheTruth(t *testing.T) {
	c := start(t, simulator.Config{Seed: 9, ExtractionFiles: 11}).demo()
	rows, pages := c.paged(extractions+"/metadata?pageSize=4", "entities")
	sameRows(t, "metadata", rows, records(c.held(extractions + "/metadata")[""]))
	if len(rows) != 11 || pages != 3 {
		t.Fatalf("%d files on %d pages", len(rows), pages)
	}
	ids, kinds := []string{"none"}, map[string]int{}
	for _, row := range rows {
		ids = append(ids, entityID(t, row))
	}
	truth := c.held(extractions + "/bulk")
	got := c.call(200, http.MethodPost, extractions+"/bulk", m{"files": ids})["entities"].([]any)
	for _, one := range got {
		id, link := one.(m)["id"].(string), one.(m)["signedUrl"].(string)
		file, body := c.fetch(link)
		want := truth[id][0]
		if len(truth[id]) != 1 || !slices.Equal(want.Files, []simulator.HeldFile{file}) || string(want.Record) != `{"id":"`+id+`"}` {
			t.Errorf("%s is %v, want %v", link, file, want)
		}
		if kinds[file.ContentType]++; file.ContentType == "application/gzip" {
			zipped, err := gzip.NewReader(bytes.NewReader(body))
			if err == nil {
				body, err = io.ReadAll(zipped)
			}
			if err != nil {
				t.Errorf("%s: %v", link, err)
			}
		}
		if !bytes.HasPrefix(body, []byte("id,name,value\n")) {
			t.Errorf("%s: %.50q", link, body)
		}
	}
	if len(got) != 11 || len(truth) != 11 || kinds["text/csv"] == 0 || kinds["application/gzip"] == 0 {
		t.Errorf("%d URLs for %d files: %v", len(got), len(truth), kinds)
	}
}

func TestExtractionFilters(t *testing.T) {
	c := start(t, simulator.Config{ExtractionFiles: 12, Days: 6}).demo()
	rows, _ := c.paged(extractions+"/metadata?pageSize=200", "entities")
	type metadata struct {
		DataSchema  string
		DateCreated time.Time
	}
	from, to := day0.AddDate(0, 0, 2), day0.AddDate(0, 0, 5)
	for query, in := range map[string]func(metadata) bool{
		"dataSchema=conversations":                     func(x metadata) bool { return x.DataSchema == "conversations" },
		"dateStart=" + from.Format(time.RFC3339):       func(x metadata) bool { return !x.DateCreated.Before(from) },
		"dateEnd=" + to.Format("2006-01-02T15:04:05Z"): func(x metadata) bool { return x.DateCreated.Before(to) },
		"dataSchema=user_presence&dateEnd=2026-03-05T00:00:00Z": func(x metadata) bool {
			return x.DataSchema == "user_presence" && x.DateCreated.Before(day0.AddDate(0, 0, 4))
		},
	} {
		var want []json.RawMessage
		for _, row := range rows {
			var x metadata
			if err := json.Unmarshal(row, &x); err != nil {
				t.Fatal(err)
			}
			if in(x) {
				want = append(want, row)
			}
		}
		got, _ := c.paged(extractions+"/metadata?pageSize=2&"+query, "entities")
		sameRows(t, query, got, want)
		if len(want) == 0 || len(want) == 12 {
			t.Errorf("%s finds %d of 12", query, len(want))
		}
	}
}

func TestExtractionNotEnabled(t *testing.T) {
	c := start(t, simulator.Config{ExtractionFiles: -1}).demo()
	answer := c.call(200, http.MethodGet, extractions+"/metadata", nil)
	if len(answer["entities"].([]any))+len(answer["enabledDataSchemas"].([]any)) > 0 || len(c.held(extractions+"/metadata")) > 0 {
		t.Errorf("metadata %v", answer)
	}
	if answer = start(t, simulator.Config{}).demo().call(200, http.MethodGet, extractions+"/metadata", nil); len(answer["enabledDataSchemas"].([]any)) != 3 || len(answer["entities"].([]any)) != 5 {
		t.Errorf("metadata by default %v", answer)
	}
}

// A file is fetched through a URL that lives for a while, with the faults of media.
func TestExtractionURLs(t *testing.T) {
	var now clock
	c := start(t, simulator.Config{Now: now.now, Faults: faulty(t, "drop-media=1")}).demo()
	ids := []string{}
	for id := range c.held(extractions + "/bulk") {
		ids = append(ids, id)
	}
	link := c.call(200, http.MethodPost, extractions+"/bulk", m{"files": ids})["entities"].([]any)[0].(m)["signedUrl"].(string)
	req := c.request(http.MethodGet, strings.TrimPrefix(link, c.s.MediaURL()), nil)
	req.URL.Host = strings.TrimPrefix(c.s.MediaURL(), "http://")
	req.Header.Del("Authorization")
	if _, raw, err := c.try(req); err == nil {
		t.Errorf("the connection was not closed after %d bytes", len(raw))
	}
	c.s.SetFaults(simulator.Faults{})
	c.fetch(link)
	now.advance(61 * time.Minute)
	if res, raw := c.do(req); res.StatusCode != 403 || !bytes.Contains(raw, []byte("Request has expired")) {
		t.Errorf("after an hour: %d %s", res.StatusCode, raw)
	}
}

func TestExtractionRefuses(t *testing.T) {
	c := start(t, simulator.Config{Clients: []simulator.Client{{ID: "demo-client", Secret: "demo-secret"}, {ID: "poor", Secret: "p", Permissions: []string{}}}})
	poor, c := c.login("poor", "p"), c.demo()
	for _, query := range []string{"pageSize=201", "after=x", "dateStart=yesterday", "before=x"} {
		c.refused(400, "bad.request", http.MethodGet, extractions+"/metadata?"+query, nil)
	}
	c.refused(400, "bad.request", http.MethodPost, extractions+"/bulk", m{"files": []string{}})
	poor.refused(403, "missing.permissions", http.MethodGet, extractions+"/metadata", nil)
	poor.refused(403, "missing.permissions", http.MethodPost, extractions+"/bulk", m{"files": []string{"x"}})
}
