package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"exitplan/exporter"
)

// point is a date or an instant of a contract: as it is written, and what it
// means, which is worked out here in the simplest way that there is.
type point struct {
	text string
	at   time.Time
}

// startOf is the first instant at which a calendar in the zone shows the day or
// a later one.
func startOf(day time.Time, zone *time.Location) time.Time {
	at := day.Add(-24 * time.Hour)
	for at.In(zone).Format(time.DateOnly) < day.Format(time.DateOnly) {
		at = at.Add(15 * time.Minute)
	}
	return at.UTC()
}

func startsOn(at time.Time, zone *time.Location) point {
	day := at.UTC().Truncate(24 * time.Hour)
	return point{day.Format(time.DateOnly), startOf(day, zone)}
}

func endsOn(at time.Time, zone *time.Location) point {
	day := at.UTC().Truncate(24 * time.Hour)
	return point{day.Format(time.DateOnly), startOf(day.AddDate(0, 0, 1), zone)}
}

func instant(at time.Time, zone *time.Location) point {
	return point{at.In(zone).Format(time.RFC3339Nano), at.UTC()}
}

// treaty is a contract as the parties know it in the end.
type treaty struct {
	zone        *time.Location
	cause       string
	started     point // exit start; empty for none
	termination point
	extensions  []prolongation
	// foreseen: the configuration has every extension from the beginning, else
	// each once it is requested, and its grant once it is granted.
	foreseen bool
}

type prolongation struct {
	requested, granted, until point
	classes                   []string
	withdrawn                 time.Time // by command; zero for never
}

var (
	treatyZones  = []string{"Etc/UTC", "Asia/Tokyo", "America/New_York", "Europe/London", "Asia/Kathmandu", "Pacific/Chatham", "America/Santiago", "Africa/Casablanca", "Australia/Lord_Howe", "Asia/Beirut"}
	treatyStart  = time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
	treatyBegins = time.Date(2021, 4, 1, 0, 0, 0, 0, time.UTC)
	extendable   = []string{exporter.Metrics, exporter.Recordings, exporter.Configuration}
)

// open applies the rules to one instant: from the opening to termination, or
// under a granted extension.
func (c *treaty) open(class string, now time.Time) bool {
	opens := treatyBegins
	if class == exporter.Metrics {
		if opens = c.started.at; opens.IsZero() && c.cause == "expiry" {
			opens = c.termination.at
		}
	}
	if opens.IsZero() || now.Before(opens) {
		return false
	}
	if now.Before(c.termination.at) {
		return true
	}
	for _, e := range c.extensions {
		if slices.Contains(e.classes, class) && e.granted.text != "" && !now.Before(e.granted.at) && now.Before(e.until.at) &&
			(e.withdrawn.IsZero() || now.Before(e.withdrawn)) {
			return true
		}
	}
	return false
}

func (c *treaty) any(classes []string, now time.Time) bool {
	return slices.ContainsFunc(classes, func(class string) bool { return c.open(class, now) })
}

// changes are the instants at which a class closes, or opens, in order.
func (c *treaty) changes(classes []string, opens bool) (at []time.Time) {
	all := []time.Time{c.started.at, c.termination.at}
	for _, e := range c.extensions {
		all = append(all, e.granted.at, e.until.at)
	}
	slices.SortFunc(all, time.Time.Compare)
	for _, t := range slices.CompactFunc(all, time.Time.Equal) {
		if slices.ContainsFunc(classes, func(class string) bool {
			return c.open(class, t) == opens && c.open(class, t.Add(-1)) != opens
		}) {
			at = append(at, t)
		}
	}
	return at
}

// settings are the contract as exitplan.yaml says it at an instant.
func (c *treaty) settings(now time.Time) []string {
	var list []string
	for i, e := range c.extensions {
		if !c.foreseen && e.requested.at.After(now) {
			continue
		}
		text := fmt.Sprintf("requested: %q, until: %q, classes: [%s], reference: SO-%d", e.requested.text, e.until.text, strings.Join(e.classes, ", "), i)
		if e.granted.text != "" && (c.foreseen || !e.granted.at.After(now)) {
			text += fmt.Sprintf(", granted: %q", e.granted.text)
		}
		list = append(list, "{"+text+"}")
	}
	return []string{
		"contract.time_zone", c.zone.String(), "contract.cause", c.cause, "contract.exit_started", c.started.text,
		"contract.termination_date", c.termination.text, "contract.extensions", "[" + strings.Join(list, ", ") + "]",
	}
}

func (c *treaty) String() string {
	return fmt.Sprintf("%v, foreseen: %v", c.settings(treatyStart.AddDate(10, 0, 0)), c.foreseen)
}

// randomTreaty may be one that no party could have made; the caller asks the
// program. fraction is what instants have below a second.
func randomTreaty(rnd *rand.Rand, fraction time.Duration) *treaty {
	zone, err := time.LoadLocation(treatyZones[rnd.IntN(len(treatyZones))])
	if err != nil {
		panic(err)
	}
	some := func(of time.Duration) time.Duration { return time.Duration(rnd.Int64N(int64(of))) }
	const day = 24 * time.Hour
	end := func(at time.Time) point {
		if rnd.IntN(2) == 0 {
			return endsOn(at, zone)
		}
		return instant(at.Truncate(time.Second).Add(fraction), zone)
	}
	c := &treaty{zone: zone, cause: "notice", termination: end(treatyStart.Add(some(200 * day))), foreseen: rnd.IntN(2) == 0}
	if rnd.IntN(4) == 0 {
		c.cause = "expiry"
	} else {
		c.started = startsOn(c.termination.at.Add(-2*day-some(20*day)), zone)
	}
	last := c.termination.at
	for range min(rnd.IntN(8), 3) {
		e := prolongation{}
		for _, class := range extendable {
			if rnd.IntN(3) > 0 {
				e.classes = append(e.classes, class)
			}
		}
		asked := last.Add(-some(10 * day)).Truncate(time.Second)
		if rnd.IntN(4) == 0 {
			asked = last.Add(some(10 * day)).Truncate(time.Second)
		}
		e.requested = instant(asked, zone)
		granted := asked.Add(some(20 * day)).Truncate(time.Second)
		switch rnd.IntN(5) {
		case 0: // never
		case 1, 2:
			e.granted = startsOn(granted.Add(2*day), zone)
		default:
			e.granted = instant(granted.Add(fraction), zone)
		}
		e.until = end(later(last, granted).Add(3*day + some(30*day)))
		c.extensions = append(c.extensions, e)
		if e.granted.text != "" {
			last = e.until.at
		}
	}
	return c
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
