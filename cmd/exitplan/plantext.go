package main

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"exitplan/exporter"
	"exitplan/internal/config"
	"exitplan/internal/dataset"
	"exitplan/internal/forecast"
)

// text says it so that no manual is needed: what there is, what it takes, when it
// ends, why, and what to do.
func (p *plan) text() error {
	var b bytes.Buffer
	p.head(&b)
	if p.Inventory != nil {
		p.there(&b)
		p.takes(&b)
	}
	p.ends(&b)
	p.todo(&b)
	_, err := os.Stdout.Write(b.Bytes())
	return err
}

func (p *plan) head(b *bytes.Buffer) {
	name := cmp.Or(p.Organization.Name, p.Organization.ID, "the organization")
	fmt.Fprintf(b, "Plan of %s, as of %s\n%s\n\n", name, p.both(p.At), p.headline())
	switch {
	case p.Guessed:
		fmt.Fprint(b, "An export has begun: by its journal, and the configured rate, since too little was measured yet.\n")
	case p.Measured:
		fmt.Fprint(b, "An export has begun: by its journal, and the rate of its runs.\n")
	default:
		fmt.Fprintf(b, "By %s to the platform. Nothing was stored or changed.\n", plural(p.Asked, "call", "calls"))
	}
	p.begun(b)
}

// there is what there is.
func (p *plan) there(b *bytes.Buffer) {
	inv := p.Inventory
	if inv.Days == 0 {
		fmt.Fprint(b, "\nWhat there is: no day of the interval that is sure to be had before the close\n")
	} else {
		fmt.Fprintf(b, "\nWhat there is, from %s to %s (whole UTC days)\n", inv.From.Format(time.DateOnly), inv.To.Add(-1).Format(time.DateOnly))
	}
	w := tabwriter.NewWriter(b, 0, 4, 2, ' ', 0)
	if inv.CountedDays > 0 {
		how := "all counted by the platform"
		if inv.CountedDays < inv.Days {
			how = fmt.Sprintf("the platform counted %s of %s days", count(int64(inv.CountedDays)), count(int64(inv.Days)))
		}
		fmt.Fprintf(w, "  conversations\t%s\t%s; %s a day\n", about(inv.Conversations), how, count(int64(inv.PerDay+0.5)))
		fmt.Fprintf(w, "  recorded\t%s\tas of %s that were looked at\n", about(inv.Recorded), plural(int64(inv.Sampled), "conversation", "conversations"))
	}
	if contains(p.selected(), dataset.RecordingsName) {
		switch t, each := inv.Transfer, inv.BytesPerRecording; {
		case t != nil && t.Results > 0 && t.Took > 0:
			fmt.Fprintf(w, "  recordings\t%s\t%s in all: %s that were tried have %s each, and came at %s a second (thrown away again)\n", about(inv.Recordings),
				bytesText(int64(inv.Recordings.Mid*inv.BytesPerRecording.Mid)), plural(int64(t.Results), "recording", "recordings"), bytesText(int64(inv.BytesPerRecording.Mid)),
				bytesText(int64(float64(t.Read)/t.Took.Seconds())))
		case each != nil:
			fmt.Fprintf(w, "  recordings\t%s\t%s in all; how fast they come is not known: none was tried\n", about(inv.Recordings), bytesText(int64(inv.Recordings.Mid*each.Mid)))
		default:
			fmt.Fprintf(w, "  recordings\t%s\ttheir size is not known: none was tried\n", about(inv.Recordings))
		}
		fmt.Fprintf(w, "  retention\t\t%s\n", p.Retention.words())
		if p.Retention.Archived > 0 {
			fmt.Fprintf(w, "  archived\t%s\t'exitplan export --restore-archived' has them restored\n", count(p.Retention.Archived))
		}
	}
	for _, d := range p.Datasets {
		if n, ok := inv.Rows[d.Dataset]; ok {
			fmt.Fprintf(w, "  %s\t%s\tcounted by the platform\n", d.Dataset, count(n))
		}
	}
	_ = w.Flush() // into memory
	for _, note := range inv.Notes {
		fmt.Fprintf(b, "  (%s)\n", note)
	}
	if u := p.Unavailable; u != nil {
		fmt.Fprintf(b, "  %s to %s are left out: the platform may need up to 48 hours to complete a day, and the window may close before that. Without an extension until %s they may be missing.\n",
			u.From.Format(time.DateOnly), u.To.Add(-1).Format(time.DateOnly), p.day(u.Done))
	}
}

func (p *plan) selected() (names []string) {
	for _, d := range p.Datasets {
		names = append(names, d.Dataset)
	}
	return names
}

// Datasets with less than this share of all calls are shown together.
const smallShare = 0.01

// takes is what that costs.
func (p *plan) takes(b *bytes.Buffer) {
	set := p.Settings
	fmt.Fprintf(b, "\nWhat it takes: about %s API calls", rounded(p.Calls))
	if total := p.bytes(); total > 0 {
		fmt.Fprintf(b, " and %s of recordings", bytesText(int64(total)))
	}
	fmt.Fprintf(b, "\n  at %s calls a minute: %s, %d a minute each, less %.0f%% for live operation\n", count(int64(p.Supply.CallsPerMinute.Mid)),
		plural(int64(set.Clients), "OAuth client", "OAuth clients"), p.perClient(), set.Headroom*100)
	if !slices.ContainsFunc(p.Datasets, func(d planned) bool { return d.Calls.Mid > 0 }) {
		return
	}
	w := tabwriter.NewWriter(b, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "  calls\tof all\tthat is\tof")
	var small forecast.Load
	n, guessed := 0, false
	for _, d := range p.Datasets {
		if share := d.Calls.Mid / max(1, p.Calls); share < smallShare && len(p.Datasets) > 12 {
			small.Calls.Mid, n = small.Calls.Mid+d.Calls.Mid, n+1
			guessed = guessed || d.Assumed
			continue
		}
		p.row(w, d.Calls.Mid, d.Dataset+star(d.Assumed))
		guessed = guessed || d.Assumed
	}
	if n > 0 {
		p.row(w, small.Calls.Mid, plural(int64(n), "other dataset", "other datasets")+star(guessed))
	}
	_ = w.Flush() // into memory
	if guessed {
		fmt.Fprint(b, "  * some of it is assumed, not counted: 20 records of a listing, 5 of each record of another. 'exitplan plan --json' marks each.\n")
	}
}

func (p *plan) row(w *tabwriter.Writer, calls float64, what string) {
	hours := calls / max(1, p.Supply.CallsPerMinute.Mid) * 3600 / 60
	fmt.Fprintf(w, "  %s\t%.1f%%\t%s\t%s\n", rounded(calls), 100*calls/max(1, p.Calls), span(seconds(hours)), what)
}

func star(assumed bool) string {
	if assumed {
		return " *"
	}
	return ""
}

func (p *plan) perClient() int {
	if a := p.Settings.Allowed; a > 0 {
		return min(a, p.Settings.RequestsPerMinute)
	}
	return p.Settings.RequestsPerMinute
}

func (p *plan) bytes() (sum float64) {
	for _, d := range p.Datasets {
		sum += d.Bytes.Mid
	}
	return sum
}

// ends is when it is done, and why then.
func (p *plan) ends(b *bytes.Buffer) {
	when := "if it starts now and runs day and night"
	if p.Measured {
		when = "with what is available by now, if it runs day and night"
	}
	if len(p.Endings) > 0 {
		p.finishes(b, when)
	}
	if why := p.why(); len(why) > 0 {
		fmt.Fprintf(b, "\nWhat decides: %s.\n", strings.Join(why, ",\n  "))
	}
	if p.Inventory == nil {
		fmt.Fprintf(b, "\nRecordings left  %s\nRetention        %s\n", count(p.Retention.Recordings), p.Retention.words())
	}
}

// finishes is a line for each class.
func (p *plan) finishes(b *bytes.Buffer, when string) {
	fmt.Fprintf(b, "\nWhen it is done, %s\n", when)
	w := tabwriter.NewWriter(b, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "  class\tone case in ten\thalf of them\tnine in ten\twindow closes\t")
	for _, e := range p.Endings {
		closes, verdict := "never", p.verdict(e)
		switch {
		case e.Shut != "":
			closes = "-"
		case !e.Closes.IsZero():
			closes = p.minute(e.Closes)
		}
		if e.Begins.After(p.At) {
			verdict += " (opens " + p.minute(e.Begins) + ")"
		}
		fmt.Fprintf(w, "  %s\t%s\t%s\t%s\t%s\t%s\n", e.Class, p.minute(e.P10), p.minute(e.P50), p.minute(e.P90), closes, verdict)
	}
	_ = w.Flush() // into memory
	fmt.Fprintf(b, "  Times are those of %s.\n", p.Zone)
}

// why is what lies on the critical path.
func (p *plan) why() (reasons []string) {
	var last ending
	for _, e := range p.Endings {
		if e.P90.After(last.P90) {
			last = e
		}
	}
	switch {
	case p.Inventory == nil || last.Class == "":
		return nil
	case last.By == byBytes:
		return []string{fmt.Sprintf("%s of recordings at %s a second take longer than all API calls", bytesText(int64(p.bytes())), bytesText(int64(p.Supply.BytesPerSecond.Mid)))}
	case last.By == byDays && !p.Inventory.Available.Before(p.Inventory.To) && last.Begins.After(p.At):
		return []string{fmt.Sprintf("the window of %s opens at %s", last.Class, p.minute(last.Begins))}
	case last.By == byDays && p.Inventory.Available.Before(p.Inventory.To):
		return []string{fmt.Sprintf("the last day to be exported is %s, and the platform may take up to 48 hours to complete it", p.Inventory.To.Add(-1).Format(time.DateOnly))}
	}
	heaps := p.heaps()
	for _, d := range heaps[:min(3, len(heaps))] {
		share := 100 * d.Calls.Mid / max(1, p.Calls)
		if share < 5 {
			break
		}
		reasons = append(reasons, fmt.Sprintf("%s is %.0f%% of all calls", p.cause(d), share))
	}
	return reasons
}

// contentPrefix begins the names of the datasets that are asked for conversation
// by conversation.
const contentPrefix = "interactions."

// heaps are the datasets, those of content as one, most calls first.
func (p *plan) heaps() (list []planned) {
	content, n := planned{Load: forecast.Load{Dataset: contentPrefix + "*"}}, 0
	for _, d := range p.Datasets {
		if strings.HasPrefix(d.Dataset, contentPrefix) {
			content.Calls.Mid, n = content.Calls.Mid+d.Calls.Mid, n+1
		}
	}
	for _, d := range p.Datasets {
		if n < 2 || !strings.HasPrefix(d.Dataset, contentPrefix) {
			list = append(list, d)
		}
	}
	if n > 1 {
		list = append(list, content)
	}
	slices.SortStableFunc(list, func(a, b planned) int { return cmp.Compare(b.Calls.Mid, a.Calls.Mid) })
	return list
}

// cause says what the calls of a dataset are made for.
func (p *plan) cause(d planned) string {
	inv := p.Inventory
	info := slices.IndexFunc(dataset.Catalogue(), func(info exporter.Info) bool { return info.Name == d.Dataset })
	switch {
	case d.Dataset == dataset.RecordingsName && p.Settings.Metadata == config.MetadataFull:
		return fmt.Sprintf("one metadata call for each of %s recorded conversations", some(inv.Recorded))
	case d.Dataset == dataset.RecordingsName:
		return fmt.Sprintf("a batch request and its poll for each hundred of %s recorded conversations", some(inv.Recorded))
	case d.Dataset == contentPrefix+"*":
		return fmt.Sprintf("asking what each of %s conversations holds (%s: transcripts, e-mails, messages, summaries ...)", some(inv.Conversations), d.Dataset)
	case inv.asked[d.Dataset] > 0:
		return fmt.Sprintf("one call of %s for each of about %s", d.Dataset, rounded(inv.asked[d.Dataset]))
	case info >= 0:
		return d.Dataset + " (" + dataset.Catalogue()[info].Cost + ")"
	}
	return d.Dataset
}

// todo is what would help, and until when to ask for more time.
func (p *plan) todo(b *bytes.Buffer) {
	if !p.Fits && len(p.Gains) > 0 {
		fmt.Fprint(b, "\nWhat would bring it in (nine in ten cases)\n")
		for _, g := range p.Gains {
			verdict := "does not fit yet"
			if g.Fits {
				verdict = "FITS"
			}
			fmt.Fprintf(b, "  %-16s  %s\n%20sdone %s, %s sooner, with about %s calls\n", verdict, g.Change, "", p.minute(g.P90), span(seconds(g.Sooner*3600)), rounded(g.Calls))
			if g.Loses != "" {
				fmt.Fprintf(b, "%20sit gives up %s\n", "", g.Loses)
			}
		}
	}
	n := p.Extension
	if n == nil {
		return
	}
	needs := "nine in ten cases need"
	if n.Reason == forDays {
		needs = "the last days need"
	}
	fmt.Fprintf(b, "\nAn extension for %s\n", strings.Join(n.Classes, ", "))
	switch {
	case n.Late && contains(n.Classes, exporter.Recordings):
		fmt.Fprintf(b, "  had to be requested by %s: for recordings a later request opens nothing; ask all the same what can be agreed on.\n", n.LastDay)
	case n.Late:
		fmt.Fprintf(b, "  had to be requested by %s; request it now: until it is granted the window stays closed.\n", n.LastDay)
	default:
		fmt.Fprintf(b, "  must be requested by %s (%s), the last day on which it counts.\n", n.LastDay, p.Zone)
	}
	fmt.Fprintf(b, "  It must last until %s, %s longer: what %s, and %.0f days to spare.\n", n.UntilDay,
		plural(int64(n.Days), "day", "days"), needs, n.Margin)
	fmt.Fprint(b, "  The letter: exitplan extension letter [--language ja]\n")
}

// minute is a time in the contract's zone.
func (p *plan) minute(at time.Time) string {
	if at.IsZero() {
		return "-"
	}
	return at.In(p.zone).Format("2006-01-02 15:04")
}

// both is a time in UTC and in the contract's zone.
func (p *plan) both(at time.Time) string {
	text := at.UTC().Format("2006-01-02 15:04") + " UTC"
	if p.zone.String() != time.UTC.String() && p.Zone != "Etc/UTC" {
		text += " (" + p.minute(at) + " in " + p.Zone + ")"
	}
	return text
}

// about prints an estimate: exactly where it was counted.
func about(e forecast.Estimate) string {
	if e.Spread <= 1 {
		return count(int64(e.Mid + 0.5))
	}
	return fmt.Sprintf("about %s (%s to %s)", rounded(e.Mid), rounded(e.Mid/e.Spread), rounded(e.Mid*e.Spread))
}

// some is that without its range.
func some(e forecast.Estimate) string {
	if e.Spread <= 1 {
		return about(e)
	}
	return "about " + rounded(e.Mid)
}

// rounded prints a number to three digits, which is more than an estimate knows.
func rounded(n float64) string {
	unit := 1.0
	for n/unit >= 1000 {
		unit *= 10
	}
	return count(int64(math.Round(n/unit) * unit))
}
