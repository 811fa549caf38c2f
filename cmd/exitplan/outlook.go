package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"exitplan/exporter"
	"exitplan/internal/contract"
	"exitplan/internal/dataset"
	"exitplan/internal/journal"
)

// The rate that status goes by is that of the last hour of activity.
const lately = time.Hour

// outlook is when a dataset will be done at its rate, held against the window
// of its class. It knows of the units that are planned, and of those which
// these will probably discover; not of days that are still to come.
type outlook struct {
	Dataset string  `json:"dataset"`
	Class   string  `json:"class"`
	Left    int64   `json:"left"` // units, discoveries included
	PerHour float64 `json:"units_per_hour,omitempty"`
	// ETA is zero where there is no ground for one. AtLeast says that it may
	// well be later, since nothing tells how much will be discovered.
	ETA     time.Time `json:"eta,omitzero"`
	AtLeast bool      `json:"at_least,omitempty"`
	Closes  time.Time `json:"closes,omitzero"`
	AtRisk  bool      `json:"at_risk"`
	Words   string    `json:"words"`
}

// lookAhead holds the rate of each family of datasets against its window.
func lookAhead(terms contract.Terms, tally journal.Tally, activity journal.Activity, now time.Time) []outlook {
	list := []outlook{}
	left, unsure := ahead(tally)
	length := activity.To.Sub(activity.From)
	units := folded(tally.Datasets, addCounts)
	finished := folded(activity.Finished, func(sum, n int64) int64 { return sum + n })
	families := dataset.Catalogue()
	for class, name := range dataset.Families {
		families = append(families, exporter.Info{Name: name, Class: class, FoundBy: dataset.DetailsName})
	}
	slices.SortStableFunc(families[len(families)-len(dataset.Families):], func(a, b exporter.Info) int { return strings.Compare(a.Name, b.Name) })
	for _, info := range families {
		if _, ok := units[info.Name]; !ok {
			continue
		}
		o := outlook{Dataset: info.Name, Class: info.Class, Left: int64(left[info.Name] + 0.5), AtLeast: unsure && info.FoundBy != ""}
		if n := finished[info.Name]; n >= leastUnit && length >= leastSpan {
			o.PerHour = float64(n) / length.Hours()
		}
		o.decide(terms, now)
		list = append(list, o)
	}
	return list
}

// decide fills in what follows from the rate and the window.
func (o *outlook) decide(terms contract.Terms, now time.Time) {
	begin := now
	if terms.Zone != nil { // else no contract is configured
		d := terms.Decide(o.Class, now)
		if !d.Open {
			begin = d.Next
		}
		if o.Closes = d.Closes; o.Left > 0 && begin.IsZero() {
			o.AtRisk, o.Words = true, "AT RISK: its window is closed"
			return
		}
	}
	switch {
	case o.Left == 0:
		o.Words = "nothing is left of what is known"
		return
	case o.PerHour == 0:
		o.Words = "estimating: too little was finished lately"
		return
	}
	took := seconds(float64(o.Left) / o.PerHour * 3600)
	o.ETA = begin.Add(took).UTC().Truncate(time.Second)
	about := "in about "
	if o.AtLeast {
		about = "in over "
	}
	o.Words = about + span(o.ETA.Sub(now))
	if o.Closes.IsZero() {
		return
	}
	if late := o.ETA.Sub(o.Closes); late > 0 {
		o.AtRisk = true
		o.Words += ", AT RISK: " + span(late) + " after its window closes"
	} else {
		o.Words += ", " + span(-late) + " before its window closes"
	}
}

// inTime is the error of an export that its window will not last for.
func inTime(list []outlook) error {
	for _, o := range list {
		if o.AtRisk {
			return said{errForecast}
		}
	}
	return nil
}

func printOutlook(activity journal.Activity, list []outlook) error {
	if activity.To.IsZero() {
		return nil
	}
	const minute = "2006-01-02 15:04"
	fmt.Fprintf(os.Stdout, "At the rate from %s to %s (UTC)\n", activity.From.UTC().Format(minute), activity.To.UTC().Format(minute))
	w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "dataset\tunits/hour\tleft\tdone by\t")
	for _, o := range list {
		rate, eta := "-", "-"
		if o.PerHour > 0 {
			rate = count(int64(o.PerHour + 0.5))
		}
		if !o.ETA.IsZero() {
			eta = o.ETA.Format(minute)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", o.Dataset, rate, count(o.Left), eta, o.Words)
	}
	return w.Flush()
}
