package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/urfave/cli/v2"

	"exitplan/internal/config"
	"exitplan/internal/journal"
	"exitplan/internal/simulator"
)

const demoExport = "demo" // the export id

const secretVariable = "EXITPLAN_SOURCE_CLIENT_SECRET"

func demoCommand(signals *interrupts) *cli.Command {
	return &cli.Command{
		Name: "demo", Usage: "see it work: simulate an organization, export it, verify the result",
		Description: "Everything happens on this machine, below --dir. With --gaps some recordings are lost, and others hard\n" +
			"to find; the closing text names each that is missing, with its reason; the exit code is 3 then.",
		Flags: append(organizationFlags(),
			&cli.StringFlag{Name: "dir", Value: "demo", Usage: "`DIR` for configuration, state and, without --destination, the export"},
			&cli.StringFlag{Name: "destination", Usage: "export to this `URL` instead, e.g. s3://bucket/prefix"},
			&cli.StringFlag{Name: "endpoint", Usage: "`URL` of an S3-compatible server"},
			&cli.BoolFlag{Name: "keep", Usage: "go on with the export that is in --dir already"},
		),
		Action: func(c *cli.Context) error { return demo(c, signals) },
	}
}

func demo(c *cli.Context, signals *interrupts) error {
	dir, err := filepath.Abs(c.String("dir"))
	if err != nil {
		return err
	}
	if err := prepareDemo(dir, c.Bool("keep")); err != nil {
		return err
	}
	cfg, err := simulatorConfig(c)
	if err != nil {
		return err
	}
	server, err := simulator.Start(c.Context, cfg)
	if err != nil {
		return err
	}
	defer server.Close()
	file, values, err := demoConfig(c, dir, cfg, server)
	if err != nil {
		return err
	}
	if err := os.Setenv(secretVariable, "demo-secret"); err != nil {
		return err
	}

	fmt.Fprintf(os.Stderr, "Simulated: %d days of %d conversations, %.0f%% recorded, at %s\n\n",
		cfg.Days, cfg.ConversationsPerDay, cfg.RecordedShare*100, server.URL())
	step := func(args ...string) error {
		fmt.Fprintf(os.Stderr, "$ exitplan %s\n", args[0])
		all := []string{"exitplan", "--config", file, "--log-format", c.String("log-format")}
		for _, name := range []string{"json", "quiet", "verbose"} {
			if c.Bool(name) {
				all = append(all, "--"+name)
			}
		}
		err := newApp(signals).RunContext(c.Context, append(all, args...))
		fmt.Fprintln(os.Stderr)
		return err
	}
	if err := step("check"); err != nil {
		return err
	}
	if err := step("plan"); err != nil && !errors.Is(err, errForecast) {
		return err
	}
	exported := step("export")
	if exported != nil && !errors.Is(exported, errMissing) {
		return exported
	}
	root := values["destination.url"] + "/" + values["export_id"]
	check := []string{"verify"}
	if c.IsSet("endpoint") {
		check = append(check, "--endpoint", c.String("endpoint"), "--path-style")
	}
	if err := step(append(check, root)...); err != nil {
		return err
	}
	if exported != nil {
		if err := step("status", "--exceptions"); err != nil {
			return err
		}
		if err := account(c.Context, server, values["state"]); err != nil && c.Float64("gaps") > 0 {
			return err
		}
	}
	fmt.Fprintf(os.Stderr, "The export          %s\nIts configuration   %s\nIts journal         %s\n",
		root, file, filepath.Join(values["state"], "journal.db"))
	return exported
}

// prepareDemo makes the folder, and clears what an earlier demo left in it.
func prepareDemo(dir string, keep bool) error {
	marker := filepath.Join(dir, "exitplan.yaml")
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if len(entries) > 0 && !keep {
		if _, err := os.Stat(marker); err != nil {
			return usage(fmt.Errorf("%s is not empty and no demo made it: choose another --dir", dir))
		}
		for _, name := range []string{"exitplan.yaml", "state", "export"} {
			if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
				return err
			}
		}
	}
	return os.MkdirAll(dir, 0o755)
}

// demoConfig writes an exitplan.yaml for the simulated organization.
func demoConfig(c *cli.Context, dir string, sim simulator.Config, server *simulator.Server) (file string, values map[string]string, err error) {
	destination := c.String("destination")
	if destination == "" {
		destination = "file://" + filepath.ToSlash(filepath.Join(dir, "export"))
	}
	today := time.Now().UTC()
	day := func(t time.Time) string { return t.Format(time.DateOnly) }
	values = map[string]string{
		"contract.customer": "Example KK", "contract.time_zone": "Etc/UTC",
		"contract.subscription_start": day(sim.From.AddDate(-1, 0, 0)), "contract.exit_started": day(today.AddDate(0, 0, -7)),
		"contract.termination_date": day(today.AddDate(0, 0, 30)),
		"source.region":             "ap-northeast-1", "source.client_id": "demo-client",
		"source.api_url": server.URL(), "source.login_url": server.URL(),
		"source.interval.from": day(sim.From), "source.interval.to": day(sim.From.AddDate(0, 0, sim.Days-1)),
		"source.requests_per_minute": "60000", "source.headroom": "0%",
		"export_id": demoExport, "destination.url": destination, "state": filepath.Join(dir, "state"),
	}
	if endpoint := c.String("endpoint"); endpoint != "" {
		values["destination.endpoint"], values["destination.path_style"] = endpoint, strconv.FormatBool(true)
	}
	if c.Float64("gaps") > 0 { // its client may not have what needs the same permission
		values["source.datasets"] = "[all, -interactions.insights]"
	}
	given, err := overrides(c)
	if err != nil {
		return "", nil, err
	}
	maps.Copy(values, given)
	text, err := config.Fill(values)
	if err != nil {
		return "", nil, err
	}
	file = filepath.Join(dir, "exitplan.yaml")
	return file, values, os.WriteFile(file, []byte(text), 0o600)
}

// planted are the recordings that the simulated organization has lost, and that
// some source tells of, and the conversations flagged for none; as exceptions name
// them.
func planted(server *simulator.Server) map[string]bool {
	items, some := map[string]bool{}, map[string]bool{}
	for r := range server.Truth().Recordings() {
		some[r.ConversationID] = true
		if r.Fate != "" && (r.Flagged || r.Retained) {
			items[r.ConversationID+"/"+r.ID] = true
		}
	}
	for c := range server.Truth().Conversations() {
		if c.Recorded && !some[c.ID] {
			items[c.ID] = true
		}
	}
	return items
}

// account holds what the export says is missing against what was planted.
func account(ctx context.Context, server *simulator.Server, state string) error {
	j, err := journal.Open(ctx, state, journal.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer j.Close()
	left := planted(server)
	n := len(left)
	for e, err := range j.Exceptions(ctx) {
		if err != nil {
			return err
		}
		if !left[e.Item] {
			return fmt.Errorf("the export calls %s missing (%s), which the simulated organization has not lost", e.Item, e.Reason)
		}
		delete(left, e.Item)
	}
	for item := range left {
		return fmt.Errorf("%d of %d items that were planted are not listed as missing, e.g. %s", len(left), n, item)
	}
	fmt.Fprintf(os.Stderr, "The simulated organization had lost these %d, and nothing else: each is listed with its reason.\n\n", n)
	return nil
}
