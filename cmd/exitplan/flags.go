package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"exitplan/internal/config"
	"exitplan/internal/journal"
)

// globalFlags are taken before and after a command's name.
func globalFlags(category string) []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "config", Aliases: []string{"c"}, Category: category, Value: config.DefaultFile, Usage: "configuration `FILE` [$" + configVariable + "]"},
		&cli.StringSliceFlag{Name: "set", Category: category, Usage: "override one setting, e.g. --set source.region=eu-west-1 (`KEY=VALUE`, repeatable)"},
		&cli.StringFlag{Name: "state", Category: category, Usage: "`DIR` of the journal (overrides state: in the configuration)"},
		&cli.BoolFlag{Name: "json", Category: category, Usage: "print results as JSON on standard output"},
		&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Category: category, Usage: "no progress and no hints on standard error"},
		&cli.BoolFlag{Name: "verbose", Category: category, Usage: "log every unit and request"},
		&cli.StringFlag{Name: "log-format", Category: category, Value: "text", Usage: "text or json"},
	}
}

// The flags that say who is told how an export goes.
const (
	notifyWebhook = "notify-webhook"
	notifyCommand = "notify-command"
)

const configVariable = "EXITPLAN_CONFIG"

// prepare gives a command the global flags, and refuses what no command
// would heed.
func prepare(command *cli.Command) {
	command.Flags = append(command.Flags, globalFlags("Global")...)
	command.OnUsageError = badUsage
	command.HideHelpCommand = true // a folder may be called help
	command.Before = func(c *cli.Context) error {
		if err := inherit(c); err != nil {
			return err
		}
		if format := c.String("log-format"); format != "text" && format != "json" {
			return usage(fmt.Errorf("--log-format %q: write text or json", format))
		}
		overrides, err := settings(c)
		if err != nil {
			return err
		}
		if err := config.CheckKeys(overrides); err != nil {
			return err
		}
		return arguments(c)
	}
}

// inherit takes over the global flags that stand before the command's name
// and not after it, too.
func inherit(c *cli.Context) error {
	before := c.Lineage()[1]
	for _, flag := range globalFlags("") {
		name := flag.Names()[0]
		if name == "set" || c.IsSet(name) || !before.IsSet(name) { // settings gathers --set
			continue
		}
		if err := c.Set(name, fmt.Sprint(before.Value(name))); err != nil {
			return err
		}
	}
	return nil
}

// arguments refuses more of them than the command's usage has.
func arguments(c *cli.Context) error {
	most, takes := 0, "no arguments"
	if about := c.Command.ArgsUsage; about != "" {
		most, takes = 1, "at most one argument, "+about
	}
	if c.NArg() <= most || len(c.Command.Subcommands) > 0 {
		return nil
	}
	extra := c.Args().Get(most)
	if strings.HasPrefix(extra, "-") {
		return usage(fmt.Errorf("%s: write the flag %s before %s", c.Command.Name, extra, c.Args().First()))
	}
	return usage(fmt.Errorf("%s takes %s; %q is one too many", c.Command.Name, takes, extra))
}

// settings are the values of --set by key, the last of a key.
func settings(c *cli.Context) (map[string]string, error) {
	values := map[string]string{}
	for _, level := range slices.Backward(c.Lineage()) { // before the command's name first
		for _, pair := range level.StringSlice("set") {
			key, value, ok := strings.Cut(pair, "=")
			if !ok {
				return nil, usage(fmt.Errorf("--set %q: write KEY=VALUE, e.g. source.region=eu-west-1", pair))
			}
			values[key] = value
		}
	}
	return values, nil
}

// overrides are the settings of all flags.
func overrides(c *cli.Context) (map[string]string, error) {
	values, err := settings(c)
	if err != nil {
		return nil, err
	}
	for flag, key := range map[string]string{"state": "state", notifyWebhook: "notify.webhook", notifyCommand: "notify.command"} {
		if value := c.String(flag); value != "" {
			values[key] = value
		}
	}
	return values, nil
}

// configFile is the configuration that a flag or variable names, or the
// default. named says that it was the flag.
func configFile(c *cli.Context) (path string, named bool) {
	if path := c.String("config"); c.IsSet("config") && path != "" {
		return path, true
	}
	return cmp.Or(os.Getenv(configVariable), config.DefaultFile), false
}

// loadConfig reads file, environment and flags, and puts the extensions of the
// ledger into the terms, once it was held against the journal.
func loadConfig(c *cli.Context, needed ...config.Section) (config.Config, error) {
	cfg, err := readConfig(c, needed...)
	if err != nil {
		return cfg, err
	}
	err = vouched(c.Context, ledgerHome(cfg.State))
	if errors.Is(err, journal.ErrOlderSchema) && contains(writers, c.Command.Name) {
		err = nil
	}
	if err != nil {
		return cfg, err
	}
	return withLedger(cfg, localClock(c.Context)())
}

// writers are the commands that migrate an older journal, and hold the ledger
// against it then, before anything is asked or recorded.
var writers = []string{"export", "request", "grant", "withdraw", "protect"}

// readConfig reads file, environment and flags.
func readConfig(c *cli.Context, needed ...config.Section) (config.Config, error) {
	values, err := overrides(c)
	if err != nil {
		return config.Config{}, err
	}
	path, named := configFile(c)
	if !named {
		path = "" // the default may be absent
	}
	return config.Load(path, os.Environ(), values, needed...)
}
