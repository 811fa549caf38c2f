package main

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"exitplan/internal/ledger"
	"exitplan/internal/simulator"
)

// watched is an organization that counts the requests which come after an instant.
func watched(t *testing.T, perDay int) (w *world, asked, late, after *atomic.Int64) {
	t.Helper()
	asked, late, after = &atomic.Int64{}, &atomic.Int64{}, &atomic.Int64{}
	w = newWorld(t, simulator.Config{Days: 4, ConversationsPerDay: perDay, Middleware: func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			asked.Add(1)
			if at := after.Load(); at > 0 && time.Now().UnixNano() > at && r.Method != http.MethodHead {
				late.Add(1)
			}
			time.Sleep(30 * time.Millisecond) // the network
			h.ServeHTTP(rw, r)
		})
	}})
	w.set(t, "contract.termination_date", hence(4*time.Second), "concurrency.api", "1", "concurrency.transfers", "1")
	return w, asked, late, after
}

// remade is a ledger that somebody has made longer, chain and head included.
func remade(t *testing.T, state string) {
	t.Helper()
	entries, err := ledger.Read(state)
	if err != nil {
		t.Fatal(err)
	}
	aside := t.TempDir()
	for i := range entries {
		entries[i].Until.Written = day(30 * days)
		if entries[i], err = entries[i].Resolve(); err != nil {
			t.Fatal(err)
		}
	}
	forge(t, aside, entries)
	for _, name := range []string{ledger.File, ledger.Head} {
		if err := os.Rename(filepath.Join(aside, name), filepath.Join(state, name)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAWithdrawalHoldsForAnExportThatWaits(t *testing.T) {
	t.Parallel()
	w, asked, _, _ := watched(t, 5)
	w.granted(t, "SO-1", day(30*days), "metrics,recordings")
	time.Sleep(4500 * time.Millisecond) // until the termination is over
	w.tell(t, "pause")
	p := w.begin(t)
	p.when(t, "it waits", func() bool { return strings.Contains(p.said(), "pause") })
	w.extension(t, exitComplete, "withdraw", "--reference", "SO-1")
	before := asked.Load()
	w.tell(t, "resume")
	p.ends(t, exitWindow, 30*time.Second)
	if n := asked.Load() - before; n > 2 { // for the time
		t.Errorf("%d requests after the withdrawal", n)
	}
}

func TestAnExportBelievesNoLedgerThatWasMadeAnewMeanwhile(t *testing.T) {
	w, asked, late, after := watched(t, 120)
	ends := time.Now().Add(6 * time.Second)
	after.Store(ends.UnixNano())
	w.granted(t, "SO-1", ends.UTC().Format(time.RFC3339Nano), "metrics,recordings")
	p := w.begin(t)
	p.when(t, "units run", func() bool { return asked.Load() > 15 })
	remade(t, w.values["state"])
	p.ends(t, exitVerify, 60*time.Second)
	if late.Load() > 0 {
		t.Errorf("%d requests after the close", late.Load())
	}
}

// A kill may leave the ledger's last line without its head; the command that is
// repeated must make good for that.
func TestAWithdrawalThatWasKilledHoldsOnceItIsRepeated(t *testing.T) {
	t.Parallel()
	w, asked, late, after := watched(t, 150)
	w.granted(t, "SO-1", day(30*days), "metrics,recordings")
	time.Sleep(4500 * time.Millisecond)
	p := w.begin(t)
	p.when(t, "units run", func() bool { return asked.Load() > 15 })
	aside := t.TempDir()
	if err := ledger.Put(aside, w.ledgerLines(t)); err != nil {
		t.Fatal(err)
	}
	l, err := ledger.Open(t.Context(), aside)
	if err != nil {
		t.Fatal(err)
	}
	e := l.Entries[1]
	e.Action, e.Recorded = ledger.Withdrawn, time.Now()
	if _, err := l.Append(e); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(aside, ledger.File), filepath.Join(w.values["state"], ledger.File)); err != nil {
		t.Fatal(err)
	}
	w.extension(t, exitComplete, "withdraw", "--reference", "SO-1")
	after.Store(time.Now().Add(1500 * time.Millisecond).UnixNano())
	p.ends(t, exitWindow, 60*time.Second)
	if late.Load() > 0 {
		t.Errorf("%d requests after the withdrawal", late.Load())
	}
}

// Whoever reads the terms holds the ledger against the journal before anything is
// asked of the platform.
func TestAForgedLedgerAsksNothingOfThePlatform(t *testing.T) {
	w, _, late, after := watched(t, 3)
	ends := time.Now().Add(12 * time.Second)
	w.granted(t, "SO-1", ends.UTC().Format(time.RFC3339), "metrics,recordings")
	w.export(t, exitComplete)
	remade(t, w.values["state"])
	after.Store(1) // whenever it is
	for _, args := range [][]string{{"export"}, {"check"}, {"export", "--rehearsal", "--sample", "30%"}} {
		if code, _, stderr := exitplan(t, w.args(args...)...); code != exitVerify || late.Load() > 0 {
			t.Errorf("%v: exit code %d, %d requests\n%s", args, code, late.Load(), tail(stderr))
		}
		late.Store(0)
	}
}

// A disk that does not answer for a moment shuts no window.
func TestALedgerThatCannotBeReadForAMomentEndsNothing(t *testing.T) {
	w, asked, _, _ := watched(t, 20)
	w.set(t, "contract.termination_date", hence(days))
	w.granted(t, "SO-1", day(30*days), "metrics,recordings")
	p := w.begin(t)
	p.when(t, "units run", func() bool { return asked.Load() > 15 })
	head := filepath.Join(w.values["state"], ledger.Head)
	if err := errors.Join(os.Rename(head, head+".aside"), os.Mkdir(head, 0o700)); err != nil {
		t.Fatal(err)
	}
	time.Sleep(200 * time.Millisecond)
	if err := errors.Join(os.Remove(head), os.Rename(head+".aside", head)); err != nil {
		t.Fatal(err)
	}
	p.ends(t, exitComplete, 60*time.Second)
}

// A grant that comes while an export runs is what its notices and its progress
// go by, too.
func TestWhatIsGrantedMeanwhileIsToldMeanwhile(t *testing.T) {
	w, asked, _, _ := watched(t, 50)
	w.set(t, "contract.termination_date", hence(62*time.Second))
	w.extension(t, exitComplete, "request", "--reference", "SO-1", "--until", day(30*days), "--classes", "metrics,recordings")
	told := filepath.Join(t.TempDir(), "told")
	script := filepath.Join(t.TempDir(), "tell")
	if err := os.WriteFile(script, []byte("#!/bin/sh\ncat >> "+told+"\necho >> "+told+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	w.set(t, "notify.closing_within", "1m")
	p := w.begin(t, "--notify-command", script)
	p.when(t, "units run", func() bool { return asked.Load() > 5 })
	w.extension(t, exitComplete, "grant", "--reference", "SO-1")
	p.ends(t, exitComplete, 90*time.Second)
	text, err := os.ReadFile(told)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "window-closing") {
		t.Errorf("told of a close that was put off:\n%s", text)
	}
}
