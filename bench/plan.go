package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"exitplan/internal/config"
	"exitplan/internal/simulator"
)

// planOf plans the export of five years of conversations by a client of 300
// requests a minute, with 30 days left.
func planOf(ctx context.Context, program, dir string, conversations int, out io.Writer) (m measure, code int, err error) {
	const days = 5*365 + 1
	today := time.Now().UTC().Truncate(24 * time.Hour)
	from := today.AddDate(0, 0, -days)
	sim, err := simulator.Start(ctx, simulator.Config{
		Seed: 20, From: from, Days: days, ConversationsPerDay: conversations / days, MediaBytes: 1 << 20,
		Available: today, Entities: map[string]int{"/api/v2/users": 1500, "/api/v2/routing/queues": 400},
	})
	if err != nil {
		return m, 0, err
	}
	defer sim.Close()
	file := filepath.Join(dir, "plan.yaml")
	if err := os.WriteFile(file, []byte(config.Template(map[string]string{
		"contract.customer": "Example KK", "contract.time_zone": "Asia/Tokyo", "contract.extension_notice": "14",
		"contract.subscription_start": from.Format(time.DateOnly), "contract.exit_started": today.AddDate(0, 0, -7).Format(time.DateOnly),
		"contract.termination_date": today.AddDate(0, 0, 30).Format(time.DateOnly),
		"source.region":             "ap-northeast-1", "source.client_id": "demo-client", "source.api_url": sim.URL(), "source.login_url": sim.URL(),
		"destination.url": "file://" + filepath.ToSlash(filepath.Join(dir, "plan")), "state": filepath.Join(dir, "plan-state"),
	})), 0o600); err != nil {
		return m, 0, err
	}
	cmd := exec.CommandContext(ctx, program, "--config", file, "plan")
	cmd.Env = append(os.Environ(), "EXITPLAN_SOURCE_CLIENT_SECRET=demo-secret")
	text, m, err := told(cmd)
	fmt.Fprintf(out, "%s\n%.1f s, peak RSS %.0f MiB, %d API calls, exit code %d\n", text, m.wall, m.rss, sim.Counts().Requests["api"], cmd.ProcessState.ExitCode())
	return m, cmd.ProcessState.ExitCode(), err
}
