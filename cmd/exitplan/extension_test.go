package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"exitplan/internal/journal"
	"exitplan/internal/ledger"
	"exitplan/internal/simulator"
)

// extension runs exitplan extension and expects an exit code.
func (w *world) extension(t *testing.T, want int, args ...string) string {
	t.Helper()
	code, stdout, stderr := exitplan(t, w.args(append([]string{"extension"}, args...)...)...)
	if code != want {
		t.Fatalf("extension %v: exit code %d, want %d\n%s%s", args, code, want, stdout, tail(stderr))
	}
	return stdout + stderr
}

// granted records an extension that is granted at once.
func (w *world) granted(t *testing.T, reference, until, classes string) {
	t.Helper()
	w.extension(t, exitComplete, "request", "--reference", reference, "--until", until, "--classes", classes)
	w.extension(t, exitComplete, "grant", "--reference", reference, "--approver", "Jo Doe")
}

func (w *world) ledgerLines(t *testing.T) []ledger.Entry {
	t.Helper()
	entries, err := ledger.Read(w.values["state"])
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

func hence(d time.Duration) string { return time.Now().Add(d).UTC().Format(time.RFC3339) }

func day(d time.Duration) string { return time.Now().Add(d).UTC().Format(time.DateOnly) }

const days = 24 * time.Hour

func TestAnExtensionIsRequestedGrantedAndWithdrawn(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 1})
	w.set(t, "contract.termination_date", hence(days))
	letter := filepath.Join(w.dir, "letter.txt")
	if err := os.WriteFile(letter, []byte("Dear Sirs"), 0o600); err != nil {
		t.Fatal(err)
	}
	request := []string{"request", "--reference", "SO-1", "--until", day(30 * days), "--classes", "metrics,recordings", "--document", letter, "--by", "Jo"}
	if said := w.extension(t, exitComplete, request...); !strings.Contains(said, "opens nothing until it is granted") {
		t.Errorf("request: %s", said)
	}
	for _, again := range [][]string{request, request[:len(request)-2]} {
		if said := w.extension(t, exitComplete, again...); !strings.Contains(said, "Recorded before") {
			t.Errorf("repeated: %s", said)
		}
	}
	for _, tt := range []struct {
		args []string
		says string
	}{
		{[]string{"grant", "--reference", "SO-2"}, "exitplan extension request --reference SO-2"},
		{[]string{"grant", "--reference", "SO-1", "--classes", "configuration"}, "never for more"},
		{[]string{"grant", "--reference", "SO-1", "--granted", day(2 * days)}, "future"},
		{[]string{"grant", "--reference", "SO-1", "--until", day(-days)}, "--until"},
		{[]string{"request", "--reference", "SO-3", "--until", day(9 * days), "--classes", "metrics", "--requested", day(2 * days)}, "future"},
		{[]string{"request", "--reference", "SO-3", "--until", day(9 * days), "--classes", "metrics", "--requested", day(-3 * days)}, "--document"},
		{[]string{"request", "--reference", "SO-3", "--until", day(9 * days), "--classes", "logs"}, "classes"},
		{[]string{"request", "--reference", "SO-3", "--classes", "metrics"}, "--until"},
		{[]string{"request", "--reference", "SO-3", "--until", "soon", "--classes", "metrics"}, "soon"},
		{[]string{"request", "--until", day(9 * days), "--classes", "metrics"}, "--reference"},
		{[]string{"request", "--reference", "SO-3", "--until", day(9 * days), "--classes", "metrics", "--document", "/nowhere"}, "--document"},
		{[]string{"withdraw", "--reference", "SO-3"}, "nothing is recorded"},
		{[]string{"renew"}, "renew"},
	} {
		if said := w.extension(t, exitUsage, tt.args...); !strings.Contains(said, tt.says) {
			t.Errorf("%v does not speak of %q: %s", tt.args, tt.says, said)
		}
	}
	if n := len(w.ledgerLines(t)); n != 1 {
		t.Fatalf("%d lines after one request", n)
	}
	w.extension(t, exitComplete, "grant", "--reference", "SO-1", "--classes", "recordings", "--until", day(20*days), "--approver", "Ann")
	if said := w.extension(t, exitComplete, "grant", "--reference", "SO-1"); !strings.Contains(said, "Recorded before") {
		t.Errorf("granted again: %s", said)
	}
	if said := w.extension(t, exitUsage, "request", "--reference", "SO-1", "--until", day(60*days), "--classes", "metrics"); !strings.Contains(said, "granted already") {
		t.Errorf("requested once granted: %s", said)
	}
	at := func(when time.Duration) string {
		_, stdout, _ := exitplan(t, w.args("window", "--json", "--at", hence(when))...)
		return stdout
	}
	type answer struct{ Windows []struct{ Open bool } }
	open := func(when time.Duration) (list []bool) {
		var a answer
		if err := json.Unmarshal([]byte(at(when)), &a); err != nil {
			t.Fatal(err)
		}
		for _, d := range a.Windows {
			list = append(list, d.Open)
		}
		return list
	}
	if got := open(5 * days); got[0] || !got[1] || got[2] {
		t.Errorf("granted for recordings alone: %v", got)
	}
	w.extension(t, exitComplete, "request", "--reference", "SO-4", "--until", day(90*days), "--classes", "metrics", "--requested", day(-3*days), "--note", "by letter")
	list := w.extension(t, exitComplete, "list")
	for _, says := range []string{"recorded 3 days later", "letter.txt", "Jo", "Ann", "by letter"} {
		if !strings.Contains(list, says) {
			t.Errorf("the list does not say %q:\n%s", says, list)
		}
	}
	w.extension(t, exitComplete, "withdraw", "--reference", "SO-1", "--note", "agreed by phone")
	if said := w.extension(t, exitComplete, "withdraw", "--reference", "SO-1"); !strings.Contains(said, "Recorded before") {
		t.Errorf("withdrawn again: %s", said)
	}
	if got := open(5 * days); got[1] {
		t.Errorf("open under a grant that was withdrawn: %s", at(5*days))
	}
	var parsed []map[string]any
	_, stdout, _ := exitplan(t, w.args("extension", "list", "--json")...)
	if err := json.Unmarshal([]byte(stdout), &parsed); err != nil || len(parsed) != 4 || parsed[0]["by"] != "Jo" {
		t.Errorf("%v\n%s", err, stdout)
	}
}

// After the end recordings cannot be extended any more; the others can.
func TestALateRequestForRecordingsIsRefusedAtOnce(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 1})
	w.set(t, "contract.termination_date", day(-3*days))
	said := w.extension(t, exitWindow, "request", "--reference", "SO 1", "--until", day(30*days), "--classes", "recordings,metrics")
	for _, says := range []string{"had to be requested before " + day(-2*days), "by " + day(-3*days), "[exit plan: recordings]",
		"exitplan extension request --reference 'SO 1' --until " + day(30*days) + " --classes metrics"} {
		if !strings.Contains(said, says) {
			t.Errorf("it does not say %q:\n%s", says, said)
		}
	}
	if n := len(w.ledgerLines(t)); n != 0 {
		t.Errorf("%d lines are recorded", n)
	}
	w.export(t, exitWindow)
	w.granted(t, "SO 1", day(30*days), "metrics")
	w.set(t, "source.datasets", "[analytics.conversations.details]")
	w.export(t, exitComplete)
	// A letter of that time proves that it was requested in time.
	w.extension(t, exitComplete, "request", "--reference", "SO-2", "--until", day(30*days), "--classes", "recordings", "--requested", day(-4*days), "--note", "sent by post")
}

// A clock that was turned back makes no request come in time.
func TestATurnedBackClockMakesNoRequestTimely(t *testing.T) {
	for _, by := range []string{"journal", "ledger", "platform"} {
		t.Run(by, func(t *testing.T) {
			ahead := func() time.Time { return time.Now().Add(3 * days) }
			cfg := simulator.Config{Days: 1, ConversationsPerDay: 1}
			if by == "platform" {
				cfg.Now = ahead
			}
			w := newWorld(t, cfg)
			if by != "platform" {
				w.sim.Close() // nobody tells the time
			}
			w.set(t, "contract.termination_date", hence(2*days))
			switch by {
			case "journal":
				j, err := journal.Open(t.Context(), w.values["state"], journal.Options{Now: time.Now, Command: "test"})
				if err != nil {
					t.Fatal(err)
				}
				if err := j.Advance(t.Context(), ahead()); err != nil {
					t.Fatal(err)
				}
				j.Close()
			case "ledger":
				l, err := ledger.Open(t.Context(), w.values["state"])
				if err != nil {
					t.Fatal(err)
				}
				e, err := ledger.Entry{Action: ledger.Requested, Reference: "SO-0", Zone: "Etc/UTC", Requested: ledger.Date{Written: hence(0)}, Until: ledger.Date{Written: hence(9 * days)},
					Classes: []string{"metrics"}, Recorded: ahead(), Source: ledger.Command, By: "Jo"}.Resolve()
				if err == nil {
					_, err = l.Append(e)
				}
				if err != nil {
					t.Fatal(err)
				}
				l.Close()
			}
			said := w.extension(t, exitWindow, "request", "--reference", "SO-1", "--until", day(30*days), "--classes", "recordings")
			if !strings.Contains(said, "clock") {
				t.Errorf("not a word of the clock:\n%s", said)
			}
			if by != "platform" {
				if code, stdout, _ := exitplan(t, w.args("check")...); code == exitComplete || !strings.Contains(stdout, "recordings: closed since") {
					t.Errorf("check goes by this machine's clock: %d\n%s", code, stdout)
				}
				if _, stdout, stderr := exitplan(t, w.args("window")...); !strings.Contains(stdout, "closed since") || !strings.Contains(stderr, "behind the last time") {
					t.Errorf("window goes by this machine's clock:\n%s%s", stdout, stderr)
				}
			}
		})
	}
}

func TestManyMayRecordAtOnce(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 1})
	w.set(t, "contract.termination_date", hence(days))
	var all sync.WaitGroup
	for _, reference := range []string{"A", "B", "C", "D"} {
		cmd := command(t, w.args("extension", "request", "--reference", reference, "--until", day(30*days), "--classes", "metrics")...)
		all.Go(func() {
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", reference, err, out)
			}
		})
	}
	all.Wait()
	if n := len(w.ledgerLines(t)); n != 4 {
		t.Errorf("%d lines", n)
	}
}

// A date that means another instant than in an earlier run is told: with that
// the windows have moved, and nobody else would say so.
func TestADateThatATimeZoneHasMovedIsTold(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 1})
	j, err := journal.Open(t.Context(), w.values["state"], journal.Options{Now: time.Now, Command: "test"})
	if err != nil {
		t.Fatal(err)
	}
	err = j.Record(t.Context(), journal.Event{Kind: "run-started", Detail: map[string]string{
		"contract.termination_date":   "2099-12-31 Etc/UTC 2099-12-31T23:00:00Z",
		"contract.subscription_start": "2020-04-01 Etc/UTC 2020-03-31T23:00:00Z", // written otherwise since: no news
	}})
	if err != nil {
		t.Fatal(err)
	}
	j.Close()
	for _, name := range []string{"window", "check", "export"} {
		_, stdout, stderr := exitplan(t, w.args(name)...)
		said := stdout + stderr
		for _, says := range []string{"contract.termination_date", "2099-12-31T23:00:00Z", "2100-01-01T00:00:00Z"} {
			if !strings.Contains(said, says) {
				t.Errorf("%s does not say %q:\n%s", name, says, tail(said))
			}
		}
		if strings.Contains(said, "2020-03-31") {
			t.Errorf("%s takes a changed configuration for a changed rule:\n%s", name, tail(said))
		}
	}
	if _, _, stderr := exitplan(t, w.args("window")...); stderr != "" { // the run has noted what it means now
		t.Errorf("told once more: %s", stderr)
	}
}

// Whoever receives an export learns that its machine's clock was off.
func TestTheReportTellsOfAClockThatIsOff(t *testing.T) {
	for _, off := range []time.Duration{0, 10 * time.Minute} {
		w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 1, Now: func() time.Time { return time.Now().Add(off) }})
		w.export(t, exitComplete)
		report := string(slurp(t, w.store(t), "root/data/report.txt"))
		if told := strings.Contains(report, "clock was 9m59s behind the platform's") || strings.Contains(report, "clock was 10m0s behind the platform's"); told != (off > 0) {
			t.Errorf("off by %s:\n%s", off, report)
		}
	}
}

// What the contract gave is not lost by the next request, nor made longer by
// granting it again.
func TestWhatWasRequestedInTimeStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 1})
	w.set(t, "contract.termination_date", hence(4*time.Second))
	w.extension(t, exitComplete, "request", "--reference", "SO-1", "--until", hence(11*time.Second), "--classes", "metrics,recordings")
	time.Sleep(4500 * time.Millisecond)
	says(t, w.extension(t, exitWindow, "request", "--reference", "SO-1", "--until", day(30*days), "--classes", "metrics,recordings"), "--reference SO-1-2")
	says(t, w.extension(t, exitUsage, "request", "--reference", "SO-1", "--until", day(30*days), "--classes", "metrics"), "would take its place")
	today := time.Now().UTC().Format(time.DateOnly)
	w.extension(t, exitUsage, "request", "--reference", "SO-3", "--until", day(30*days), "--classes", "recordings", "--requested", today)
	w.extension(t, exitComplete, "grant", "--reference", "SO-1")
	w.export(t, exitComplete)
	time.Sleep(7 * time.Second)
	says(t, w.extension(t, exitUsage, "grant", "--reference", "SO-1", "--until", day(30*days)), "needs a request of its own")
	w.export(t, exitWindow)
}
