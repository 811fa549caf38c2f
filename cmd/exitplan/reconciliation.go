package main

import (
	"cmp"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"exitplan/exporter"
	"exitplan/internal/dataset"
	"exitplan/internal/journal"
)

// reasons in the order of the columns of reconciliation.csv.
var reasons = []exporter.Reason{
	exporter.DeletedByRetention, exporter.DeletedDuringExport, exporter.SensitiveExcluded, exporter.Redacted, exporter.Orphan,
	exporter.Archived, exporter.StillProcessing, exporter.NoMedia, exporter.PermissionDenied, exporter.NotExportable,
	exporter.WindowClosed, exporter.FailedItem, "",
}

// notDone is the heading of what has no reason yet.
const notDone = "not-done"

// reconciliation writes what is expected, stored and missing, a line for each
// dataset and day: expected = stored + the sum of the columns missing. Besides
// counts exceptions of what has no number, such as a whole unit of work.
func (s *session) reconciliation(ctx context.Context, w io.Writer) error {
	sums, err := s.journal.Sums(ctx, dataset.RecordingsName)
	if err != nil {
		return err
	}
	out := csv.NewWriter(w)
	head := []string{"dataset", "day", "expected", "stored"}
	for _, prefix := range []string{"missing ", "besides "} {
		for _, r := range reasons {
			if r == "" {
				r = notDone
			}
			head = append(head, prefix+string(r))
		}
	}
	if err := out.Write(head); err != nil {
		return err
	}
	for _, sum := range sums {
		row := []string{sum.Dataset, sum.Day, strconv.FormatInt(sum.Expected, 10), strconv.FormatInt(sum.Stored, 10)}
		for _, by := range []map[exporter.Reason]int64{sum.Missing, sum.Besides} {
			for _, r := range reasons {
				row = append(row, strconv.FormatInt(by[r], 10))
			}
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// totals prints the same by dataset, for those with anything missing and those
// that recordings are reconciled with.
func (s *session) totals(ctx context.Context, w io.Writer) error {
	if s.journal == nil {
		return nil
	}
	sums, err := s.journal.Sums(ctx, dataset.RecordingsName)
	if err != nil {
		return err
	}
	var list []*journal.Sum
	for _, sum := range sums {
		if n := len(list); n == 0 || list[n-1].Dataset != sum.Dataset {
			list = append(list, &journal.Sum{Dataset: sum.Dataset, Missing: map[exporter.Reason]int64{}, Besides: map[exporter.Reason]int64{}})
		}
		all := list[len(list)-1]
		all.Expected, all.Stored = all.Expected+sum.Expected, all.Stored+sum.Stored
		for r, n := range sum.Missing {
			all.Missing[r] += n
		}
		for r, n := range sum.Besides {
			all.Besides[r] += n
		}
	}
	fmt.Fprint(w, "\nExpected by the platform's own counts and lists, and what became of it (by day in root/data/reconciliation.csv):\n")
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, "  dataset\texpected\tstored\tmissing, by reason")
	for _, sum := range list {
		if len(sum.Missing)+len(sum.Besides) == 0 && sum.Dataset != dataset.RecordingsName && sum.Dataset != dataset.DetailsName {
			continue
		}
		why := byReason(sum.Missing)
		if besides := byReason(sum.Besides); besides != "none" {
			why += "; and what has no number: " + besides
		}
		fmt.Fprintf(table, "  %s\t%s\t%s\t%s\n", sum.Dataset, count(sum.Expected), count(sum.Stored), why)
	}
	return table.Flush()
}

func byReason(sums map[exporter.Reason]int64) string {
	var list []string
	for _, r := range reasons {
		if n := sums[r]; n > 0 {
			list = append(list, count(n)+" "+string(cmp.Or(r, notDone)))
		}
	}
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}

// media says whether what is stored of recordings is what was recorded.
func (s *session) media(sum *summary) string {
	redacted := sum.reasons[dataset.RecordingsName+": "+string(exporter.Redacted)].Items
	excluded := sum.reasons[dataset.RecordingsName+": "+string(exporter.SensitiveExcluded)].Items
	stored := "Media are stored in the original format, as the platform delivered them; none is known to be redacted or withheld."
	if redacted+excluded > 0 {
		stored = fmt.Sprintf("Media are stored in the original format, as the platform delivered them, but for sensitive data: %s redacted, %s withheld.",
			plural(redacted, "recording was", "recordings were"), plural(excluded, "was", "were"))
	}
	switch s.sees {
	case dataset.SensitiveShown:
		return stored + " The OAuth clients held " + dataset.SensitivePermission + "."
	case dataset.SensitiveHidden:
		return stored + " The OAuth clients lacked " + dataset.SensitivePermission + ": where the organization redacts sensitive data, recordings may have been redacted without a sign of it."
	}
	return stored + " Whether the OAuth clients held " + dataset.SensitivePermission + " is not known: where they did not, and the organization redacts sensitive data, recordings may have been redacted without a sign of it."
}
