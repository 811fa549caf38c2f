package dataset

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"exitplan/exporter"
	"exitplan/internal/genesys"
	"exitplan/internal/journal"
	"exitplan/internal/simulator"
	"exitplan/internal/sink"
	"exitplan/internal/sink/sinktest"
)

// export is an export of a simulated organization into a directory, with its
// journal, as the command wires it.
type export struct {
	sim        *simulator.Server
	journal    *journal.Journal
	dest       *sinktest.Failing
	cfg        exporter.Config
	details    *Details
	recordings *Recordings
	state      string
}

func newExport(t *testing.T, sim simulator.Config, metadata string) *export {
	t.Helper()
	if sim.Days == 0 {
		sim.Days = 1
	}
	sim.RequestsPerMinute = -1
	sim.JobLatency, sim.BatchLatency = time.Millisecond, time.Millisecond
	if sim.MediaBytes == 0 {
		sim.MediaBytes = 4 << 10
	}
	server, err := simulator.Start(t.Context(), sim)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	dest, err := sink.Open(t.Context(), sink.Config{URL: t.TempDir(), Root: "x"})
	if err != nil {
		t.Fatal(err)
	}
	client, err := genesys.New(genesys.Config{
		Region: "ap-northeast-1", APIURL: server.URL(), LoginURL: server.URL(),
		ClientID: "demo-client", ClientSecret: "demo-secret", RequestsPerMinute: 60_000, Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	e := &export{sim: server, dest: sinktest.NewFailing(dest), state: t.TempDir()}
	if e.journal, err = journal.Open(t.Context(), e.state, journal.Options{Now: time.Now, Command: "test"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.journal.Close() })
	layout := exporter.Layout{Period: exporter.Month}
	e.recordings = &Recordings{API: Clients{client}, Layout: layout, Metadata: metadata}
	e.details = &Details{API: Clients{client}, Layout: layout, Recordings: e.recordings}
	e.recordings.Details = e.details
	from := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	e.cfg = exporter.Config{
		Datasets: []exporter.Dataset{e.details, e.recordings},
		Interval: exporter.Interval{From: from, To: from.AddDate(0, 0, sim.Days)},
		Journal:  e.journal, Sink: e.dest, Open: e.dest.Open, Gate: open{},
		Clock: exporter.NewClock(time.Now, time.Time{}), Pause: time.Millisecond, Spool: t.TempDir(),
	}
	return e
}

// open is a gate without a close.
type open struct{}

func (open) Until(string, time.Time) (time.Time, bool) { return time.Now().Add(time.Hour), true }

// run is what the export command does: open again what may be bettered, run.
func (e *export) run(t *testing.T) {
	t.Helper()
	if _, err := e.journal.Reopen(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := exporter.Run(t.Context(), e.cfg); err != nil {
		t.Fatal(err)
	}
}

func (e *export) exceptions(t *testing.T) map[string]exporter.Exception {
	t.Helper()
	found := map[string]exporter.Exception{}
	for x, err := range e.journal.Exceptions(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		found[x.Item] = x
	}
	return found
}

// sound holds the destination against the journal: each payload object is
// recorded with the bytes that it has, and each recorded one is there.
func (e *export) sound(t *testing.T) {
	t.Helper()
	bags, err := e.journal.Bags(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	recorded := map[string]string{}
	for _, b := range bags {
		for a, err := range e.journal.Artifacts(t.Context(), b.Name) {
			if err != nil {
				t.Fatal(err)
			}
			recorded[a.Path] = a.SHA256
		}
	}
	for path, got := range e.stored(t) {
		if want, ok := recorded[path]; !ok {
			t.Errorf("%s is stored, but no receipt knows it", path)
		} else if want != got {
			t.Errorf("%s holds other bytes than its receipt says", path)
		}
		delete(recorded, path)
	}
	for path := range recorded {
		t.Errorf("%s is recorded, but not there", path)
	}
}

// stored are the digests of all payload objects.
func (e *export) stored(t *testing.T) map[string]string {
	t.Helper()
	sums := map[string]string{}
	for f, err := range e.dest.List(t.Context(), "bags") {
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(e.slurp(t, f.Path))
		sums[f.Path] = hex.EncodeToString(sum[:])
	}
	return sums
}

func (e *export) slurp(t *testing.T, path string) []byte {
	t.Helper()
	body, err := e.dest.Open(t.Context(), path)
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

// complete holds conversations and media against the simulator's truth.
func (e *export) complete(t *testing.T) {
	t.Helper()
	e.sound(t)
	if left := e.exceptions(t); len(left) > 0 {
		t.Errorf("%d exceptions: %v", len(left), left)
	}
	rows, media, sidecars := map[string]int{}, map[string]bool{}, 0
	for path, sum := range e.stored(t) {
		switch {
		case strings.HasSuffix(path, ".jsonl.gz"):
			zip, err := gzip.NewReader(bytes.NewReader(e.slurp(t, path)))
			if err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewScanner(zip)
			for lines.Buffer(nil, 64<<20); lines.Scan(); {
				rows[readConversation(lines.Bytes()).ID]++
			}
		case strings.HasSuffix(path, "_metadata.json"):
			sidecars++
		default:
			media[sum] = true
		}
	}
	for c := range e.sim.Truth().Conversations() {
		if rows[c.ID] != 1 {
			t.Errorf("conversation %s is there %d times", c.ID, rows[c.ID])
		}
	}
	recordings := 0
	for r := range e.sim.Truth().Recordings() {
		recordings++
		for _, m := range r.Results {
			if !media[m.SHA256] {
				t.Errorf("recording %s is absent", r.ID)
			}
		}
	}
	if sidecars != recordings {
		t.Errorf("%d sidecars of %d recordings", sidecars, recordings)
	}
}
