package main

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"exitplan/exporter"
	"exitplan/internal/simulator"
	"exitplan/internal/sink/s3server"
)

// site is where the worlds of one test stand.
type site struct {
	bucket *s3server.Server
	check  func(http.Handler) http.Handler // holds requests against the API definition
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{bucket: startS3(t, filepath.Join(t.TempDir(), "s3")), check: func(h http.Handler) http.Handler { return h }}
	if !testing.Short() {
		if check := definition(t); check != nil {
			s.check = check
		}
	}
	return s
}

// world is a small organization of two months, so of two recording jobs, with a
// trap between it, the bucket and the program. Each needs a number of its own.
func (s *site) world(t *testing.T, n int, cfg simulator.Config) (*world, *trap) {
	t.Helper()
	k := &trap{}
	cfg.Seed = uint64(n)
	cfg.Middleware = func(h http.Handler) http.Handler { return k.wrap(s.check(h)) }
	cfg.From, cfg.Days, cfg.ConversationsPerDay = time.Date(2026, 3, 31, 0, 0, 0, 0, time.UTC), 2, 12
	cfg.RecordedShare, cfg.SeveralResultsShare, cfg.MediaBytes = 0.8, 0.2, 1<<10
	w := bulkWorldOf(t, s.bucket, cfg)
	folder := fmt.Sprintf("%s/genesys/%d", s.bucket.Bucket, n)
	w.set(t, "destination.url", "s3://"+folder, "destination.endpoint", k.proxy(t, s.bucket.Endpoint, "/"+folder+"/"))
	return w, k
}

// beside is what lies in the bucket outside the export.
func (w *world) beside(t *testing.T) map[string]exporter.Foreign {
	t.Helper()
	bucket, ok := w.store(t).(exporter.Neighbour)
	if !ok {
		t.Fatal("the destination is no bucket")
	}
	found := map[string]exporter.Foreign{}
	for f, err := range bucket.Beside(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(f.Key, "genesys/") {
			found[f.Key] = f
		}
	}
	return found
}

// outcome is what the last run says came of the export.
type outcome struct {
	Code       int `json:"-"`
	Datasets   []struct{ Name, Verdict string }
	Exceptions int64
	Missing    missing
}

func (w *world) outcome(t *testing.T, flags ...string) (o outcome) {
	t.Helper()
	code, stdout, stderr := exitplan(t, w.args(append([]string{"--json", "export"}, flags...)...)...)
	if err := json.Unmarshal([]byte(stdout), &o); err != nil {
		t.Fatalf("exit code %d, %v in %q\n%s", code, err, stdout, tail(stderr))
	}
	o.Code = code
	return o
}

// undisturbed is the same export by batch requests alone.
func (w *world) undisturbed(t *testing.T) (*world, outcome) {
	t.Helper()
	pull := w.fork(t)
	pull.set(t, "recordings.method", "pull")
	return pull, pull.outcome(t)
}

// unharmed holds an export that was killed, and run to its end since, against one
// that was not.
func (w *world) unharmed(t *testing.T, before map[string]exporter.Foreign, got outcome) {
	t.Helper()
	pull, want := w.undisturbed(t)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("it ended with %+v, want %+v", got, want)
	}
	media, wanted := digests(t, w), digests(t, pull)
	if len(wanted) < 10 {
		t.Fatalf("%d recordings: the test shows too little", len(wanted))
	}
	for item := range wanted {
		// The two ways name further media in their own ways: what was stored and
		// not noted down may be there under both names.
		media[item] = slices.Compact(media[item])
		if !slices.Equal(media[item], wanted[item]) {
			t.Errorf("%s: %v, want %v", item, media[item], wanted[item])
		}
	}
	if len(media) != len(wanted) {
		t.Errorf("%d recordings, want %d", len(media), len(wanted))
	}
	if got, want := reasonsOf(t, w), reasonsOf(t, pull); !reflect.DeepEqual(got, want) {
		t.Errorf("exceptions %v, want %v", got, want)
	}
	if code, stdout, stderr := exitplan(t, w.args("verify", w.root())...); code != exitComplete {
		t.Errorf("verify: exit code %d\n%s%s", code, stdout, stderr)
	}
	jobs := w.sim.Truth().BulkJobs()
	if n := len(intervals(w)); len(jobs) != n || n != 2 && w.values["recordings.method"] == "bulk" {
		t.Errorf("%d jobs for %d intervals: %v", len(jobs), n, jobs)
	}
	after := w.beside(t)
	for key, f := range before {
		if after[key] != f {
			t.Errorf("%s was %v, and is %v", key, f, after[key])
		}
	}
}

// call matches requests for an API path by their method; a * is an id.
func call(method, pattern string) func(*http.Request) bool {
	want := strings.Split("/api/v2/"+pattern, "/")
	return func(r *http.Request) bool {
		got := strings.Split(r.URL.Path, "/")
		return r.Method == method && slices.EqualFunc(got, want, func(g, w string) bool { return g == w || w == "*" })
	}
}

// looking matches listings of what the platform wrote on a day.
func looking(r *http.Request) bool {
	prefix := r.URL.Query().Get("prefix")
	return r.Method == http.MethodGet && strings.Contains(prefix, "/day=") && !strings.Contains(prefix, "/hour=")
}

func TestKilledInEachPhaseOfARecordingJob(t *testing.T) {
	t.Parallel()
	const slow = 200 * time.Millisecond
	all := newSite(t)
	for i, tt := range []struct {
		name  string
		bulk  simulator.Bulk
		at    moment
		while string // a state in which a job is then
		short bool
	}{
		{"the job is asked for, in vain", simulator.Bulk{}, moment{match: call("POST", "recording/jobs")}, "", false},
		{"the job is made, and nobody knows its id", simulator.Bulk{}, moment{match: call("POST", "recording/jobs"), after: true}, "", true},
		{"the second job is made, and nobody knows its id", simulator.Bulk{Latency: slow}, moment{match: call("POST", "recording/jobs"), after: true, nth: 2}, "", false},
		{"the id is known, and nothing else", simulator.Bulk{Latency: slow}, moment{match: call("GET", "recording/jobs/*")}, "PENDING", false},
		{"executed in vain", simulator.Bulk{}, moment{match: call("PUT", "recording/jobs/*")}, "READY", true},
		{"executed, and the answer is lost", simulator.Bulk{Latency: slow}, moment{match: call("PUT", "recording/jobs/*"), after: true}, "READY", true},
		{"processing", simulator.Bulk{Latency: 2 * slow}, moment{match: call("GET", "recording/jobs/*")}, "PROCESSING", false},
		{"failed recordings are read", simulator.Bulk{}, moment{match: call("GET", "recording/jobs/*/failedrecordings")}, "FULFILLED", false},
		{"failed recordings are read, the other job's", simulator.Bulk{}, moment{match: call("GET", "recording/jobs/*/failedrecordings"), nth: 2, after: true}, "FULFILLED", false},
		{"objects land", simulator.Bulk{Landing: time.Second}, moment{match: looking, nth: 3}, "FULFILLED", false},
		{"copied in vain", simulator.Bulk{}, moment{match: copying, nth: 4}, "FULFILLED", true},
		{"copied, and the answer is lost", simulator.Bulk{}, moment{match: copying, nth: 9, after: true}, "FULFILLED", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if testing.Short() && !tt.short {
				t.Skip("with -short only where a second job, or a second execution, is at stake")
			}
			t.Parallel()
			tt.bulk.FailedShare = 0.15
			w, k := all.world(t, i, simulator.Config{ErrorShare: 0.1, Bulk: tt.bulk})
			at := tt.at
			at.match = func(r *http.Request) bool { return tt.at.match(r) && (tt.while == "" || w.stands(tt.while)) }
			if !k.run(t, command(t, w.args("export")...), at) {
				t.Fatal("the program came to its end")
			}
			before := w.beside(t)
			w.unharmed(t, before, w.outcome(t))
		})
	}
}

// stands says whether a job is in some state.
func (w *world) stands(state string) bool {
	return slices.ContainsFunc(w.sim.Truth().BulkJobs(), func(j simulator.BulkJob) bool { return j.State == state })
}

// At any request to anybody, or a little after it.
func TestKilledAtAnyTimeOfABulkRun(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("ten exports")
	}
	all, any := newSite(t), func(*http.Request) bool { return true }
	cfg := simulator.Config{ErrorShare: 0.1, Bulk: simulator.Bulk{FailedShare: 0.2, Landing: 200 * time.Millisecond}}
	w, k := all.world(t, 10, cfg)
	if k.run(t, command(t, w.args("export")...), moment{match: any, nth: math.MaxInt}) {
		t.Fatal("it was killed, and should not have been")
	}
	requests := k.passed
	for i := range 10 {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			t.Parallel()
			w, k := all.world(t, i, cfg)
			at := moment{match: any, nth: 1 + requests*i/10 + rand.IntN(requests/10), pause: rand.N(5 * time.Millisecond)}
			t.Logf("%v after request %d of about %d", at.pause, at.nth, requests)
			if !k.run(t, command(t, w.args("export")...), at) {
				t.Log("it came to its end before")
			}
			before := w.beside(t)
			w.unharmed(t, before, w.outcome(t))
		})
	}
}

// What a killed bulk run left, batch requests bring, and the other way round.
func TestKilledAndGoneOnWithInTheOtherWay(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("four exports")
	}
	all := newSite(t)
	for i, tt := range []struct {
		name, first, then string
		at                moment
	}{
		{"a job runs", "bulk", "pull", moment{match: call("GET", "recording/jobs/*"), nth: 3}},
		{"what landed is copied", "bulk", "pull", moment{match: copying, nth: 9, after: true}},
		{"a batch request runs", "pull", "bulk", moment{match: call("GET", "recording/batchrequests/*"), nth: 2}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, k := all.world(t, i, simulator.Config{Bulk: simulator.Bulk{FailedShare: 0.2, LostShare: 0.2}})
			w.set(t, "recordings.method", tt.first)
			if !k.run(t, command(t, w.args("export")...), tt.at) {
				t.Fatal("the program came to its end")
			}
			before := w.beside(t)
			w.set(t, "recordings.method", tt.then)
			got := w.outcome(t, "--amend")
			if got.Code != exitComplete {
				t.Errorf("exit code %d", got.Code)
			}
			w.unharmed(t, before, got)
		})
	}
}
