package journal

import (
	"errors"
	"testing"

	"exitplan/exporter"
)

// found is an artifact that no receipt knew.
func found(name, content string) exporter.Artifact {
	a := artifact(name, "", content)
	a.Source, a.Records = exporter.FoundSource, 0
	return a
}

func commit(t *testing.T, j *Journal, key string, artifacts ...exporter.Artifact) error {
	t.Helper()
	must(t, j.Add(t.Context(), []exporter.Unit{unit(key)}))
	return j.Commit(t.Context(), exporter.Receipt{Unit: key, Outcome: exporter.Done, Artifacts: artifacts})
}

func TestFoundGivesWay(t *testing.T) {
	j := openTest(t, t.TempDir())
	adopted := "recordings/found-in-destination"
	must(t, commit(t, j, adopted, found("a", "one"), found("b", "two"), found("c", "three")))
	if vouched, err := j.Vouched(t.Context(), found("a", "").Path); err != nil || vouched {
		t.Errorf("vouched for what was found: %v, %v", vouched, err)
	}
	must(t, commit(t, j, adopted, found("a", "one"), found("b", "changed since")))
	must(t, commit(t, j, "u", artifact("a", "item", "one"), artifact("b", "item", "other bytes")))
	checkCounters(t, j)
	if got := tally(t, j).Total; got.Artifacts != 3 || got.Records != 2 || got.Bytes != int64(len("one"+"other bytes"+"three")) {
		t.Errorf("%+v", got)
	}
	if vouched, err := j.Vouched(t.Context(), found("a", "").Path); err != nil || !vouched {
		t.Errorf("a receipt: vouched = %v, %v", vouched, err)
	}
	if err := commit(t, j, adopted, found("a", "not again")); !errors.Is(err, exporter.ErrConflict) {
		t.Errorf("a receipt gave way: %v", err)
	}
	must(t, commit(t, j, adopted, found("a", "one")))
	checkCounters(t, j)
}

func TestStaleBags(t *testing.T) {
	j := openTest(t, t.TempDir())
	path := artifact("a", "", "").Path
	stale := func() bool {
		t.Helper()
		bags, err := j.Bags(t.Context())
		must(t, err)
		return bags[0].Stale
	}
	must(t, j.Touch(t.Context(), path)) // a bag that is not known yet
	must(t, commit(t, j, "u", artifact("a", "", "one")))
	const bag = "bags/recordings-2026-03"
	for what, doubt := range map[string]func() error{
		"Touch": func() error { return j.Touch(t.Context(), path) },
		"Doubt": func() error { return j.Doubt(t.Context()) },
	} {
		for range 2 {
			must(t, j.SealBag(t.Context(), bag, "digest"))
			if stale() {
				t.Fatal("stale after its seal")
			}
			must(t, doubt())
			if !stale() {
				t.Errorf("%s: not stale", what)
			}
		}
	}
}
