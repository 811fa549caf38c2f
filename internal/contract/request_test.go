package contract_test

import (
	"testing"

	"exitplan/internal/contract"
)

func TestARequestCountsUntilTheEndOfTheLastDayOfNotice(t *testing.T) {
	for _, test := range []struct {
		zone, end string
		notice    int
		want      string
	}{
		{"Asia/Tokyo", "2026-12-31T15:00:00Z", 0, "2026-12-31T15:00:00Z"},
		{"Asia/Tokyo", "2026-12-31T15:00:00Z", 1, "2026-12-30T15:00:00Z"},
		{"Asia/Tokyo", "2026-12-31T15:00:00Z", 30, "2026-12-01T15:00:00Z"},
		{"Europe/Berlin", "2026-10-31T23:00:00Z", 7, "2026-10-24T22:00:00Z"}, // over a change of clocks
		{"UTC", "2028-03-01T00:00:00Z", 1, "2028-02-29T00:00:00Z"},
		{"UTC", "2026-06-30T18:00:00Z", 1, "2026-06-30T00:00:00Z"}, // an end inside a day
	} {
		tm := contract.Terms{Zone: zone(t, test.zone), NoticeDays: test.notice}
		if got := tm.RequestBy(at(t, test.end)); !got.Equal(at(t, test.want)) {
			t.Errorf("%d days before %s in %s: %v, want %s", test.notice, test.end, test.zone, got, test.want)
		}
	}
}
