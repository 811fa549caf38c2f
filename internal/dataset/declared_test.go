package dataset

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"exitplan/exporter"
	"exitplan/internal/simulator"
)

// answering puts answers in the place of the simulator's, by pattern.
func answering(answers map[string]http.HandlerFunc) func(http.Handler) http.Handler {
	mux := http.NewServeMux()
	for pattern, answer := range answers {
		mux.HandleFunc(pattern, answer)
	}
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, pattern := mux.Handler(r); pattern != "" {
				w.Header().Set("Content-Type", "application/json")
				mux.ServeHTTP(w, r)
				return
			}
			h.ServeHTTP(w, r)
		})
	}
}

// newDeclared is an export of declared datasets.
func newDeclared(t *testing.T, sim simulator.Config, names ...string) *export {
	t.Helper()
	if sim.ConversationsPerDay == 0 {
		sim.ConversationsPerDay = 1
	}
	e := newExport(t, sim, MetadataFull)
	e.use(t, names...)
	return e
}

// use selects datasets, as --amend does.
func (e *export) use(t *testing.T, names ...string) {
	t.Helper()
	selected, err := Select(names)
	if err != nil {
		t.Fatal(err)
	}
	e.cfg.Datasets = New(selected, Settings{API: e.details.API, Layout: e.details.Layout, Metadata: MetadataFull})
}

// lines are the packed records of a dataset.
func (e *export) lines(t *testing.T, name string) (lines []string) {
	t.Helper()
	for file, err := range e.dest.List(t.Context(), "bags/") {
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(file.Path, "/data/"+name+"/") && strings.HasSuffix(file.Path, ".jsonl.gz") {
			zip, err := gzip.NewReader(bytes.NewReader(e.slurp(t, file.Path)))
			if err != nil {
				t.Fatal(err)
			}
			for scan := bufio.NewScanner(zip); scan.Scan(); {
				lines = append(lines, scan.Text())
			}
		}
	}
	return lines
}

func (e *export) files(t *testing.T, name string) (paths []string) {
	t.Helper()
	for file, err := range e.dest.List(t.Context(), "bags/") {
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(file.Path, "/data/"+name+"/files/") {
			paths = append(paths, file.Path)
		}
	}
	return paths
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"status":%d,"code":%q,"message":"no"}`, status, code)
}

// A day of aggregates that is too large is cut until it is not, and nothing of
// the day is left out.
func TestAggregatesAreCutWhereTheyAreTooLarge(t *testing.T) {
	e := newDeclared(t, simulator.Config{Middleware: answering(map[string]http.HandlerFunc{
		"POST /api/v2/analytics/flows/aggregates/query": func(w http.ResponseWriter, r *http.Request) {
			var q struct{ Interval string }
			_ = json.NewDecoder(r.Body).Decode(&q)
			from, to, _ := strings.Cut(q.Interval, "/")
			a, _ := time.Parse(time.RFC3339, from)
			b, _ := time.Parse(time.RFC3339, to)
			if b.Sub(a) > 4*time.Hour {
				refuse(w, 400, "response.entity.too.large")
				return
			}
			fmt.Fprintf(w, `{"results":[{"group":{},"data":[{"interval":%q}]}]}`, q.Interval)
		},
	})}, "analytics.flows.aggregates")
	e.run(t)
	var ends []string
	for _, line := range e.lines(t, "analytics.flows.aggregates") {
		_, interval, _ := strings.Cut(line, `"interval":"`)
		ends = append(ends, strings.Split(strings.Trim(interval, `"}]`), "/")...)
	}
	slices.Sort(ends)
	if len(ends) != 16 || ends[0] != "2026-03-01T00:00:00.000Z" || ends[15] != "2026-03-02T00:00:00.000Z" {
		t.Fatalf("the pieces begin and end at %v", ends)
	}
	for i := 1; i < 15; i += 2 {
		if ends[i] != ends[i+1] {
			t.Errorf("a gap from %s to %s", ends[i], ends[i+1])
		}
	}
	if x := e.exceptions(t); len(x) > 0 {
		t.Errorf("exceptions %v", x)
	}
}

// A job that fails is asked for again; one that always fails is stated, and
// keeps no other from being exported.
func TestJobsThatFail(t *testing.T) {
	storage := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "flow: ", r.URL.Path) }))
	defer storage.Close()
	var jobs atomic.Int64
	var ofFlow sync.Map
	e := newDeclared(t, simulator.Config{Middleware: answering(map[string]http.HandlerFunc{
		"GET /api/v2/flows": func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, `{"entities":[{"id":"good"},{"id":"bad"},{"id":"late"}],"pageCount":1,"total":3}`)
		},
		"POST /api/v2/flows/export/jobs": func(w http.ResponseWriter, r *http.Request) {
			var q struct {
				Flows []struct{ Flow struct{ ID string } }
			}
			_ = json.NewDecoder(r.Body).Decode(&q)
			n := jobs.Add(1)
			ofFlow.Store(fmt.Sprint(n), q.Flows[0].Flow.ID)
			fmt.Fprintf(w, `{"id":"%d"}`, n)
		},
		"GET /api/v2/flows/export/jobs/{job}": func(w http.ResponseWriter, r *http.Request) {
			flow, _ := ofFlow.Load(r.PathValue("job"))
			state := "Success"
			if flow == "bad" || flow == "late" && jobs.Load() < 5 {
				state = "Failure"
			}
			fmt.Fprintf(w, `{"id":%q,"status":%q,"downloadUrl":"%s/%s"}`, r.PathValue("job"), state, storage.URL, flow)
		},
	})}, "architect.flows.exports")
	e.run(t)
	x := e.exceptions(t)
	if len(x) != 1 || x["bad"].Reason != exporter.FailedItem || !strings.Contains(x["bad"].Detail, "Failure") {
		t.Errorf("exceptions %v", x)
	}
	if files := e.files(t, "architect.flows.exports"); len(files) != 2 {
		t.Errorf("files %v", files)
	}
}

// A permission that the role lacks costs a few calls, not one for each
// conversation.
func TestWhatTheRoleLacksIsNotAskedForEach(t *testing.T) {
	var calls atomic.Int64
	e := newDeclared(t, simulator.Config{ConversationsPerDay: 400, Middleware: answering(map[string]http.HandlerFunc{
		"GET /api/v2/conversations/{id}/summaries": func(w http.ResponseWriter, r *http.Request) {
			calls.Add(1)
			refuse(w, 403, "missing.permissions")
		},
	})}, DetailsName, "interactions.summaries")
	e.run(t)
	if n := calls.Load(); n > 50 {
		t.Errorf("%d calls for what is not to be had", n)
	}
	units := 0
	for _, x := range e.exceptions(t) {
		if x.Reason != exporter.PermissionDenied {
			t.Errorf("exception %+v", x)
		}
		if x.OfUnit() {
			units++
		}
	}
	if units == 0 {
		t.Errorf("what was not asked for is not stated: %v", e.exceptions(t))
	}
}

// Content may join an export whose conversations are done, and every
// conversation is asked for once.
func TestContentJoinsLater(t *testing.T) {
	var asked sync.Map
	var calls atomic.Int64
	e := newDeclared(t, simulator.Config{Days: 2, ConversationsPerDay: 130, Middleware: answering(map[string]http.HandlerFunc{
		"GET /api/v2/conversations/{id}/customattributes": func(w http.ResponseWriter, r *http.Request) {
			calls.Add(1)
			asked.Store(r.PathValue("id"), true)
			fmt.Fprintf(w, `{"results":[{"id":"of %s"}]}`, r.PathValue("id"))
		},
	})}, DetailsName)
	e.run(t)
	e.use(t, DetailsName, "interactions.customattributes")
	e.run(t)
	for c := range e.sim.Truth().Conversations() {
		if _, ok := asked.Load(c.ID); !ok {
			t.Errorf("%s was not asked for", c.ID)
		}
	}
	if calls.Load() != 260 || len(e.lines(t, "interactions.customattributes")) != 260 {
		t.Errorf("%d calls, %d records for 260 conversations", calls.Load(), len(e.lines(t, "interactions.customattributes")))
	}
	if x := e.exceptions(t); len(x) > 0 {
		t.Errorf("exceptions %v", x)
	}
}

// The export is audited itself: audits are the last that is asked for.
func TestAuditsComeLast(t *testing.T) {
	var mu sync.Mutex
	var paths []string
	e := newDeclared(t, simulator.Config{Middleware: func(h http.Handler) http.Handler {
		audits := answering(map[string]http.HandlerFunc{
			"GET /api/v2/audits/query/servicemapping": func(w http.ResponseWriter, _ *http.Request) {
				fmt.Fprint(w, `{"services":[{"name":"Routing & more"}]}`)
			},
			"POST /api/v2/audits/query": func(w http.ResponseWriter, r *http.Request) {
				var q struct{ Interval, ServiceName string }
				_ = json.NewDecoder(r.Body).Decode(&q)
				from, to, _ := strings.Cut(q.Interval, "/")
				a, _ := time.Parse(time.RFC3339, from)
				b, _ := time.Parse(time.RFC3339, to)
				if b.Sub(a) > 30*24*time.Hour || q.ServiceName != "Routing & more" {
					refuse(w, 400, "bad.request")
					return
				}
				fmt.Fprintf(w, `{"id":"%s_%d"}`, from[:10], b.Unix())
			},
			"GET /api/v2/audits/query/{id}": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"state":"Succeeded"}`) },
			"GET /api/v2/audits/query/{id}/results": func(w http.ResponseWriter, r *http.Request) {
				fmt.Fprintf(w, `{"entities":[{"id":%q}]}`, r.PathValue("id"))
			},
		})(h)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			paths = append(paths, r.URL.Path)
			mu.Unlock()
			audits.ServeHTTP(w, r)
		})
	}}, "audits", "routing.*", "directory.*")
	e.run(t)
	last := 0
	for i, p := range paths {
		if !strings.Contains(p, "/audits/") {
			last = i
		}
	}
	after := 0
	for _, p := range paths[last+1:] {
		if strings.HasSuffix(p, "/results") {
			after++
		}
	}
	if after == 0 {
		t.Errorf("no audits after the last other request: %v", paths[max(0, len(paths)-6):])
	}
	days := e.lines(t, "audits")
	slices.Sort(days)
	if len(days) < 3 || !strings.Contains(days[0], "2026-03-01") || !strings.Contains(days[1], "2026-03-02") {
		t.Errorf("audits %v", days)
	}
	if x := e.exceptions(t); len(x) > 0 {
		t.Errorf("exceptions %v", x)
	}
}

// A job whose state and first page are one answer is paged to its end; another
// one that never becomes fresh is not taken for the answer.
func TestAJobWhoseStateIsItsFirstPage(t *testing.T) {
	var polls atomic.Int64
	e := newDeclared(t, simulator.Config{Middleware: answering(map[string]http.HandlerFunc{
		"POST /api/v2/usage/aggregates/query/jobs": func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, `{"id":"j"}`) },
		"GET /api/v2/usage/aggregates/query/jobs/j": func(w http.ResponseWriter, r *http.Request) {
			switch {
			case polls.Add(1) == 1:
				fmt.Fprint(w, `{"queryStatus":"Running"}`)
			case r.URL.Query().Get("after") == "":
				fmt.Fprint(w, `{"queryStatus":"Succeeded","entities":[{"n":1},{"n":2}],"nextUri":"/api/v2/usage/aggregates/query/jobs/j?after=2"}`)
			default:
				fmt.Fprint(w, `{"queryStatus":"Succeeded","entities":[{"n":3}]}`)
			}
		},
	})}, "usage.platforms")
	e.run(t)
	lines := e.lines(t, "usage.platforms")
	if slices.Sort(lines); strings.Join(lines, "") != `{"n":1}{"n":2}{"n":3}` || len(e.exceptions(t)) > 0 {
		t.Errorf("records %v, exceptions %v", lines, e.exceptions(t))
	}
}
