package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"exitplan/internal/simulator"
)

// slowly counts what the platform is asked, and lets each answer take a while.
func slowly(asked *atomic.Int64, while time.Duration) simulator.Config {
	return simulator.Config{ConversationsPerDay: 60, Middleware: func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked.Add(1)
			time.Sleep(while)
			h.ServeHTTP(w, r)
		})
	}}
}

// process is an export that runs beside the test.
type process struct {
	*exec.Cmd
	mu     sync.Mutex
	stderr bytes.Buffer
	ended  chan struct{}
}

func (p *process) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stderr.Write(text)
}

func (p *process) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stderr.String()
}

func (w *world) begin(t *testing.T, flags ...string) *process {
	t.Helper()
	p := &process{Cmd: command(t, w.args(append([]string{"export"}, flags...)...)...), ended: make(chan struct{})}
	p.Cmd.Stderr = p
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = p.Wait(); close(p.ended) }()
	t.Cleanup(func() { _ = p.Process.Kill(); <-p.ended })
	return p
}

// when waits until something is so, while the export runs.
func (p *process) when(t *testing.T, what string, so func() bool) {
	t.Helper()
	for until := time.Now().Add(20 * time.Second); !so(); time.Sleep(5 * time.Millisecond) {
		select {
		case <-p.ended:
			t.Fatalf("ended before %s\n%s", what, p.said())
		default:
		}
		if time.Now().After(until) {
			t.Fatalf("waited in vain for %s\n%s", what, p.said())
		}
	}
}

// ends waits for the end of the export.
func (p *process) ends(t *testing.T, want int, within time.Duration) {
	t.Helper()
	select {
	case <-p.ended:
	case <-time.After(within):
		t.Fatalf("went on for %v\n%s", within, p.said())
	}
	if code := p.ProcessState.ExitCode(); code != want {
		t.Errorf("exit code %d, want %d\n%s", code, want, tail(p.said()))
	}
}

// standsStill says whether nothing is asked for a while.
func standsStill(asked *atomic.Int64) func() bool {
	return func() bool {
		before := asked.Load()
		time.Sleep(700 * time.Millisecond)
		return asked.Load() == before
	}
}

func (w *world) tell(t *testing.T, args ...string) (stdout string) {
	t.Helper()
	code, stdout, stderr := exitplan(t, w.args(args...)...)
	if code != exitComplete {
		t.Fatalf("%v: exit code %d\n%s", args, code, stderr)
	}
	return stdout
}

func TestAPausedExportStandsStillAndGoesOn(t *testing.T) {
	var asked atomic.Int64
	w := newWorld(t, slowly(&asked, 20*time.Millisecond))
	p := w.begin(t)
	p.when(t, "units run", func() bool { return asked.Load() > 20 })
	w.tell(t, "pause", "--note", "a busy day", "--by", "kim")
	p.when(t, "it says so", func() bool { return strings.Contains(p.said(), "paused since") })
	p.when(t, "it stands still", standsStill(&asked))
	if out := w.tell(t, "status"); !strings.Contains(out, "by kim: a busy day; go on with: exitplan resume") {
		t.Errorf("status:\n%s", out)
	}
	w.tell(t, "resume")
	p.ends(t, exitComplete, 60*time.Second)
	if absent := w.matches(t, read(t, w.store(t))); len(absent) > 0 {
		t.Errorf("absent: %v", absent)
	}
	for _, kind := range []string{"paused", "resumed"} {
		if list := events(t, w, kind); len(list) != 1 || list[0].Detail["note"] != "a busy day" || list[0].Detail["by"] != "kim" {
			t.Errorf("events %s: %+v", kind, list)
		}
	}
}

// Killed while it is paused, an export waits when it is started again, and
// asks nobody anything; then nothing is missing.
func TestKilledWhilePaused(t *testing.T) {
	var asked atomic.Int64
	w := newWorld(t, slowly(&asked, 20*time.Millisecond))
	p := w.begin(t)
	p.when(t, "units run", func() bool { return asked.Load() > 20 })
	w.tell(t, "pause")
	p.when(t, "it stands still", standsStill(&asked))
	if err := p.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-p.ended
	before := asked.Load()
	p = w.begin(t)
	p.when(t, "it waits", func() bool { return strings.Contains(p.said(), "'exitplan resume' goes on") })
	time.Sleep(300 * time.Millisecond)
	if n := asked.Load() - before; n > 0 {
		t.Errorf("%d requests while paused", n)
	}
	w.tell(t, "resume")
	p.ends(t, exitComplete, 60*time.Second)
	if absent := w.matches(t, read(t, w.store(t))); len(absent) > 0 {
		t.Errorf("absent: %v", absent)
	}
}

// SIGTERM drains as Ctrl-C does, and ends what stands still at once, whether it
// was running before or not.
func TestTerminatingAnExport(t *testing.T) {
	for _, paused := range []bool{false, true} {
		var asked atomic.Int64
		w := newWorld(t, slowly(&asked, 20*time.Millisecond))
		p := w.begin(t)
		p.when(t, "units run", func() bool { return asked.Load() > 20 })
		if paused {
			w.tell(t, "pause")
			p.when(t, "it stands still", standsStill(&asked))
		}
		if err := p.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		p.ends(t, exitInterrupted, 5*time.Second)
		if !strings.Contains(p.said(), "stopping after the transfers in flight") || !strings.Contains(p.said(), "Interrupted. What is stored is safe.") {
			t.Errorf("paused is %t:\n%s", paused, p.said())
		}
		if !paused {
			w.export(t, exitComplete)
			continue
		}
		p = w.begin(t)
		p.when(t, "it waits", func() bool { return strings.Contains(p.said(), "'exitplan resume' goes on") })
		if err := p.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		p.ends(t, exitInterrupted, 5*time.Second)
	}
}

func TestAPauseEndsByItself(t *testing.T) {
	var asked atomic.Int64
	cfg := slowly(&asked, 0)
	cfg.ConversationsPerDay = 5
	w := newWorld(t, cfg)
	if err := os.MkdirAll(w.values["state"], 0o700); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	var said struct{ Paused pause }
	if err := json.Unmarshal([]byte(w.tell(t, "pause", "--until", "2s", "--json")), &said); err != nil || said.Paused.By == "" || said.Paused.Until.IsZero() {
		t.Errorf("%+v, %v", said, err)
	}
	w.export(t, exitComplete)
	if took := time.Since(begun); took < time.Second { // whole seconds
		t.Errorf("it waited for %v", took)
	}
}

// The window of a paused export closes all the same.
func TestTheWindowClosesOnAPausedExport(t *testing.T) {
	var asked atomic.Int64
	w := newWorld(t, slowly(&asked, 50*time.Millisecond))
	w.set(t, "contract.termination_date", time.Now().Add(10*time.Second).Format(time.RFC3339))
	running := w.begin(t)
	running.when(t, "units run", func() bool { return asked.Load() > 12 })
	w.tell(t, "pause")
	running.when(t, "it stands still", standsStill(&asked))
	running.ends(t, exitWindow, 20*time.Second)
	if !strings.Contains(running.said(), "the window is closed") {
		t.Error(running.said())
	}
	w.export(t, exitWindow) // although it is still paused
	w.tell(t, "resume")
	w.set(t, "contract.termination_date", "2099-12-31")
	w.export(t, exitComplete)
	if absent := w.matches(t, read(t, w.store(t))); len(absent) > 0 {
		t.Errorf("absent: %v", absent)
	}
}

func TestWhatCannotBePaused(t *testing.T) {
	w := newWorld(t, simulator.Config{ConversationsPerDay: 1, Days: 1})
	for _, args := range [][]string{
		{"pause"}, // nothing has begun there
		{"pause", "--until", "yesterday"},
		{"pause", "--until", "2020-01-01T00:00:00Z"},
		{"pause", "--until", "-1h"},
	} {
		if code, _, stderr := exitplan(t, w.args(args...)...); code != exitUsage {
			t.Errorf("%v: exit code %d\n%s", args, code, stderr)
		}
	}
	if out := w.tell(t, "resume"); !strings.Contains(out, "was not paused") {
		t.Error(out)
	}
	// A marker that nobody can read is heeded, and replaced.
	if err := os.MkdirAll(w.values["state"], 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(w.values["state"], pauseFile), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if p, err := readPause(w.values["state"], time.Now()); err != nil || p == nil {
		t.Errorf("%v, %v", p, err)
	}
	w.tell(t, "pause")
	w.tell(t, "resume")
	w.export(t, exitComplete)
}
