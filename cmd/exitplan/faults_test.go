package main

import (
	"bufio"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"exitplan/internal/simulator"
)

// Each fault of the platform, alone and all at once: either the export is
// complete, or it says what is missing.
func TestFaultsEndCompleteOrWithReasons(t *testing.T) {
	t.Parallel()
	faults := []string{"429=0.2", "429-bare=0.05", "5xx=0.2", "drop-json=0.2", "drop-media=0.3", "truncate-media=0.3", "html-200=0.2",
		"expired-url=0.2", "revoked-token=0.1", "expired-job=0.2", "repeat-page=0.3", "empty-page=0.3", "slow=0.2:50ms", "all"}
	for i, list := range faults {
		t.Run(list, func(t *testing.T) {
			t.Parallel()
			parsed, err := simulator.ParseFaults(list)
			if err != nil {
				t.Fatal(err)
			}
			// Enough conversations that results have several pages.
			w := newWorld(t, simulator.Config{Seed: uint64(i), Days: 2, ConversationsPerDay: 3200, RecordedShare: 0.03, MediaBytes: 8 << 10, Faults: parsed})
			w.set(t, "recordings.metadata", []string{"full", "derived"}[i%2])
			code, _, stderr := exitplan(t, w.args("export")...)
			if code != exitComplete && code != exitMissing {
				t.Fatalf("exit code %d\n%s", code, tail(stderr))
			}
			injected := int64(0)
			for _, n := range w.sim.Counts().Faults {
				injected += n
			}
			if injected == 0 {
				t.Fatal("no fault was injected: the test shows nothing")
			}
			absent := w.matches(t, read(t, w.store(t)))
			reasons := w.excepted(t)
			if code == exitComplete && len(absent) > 0 {
				t.Errorf("exit code 0, but %d items are absent, e.g. %s", len(absent), absent[0])
			}
			if code == exitMissing && len(reasons) == 0 {
				t.Errorf("exit code %d, %d exceptions", code, len(reasons))
			}
			for _, item := range absent {
				if reasons[item] == "" {
					t.Errorf("%s is absent without a reason", item)
				}
			}
			t.Logf("%d faults, exit code %d, %d absent, exceptions %v", injected, code, len(absent), reasons)
		})
	}
}

// A platform that never gives a recording whole must not end in exit code 0.
func TestMediaThatAlwaysComesShortIsReported(t *testing.T) {
	for _, list := range []string{"truncate-media=1", "drop-media=1", "html-200=0,expired-url=1"} {
		t.Run(list, func(t *testing.T) {
			t.Parallel()
			parsed, err := simulator.ParseFaults(list)
			if err != nil {
				t.Fatal(err)
			}
			w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 20, Faults: parsed})
			w.export(t, exitMissing)
			reasons := w.excepted(t)
			for truth := range w.sim.Truth().Recordings() {
				if reasons[truth.ConversationID+"/"+truth.ID] == "" {
					t.Errorf("recording %s is not excepted", truth.ID)
				}
			}
			// The same command makes good what the platform now gives; what
			// was stored as delivered stays.
			w.sim.SetFaults(simulator.Faults{})
			code, _, _ := exitplan(t, w.args("export")...)
			if !strings.HasPrefix(list, "truncate") && code != exitComplete {
				t.Errorf("the second run ended with %d", code)
			}
		})
	}
}

// Killed at random instants and started again each time, an export ends with
// the same payload as one that nobody disturbed.
func TestKillingAnExportChangesNothing(t *testing.T) {
	t.Parallel()
	for _, s3 := range []bool{false, true} {
		name := map[bool]string{false: "directory", true: "S3"}[s3]
		t.Run(name, func(t *testing.T) {
			cfg := simulator.Config{Days: 4, ConversationsPerDay: 300, MediaBytes: 64 << 10, JobLatency: 20 * time.Millisecond, BatchLatency: 50 * time.Millisecond}
			// An answer that breaks off because its reader was killed is no
			// matter for the API definition.
			cfg.Middleware = func(h http.Handler) http.Handler { return h }
			undisturbed := newWorld(t, cfg)
			const kills, transfers = 20, 4
			undisturbed.set(t, "concurrency.transfers", "4")
			w := undisturbed.fork(t)
			if s3 {
				w.onS3(t)
			}
			began := time.Now()
			undisturbed.export(t, exitComplete)
			whole := time.Since(began)
			want := read(t, undisturbed.store(t))
			least := undisturbed.sim.Counts().MediaStarted
			killed := w.kill(t, kills, whole/3)
			w.export(t, exitComplete)
			got := read(t, w.store(t))
			if absent := w.matches(t, got); len(absent) > 0 {
				t.Errorf("%d items are absent, e.g. %s", len(absent), absent[0])
			}
			if !maps.Equal(got.manifests, want.manifests) {
				t.Error("the payload manifests differ from those of an undisturbed run")
			}
			redone := w.sim.Counts().MediaStarted - 2*least
			if redone > int64(killed)*transfers {
				t.Errorf("%d transfers were redone after %d kills with at most %d in flight", redone, killed, transfers)
			}
			t.Logf("%d kills, %d of %d transfers redone", killed, redone, least)
			if code, stdout, _ := exitplan(t, w.args("verify", w.root())...); code != exitComplete {
				t.Errorf("verify: %d\n%s", code, stdout)
			}
		})
	}
}

// kill runs the export so many times, and kills it at a random instant each.
func (w *world) kill(t *testing.T, times int, within time.Duration) (killed int) {
	t.Helper()
	for range times {
		cmd := command(t, w.args("--quiet", "export")...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		exited := make(chan error, 1)
		go func() { exited <- cmd.Wait() }()
		select {
		case <-time.After(rand.N(within)):
			if cmd.Process.Signal(syscall.SIGKILL) == nil {
				killed++
			}
			<-exited
		case <-exited:
		}
	}
	return killed
}

// The window closes while an export runs: no request comes after, nothing
// stored is lost, and an extension lets the same command complete.
func TestTheWindowClosesInMidRun(t *testing.T) {
	logPath := filepath.Join(t.TempDir(), "requests.jsonl")
	logFile, err := os.Create(logPath)
	if err != nil {
		t.Fatal(err)
	}
	defer logFile.Close()
	w := newWorld(t, simulator.Config{Days: 10, ConversationsPerDay: 400, JobLatency: 400 * time.Millisecond, BatchLatency: 600 * time.Millisecond, Log: logFile})
	closes := time.Now().Add(5 * time.Second).UTC().Truncate(time.Second)
	w.set(t, "contract.termination_date", closes.Format(time.RFC3339), "contract.exit_started", "2026-01-01", "concurrency.api", "2", "concurrency.transfers", "2")
	stderr := w.export(t, exitWindow)
	if !strings.Contains(stderr, "window") {
		t.Errorf("not a word of the window:\n%s", stderr)
	}
	w.export(t, exitWindow) // and once more: closed is closed
	if n := len(requestsAfter(t, logPath, closes)); n > 0 {
		t.Errorf("%d requests came after the window had closed", n)
	}
	stored := read(t, w.store(t))
	if len(stored.rows) == 0 || len(stored.rows) == 4000 {
		t.Fatalf("%d conversations stored: the window did not close in mid-run", len(stored.rows))
	}
	if code, stdout, _ := exitplan(t, w.args("verify", w.root())...); code != exitMoreToCome {
		t.Errorf("what is stored does not verify: %d\n%s", code, stdout)
	}
	day := func(d time.Duration) string { return closes.Add(d).Format(time.RFC3339) }
	w.set(t, "contract.extensions", "[{requested: "+day(-time.Hour)+", granted: "+day(0)+", until: "+day(240*time.Hour)+", classes: [metrics, recordings], reference: SO-1}]")
	w.export(t, exitComplete)
	if absent := w.matches(t, read(t, w.store(t))); len(absent) > 0 {
		t.Errorf("%d items are absent, e.g. %s", len(absent), absent[0])
	}
}

func requestsAfter(t *testing.T, path string, at time.Time) (late []simulator.Request) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	n := 0
	for ; lines.Scan(); n++ {
		var r simulator.Request
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		if !r.Time.Before(at) {
			late = append(late, r)
		}
	}
	if n == 0 {
		t.Fatal("the simulator's log is empty")
	}
	return late
}

func TestInterruptOnceFinishesWhatIsInFlight(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 10, ConversationsPerDay: 300, JobLatency: 100 * time.Millisecond, BatchLatency: 100 * time.Millisecond})
	w.set(t, "concurrency.api", "1", "concurrency.transfers", "2")
	cmd := command(t, w.args("export")...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for w.sim.Counts().MediaStarted < 20 {
		time.Sleep(5 * time.Millisecond)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != exitInterrupted {
		t.Errorf("exit code %d", code)
	}
	if c := w.sim.Counts(); c.MediaStarted != c.MediaCompleted {
		t.Errorf("%d transfers begun, %d finished", c.MediaStarted, c.MediaCompleted)
	}
	w.export(t, exitComplete)
	counts := w.sim.Counts()
	if twice := slices.IndexFunc(slices.Collect(maps.Values(counts.Media)), func(x simulator.Transfers) bool { return x.Completed > 1 }); twice >= 0 {
		t.Error("a recording was transferred twice")
	}
}
