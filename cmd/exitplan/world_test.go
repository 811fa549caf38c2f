package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"exitplan/internal/config"
	"exitplan/internal/simulator"
	"exitplan/internal/simulator/apicheck"
	"exitplan/internal/sink"
	"exitplan/manifest"
)

// world is a simulated organization, and the configuration of its export.
type world struct {
	sim    *simulator.Server
	cfg    simulator.Config
	values map[string]string
	dir    string // of configuration, state and, for directories, the export
	config string // path of exitplan.yaml
}

// fork is another export of the same organization.
func (w *world) fork(t *testing.T) *world {
	t.Helper()
	other := &world{sim: w.sim, cfg: w.cfg, dir: t.TempDir(), values: maps.Clone(w.values)}
	other.config = filepath.Join(other.dir, "exitplan.yaml")
	other.set(t, "destination.url", "file://"+filepath.ToSlash(filepath.Join(other.dir, "export")),
		"state", filepath.Join(other.dir, "state"))
	return other
}

// core selects conversations and their recordings alone.
const core = "[analytics.conversations.details, recordings, -recordings.*, -interactions.*]"

// newWorld starts an organization whose every request and answer is held
// against the public API definition, where that is at hand.
func newWorld(t *testing.T, cfg simulator.Config) *world {
	t.Helper()
	if cfg.RequestsPerMinute == 0 {
		cfg.RequestsPerMinute = -1
	}
	if cfg.JobLatency == 0 {
		cfg.JobLatency, cfg.BatchLatency = time.Millisecond, time.Millisecond
	}
	if cfg.From.IsZero() {
		cfg.From = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	}
	if cfg.Days == 0 {
		cfg.Days = 3
	}
	if cfg.Middleware == nil && !testing.Short() { // under the race detector it takes longer than all the rest
		cfg.Middleware = definition(t)
	}
	cfg.CountMedia = true
	sim, err := simulator.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sim.Close() })
	dir := t.TempDir()
	w := &world{sim: sim, cfg: cfg, dir: dir, config: filepath.Join(dir, "exitplan.yaml"), values: map[string]string{
		"contract.customer": "Example KK", "contract.time_zone": "Etc/UTC",
		"contract.subscription_start": "2021-04-01", "contract.exit_started": "2026-01-01",
		"contract.termination_date": "2099-12-31",
		"source.region":             "ap-northeast-1", "source.client_id": "demo-client",
		"source.api_url": sim.URL(), "source.login_url": sim.URL(),
		"source.interval.from": cfg.From.Format(time.DateOnly), "source.interval.to": cfg.From.AddDate(0, 0, cfg.Days-1).Format(time.DateOnly),
		"source.requests_per_minute": "60000", "source.headroom": "0%", "source.datasets": core,
		"export_id": "x", "destination.url": "file://" + filepath.ToSlash(filepath.Join(dir, "export")),
		"state": filepath.Join(dir, "state"),
	}}
	w.write(t)
	return w
}

func (w *world) write(t *testing.T) {
	t.Helper()
	if err := os.WriteFile(w.config, []byte(config.Template(w.values)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// set changes settings, as pairs of key and value.
func (w *world) set(t *testing.T, pairs ...string) {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		w.values[pairs[i]] = pairs[i+1]
	}
	w.write(t)
}

func (w *world) args(args ...string) []string {
	return append([]string{"--config", w.config}, args...)
}

// export runs the export and expects an exit code.
func (w *world) export(t *testing.T, want int, flags ...string) string {
	t.Helper()
	code, _, stderr := exitplan(t, w.args(append([]string{"export"}, flags...)...)...)
	if code != want {
		t.Fatalf("export: exit code %d, want %d\n%s", code, want, tail(stderr))
	}
	return stderr
}

func tail(s string) string { return s[max(0, len(s)-4000):] }

// root is where the export lies.
func (w *world) root() string { return w.values["destination.url"] + "/x" }

func (w *world) store(t *testing.T) manifest.Store {
	t.Helper()
	cfg := sink.Config{URL: w.values["destination.url"], Root: "x", Endpoint: w.values["destination.endpoint"], PathStyle: true, SSE: "AES256"}
	store, err := sink.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// definition checks traffic against the public API definition.
func definition(t *testing.T) func(http.Handler) http.Handler {
	t.Helper()
	file := filepath.Join("..", "..", "..", "shared", "genesys-api", "definition.json")
	if _, err := os.Stat(file); err != nil {
		t.Log("without the public API definition: requests and answers are not checked against it")
		return nil
	}
	checker, err := apicheck.New(file, simulator.Beyond()...)
	if err != nil {
		t.Fatal(err)
	}
	return func(h http.Handler) http.Handler {
		return checker.Wrap(h, func(err error) { t.Errorf("not what the API definition says: %v", err) })
	}
}

// contents is what an export holds.
type contents struct {
	rows      map[string]json.RawMessage // conversations by id
	media     map[string][]string        // digests by conversation/recording, sorted
	sidecars  map[string]json.RawMessage // by conversation/recording
	manifests map[string]string          // payload manifests by bag
}

// read takes an export apart. A conversation that is there twice is an error.
func read(t *testing.T, store manifest.Store) contents {
	t.Helper()
	c := contents{map[string]json.RawMessage{}, map[string][]string{}, map[string]json.RawMessage{}, map[string]string{}}
	for file, err := range store.List(t.Context(), "bags/") {
		if err != nil {
			t.Fatal(err)
		}
		body := slurp(t, store, file.Path)
		dir, name := path.Split(file.Path)
		switch {
		case name == "manifest-sha256.txt":
			c.manifests[dir] = string(body)
		case strings.HasPrefix(file.Path, "bags/analytics-") && strings.HasSuffix(name, ".jsonl.gz"):
			c.conversations(t, body, strings.HasPrefix(name, "sweep-"))
		case strings.Contains(dir, "/conversation_id="):
			conversation := strings.TrimPrefix(path.Base(dir), "conversation_id=")
			if id, ok := strings.CutSuffix(name, "_metadata.json"); ok {
				c.sidecars[conversation+"/"+id] = body
				continue
			}
			// Further media of one recording have a digest, or the platform's number.
			id, _, _ := strings.Cut(strings.TrimSuffix(name, path.Ext(name)), "_")
			id = id[:min(len(id), 36)]
			sum := sha256.Sum256(body)
			key := conversation + "/" + id
			c.media[key] = append(c.media[key], hex.EncodeToString(sum[:]))
			slices.Sort(c.media[key])
		}
	}
	return c
}

// conversations reads a part. That of a sweep has newer rows than the parts
// before it.
func (c contents) conversations(t *testing.T, packed []byte, newer bool) {
	t.Helper()
	for _, line := range unpack(t, packed) {
		var row struct {
			ID string `json:"conversationId"`
		}
		if err := json.Unmarshal(line, &row); err != nil {
			t.Fatalf("a line that is no JSON: %v", err)
		}
		if _, twice := c.rows[row.ID]; twice != newer {
			t.Errorf("conversation %s: there before is %t, a newer row %t", row.ID, twice, newer)
		}
		c.rows[row.ID] = line
	}
}

func slurp(t *testing.T, store manifest.Opener, file string) []byte {
	t.Helper()
	body, err := store.Open(context.WithoutCancel(t.Context()), file)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	text, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// matches holds an export against what the simulator says it holds, and
// returns the items that are absent although the organization has them.
func (w *world) matches(t *testing.T, c contents) (absent []string) {
	t.Helper()
	n := 0
	for truth := range w.sim.Truth().Conversations() {
		n++
		row, ok := c.rows[truth.ID]
		if !ok {
			absent = append(absent, truth.ID)
		} else if !bytes.Equal(row, truth.Row) {
			t.Errorf("conversation %s differs:\n%.300s\n%.300s", truth.ID, row, truth.Row)
		}
	}
	if len(c.rows) > n {
		t.Errorf("%d conversations stored, there are only %d", len(c.rows), n)
	}
	known := map[string]bool{}
	for truth := range w.sim.Truth().Recordings() {
		key := truth.ConversationID + "/" + truth.ID
		known[key] = true
		var want []string
		if truth.Fate == "sensitive" && w.cfg.Clients != nil { // none of which sees sensitive data
			truth.Results = truth.Redacted
		}
		for _, m := range truth.Results {
			if truth.Kind == "ok" {
				want = append(want, m.SHA256)
			}
		}
		slices.Sort(want)
		want = slices.Compact(want)
		switch got := c.media[key]; {
		case len(want) == 0 || len(got) == 0:
			absent = append(absent, key)
			if len(got) > 0 {
				t.Errorf("recording %s has media, but should not", key)
			}
		case !slices.Equal(got, want):
			t.Errorf("recording %s: digests %v, want %v", key, got, want)
		case w.values["recordings.metadata"] != config.MetadataDerived && !sameJSON(c.sidecars[key], truth.Metadata):
			t.Errorf("sidecar of %s differs:\n%s\n%s", key, c.sidecars[key], truth.Metadata)
		case c.sidecars[key] == nil:
			t.Errorf("recording %s has no sidecar", key)
		}
	}
	for key := range c.media {
		if !known[key] {
			t.Errorf("media of %s, which does not exist", key)
		}
	}
	return absent
}

func sameJSON(a, b json.RawMessage) bool {
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && fmt.Sprint(x) == fmt.Sprint(y)
}

// excepted are the items that the root bag's exceptions.jsonl names.
func (w *world) excepted(t *testing.T) map[string]string {
	t.Helper()
	reasons := map[string]string{}
	for line := range strings.Lines(string(slurp(t, w.store(t), "root/data/exceptions.jsonl"))) {
		var e struct{ Item, Reason, Detail string }
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		reasons[e.Item] = e.Reason + ": " + e.Detail
	}
	return reasons
}
