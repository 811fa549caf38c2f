package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"testing"
	"time"

	"exitplan/exporter"
)

func TestNextOrder(t *testing.T) {
	j := openTest(t, t.TempDir())
	ctx := t.Context()
	other := exporter.Unit{Dataset: "analytics", Key: "a/0", Priority: 1, Params: json.RawMessage(`{"day":"2026-03-04"}`)}
	must(t, j.Add(ctx, []exporter.Unit{unit("r/2"), unit("r/1"), other, unit("R/9")}))
	must(t, j.Add(ctx, []exporter.Unit{{Dataset: "recordings", Key: "r/1", Priority: -5}})) // known: left alone

	next := func(want string, skip ...string) exporter.Unit {
		t.Helper()
		u, err := j.Next(ctx, nil, skip...)
		must(t, err)
		if u.Key != want {
			t.Fatalf("Next = %q, want %q", u.Key, want)
		}
		return u
	}
	if u := next("R/9"); !reflect.DeepEqual(u, unit("R/9")) {
		t.Errorf("the unit changed on its way: %+v", u)
	}
	next("r/1")
	if u := next("a/0", "recordings"); string(u.Params) != `{"day":"2026-03-04"}` || u.Priority != 1 || u.Dataset != "analytics" {
		t.Errorf("the unit changed on its way: %+v", u)
	}
	// A unit discovered while others run comes first when its priority says so.
	must(t, j.Commit(ctx, exporter.Receipt{Unit: "r/1", Discovered: []exporter.Unit{{Dataset: "recordings", Key: "z", Priority: -1}, unit("r/1")}}))
	next("z")
	next("r/2")
	if _, err := j.Next(ctx, nil); err != io.EOF {
		t.Fatalf("Next with everything handed out: %v, want io.EOF", err)
	}
	must(t, j.Release(ctx, "r/1"))
	if u := next("r/1"); u.Attempts != 1 {
		t.Errorf("second attempt has Attempts = %d, want 1", u.Attempts)
	}
	if err := j.Release(ctx, "nobody"); !errors.Is(err, ErrUnknownUnit) {
		t.Errorf("Release of an unknown unit: %v", err)
	}
}

func TestResumeAfterClose(t *testing.T) {
	dir := t.TempDir()
	ctx := t.Context()
	j := openTest(t, dir)
	id := j.ID()
	must(t, j.Add(ctx, []exporter.Unit{unit("u")}))
	_, err := j.Next(ctx, nil)
	must(t, err)
	a := artifact("b.ogg", "c/b", "bb")
	a.Source = "/api/v2/recording/batchrequests/1"
	a.Attest = exporter.Attestation{Level: "composite-sha256", Value: "abc=-3", ETag: `"e"`, VersionID: "v1", PartSize: 8 << 20, Parts: 3}
	must(t, j.Commit(ctx, exporter.Receipt{Unit: "u", Artifacts: []exporter.Artifact{a}, Checkpoint: json.RawMessage(`{"cursor":"x"}`)}))
	must(t, j.Commit(ctx, exporter.Receipt{Unit: "u", Artifacts: []exporter.Artifact{artifact("a.ogg", "", "a")}}))
	if c := tally(t, j).Total; c.Running != 1 || c.Pending != 0 {
		t.Errorf("before the end: %+v", c)
	}
	must(t, j.Close())

	j = openTest(t, dir)
	if j.ID() != id || len(id) != 32 {
		t.Errorf("the id was %q and is %q", id, j.ID())
	}
	if c := tally(t, j).Total; c.Running != 0 || c.Pending != 1 {
		t.Errorf("a unit that was running is not pending again: %+v", c)
	}
	u, err := j.Next(ctx, nil)
	must(t, err)
	if u.Attempts != 1 || string(u.Checkpoint) != `{"cursor":"x"}` {
		t.Errorf("resumed with %+v", u)
	}
	if len(u.Stored) != 2 || u.Stored[0].Path != "bags/recordings-2026-03/data/a.ogg" || !reflect.DeepEqual(u.Stored[1], a) {
		t.Errorf("stored artifacts: %+v", u.Stored)
	}
}

func TestCommitIsHarmlessTwice(t *testing.T) {
	j := openTest(t, t.TempDir())
	ctx := t.Context()
	must(t, j.Add(ctx, []exporter.Unit{unit("u")}))
	r := exporter.Receipt{
		Unit: "u", Outcome: exporter.Done,
		Artifacts:  []exporter.Artifact{artifact("a", "c/1", "one"), artifact("b", "c/1", "three"), artifact("m", "", "meta")},
		Expected:   []exporter.Expectation{{Dataset: "recordings", Item: "c/1", Count: 1}, {Dataset: "recordings", Item: "c/2", Count: 1}},
		Discovered: []exporter.Unit{unit("v")},
		Exceptions: []exporter.Exception{{Dataset: "recordings", Item: "c/2", Reason: exporter.DeletedByRetention, Detail: "410 <gone>", CorrelationID: "x", Attempts: 2}},
	}
	for range 3 {
		must(t, j.Commit(ctx, r))
		checkCounters(t, j)
	}
	got := tally(t, j)
	want := Counts{
		Pending: 1, Done: 1, Artifacts: 3, Records: 3, Bytes: 12, Expected: 2, Met: 1,
		Exceptions: map[exporter.Reason]int64{exporter.DeletedByRetention: 1},
	}
	if !reflect.DeepEqual(got.Total, want) || !reflect.DeepEqual(got.Datasets["recordings"], want) {
		t.Errorf("tally %+v, want %+v", got, want)
	}
	e := all(t, j.Exceptions(ctx))
	r.Exceptions[0].Unit = "u"
	if len(e) != 1 || time.Since(e[0].At) > time.Minute {
		t.Fatalf("exceptions %+v, want one of now", e)
	}
	e[0].At = time.Time{}
	if !reflect.DeepEqual(e, r.Exceptions) {
		t.Errorf("exceptions %+v, want %+v", e, r.Exceptions)
	}
}

func TestCommitRefuses(t *testing.T) {
	j := openTest(t, t.TempDir())
	ctx := t.Context()
	must(t, j.Add(ctx, []exporter.Unit{unit("u"), unit("v")}))
	must(t, j.Commit(ctx, exporter.Receipt{Unit: "u", Artifacts: []exporter.Artifact{artifact("a", "", "one")}}))

	other := artifact("a", "", "two")
	err := j.Commit(ctx, exporter.Receipt{Unit: "v", Outcome: exporter.Done, Artifacts: []exporter.Artifact{artifact("b", "", "b"), other}})
	if !errors.Is(err, exporter.ErrConflict) || !contains(err, other.Path) {
		t.Errorf("other bytes under a known path: %v", err)
	}
	if c := tally(t, j).Total; c.Artifacts != 1 || c.Done != 0 {
		t.Errorf("a refused receipt left something behind: %+v", c)
	}
	checkCounters(t, j)

	bad := func(a exporter.Artifact, change func(*exporter.Artifact)) exporter.Receipt {
		change(&a)
		return exporter.Receipt{Unit: "u", Artifacts: []exporter.Artifact{a}}
	}
	for name, r := range map[string]exporter.Receipt{
		"unknown unit":           {Unit: "nobody"},
		"partial with exception": {Unit: "u", Exceptions: []exporter.Exception{{Item: "x", Reason: exporter.NoMedia}}},
		"unknown outcome":        {Unit: "u", Outcome: "finished"},
		"no digest":              bad(other, func(a *exporter.Artifact) { a.SHA256 = "" }),
		"upper-case digest":      bad(other, func(a *exporter.Artifact) { a.SHA256 = "AB" + a.SHA256[2:] }),
		"outside of any bag":     bad(other, func(a *exporter.Artifact) { a.Path = "bags/x/bagit.txt" }),
		"negative size":          bad(other, func(a *exporter.Artifact) { a.Bytes = -1 }),
		"expectation of nothing": {Unit: "u", Expected: []exporter.Expectation{{Count: 1}}},
		"discovered without key": {Unit: "u", Discovered: []exporter.Unit{{Dataset: "recordings"}}},
	} {
		if err := j.Commit(ctx, r); err == nil || !contains(err, fmt.Sprintf("%q", r.Unit)) {
			t.Errorf("%s: %v, want an error that names the unit", name, err)
		}
	}
	if c := tally(t, j).Total; c.Artifacts != 1 || c.Pending != 2 {
		t.Errorf("refused receipts left something behind: %+v", c)
	}
}

func TestExpectations(t *testing.T) {
	j := openTest(t, t.TempDir())
	ctx := t.Context()
	must(t, j.Add(ctx, []exporter.Unit{unit("a"), unit("b"), unit("c")}))
	expect := func(item string, n int64, source string) exporter.Expectation {
		return exporter.Expectation{Dataset: "recordings", Item: item, Count: n, Source: source}
	}
	part := artifact("p0", "day", "p0")
	part.Records = 70
	must(t, j.Commit(ctx, exporter.Receipt{
		Unit: "a", Outcome: exporter.Done, Artifacts: []exporter.Artifact{part},
		Expected: []exporter.Expectation{expect("day", 50, "aggregate"), expect("day", 100, "total-hits"), expect("day", 60, "late"),
			expect("gone", 1, ""), expect("none", 0, ""), expect("lost", 2, "")},
	}))
	must(t, j.Commit(ctx, exporter.Receipt{Unit: "b", Expected: []exporter.Expectation{expect("later", 1, "")}}))
	must(t, j.Commit(ctx, exporter.Receipt{Unit: "c", Outcome: exporter.Failed,
		Exceptions: []exporter.Exception{{Item: "gone", Reason: exporter.DeletedDuringExport}, {Item: "never expected", Reason: exporter.Orphan}}}))
	checkCounters(t, j)

	if c := tally(t, j).Total; c.Expected != 104 || c.Met != 70 {
		t.Errorf("expected %d, met %d; want 104, 70", c.Expected, c.Met)
	}
	var items []string
	for _, e := range all(t, j.Exceptions(ctx)) {
		items = append(items, e.Unit+" "+e.Item+" "+string(e.Reason)+" "+e.Detail)
	}
	want := []string{
		"c gone deleted-during-export ",
		"c never expected orphan ",
		"a day failed not accounted for: 100 expected by total-hits, 70 stored",
		"a lost failed not accounted for: 2 expected, 0 stored",
	}
	if !reflect.DeepEqual(items, want) {
		t.Errorf("exceptions\n%q, want\n%q", items, want)
	}

	rest := artifact("p1", "day", "p1")
	rest.Records = 31
	must(t, j.Commit(ctx, exporter.Receipt{Unit: "c", Artifacts: []exporter.Artifact{rest}}))
	checkCounters(t, j)
	if c := tally(t, j).Total; c.Met != 100 {
		t.Errorf("met %d after the rest came, want 100: never more than expected", c.Met)
	}
}

func TestReopen(t *testing.T) {
	j := openTest(t, t.TempDir())
	ctx := t.Context()
	for _, u := range []struct {
		key     string
		outcome exporter.Outcome
		reason  exporter.Reason
	}{
		{"clean", exporter.Done, ""},
		{"final", exporter.Done, exporter.DeletedByRetention},
		{"later", exporter.Done, exporter.StillProcessing},
		{"failed", exporter.Failed, ""},
	} {
		must(t, j.Add(ctx, []exporter.Unit{unit(u.key)}))
		must(t, j.Commit(ctx, exporter.Receipt{Unit: u.key, Checkpoint: json.RawMessage(`1`), Artifacts: []exporter.Artifact{artifact(u.key+"/0", "", "0")}}))
		r := exporter.Receipt{Unit: u.key, Outcome: u.outcome, Artifacts: []exporter.Artifact{artifact(u.key+"/1", "", "1")}}
		if u.reason != "" {
			r.Exceptions = []exporter.Exception{{Item: u.key, Reason: u.reason}}
		}
		must(t, j.Commit(ctx, r))
	}
	checkCounters(t, j)
	n, err := j.Reopen(ctx)
	must(t, err)
	if n != 2 {
		t.Fatalf("Reopen = %d, want 2", n)
	}
	checkCounters(t, j)
	for _, want := range []string{"failed", "later"} {
		u, err := j.Next(ctx, nil)
		must(t, err)
		if u.Key != want || string(u.Checkpoint) != "1" || len(u.Stored) != 2 {
			t.Errorf("reopened %+v, want %s with its checkpoint and both artifacts", u, want)
		}
	}
	if _, err := j.Next(ctx, nil); err != io.EOF {
		t.Fatalf("more was reopened: %v", err)
	}
	// The reopened unit finds its recording: the exception is gone.
	must(t, j.Commit(ctx, exporter.Receipt{Unit: "later", Outcome: exporter.Done}))
	must(t, j.Commit(ctx, exporter.Receipt{Unit: "failed", Outcome: exporter.Done}))
	if e := all(t, j.Exceptions(ctx)); len(e) != 1 || e[0].Unit != "final" {
		t.Errorf("exceptions %+v, want that of final alone", e)
	}
	if n, err := j.Reopen(ctx); n != 0 || err != nil {
		t.Errorf("second Reopen = %d, %v", n, err)
	}
	if rows := count(t, j, "SELECT count(*) FROM stored"); rows != 0 {
		t.Errorf("%d rows are kept for units that never run again", rows)
	}
}

func TestBags(t *testing.T) {
	j := openTest(t, t.TempDir())
	ctx := t.Context()
	must(t, j.Add(ctx, []exporter.Unit{unit("u")}))
	config := artifact("x", "", "xy")
	config.Path = "bags/configuration/data/a/data/b.json"
	list := []exporter.Artifact{
		artifact("recordings/b/x", "", "1"), artifact("recordings/a.b", "", "22"), artifact("recordings/a/z", "", "3"),
		artifact("recordings/a-b", "", "4"), artifact("recordings/Z", "", "5"), config,
	}
	must(t, j.Commit(ctx, exporter.Receipt{Unit: "u", Artifacts: list}))
	must(t, j.SealBag(ctx, "bags/configuration", "ab12"))
	if err := j.SealBag(ctx, "bags/none", "ab12"); err == nil {
		t.Error("a bag that does not exist was sealed")
	}

	const name = "bags/recordings-2026-03"
	want := []exporter.Bag{{Name: "bags/configuration", Files: 1, Bytes: 2, Sealed: "ab12"}, {Name: name, Files: 5, Bytes: 6}}
	if got, err := j.Bags(ctx); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Bags = %+v, %v; want %+v", got, err, want)
	}
	var paths []string
	for a, err := range j.Artifacts(ctx, name) {
		must(t, err)
		paths = append(paths, a.Path[len(name+"/data/recordings/"):])
	}
	if want := []string{"Z", "a-b", "a.b", "a/z", "b/x"}; !reflect.DeepEqual(paths, want) {
		t.Errorf("Artifacts in order %q, want bytewise %q", paths, want)
	}
	if got := all(t, j.Artifacts(ctx, "bags/configuration")); len(got) != 1 || !reflect.DeepEqual(got[0], config) {
		t.Errorf("Artifacts = %+v, want %+v", got, config)
	}

	// The same artifact again leaves the seal good, a further one does not.
	must(t, j.Commit(ctx, exporter.Receipt{Unit: "u", Artifacts: []exporter.Artifact{config}}))
	if got, _ := j.Bags(ctx); got[0].Stale {
		t.Error("a repeated artifact made the bag stale")
	}
	config.Path += "2"
	must(t, j.Commit(ctx, exporter.Receipt{Unit: "u", Artifacts: []exporter.Artifact{config}}))
	if got, _ := j.Bags(ctx); !got[0].Stale || got[0].Sealed != "ab12" {
		t.Errorf("a further artifact did not make the bag stale: %+v", got[0])
	}
	must(t, j.SealBag(ctx, "bags/configuration", "cd34"))
	if got, _ := j.Bags(ctx); got[0].Stale || got[0].Sealed != "cd34" {
		t.Errorf("sealed again: %+v", got[0])
	}
}

// TestBreakFromStream leaves streams early and then writes and closes: no
// reader may be left behind.
func TestBreakFromStream(t *testing.T) {
	j := openTest(t, t.TempDir())
	ctx := t.Context()
	must(t, j.Add(ctx, []exporter.Unit{unit("u")}))
	must(t, j.Commit(ctx, exporter.Receipt{Unit: "u", Artifacts: []exporter.Artifact{artifact("a", "", "a"), artifact("b", "", "b")}}))
	for range 50 {
		for _, err := range j.Artifacts(ctx, "bags/recordings-2026-03") {
			must(t, err)
			must(t, j.Release(ctx, "u")) // a write while reading
			break
		}
	}
	if n := j.readers.Stats().InUse; n != 0 {
		t.Errorf("%d readers are still open", n)
	}
}
