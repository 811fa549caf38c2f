package main

import "testing"

// The figures of bench/README.md come from many more runs; so few may be off by
// some.
func TestForecastsAreHeldAgainstWhatHappens(t *testing.T) {
	for _, size := range forecastSizes[:2] {
		s := scoreForecasts(size, 40, 11)
		if s.within < 34 || s.covered < 32 {
			t.Errorf("%s: of %d runs %d ended within 10 %% of the P50, and %d before the P90", size.name, s.runs, s.within, s.covered)
		}
	}
}
