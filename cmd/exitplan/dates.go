package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"exitplan/internal/config"
	"exitplan/internal/journal"
)

// A run notes what the dates of the contract mean, in the event of its start:
// written, zone and instant.
func notedDates(cfg config.Config) map[string]string {
	noted := map[string]string{}
	for _, d := range cfg.Dates {
		if _, err := time.Parse(time.DateOnly, d.Written); err == nil { // an instant cannot move
			noted[d.Key] = d.Written + " " + cfg.Contract.Zone.String() + " " + d.At.Format(time.RFC3339)
		}
	}
	return noted
}

// movedDates lists the dates that are written as they were in an earlier run,
// and mean another instant: the rules of the time zone have changed, and with
// them the windows.
func movedDates(ctx context.Context, cfg config.Config, j *journal.Journal) (lines []string, err error) {
	was := map[string]string{}
	for e, err := range j.Events(ctx) {
		if err != nil {
			return nil, err
		}
		for key, value := range e.Detail {
			if e.Kind == "run-started" && strings.HasPrefix(key, "contract.") {
				was[key] = value
			}
		}
	}
	now := notedDates(cfg)
	for _, d := range cfg.Dates {
		before, after := strings.Fields(was[d.Key]), strings.Fields(now[d.Key])
		if len(before) == 3 && len(after) == 3 && before[0] == after[0] && before[1] == after[1] && before[2] != after[2] {
			lines = append(lines, fmt.Sprintf("%s: %s in %s was %s in an earlier run and is %s now: the rules of that time zone have changed; "+
				"agree on the instant, and write that instead of the date", d.Key, before[0], before[1], before[2], after[2]))
		}
	}
	return lines, nil
}
