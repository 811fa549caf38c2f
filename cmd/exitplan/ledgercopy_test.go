package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"exitplan/internal/ledger"
	"exitplan/internal/simulator"
)

// What was recorded after the last sealing stands in no bag: the events that the
// destination has of the journal tell whether its copy is what was recorded.
func TestVerifyHoldsACopyAgainstTheEvents(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 5})
	w.set(t, "contract.termination_date", hence(days))
	w.export(t, exitComplete)
	w.granted(t, "SO-1", day(30*days), "metrics,recordings") // after the seal
	copied := filepath.Join(w.dir, "export", "x", "state")
	file := func(name string) string { return filepath.Join(copied, name) }
	verifies := func(what string, want int) {
		t.Helper()
		code, stdout, stderr := exitplan(t, w.args("verify", w.root())...)
		if code != want || want != exitComplete && !strings.Contains(stdout, "extensions") {
			t.Errorf("%s: verify ends with %d\n%s", what, code, tail(stdout+stderr))
		}
	}
	verifies("as it was", exitComplete)
	kept := map[string][]byte{}
	for _, name := range []string{ledger.File, ledger.Head, eventsFile} {
		text, err := os.ReadFile(file(name))
		if err != nil {
			t.Fatal(err)
		}
		kept[name] = text
	}
	for _, tt := range []struct {
		name string
		do   func()
	}{
		{"made anew, with its head", func() { remade(t, copied) }},
		{"gone, with its head", func() { os.Remove(file(ledger.File)); os.Remove(file(ledger.Head)) }},
		{"gone, with its head and the events", func() {
			for name := range kept {
				os.Remove(file(name))
			}
		}},
		{"an event dropped", func() {
			lines := strings.SplitAfter(string(kept[eventsFile]), "\n")
			overwrite(t, file(eventsFile), []byte(strings.Join(lines[1:], "")))
		}},
		{"an event changed", func() {
			overwrite(t, file(eventsFile), []byte(strings.Replace(string(kept[eventsFile]), `"SO-1"`, `"SO-2"`, 1)))
		}},
		{"no events", func() { overwrite(t, file(eventsFile), []byte("{}\n[")) }},
	} {
		tt.do()
		verifies(tt.name, exitVerify)
		if tt.name == "made anew, with its head" { // another machine does not go by it
			other := w.fork(t)
			other.set(t, "destination.url", w.values["destination.url"])
			other.export(t, exitVerify, "--resume-from-destination")
		}
		for name, text := range kept {
			overwrite(t, file(name), text)
		}
	}
	verifies("put back", exitComplete)
}

func TestCheckTellsOfACopyThatIsBehind(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 2})
	w.set(t, "contract.termination_date", hence(days))
	w.export(t, exitComplete)
	url := w.values["destination.url"]
	w.granted(t, "SO-1", day(30*days), "metrics")
	w.set(t, "destination.url", "file://"+t.TempDir()) // a disk that is not mounted
	w.granted(t, "SO-2", day(60*days), "metrics")
	w.set(t, "destination.url", url)
	code, stdout, _ := exitplan(t, w.args("check")...)
	if code != exitComplete || !strings.Contains(stdout, "lacks the last 2 entries") {
		t.Errorf("check ends with %d\n%s", code, stdout)
	}
	w.export(t, exitComplete)
	if _, stdout, _ := exitplan(t, w.args("check")...); strings.Contains(stdout, "lacks") {
		t.Errorf("the export copied nothing\n%s", stdout)
	}
}

// A ledger that was made anew, chain and head, is nowhere believed once the
// journal has told of it; but nobody is kept from pausing.
func TestNoCommandGoesByALedgerThatWasMadeAnew(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 5})
	w.set(t, "contract.termination_date", hence(days))
	w.granted(t, "SO-1", day(9*days), "metrics,recordings")
	w.export(t, exitComplete)
	remade(t, w.values["state"])
	for _, args := range [][]string{
		{"window"}, {"plan"}, {"status"}, {"report"}, {"check"}, {"export"}, {"protect"}, {"protect", "--apply"}, {"export", "--rehearsal"},
		{"extension", "list"}, {"extension", "letter"}, {"extension", "request", "--reference", "B", "--until", day(50 * days), "--classes", "metrics"},
	} {
		if code, stdout, stderr := exitplan(t, w.args(args...)...); code != exitVerify || strings.Contains(stdout, day(30*days)) {
			t.Errorf("%s ends with %d\n%s", strings.Join(args, " "), code, tail(stdout+stderr))
		}
	}
	w.tell(t, "pause")
	w.tell(t, "resume")
}

// Another machine finds an extension that the ledger alone knows by the name of
// the export's folder; a ledger that was begun there meanwhile is not mixed with it.
func TestANewMachineFindsTheLedgerByTheExportsFolder(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 5})
	w.set(t, "contract.termination_date", hence(4*time.Second))
	w.granted(t, "SO-1", day(30*days), "metrics,recordings")
	w.export(t, exitComplete)
	time.Sleep(4500 * time.Millisecond)
	other := w.fork(t)
	delete(other.values, "export_id")
	other.set(t, "destination.url", w.values["destination.url"])
	code, _, stderr := exitplan(t, other.args("export", "--resume-from-destination")...)
	if code != exitWindow || !strings.Contains(stderr, "export_id") {
		t.Errorf("without its name: exit code %d\n%s", code, stderr)
	}
	other.extension(t, exitComplete, "request", "--reference", "SO-1", "--until", day(30*days), "--classes", "metrics")
	other.set(t, "export_id", w.values["export_id"])
	code, _, stderr = exitplan(t, other.args("export", "--resume-from-destination")...)
	if code != exitUsage || !strings.Contains(stderr, "was begun on this machine") {
		t.Errorf("with another ledger: exit code %d\n%s", code, stderr)
	}
	for _, name := range []string{ledger.File, ledger.Head} {
		if err := os.Remove(filepath.Join(other.values["state"], name)); err != nil {
			t.Fatal(err)
		}
	}
	other.export(t, exitComplete, "--resume-from-destination")
}

// What a clock recorded that nobody could contradict does not count as the time
// once somebody can: neither does it close a window early, nor leave one open.
func TestAFastClockProvesNothing(t *testing.T) {
	t.Setenv(secretVariable, "demo-secret")
	a := newAppointment(t, 7, core, nil)
	a.calendar.set(treatyStart)
	a.set(t, "contract.termination_date", treatyStart.Add(10*days).Format(time.RFC3339))
	api, login := a.values["source.api_url"], a.values["source.login_url"]
	alone := func(args ...string) {
		t.Helper()
		a.setMachine(400 * days)
		a.set(t, "source.login_url", "http://127.0.0.1:9", "source.api_url", "http://127.0.0.1:9")
		if code := a.run(t, append([]string{"extension"}, args...)...); code != exitComplete {
			t.Fatalf("%v: exit code %d", args, code)
		}
		a.setMachine(0)
		a.set(t, "source.login_url", login, "source.api_url", api)
	}
	exports := func(want int) {
		t.Helper()
		if code := a.run(t, "export"); code != want {
			t.Errorf("export: exit code %d, not %d", code, want)
		}
	}
	until := treatyStart.Add(500 * days).Format(time.DateOnly)
	alone("request", "--reference", "SO-1", "--until", until, "--classes", "metrics")
	exports(exitComplete)
	a.calendar.set(treatyStart.Add(11 * days))
	exports(exitWindow)
	for _, action := range []string{"request", "grant"} {
		args := []string{"extension", action, "--reference", "SO-2"}
		if action == "request" {
			args = append(args, "--until", until, "--classes", "metrics")
		}
		if code := a.run(t, args...); code != exitComplete {
			t.Fatalf("%v: exit code %d", args, code)
		}
	}
	exports(exitComplete)
	alone("withdraw", "--reference", "SO-2")
	a.calendar.set(treatyStart.Add(12 * days))
	_, _ = a.log.take(t)
	exports(exitWindow)
	if requests, _ := a.log.take(t); len(requests) > 0 {
		t.Errorf("%d requests after the withdrawal", len(requests))
	}
}
