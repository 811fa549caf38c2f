package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"exitplan/exporter"
	"exitplan/internal/config"
	"exitplan/internal/simulator"
)

// requestLog keeps what the simulator logs.
type requestLog struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *requestLog) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(line)
}

// take gives what was logged since it was last asked: requests, and questions
// for the time, which are none.
func (l *requestLog) take(t *testing.T) (requests []simulator.Request, times int) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range bytes.Lines(l.text.Bytes()) {
		var r simulator.Request
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatal(err)
		}
		if r.Method == http.MethodHead && r.Path == "/" {
			times++
			continue
		}
		requests = append(requests, r)
	}
	l.text.Reset()
	return requests, times
}

// appointment is an organization whose clock, and this machine's, a test sets.
type appointment struct {
	*world
	*calendar
	log *requestLog
}

func newAppointment(t *testing.T, seed uint64, selection string, middleware func(http.Handler) http.Handler) *appointment {
	t.Helper()
	a := &appointment{calendar: &calendar{}, log: &requestLog{}}
	if middleware == nil {
		middleware = a.middleware
	}
	a.world = newWorld(t, simulator.Config{
		Seed: seed, Days: 2, ConversationsPerDay: 8, MediaBytes: 2 << 10, Now: a.platform, Log: a.log, Middleware: middleware,
	})
	a.set(t, "source.datasets", selection, "contract.subscription_start", "2021-04-01T00:00:00Z")
	return a
}

// set of a world, which calendar's would hide.
func (a *appointment) set(t *testing.T, pairs ...string) { a.world.set(t, pairs...) }

// run runs a command in this process, by the clock of the test.
func (a *appointment) run(t *testing.T, args ...string) int {
	t.Helper()
	ctx, signals, stop := untilInterrupted(context.WithValue(t.Context(), clockKey{}, a.local))
	defer stop()
	return exitCode(newApp(signals).RunContext(ctx, append([]string{"exitplan"}, a.args(append([]string{"--quiet"}, args...)...)...)))
}

// stored are the digests of all payload files by their paths.
func (a *appointment) stored(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{}
	bags := filepath.Join(a.dir, "export", "x", "bags")
	manifests, err := filepath.Glob(filepath.Join(bags, "*", "manifest-sha256.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range manifests {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			digest, path, _ := strings.Cut(strings.TrimSpace(line), "  ")
			if strings.HasSuffix(path, "_metadata.json") { // which names the simulator's port
				body, err := os.ReadFile(filepath.Join(filepath.Dir(name), filepath.FromSlash(path)))
				if err != nil {
					t.Fatal(err)
				}
				digest = string(bytes.ReplaceAll(body, []byte(a.sim.URL()), nil))
			}
			bag := filepath.Base(filepath.Dir(name))
			if i := strings.Index(bag, "-2026-03"); i > 0 { // its period hangs on what could be counted first
				bag = bag[:i]
			}
			files[bag+"/"+path] = digest
		}
	}
	return files
}

// classesOf says for whose sake a request may be made; the selected classes
// where it is for all.
func classesOf(r simulator.Request, selected []string) []string {
	switch {
	case r.Kind == "login", strings.HasPrefix(r.Path, "/api/v2/organizations/"), strings.HasSuffix(r.Path, "/availability"),
		strings.HasPrefix(r.Path, "/api/v2/tokens"), strings.HasPrefix(r.Path, "/api/v2/authorization"), strings.HasPrefix(r.Path, "/api/v2/oauth"):
		return selected
	case r.Kind == "media", strings.Contains(r.Path, "/recording"):
		return []string{exporter.Recordings}
	case strings.Contains(r.Path, "/conversations/details"), strings.Contains(r.Path, "/conversations/aggregates"): // also to find recordings, and to count
		return []string{exporter.Metrics, exporter.Recordings}
	case strings.HasPrefix(r.Path, "/api/v2/analytics/"):
		return []string{exporter.Metrics}
	}
	return []string{exporter.Configuration}
}

// The selections, with the classes that they are of.
var calendarSelections = []struct {
	datasets string
	classes  []string
}{
	{"[analytics.conversations.details, analytics.users.aggregates]", []string{exporter.Metrics}},
	{"[recordings, -recordings.*, -interactions.*]", []string{exporter.Recordings}},
	{core, []string{exporter.Metrics, exporter.Recordings}},
	{"[routing.queues, routing.queues.members, routing.skills, architect.schedules]", []string{exporter.Configuration}},
	{"[analytics.conversations.details, recordings, -recordings.*, -interactions.*, routing.queues, routing.queues.members, analytics.users.aggregates]", extendable},
}

// undisturbed is what an export of a selection holds that nothing interferes
// with, and how long it takes.
func undisturbed(t *testing.T, seed uint64, selection string) (files map[string]string, took time.Duration, requests int64) {
	a := newAppointment(t, seed, selection, nil)
	a.calendar.set(treatyStart)
	began := time.Now()
	if code := a.run(t, "export"); code != exitComplete {
		t.Fatalf("undisturbed: exit code %d", code)
	}
	took = time.Since(began)
	return a.stored(t), took, -a.countdown.Load()
}

// counted is what TestCalendar prints.
type counted struct{ contracts, runs, cut, taken, requests, times, closed, completed, sealed atomic.Int64 }

// Random contracts, and for each an instant of a run at which a window closes:
// nothing is asked of the platform while it may not be, nothing is lost, the exit
// code says how it stands, and the export is completed once an extension is
// granted.
func TestCalendar(t *testing.T) {
	t.Setenv(secretVariable, "demo-secret")
	contracts := 200
	if testing.Short() {
		contracts = 10
	}
	const seed = 7
	var files []map[string]string
	var took []time.Duration
	var requests []int64
	for _, s := range calendarSelections {
		f, d, r := undisturbed(t, seed, s.datasets)
		files, took, requests = append(files, f), append(took, d), append(requests, r)
	}
	var n counted
	t.Run("contracts", func(t *testing.T) {
		for i := range contracts {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				rnd := rand.New(rand.NewPCG(uint64(i), 5))
				which := i % len(calendarSelections)
				s := &schedule{counted: &n, rnd: rnd, classes: calendarSelections[which].classes, want: files[which]}
				s.appointment = newAppointment(t, seed, calendarSelections[which].datasets, nil)
				s.keep(t, min(took[which], 800*time.Millisecond), requests[which])
			})
		}
	})
	t.Logf("%d contracts, %d runs of which %d were cut by a close and %d by a withdrawal, %d requests and %d questions for the time; %d requests in closed time; %d exports completed, %d sealed as they were",
		n.contracts.Load(), n.runs.Load(), n.cut.Load(), n.taken.Load(), n.requests.Load(), n.times.Load(), n.closed.Load(), n.completed.Load(), n.sealed.Load())
	if n.cut.Load() < int64(contracts)/4 {
		t.Errorf("only %d runs were cut by a close", n.cut.Load())
	}
	if n.taken.Load() < int64(contracts)/20 {
		t.Errorf("only %d runs had their extension withdrawn", n.taken.Load())
	}
}

// schedule is one contract, and the runs of its export.
type schedule struct {
	*appointment
	*counted
	*treaty
	rnd     *rand.Rand
	classes []string
	want    map[string]string
	done    map[string]bool // classes that a run had all the time for
	sent    int             // requests of the last run
}

// keep runs the export at all instants that matter.
func (s *schedule) keep(t *testing.T, took time.Duration, requests int64) {
	cut := time.Duration(s.rnd.Int64N(int64(took + took/5)))
	switch s.rnd.IntN(10) {
	case 0:
		cut = time.Duration(s.rnd.Int64N(int64(20 * time.Millisecond)))
	case 1:
		cut = took - took/10
	}
	var closes []time.Time
	for closes == nil {
		s.treaty = randomTreaty(s.rnd, cut)
		closes = s.changes(s.classes, false)
		if !s.valid(t) {
			closes = nil
		}
	}
	s.done = map[string]bool{}
	s.contracts.Add(1)
	if s.rnd.IntN(3) == 0 {
		s.skew.Store(s.rnd.Int64N(int64(4*time.Hour)) - int64(2*time.Hour))
	}
	// The program takes a header for the latest instant that it can mean, and
	// leaves a second more: two in all. A close of whole seconds comes with the platform's next
	// second, one with a fraction in the midst of one.
	close := closes[s.rnd.IntN(len(closes))]
	begin := close.Add(-2*time.Second - cut)
	if f := close.Sub(close.Truncate(time.Second)); f > 0 {
		begin = begin.Add(time.Duration(s.rnd.Int64N(int64(max(900*time.Millisecond-cut, 1)))))
	}
	if s.rnd.IntN(2) == 0 {
		// An hour passes while some request is answered. One after the other: else
		// the next would be on its way already.
		begin = close.Add(-time.Hour)
		s.countdown.Store(1 + s.rnd.Int64N(requests))
		s.passes.Store(int64(time.Hour) + s.rnd.Int64N(int64(3*time.Second)))
		s.set(t, "concurrency.api", "1", "concurrency.transfers", "1")
	}
	code := s.export(t, begin, true)
	s.countdown.Store(0)
	if code == exitWindow && s.sent > 0 {
		s.cut.Add(1)
	}
	if s.any(s.classes, close) { // some class goes on
		code = s.export(t, close.Add(3*time.Second), false)
	}
	opens := s.changes(s.classes, true)
	at := close
	for _, next := range append(opens, time.Time{}) {
		if next.IsZero() {
			code = s.export(t, at.Add(time.Hour+time.Duration(s.rnd.Int64N(int64(1000*time.Hour)))), false)
			break
		}
		if !next.After(at) {
			continue
		}
		if gap := next.Sub(at); gap > time.Minute {
			s.export(t, at.Add(time.Duration(s.rnd.Int64N(int64(gap-time.Minute)))), false)
		}
		if s.mayTakeBack(next) && s.rnd.IntN(5) > 0 {
			code = s.takeBack(t, next.Add(10*time.Second), requests)
			at = next.Add(time.Minute)
			continue
		}
		s.export(t, next.Add(-time.Duration(s.rnd.Int64N(int64(3*time.Second)))), true)
		s.export(t, next.Add(time.Duration(s.rnd.Int64N(int64(2*time.Second)))), true)
		at = next.Add(10 * time.Second)
		code = s.export(t, at, false)
	}
	s.end(t, code)
}

// valid asks the program whether such a contract can be made.
func (s *schedule) valid(t *testing.T) bool {
	s.set(t, s.settings(treatyStart.AddDate(10, 0, 0))...)
	_, err := config.Load(s.config, []string{secretVariable + "=demo-secret"}, nil)
	return err == nil && s.changes(s.classes, false) != nil
}

// export runs once, and holds the requests that came against the contract. Where
// a change is near, the run may see either side of it.
func (s *schedule) export(t *testing.T, at time.Time, near bool) (code int) {
	t.Helper()
	s.set(t, s.settings(at)...)
	s.calendar.set(at)
	code = s.run(t, "export")
	s.hold(t, code, at, near)
	return code
}

// hold holds a run against the contract.
func (s *schedule) hold(t *testing.T, code int, at time.Time, near bool) {
	t.Helper()
	ended := s.platform()
	s.runs.Add(1)
	requests, times := s.log.take(t)
	s.sent = len(requests)
	s.requests.Add(int64(s.sent))
	s.times.Add(int64(times))
	for _, r := range requests {
		if !s.any(classesOf(r, s.classes), r.Time) {
			s.closed.Add(1)
			t.Errorf("%s %s at %v, run began at %v: closed\n%v", r.Method, r.Path, r.Time, at, s.treaty)
		}
	}
	for _, class := range s.classes {
		s.done[class] = s.done[class] || !near && s.open(class, at) && s.open(class, ended.Add(3*time.Second))
	}
	stored := s.stored(t)
	complete := maps.Equal(stored, s.want)
	for path := range s.want {
		if class := classOfFile(path); stored[path] == "" && s.done[class] {
			t.Errorf("%s is not stored, although %s could be exported\n%v", path, class, s.treaty)
			break
		}
	}
	switch {
	case code == exitComplete && complete:
	case code != exitWindow:
		t.Errorf("exit code %d at %v; complete is %v\n%v", code, at, complete, s.treaty)
	case complete && s.all() && s.any(s.classes, at) && !near:
		t.Errorf("closed at %v, although all is done\n%v", at, s.treaty)
	}
}

// classOfFile is the class of what a bag holds.
func classOfFile(path string) string {
	switch {
	case strings.HasPrefix(path, "analytics/"):
		return exporter.Metrics
	case strings.HasPrefix(path, "recordings/"), strings.HasPrefix(path, "orphans/"):
		return exporter.Recordings
	}
	return exporter.Configuration
}

// all says whether every class had its time.
func (s *schedule) all() bool {
	return !slices.ContainsFunc(s.classes, func(class string) bool { return !s.done[class] })
}

// end looks at what there is in the end.
func (s *schedule) end(t *testing.T, code int) {
	stored := s.stored(t)
	for path, digest := range stored {
		if s.want[path] != digest {
			t.Errorf("%s is not what an undisturbed run stores", path)
		}
	}
	if len(stored) == len(s.want) {
		s.completed.Add(1)
		return
	}
	if s.all() {
		t.Errorf("%d of %d files are stored, exit code %d\n%v", len(stored), len(s.want), code, s.treaty)
		return
	}
	if _, err := os.Stat(filepath.Join(s.dir, "export")); err != nil { // it never began
		if code := s.run(t, "export", "--seal"); code != exitUsage {
			t.Errorf("nothing to seal: exit code %d", code)
		}
		return
	}
	s.sealed.Add(1)
	if code := s.run(t, "export", "--seal"); code != exitMissing {
		t.Errorf("sealed: exit code %d", code)
	}
	reasons := s.excepted(t)
	for item, reason := range reasons {
		if !strings.HasPrefix(reason, string(exporter.WindowClosed)) {
			t.Errorf("%s: %s", item, reason)
		}
	}
	if requests, _ := s.log.take(t); len(reasons) == 0 || len(requests) > 0 {
		t.Errorf("sealed with %d exceptions and %d requests", len(reasons), len(requests))
	}
}
