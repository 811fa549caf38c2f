package dataset_test

import (
	"testing"
	"time"

	"exitplan/exporter"
	"exitplan/internal/dataset"
)

func TestCostsFollowFromWhatThereIs(t *testing.T) {
	from := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	base := dataset.Amounts{
		Interval: exporter.Interval{From: from, To: from.AddDate(0, 0, 10)}, Now: from.AddDate(0, 1, 0),
		Conversations: 20_000, Recorded: 8000, Recordings: 9000, Asked: map[string]float64{"interactions.emails": 500}, Rows: map[string]float64{"directory.users": 1200},
	}
	derived, bulk := base, base
	derived.Metadata, bulk.Bulk = dataset.MetadataDerived, true
	names := []string{
		dataset.DetailsName, dataset.RecordingsName, dataset.RetentionName, "interactions.emails", "directory.users", "directory.users.skills",
		"routing.skills", "analytics.users.aggregates", "audits.services", "audits",
	}
	for _, test := range []struct {
		name    string
		amounts dataset.Amounts
		calls   float64
		assumed bool
	}{
		{dataset.DetailsName, base, 10 * (4 + 3), false}, // 2,000 a day: pages of 999 after the first
		{dataset.RecordingsName, base, 10*2*8 + 8000, false},
		{dataset.RecordingsName, derived, 10 * 2 * 8, false},
		{dataset.RecordingsName, bulk, 10*2*8 + 8000 + 20, false},
		{dataset.RetentionName, base, 18, false},
		{"interactions.emails", base, 500, false},
		{"directory.users", base, 3, false},
		{"directory.users.skills", base, 1200, false},
		{"routing.skills", base, 1, true},
		{"analytics.users.aggregates", base, 10, false},
	} {
		cost := dataset.Costs(names, test.amounts)[test.name]
		if cost.Calls != test.calls || cost.Assumed != test.assumed {
			t.Errorf("%s: %+v, want %v calls", test.name, cost, test.calls)
		}
	}
	// Details are read for what hangs on them, exported or not.
	if cost := dataset.Costs([]string{dataset.RecordingsName}, base)[dataset.DetailsName]; cost.Calls != 70 || cost.Records != 0 {
		t.Errorf("details for recordings alone: %+v", cost)
	}
}
