package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"exitplan/exporter"
	"exitplan/internal/contract"
)

// margin is how long before the close an export stops, and whether what is in
// flight may go on until the close itself.
type margin struct {
	before time.Duration
	cut    bool
}

func marginFlags() []cli.Flag {
	return []cli.Flag{
		&cli.DurationFlag{Name: "stop-before", Usage: "start nothing more so long before a window closes, e.g. 30m"},
		&cli.StringFlag{Name: "at-close", Value: "drain", Usage: "what becomes of transfers in flight then: drain (they may finish until the close) or cut"},
	}
}

func readMargin(c *cli.Context) (m margin, err error) {
	m.before = c.Duration("stop-before")
	if m.before < 0 {
		return m, usage(fmt.Errorf("--stop-before %s: a margin after the close is none", m.before))
	}
	switch how := c.String("at-close"); how {
	case "cut":
		m.cut = true
	case "drain":
	default:
		return m, usage(fmt.Errorf("--at-close %q: write drain or cut", how))
	}
	return m, nil
}

// within are the classes that are open, but that the margin keeps from being
// exported.
func (s *session) within(now time.Time) (list []contract.Decision) {
	for _, class := range s.classes() {
		closes, open := s.clock.Open(s.gate(), class)
		if open && !now.Before(closes.Add(-s.margin.before)) {
			list = append(list, s.contract().Decide(class, now))
		}
	}
	return list
}

// checkMargin refuses to begin where the margin leaves nothing to be done.
func (s *session) checkMargin() error {
	now := s.clock.Now()
	stopped := s.within(now)
	for _, class := range s.classes() {
		if s.open(class) {
			if len(stopped) == 0 || stopped[0].Class != class {
				return nil
			}
			stopped = stopped[1:]
		}
	}
	return fmt.Errorf("%w\n  %s", exporter.ErrStoppedEarly, s.smaller(s.within(now)))
}

// smaller says how what the margin stopped goes on.
func (s *session) smaller(stopped []contract.Decision) string {
	var list []string
	for _, d := range stopped {
		list = append(list, d.Class+" until "+d.Closes.In(s.cfg.Contract.Zone).Format(time.RFC3339))
	}
	return fmt.Sprintf("--stop-before %s stopped it. The window is still open, for %s: the same command with a smaller --stop-before goes on until then.",
		plainly(s.margin.before), strings.Join(list, ", for "))
}

// plainly prints 30m0s as people write it.
func plainly(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
