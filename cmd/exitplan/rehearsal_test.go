package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"exitplan/exporter"
	"exitplan/internal/dataset"
	"exitplan/internal/simulator"
	"exitplan/internal/sink"
	"exitplan/manifest"
)

// rehearsed finds the one rehearsal of a world.
func (w *world) rehearsed(t *testing.T) (root string, store manifest.Store, record rehearsalRecord) {
	t.Helper()
	roots, err := filepath.Glob(filepath.Join(w.dir, "export", "x-rehearsal-*"))
	if err != nil || len(roots) != 1 {
		t.Fatalf("%v: %v", err, roots)
	}
	store, err = sink.Open(t.Context(), sink.Config{URL: w.values["destination.url"], Root: filepath.Base(roots[0])})
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(slurp(t, store, "root/data/rehearsal.json"), &record); err != nil {
		t.Fatal(err)
	}
	return roots[0], store, record
}

// isSample holds what a rehearsal stored against what those days have.
func (w *world) isSample(t *testing.T, store manifest.Store, days []string) {
	t.Helper()
	c := read(t, store)
	want, ids := 0, map[string]bool{}
	for truth := range w.sim.Truth().Conversations() {
		var row struct{ ConversationStart time.Time }
		if err := json.Unmarshal(truth.Row, &row); err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(days, row.ConversationStart.UTC().Format(time.DateOnly)) {
			continue
		}
		want++
		ids[truth.ID] = true
		if !bytes.Equal(c.rows[truth.ID], truth.Row) {
			t.Errorf("conversation %s of the sample is not stored as it is", truth.ID)
		}
	}
	if len(c.rows) != want || want == 0 {
		t.Errorf("%d conversations, the sample has %d", len(c.rows), want)
	}
	recordings := 0
	for truth := range w.sim.Truth().Recordings() {
		if ids[truth.ConversationID] {
			recordings++
			if len(c.media[truth.ConversationID+"/"+truth.ID]) == 0 {
				t.Errorf("recording %s of the sample is not stored", truth.ID)
			}
		}
	}
	for key := range c.media {
		if conv, _, _ := strings.Cut(key, "/"); !ids[conv] {
			t.Errorf("of another day: %s", key)
		}
	}
	if len(c.media) != recordings || recordings == 0 {
		t.Errorf("%d recordings, the sample has %d", len(c.media), recordings)
	}
}

// Before notice nobody may export metrics, and everybody may try to. What the
// rehearsal leaves behind disturbs no later export.
func TestAnExitPlanIsTriedBeforeTheExitStarts(t *testing.T) {
	w := newWorld(t, simulator.Config{Seed: 4, Days: 10, ConversationsPerDay: 12})
	w.set(t, "contract.exit_started", "")
	begun := time.Now()
	code, stdout, stderr := exitplan(t, w.args("export", "--rehearsal", "--sample", "20%")...)
	if code != exitComplete || strings.Contains(strings.ReplaceAll(stdout+stderr, "Rehearsal complete", ""), "Complete") {
		t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
	}
	if !strings.Contains(stderr, "Rehearsal complete") || !strings.Contains(stderr, "2 of 10 days (20%), no export of the whole") {
		t.Errorf("it does not say what it was:\n%s", stderr)
	}
	root, store, rec := w.rehearsed(t)
	if len(rec.Sample.Days) != 2 || rec.Sample.DaysOf != 10 || rec.Sample.Conversations != 24 || rec.Verdict != "complete" ||
		rec.Requests == 0 || rec.Seconds <= 0 || rec.Seconds > time.Since(begun).Seconds() || rec.Rates.CallsPerMinute <= 0 {
		t.Errorf("the record: %+v", rec)
	}
	var calls int64
	for _, d := range rec.Datasets {
		calls += d.Calls
		if d.Name == dataset.RecordingsName && (d.Calls == 0 || d.BytesPerRecord == 0) {
			t.Errorf("of recordings: %+v", d)
		}
	}
	if calls > rec.Requests || calls < rec.Requests/2 {
		t.Errorf("%d calls of datasets, %d in all", calls, rec.Requests)
	}
	w.isSample(t, store, rec.Sample.Days)
	w.marked(t, root, store)

	if tried, err := readRehearsal(w.values["state"]); err != nil || tried == nil || tried.Date != rec.Date {
		t.Errorf("in the state directory: %+v, %v", tried, err)
	}
	// A plan goes by what it has measured.
	if _, plan, stderr := exitplan(t, w.args("plan", "--no-sample")...); !strings.Contains(plan, "as in the rehearsal of "+rec.Date) {
		t.Errorf("the plan does not know of it:\n%s%s", plan, stderr)
	}
	// Nor is its report that of an export.
	code, stdout, stderr = exitplan(t, w.args("--state", filepath.Join(w.values["state"], "rehearsal-"+rec.Date), "report")...)
	if code != exitComplete || !strings.Contains(stdout, "Rehearsal complete") || strings.Contains(stdout, "Complete. Every") {
		t.Errorf("report: exit code %d\n%s%s", code, stdout, stderr)
	}
	other := w.fork(t)
	other.set(t, "contract.exit_started", "")
	other.export(t, exitComplete, "--rehearsal", "--sample", "20%")
	if _, _, again := other.rehearsed(t); !slices.Equal(again.Sample.Days, rec.Sample.Days) {
		t.Errorf("another rehearsal has the days %v, this %v", again.Sample.Days, rec.Sample.Days)
	}

	w.export(t, exitWindow) // metrics, still
	w.set(t, "contract.exit_started", "2026-01-01")
	w.export(t, exitComplete)
	if absent := w.matches(t, read(t, w.store(t))); absent != nil {
		t.Errorf("the export after a rehearsal lacks %v", absent)
	}
	for _, file := range []string{"root/bag-info.txt", "root/data/report.txt", "root/data/events.jsonl", "root/data/settings.yaml", "BAGS.sha256"} {
		if strings.Contains(strings.ToLower(string(slurp(t, w.store(t), file))), "rehearsal") {
			t.Errorf("%s of the export speaks of a rehearsal", file)
		}
	}
	if code, stdout, _ := exitplan(t, w.args("status")...); code != exitComplete || !strings.Contains(stdout, "Rehearsed     "+rec.Date+", complete") {
		t.Errorf("status: exit code %d\n%s", code, stdout)
	}
}

// marked: whoever sees any part of a rehearsal sees that it is one.
func (w *world) marked(t *testing.T, root string, store manifest.Store) {
	t.Helper()
	for _, file := range []string{"VERIFY.txt", "report.txt", "settings.yaml", "events.jsonl", "datapackage.json"} {
		if !strings.Contains(strings.ToLower(string(slurp(t, store, "root/data/"+file))), "rehearsal") {
			t.Errorf("%s is not marked", file)
		}
	}
	bags := 0
	for file, err := range store.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file.Path, "/bag-info.txt") {
			bags++
			if !strings.Contains(string(slurp(t, store, file.Path)), rehearsalLabel+": ") {
				t.Errorf("%s is not marked", file.Path)
			}
		}
	}
	if bags < 3 {
		t.Errorf("only %d bags", bags)
	}
	if text := string(slurp(t, store, "root/data/settings.yaml")); !strings.Contains(text, `exit_started: ""`) {
		t.Errorf("settings.yaml has terms that nobody configured:\n%s", text)
	}
	bag, err := filepath.Glob(filepath.Join(root, "bags", "analytics-*"))
	if err != nil || len(bag) != 1 {
		t.Fatalf("%v: %v", err, bag)
	}
	for _, at := range []string{root, bag[0]} {
		code, _, stderr := exitplan(t, "verify", at)
		if code != exitComplete || !strings.Contains(stderr, "a REHEARSAL: ") {
			t.Errorf("verify %s: exit code %d\n%s", at, code, stderr)
		}
	}
	code, stdout, _ := exitplan(t, "--json", "verify", root)
	var result struct{ Verdict, Rehearsal string }
	if err := json.Unmarshal([]byte(stdout), &result); err != nil || code != exitComplete || result.Rehearsal == "" {
		t.Errorf("verify --json: exit code %d, %v, %+v", code, err, result)
	}
}

// A rehearsal stays within its sample, its method and the contract.
func TestRehearsalsThatAreRefused(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 4, ConversationsPerDay: 5})
	w.export(t, exitComplete, "--rehearsal", "--sample", "25%")
	_, _, rec := w.rehearsed(t)
	requests := len(rec.Sample.Days)
	if requests != 1 {
		t.Fatalf("%d days", requests)
	}
	state := filepath.Join(w.values["state"], "rehearsal-"+rec.Date)
	for name, flags := range map[string][]string{
		"a larger sample":      {"--rehearsal", "--sample", "50%"},
		"amended":              {"--rehearsal", "--sample", "50%", "--amend"},
		"no percentage":        {"--rehearsal", "--sample", "1"},
		"too much":             {"--rehearsal", "--sample", "101%"},
		"a sample alone":       {"--sample", "1%"},
		"sealed early":         {"--rehearsal", "--seal"},
		"by recording jobs":    {"--rehearsal", "--sample", "25%", "--set", "recordings.method=bulk", "--set", "recordings.integration_id=x"},
		"more by settings":     {"--rehearsal", "--sample", "25%", "--set", "source.datasets=all"},
		"made an export":       {"--state", state},
		"made an export by":    {"--state", state, "--amend"},
		"and sealed":           {"--state", state, "--amend", "--seal"},
		"of a rehearsal again": {"--rehearsal", "--sample", "25%", "--sweep"},
	} {
		if code, _, stderr := exitplan(t, w.args(append([]string{"export"}, flags...)...)...); code != exitUsage {
			t.Errorf("%s: exit code %d\n%s", name, code, tail(stderr))
		}
	}
	w.export(t, exitComplete, "--rehearsal", "--sample", "25%")
	if _, _, again := w.rehearsed(t); !slices.Equal(again.Sample.Days, rec.Sample.Days) || again.Sample.Conversations != 5 || again.Requests <= rec.Requests || again.Seconds <= rec.Seconds {
		t.Errorf("afterwards: %+v", again)
	}

	closed := w.fork(t)
	closed.set(t, "contract.termination_date", "2026-03-05")
	stderr := closed.export(t, exitWindow, "--rehearsal")
	if _, err := os.Stat(closed.values["state"]); !os.IsNotExist(err) {
		t.Errorf("after the close a state directory was made: %v\n%s", err, stderr)
	}
}

// Killed at any moment, a rehearsal goes on with the same days.
func TestARehearsalThatIsKilledGoesOn(t *testing.T) {
	w := newWorld(t, simulator.Config{Seed: 8, Days: 8, ConversationsPerDay: 60, RecordedShare: 0.8})
	w.set(t, "contract.exit_started", "")
	args := w.args("export", "--rehearsal", "--sample", "40%")
	kills := 0
	for n := range 4 {
		cmd := command(t, args...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(time.Duration(120+150*n)*time.Millisecond, func() { _ = cmd.Process.Kill() })
		if err := cmd.Wait(); err != nil {
			kills++
		}
		timer.Stop()
	}
	if kills == 0 {
		t.Fatal("nothing was killed")
	}
	w.export(t, exitComplete, "--rehearsal", "--sample", "40%")
	root, store, rec := w.rehearsed(t)
	if len(rec.Sample.Days) != 3 || rec.Sample.Conversations != 180 {
		t.Errorf("the sample: %+v", rec.Sample)
	}
	w.isSample(t, store, rec.Sample.Days)
	w.marked(t, root, store)
}

func TestSampleDays(t *testing.T) {
	from := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	year := exporter.Interval{From: from, To: from.AddDate(1, 0, 0)}
	small, large := dayNames(sampleDays(year, "org", 0.01)), dayNames(sampleDays(year, "org", 0.1))
	if len(small) != 3 || len(large) != 36 || !slices.IsSorted(large) {
		t.Fatalf("%d and %d days", len(small), len(large))
	}
	for _, day := range small {
		if !slices.Contains(large, day) {
			t.Errorf("%s is in the small sample, and not in the large one", day)
		}
	}
	if slices.Equal(large, dayNames(sampleDays(year, "other", 0.1))) {
		t.Error("two organizations have the same sample")
	}
	if all := sampleDays(year, "org", 1); len(all) != 365 || !slices.Equal(all, year.Days()) {
		t.Errorf("the whole is %d days", len(all))
	}
	if one := sampleDays(exporter.Interval{From: from, To: from.AddDate(0, 0, 5)}, "org", 0.001); len(one) != 1 {
		t.Errorf("the least is %d days", len(one))
	}
	if none := sampleDays(exporter.Interval{From: from, To: from}, "org", 0.5); len(none) != 0 {
		t.Errorf("of nothing: %v", none)
	}
	if days, err := daysOf(strings.Join(large, ",")); err != nil || !slices.Equal(dayNames(days), large) {
		t.Errorf("read back: %v, %v", days, err)
	}
}

// A rehearsal that began yesterday and did not come to its end goes on today.
func TestRehearsalDate(t *testing.T) {
	home := t.TempDir()
	is := func(want string) {
		t.Helper()
		if got, err := rehearsalDate(home, "2026-11-25"); err != nil || got != want {
			t.Errorf("%q, %v, want %s", got, err, want)
		}
	}
	is("2026-11-25")
	for _, date := range []string{"2026-11-20", "2026-11-24", "x"} {
		if err := os.MkdirAll(filepath.Join(home, rehearsalPrefix+date), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	is("2026-11-24")
	if err := replaceFile(filepath.Join(home, rehearsalPrefix+"2026-11-24", rehearsalFile), []byte("{}")); err != nil {
		t.Fatal(err)
	}
	is("2026-11-20")
}

// What has no day is exported whole, and nothing of the days between.
func TestRehearsalOfTheWholeCatalogue(t *testing.T) {
	w := newWorld(t, simulator.Config{Seed: 2, Days: 6, ConversationsPerDay: 4})
	w.set(t, "source.datasets", "[all]", "contract.exit_started", "")
	w.export(t, exitComplete, "--rehearsal", "--sample", "34%")
	_, store, rec := w.rehearsed(t)
	if len(rec.Sample.Days) != 2 {
		t.Fatalf("the sample: %+v", rec.Sample)
	}
	users := 0
	for _, d := range rec.Datasets {
		if d.Name == "directory.users" {
			users = int(d.Records)
		}
	}
	if users < 20 {
		t.Errorf("%d users", users)
	}
	for file, err := range store.List(t.Context(), "bags/") {
		if err != nil {
			t.Fatal(err)
		}
		_, partition, ok := strings.Cut(file.Path, "/year=")
		if !ok {
			continue
		}
		var year, month, day int
		if _, err := fmt.Sscanf(partition, "%d/month=%d/day=%d/", &year, &month, &day); err != nil {
			t.Fatalf("%s: %v", file.Path, err)
		}
		if name := fmt.Sprintf("%04d-%02d-%02d", year, month, day); !slices.Contains(rec.Sample.Days, name) {
			t.Errorf("%s is of no day of %v", file.Path, rec.Sample.Days)
		}
	}
}

// A pause holds a rehearsal as it holds the export, and a withdrawal shuts its
// window: both are recorded in the state directory of the export.
func TestARehearsalHeedsPausesAndWithdrawals(t *testing.T) {
	var asked atomic.Int64
	w := newWorld(t, slowly(&asked, 20*time.Millisecond))
	yesterday := time.Now().AddDate(0, 0, -1).UTC().Format(time.DateOnly)
	before := time.Now().AddDate(0, 0, -9).UTC().Format(time.DateOnly)
	w.set(t, "contract.termination_date", yesterday, "contract.exit_started", "")
	w.tell(t, "extension", "request", "--reference", "A", "--until", "2099-01-01", "--classes", "recordings", "--requested", before, "--note", "x")
	w.tell(t, "extension", "grant", "--reference", "A")
	p := w.begin(t, "--rehearsal", "--sample", "100%")
	p.when(t, "units run", func() bool { return asked.Load() > 15 })
	w.tell(t, "pause")
	p.when(t, "it stands still", standsStill(&asked))
	w.tell(t, "resume")
	n := asked.Load()
	p.when(t, "it goes on", func() bool { return asked.Load() > n+5 })
	w.tell(t, "extension", "withdraw", "--reference", "A")
	p.ends(t, exitWindow, 20*time.Second)
}

// What a rehearsal has listed whole, and asked of whole days of conversations,
// need not be assumed any more.
func TestAPlanAssumesLessAfterARehearsal(t *testing.T) {
	w := newWorld(t, simulator.Config{Seed: 4, Days: 10, ConversationsPerDay: 60})
	w.set(t, "source.datasets", "[analytics.conversations.details, recordings, interactions.emails, routing.skills, routing.wrapupcodes, architect.ivrs]")
	plans := func() (p plan, assumed int) {
		t.Helper()
		_, stdout, stderr := exitplan(t, w.args("plan", "--json", "--no-sample")...)
		if err := json.Unmarshal([]byte(stdout), &p); err != nil {
			t.Fatalf("%v\n%s", err, stderr)
		}
		for _, d := range p.Datasets {
			if d.Assumed {
				assumed++
			}
		}
		return p, assumed
	}
	_, before := plans()
	w.export(t, exitComplete, "--rehearsal", "--sample", "100%")
	_, _, rec := w.rehearsed(t)
	p, after := plans()
	if before < 2 || after != 0 {
		t.Errorf("%d datasets were assumed before, %d are after", before, after)
	}
	for _, d := range rec.Datasets {
		if n, ok := p.Inventory.Rehearsed[d.Name]; d.Name == "routing.skills" && (!ok || n != d.Records) {
			t.Errorf("%s: %d records in the rehearsal, %d in the plan", d.Name, d.Records, n)
		}
		for _, l := range p.Datasets {
			if l.Dataset == d.Name && d.Name == "interactions.emails" && (d.Calls == 0 || l.Calls.Mid != float64(d.Calls)) {
				t.Errorf("%s: %d calls in the rehearsal, %v in the plan", d.Name, d.Calls, l.Calls)
			}
		}
	}
}

// Of a day that the interval has only a part of there may be nothing to try.
func TestARehearsalTakesNoPartOfADay(t *testing.T) {
	w := newWorld(t, simulator.Config{Seed: 4, Days: 4, ConversationsPerDay: 4})
	w.set(t, "source.interval.from", "2026-03-01T15:00:00Z")
	w.export(t, exitComplete, "--rehearsal", "--sample", "100%")
	if _, _, rec := w.rehearsed(t); len(rec.Sample.Days) != 3 || rec.Sample.Days[0] != "2026-03-02" {
		t.Errorf("%v", rec.Sample.Days)
	}
}
