package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/urfave/cli/v2"

	"exitplan/exporter"
	"exitplan/internal/config"
	"exitplan/internal/contract"
	"exitplan/internal/dataset"
	"exitplan/internal/journal"
)

func reportCommand() *cli.Command {
	return &cli.Command{
		Name: "report", Usage: "say what the export holds and what is missing, from the journal alone",
		Description: "Needs neither credentials nor an open window, and asks nobody anything.\n" +
			"Its exit code is that of an export which ended like this: 0 only if everything is there.",
		Action: func(c *cli.Context) error {
			cfg, err := loadConfig(c, config.NeedContract)
			if err != nil {
				return err
			}
			return printReport(c, cfg)
		},
	}
}

func printReport(c *cli.Context, cfg config.Config) (err error) {
	ctx := c.Context
	stderr := &screen{out: os.Stderr}
	s := &session{cfg: cfg, screen: stderr, log: newLog(c, stderr)}
	if s.names, err = dataset.Select(cfg.Source.Datasets); err != nil {
		return usage(fmt.Errorf("source.datasets: %w", err))
	}
	if s.journal, err = readJournal(ctx, cfg.State); err != nil {
		return err
	}
	defer s.close()
	sum, err := s.standing(ctx)
	if err != nil {
		return err
	}
	if c.Bool("json") {
		sums, err := s.journal.Sums(ctx, dataset.RecordingsName)
		if err != nil {
			return err
		}
		err = printJSON(struct {
			At time.Time `json:"at"`
			*summary
			Requests       *int64              `json:"api_requests,omitempty"` // nobody remembers
			Reconciliation []journal.Sum       `json:"reconciliation"`
			Windows        []contract.Decision `json:"windows"`
		}{s.clock.Now(), sum, nil, sums, decideAll(cfg.Contract, s.clock.Now())})
		if err != nil {
			return err
		}
	} else if err := s.report(ctx, os.Stdout, sum); err != nil {
		return err
	}
	if sum.runErr != nil {
		return said{sum.runErr}
	}
	return sum.err()
}

// standing is the summary of an export that is not running, or whose run is
// somebody else's: how it stands by the journal.
func (s *session) standing(ctx context.Context) (*summary, error) {
	floor, err := s.journal.LastTime(ctx)
	if err != nil {
		return nil, err
	}
	s.clock = exporter.NewClock(time.Now, floor)
	frozen, err := s.journal.Settings(ctx)
	if err != nil {
		return nil, err
	}
	if len(frozen) == 0 {
		return nil, noExport(s.cfg.State)
	}
	s.org.ID, s.org.Name = frozen["organization"], frozen["organization.name"]
	s.place = frozen["destination.url"] + "/" + frozen["export_id"]
	if err := s.recallRehearsal(frozen); err != nil {
		return nil, err
	}
	if err := s.residency(s.cfg.Destination.Region); err != nil { // no run began with that
		return nil, err
	}
	iv, more, err := s.reached(ctx)
	if err != nil {
		return nil, err
	}
	undone, err := s.undone(ctx)
	if err != nil {
		return nil, err
	}
	switch {
	case undone != nil:
	case !s.planned:
		undone = errUnfinished
	case !s.sealed:
		undone = errUnsealed
	case more && s.over():
		undone = exporter.ErrWindowClosed
	}
	return s.summarize(ctx, iv, more, undone)
}

// reached is the interval of the last run; more says that days were still to
// come by then.
func (s *session) reached(ctx context.Context) (iv exporter.Interval, more bool, err error) {
	iv = s.wanted()
	var until time.Time
	for e, err := range s.journal.Events(ctx) {
		if err != nil {
			return iv, false, err
		}
		switch e.Kind {
		case sealFinished:
			s.sealed = true
		case "run-started", runPlanned:
			s.sealed = false
			// A run says until when it means to plan, and then that it has; one of an
			// older program said the first alone.
			if at, err := time.Parse(time.RFC3339, e.Detail["until"]); err == nil && e.Detail["planned"] == "" {
				until, s.planned = at, true
			}
		case "run-ended":
			if how, known := e.Detail["sensitive"]; known {
				s.sees = seen[how]
			}
		case "sealed-early":
			s.sealed, s.planned, until = false, true, iv.To
		}
	}
	if s.rehearsal != nil {
		return s.rehearsal.interval(), false, nil
	}
	switch {
	case until.Before(iv.From):
		until = iv.From
	case until.After(iv.To):
		until = iv.To
	}
	more = s.byDay() && until.Before(iv.To)
	iv.To = until
	return iv, more, nil
}

// runPlanned is the event of a run that has added the units of its interval.
const runPlanned = "run-planned"

// seen are the words of events for what the clients see of sensitive recordings.
var seen = map[string]dataset.Sensitive{"shown": dataset.SensitiveShown, "hidden": dataset.SensitiveHidden}

// ended is the detail of the event of a run's end.
func (s *session) ended(sum *summary) map[string]string {
	detail := map[string]string{"outcome": sum.Outcome}
	for words, sees := range seen {
		if s.sees == sees {
			detail["sensitive"] = words
		}
	}
	return detail
}

// undone is why an export with units left has not done them; nil if it has none.
func (s *session) undone(ctx context.Context) (why, err error) {
	tally, err := s.journal.Tally(ctx)
	if err != nil {
		return nil, err
	}
	left := false
	for name, c := range tally.Datasets {
		if c.Pending+c.Running == 0 || !contains(s.names, name) {
			continue
		}
		left = true
		if _, open := s.cfg.Contract.Until(dataset.ClassOf(name), s.clock.Now()); !open {
			return exporter.ErrWindowClosed, nil
		}
	}
	if left {
		return errUnfinished, nil
	}
	return nil, nil
}
