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

// troubled says that a row has something to tell.
func (r datasetRow) troubled() bool {
	return r.Pending+r.Running+r.Failed > 0 || len(r.Exceptions) > 0
}

// condense makes one row of all declared datasets of a class of which there is
// nothing to tell: a hundred lines would hide the one that matters.
func condense(rows []datasetRow) (list []datasetRow) {
	rest, n := map[string]datasetRow{}, map[string]int64{}
	for _, r := range rows {
		family := dataset.Family(r.name)
		sum := rest[family]
		if family == r.name || r.troubled() || n[family] > 0 && r.verdict != sum.verdict {
			list = append(list, r)
			continue
		}
		sum.name, sum.verdict = family, r.verdict
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
