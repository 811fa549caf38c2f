package main

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"exitplan/exporter"
)

// share reads a percentage such as 1% or 0.5%.
func share(text string) (float64, error) {
	digits, ok := strings.CutSuffix(strings.TrimSpace(text), "%")
	p, err := strconv.ParseFloat(digits, 64)
	if !ok || err != nil || !(p > 0 && p <= 100) {
		return 0, usage(fmt.Errorf("--sample %q: write a percentage from more than 0%% to 100%%, such as 1%%", text))
	}
	return p / 100, nil
}

// sampleDays chooses that share of the days of an interval, at least one: those
// whose digests, with the organization's id, come first. So anybody can choose
// them again, nobody can choose the easy ones, and a larger sample has all days
// of a smaller one.
func sampleDays(iv exporter.Interval, organization string, share float64) []exporter.Interval {
	days := iv.Days()
	order := func(day exporter.Interval) string {
		sum := sha256.Sum256([]byte(organization + "/" + day.From.Format(time.DateOnly)))
		return string(sum[:])
	}
	slices.SortFunc(days, func(a, b exporter.Interval) int { return strings.Compare(order(a), order(b)) })
	if len(days) > 0 {
		days = days[:max(1, int(share*float64(len(days))))]
	}
	slices.SortFunc(days, func(a, b exporter.Interval) int { return a.From.Compare(b.From) })
	return days
}

// dayNames are days as they are frozen and reported.
func dayNames(days []exporter.Interval) []string {
	names := make([]string, len(days))
	for i, day := range days {
		names[i] = day.From.Format(time.DateOnly)
	}
	return names
}

// daysOf reads what dayNames wrote.
func daysOf(names string) (days []exporter.Interval, err error) {
	for _, name := range strings.FieldsFunc(names, func(r rune) bool { return r == ',' }) {
		from, err := time.Parse(time.DateOnly, name)
		if err != nil {
			return nil, err
		}
		days = append(days, exporter.Interval{From: from, To: from.AddDate(0, 0, 1)})
	}
	return days, nil
}
