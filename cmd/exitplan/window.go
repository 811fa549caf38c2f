package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"

	"exitplan/exporter"
	"exitplan/internal/config"
	"exitplan/internal/contract"
	"exitplan/internal/dataset"
	"exitplan/internal/journal"
)

var classes = []string{exporter.Metrics, exporter.Recordings, exporter.Configuration, exporter.Excluded}

func windowCommand() *cli.Command {
	return &cli.Command{
		Name: "window", Usage: "say for each class of data whether it may be exported now, and why",
		Flags: []cli.Flag{&cli.StringFlag{Name: "at", Usage: "instead of now, at this `INSTANT` (RFC 3339)"}},
		Action: func(c *cli.Context) error {
			cfg, err := loadConfig(c, config.NeedContract)
			if err != nil {
				return err
			}
			var j *journal.Journal
			if opened, err := journal.Open(c.Context, cfg.State, journal.Options{ReadOnly: true}); err == nil {
				j = opened
				defer j.Close()
			}
			at, err := floorOf(c.Context, cfg, j)
			if err != nil {
				return err
			}
			notes, err := termsNotes(c.Context, cfg, j)
			if err != nil {
				return err
			}
			if behind := behindWords(at); behind != "" {
				notes = append(notes, behind)
			}
			if now := localClock(c.Context)(); at.Before(now) {
				at = now
			}
			if text := c.String("at"); text != "" {
				if at, err = time.Parse(time.RFC3339, text); err != nil {
					return usage(fmt.Errorf("--at: %w", err))
				}
			}
			for _, note := range notes {
				if !c.Bool("quiet") {
					fmt.Fprintln(os.Stderr, "warning:", note)
				}
			}
			return printWindows(c, cfg.Contract, at)
		},
	}
}

func decideAll(terms contract.Terms, at time.Time) (decisions []contract.Decision) {
	for _, class := range classes {
		decisions = append(decisions, terms.Decide(class, at))
	}
	return decisions
}

func printWindows(c *cli.Context, terms contract.Terms, at time.Time) error {
	decisions := decideAll(terms, at)
	if c.Bool("json") {
		return printJSON(map[string]any{"at": at.UTC(), "windows": decisions})
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	for _, d := range decisions {
		state := "closed"
		if d.Open {
			state = "open"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", d.Class, state, d.Reason)
	}
	return w.Flush()
}

// checkWindow says whether any selected class may be exported now, by the
// platform's time, which is asked for without credentials. Not even that is
// asked where an earlier run has seen the last close.
func (s *session) checkWindow(ctx context.Context) error {
	if err := s.readTerms(ctx); err != nil {
		return err
	}
	if s.clock.Trusted() {
		return s.windowNow()
	}
	if s.journal != nil {
		last, err := s.journal.LastTime(ctx)
		if err != nil {
			return err
		}
		if !last.IsZero() && s.closedForGood(last) {
			return s.windowNow()
		}
	}
	s.tellTime(ctx)
	if err := s.readTerms(ctx); err != nil {
		return err
	}
	if err := s.windowNow(); err == nil || !s.opening() {
		return err
	}
	// It opens in this second, as where a grant was recorded just now.
	select {
	case <-time.After(openingTakes):
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return s.windowNow()
}

// openingTakes is how much later than the terms say a window may open, since a
// Date header tells no fractions.
const openingTakes = 1100 * time.Millisecond

// opening says whether a class is open by the terms, though not by the clock's
// caution.
func (s *session) opening() bool {
	now := s.clock.Now()
	return slices.ContainsFunc(s.classes(), func(class string) bool {
		closes, open := s.cfg.Contract.Until(class, now)
		return open && closes.Sub(now) > 2*openingTakes
	})
}

// tellTime asks the platform for the time. One that contradicts this machine's
// clock must be told twice.
func (s *session) tellTime(ctx context.Context) {
	for range 2 {
		if _, err := s.clients[0].Time(ctx); err != nil {
			s.log.Warn("the platform did not tell the time", "error", err)
			break
		}
		if s.clock.Trusted() {
			break
		}
	}
}

func (s *session) windowNow() error {
	if s.anyOpen() {
		return nil
	}
	return s.closed(s.classes()...)
}

// nextClose is the first instant at which a class that is open now closes;
// zero if none is open.
func (s *session) nextClose() (now, closes time.Time) {
	now = s.clock.Now()
	for _, class := range s.classes() {
		if at, open := s.contract().Until(class, now); open && (closes.IsZero() || at.Before(closes)) {
			closes = at
		}
	}
	return now, closes
}

// closedForGood says that nothing is open, and no later instant opens anything.
func (s *session) closedForGood(at time.Time) bool {
	for _, class := range s.classes() {
		if d := s.cfg.Contract.Decide(class, at); d.Open || !d.Next.IsZero() {
			return false
		}
	}
	return true
}

// classes are those of the selected datasets.
func (s *session) classes() []string {
	selected := map[string]bool{}
	for _, info := range dataset.Catalogue() {
		selected[info.Class] = selected[info.Class] || contains(s.names, info.Name)
	}
	return slices.DeleteFunc(slices.Clone(classes), func(class string) bool { return !selected[class] })
}
