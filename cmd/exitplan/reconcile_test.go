package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
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
	want, some := map[string]exporter.Reason{}, map[string]bool{}
	for r := range w.sim.Truth().Recordings() {
		some[r.ConversationID] = true
		if r.Fate == "" || !r.Flagged && !r.Retained {
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
		if c.Recorded && !some[c.ID] {
			want[c.ID] = exporter.NoMedia
		}
	}
	return want
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
	for item, reason := range want {
		if e := got[item]; e.Reason != reason {
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
	w.adds(t, got)
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
	for r := range w.sim.Truth().Recordings() {
		if !r.Flagged && !r.Retained { // nobody can know
			delete(missing, r.ConversationID+"/"+r.ID)
		}
	}
	for item := range missing {
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
		// A recording of several media, all of them missing, counts for each.
		if n != 0 {
			t.Errorf("%s, %s: the sums differ from the exceptions by %d", at.day, at.reason, n)
		}
	}
}

// sensitiveBlind is a client that may do everything but see sensitive data.
func sensitiveBlind() []simulator.Client {
	blind := simulator.Client{ID: "demo-client", Secret: "demo-secret", Permissions: []string{}}
	for _, info := range dataset.Catalogue() {
		for _, p := range info.Permissions {
			if p != dataset.SensitivePermission {
				blind.Permissions = append(blind.Permissions, p)
			}
		}
	}
	blind.Permissions = append(blind.Permissions, "authorization:role:view")
	return []simulator.Client{blind}
}

func TestEachKindOfLossIsStatedWithItsReason(t *testing.T) {
	for _, tt := range []struct {
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
		{"late", simulator.Config{DelayedShare: 0.2, Now: at("2026-03-04T12:00:00Z"), Available: when("2026-03-04T00:00:00Z")}, exitMissing},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.sim.Days, tt.sim.ConversationsPerDay, tt.sim.RecordedShare, tt.sim.MediaBytes = 2, 100, 0.6, 1<<10
			w := newWorld(t, tt.sim)
			w.export(t, tt.code)
			w.reconciled(t, w.lost(t))
		})
	}
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
