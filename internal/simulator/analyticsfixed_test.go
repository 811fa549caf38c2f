package simulator

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Neither may metrics, audits and usage change between versions; see
// TestOrganizationIsFixed. The files' bytes hang on the compressor, not on us.
func TestAnalyticsAreFixed(t *testing.T) {
	digests := func(seed uint64) (list []string) {
		s, err := Start(t.Context(), Config{Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		digest := sha256.New()
		sum := func(name string) {
			list = append(list, fmt.Sprintf("%s %x", name, digest.Sum(nil)[:8]))
			digest.Reset()
		}
		for _, h := range analyticsHoldings {
			for one := range s.Truth().Held(h.pattern) {
				fmt.Fprintf(digest, "%q %s\n", one.Parent, one.Record)
			}
			sum(h.pattern)
		}
		for _, f := range s.Truth().Families() {
			for one := range s.Truth().Aggregates(f.Name, f.Dimensions, 0) {
				fmt.Fprintf(digest, "%q\n", one)
			}
		}
		sum("aggregates")
		return list
	}
	want := []string{
		"/api/v2/analytics/users/details/jobs 2f7223c9cc9d6de7",
		"/api/v2/analytics/dataextraction/downloads/metadata 6939b3b96f20a90e",
		"/api/v2/analytics/dataextraction/downloads/bulk cacabd561f533881",
		"/api/v2/audits/query/servicemapping 87eec7311de69d6a",
		"/api/v2/audits/query 8a81181f5d67fc2e",
		"/api/v2/quality/conversations/audits/query 1e0aba3f249c0421",
		"/api/v2/usage/query b37cb8225799b35f",
		"/api/v2/usage/aggregates/query/jobs 7a002596a64c0422",
		"/api/v2/usage/events/query 67080be121a3c2d5",
		"/api/v2/billing/reports/billableusage cc3b2c01d94e9e39",
		"/api/v2/analytics/dataretention/settings 59b1e72046fcca59",
		"aggregates a40d1e7fa621b8e5",
	}
	got, other := digests(42), digests(43)
	if !slices.Equal(got, want) {
		t.Errorf("%q\nwant\n%q", got, want)
	}
	for i, one := range got {
		if one == other[i] && !strings.HasPrefix(one, auditServices+" ") {
			t.Errorf("%s does not hang on the seed", one)
		}
	}
}
