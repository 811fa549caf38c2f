package main

import (
	"testing"

	"exitplan/exporter"
	"exitplan/internal/dataset"
	"exitplan/internal/journal"
)

// A hundred listings of which there is nothing to tell are one line; one with
// an exception, or not done, keeps its own.
func TestQuietListingsAreOneLine(t *testing.T) {
	done := journal.Counts{Done: 1, Records: 5, Bytes: 10, Artifacts: 1}
	denied := journal.Counts{Done: 1, Exceptions: map[exporter.Reason]int64{exporter.PermissionDenied: 1}}
	rows := condense([]datasetRow{
		{"recordings", done, "complete"}, {"routing.queues", done, "complete"}, {"scripts", done, "complete"},
		{"gdpr.requests", denied, "complete-with-exceptions"}, {"directory.users", journal.Counts{Pending: 1}, "incomplete"},
	})
	var names []string
	for _, r := range rows {
		names = append(names, r.name)
	}
	want := []string{"recordings", "gdpr.requests", "directory.users", "configuration (2 datasets)"}
	if len(names) != len(want) {
		t.Fatalf("rows %q, want %q", names, want)
	}
	for i := range want {
		if names[i] != want[i] {
			t.Errorf("row %d is %q, want %q", i, names[i], want[i])
		}
	}
	if last := rows[3]; last.Records != 10 || last.Done != 2 || last.Bytes != 20 {
		t.Errorf("the one line says %+v", last.Counts)
	}
}

// Where hardly anything is done yet, what is left is no hundred lines either.
func TestWhatIsLeftIsFewLines(t *testing.T) {
	var rows []datasetRow
	for _, info := range dataset.Catalogue() {
		if dataset.Exportable(info) {
			rows = append(rows, datasetRow{info.Name, journal.Counts{Pending: 2}, incomplete})
		}
	}
	rows = append(rows, datasetRow{"gdpr.requests", journal.Counts{Done: 1}, incomplete}) // and nothing accounts for it
	list := condense(rows)
	if len(list) != 6 {
		t.Fatalf("%d rows: %v", len(list), list)
	}
	for _, r := range list {
		if r.verdict != incomplete {
			t.Errorf("%s is %s", r.name, r.verdict)
		}
	}
}
