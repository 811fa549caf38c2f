package journal

import (
	"fmt"
	"io"
	"testing"

	"exitplan/exporter"
)

// A unit that another may settle waits for it, and no longer than that one
// can still run.
func TestAUnitWaitsForTheOneThatMaySettleIt(t *testing.T) {
	j := openTest(t, t.TempDir())
	ctx := t.Context()
	waiting := func(n string) exporter.Unit {
		return exporter.Unit{Dataset: "recordings", Key: "r/" + n, After: "a/" + n}
	}
	before := func(n string) exporter.Unit {
		return exporter.Unit{Dataset: "analytics", Key: "a/" + n, Priority: 1}
	}
	must(t, j.Add(ctx, []exporter.Unit{waiting("1"), waiting("2"), waiting("3"), waiting("unknown"), before("1"), before("2"), before("3")}))
	next := func(want string, skip ...string) {
		t.Helper()
		u, err := j.Next(ctx, nil, skip...)
		if want == "" && err == io.EOF {
			return
		}
		must(t, err)
		if u.Key != want {
			t.Fatalf("Next = %q, want %q", u.Key, want)
		}
	}
	next("a/1")
	next("a/2")
	next("a/3")
	next("r/unknown")
	next("") // the rest waits for units that are running
	must(t, j.Commit(ctx, exporter.Receipt{Unit: "a/1", Outcome: exporter.Done, Settled: []string{"r/1", "r/nobody"}}))
	next("")
	must(t, j.Commit(ctx, exporter.Receipt{Unit: "a/2", Outcome: exporter.Failed}))
	next("r/2") // which nobody settled
	must(t, j.Release(ctx, "a/3"))
	next("r/3", "analytics") // a/3 is pending, but may not run now
	must(t, j.Commit(ctx, exporter.Receipt{Unit: "a/3", Outcome: exporter.Done, Settled: []string{"r/3"}}))
	if c := tally(t, j).Datasets["recordings"]; c.Done != 1 || c.Running != 3 || c.Pending != 0 {
		t.Errorf("recordings: %+v; settling must touch no unit that runs", c)
	}
	checkCounters(t, j)
}

// Settling takes back what an earlier run stated about the unit.
func TestASettledUnitStatesNothing(t *testing.T) {
	j := openTest(t, t.TempDir())
	ctx := t.Context()
	must(t, j.Add(ctx, []exporter.Unit{unit("r/1"), unit("a/1")}))
	must(t, j.Commit(ctx, exporter.Receipt{Unit: "r/1", Outcome: exporter.Failed, Exceptions: []exporter.Exception{
		{Dataset: "recordings", Item: "r/1", Reason: exporter.WindowClosed},
	}}))
	if _, err := j.Reopen(ctx); err != nil {
		t.Fatal(err)
	}
	must(t, j.Commit(ctx, exporter.Receipt{Unit: "a/1", Outcome: exporter.Done, Settled: []string{"r/1"}}))
	if list := all(t, j.Exceptions(ctx)); len(list) > 0 {
		t.Errorf("exceptions %+v", list)
	}
	checkCounters(t, j)
}

// A journal of the first schema goes on with the newest.
func TestAJournalOfTheFirstSchemaGoesOn(t *testing.T) {
	dir := t.TempDir()
	ctx := t.Context()
	j, err := open(ctx, dir, options(), migrations()[:1])
	must(t, err)
	must(t, j.Close())
	runSQL(t, j.path, "INSERT INTO dataset (name, pending) VALUES ('recordings', 1); INSERT INTO unit (dataset, key, priority, state) VALUES (1, 'r/1', 0, 0)")
	j = openTest(t, dir)
	u, err := j.Next(ctx, nil)
	must(t, err)
	if u.Key != "r/1" || u.After != "" {
		t.Errorf("unit %+v", u)
	}
}

// A unit that must be the last waits for all others, but not for those that may
// not run now.
func TestTheLastUnitWaitsForAllOthers(t *testing.T) {
	j := openTest(t, t.TempDir())
	ctx := t.Context()
	must(t, j.Add(ctx, []exporter.Unit{
		{Dataset: "audits", Key: "audits/tail", Priority: exporter.Last}, {Dataset: "audits", Key: "audits/1", Priority: 3}, {Dataset: "metrics", Key: "m/1", Priority: 9},
	}))
	next := func(want string, skip ...string) {
		t.Helper()
		u, err := j.Next(ctx, nil, skip...)
		if want == "" && err == io.EOF {
			return
		}
		must(t, err)
		if u.Key != want {
			t.Fatalf("Next = %q, want %q", u.Key, want)
		}
	}
	next("audits/1")
	next("", "metrics")
	must(t, j.Commit(ctx, exporter.Receipt{Unit: "audits/1", Outcome: exporter.Done, Discovered: []exporter.Unit{{Dataset: "audits", Key: "audits/2", Priority: 3}}}))
	next("audits/2", "metrics")
	must(t, j.Commit(ctx, exporter.Receipt{Unit: "audits/2", Outcome: exporter.Done}))
	next("audits/tail", "metrics")
	must(t, j.Release(ctx, "audits/tail"))
	next("m/1")
	next("")
}

// BenchmarkNext takes a unit while tens of thousands wait for others: five years
// of days, with all that their conversations may have.
func BenchmarkNext(b *testing.B) {
	j := openTest(b, b.TempDir())
	var units []exporter.Unit
	for day := range 1826 {
		details := fmt.Sprintf("details/%04d", day)
		units = append(units, exporter.Unit{Dataset: "details", Key: details, Priority: 1})
		for c := range 15 {
			units = append(units, exporter.Unit{Dataset: fmt.Sprint("content", c), Key: fmt.Sprintf("content%d/%04d", c, day), After: details})
		}
		for c := range 20 {
			units = append(units, exporter.Unit{Dataset: fmt.Sprint("aggregates", c), Key: fmt.Sprintf("aggregates%d/%04d", c, day), Priority: 3})
		}
	}
	must(b, j.Add(b.Context(), units))
	take := func(busy, skip []string) func(b *testing.B) {
		return func(b *testing.B) {
			for b.Loop() {
				u, err := j.Next(b.Context(), busy, skip...)
				if err == io.EOF {
					continue
				}
				must(b, err)
				must(b, j.Release(b.Context(), u.Key))
			}
		}
	}
	b.Run("ready", take(nil, nil))
	var aggregates []string
	for c := range 20 {
		aggregates = append(aggregates, fmt.Sprint("aggregates", c))
	}
	b.Run("all that is ready is busy", take(append([]string{"details"}, aggregates...), nil))
}
