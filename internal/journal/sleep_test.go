package journal

import (
	"errors"
	"io"
	"reflect"
	"testing"
	"time"

	"exitplan/exporter"
)

func keys(t *testing.T, j *Journal) (list []string) {
	t.Helper()
	for {
		u, err := j.Next(t.Context(), nil)
		if errors.Is(err, io.EOF) {
			return list
		}
		must(t, err)
		list = append(list, u.Key)
	}
}

func TestWhatIsDeletedFirstComesFirst(t *testing.T) {
	j := openTest(t, t.TempDir())
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	a, b, c, d := unit("a"), unit("b"), unit("c"), unit("d")
	b.Due, c.Due, d.Priority = at.Add(time.Hour), at, -1
	must(t, j.Add(t.Context(), []exporter.Unit{a, b, c, d, unit("e"), unit("found")}))
	must(t, j.Commit(t.Context(), exporter.Receipt{Unit: "found", Outcome: exporter.Done, Due: map[string]time.Time{"e": at.Add(-time.Hour), "unknown": at}}))
	if got, want := keys(t, j), []string{"d", "e", "c", "b", "a"}; !reflect.DeepEqual(got, want) {
		t.Errorf("handed out %v, want %v", got, want)
	}
}

func TestAUnitSleepsUntilItsTime(t *testing.T) {
	j := openTest(t, t.TempDir())
	later := time.Now().Add(time.Hour)
	sleeping, early := unit("a"), exporter.Unit{Dataset: "other", Key: "b"}
	sleeping.NotBefore, early.NotBefore = later, later.Add(time.Hour)
	lagging := unit("lagging")
	must(t, j.Add(t.Context(), []exporter.Unit{sleeping, early, lagging}))
	checkCounters(t, j)
	if got := keys(t, j); !reflect.DeepEqual(got, []string{"lagging"}) {
		t.Fatalf("handed out %v while the others sleep", got)
	}
	must(t, j.Commit(t.Context(), exporter.Receipt{Unit: "lagging", Outcome: exporter.Done, Again: later, Exceptions: []exporter.Exception{
		{Dataset: "recordings", Item: "c/r", Reason: exporter.StillProcessing}}}))
	for _, step := range []struct {
		now   time.Time
		early []string
		want  []string
	}{
		{later.Add(-time.Second), nil, nil},
		{later.Add(-time.Second), []string{"other"}, []string{"b"}},
		{later, nil, []string{"a", "lagging"}},
		{later.Add(24 * time.Hour), []string{"other", "recordings"}, nil},
	} {
		n, _, err := j.Wake(t.Context(), step.now, step.early...)
		must(t, err)
		if got := keys(t, j); n != len(step.want) || !reflect.DeepEqual(got, step.want) {
			t.Errorf("at %s: %d woken, handed out %v, want %v", step.now, n, got, step.want)
		}
		checkCounters(t, j)
	}
}

func TestWhatIsKnownAndTheSums(t *testing.T) {
	j := openTest(t, t.TempDir())
	day := time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC)
	known := func(item string, count int64, due time.Time) exporter.Expectation {
		return exporter.Expectation{Dataset: "recordings", Item: item, Count: count, Source: "retention-query", At: day, Due: due}
	}
	must(t, j.Add(t.Context(), []exporter.Unit{unit("list"), unit("fetch")}))
	must(t, j.Commit(t.Context(), exporter.Receipt{Unit: "list", Outcome: exporter.Done, Expected: []exporter.Expectation{
		known("c/1", 0, day.Add(2*time.Hour)), known("c/2", 0, day.Add(time.Hour)), known("d/1", 0, day.Add(90*time.Minute)), known("e/1", 0, time.Time{}),
	}}))
	all(t, j.Exceptions(t.Context())) // nobody expects them yet
	if n := tally(t, j).Total.Expected; n != 0 {
		t.Errorf("%d expected of what is merely known", n)
	}
	if got := all(t, j.Known(t.Context(), "recordings", "c/", "c0", true)); len(got) != 2 || got[0].Item != "c/1" || !got[0].Due.Equal(day.Add(2*time.Hour)) {
		t.Errorf("known of c: %+v", got)
	}
	iv := exporter.Interval{From: day.Add(-time.Hour), To: day.Add(time.Hour)}
	if got := all(t, j.Doomed(t.Context(), "recordings", iv)); len(got) != 3 || got[0].Item != "c/2" || got[1].Item != "d/1" {
		t.Errorf("doomed, first deleted first: %+v", got)
	}
	if got := all(t, j.Deadlines(t.Context(), "recordings", iv)); !reflect.DeepEqual(got, []Deadline{{day.Add(time.Hour), 2}, {day.Add(2 * time.Hour), 1}}) {
		t.Errorf("deadlines %v", got)
	}
	next := day.AddDate(0, 0, 1)
	counted := known("c/1", 1, time.Time{})
	counted.At, counted.Source = next, "batch-request"
	must(t, j.Commit(t.Context(), exporter.Receipt{
		Unit: "fetch", Outcome: exporter.Done, Artifacts: []exporter.Artifact{artifact("recordings/c1", "c/1", "x")},
		Expected: []exporter.Expectation{counted, known("c/2", 1, time.Time{}), known("d/1", 1, time.Time{})},
		Exceptions: []exporter.Exception{
			{Dataset: "recordings", Item: "c/2", Reason: exporter.Archived}, {Dataset: "recordings", Item: "f", Reason: exporter.NoMedia, Day: "2026-03-04"}},
	}))
	if got := all(t, j.Known(t.Context(), "recordings", "", "", true)); len(got) != 2 || got[0].Item != "d/1" || got[1].Item != "e/1" {
		t.Errorf("open are %+v", got)
	}
	sums, err := j.Sums(t.Context())
	must(t, err)
	want := []Sum{
		{Dataset: "recordings", Day: "2026-03-04", Expected: 2, Missing: map[exporter.Reason]int64{exporter.Archived: 1, exporter.FailedItem: 1},
			Besides: map[exporter.Reason]int64{exporter.NoMedia: 1}},
		{Dataset: "recordings", Day: "2026-03-05", Expected: 1, Stored: 1},
	}
	if !reflect.DeepEqual(sums, want) {
		t.Errorf("sums %+v, want %+v", sums, want)
	}
	for _, e := range all(t, j.Exceptions(t.Context())) {
		if e.Day != "2026-03-04" || e.Item == "d/1" && e.Unit != "fetch" {
			t.Errorf("exception %+v: the unit that expects it answers for it", e)
		}
	}
}

// The first recording of a conversation refutes that it has none, and bytes that
// were recorded as meeting nothing can meet something later.
func TestWhatIsStoredMendsWhatWasSaidBefore(t *testing.T) {
	j := openTest(t, t.TempDir())
	must(t, j.Add(t.Context(), []exporter.Unit{unit("a"), unit("b")}))
	must(t, j.Commit(t.Context(), exporter.Receipt{Unit: "a", Outcome: exporter.Done, Exceptions: []exporter.Exception{
		{Dataset: "recordings", Item: "conv", Reason: exporter.NoMedia}}}))
	half := artifact("x-1.ogg", "conv/rec", "x")
	half.Records = 0
	must(t, j.Commit(t.Context(), exporter.Receipt{Unit: "b", Artifacts: []exporter.Artifact{half}}))
	checkCounters(t, j)
	half.Records = 1
	must(t, j.Commit(t.Context(), exporter.Receipt{Unit: "b", Outcome: exporter.Done, Artifacts: []exporter.Artifact{half, artifact("x.ogg", "conv/rec", "y")},
		Expected: []exporter.Expectation{{Dataset: "recordings", Item: "conv/rec", Count: 2}}}))
	checkCounters(t, j)
	if left := all(t, j.Exceptions(t.Context())); len(left) > 0 {
		t.Errorf("exceptions %+v are left", left)
	}
}
