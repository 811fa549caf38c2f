package main

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"exitplan/internal/dataset"
	"exitplan/internal/simulator"
)

// short counts the recordings of which media are lacking.
func short(t *testing.T, w *world) (n int) {
	t.Helper()
	media := digests(t, w)
	for r := range w.sim.Truth().Recordings() {
		if len(media[r.ConversationID+"/"+r.ID]) < len(r.Results) {
			n++
		}
	}
	return n
}

var secondMedium = regexp.MustCompile(`/recordings-[^"]{1,120}/[0-9a-f-]{36}-1\.[a-z0-9]+`)

// A recording of which one medium never comes is missing in every run, whichever
// way it is fetched.
func TestAMediumThatNeverComesStaysMissing(t *testing.T) {
	t.Parallel()
	dead := func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if !strings.Contains(r.URL.Path, "/recording/batchrequests/") {
				h.ServeHTTP(rw, r)
				return
			}
			answer := httptest.NewRecorder()
			h.ServeHTTP(answer, r)
			rw.Header().Set("Content-Type", "application/json")
			rw.WriteHeader(answer.Code)
			_, _ = rw.Write(secondMedium.ReplaceAll(answer.Body.Bytes(), []byte("/gone$0")))
		})
	}
	for _, method := range []string{"bulk", "pull"} {
		t.Run(method, func(t *testing.T) {
			w := newBulkWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 20, MediaBytes: 1 << 10, SeveralResultsShare: 0.5,
				Bulk: simulator.Bulk{FailJobs: 100}, Middleware: dead})
			w.set(t, "recordings.method", method)
			for range 2 {
				w.export(t, exitMissing)
			}
			if short(t, w) == 0 {
				t.Error("nothing is lacking: the test shows nothing")
			}
		})
	}
}

// What the retention query leaves out, and no job brings, is found by batch
// requests, also with derived metadata.
func TestWhatNoJobBringsAndNoListNamesIsFetched(t *testing.T) {
	t.Parallel()
	w := newBulkWorld(t, simulator.Config{Days: 2, ConversationsPerDay: 60, RecordedShare: 0.6, MediaBytes: 1 << 10,
		UnretainedShare: 0.4, SecondRecordingShare: 0.5, Bulk: simulator.Bulk{LostShare: 0.3}})
	w.set(t, "recordings.metadata", "derived")
	w.export(t, exitComplete)
	if n := short(t, w); n > 0 {
		t.Errorf("%d recordings are short", n)
	}
}

// A sweep that leaves out what another run would take is not complete.
func TestASweepSaysThatMoreIsToCome(t *testing.T) {
	for what, change := range map[string][2]string{
		"a dataset more":   {"source.datasets", core},
		"an earlier start": {"source.interval.from", "2026-03-01"},
	} {
		t.Run(what, func(t *testing.T) {
			w := newWorld(t, simulator.Config{Days: 3, ConversationsPerDay: 20, MediaBytes: 1 << 10})
			w.set(t, "source.interval.from", "2026-03-02", "source.datasets", "["+dataset.DetailsName+"]")
			w.export(t, exitComplete)
			w.set(t, change[0], change[1])
			w.export(t, exitMoreToCome, "--sweep", "--amend")
			w.export(t, exitComplete)
		})
	}
}

// An extension of metrics alone does not ask for what recording jobs wrote.
func TestABulkExportIsFinalWhenItsWindowIs(t *testing.T) {
	var c watch
	w := newBulkWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 10, MediaBytes: 1 << 10, Now: c.from("2026-04-01T06:00:00Z")})
	w.set(t, "contract.termination_date", "2026-05-31",
		"contract.extensions", "[{requested: 2026-03-01, granted: 2026-03-02, until: 2026-12-31, classes: [metrics], reference: SO-1}]")
	w.export(t, exitComplete)
	c.forward(90 * 24 * time.Hour)
	w.export(t, exitComplete)
}
