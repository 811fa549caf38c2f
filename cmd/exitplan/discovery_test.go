package main

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"exitplan/internal/simulator"
)

// recordingsOnly fails unless every recording is stored and no conversation's
// details are.
func recordingsOnly(t *testing.T, w *world) {
	t.Helper()
	c := read(t, w.store(t))
	if len(c.rows) > 0 {
		t.Errorf("%d conversations are stored, although their window is closed or they are not selected", len(c.rows))
	}
	for _, item := range w.matches(t, c) {
		if strings.Contains(item, "/") {
			t.Errorf("recording %s is absent", item)
		}
	}
}

func complete(t *testing.T, w *world) {
	t.Helper()
	if absent := w.matches(t, read(t, w.store(t))); len(absent) > 0 {
		t.Errorf("%d items are absent, e.g. %s", len(absent), absent[0])
	}
	if code, stdout, _ := exitplan(t, w.args("verify", w.root())...); code != exitComplete {
		t.Errorf("verify: %d\n%s", code, stdout)
	}
}

// Recordings may be exported from the start of the subscription (design §2,
// class recordings), details only from the start of the exit.
func TestRecordingsNeedNoStartedExit(t *testing.T) {
	t.Parallel()
	for name, faults := range map[string]string{"quiet": "", "faults": "expired-job=0.1,repeat-page=0.3,drop-json=0.3"} {
		t.Run(name, func(t *testing.T) {
			parsed, err := simulator.ParseFaults(faults)
			if err != nil {
				t.Fatal(err)
			}
			w := newWorld(t, simulator.Config{Days: 2, ConversationsPerDay: 1200, RecordedShare: 0.06, MediaBytes: 2 << 10, Faults: parsed})
			w.set(t, "contract.exit_started", "2099-01-01", "source.datasets", "[recordings, -recordings.*, -interactions.*]")
			w.export(t, exitComplete)
			recordingsOnly(t, w)
		})
	}
}

// With everything selected, what is open is taken; once the exit starts the
// same command takes the rest, and fetches nothing twice.
func TestDetailsFollowOnceTheirWindowOpens(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Config{Days: 3, ConversationsPerDay: 300})
	w.set(t, "contract.exit_started", "2099-01-01")
	stderr := w.export(t, exitWindow)
	if !strings.Contains(stderr, "analytics.conversations.details") {
		t.Errorf("no word of what is closed:\n%s", tail(stderr))
	}
	recordingsOnly(t, w)
	w.set(t, "contract.exit_started", "2026-01-01")
	w.export(t, exitComplete)
	complete(t, w)
	for object, n := range w.sim.Counts().Media {
		if n.Started != 1 {
			t.Errorf("media %s was fetched %d times", object, n.Started)
		}
	}
}

// An extension of recordings alone must reach the recordings of days whose
// details were not exported in time.
func TestAnExtensionOfRecordingsAlone(t *testing.T) {
	t.Parallel()
	// The platform's clock passes the close when the fourth day is asked for.
	var jobs atomic.Int64
	w := newWorld(t, simulator.Config{Days: 12, ConversationsPerDay: 300,
		Now: func() time.Time {
			if jobs.Load() > 3 {
				return time.Now().Add(24 * time.Hour)
			}
			return time.Now()
		},
		Middleware: func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/conversations/details/jobs") {
					jobs.Add(1)
				}
				h.ServeHTTP(w, r)
			})
		}})
	closes := time.Now().Add(12 * time.Hour).UTC().Truncate(time.Second)
	at := func(d time.Duration) string { return closes.Add(d).Format(time.RFC3339) }
	w.set(t, "contract.termination_date", at(0), "concurrency.api", "1",
		"contract.extensions", "[{requested: "+at(-time.Hour)+", granted: "+at(-time.Minute)+", until: "+at(240*time.Hour)+", classes: [recordings], reference: SO-1}]")
	w.export(t, exitWindow)
	c := read(t, w.store(t))
	if len(c.rows) == 0 || len(c.rows) == 3600 {
		t.Fatalf("%d conversations stored: the window of the details did not close in mid-run", len(c.rows))
	}
	for _, item := range w.matches(t, c) {
		if strings.Contains(item, "/") {
			t.Errorf("recording %s is absent", item)
		}
	}
	// Sealed as it is, each day without details is named, and nothing else.
	w.export(t, exitMissing, "--seal")
	for item, reason := range w.excepted(t) {
		if !strings.HasPrefix(item, "analytics.conversations.details/") || !strings.HasPrefix(reason, "window-closed") {
			t.Errorf("exception %s: %s", item, reason)
		}
	}
}

// Recordings may join an export that has done conversation details without
// them, and the other way round.
func TestADatasetJoinsLater(t *testing.T) {
	t.Parallel()
	for _, first := range []string{"[analytics.conversations.details]", "[recordings, -recordings.*, -interactions.*]"} {
		t.Run(first, func(t *testing.T) {
			w := newWorld(t, simulator.Config{Days: 2, ConversationsPerDay: 150})
			w.set(t, "source.datasets", first)
			w.export(t, exitComplete)
			w.set(t, "source.datasets", core)
			w.export(t, exitComplete, "--amend")
			complete(t, w)
		})
	}
}

// A listing for each record of another may be selected after that one was
// exported.
func TestAListingOfEachRecordJoinsLater(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 1})
	w.set(t, "source.datasets", "[routing.queues, routing.queues.wrapupcodes]")
	w.export(t, exitComplete)
	w.set(t, "source.datasets", "[routing.queues, routing.queues.wrapupcodes, routing.queues.members, voicemail.queues]")
	w.export(t, exitComplete, "--amend")
	found, all := records(t, w), 0
	for queue := range w.sim.Truth().Listing("/api/v2/routing/queues", "") {
		var q struct{ ID string }
		if err := json.Unmarshal(queue, &q); err != nil {
			t.Fatal(err)
		}
		for name, path := range map[string]string{
			"routing.queues.members": "/api/v2/routing/queues/{queueId}/members", "routing.queues.wrapupcodes": "/api/v2/routing/queues/{queueId}/wrapupcodes",
			"voicemail.queues": "/api/v2/voicemail/queues/{queueId}/messages",
		} {
			want := slices.Collect(w.sim.Truth().Listing(path, q.ID))
			if got := found[name][q.ID]; len(got) != len(want) {
				t.Errorf("queue %s: %d of %s, want %d", q.ID, len(got), name, len(want))
			}
			all += len(want)
		}
	}
	if all == 0 {
		t.Error("there is nothing to compare")
	}
}
