package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"exitplan/internal/simulator"
)

// The report of an export that is over needs neither platform nor destination,
// nor a secret, nor an open window, and says what the root bag's says.
func TestAReportFromTheJournalAlone(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 20, ErrorShare: 0.2})
	w.export(t, exitMissing)
	sealed := string(slurp(t, w.store(t), "root/data/report.txt"))
	w.sim.Close()
	if err := os.RemoveAll(filepath.Join(w.dir, "export")); err != nil {
		t.Fatal(err)
	}
	w.set(t, "contract.termination_date", time.Now().Add(-time.Hour).UTC().Format(time.RFC3339))
	cmd := command(t, w.args("report")...)
	cmd.Env = append(os.Environ(), "EXITPLAN_TEST_COMMAND=1")
	code, stdout, stderr := finish(t, cmd)
	if code != exitMissing || stderr != "" || stdout != sealed {
		t.Errorf("exit code %d\n%s\nreport:\n%s\nthe root bag's:\n%s", code, stderr, stdout, sealed)
	}
	code, stdout, _ = exitplan(t, w.args("report", "--json")...)
	var report struct {
		At             time.Time
		Outcome        string
		ExitCode       int `json:"exit_code"`
		Requests       *int64
		Reconciliation []struct{ Expected, Stored int64 }
		Windows        []any
	}
	if err := json.Unmarshal([]byte(stdout), &report); err != nil {
		t.Fatal(err)
	}
	if code != exitMissing || report.ExitCode != code || report.At.IsZero() || len(report.Reconciliation) == 0 || len(report.Windows) != 4 ||
		strings.Contains(stdout, "api_requests") || !strings.Contains(report.Outcome, "missing") {
		t.Errorf("exit code %d\n%s", code, stdout)
	}
}

func TestAReportOfWhatIsNotFinished(t *testing.T) {
	from := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	w := newWorld(t, simulator.Config{ConversationsPerDay: 5, Available: from.AddDate(0, 0, 2)})
	report := func(want int, words ...string) {
		t.Helper()
		code, stdout, stderr := exitplan(t, w.args("report")...)
		if code != want {
			t.Errorf("exit code %d, want %d\n%s", code, want, stderr)
		}
		says(t, stdout+stderr, words...)
	}
	report(exitUsage, "no export has begun")
	w.export(t, exitMoreToCome)
	report(exitMoreToCome, "Later days are still to come", "up to 2026-03-03T00:00:00Z")
	w.sim.SetAvailable(from.AddDate(0, 0, 9))
	w.export(t, exitComplete)
	report(exitComplete, "Complete. Every expectation is met")

	// A run that stored everything, and was stopped before its manifests.
	if err := os.RemoveAll(filepath.Join(w.dir, "export", "x", "root")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(w.dir, "export", "x", "root"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	w.export(t, exitFailed)
	report(exitMoreToCome, "sealing is not finished")

	// With units left it depends on the window what can be done.
	var asked atomic.Int64
	w = newWorld(t, slowly(&asked, 20*time.Millisecond))
	p := w.begin(t)
	p.when(t, "units run", func() bool { return asked.Load() > 20 })
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.ends(t, exitInterrupted, 10*time.Second)
	report(exitMoreToCome, "Not finished yet", "'exitplan export' goes on", "incomplete")
	w.set(t, "contract.termination_date", "2026-02-01")
	report(exitWindow, "the window is closed", "exitplan extension request --classes metrics", "only an extension that was requested before")
}
