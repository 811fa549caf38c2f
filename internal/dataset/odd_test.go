package dataset

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"exitplan/exporter"
	"exitplan/internal/simulator"
)

// rewrite lets a function change the answers to some requests.
func rewrite(match func(*http.Request) bool, change func(r *http.Request, body map[string]any)) func(http.Handler) http.Handler {
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !match(r) {
				h.ServeHTTP(w, r)
				return
			}
			answer := httptest.NewRecorder()
			h.ServeHTTP(answer, r)
			var body map[string]any
			if json.Unmarshal(answer.Body.Bytes(), &body) == nil && answer.Code == http.StatusOK {
				change(r, body)
			}
			maps.Copy(w.Header(), answer.Header())
			w.Header().Del("Content-Length")
			w.WriteHeader(answer.Code)
			_ = json.NewEncoder(w).Encode(body)
		})
	}
}

func isRows(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/conversations/details/jobs/") && strings.HasSuffix(r.URL.Path, "/results")
}

// shortened makes every page of a details job lack its first rows.
func shortened(on *atomic.Bool, rows int) func(http.Handler) http.Handler {
	return rewrite(isRows, func(_ *http.Request, body map[string]any) {
		if list, _ := body["conversations"].([]any); on.Load() && len(list) > rows {
			body["conversations"] = list[rows:]
		}
	})
}

func eachRow(change func(row map[string]any)) func(http.Handler) http.Handler {
	return rewrite(isRows, func(_ *http.Request, body map[string]any) {
		list, _ := body["conversations"].([]any)
		for _, row := range list {
			change(row.(map[string]any))
		}
	})
}

// unfinished is a run that is stopped after a while.
func (e *export) unfinished(t *testing.T, after time.Duration) error {
	t.Helper()
	if _, err := e.journal.Reopen(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), after)
	defer cancel()
	return exporter.Run(ctx, e.cfg)
}

func (e *export) records(t *testing.T, dataset string) int64 {
	t.Helper()
	tally, err := e.journal.Tally(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return tally.Datasets[dataset].Records
}

// Cursors that lead in a circle end the job, not the time until the close.
func TestCursorsInACircle(t *testing.T) {
	e := newExport(t, simulator.Config{ConversationsPerDay: 30, Middleware: func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next := "A"
			if isRows(r) {
				if r.URL.Query().Get("cursor") == "A" {
					next = "B"
				}
				r.URL.RawQuery = "pageSize=1000"
			}
			rewrite(isRows, func(_ *http.Request, body map[string]any) { body["cursor"] = next })(h).ServeHTTP(w, r)
		})
	}}, MetadataDerived)
	if err := e.unfinished(t, 20*time.Second); err != nil {
		t.Fatal(err)
	}
	if len(e.exceptions(t)) == 0 {
		t.Error("results without an end were taken for complete")
	}
}

// Recordings that join while a day's details are half done: the rows that are
// stored already must be searched too.
func TestRecordingsJoinWhileADayIsHalfDone(t *testing.T) {
	var short atomic.Bool
	short.Store(true)
	e := newExport(t, simulator.Config{ConversationsPerDay: 50, Middleware: shortened(&short, 1)}, MetadataFull)
	all := e.cfg.Datasets
	e.details.Recordings, e.cfg.Datasets = nil, []exporter.Dataset{e.details}
	e.run(t)
	short.Store(false)
	e.details.Recordings, e.cfg.Datasets = e.recordings, all
	e.run(t)
	if left := e.exceptions(t); len(left) > 0 {
		t.Errorf("exceptions %v", left)
	}
	e.complete(t)
}

// A field of another type than expected must not hide that a conversation was
// recorded.
func TestAnOddFieldHidesNoRecording(t *testing.T) {
	e := newExport(t, simulator.Config{ConversationsPerDay: 50, Middleware: eachRow(func(row map[string]any) {
		if list, _ := row["participants"].([]any); len(list) > 0 {
			list[0].(map[string]any)["userId"] = 5
		}
	})}, MetadataFull)
	e.run(t)
	truth := int64(0)
	for range e.sim.Truth().Recordings() {
		truth++
	}
	if got := e.records(t, RecordingsName); got < truth {
		t.Errorf("%d recordings stored, the organization has %d", got, truth)
	}
	if left := e.exceptions(t); len(left) > 0 {
		t.Errorf("exceptions %v", left)
	}
}

// One conversation that the platform has trouble with costs no other.
func TestOneOddConversationCostsNoOther(t *testing.T) {
	for _, kind := range []string{"metadata refused", "metadata without id", "request refused"} {
		t.Run(kind, func(t *testing.T) {
			var victim string
			e := newExport(t, simulator.Config{ConversationsPerDay: 100, RecordedShare: 1, Middleware: func(h http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Content-Type", "application/json")
					refuse := func() {
						w.WriteHeader(http.StatusBadRequest)
						_, _ = io.WriteString(w, `{"status":400,"code":"bad.request","message":"odd"}`)
					}
					switch body, _ := io.ReadAll(r.Body); {
					case kind == "request refused" && isSubmit(r) && strings.Contains(string(body), victim):
						refuse()
					case kind == "metadata refused" && strings.HasSuffix(r.URL.Path, victim+"/recordingmetadata"):
						refuse()
					case kind == "metadata without id" && strings.HasSuffix(r.URL.Path, victim+"/recordingmetadata"):
						_, _ = io.WriteString(w, `[{"id":null,"conversationId":"x"}]`)
					default:
						r.Body = io.NopCloser(strings.NewReader(string(body)))
						h.ServeHTTP(w, r)
					}
				})
			}}, MetadataFull)
			truth := int64(0)
			for r := range e.sim.Truth().Recordings() {
				victim = r.ConversationID
				truth += int64(len(r.Results))
			}
			e.run(t)
			left := e.exceptions(t)
			for item := range left { // of what the retention query lists, or of all that it has
				if !strings.HasPrefix(item, victim) {
					t.Errorf("exceptions %v, want those of conversation %s alone", left, victim)
				}
			}
			if len(left) == 0 && kind == "request refused" {
				t.Error("nothing is reported")
			}
			if got := e.records(t, RecordingsName); got < truth-6 {
				t.Errorf("%d media stored, the organization has %d", got, truth)
			}
		})
	}
}

// Times without a zone are UTC, and double nothing where a day is split; one
// that cannot be read belongs to one part alone.
func TestStartsThatAreHardToRead(t *testing.T) {
	for name, change := range map[string]func(string) string{
		"no zone": func(s string) string { return strings.TrimSuffix(s, "Z") },
		"no time": func(string) string { return "yesterday" },
	} {
		t.Run(name, func(t *testing.T) {
			e := newExport(t, simulator.Config{ConversationsPerDay: 200, MaxRowsPerJob: 60, Middleware: eachRow(func(row map[string]any) {
				row["conversationStart"] = change(row["conversationStart"].(string))
			})}, MetadataDerived)
			e.run(t)
			got := e.records(t, DetailsName)
			if missing := len(e.exceptions(t)) > 0; got > 200 || got < 200 != missing {
				t.Errorf("%d rows for 200 conversations, exceptions: %v", got, missing)
			}
		})
	}
}

// What fails again and again keeps nothing else waiting.
func TestWhatKeepsFailingStarvesNothing(t *testing.T) {
	var broken atomic.Bool
	broken.Store(true)
	bad := map[string]bool{}
	e := newExport(t, simulator.Config{Days: 40, ConversationsPerDay: 3, RecordedShare: 1, MediaBytes: 1 << 10, Middleware: func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if isSubmit(r) {
				body, _ := io.ReadAll(r.Body)
				r.Body = io.NopCloser(strings.NewReader(string(body)))
				for id := range bad {
					if broken.Load() && strings.Contains(string(body), id) {
						w.WriteHeader(http.StatusNotImplemented)
						return
					}
				}
			}
			h.ServeHTTP(w, r)
		})
	}}, MetadataDerived)
	n := 0
	for c := range e.sim.Truth().Conversations() { // all of the first thirty days
		if n++; n <= 90 {
			bad[c.ID] = true
		}
	}
	whole := e.cfg.Interval
	for _, days := range []int{10, 20, 30} {
		e.cfg.Interval.To = whole.From.AddDate(0, 0, days)
		e.run(t)
	}
	e.cfg.Interval = whole
	e.run(t)
	if got := e.records(t, DetailsName); got != 120 {
		t.Errorf("%d conversations stored of 120", got)
	}
	for item := range e.exceptions(t) {
		if strings.Contains(item, "2026-04") {
			t.Errorf("%s was not exported", item)
		}
	}
	broken.Store(false)
	e.run(t)
	if left := e.exceptions(t); len(left) > 0 {
		t.Errorf("exceptions %v", left)
	}
	e.complete(t)
}

// A part of a split day that came short is reported, and mended by the next
// run; where nothing counts, it is said that nothing is known.
func TestASplitDayThatComesShort(t *testing.T) {
	for _, alone := range []bool{false, true} {
		t.Run(fmt.Sprintf("recordings alone %v", alone), func(t *testing.T) {
			var short atomic.Bool
			short.Store(true)
			e := newExport(t, simulator.Config{ConversationsPerDay: 60, RecordedShare: 1, MaxRowsPerJob: 40, Middleware: shortened(&short, 5)}, MetadataFull)
			if alone {
				e.cfg.Datasets = []exporter.Dataset{e.recordings}
			}
			e.run(t)
			if len(e.exceptions(t)) == 0 {
				t.Error("not a word of what is missing")
			}
			if alone {
				return
			}
			short.Store(false)
			e.run(t)
			if left := e.exceptions(t); len(left) > 0 {
				t.Errorf("exceptions %v", left)
			}
			e.complete(t)
			e.sound(t)
		})
	}
}

// Without the platform's count nothing is complete.
func TestADayWithoutACountIsNotComplete(t *testing.T) {
	e := newExport(t, simulator.Config{ConversationsPerDay: 30, Middleware: rewrite(func(r *http.Request) bool {
		return isRows(r) || strings.HasSuffix(r.URL.Path, "/details/query")
	}, func(_ *http.Request, body map[string]any) {
		delete(body, "totalHits")
		delete(body, "conversations")
	})}, MetadataDerived)
	e.run(t)
	if len(e.exceptions(t)) == 0 {
		t.Error("nothing was counted, and nothing is said to be missing")
	}
}

// Recordings that the platform is still working on are asked for again.
func TestRecordingsThatComeLaterAreAskedForAgain(t *testing.T) {
	for _, metadata := range []string{MetadataFull, MetadataDerived} {
		var early atomic.Bool
		early.Store(true)
		yesterday := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -1)
		e := newExport(t, simulator.Config{From: yesterday, ConversationsPerDay: 50, Middleware: rewritten(func(results []batchResult) []batchResult {
			if early.Load() {
				return []batchResult{}
			}
			return results
		})}, metadata)
		e.cfg.Interval = exporter.Interval{From: yesterday, To: yesterday.AddDate(0, 0, 1)}
		e.run(t)
		if len(e.exceptions(t)) == 0 {
			t.Fatal("nothing is missing")
		}
		early.Store(false)
		e.run(t)
		if left := e.exceptions(t); len(left) > 0 {
			t.Errorf("%s: exceptions %v", metadata, left)
		}
		e.complete(t)
	}
}

// Text is no recording, whatever it begins with.
func TestTextIsNoRecording(t *testing.T) {
	for name, served := range map[string]string{"as text": "text/plain", "as sound": "audio/wav"} {
		t.Run(name, func(t *testing.T) {
			storage := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", served)
				_, _ = io.WriteString(w, "Service temporarily unavailable, request id 42")
			}))
			defer storage.Close()
			e := newExport(t, simulator.Config{ConversationsPerDay: 10, Middleware: rewritten(func(results []batchResult) []batchResult {
				for i := range results {
					if results[i].URL != "" {
						results[i].URL = fmt.Sprintf("%s/%d", storage.URL, i)
					}
				}
				return results
			})}, MetadataFull)
			e.run(t)
			left := e.exceptions(t)
			for truth := range e.sim.Truth().Recordings() {
				if _, ok := left[truth.ConversationID+"/"+truth.ID]; !ok {
					t.Errorf("recording %s is not excepted", truth.ID)
				}
			}
		})
	}
}
