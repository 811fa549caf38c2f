package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"exitplan/internal/config"
	"exitplan/internal/simulator"
)

// export runs the real program, from its start to the sealed root bag,
// against a fresh simulated organization: all of it counts, the details of
// the conversations, the journal and the manifests too.
func (b *bench) export(ctx context.Context, name string) (m measure, recordings int, err error) {
	const days = 10
	from := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	sim, err := simulator.Start(ctx, simulator.Config{
		// Every conversation has one recording, every recording one file: the
		// others copy files, and know nothing of conversations.
		Seed: 7, From: from, Days: days, ConversationsPerDay: b.recordings / days, RecordedShare: 1, SecondRecordingShare: -1,
		SeveralResultsShare: -1, MediaBytes: b.bytes, RequestsPerMinute: -1, JobLatency: time.Millisecond, BatchLatency: time.Millisecond, Now: time.Now,
	})
	if err != nil {
		return m, 0, err
	}
	defer sim.Close()
	values := map[string]string{
		"contract.time_zone": "Etc/UTC", "contract.subscription_start": "2021-04-01", "contract.exit_started": "2026-01-01",
		"contract.termination_date": "2099-12-31", "source.region": "us-east-2", "source.client_id": "demo-client",
		"source.api_url": sim.URL(), "source.login_url": sim.URL(), "source.interval.from": from.Format(time.DateOnly),
		"source.interval.to": from.AddDate(0, 0, days-1).Format(time.DateOnly), "source.requests_per_minute": "1000000", "source.headroom": "0%",
		"source.datasets": "[analytics.conversations.details, recordings, -recordings.*, -interactions.*]", "recordings.metadata": "derived", "export_id": "x", "destination.url": b.server.URL() + "/" + name,
		"destination.endpoint": b.server.Endpoint, "destination.path_style": "true", "state": filepath.Join(b.dir, name+"-state"),
		"concurrency.transfers": strconv.Itoa(b.transfers),
	}
	if b.toDir {
		values["destination.url"] = "file://" + filepath.ToSlash(filepath.Join(b.dir, name))
		delete(values, "destination.endpoint")
		delete(values, "destination.path_style")
	}
	file := filepath.Join(b.dir, name+".yaml")
	if err := os.WriteFile(file, []byte(config.Template(values)), 0o600); err != nil {
		return m, 0, err
	}
	cmd := exec.CommandContext(ctx, b.program, "--config", file, "--quiet", "export")
	cmd.Env = append(b.env(), "EXITPLAN_SOURCE_CLIENT_SECRET=demo-secret")
	m, err = timed(cmd)
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 3 { // derived metadata is never called complete
		err = nil
	}
	return m, int(sim.Counts().MediaCompleted), err
}

// peak measures the exporter alone.
func (b *bench) peak(ctx context.Context) error {
	m, recordings, err := b.export(ctx, "export")
	if err != nil {
		return err
	}
	fmt.Printf("%d recordings of %d bytes: peak RSS %.1f MiB, %.1f s, %.1f s CPU\n", recordings, b.bytes, m.rss, m.wall, m.cpu)
	return nil
}
