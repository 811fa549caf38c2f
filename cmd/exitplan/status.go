package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"

	"exitplan/exporter"
	"exitplan/internal/config"
	"exitplan/internal/journal"
)

func statusCommand() *cli.Command {
	return &cli.Command{
		Name: "status", Usage: "say how the export stands, from the journal alone; also while it runs",
		Description: "Exit code 7: in over one case of ten, the window closes before what is known by now is done.",
		Flags:       []cli.Flag{&cli.BoolFlag{Name: "exceptions", Usage: "list what is missing, with the reason of each"}},
		Action: func(c *cli.Context) error {
			cfg, err := loadConfig(c, config.NeedNothing)
			if err != nil {
				return err
			}
			j, err := readJournal(c.Context, cfg.State)
			if err != nil {
				return err
			}
			defer j.Close()
			if c.Bool("exceptions") {
				return listExceptions(c, j)
			}
			return printStatus(c, cfg, j)
		},
	}
}

func listExceptions(c *cli.Context, j *journal.Journal) error {
	list := []exporter.Exception{}
	for e, err := range j.Exceptions(c.Context) {
		if err != nil {
			return err
		}
		if c.Bool("json") {
			list = append(list, e)
			continue
		}
		fmt.Fprintf(os.Stdout, "%s\t%s\t%s\t%s\n", e.Dataset, e.Item, e.Reason, e.Detail)
	}
	if c.Bool("json") {
		return printJSON(list)
	}
	return nil
}

func printStatus(c *cli.Context, cfg config.Config, j *journal.Journal) error {
	tally, err := j.Tally(c.Context)
	if err != nil {
		return err
	}
	settings, err := j.Settings(c.Context)
	if err != nil {
		return err
	}
	last, err := j.LastTime(c.Context)
	if err != nil {
		return err
	}
	floor, err := floorOf(c.Context, cfg, j)
	if err != nil {
		return err
	}
	if behind := behindWords(floor); behind != "" && !c.Bool("quiet") {
		fmt.Fprintln(os.Stderr, "warning:", behind)
	}
	now, err := timeBy(c.Context, j)
	if err != nil {
		return err
	}
	if floor.After(now) {
		now = floor.UTC()
	}
	activity, err := j.Activity(c.Context, lately)
	if err != nil {
		return err
	}
	m, err := foresee(c.Context, cfg, j, tally, now)
	if err != nil {
		return err
	}
	looks := outlooks(tally, activity, m)
	late := m.inTime(cfg.Contract, now)
	held, err := readProtected(cfg.State)
	if err != nil {
		return err
	}
	deleting, err := raceOf(c.Context, j, settings, held, recordingsPerHour(tally, activity), now)
	if err != nil {
		return err
	}
	paused, err := readPause(cfg.State, now)
	if err != nil {
		return err
	}
	tried, err := readRehearsal(cfg.State)
	if err != nil {
		return err
	}
	if c.Bool("json") {
		return errors.Join(printJSON(map[string]any{
			"at": now, "paused": paused, "datasets": tally.Datasets, "total": tally.Total, "settings": settings, "last_time": last,
			"activity": activity, "outlook": looks, "forecast": m.told(), "unsure": m.unsure, "untaken": m.untaken, "windows": decideAll(cfg.Contract, now),
			"race": deleting, "rehearsal": tried,
		}), late)
	}
	fmt.Fprintf(os.Stdout, "Organization  %s (%s)\nDestination   %s/%s\n",
		settings["organization.name"], settings["organization"], settings["destination.url"], settings["export_id"])
	if settings[rehearsalKey] != "" {
		fmt.Fprintf(os.Stdout, "Rehearsal     %s, of %s of the days\n", settings[rehearsalKey], settings[rehearsalSampleKey])
	}
	if tried != nil {
		fmt.Fprintf(os.Stdout, "Rehearsed     %s, %s\n", tried.Date, tried.Verdict)
	}
	if !last.IsZero() {
		fmt.Fprintf(os.Stdout, "Last activity %s\n", last.UTC().Format(time.RFC3339))
	}
	if paused != nil {
		fmt.Fprintf(os.Stdout, "On hold       %s; go on with: exitplan resume\n", paused)
	}
	fmt.Fprintln(os.Stdout)
	w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "dataset\tunits done\tleft\tfailed\trecords\tfiles\tsize\texceptions")
	var names []string
	for name := range tally.Datasets {
		names = append(names, name)
	}
	slices.Sort(names)
	var rows []datasetRow
	for _, name := range names {
		rows = append(rows, datasetRow{name: name, Counts: tally.Datasets[name]})
	}
	for _, d := range condense(rows) {
		var exceptions int64
		for _, n := range d.Exceptions {
			exceptions += n
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", d.name, count(d.Done), count(d.Pending+d.Running), count(d.Failed),
			count(d.Records), count(d.Artifacts), bytesText(d.Bytes), count(exceptions))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if err := printReasons(rows); err != nil {
		return err
	}
	fmt.Fprintln(os.Stdout)
	if err := m.print(activity, looks, cfg.Contract, now); err != nil {
		return err
	}
	if words := deleting.words(); words != "" {
		fmt.Fprintf(os.Stdout, "\n%s\n", words)
	}
	if cfg.Contract.Zone != nil {
		fmt.Fprintln(os.Stdout)
		if err := printWindows(c, cfg.Contract, now); err != nil {
			return err
		}
	}
	return late
}

// printReasons counts what is missing by dataset and reason.
func printReasons(rows []datasetRow) error {
	if !slices.ContainsFunc(rows, func(d datasetRow) bool { return len(d.Exceptions) > 0 }) {
		return nil
	}
	fmt.Fprintln(os.Stdout)
	w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "missing of\treason\texceptions")
	for _, d := range rows {
		for _, reason := range slices.Sorted(maps.Keys(d.Exceptions)) {
			fmt.Fprintf(w, "%s\t%s\t%s\n", d.name, reason, count(d.Exceptions[reason]))
		}
	}
	return w.Flush()
}
