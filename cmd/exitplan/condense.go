package main

import (
	"fmt"
	"maps"
	"slices"

	"exitplan/internal/dataset"
	"exitplan/internal/journal"
)

// datasetRow is how one dataset stands, in the tables for people.
type datasetRow struct {
	name string
	journal.Counts
	verdict string
}

// troubled says that a row has something to tell beside what is left to do.
func (r datasetRow) troubled() bool {
	return r.Failed > 0 || len(r.Exceptions) > 0 || !slices.Contains(untroubled, r.verdict) || r.verdict == incomplete && !r.waiting()
}

func (r datasetRow) waiting() bool { return r.Pending+r.Running > 0 }

// untroubled are the verdicts of datasets that can share a row, which has the
// last of theirs.
var untroubled = []string{"", "complete", "complete so far", incomplete}

// So many datasets that are not done keep rows of their own.
const fewWaiting = 10

// condense makes one row of all declared datasets of a class of which there is
// nothing to tell: a hundred lines would hide the one that matters.
func condense(rows []datasetRow) (list []datasetRow) {
	waiting := 0
	for _, r := range rows {
		if dataset.Family(r.name) != r.name && r.waiting() {
			waiting++
		}
	}
	rest, n := map[string]datasetRow{}, map[string]int64{}
	for _, r := range rows {
		family := dataset.Family(r.name)
		if family == r.name || r.troubled() || r.waiting() && waiting <= fewWaiting {
			list = append(list, r)
			continue
		}
		sum := rest[family]
		sum.name = family
		if slices.Index(untroubled, r.verdict) > slices.Index(untroubled, sum.verdict) {
			sum.verdict = r.verdict
		}
		sum.Add(r.Counts)
		rest[family] = sum
		n[family]++
	}
	for _, family := range slices.Sorted(maps.Keys(rest)) {
		row := rest[family]
		row.name = fmt.Sprintf("%s (%s)", family, plural(n[family], "dataset", "datasets"))
		list = append(list, row)
	}
	return list
}
