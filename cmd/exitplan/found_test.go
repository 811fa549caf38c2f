package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"exitplan/internal/simulator"
	"exitplan/manifest"
)

func (w *world) verified(t *testing.T) manifest.Result {
	t.Helper()
	r, err := manifest.Verify(t.Context(), w.store(t), manifest.VerifyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// event returns the detail of each custody event of a kind.
func (w *world) events(t *testing.T, kind string) (details []map[string]string) {
	t.Helper()
	for line := range strings.Lines(string(slurp(t, w.store(t), "root/data/events.jsonl"))) {
		var e struct {
			Kind   string
			Detail map[string]string
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		if e.Kind == kind {
			details = append(details, e.Detail)
		}
	}
	return details
}

// A machine is lost together with what its journal knew of the last day, and by
// the time another goes on, the platform has deleted recordings of that day:
// what was stored of them is kept, listed, and told.
func TestWhatALostJournalStoredIsListed(t *testing.T) {
	t.Parallel()
	for _, s3 := range []bool{false, true} {
		for _, period := range []string{"month", "day"} {
			w := newWorld(t, simulator.Config{Seed: 3, Days: 3, ConversationsPerDay: 40})
			root := filepath.Join(w.dir, "export", "x")
			if s3 {
				server := w.onS3(t)
				root = filepath.Join(w.dir, "s3", "buckets", server.Bucket, "genesys", "x")
			}
			w.sim.SetAvailable(w.cfg.From.AddDate(0, 0, 2))
			w.export(t, exitMoreToCome, "--bag-period", period)
			backup := filepath.Join(root, "state", "journal.db.gz")
			old, err := os.ReadFile(backup)
			if err != nil {
				t.Fatal(err)
			}
			w.sim.SetAvailable(w.cfg.From.AddDate(0, 0, 9))
			w.export(t, exitComplete)
			before := w.verified(t)
			edit(t, backup, func([]byte) []byte { return old })
			if err := os.RemoveAll(w.values["state"]); err != nil {
				t.Fatal(err)
			}
			later := newWorld(t, simulator.Config{Seed: 3, Days: 3, ConversationsPerDay: 40, DeletedShare: 0.5})
			w.set(t, "source.api_url", later.sim.URL(), "source.login_url", later.sim.URL())
			w.export(t, exitMissing, "--resume-from-destination")
			after := w.verified(t)
			if !after.OK() || !after.Sealed || after.Files < before.Files {
				t.Errorf("S3 %v, %s: %d files before, now %+v", s3, period, before.Files, after)
			}
			found := w.events(t, "found-in-destination")
			if len(found) != 1 || found[0]["count"] == "0" || !strings.HasPrefix(found[0]["example"], "bags/recordings-2026-03") {
				t.Errorf("S3 %v, %s: events %v", s3, period, found)
			}
		}
	}
}

// Every bag that is sealed is held against the destination: an export does not
// call itself complete while objects are gone.
func TestAnExportWithLostObjectsIsNotComplete(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 3, ConversationsPerDay: 30})
	w.sim.SetAvailable(w.cfg.From.AddDate(0, 0, 2))
	w.export(t, exitMoreToCome)
	gone := find(t, filepath.Join(w.dir, "export", "x"), ".ogg", ".wav")
	undo := edit(t, gone, func(b []byte) []byte { return b[1:] })
	w.sim.SetAvailable(w.cfg.From.AddDate(0, 0, 9))
	if stderr := w.export(t, exitVerify); !strings.Contains(stderr, filepath.Base(gone)) || !strings.Contains(stderr, "restore") {
		t.Errorf("it says:\n%s", tail(stderr))
	}
	if _, err := os.Stat(filepath.Join(w.dir, "export", "x", "root")); !os.IsNotExist(err) {
		t.Errorf("a root bag was written: %v", err)
	}
	undo()
	w.export(t, exitComplete)
	if r := w.verified(t); !r.OK() || !r.Sealed {
		t.Errorf("%+v", r)
	}
	if sealed := w.events(t, "sealed"); len(sealed) != 1 {
		t.Errorf("sealed %d times", len(sealed))
	}
}

// A sealed export that goes on after an extension is valid after each run, and
// counts as finished only when it is.
func TestASealedExportThatGoesOnIsValidButNotSealed(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 4, ConversationsPerDay: 30})
	until := func(days int) string { return w.cfg.From.AddDate(0, 0, days).Add(15 * time.Hour).Format(time.RFC3339) }
	w.set(t, "source.interval.to", until(0))
	w.export(t, exitComplete)
	w.set(t, "source.interval.to", until(3))
	for day := 2; day <= 3; day++ {
		w.sim.SetAvailable(w.cfg.From.AddDate(0, 0, day))
		w.export(t, exitMoreToCome, "--amend")
		if r := w.verified(t); !r.OK() || r.Sealed {
			t.Errorf("day %d: %+v", day, r)
		}
		if text := string(slurp(t, w.store(t), "root/bag-info.txt")); !strings.Contains(text, "Export-Status: open\n") {
			t.Errorf("day %d: %s", day, text)
		}
		if sealed := w.events(t, "sealed"); len(sealed) != 1 {
			t.Errorf("day %d: sealed %d times", day, len(sealed))
		}
	}
	w.sim.SetAvailable(w.cfg.From.AddDate(0, 0, 9))
	w.export(t, exitComplete)
	if r := w.verified(t); !r.OK() || !r.Sealed {
		t.Errorf("at the end: %+v", r)
	}
	if text := string(slurp(t, w.store(t), "root/bag-info.txt")); !strings.Contains(text, "Export-Status: finished\n") {
		t.Errorf("at the end: %s", text)
	}
	if sealed := w.events(t, "sealed"); len(sealed) != 2 {
		t.Errorf("sealed %d times", len(sealed))
	}
}
