package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"exitplan/exporter"
	"exitplan/internal/dataset"
	"exitplan/internal/simulator"
)

// growing is an organization whose days become available one after another.
func growing(t *testing.T, c *watch, cfg simulator.Config) *world {
	t.Helper()
	cfg.MediaBytes, cfg.RecordedShare = 1<<10, 0.6
	cfg.Now, cfg.Available = c.from("2026-03-02T06:00:00Z"), when("2026-03-02T00:00:00Z")
	return newWorld(t, cfg)
}

// A sweep has nothing to say of days that no run took.
func TestASweepAloneIsNeverComplete(t *testing.T) {
	var c watch
	w := growing(t, &c, simulator.Config{Days: 3, ConversationsPerDay: 30})
	says(t, w.export(t, exitUsage, "--sweep"), "there was none")
	w.export(t, exitMoreToCome)
	c.forward(10 * 24 * time.Hour)
	w.sim.SetAvailable(when("2026-03-12T00:00:00Z"))
	w.export(t, exitMoreToCome, "--sweep")
	w.export(t, exitComplete)
	if absent := w.matches(t, read(t, w.store(t))); len(absent) > 0 {
		t.Errorf("%d absent", len(absent))
	}
}

// What the retention query tells only later is followed all the same.
func TestWhatIsListedLaterIsFetchedToo(t *testing.T) {
	var deny atomic.Bool
	w := newWorld(t, simulator.Config{Days: 2, ConversationsPerDay: 100, MediaBytes: 1 << 10, RecordedShare: 0.6, UnflaggedShare: 0.3,
		Middleware: func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				if deny.Load() && strings.Contains(r.URL.Path, "retention/query") {
					rw.Header().Set("Content-Type", "application/json")
					rw.WriteHeader(http.StatusForbidden)
					_, _ = rw.Write([]byte(`{"status":403,"code":"missing.permissions","message":"no"}`))
					return
				}
				h.ServeHTTP(rw, r)
			})
		}})
	deny.Store(true)
	w.export(t, exitMissing)
	if len(w.matches(t, read(t, w.store(t)))) == 0 {
		t.Fatal("nothing is absent: the test shows nothing")
	}
	deny.Store(false)
	w.export(t, exitComplete)
	if absent := w.matches(t, read(t, w.store(t))); len(absent) > 0 {
		t.Errorf("%d absent, e.g. %s", len(absent), absent[0])
	}
}

// A last run soon after the one before has the recordings of its last day in a
// listing of its own.
func TestTheLastDayIsReconciledHoweverSoonTheLastRunComes(t *testing.T) {
	var c watch
	w := growing(t, &c, simulator.Config{Days: 2, ConversationsPerDay: 100, UnflaggedShare: 0.4})
	c.forward(15 * time.Hour)
	w.export(t, exitMoreToCome)
	c.forward(9 * time.Hour)
	w.sim.SetAvailable(when("2026-03-03T00:00:00Z"))
	code, _, stderr := exitplan(t, w.args("export")...)
	left := map[string]bool{}
	for _, item := range w.matches(t, read(t, w.store(t))) {
		left[item] = true
	}
	for r := range w.sim.Truth().Recordings() { // what was created by now is there, or named
		if left[r.ConversationID+"/"+r.ID] && code == exitComplete {
			for c := range w.sim.Truth().Conversations() {
				if c.ID == r.ConversationID && c.End.Before(w.now()) {
					t.Errorf("exit code 0, and %s is absent\n%s", r.ID, tail(stderr))
				}
			}
		}
	}
}

// A row of the retention query without a conversation stays an exception in every
// run, and is stated once.
func TestARecordingWithoutAConversationStaysReported(t *testing.T) {
	var c watch
	w := growing(t, &c, simulator.Config{Days: 3, ConversationsPerDay: 30, Middleware: func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if !strings.Contains(r.URL.Path, "retention/query") {
				h.ServeHTTP(rw, r)
				return
			}
			answer := httptest.NewRecorder()
			r.Header.Del("Accept-Encoding")
			h.ServeHTTP(answer, r)
			body := strings.Replace(answer.Body.String(), `{"entities":[`, `{"entities":[{"conversationId":null,"recordingId":"aaaaaaaa-0000-4000-8000-000000000001","creationTime":"2026-03-01T10:00:00.000Z"},`, 1)
			rw.Header().Set("Content-Type", "application/json")
			rw.WriteHeader(answer.Code)
			_, _ = rw.Write([]byte(body))
		})
	}})
	for day := range 4 {
		code, _, stderr := exitplan(t, w.args("export")...)
		if code != exitMissing {
			t.Errorf("run %d: exit code %d\n%s", day, code, tail(stderr))
		}
		says(t, stderr, "recordings: orphan, 1 item")
		c.forward(24 * time.Hour)
		w.sim.SetAvailable(when("2026-03-03T00:00:00Z").AddDate(0, 0, day))
	}
	for item, e := range w.exceptions(t, dataset.RecordingsName) { // sealed by now
		if e.Reason != exporter.Orphan {
			t.Errorf("%s: %+v", item, e)
		}
	}
}

// A conversation that is read again is exported again as far as it has changed,
// and its exceptions are stated once.
func TestASweptConversationCostsNothingTwice(t *testing.T) {
	for _, metadata := range []string{dataset.MetadataDerived, dataset.MetadataFull} {
		t.Run(metadata, func(t *testing.T) {
			var c watch
			w := growing(t, &c, simulator.Config{Days: 1, ConversationsPerDay: 60, OpenShare: 0.4, OpenUntil: when("2026-03-04T18:00:00Z"),
				NoRecordingShare: 0.2, ArchivedShare: 0.2})
			w.set(t, "recordings.metadata", metadata)
			exitplan(t, w.args("export")...)
			media := w.sim.Counts().MediaStarted
			c.forward(7 * 24 * time.Hour)
			w.sim.SetAvailable(when("2026-03-09T00:00:00Z"))
			w.export(t, exitMissing)
			if n := w.sim.Counts().MediaStarted - media; n > 0 {
				t.Errorf("%d media were fetched again", n)
			}
			want := map[string]exporter.Reason{}
			for item, reason := range w.lost(t) {
				want[item] = reason
			}
			got := w.exceptions(t, dataset.RecordingsName)
			if len(got) != len(want) {
				t.Errorf("%d exceptions, want %d", len(got), len(want))
			}
			for item, reason := range want {
				if got[item].Reason != reason {
					t.Errorf("%s: %s (%s), want %s", item, got[item].Reason, got[item].Detail, reason)
				}
			}
		})
	}
}

// What an export asks a day does not grow with the days before.
func TestADaysRunAsksNoMoreForTheDaysBefore(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("six runs: left out with -short")
	}
	var c watch
	w := growing(t, &c, simulator.Config{Days: 6, ConversationsPerDay: 60, UnflaggedShare: 0.4})
	var calls []int64
	for day := range 6 {
		before := w.sim.Counts().Requests["api"]
		exitplan(t, w.args("export")...)
		calls = append(calls, w.sim.Counts().Requests["api"]-before)
		c.forward(24 * time.Hour)
		w.sim.SetAvailable(when("2026-03-03T00:00:00Z").AddDate(0, 0, day))
	}
	if calls[5] > calls[2]*3/2 {
		t.Errorf("calls by day %v", calls)
	}
}

func TestARestoreThatNeverEndsIsLeftToALaterRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 30, MediaBytes: 1 << 10, ArchivedShare: 0.3, RestoreLatency: 10 * time.Hour})
	w.set(t, "recordings.metadata", "derived")
	start := time.Now()
	w.export(t, exitMissing, "--restore-archived")
	if took := time.Since(start); took > 30*time.Second {
		t.Errorf("it waited for %s", took)
	}
	for item, e := range w.exceptions(t, dataset.RecordingsName) {
		if e.Reason != exporter.StillProcessing {
			t.Errorf("%s: %+v", item, e)
		}
	}
}
