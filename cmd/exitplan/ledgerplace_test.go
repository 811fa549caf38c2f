package main

import (
	"database/sql"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"context"

	"exitplan/internal/ledger"
	"exitplan/internal/simulator"
	"exitplan/internal/sink"
)

// A run may be killed as it makes its journal, and a journal may be older than
// the program: the same command goes on.
func TestAnEmptyOrOlderJournalKeepsNoExportFromGoingOn(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 2})
	if err := os.MkdirAll(w.values["state"], 0o700); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(w.values["state"], "journal.db")
	overwrite(t, file, nil)
	if code, _, stderr := exitplan(t, w.args("window")...); code != exitComplete {
		t.Errorf("window beside an empty journal: exit code %d\n%s", code, stderr)
	}
	w.export(t, exitComplete)
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	var version int
	if err := db.QueryRow("PRAGMA user_version").Scan(&version); err != nil {
		t.Fatal(err)
	}
	if version < 2 {
		t.Fatal("there is no older schema")
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(w.values["state"]); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(w.values["state"], 0o700); err != nil {
		t.Fatal(err)
	}
	if db, err = sql.Open("sqlite", file); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("PRAGMA user_version = 1"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, _, stderr := exitplan(t, w.args("export")...); strings.Contains(stderr, "run the export once") {
		t.Errorf("an export is told to run an export:\n%s", stderr)
	}
}

// VERIFY.txt says how to fetch an export without what is in no bag.
func TestVerifyNeedsNoStateFolder(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 2})
	w.set(t, "contract.termination_date", hence(days))
	w.granted(t, "SO-1", day(30*days), "metrics")
	w.export(t, exitComplete)
	copied := filepath.Join(w.dir, "export", "x", "state")
	w.extension(t, exitComplete, "request", "--reference", "SO-2", "--until", day(60*days), "--classes", "metrics")
	if err := os.Remove(filepath.Join(copied, ledger.Head)); err != nil { // as a kill before it leaves it
		t.Fatal(err)
	}
	for range 2 {
		if code, stdout, stderr := exitplan(t, w.args("verify", w.root())...); code != exitComplete {
			t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
		}
		if err := os.RemoveAll(copied); err != nil {
			t.Fatal(err)
		}
	}
}

// But what lies there must be whole.
func TestVerifyBelievesNoPartOfAStateFolder(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 2})
	w.set(t, "contract.termination_date", hence(days))
	w.granted(t, "SO-1", day(30*days), "metrics")
	w.export(t, exitComplete)
	copied := filepath.Join(w.dir, "export", "x", "state")
	for _, name := range []string{filepath.Base(markerPath), eventsFile} {
		if err := os.Remove(filepath.Join(copied, name)); err != nil {
			t.Fatal(err)
		}
	}
	remade(t, copied)
	for range 2 {
		if code, stdout, _ := exitplan(t, w.args("verify", w.root())...); code != exitVerify {
			t.Errorf("exit code %d\n%s", code, stdout)
		}
		_ = os.Remove(filepath.Join(copied, ledger.Head))
		overwrite(t, filepath.Join(copied, ledger.File), []byte("garbage\n"))
	}
}

// meanwhile is a destination in which something happens when a file is opened.
type meanwhile struct {
	sink.Destination
	path string
	do   func()
}

func (m meanwhile) Open(ctx context.Context, path string) (io.ReadCloser, error) {
	if path == m.path {
		m.do()
	}
	return m.Destination.Open(ctx, path)
}

// What is recorded while a copy is read is no tampering.
func TestARequestThatComesMeanwhileIsNoTampering(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 2})
	w.set(t, "contract.termination_date", hence(days))
	w.granted(t, "SO-1", day(30*days), "metrics")
	w.export(t, exitComplete)
	url := w.values["destination.url"]
	s := &session{}
	s.cfg.State, s.cfg.ExportID, s.cfg.Destination.URL = w.values["state"], w.values["export_id"], url
	if err := s.openDestination(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	n := 0
	s.dest = meanwhile{s.dest, ledgerHead, func() {
		n++
		w.extension(t, exitComplete, "request", "--reference", "SO-2", "--until", day(60*days), "--classes", "metrics")
	}}
	if _, err := s.holdCopy(t.Context()); err != nil || n != 1 {
		t.Errorf("%v, %d times", err, n)
	}
}

// Another export's ledger says nothing of this one's.
func TestCheckTakesAnotherExportForWhatItIs(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 2})
	w.set(t, "contract.termination_date", hence(days))
	w.granted(t, "SO-1", day(30*days), "metrics")
	w.export(t, exitComplete)
	other := w.fork(t)
	other.export(t, exitComplete)
	other.set(t, "destination.url", w.values["destination.url"])
	code, stdout, _ := exitplan(t, other.args("check")...)
	if code != exitUsage || !strings.Contains(stdout, "already holds another export") || strings.Contains(stdout, "put back") {
		t.Errorf("exit code %d\n%s", code, stdout)
	}
}

// A clock that was turned back makes no late request for recordings one in time,
// also where the platform does not tell the time.
func TestASlowClockMakesNoRequestTimely(t *testing.T) {
	t.Setenv(secretVariable, "demo-secret")
	a := newAppointment(t, 7, core, nil)
	a.calendar.set(treatyStart)
	a.set(t, "contract.termination_date", treatyStart.Add(10*days).Format(time.RFC3339))
	request := []string{"extension", "request", "--reference", "SO-1", "--until", treatyStart.Add(50 * days).Format(time.DateOnly), "--classes", "recordings"}
	api, login := a.values["source.api_url"], a.values["source.login_url"]
	alone := func(want int, args ...string) {
		t.Helper()
		a.setMachine(-5 * days)
		a.set(t, "source.login_url", "http://127.0.0.1:9", "source.api_url", "http://127.0.0.1:9")
		if code := a.run(t, args...); code != want {
			t.Errorf("%v: exit code %d, want %d", args, code, want)
		}
		a.setMachine(0)
		a.set(t, "source.login_url", login, "source.api_url", api)
	}
	a.calendar.set(treatyStart.Add(11 * days))
	alone(exitUsage, request...) // it needs a proof
	a.calendar.set(treatyStart)
	if code := a.run(t, "export"); code != exitComplete {
		t.Fatalf("exit code %d", code)
	}
	a.calendar.set(treatyStart.Add(11 * days))
	if code := a.run(t, request...); code != exitWindow {
		t.Errorf("late: exit code %d", code)
	}
	alone(exitWindow, append(request, "--note", "by telephone")...)
}

// The state of a rehearsal goes by the ledger of the export.
func TestARehearsalsStateKnowsTheLedger(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Config{Days: 4, ConversationsPerDay: 2})
	w.set(t, "contract.termination_date", hence(4*time.Second))
	w.granted(t, "SO-1", day(30*days), "metrics,recordings")
	time.Sleep(4500 * time.Millisecond)
	w.export(t, exitComplete, "--rehearsal", "--sample", "25%")
	_, _, rec := w.rehearsed(t)
	state := filepath.Join(w.values["state"], rehearsalPrefix+rec.Date)
	for _, name := range []string{"status", "window"} {
		if _, stdout, _ := exitplan(t, w.args("--state", state, name)...); !strings.Contains(stdout, "end of extension SO-1") {
			t.Errorf("%s:\n%s", name, stdout)
		}
	}
}

// A ledger that was made anew is not believed because the journal is gone, where
// the destination still has what was recorded.
func TestALedgerWithoutItsJournalIsHeldAgainstTheDestination(t *testing.T) {
	t.Parallel()
	w, asked, _, _ := watched(t, 2)
	ends := time.Now().Add(8 * time.Second)
	w.granted(t, "SO-1", ends.UTC().Format(time.RFC3339), "metrics,recordings")
	w.export(t, exitComplete)
	time.Sleep(time.Until(ends))
	state := w.values["state"]
	remade(t, state)
	for _, name := range []string{"journal.db", "journal.db-wal", "journal.db-shm"} {
		_ = os.Remove(filepath.Join(state, name))
	}
	before := asked.Load()
	for _, args := range [][]string{{"check"}, {"export"}, {"export", "--rehearsal"}} {
		if code, stdout, stderr := exitplan(t, w.args(args...)...); code != exitVerify {
			t.Errorf("%v: exit code %d\n%s%s", args, code, tail(stdout), tail(stderr))
		}
	}
	if n := asked.Load() - before; n > 4 { // for the time
		t.Errorf("%d requests", n)
	}
}
