package main

import (
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"

	"exitplan/internal/config"
	"exitplan/internal/ledger"
)

// ledgerLine is an entry, and how late it was recorded.
type ledgerLine struct {
	ledger.Entry
	Late int `json:"days_late,omitempty"`
	// Pending: of the configuration, and recorded by the next export.
	Pending bool `json:"pending,omitempty"`
}

func listExtensions(c *cli.Context) error {
	cfg, err := loadConfig(c, config.NeedNothing)
	if err != nil {
		return err
	}
	entries, err := ledger.Read(cfg.State)
	if err != nil {
		return err
	}
	list := []ledgerLine{}
	for _, e := range entries {
		list = append(list, ledgerLine{Entry: e, Late: e.Late()})
	}
	if cfg.Contract.Zone != nil {
		more, _ := ledger.Merge(entries, seedsOf(cfg), lastRecorded(entries))
		for _, e := range more {
			e.Recorded = time.Time{}
			list = append(list, ledgerLine{Entry: e, Pending: true})
		}
	}
	if c.Bool("json") {
		return printJSON(list)
	}
	if len(list) == 0 {
		fmt.Println("No extension is recorded.")
		return nil
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "line\trecorded\taction\treference\tclasses\trequested\tgranted\tuntil\tby\tremarks")
	for _, e := range list {
		line, at, granted := fmt.Sprint(e.Seq), e.Recorded.Format(time.RFC3339), "-"
		if e.Pending {
			line, at = "-", "at the next export"
		}
		if e.Granted != nil {
			granted = e.Granted.Written
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", line, at, e.Action, e.Reference, strings.Join(e.Classes, ","),
			e.Requested.Written, granted, e.Until.Written, e.By, e.remarks())
	}
	return w.Flush()
}

func (e ledgerLine) remarks() string {
	var list []string
	if e.Late > 0 {
		list = append(list, "recorded "+plural(int64(e.Late), "day", "days")+" later")
	}
	if e.Clock != "" {
		list = append(list, "dated by this machine's clock alone")
	}
	if e.Approver != "" {
		list = append(list, "approver "+e.Approver)
	}
	if e.Document != nil {
		list = append(list, fmt.Sprintf("document %s (%.12s)", e.Document.Name, e.Document.SHA256))
	}
	if e.Note != "" {
		list = append(list, e.Note)
	}
	return strings.Join(list, "; ")
}
