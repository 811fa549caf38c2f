package main

import (
	"fmt"

	"exitplan/exporter"
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

// condense makes one row of all listings of the configuration of which there
// is nothing to tell: a hundred lines would hide the one that matters.
func condense(rows []datasetRow) (list []datasetRow) {
	var rest datasetRow
	n := 0
	for _, r := range rows {
		if dataset.ClassOf(r.name) != exporter.Configuration || r.troubled() || n > 0 && r.verdict != rest.verdict {
			list = append(list, r)
			continue
		}
		rest.verdict = r.verdict
		rest.Add(r.Counts)
		n++
	}
	if n > 0 {
		rest.name = fmt.Sprintf("configuration (%s)", plural(int64(n), "dataset", "datasets"))
		list = append(list, rest)
	}
	return list
}
