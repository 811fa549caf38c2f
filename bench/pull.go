package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"time"

	"exitplan/internal/simulator"
)

// pullOf exports conversation details and recordings by batch requests, with
// derived metadata, and holds the API calls against the least possible number.
type pullOf struct {
	recorded, days int           // recorded conversations, over so many days
	latency        time.Duration // of details jobs and batch requests
}

// countPull prints the calls by route, most wasteful first, and the ratio.
func countPull(ctx context.Context, program, dir string, o pullOf, out io.Writer) (ratio float64, err error) {
	from := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	sim, err := simulator.Start(ctx, simulator.Config{
		// Conversations that were not recorded would add calls that are easy to
		// make without waste.
		Seed: 5, From: from, Days: o.days, ConversationsPerDay: o.recorded / o.days, RecordedShare: 1, MediaBytes: 128,
		RequestsPerMinute: -1, JobLatency: o.latency, BatchLatency: o.latency, Now: time.Now,
	})
	if err != nil {
		return 0, err
	}
	defer sim.Close()
	m, err := exportFrom(ctx, program, dir, "pull", sim, from, o.days, map[string]string{
		"source.datasets": "[analytics.conversations.details, recordings, -recordings.*, -interactions.*]", "recordings.metadata": "derived",
	})
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 3 { // derived metadata is never called complete
		err = nil
	}
	if err != nil {
		return 0, err
	}
	fmt.Fprintf(out, "%.0f s, %.0f s CPU, peak RSS %.0f MiB, %d media files\n", m.wall, m.cpu, m.rss, sim.Counts().MediaCompleted)
	return comparePull(sim.Counts().Routes, leastPull(sim.Truth(), o.days), out), nil
}

// comparePull holds every API call that was made against what must be; one of a
// route that nobody needs is waste.
func comparePull(routes, must map[string]int64, out io.Writer) (ratio float64) {
	maps.DeleteFunc(routes, func(route string, _ int64) bool {
		return !strings.Contains(route, "/api/v2/") // logins and media
	})
	all := maps.Clone(must)
	maps.Copy(all, routes)
	var made, needed int64
	for _, route := range slices.SortedFunc(maps.Keys(all), func(a, b string) int {
		return cmp.Or(cmp.Compare(routes[b]-must[b], routes[a]-must[a]), cmp.Compare(a, b))
	}) {
		made, needed = made+routes[route], needed+must[route]
		fmt.Fprintf(out, "%8d of %8d  %s\n", routes[route], must[route], route)
	}
	ratio = float64(made) / float64(needed)
	fmt.Fprintf(out, "%d calls, at least %d are needed: %.4f\n", made, needed, ratio)
	return ratio
}
