package main

import (
	"math"
	"testing"

	"exitplan/exporter"
)

func TestMonthsAndTheirSpread(t *testing.T) {
	iv := exporter.Interval{From: when("2021-01-01T00:00:00Z"), To: when("2026-01-01T00:00:00Z")}
	months := monthsOf(iv)
	days := 0
	for i, m := range months {
		days += len(m.Days())
		if len(m.Days()) > perMonth || i > 0 && !m.From.Equal(months[i-1].To) {
			t.Fatalf("month %d: %v", i, m)
		}
	}
	some := spread(months, mostCounts)
	if days != 5*365+1 || len(some) != mostCounts || some[0] != months[0] || some[mostCounts-1] != months[len(months)-1] {
		t.Errorf("%d days in %d months, of which %v", days, len(months), some)
	}
	if few := spread(months[:3], mostCounts); len(few) != 3 {
		t.Errorf("of three, %v", few)
	}
	if off := deviation([]float64{90, 100, 110}, 100); math.Abs(off-0.1) > 1e-9 {
		t.Errorf("deviation %v", off)
	}
}

func TestRounded(t *testing.T) {
	for n, want := range map[float64]string{0: "0", 999.4: "999", 1234: "1,230", 20_249_999: "20,200,000", 999_999: "1,000,000"} {
		if got := rounded(n); got != want {
			t.Errorf("%v: %s, want %s", n, got, want)
		}
	}
}
