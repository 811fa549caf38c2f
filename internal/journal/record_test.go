package journal

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"exitplan/exporter"
	"exitplan/internal/chain"
)

func TestFreeze(t *testing.T) {
	dir := t.TempDir()
	j := openTest(t, dir)
	ctx := t.Context()
	first := map[string]string{"organization": "o-1", "datasets": "all", "kms_key_id": ""}
	if got, err := j.Settings(ctx); err != nil || len(got) != 0 {
		t.Errorf("before the first run: %v, %v", got, err)
	}
	must(t, j.Freeze(ctx, first))
	must(t, j.Freeze(ctx, first))
	must(t, j.Close())
	j = openTest(t, dir)
	must(t, j.Freeze(ctx, map[string]string{"organization": "o-1", "datasets": "all", "added_by_a_later_version": ""}))

	second := map[string]string{"organization": "o-1", "datasets": "recordings", "bag_period": "day"}
	err := j.Freeze(ctx, second)
	var changed *SettingsChanged
	want := []Change{{"bag_period", "", "day"}, {"datasets", "all", "recordings"}}
	if !errors.As(err, &changed) || !reflect.DeepEqual(changed.Changed, want) {
		t.Fatalf("Freeze with other settings: %v, want %v", err, want)
	}
	if !contains(err, `datasets was "all" and is now "recordings"`) || !contains(err, "--amend") {
		t.Errorf("%q does not tell what changed and what to do", err)
	}
	if got, _ := j.Settings(ctx); !reflect.DeepEqual(got, first) {
		t.Errorf("a refused Freeze changed the settings to %v", got)
	}

	must(t, j.Amend(ctx, second))
	must(t, j.Amend(ctx, second)) // nothing left to accept: no event
	must(t, j.Freeze(ctx, second))
	if got, _ := j.Settings(ctx); !reflect.DeepEqual(got, second) {
		t.Errorf("amended settings are %v", got)
	}
	events := all(t, j.Events(ctx))
	if len(events) != 1 || events[0].Kind != "settings-amended" ||
		!reflect.DeepEqual(events[0].Detail, map[string]string{"bag_period": `"" -> "day"`, "datasets": `"all" -> "recordings"`}) {
		t.Errorf("events %+v", events)
	}
}

func TestFrozenEmptySettings(t *testing.T) {
	j := openTest(t, t.TempDir())
	must(t, j.Freeze(t.Context(), nil))
	var changed *SettingsChanged
	if err := j.Freeze(t.Context(), map[string]string{"a": "b"}); !errors.As(err, &changed) {
		t.Errorf("settings after an empty first run: %v, want SettingsChanged", err)
	}
}

// events records a few, with text that JSON writers treat differently.
func events(t *testing.T, dir string) []Event {
	t.Helper()
	j := openTest(t, dir)
	ctx := t.Context()
	when := time.Date(2026, 11, 24, 9, 0, 0, 120_000_000, time.FixedZone("JST", 9*3600))
	must(t, j.Record(ctx, Event{Time: when, Kind: "run-started", Detail: map[string]string{"host": "a", "command": "exitplan export <x> & \"y\""}}))
	must(t, j.Record(ctx, Event{Kind: "window"}))
	must(t, j.Record(ctx, Event{Kind: "extension", Detail: map[string]string{"who": "山田\u2028\t", "by": string([]byte{0xff}), "zz": "", "Z": "1"}}))
	if err := j.Record(ctx, Event{}); err == nil {
		t.Error("an event without a kind was recorded")
	}
	must(t, j.VerifyChain(ctx))
	list := all(t, j.Events(ctx))
	if len(list) != 3 || !list[0].Time.Equal(when) || list[0].Prev != chain.Origin || list[1].Time.IsZero() {
		t.Fatalf("events %+v", list)
	}
	must(t, j.Close())
	return list
}

func stream(list []Event) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for _, e := range list {
			if !yield(e, nil) {
				return
			}
		}
	}
}

func TestVerifyChain(t *testing.T) {
	good := events(t, t.TempDir())
	must(t, VerifyChain(stream(good)))
	must(t, VerifyChain(stream(nil)))

	// The chain survives its way through events.jsonl.
	var lines bytes.Buffer
	for _, e := range good {
		must(t, json.NewEncoder(&lines).Encode(e))
	}
	var again []Event
	for dec := json.NewDecoder(&lines); dec.More(); {
		var e Event
		must(t, dec.Decode(&e))
		again = append(again, e)
	}
	must(t, VerifyChain(stream(again)))

	for name, tamper := range map[string]func([]Event) []Event{
		"first dropped":  func(l []Event) []Event { return l[1:] },
		"middle dropped": func(l []Event) []Event { return slices.Delete(l, 1, 2) },
		"moved":          func(l []Event) []Event { l[0], l[1] = l[1], l[0]; return l },
		"repeated":       func(l []Event) []Event { return slices.Insert(l, 1, l[0]) },
		"other time":     func(l []Event) []Event { l[1].Time = l[1].Time.Add(1); return l },
		"other kind":     func(l []Event) []Event { l[1].Kind += "x"; return l },
		"other detail":   func(l []Event) []Event { l[1].Detail = map[string]string{"a": "b"}; return l },
		"rehashed": func(l []Event) []Event {
			l[1].Kind = "x"
			l[1].Hash, _ = l[1].Digest()
			return l
		},
	} {
		if err := VerifyChain(stream(tamper(slices.Clone(good)))); !errors.Is(err, ErrChain) {
			t.Errorf("%s: %v, want ErrChain", name, err)
		}
	}
	if err := VerifyChain(func(yield func(Event, error) bool) { yield(Event{}, fs.ErrPermission) }); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("an unreadable chain: %v", err)
	}
}

// TestHashWithOtherTools recomputes the hashes with another JSON library, as
// the comment of Event says.
func TestHashWithOtherTools(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not installed")
	}
	var lines bytes.Buffer
	for _, e := range events(t, t.TempDir()) {
		must(t, json.NewEncoder(&lines).Encode(e))
	}
	cmd := exec.Command(python, "-c", `
import hashlib, json, sys
prev = "0" * 64
for line in sys.stdin:
    e = json.loads(line)
    stated = e.pop("hash")
    body = json.dumps(e, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert e["prev"] == prev and hashlib.sha256(body).hexdigest() == stated, body
    prev = stated
print("ok")`)
	cmd.Stdin = &lines
	if out, err := cmd.CombinedOutput(); err != nil || string(out) != "ok\n" {
		t.Errorf("python: %s%v", out, err)
	}
}

func TestChangedInTheFile(t *testing.T) {
	for name, statement := range map[string]string{
		"detail":      `UPDATE event SET detail = '{"host":"b"}' WHERE seq = 1`,
		"deleted":     `DELETE FROM event WHERE seq = 2`,
		"not JSON":    `UPDATE event SET detail = 'x' WHERE seq = 2`,
		"not a time":  `UPDATE event SET time = 'x' WHERE seq = 2`,
		"other types": `UPDATE event SET detail = '{"a":1}' WHERE seq = 2`,
	} {
		dir := t.TempDir()
		events(t, dir)
		runSQL(t, filepath.Join(dir, file), statement)
		if err := openTest(t, dir).VerifyChain(t.Context()); !errors.Is(err, ErrChain) {
			t.Errorf("%s: %v, want ErrChain", name, err)
		}
	}
}

func TestLastTime(t *testing.T) {
	dir := t.TempDir()
	j := openTest(t, dir)
	ctx := t.Context()
	if got, err := j.LastTime(ctx); err != nil || !got.IsZero() {
		t.Errorf("before the first Advance: %v, %v", got, err)
	}
	noon := time.Date(2026, 12, 31, 12, 0, 0, 123_456_789, time.UTC)
	for _, at := range []time.Time{noon.Add(-time.Hour), noon, noon.Add(-time.Nanosecond), noon.AddDate(-1, 0, 0)} {
		must(t, j.Advance(ctx, at))
	}
	must(t, j.Close())
	if got, err := openTest(t, dir).LastTime(ctx); err != nil || !got.Equal(noon) {
		t.Errorf("LastTime = %v, %v; want %v", got, err, noon)
	}
}

func TestParts(t *testing.T) {
	dir := t.TempDir()
	j := openTest(t, dir)
	ctx := t.Context()
	expect := func(want string) {
		t.Helper()
		if got, err := j.Parts().Load(ctx, "bags/a/data/x"); err != nil || string(got) != want {
			t.Errorf("Load = %q, %v; want %q", got, err, want)
		}
	}
	expect("")
	must(t, j.Parts().Save(ctx, "bags/a/data/x", json.RawMessage(`{"upload":"1"}`)))
	must(t, j.Parts().Save(ctx, "bags/a/data/x", json.RawMessage(`{"upload":"2"}`)))
	must(t, j.Close())
	j = openTest(t, dir)
	expect(`{"upload":"2"}`)
	must(t, j.Parts().Delete(ctx, "bags/a/data/x"))
	must(t, j.Parts().Delete(ctx, "bags/a/data/x"))
	expect("")
}

// TestSnapshot copies a journal while receipts are committed, and goes on
// from the copy in another directory.
func TestSnapshot(t *testing.T) {
	j := openTest(t, t.TempDir())
	ctx := t.Context()
	must(t, j.Freeze(ctx, map[string]string{"organization": "o"}))
	must(t, j.Record(ctx, Event{Kind: "run-started"}))
	busy, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- work(busy, j, func(string, ...any) {}) }()
	must(t, j.Add(ctx, []exporter.Unit{unit("0")}))

	dir := t.TempDir()
	path := filepath.Join(dir, file)
	must(t, os.WriteFile(path, []byte("an older copy"), 0o600))
	for copies := 0; copies < 3; {
		before := tally(t, j).Total
		if before.Done < int64(copies+1)*2 {
			continue // until there is more to copy
		}
		must(t, j.Snapshot(ctx, path))
		copied := openTest(t, dir)
		got := tally(t, copied).Total
		if got.Done < before.Done || got.Artifacts < before.Artifacts || got.Running != 0 {
			t.Errorf("the copy has %+v, the journal had %+v before", got, before)
		}
		checkAcknowledged(t, copied, nil, nil)
		if copied.ID() != j.ID() {
			t.Error("the copy has another id")
		}
		if s, err := copied.Settings(ctx); err != nil || s["organization"] != "o" {
			t.Errorf("settings of the copy: %v, %v", s, err)
		}
		if u, err := copied.Next(ctx, nil); err != nil || u.Key == "" {
			t.Errorf("the copy goes on with %+v, %v", u, err)
		}
		must(t, copied.Close())
		copies++
	}
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the writer beside it ended with %v", err)
	}

	// A copy that does not succeed leaves the one before and nothing else.
	whole, err := os.ReadFile(path)
	must(t, err)
	if err := j.Snapshot(busy, path); !errors.Is(err, context.Canceled) {
		t.Errorf("Snapshot after the end of its context: %v", err)
	}
	if err := j.Snapshot(ctx, filepath.Join(dir, "missing", "copy.db")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Snapshot into a missing directory: %v", err)
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, whole) {
		t.Errorf("a failed copy changed the one before (%v)", err)
	}
	left, err := filepath.Glob(filepath.Join(dir, "*.tmp*"))
	must(t, err)
	if len(left) > 0 {
		t.Errorf("left behind: %s", strings.Join(left, ", "))
	}
}
