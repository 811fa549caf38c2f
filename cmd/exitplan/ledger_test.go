package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"exitplan/internal/journal"
	"exitplan/internal/ledger"
	"exitplan/internal/simulator"
)

// An export that was extended by the ledger alone: journal, destination and
// root bag tell of it, and another machine goes on by it.
func TestTheLedgerGoesWithTheExport(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 20})
	w.export(t, exitComplete)
	closes := time.Now().Add(2 * time.Second).UTC()
	w.set(t, "contract.termination_date", closes.Format(time.RFC3339Nano))
	w.granted(t, "SO-1", day(30*days), "metrics,recordings")
	store := w.store(t)
	if n := strings.Count(string(slurp(t, store, ledgerCopy)), "\n"); n != 2 {
		t.Errorf("the destination has %d lines before the next export", n)
	}
	time.Sleep(time.Until(closes))
	w.export(t, exitComplete)
	state, sealed := string(slurp(t, store, ledgerCopy)), string(slurp(t, store, ledgerSealed))
	if state != sealed || !strings.Contains(sealed, "SO-1") {
		t.Errorf("copied\n%s\nsealed\n%s", state, sealed)
	}
	events := string(slurp(t, store, "root/data/events.jsonl"))
	for _, e := range w.ledgerLines(t) {
		if strings.Count(events, e.Hash) != 1 || !strings.Contains(events, `"extension-`+e.Action+`"`) {
			t.Errorf("the events do not tell once of line %d:\n%s", e.Seq, events)
		}
	}
	if code, stdout, _ := exitplan(t, w.args("verify", w.root())...); code != exitComplete {
		t.Errorf("verify: exit code %d\n%s", code, stdout)
	}
	other := w.fork(t)
	other.set(t, "destination.url", w.values["destination.url"])
	other.export(t, exitComplete, "--resume-from-destination")
	if n := len(other.ledgerLines(t)); n != 2 {
		t.Errorf("the other machine has %d lines", n)
	}
}

// What the configuration has is recorded by the export that it opens a window
// for, once; what it has no longer is withdrawn.
func TestAnExportRecordsWhatTheConfigurationHas(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 5})
	w.set(t, "contract.termination_date", day(-3*days), "contract.extensions",
		"[{requested: "+day(-9*days)+", granted: "+day(-8*days)+", until: "+day(9*days)+", classes: [metrics, recordings], reference: SO-1}]")
	w.export(t, exitComplete)
	w.export(t, exitComplete)
	lines := w.ledgerLines(t)
	if len(lines) != 2 || lines[1].Action != ledger.Granted || lines[1].By != "configuration" {
		t.Fatalf("%+v", lines)
	}
	w.set(t, "contract.extensions", "[]")
	w.export(t, exitWindow)
	w.set(t, "contract.extensions", "[{requested: "+day(-9*days)+", until: "+day(9*days)+", classes: [metrics, recordings], reference: SO-1}]")
	w.export(t, exitWindow)
	w.extension(t, exitComplete, "grant", "--reference", "SO-1")
	w.export(t, exitComplete)
	if last := w.ledgerLines(t); last[len(last)-1].Source != ledger.Command {
		t.Errorf("%+v", last)
	}
}

// Whatever is done to the ledger: check, export and verify notice it.
func TestALedgerThatWasTamperedWithIsNoticed(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 5})
	w.set(t, "contract.termination_date", hence(days))
	w.granted(t, "SO-1", day(30*days), "metrics")
	w.extension(t, exitComplete, "request", "--reference", "SO-2", "--until", day(60*days), "--classes", "configuration")
	w.export(t, exitComplete)
	state := w.values["state"]
	copied := filepath.Join(w.dir, "export", "x", "state")
	run := func(name string, args ...string) (int, string) {
		code, stdout, stderr := exitplan(t, w.args(append([]string{name}, args...)...)...)
		return code, stdout + stderr
	}
	remade := filepath.Join(t.TempDir(), "remade")
	forge(t, remade, w.ledgerLines(t))
	older := filepath.Join(t.TempDir(), "older")
	if err := ledger.Put(older, w.ledgerLines(t)[:2]); err != nil {
		t.Fatal(err)
	}
	replace := func(from string, names ...string) func(dir string) {
		return func(dir string) {
			for _, name := range names {
				text, err := os.ReadFile(filepath.Join(from, name))
				if err != nil {
					t.Fatal(err)
				}
				overwrite(t, filepath.Join(dir, name), text)
			}
		}
	}
	file := func(change func(l []string) []string) func(dir string) {
		return func(dir string) {
			text, err := os.ReadFile(filepath.Join(dir, ledger.File))
			if err != nil {
				t.Fatal(err)
			}
			overwrite(t, filepath.Join(dir, ledger.File), []byte(strings.Join(change(strings.SplitAfter(string(text), "\n")), "")))
		}
	}
	for _, tt := range []struct {
		name, line string
		do         func(dir string)
	}{
		{"edited", "line 2", file(func(l []string) []string {
			l[1] = strings.Replace(l[1], `"by":"`, `"by":"x`, 1)
			return l
		})},
		{"a line deleted", "line 2", file(func(l []string) []string { return append(l[:1:1], l[2:]...) })},
		{"the last line deleted", "line 3", file(func(l []string) []string { return l[:2] })},
		{"two lines swapped", "line 1", file(func(l []string) []string { l[0], l[1] = l[1], l[0]; return l })},
		{"cut off", "line 3", file(func(l []string) []string { l[2] = l[2][:50]; return l })},
		{"gone", "line 1", func(dir string) { os.Remove(filepath.Join(dir, ledger.File)) }},
		{"replaced by an older one, with its head", "line 3", replace(older, ledger.File, ledger.Head)},
		{"made anew after an edit, with its head", "line 1", replace(remade, ledger.File, ledger.Head)},
		{"gone, with its head", "line 1", func(dir string) {
			os.Remove(filepath.Join(dir, ledger.File))
			os.Remove(filepath.Join(dir, ledger.Head))
		}},
	} {
		for place, commands := range map[string][]string{state: {"check", "export"}, copied: {"verify"}} {
			kept := t.TempDir()
			replace(place, ledger.File, ledger.Head)(kept)
			tt.do(place)
			for _, name := range commands {
				args := []string{}
				if name == "verify" {
					args = []string{w.root()}
				}
				code, said := run(name, args...)
				if code != exitVerify || !strings.Contains(said, tt.line) || !strings.Contains(said, "put back") {
					t.Errorf("%s: %s ends with %d, and should name %s:\n%s", tt.name, name, code, tt.line, tail(said))
				}
			}
			replace(kept, ledger.File, ledger.Head)(place)
		}
	}
	// A copy at the destination that says something else stops an export too.
	replace(remade, ledger.File, ledger.Head)(copied)
	for _, name := range []string{"check", "export"} {
		if code, said := run(name); code != exitVerify {
			t.Errorf("%s beside a forged copy: exit code %d\n%s", name, code, tail(said))
		}
	}
	// Where the copy is forged alike, the journal and the root bag tell.
	kept := t.TempDir()
	replace(state, ledger.File, ledger.Head)(kept)
	replace(remade, ledger.File, ledger.Head)(state)
	for _, args := range [][]string{{"check"}, {"export"}, {"verify", w.root()}} {
		if code, said := run(args[0], args[1:]...); code != exitVerify || !strings.Contains(said, "line 1") {
			t.Errorf("forged alike in two places: %s ends with %d\n%s", args[0], code, tail(said))
		}
	}
	replace(kept, ledger.File, ledger.Head)(state)
	replace(state, ledger.File, ledger.Head)(copied)
	for _, args := range [][]string{{"check"}, {"export"}, {"verify", w.root()}} {
		if code, said := run(args[0], args[1:]...); code != exitComplete {
			t.Errorf("all put back: %s ends with %d\n%s", args[0], code, tail(said))
		}
	}
}

// forge makes a ledger anew with one date changed.
func forge(t *testing.T, dir string, entries []ledger.Entry) {
	t.Helper()
	l, err := ledger.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for i, e := range entries {
		if i == 0 {
			e.Note = "something else"
		}
		if _, err := l.Append(e); err != nil {
			t.Fatal(err)
		}
	}
}

func overwrite(t *testing.T, path string, text []byte) {
	t.Helper()
	_ = os.Remove(path) // the store made it read-only
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// A grant that is withdrawn while an export runs ends it; the next grant lets
// the same command go on.
func TestAGrantThatIsWithdrawnShutsTheWindowInMidRun(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 3, ConversationsPerDay: 30, JobLatency: 600 * time.Millisecond, BatchLatency: 900 * time.Millisecond})
	w.set(t, "contract.termination_date", hence(4*time.Second), "concurrency.api", "1", "concurrency.transfers", "1")
	w.granted(t, "SO-1", day(30*days), "metrics,recordings")
	w.extension(t, exitComplete, "request", "--reference", "SO-2", "--until", day(31*days), "--classes", "metrics,recordings")
	cmd := command(t, w.args("export")...)
	done := make(chan int, 1)
	go func() {
		code, _, _ := finish(t, cmd)
		done <- code
	}()
	time.Sleep(4500 * time.Millisecond)
	if said := w.extension(t, exitComplete, "withdraw", "--reference", "SO-1"); !strings.Contains(said, "withdrawal of extension SO-1") {
		t.Errorf("%s", said)
	}
	select {
	case code := <-done:
		if code != exitWindow {
			t.Fatalf("exit code %d", code)
		}
	case <-time.After(20 * time.Second):
		_ = cmd.Process.Kill()
		t.Fatal("the export went on")
	}
	w.export(t, exitWindow)
	w.extension(t, exitComplete, "grant", "--reference", "SO-2")
	w.set(t, "concurrency.api", "8", "concurrency.transfers", "8")
	w.export(t, exitComplete)
	j, err := journal.Open(t.Context(), w.values["state"], journal.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	n := 0
	for e, err := range j.Events(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(e.Kind, eventOf) {
			n++
		}
	}
	if n != 5 {
		t.Errorf("%d events of 5 entries", n)
	}
}
