package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"exitplan/internal/dataset"
	"exitplan/internal/simulator"
)

// stored is what the destination has of one dataset.
type stored struct {
	records map[string]int    // lines of packed files: parents, then the record without what was signed
	alone   map[string]string // the same lines, by the record alone
	files   map[string]int    // digests of the other files
}

func newStored() *stored { return &stored{map[string]int{}, map[string]string{}, map[string]int{}} }

// everything reads the payload of all bags, but for conversations and recordings.
func everything(t *testing.T, w *world) map[string]*stored {
	t.Helper()
	store := w.store(t)
	found := map[string]*stored{}
	for file, err := range store.List(t.Context(), "bags/") {
		if err != nil {
			t.Fatal(err)
		}
		_, inBag, ok := strings.Cut(file.Path, "/data/")
		name, _, _ := strings.Cut(inBag, "/")
		if !ok || name == dataset.DetailsName || name == dataset.RecordingsName {
			continue
		}
		if found[name] == nil {
			found[name] = newStored()
		}
		body := slurp(t, store, file.Path)
		if strings.Contains(inBag, "/files/") {
			sum := sha256.Sum256(body)
			found[name].files[hex.EncodeToString(sum[:])]++
			continue
		}
		for _, line := range unpack(t, body) {
			var child struct {
				Parent []string        `json:"parent"`
				Record json.RawMessage `json:"record"`
			}
			if json.Unmarshal(line, &child) != nil || child.Record == nil {
				child.Parent, child.Record = nil, line
			}
			if name == "usage.billing" { // the truth tells of each resource
				billed(t, child.Record, found[name].records)
				continue
			}
			k := key(t, child.Parent, child.Record)
			found[name].records[k]++
			found[name].alone[key(t, nil, child.Record)] = k
		}
	}
	return found
}

func billed(t *testing.T, report json.RawMessage, records map[string]int) {
	t.Helper()
	var r struct {
		Usages []struct {
			Name      string
			Resources []json.RawMessage
		}
	}
	if err := json.Unmarshal(report, &r); err != nil {
		t.Fatal(err)
	}
	for _, u := range r.Usages {
		for _, resource := range u.Resources {
			records[key(t, []string{u.Name}, resource)]++
		}
	}
}

func unpack(t *testing.T, body []byte) (lines [][]byte) {
	t.Helper()
	zip, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	reader := bufio.NewReader(zip)
	for {
		line, err := reader.ReadBytes('\n')
		if err == io.EOF {
			return lines
		}
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, bytes.TrimSuffix(line, []byte{'\n'}))
	}
}

// key tells records apart by what they say, whatever the order and the spelling
// of their members; what is signed anew for each answer is left out.
func key(t *testing.T, parent []string, record json.RawMessage) string {
	t.Helper()
	var value any
	decoder := json.NewDecoder(bytes.NewReader(record))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		t.Fatalf("%v in %.200s", err, record)
	}
	text, err := json.Marshal([]any{parent, unsigned(value)})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func unsigned(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for name, member := range v {
			if text, ok := member.(string); ok && strings.Contains(text, "/files/") {
				delete(v, name)
				continue
			}
			v[name] = unsigned(member)
		}
	case []any:
		for i := range v {
			v[i] = unsigned(v[i])
		}
	}
	return value
}

// held fails unless each dataset that is no plain listing holds exactly what the
// organization has.
func (w *world) held(t *testing.T) {
	t.Helper()
	names := map[string][]string{} // datasets by path
	for _, info := range dataset.Catalogue() {
		operation, _, _ := strings.Cut(info.Method, ",")
		_, path, _ := strings.Cut(operation, " ")
		names[path] = append(names[path], info.Name)
	}
	found := everything(t, w)
	compared := 0
	for _, pattern := range w.sim.Truth().HeldPatterns() {
		of := names[pattern]
		if len(of) == 0 {
			continue // another operation has the same
		}
		compared++
		have := newStored()
		for _, name := range of {
			if found[name] == nil {
				continue
			}
			for k, n := range found[name].records {
				have.records[k] += n
			}
			maps.Copy(have.alone, found[name].alone)
			for k, n := range found[name].files {
				have.files[k] += n
			}
		}
		records, files, lacking := 0, 0, 0
		lacks := func(t *testing.T, format string, args ...any) {
			t.Helper()
			if lacking++; lacking <= 3 {
				t.Errorf(format, args...)
			}
		}
		for h := range w.sim.Truth().Held(pattern) {
			if h.Record != nil && !strings.Contains(pattern, "/export") && !strings.HasSuffix(pattern, "/transcripturls") {
				// What a job says of itself is made anew with it, and a transcript takes
				// the place of its URL.
				if pattern == "/api/v2/conversations/{conversationId}" && !strings.Contains(string(h.Record), `"messageId"`) {
					continue // of the operational store, conversations are asked for that have messages
				}
				records++
				// A record has the ids of what it was listed for, which are not
				// always those of its place.
				k := key(t, h.Parent, h.Record)
				for n := len(h.Parent) - 1; n >= 0 && have.records[k] == 0; n-- {
					k = key(t, h.Parent[:n], h.Record)
				}
				if have.records[k] == 0 {
					k = have.alone[key(t, nil, h.Record)]
				}
				if have.records[k] == 0 {
					lacks(t, "%v lacks %.300s of %v", of, h.Record, h.Parent)
				}
				if have.records[k] > 1 && of[0] != "audits.services" { // which are asked for again with each month
					lacks(t, "%v has %d times %.300s of %v", of, have.records[k], h.Record, h.Parent)
				}
				delete(have.records, k)
			}
			for _, f := range h.Files {
				if strings.Contains(pattern, "/flows/") && f.ContentType == "application/octet-stream" {
					continue // Architect's own format; flows are taken as YAML
				}
				files++
				if f.JSON != "" {
					if k := have.alone[key(t, nil, json.RawMessage(f.JSON))]; k != "" { // it has become a record
						delete(have.records, k)
						continue
					}
				}
				if have.files[f.SHA256] == 0 {
					lacks(t, "%v lacks a file of %s, %d bytes, of %v", of, f.ContentType, f.Bytes, h.Parent)
				}
			}
		}
		for k := range have.records {
			if records > 0 || strings.HasSuffix(pattern, "/transcripturls") {
				lacks(t, "%v: the organization does not have %.300s", of, k)
			}
		}
		if records+files == 0 {
			t.Errorf("%v: the organization has nothing to compare", of)
		}
		t.Logf("%v: %d records, %d files, %d lacking or too many", of, records, files, lacking)
	}
	t.Logf("%d operations compared", compared)
	// What is compared nowhere could lack anything.
	known := w.sim.Truth().HeldPatterns()
	for _, l := range w.sim.Truth().Listings() {
		known = append(known, l.Pattern)
	}
	for path, of := range names {
		if strings.HasPrefix(path, "/") && !slices.Contains(known, path) && !strings.HasSuffix(path, "/aggregates/query") {
			t.Errorf("%v: the truth knows nothing of %s", of, path)
		}
	}
}

// Everything that an organization has is exported and equal to the truth, with
// faults and without; on S3 as in a directory.
func TestTheWholeCatalogueIsExported(t *testing.T) {
	t.Parallel()
	for name, faults := range map[string]string{"quiet": "", "faults": "429-bare=0.005,5xx=0.01,drop-json=0.01,html-200=0.02,repeat-page=0.05,empty-page=0.05,expired-url=0.05,drop-media=0.05"} {
		t.Run(name, func(t *testing.T) {
			if faults != "" && testing.Short() {
				t.Skip("left out with -short")
			}
			parsed, err := simulator.ParseFaults(faults)
			if err != nil {
				t.Fatal(err)
			}
			w := newWorld(t, simulator.Config{Days: 2, ConversationsPerDay: 40, MaxAggregateValues: 700, Faults: parsed, MediaBytes: 2 << 10, JobLatency: 20 * time.Millisecond, Now: summer()})
			w.set(t, "source.datasets", "[all]")
			w.export(t, exitComplete)
			w.held(t)
			w.aggregated(t)
			w.listed(t)
			if code, stdout, _ := exitplan(t, w.args("verify", w.root())...); code != exitComplete {
				t.Errorf("verify: %d\n%s", code, stdout)
			}
		})
	}
}

// summer is the platform's clock a few months after what the organization holds:
// some of it is kept for a year.
func summer() func() time.Time {
	began := time.Now()
	return func() time.Time { return time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC).Add(time.Since(began)) }
}

// Killed at any instant, an export of everything still ends with everything, and
// with nothing twice.
func TestKillingAnExportOfEverything(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("left out with -short")
	}
	cfg := simulator.Config{Days: 2, ConversationsPerDay: 40, MediaBytes: 2 << 10, JobLatency: 20 * time.Millisecond, Now: summer()}
	cfg.Middleware = func(h http.Handler) http.Handler { return h } // what breaks off is no matter for the API definition
	w := newWorld(t, cfg)
	w.set(t, "source.datasets", "[all]")
	t.Logf("%d kills", w.kill(t, 12, 1500*time.Millisecond))
	w.export(t, exitComplete)
	w.held(t)
	w.aggregated(t)
	w.listed(t)
	if code, stdout, _ := exitplan(t, w.args("verify", w.root())...); code != exitComplete {
		t.Errorf("verify: %d\n%s", code, stdout)
	}
}

// aggregated fails unless each family of aggregates has every value that the
// organization has, by the half hour and the dimensions that are asked for.
func (w *world) aggregated(t *testing.T) {
	t.Helper()
	type value struct{ group, interval, metric, qualifier, stats string }
	have := map[string]map[value]int{}
	store := w.store(t)
	for file, err := range store.List(t.Context(), "bags/") {
		if err != nil {
			t.Fatal(err)
		}
		_, inBag, _ := strings.Cut(file.Path, "/data/")
		name, _, _ := strings.Cut(inBag, "/")
		if !strings.HasSuffix(name, ".aggregates") || !strings.HasSuffix(file.Path, ".jsonl.gz") {
			continue
		}
		if have[name] == nil {
			have[name] = map[value]int{}
		}
		for _, line := range unpack(t, slurp(t, store, file.Path)) {
			var row struct {
				Group map[string]string
				Data  []struct {
					Interval string
					Metrics  []struct {
						Metric, Qualifier string
						Stats             json.RawMessage
					}
				}
			}
			if err := json.Unmarshal(line, &row); err != nil {
				t.Fatal(err)
			}
			for _, d := range row.Data {
				for _, m := range d.Metrics {
					have[name][value{fmt.Sprint(row.Group), d.Interval, m.Metric, m.Qualifier, string(m.Stats)}]++
				}
			}
		}
	}
	for _, f := range w.sim.Truth().Families() {
		name := "analytics." + f.Name + ".aggregates"
		values, absent := 0, 0
		for v := range w.sim.Truth().Aggregates(f.Name, dataset.GroupBy(name), 30*time.Minute) {
			values++
			k := value{fmt.Sprint(v.Group), v.Interval, v.Metric, v.Qualifier, string(v.Stats)}
			if have[name][k] != 1 {
				absent++
			}
			delete(have[name], k)
		}
		if absent > 0 || len(have[name]) > 0 || values == 0 {
			t.Errorf("%s: of %d values %d are absent, and %d are too many", name, values, absent, len(have[name]))
		}
	}
}
