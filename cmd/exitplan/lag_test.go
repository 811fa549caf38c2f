package main

import (
	"bytes"
	"encoding/json"
	"path"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"exitplan/exporter"
	"exitplan/internal/dataset"
	"exitplan/internal/simulator"
)

// watch is a clock that tests put forward.
type watch struct{ ahead atomic.Int64 }

// from starts it at an instant.
func (c *watch) from(text string) func() time.Time {
	now := at(text)
	return func() time.Time { return now().Add(time.Duration(c.ahead.Load())) }
}

func (c *watch) forward(d time.Duration) { c.ahead.Add(int64(d)) }

// lagging is an organization on the morning after its last day, some of whose
// conversations go on until the evening after.
func lagging(t *testing.T, c *watch) *world {
	return newWorld(t, simulator.Config{
		Days: 2, ConversationsPerDay: 60, MediaBytes: 1 << 10, OpenShare: 0.3, OpenUntil: when("2026-03-04T18:00:00Z"),
		Now: c.from("2026-03-02T06:00:00Z"), Available: when("2026-03-02T00:00:00Z"),
	})
}

func TestWhatStillGoesOnIsReadAgainOnceItIsSettled(t *testing.T) {
	var c watch
	w := lagging(t, &c)
	w.set(t, "source.interval.to", "2026-03-01")
	code, _, stderr := exitplan(t, w.args("export")...)
	if code != exitMissing && code != exitMoreToCome {
		t.Fatalf("exit code %d\n%s", code, tail(stderr))
	}
	says(t, stderr, "still going on")
	if _, err := w.store(t).Open(t.Context(), "root/data/report.txt"); err == nil {
		t.Error("it is sealed although more is to come")
	}
	before := w.sim.Counts().Jobs
	if code, _, _ := exitplan(t, w.args("export")...); code == exitComplete || w.sim.Counts().Jobs != before {
		t.Errorf("exit code %d, %d further jobs: nothing is settled yet", code, w.sim.Counts().Jobs-before)
	}
	c.forward(7 * 24 * time.Hour) // all are over, and settled
	w.sim.SetAvailable(when("2026-03-09T00:00:00Z"))
	w.export(t, exitComplete)
	rows := read(t, w.store(t)).rows
	for truth := range w.sim.Truth().Conversations() {
		row := rows[truth.ID]
		if truth.Day.Equal(when("2026-03-01T00:00:00Z")) && !bytes.Equal(row, truth.Row) {
			t.Fatalf("conversation %s is not as it ended:\n%s\n%s", truth.ID, row, truth.Row)
		}
	}
	if code, stdout, stderr := exitplan(t, w.args("verify", w.root())...); code != exitComplete {
		t.Errorf("verify: %d\n%s%s", code, stdout, stderr)
	}
}

func TestASweepTakesNoNewDays(t *testing.T) {
	var c watch
	w := lagging(t, &c)
	exitplan(t, w.args("export")...)
	w.sim.SetAvailable(when("2026-03-03T00:00:00Z"))
	c.forward(40 * time.Hour) // over, and not settled yet
	jobs := w.sim.Counts().Jobs
	exitplan(t, w.args("export", "--sweep")...)
	if n := w.sim.Counts().Jobs - jobs; n == 0 {
		t.Error("nothing was read again")
	}
	for id := range read(t, w.store(t)).rows {
		for truth := range w.sim.Truth().Conversations() {
			if truth.ID == id && truth.Day.After(when("2026-03-01T00:00:00Z")) {
				t.Fatalf("conversation %s of %s was taken by a sweep", id, truth.Day)
			}
		}
	}
}

func TestWhatStillGoesOnIsReadOnceMoreBeforeTheWindowCloses(t *testing.T) {
	var c watch
	w := lagging(t, &c)
	w.set(t, "contract.termination_date", "2026-03-02T20:00:00Z", "source.interval.to", "2026-03-01")
	w.export(t, exitMoreToCome)
	sealed := w.fork(t)
	sealed.export(t, exitMoreToCome)
	c.forward(13 * time.Hour) // an hour before the close
	jobs := w.sim.Counts().Jobs
	w.export(t, exitMoreToCome)
	if w.sim.Counts().Jobs == jobs {
		t.Error("nothing was read again although the window closes")
	}
	c.forward(2 * time.Hour)
	sealed.export(t, exitMissing, "--seal")
	for _, e := range sealed.exceptions(t, dataset.DetailsName) {
		says(t, e.Detail, "still open")
	}
}

func TestLateRecordingsAreFetchedOnceTheyAreThere(t *testing.T) {
	var c watch
	w := newWorld(t, simulator.Config{Days: 2, ConversationsPerDay: 60, MediaBytes: 1 << 10, DelayedShare: 0.3,
		Now: c.from("2026-03-03T06:00:00Z"), Available: when("2026-03-03T00:00:00Z")})
	w.export(t, exitMissing)
	w.reconciled(t, w.lost(t))
	c.forward(7 * 24 * time.Hour)
	w.export(t, exitComplete)
	w.reconciled(t, w.lost(t))
}

func TestArchivedRecordingsAreRestoredOnRequestAlone(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 60, MediaBytes: 1 << 10, ArchivedShare: 0.3, RestoreLatency: 300 * time.Millisecond, Restorations: 4})
	w.set(t, "recordings.metadata", "derived") // metadata count what may still be restored
	says(t, w.export(t, exitMissing), "archived", "--restore-archived")
	archived := len(w.exceptions(t, dataset.RecordingsName))
	if archived < 6 {
		t.Fatalf("%d archived: the test shows nothing", archived)
	}
	for _, e := range w.exceptions(t, dataset.RecordingsName) {
		says(t, e.Detail, "4 more of 4 recordings", "deleteDate 20")
	}
	w.export(t, exitMissing, "--restore-archived")
	left := w.exceptions(t, dataset.RecordingsName)
	if len(left) != archived-4 {
		t.Errorf("%d of %d archived are left, 4 may be restored", len(left), archived)
	}
	for item, e := range left {
		if e.Reason != exporter.Archived || !strings.Contains(e.Detail, "no more recordings restored") {
			t.Errorf("%s: %s, %s", item, e.Reason, e.Detail)
		}
	}
	w.reconciled(t, w.lost(t))
}

// What is deleted first goes first, whatever day it is of.
func TestWhatIsDeletedFirstIsExportedFirst(t *testing.T) {
	var log bytes.Buffer
	w := newWorld(t, simulator.Config{Days: 8, ConversationsPerDay: 30, MediaBytes: 200, ShortRetentionShare: 0.03, Seed: 3, Log: &log})
	w.set(t, "concurrency.api", "1")
	w.export(t, exitComplete)
	first, days := map[string]time.Time{}, map[string]string{}
	for r := range w.sim.Truth().Recordings() {
		day := r.ConversationStart.Format(time.DateOnly)
		days[r.ID] = day
		if at, seen := first[day]; !seen || r.DeleteDate.Before(at) {
			first[day] = r.DeleteDate
		}
	}
	var order []string
	for line := range strings.Lines(log.String()) {
		var r simulator.Request
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		name := path.Base(r.Path)
		if r.Kind != "media" || len(name) < 36 {
			continue
		}
		id := name[:36]
		day := days[id]
		if !slices.Contains(order, day) {
			order = append(order, day)
		}
	}
	if slices.IsSorted(order) || len(order) != 8 {
		t.Fatalf("days %v: the test shows nothing", order)
	}
	if !slices.IsSortedFunc(order, func(a, b string) int { return first[a].Compare(first[b]) }) {
		t.Errorf("days were taken in the order %v, their first deletions are %v", order, first)
	}
}

func TestWhatWasWithheldIsFetchedOnceItIsShown(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 80, MediaBytes: 1 << 10, SensitiveShare: 0.4, Redaction: "mixed",
		Clients: append(sensitiveBlind(), simulator.Client{ID: "seeing", Secret: "demo-secret"})})
	says(t, w.export(t, exitMissing), dataset.SensitivePermission)
	w.reconciled(t, w.lost(t))
	says(t, string(slurp(t, w.store(t), "root/data/report.txt")), "redacted", "lacked "+dataset.SensitivePermission)
	w.set(t, "source.client_id", "seeing")
	w.export(t, exitComplete)
	if n := len(w.exceptions(t, dataset.RecordingsName)); n > 0 {
		t.Errorf("%d exceptions are left", n)
	}
}
