package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"exitplan/internal/dataset"
	"exitplan/internal/simulator"
)

func simulateCommand() *cli.Command {
	return &cli.Command{
		Name: "simulate", Usage: "stand in for a Genesys Cloud organization on loopback, until interrupted",
		Flags: append(organizationFlags(),
			&cli.StringFlag{Name: "listen", Value: "127.0.0.1:8080", Usage: "`ADDRESS` of the API and the login"},
			&cli.StringFlag{Name: "media-listen", Value: "127.0.0.1:8081", Usage: "`ADDRESS` of signed media URLs"},
			&cli.StringFlag{Name: "log", Usage: "write one JSON line for each request to `FILE` (- for standard output)"},
		),
		Action: func(c *cli.Context) error {
			cfg, err := simulatorConfig(c)
			if err != nil {
				return err
			}
			cfg.Listen, cfg.MediaListen = c.String("listen"), c.String("media-listen")
			if path := c.String("log"); path == "-" {
				cfg.Log = os.Stdout
			} else if path != "" {
				file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
				if err != nil {
					return err
				}
				defer file.Close()
				cfg.Log = io.Writer(file)
			}
			server, err := simulator.Start(c.Context, cfg)
			if err != nil {
				return err
			}
			defer server.Close()
			fmt.Fprintf(os.Stderr, "api_url and login_url %s, media %s, client demo-client, secret demo-secret\ntruth: %s/_simulator/truth/conversations, /recordings and /listings\n",
				server.URL(), server.MediaURL(), server.URL())
			<-c.Done()
			return nil
		},
	}
}

// organizationFlags describe the simulated organization.
func organizationFlags() []cli.Flag {
	return []cli.Flag{
		&cli.Uint64Flag{Name: "seed", Value: 1, Usage: "what the organization is generated from"},
		&cli.StringFlag{Name: "from", Value: "2026-03-01", Usage: "first UTC `DAY`"},
		&cli.IntFlag{Name: "days", Value: 5, Usage: "how many days hold conversations"},
		&cli.IntFlag{Name: "conversations", Value: 100, Usage: "conversations on each day"},
		&cli.Float64Flag{Name: "recorded", Value: 0.4, Usage: "share of them that is recorded"},
		&cli.Int64Flag{Name: "media-bytes", Value: 32 << 10, Usage: "mean size of a recording"},
		&cli.IntFlag{Name: "requests-per-minute", Value: -1, Usage: "rate limit of each token; -1 for none, the platform's own is 300"},
		&cli.DurationFlag{Name: "token-ttl", Value: 24 * time.Hour, Usage: "life of a token"},
		&cli.DurationFlag{Name: "url-ttl", Value: time.Hour, Usage: "life of a signed media URL"},
		&cli.DurationFlag{Name: "job-latency", Value: 50 * time.Millisecond, Usage: "until a job or batch request is complete"},
		&cli.Float64Flag{Name: "gaps", Usage: "share of recordings that are lost or hard to find: deleted, archived, redacted, of conversations that nobody knows, and the like"},
		&cli.StringFlag{Name: "faults", Usage: "how the platform misbehaves, e.g. all, or 429=0.05,drop-media=0.1"},
	}
}

func simulatorConfig(c *cli.Context) (simulator.Config, error) {
	faults, err := simulator.ParseFaults(c.String("faults"))
	if err != nil {
		return simulator.Config{}, usage(err)
	}
	from, err := time.Parse(time.DateOnly, c.String("from"))
	if err != nil {
		return simulator.Config{}, usage(fmt.Errorf("--from: %w", err))
	}
	cfg := simulator.Config{
		Seed: c.Uint64("seed"), From: from, Days: c.Int("days"), ConversationsPerDay: c.Int("conversations"),
		RecordedShare: c.Float64("recorded"), MediaBytes: c.Int64("media-bytes"),
		RequestsPerMinute: c.Int("requests-per-minute"), TokenTTL: c.Duration("token-ttl"), URLTTL: c.Duration("url-ttl"),
		JobLatency: c.Duration("job-latency"), BatchLatency: c.Duration("job-latency"),
		Faults: faults, Now: time.Now,
	}
	plant(&cfg, c.Float64("gaps"))
	return cfg, nil
}

// plant has a share of the recordings lost in every way there is, and as many
// found in ways that only reconciliation finds.
func plant(cfg *simulator.Config, share float64) {
	if share == 0 {
		return
	}
	each := share / 8
	cfg.ErrorShare, cfg.ArchivedShare, cfg.DeletedShare, cfg.UploadingShare, cfg.NoRecordingShare = each, each, each, each, each
	cfg.VanishedShare, cfg.DeniedShare, cfg.SensitiveShare, cfg.UnretainedShare, cfg.DuplicateShare = each, each, 2*each, share, share
	cfg.UnflaggedShare, cfg.ForgottenRecordings, cfg.ScreenShare, cfg.Redaction = share/4, cfg.Days, share, "mixed"
	cfg.Clients = []simulator.Client{{ID: "demo-client", Secret: "demo-secret", Permissions: allBut(dataset.SensitivePermission)}}
}

// allBut are the permissions that exports ask for, without one.
func allBut(one string) (list []string) {
	for _, info := range dataset.Catalogue() {
		list = append(list, info.Permissions...)
	}
	list = append(list, "authorization:role:view", "recording:deletionProtection:apply", "recording:deletionProtection:revoke")
	list = append(list, dataset.JobPermissions...)
	return slices.DeleteFunc(list, func(p string) bool { return p == one })
}
