package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"maps"
	"strconv"
	"strings"
	"testing"
	"time"

	"exitplan/exporter"
	"exitplan/internal/dataset"
	"exitplan/internal/simulator"
)

// fates are the reasons that an export should give for what the simulator says
// became of a recording.
var fates = map[string]exporter.Reason{
	"no-url-error": exporter.FailedItem, "archived": exporter.Archived, "deleted": exporter.DeletedByRetention,
	"uploading": exporter.StillProcessing, "delayed": exporter.StillProcessing, "vanished": exporter.DeletedDuringExport,
	"denied": exporter.PermissionDenied, "exclude": exporter.SensitiveExcluded, "exclude-silently": exporter.SensitiveExcluded,
	"redact": exporter.Redacted,
}

// lost are the exceptions that the organization gives cause for, by item. What no
// source tells of is not among them, nor, with derived metadata, what only the
// metadata do.
func (w *world) lost(t *testing.T) map[string]exporter.Reason {
	t.Helper()
	want, some, hidden := map[string]exporter.Reason{}, map[string]bool{}, w.hidden()
	for r := range w.sim.Truth().Recordings() {
		some[r.ConversationID] = true
		if r.Fate == "" || hidden[r.ConversationID+"/"+r.ID] || r.Fate == "sensitive" && w.cfg.Clients == nil {
			continue
		}
		fate := r.Fate
		if fate == "sensitive" {
			fate = r.Redaction
		}
		reason, known := fates[fate]
		if !known {
			t.Fatalf("recording %s: the test knows no fate %q", r.ID, fate)
		}
		want[r.ConversationID+"/"+r.ID] = reason
	}
	for c := range w.sim.Truth().Conversations() {
		switch {
		case !c.Recorded || some[c.ID]:
		case w.now().Before(c.End.Add(48 * time.Hour)):
			want[c.ID] = exporter.StillProcessing
		default:
			want[c.ID] = exporter.NoMedia
		}
	}
	return want
}

// hidden are the recordings of which no source tells: of what is gone only
// metadata do, and with derived ones these are read only where there is nothing
// else.
func (w *world) hidden() map[string]bool {
	led, hidden := map[string]bool{}, map[string]bool{}
	for r := range w.sim.Truth().Recordings() {
		led[r.ConversationID] = led[r.ConversationID] || r.Retained || r.Kind != "none"
	}
	for r := range w.sim.Truth().Recordings() {
		read := r.Flagged && (w.values["recordings.metadata"] != dataset.MetadataDerived || !led[r.ConversationID] || r.Kind != "none")
		hidden[r.ConversationID+"/"+r.ID] = !read && !r.Retained
	}
	return hidden
}

func (w *world) now() time.Time {
	if w.cfg.Now == nil {
		return time.Now()
	}
	return w.cfg.Now()
}

// exceptions reads those of one dataset from the destination.
func (w *world) exceptions(t *testing.T, of string) map[string]exporter.Exception {
	t.Helper()
	got := map[string]exporter.Exception{}
	for line := range strings.Lines(string(slurp(t, w.store(t), "root/data/exceptions.jsonl"))) {
		var e exporter.Exception
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		if e.Dataset != of {
			continue
		}
		if other, twice := got[e.Item]; twice {
			t.Errorf("two exceptions of %s: %s (%s) and %s (%s)", e.Item, e.Reason, e.Detail, other.Reason, other.Detail)
		}
		got[e.Item] = e
	}
	return got
}

// reconciled holds the exceptions of recordings against the truth item by item,
// the sums against the exceptions, and what is stored against what is not.
func (w *world) reconciled(t *testing.T, want map[string]exporter.Reason) {
	t.Helper()
	got := w.exceptions(t, dataset.RecordingsName)
	all, open := maps.Clone(got), map[string]bool{}
	for c := range w.sim.Truth().Conversations() {
		if w.now().After(c.End) {
			continue
		}
		// It goes on while the export runs: what sources say of it differs.
		open[c.ID] = true
		for item := range all {
			if strings.HasPrefix(item, c.ID) {
				delete(got, item)
			}
		}
		for item := range want {
			if strings.HasPrefix(item, c.ID) {
				delete(want, item)
			}
		}
	}
	for item, reason := range want {
		e := got[item]
		if strings.Contains(e.Detail, "You are not authorized") && !strings.Contains(item, "/") {
			reason = exporter.PermissionDenied // and whether there is one, nobody says
		}
		if e.Reason != reason {
			t.Errorf("%s: reason %q (%s), want %q", item, e.Reason, e.Detail, reason)
		}
	}
	days := map[string]string{}
	for c := range w.sim.Truth().Conversations() {
		days[c.ID] = c.Day.Format(time.DateOnly)
	}
	for item, e := range got {
		conversation, _, _ := strings.Cut(item, "/")
		switch day := days[conversation]; {
		case want[item] == "":
			t.Errorf("%s: reason %q (%s), but nothing is wrong with it", item, e.Reason, e.Detail)
		case e.Detail == "" || e.Attempts == 0 || e.At.IsZero(), e.Day == "", day != "" && e.Day != day:
			t.Errorf("%s lacks evidence, or a day (%s): %+v", item, day, e)
		}
	}
	if len(open) > len(days)/30 {
		t.Fatalf("%d conversations still go on: the test shows too little", len(open))
	}
	w.adds(t, all)
	missing := map[string]bool{}
	for _, item := range w.matches(t, read(t, w.store(t))) {
		missing[item] = true
	}
	for item, reason := range want {
		if _, recording, single := strings.Cut(item, "/"); single && !missing[item] && reason != exporter.Redacted {
			t.Errorf("recording %s is stored, and excepted as %s", recording, reason)
		}
		delete(missing, item)
	}
	for item, unknown := range w.hidden() {
		if unknown {
			delete(missing, item)
		}
	}
	for item := range missing {
		if conversation, _, _ := strings.Cut(item, "/"); open[conversation] {
			continue
		}
		t.Errorf("%s is not stored, and nothing says so", item)
	}
}

// adds holds reconciliation.csv against the exceptions of recordings.
func (w *world) adds(t *testing.T, exceptions map[string]exporter.Exception) {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(slurp(t, w.store(t), "root/data/reconciliation.csv"))).ReadAll()
	if err != nil || len(rows) == 0 {
		t.Fatalf("%v, %d rows", err, len(rows))
	}
	type cell struct{ day, reason string }
	sums := map[cell]int{}
	for _, row := range rows[1:] {
		balance := 0
		for i, text := range row[2:] {
			n, err := strconv.Atoi(text)
			if err != nil {
				t.Fatal(err)
			}
			what, reason, _ := strings.Cut(rows[0][i+2], " ")
			switch what {
			case "expected":
				balance += n
			case "stored", "missing":
				balance -= n
			}
			if row[0] == dataset.RecordingsName && (what == "missing" || what == "besides") {
				sums[cell{row[1], reason}] += n
			}
		}
		if balance != 0 {
			t.Errorf("%v does not add up", row)
		}
	}
	for _, e := range exceptions {
		sums[cell{e.Day, string(e.Reason)}]--
	}
	for at, n := range sums {
		if n != 0 {
			t.Errorf("%s, %s: the sums differ from the exceptions by %d", at.day, at.reason, n)
		}
	}
}

// sensitiveBlind is a client that may do everything but see sensitive data.
func sensitiveBlind() []simulator.Client {
	return []simulator.Client{{ID: "demo-client", Secret: "demo-secret", Permissions: allBut(dataset.SensitivePermission)}}
}

func TestEachKindOfLossIsStatedWithItsReason(t *testing.T) {
	t.Parallel()
	for i, tt := range []struct {
		name string
		sim  simulator.Config
		code int
	}{
		{"nothing", simulator.Config{}, exitComplete},
		{"refused", simulator.Config{ErrorShare: 0.2}, exitMissing},
		{"archived", simulator.Config{ArchivedShare: 0.2}, exitMissing},
		{"deleted by retention", simulator.Config{DeletedShare: 0.2}, exitMissing},
		{"still uploading", simulator.Config{UploadingShare: 0.2}, exitMissing},
		{"flagged, and no recording anywhere", simulator.Config{NoRecordingShare: 0.2}, exitMissing},
		{"in the retention query, and in no conversation", simulator.Config{UnflaggedShare: 0.3}, exitComplete},
		{"in the retention query, of conversations that nobody knows", simulator.Config{ForgottenRecordings: 20}, exitComplete},
		{"not in the retention query", simulator.Config{UnretainedShare: 0.3}, exitComplete},
		{"deleted since they were listed", simulator.Config{VanishedShare: 0.2}, exitMissing},
		{"sensitive, left out", simulator.Config{SensitiveShare: 0.3, Redaction: "exclude", Clients: sensitiveBlind()}, exitMissing},
		{"sensitive, left out silently", simulator.Config{SensitiveShare: 0.3, Redaction: "exclude-silently", Clients: sensitiveBlind()}, exitMissing},
		{"sensitive, redacted", simulator.Config{SensitiveShare: 0.3, Redaction: "redact", Clients: sensitiveBlind()}, exitMissing},
		{"sensitive, seen as it is", simulator.Config{SensitiveShare: 0.3, Redaction: "mixed"}, exitComplete},
		{"given twice", simulator.Config{DuplicateShare: 0.3}, exitComplete},
		{"of another division", simulator.Config{DeniedShare: 0.2}, exitMissing},
		{"with screens", simulator.Config{ScreenShare: 0.3}, exitComplete},
		{"late", simulator.Config{DelayedShare: 0.2, Now: at("2026-03-03T06:00:00Z"), Available: when("2026-03-03T00:00:00Z")}, exitMissing},
	} {
		if testing.Short() && i%4 > 0 { // they differ in what the platform says
			continue
		}
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.sim.Days, tt.sim.ConversationsPerDay, tt.sim.RecordedShare, tt.sim.MediaBytes = 2, 100, 0.6, 1<<10
			w := newWorld(t, tt.sim)
			w.export(t, tt.code)
			w.reconciled(t, w.lost(t))
		})
	}
}

// Ten thousand recordings, and everything that can become of one.
func TestAllLossesTogetherAreStatedItemByItem(t *testing.T) {
	t.Parallel()
	allLosses(t, dataset.MetadataFull, 2100, 150)
}

func TestAllLossesTogetherWithDerivedMetadata(t *testing.T) {
	t.Parallel()
	allLosses(t, dataset.MetadataDerived, 150, 30)
}

func allLosses(t *testing.T, metadata string, perDay, forgotten int) {
	sim := simulator.Config{
		Days: 5, ConversationsPerDay: perDay, RecordedShare: 0.9, MediaBytes: 400, Redaction: "mixed", Clients: sensitiveBlind(),
		ErrorShare: 0.02, ArchivedShare: 0.02, DeletedShare: 0.02, UploadingShare: 0.02, NoRecordingShare: 0.02, UnflaggedShare: 0.2,
		ForgottenRecordings: forgotten, UnretainedShare: 0.03, VanishedShare: 0.02, SensitiveShare: 0.06, DuplicateShare: 0.03, DeniedShare: 0.02,
		ScreenShare: 0.03, DelayedShare: 0.04, Now: at("2026-03-06T12:00:00Z"), Available: when("2026-03-06T00:00:00Z"),
	}
	if testing.Short() {
		sim.ConversationsPerDay, sim.ForgottenRecordings = min(perDay, 100), min(forgotten, 20)
	}
	w := newWorld(t, sim)
	w.set(t, "recordings.metadata", metadata)
	w.export(t, exitMissing)
	want := w.lost(t)
	n, reasons := 0, map[exporter.Reason]int{}
	for range w.sim.Truth().Recordings() {
		n++
	}
	for _, r := range want {
		reasons[r]++
	}
	t.Logf("%d recordings, %d exceptions: %v", n, len(want), reasons)
	if len(reasons) < 9 || n < 10_000 && perDay > 2000 && !testing.Short() {
		t.Fatal("the test shows too little")
	}
	w.reconciled(t, want)
}

func when(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t
}

// at is a clock that starts then.
func at(text string) func() time.Time {
	start, from := time.Now(), when(text)
	return func() time.Time { return from.Add(time.Since(start)) }
}
