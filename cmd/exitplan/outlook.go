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
	"exitplan/internal/forecast"
	"exitplan/internal/journal"
)

// The rates that status shows are those of the last hour of activity.
const lately = time.Hour

// A forecast needs so much time and so many units; below there is no ground for
// one, nor for a rate.
const (
	leastSpan = 30 * time.Second
	leastUnit = 5
)

// outlook is how a family of datasets got on lately, and what it has left.
type outlook struct {
	Dataset string  `json:"dataset"`
	Class   string  `json:"class"`
	Left    int64   `json:"left"` // units, those that will probably be discovered included
	PerHour float64 `json:"units_per_hour,omitempty"`
}

// outlooks are those of the families that have units.
func outlooks(tally journal.Tally, activity journal.Activity, m prospect) []outlook {
	list := []outlook{}
	left := map[string]float64{}
	for _, l := range m.loads {
		left[dataset.Family(l.Dataset)] += l.Records.Mid
	}
	length := activity.To.Sub(activity.From)
	units := folded(tally.Datasets, addCounts)
	finished := folded(activity.Finished, func(sum, n int64) int64 { return sum + n })
	families := dataset.Catalogue()
	for class, name := range dataset.Families {
		families = append(families, exporter.Info{Name: name, Class: class})
	}
	slices.SortStableFunc(families[len(families)-len(dataset.Families):], func(a, b exporter.Info) int { return strings.Compare(a.Name, b.Name) })
	for _, info := range families {
		if _, ok := units[info.Name]; !ok {
			continue
		}
		o := outlook{Dataset: info.Name, Class: info.Class, Left: int64(left[info.Name] + 0.5)}
		if n := finished[info.Name]; n >= leastUnit && length >= leastSpan {
			o.PerHour = float64(n) / length.Hours()
		}
		list = append(list, o)
	}
	return list
}

// folded puts what is kept for each dataset together by family: of one unit or
// a few each, most have no rate of their own.
func folded[V any](byDataset map[string]V, add func(sum, v V) V) map[string]V {
	sums := map[string]V{}
	for name, v := range byDataset {
		family := dataset.Family(name)
		sums[family] = add(sums[family], v)
	}
	return sums
}

func addCounts(sum, c journal.Counts) journal.Counts {
	sum.Add(c)
	return sum
}

// inTime is the error of an export that its window may not last for: what is
// left of a class will not, nine times in ten, be done before it closes, or its
// window is closed.
func (m prospect) inTime(terms contract.Terms, now time.Time) error {
	if m.untaken != nil && len(m.untaken.Closed) > 0 {
		return said{errForecast}
	}
	for _, c := range m.forecast.Classes {
		if closed(terms, c.Class, now) || m.known && c.Verdict != forecast.OnTrack {
			return said{errForecast}
		}
	}
	return nil
}

// closed says that a class may not be exported now, nor later.
func closed(terms contract.Terms, class string, now time.Time) bool {
	if terms.Zone == nil {
		return false
	}
	d := terms.Decide(class, now)
	return !d.Open && d.Next.IsZero()
}

// words are what a forecast says of a class.
func (m prospect) words(c forecast.Class, terms contract.Terms, now time.Time) string {
	switch {
	case closed(terms, c.Class, now):
		return "WILL MISS: its window is closed, and something is left"
	case !m.known:
		return "estimating: too little was done yet"
	}
	const minute = "2006-01-02 15:04"
	text := fmt.Sprintf("in about %s (%s), 90 %% sure by %s", span(c.P50.Sub(now)), c.P50.Format(minute), c.P90.Format(minute))
	if m.unsure {
		text = fmt.Sprintf("not before %s: how much there is, the first days of conversations will tell, or 'exitplan plan'", c.P50.Format(minute))
		if c.Verdict == forecast.OnTrack {
			return text
		}
	}
	switch c.Verdict {
	case forecast.OnTrack:
		if !c.Closes.IsZero() {
			text += fmt.Sprintf(": on track, its window closes %s after that", span(c.Closes.Sub(c.P90)))
		}
	case forecast.AtRisk:
		text += fmt.Sprintf(": AT RISK, its window closes at %s", c.Closes.Format(minute))
	case forecast.WillMiss:
		text += fmt.Sprintf(": WILL MISS, %s after its window closes", span(c.P50.Sub(c.Closes)))
	}
	return text
}

func (m prospect) print(activity journal.Activity, list []outlook, terms contract.Terms, now time.Time) error {
	if activity.To.IsZero() {
		return nil
	}
	const minute = "2006-01-02 15:04"
	w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	zone := time.UTC
	if terms.Zone != nil {
		zone = terms.Zone
	}
	fmt.Fprintf(os.Stdout, "From %s to %s (%s)\n", activity.From.In(zone).Format(minute), activity.To.In(zone).Format(minute), zone)
	fmt.Fprintln(w, "dataset\tunits/hour\tleft, about")
	for _, o := range list {
		rate := "-"
		if o.PerHour > 0 {
			rate = count(int64(o.PerHour + 0.5))
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", o.Dataset, rate, count(o.Left))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if m.untaken != nil {
		fmt.Fprintf(os.Stdout, "\n%s\n", m.untaken.words())
	}
	if len(m.forecast.Classes) == 0 {
		return nil
	}
	fmt.Fprintf(os.Stdout, "\nDone, if it runs without a pause (times of %s)\n", zone)
	for _, c := range m.forecast.Classes {
		c.P50, c.P90, c.Closes = c.P50.In(zone), c.P90.In(zone), c.Closes.In(zone)
		fmt.Fprintf(w, "%s\t%s\n", c.Class, m.words(c, terms, now))
	}
	return w.Flush()
}
