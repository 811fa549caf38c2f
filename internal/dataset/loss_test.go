package dataset

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"exitplan/exporter"
	"exitplan/internal/simulator"
	"exitplan/internal/sink/sinktest"
)

func isSubmit(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, batchRequests)
}

func isResult(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.Contains(r.URL.Path, batchRequests+"/")
}

// Media that stays shorter than it says is reported by every run, not only by
// the one that stored it, until the platform gives the whole.
func TestMediaInDoubtStaysReportedUntilItIsWhole(t *testing.T) {
	e := newExport(t, simulator.Config{ConversationsPerDay: 8, Faults: simulator.Faults{TruncateMedia: 1}}, MetadataDerived)
	for run := range 2 {
		e.run(t)
		found := e.exceptions(t)
		for r := range e.sim.Truth().Recordings() {
			if _, ok := found[item(r.ConversationID, r.ID)]; !ok {
				t.Errorf("run %d: recording %s is cut short, and no exception says so", run+1, r.ID)
			}
		}
		e.sound(t)
	}
	e.sim.SetFaults(simulator.Faults{})
	e.run(t)
	e.complete(t)
}

// A recording that the platform refuses is not forgotten when the unit breaks
// off in a later round of batch requests.
func TestARefusedRecordingSurvivesALaterRound(t *testing.T) {
	var e *export
	var submits atomic.Int32
	e = newExport(t, simulator.Config{
		ConversationsPerDay: 40, ErrorShare: 0.3, Faults: simulator.Faults{ExpiredURL: 1},
		Middleware: func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if isSubmit(r) && submits.Add(1) == 3 {
					e.sim.SetFaults(simulator.Faults{})
					e.dest.Fail(sinktest.Fault{Path: "*_metadata.json", When: sinktest.Before, Times: 1})
				}
				h.ServeHTTP(w, r)
			})
		},
	}, MetadataDerived)
	e.run(t)
	found := e.exceptions(t)
	refused := 0
	for r := range e.sim.Truth().Recordings() {
		if _, ok := found[item(r.ConversationID, r.ID)]; r.Kind == "error" {
			if refused++; !ok {
				t.Errorf("recording %s was refused, and no exception says so", r.ID)
			}
		}
	}
	if refused == 0 {
		t.Fatal("nothing was refused: the test shows nothing")
	}
	e.sound(t)
}

// What was still being processed is asked for anew by the next run.
func TestTheNextRunMakesANewBatchRequest(t *testing.T) {
	var submits atomic.Int32
	e := newExport(t, simulator.Config{
		ConversationsPerDay: 20, UploadingShare: 0.5,
		Middleware: func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if isSubmit(r) {
					submits.Add(1)
				}
				h.ServeHTTP(w, r)
			})
		},
	}, MetadataFull)
	e.run(t)
	first := submits.Load()
	e.run(t)
	if submits.Load() == first {
		t.Error("the second run looked at the answer to the first run's batch request")
	}
}

// rewritten answers batch requests with what a function makes of the results.
func rewritten(change func([]batchResult) []batchResult) func(http.Handler) http.Handler {
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !isResult(r) {
				h.ServeHTTP(w, r)
				return
			}
			answer := httptest.NewRecorder()
			h.ServeHTTP(answer, r)
			var body map[string]json.RawMessage
			var results []batchResult
			_ = json.Unmarshal(answer.Body.Bytes(), &body)
			_ = json.Unmarshal(body["results"], &results)
			body["results"], _ = json.Marshal(change(results))
			for name, values := range answer.Header() {
				if name != "Content-Length" {
					w.Header()[name] = values
				}
			}
			w.WriteHeader(answer.Code)
			_ = json.NewEncoder(w).Encode(body)
		})
	}
}

// An error for a whole conversation, or nothing at all, is made good by a run
// that gets its recordings: then nothing is missing any more.
func TestAConversationThatIsFoundLaterIsNotMissing(t *testing.T) {
	var broken atomic.Bool
	broken.Store(true)
	e := newExport(t, simulator.Config{ConversationsPerDay: 20, Middleware: rewritten(func(results []batchResult) []batchResult {
		if !broken.Load() || len(results) == 0 {
			return results
		}
		// One conversation fails, the others are left out.
		return []batchResult{{ConversationID: results[0].ConversationID, Error: "try later"}}
	})}, MetadataDerived)
	e.run(t)
	if found := e.exceptions(t); len(found) < 2 {
		t.Fatalf("exceptions %v, want the two conversations", found)
	}
	broken.Store(false)
	e.run(t)
	e.complete(t)
}

// A recording that the metadata lists as available, and the batch request
// leaves out, is asked for by itself.
func TestAListedRecordingWithoutResultIsAskedForAgain(t *testing.T) {
	var polls atomic.Int32
	e := newExport(t, simulator.Config{ConversationsPerDay: 20, Middleware: rewritten(func(results []batchResult) []batchResult {
		if polls.Add(1) == 1 && len(results) > 0 {
			return results[1:]
		}
		return results
	})}, MetadataFull)
	// One poll for each round: the first comes when all is done.
	e.recordings.pace.typical = 200 * time.Millisecond
	e.run(t)
	e.complete(t)
}

// Where one of several results of a recording is refused, the others are
// stored all the same, and the recording is reported.
func TestOneRefusedResultLosesNoOther(t *testing.T) {
	var broken atomic.Bool
	broken.Store(true)
	e := newExport(t, simulator.Config{ConversationsPerDay: 10, SeveralResultsShare: 1, Middleware: rewritten(func(results []batchResult) []batchResult {
		if broken.Load() && len(results) > 0 {
			results[0].URL, results[0].Error = "", "no such file"
		}
		return results
	})}, MetadataDerived)
	e.run(t)
	if found := e.exceptions(t); len(found) != 1 {
		t.Errorf("exceptions %v, want one", found)
	}
	have := map[string]bool{}
	for _, sum := range e.stored(t) {
		have[sum] = true
	}
	absent := 0
	for r := range e.sim.Truth().Recordings() {
		for _, m := range r.Results {
			if !have[m.SHA256] {
				absent++
			}
		}
	}
	if absent != 1 {
		t.Errorf("%d media objects are absent, want the refused one alone", absent)
	}
	broken.Store(false)
	e.run(t)
	e.complete(t)
}

// Where neither metadata nor media may be seen, a later run with more
// permissions tries again.
func TestDeniedRecordingsAreTriedAgain(t *testing.T) {
	var denied atomic.Bool
	denied.Store(true)
	e := newExport(t, simulator.Config{ConversationsPerDay: 10, Middleware: func(h http.Handler) http.Handler {
		silent := rewritten(func(results []batchResult) []batchResult {
			if denied.Load() {
				return []batchResult{}
			}
			return results
		})(h)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if denied.Load() && strings.HasSuffix(r.URL.Path, "/recordingmetadata") {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(http.StatusForbidden)
				_, _ = io.WriteString(w, `{"status":403,"code":"missing.any.permissions","message":"no"}`)
				return
			}
			silent.ServeHTTP(w, r)
		})
	}}, MetadataFull)
	e.run(t)
	for item, x := range e.exceptions(t) {
		if x.Reason != exporter.PermissionDenied {
			t.Errorf("%s: %s, want %s", item, x.Reason, exporter.PermissionDenied)
		}
	}
	denied.Store(false)
	e.run(t)
	e.complete(t)
}

// A unit that is given up half-way leaves nothing in a bag that no receipt
// knows, and the next run completes it.
func TestAUnitGivenUpLeavesNoUnknownObject(t *testing.T) {
	for _, fault := range []sinktest.Fault{
		{Path: "*_metadata.json", When: sinktest.Before},
		{Path: "*_metadata.json", When: sinktest.AtByte, Byte: 10},
	} {
		e := newExport(t, simulator.Config{ConversationsPerDay: 10, SeveralResultsShare: 1}, MetadataFull)
		e.dest.Fail(fault)
		e.run(t)
		if len(e.exceptions(t)) == 0 {
			t.Error("nothing is reported")
		}
		e.sound(t)
		e.dest.Heal()
		e.run(t)
		e.complete(t)
	}
}

// stopping cancels the run when an object has been stored.
type stopping struct {
	exporter.Sink
	suffix string
	stop   func()
}

func (s stopping) Put(ctx context.Context, obj exporter.Object, body io.Reader) (exporter.Artifact, error) {
	a, err := s.Sink.Put(ctx, obj, body)
	if strings.HasSuffix(obj.Path, s.suffix) {
		s.stop()
	}
	return a, err
}

// What is stored at the very moment that everything must stop is recorded.
func TestWhatIsStoredIsRecordedThoughTheRunIsCancelled(t *testing.T) {
	for _, suffix := range []string{".jsonl.gz", "_metadata.json", ".wav"} {
		e := newExport(t, simulator.Config{ConversationsPerDay: 10}, MetadataFull)
		ctx, cancel := context.WithCancelCause(t.Context())
		cfg := e.cfg
		cfg.Sink = stopping{e.dest, suffix, func() { cancel(errors.New("stop now")) }}
		if err := exporter.Run(ctx, cfg); !errors.Is(err, exporter.ErrInterrupted) {
			t.Fatalf("error %v", err)
		}
		e.sound(t)
		e.run(t)
		e.complete(t)
	}
}

// A day that is planned again with another end must not overwrite what the
// first plan stored.
func TestAnotherPlanOfADayOverwritesNothing(t *testing.T) {
	e := newExport(t, simulator.Config{ConversationsPerDay: 60}, MetadataFull)
	whole := e.cfg.Interval
	e.cfg.Interval.To = whole.From.Add(15 * time.Hour)
	e.run(t)
	e.sound(t)
	e.cfg.Interval = whole
	e.run(t)
	e.sound(t)
}

// A day whose conversations fit one page costs one job.
func TestADayCostsOneJob(t *testing.T) {
	var jobs atomic.Int32
	e := newExport(t, simulator.Config{Days: 3, ConversationsPerDay: 20, Middleware: func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, detailsJobs) {
				jobs.Add(1)
			}
			h.ServeHTTP(w, r)
		})
	}}, MetadataDerived)
	e.run(t)
	e.complete(t)
	if jobs.Load() != 3 {
		t.Errorf("%d details jobs for 3 days", jobs.Load())
	}
}

// A job that never ends is given up for another, instead of being waited for
// by every run.
func TestAJobThatNeverEndsIsReplaced(t *testing.T) {
	var e *export
	var batches, jobs atomic.Int32
	e = newExport(t, simulator.Config{ConversationsPerDay: 10, Middleware: func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			stuck := ""
			switch {
			case isSubmit(r):
				batches.Add(1)
			case r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, detailsJobs):
				jobs.Add(1)
			case isResult(r) && batches.Load() == 1:
				stuck = `{"status":"InProgress"}`
			case r.Method == http.MethodGet && strings.Contains(r.URL.Path, detailsJobs+"/") && jobs.Load() == 1:
				stuck = `{"state":"RUNNING"}`
			}
			if stuck == "" {
				h.ServeHTTP(w, r)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, stuck)
		})
	}}, MetadataFull)
	e.details.pace.patience, e.recordings.pace.patience = 100*time.Millisecond, 100*time.Millisecond
	e.run(t)
	e.complete(t)
	if batches.Load() != 2 || jobs.Load() != 2 {
		t.Errorf("%d details jobs and %d batch requests, want 2 and 2", jobs.Load(), batches.Load())
	}
}

// 100 conversations may have more than 100 recordings: asked for one by one,
// they are more than a batch request takes.
func TestMoreRecordingsThanOneBatchRequestTakes(t *testing.T) {
	faults, err := simulator.ParseFaults("expired-url=1")
	if err != nil {
		t.Fatal(err)
	}
	e := newExport(t, simulator.Config{ConversationsPerDay: 100, RecordedShare: 1, SecondRecordingShare: 1, Faults: faults}, MetadataFull)
	e.run(t)
	excepted := e.exceptions(t)
	for truth := range e.sim.Truth().Recordings() {
		if _, ok := excepted[truth.ConversationID+"/"+truth.ID]; !ok {
			t.Fatalf("recording %s is absent without an exception of its own; there are %d", truth.ID, len(excepted))
		}
	}
	e.sim.SetFaults(simulator.Faults{})
	e.run(t)
	if left := e.exceptions(t); len(left) > 0 {
		t.Errorf("%d exceptions are left", len(left))
	}
	e.complete(t)
}
