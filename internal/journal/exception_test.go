package journal

import (
	"maps"
	"testing"

	"exitplan/exporter"
)

// A unit that is opened again and then fails, or is sealed undone, does not
// forget why its items are absent.
func TestAFailedRunKeepsTheReasonsOfAnEarlierOne(t *testing.T) {
	j := openTest(t, t.TempDir())
	ctx := t.Context()
	must(t, j.Add(ctx, []exporter.Unit{unit("u")}))
	except := func(item string, reason exporter.Reason) exporter.Exception {
		return exporter.Exception{Item: item, Reason: reason}
	}
	expect := func(item string) exporter.Expectation { return exporter.Expectation{Item: item, Count: 1} }
	want := func(when string, reasons map[string]exporter.Reason) {
		t.Helper()
		got := map[string]exporter.Reason{}
		for _, e := range all(t, j.Exceptions(ctx)) {
			if _, twice := got[e.Item]; twice {
				t.Errorf("%s: %s is there twice", when, e.Item)
			}
			got[e.Item] = e.Reason
		}
		if !maps.Equal(got, reasons) {
			t.Errorf("%s: exceptions %v, want %v", when, got, reasons)
		}
	}
	again := func() {
		t.Helper()
		if n, err := j.Reopen(ctx); n != 1 || err != nil {
			t.Fatalf("%d units opened again, %v", n, err)
		}
		_, err := j.Next(ctx, nil)
		must(t, err)
	}
	_, err := j.Next(ctx, nil)
	must(t, err)
	must(t, j.Commit(ctx, exporter.Receipt{
		Unit: "u", Outcome: exporter.Done, Expected: []exporter.Expectation{expect("a"), expect("b"), expect("c")},
		Exceptions: []exporter.Exception{except("a", exporter.Archived), except("b", exporter.StillProcessing), except("c", exporter.FailedItem)},
	}))
	again()
	must(t, j.Commit(ctx, exporter.Receipt{Unit: "u", Artifacts: []exporter.Artifact{artifact("b", "b", "bytes of b")}}))
	for range 2 { // failing once more adds nothing
		must(t, j.Commit(ctx, exporter.Receipt{Unit: "u", Outcome: exporter.Failed, Exceptions: []exporter.Exception{except("u", exporter.WindowClosed)}}))
		want("after a failure", map[string]exporter.Reason{"a": exporter.Archived, "c": exporter.FailedItem, "u": exporter.WindowClosed})
		again()
	}
	must(t, j.Commit(ctx, exporter.Receipt{Unit: "u", Outcome: exporter.Done, Exceptions: []exporter.Exception{except("a", exporter.Archived), except("c", exporter.DeletedByRetention)}}))
	want("in the end", map[string]exporter.Reason{"a": exporter.Archived, "c": exporter.DeletedByRetention})
	checkCounters(t, j)
}
