package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"exitplan/internal/config"
	"exitplan/internal/simulator"
)

// callsOf exports everything that an organization has, and holds the API calls
// against the least possible number.
type callsOf struct {
	users, queues, conversations, days int
}

// countCalls prints the calls by route, most wasteful first, and the ratio.
func countCalls(ctx context.Context, program, dir string, o callsOf, out io.Writer) (ratio float64, err error) {
	from := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	sim, err := simulator.Start(ctx, simulator.Config{
		Seed: 3, From: from, Days: o.days, ConversationsPerDay: o.conversations / o.days, MediaBytes: 1 << 10, RequestsPerMinute: -1, Now: time.Now,
		Entities: map[string]int{"/api/v2/users": o.users, "/api/v2/routing/queues": o.queues},
	})
	if err != nil {
		return 0, err
	}
	defer sim.Close()
	m, err := exportFrom(ctx, program, dir, "calls", sim, from, o.days, nil)
	if err != nil {
		return 0, err
	}
	fmt.Fprintf(out, "%.0f s, %.0f s CPU, peak RSS %.0f MiB\n", m.wall, m.cpu, m.rss)
	return compareCalls(sim, o.days, out), nil
}

// compareCalls holds the routes that were asked against least.
func compareCalls(sim *simulator.Server, days int, out io.Writer) (ratio float64) {
	routes := sim.Counts().Routes
	maps.DeleteFunc(routes, func(route string, _ int64) bool {
		return !strings.Contains(route, "/api/v2/") // logins and media
	})
	must := least(sim, days)
	for route, n := range jobsOf(routes) {
		if _, known := must[route]; !known {
			must[route] = n
		}
	}
	var made, needed, taken int64
	type line struct {
		route    string
		made, of int64
	}
	var lines []line
	for route, n := range routes {
		of, known := must[route]
		if !known { // asked once for what it is: no other number to hold it against
			of, taken = n, taken+n
		}
		made, needed = made+n, needed+of
		lines = append(lines, line{route, n, of})
	}
	slices.SortFunc(lines, func(a, b line) int {
		return cmp.Or(cmp.Compare(b.made-b.of, a.made-a.of), cmp.Compare(a.route, b.route))
	})
	for _, l := range lines[:min(12, len(lines))] {
		fmt.Fprintf(out, "%8d of %8d  %s\n", l.made, l.of, l.route)
	}
	ratio = float64(made) / float64(needed)
	fmt.Fprintf(out, "%d calls of %d routes, at least %d are needed: %.3f (%d calls of routes that are counted as they are)\n", made, len(routes), needed, ratio, taken)
	return ratio
}

// exportFrom runs the program against a simulated organization, into a
// directory, with few settings but the default ones.
func exportFrom(ctx context.Context, program, dir, name string, sim *simulator.Server, from time.Time, days int, settings map[string]string) (measure, error) {
	values := map[string]string{
		"contract.time_zone": "Etc/UTC", "contract.subscription_start": "2021-04-01", "contract.exit_started": "2026-01-01",
		"contract.termination_date": "2099-12-31", "source.region": "us-east-2", "source.client_id": "demo-client",
		"source.api_url": sim.URL(), "source.login_url": sim.URL(), "source.interval.from": from.Format(time.DateOnly),
		"source.interval.to": from.AddDate(0, 0, days-1).Format(time.DateOnly), "source.requests_per_minute": "1000000", "source.headroom": "0%",
		"export_id": "x", "destination.url": "file://" + filepath.ToSlash(filepath.Join(dir, name)), "state": filepath.Join(dir, name+"-state"),
	}
	maps.Copy(values, settings)
	file := filepath.Join(dir, name+".yaml")
	if err := os.WriteFile(file, []byte(config.Template(values)), 0o600); err != nil {
		return measure{}, err
	}
	cmd := exec.CommandContext(ctx, program, "--config", file, "--quiet", "export")
	cmd.Env = append(os.Environ(), "EXITPLAN_SOURCE_CLIENT_SECRET=demo-secret")
	return timed(cmd)
}
