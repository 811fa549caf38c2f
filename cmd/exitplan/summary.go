package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"

	"exitplan/exporter"
	"exitplan/internal/contract"
	"exitplan/internal/dataset"
	"exitplan/internal/journal"
	"exitplan/manifest"
)

// summary is how an export stands after a run, in words and numbers.
type summary struct {
	Rehearsal    string           `json:"rehearsal,omitempty"` // of what; empty for the export itself
	Outcome      string           `json:"outcome"`
	ExitCode     int              `json:"exit_code"`
	Organization organization     `json:"organization"`
	From         time.Time        `json:"from"`
	To           time.Time        `json:"to"`
	Destination  string           `json:"destination"`
	Datasets     []datasetSummary `json:"datasets"`
	Exceptions   int64            `json:"exceptions"`
	Missing      missing          `json:"missing"`
	// Closed are the classes whose window is closed, where that ended the run.
	Closed []contract.Decision `json:"closed,omitempty"`
	// StoppedEarly are those that are open, but that a margin kept from going on.
	StoppedEarly []contract.Decision `json:"stopped_early,omitempty"`
	Requests     int64               `json:"api_requests"`
	Next         string              `json:"next"`

	more    bool
	days    bool      // more means days that are not available yet
	closes  time.Time // when a window closes, if that is before tomorrow's run
	over    []string  // classes that may have none of these days
	wake    time.Time // when the first unit is to be run that waits for its time
	smaller string    // how what a margin stopped goes on
	runErr  error
	reasons map[string]missing // by dataset and reason
}

type datasetSummary struct {
	Name string `json:"name"`
	journal.Counts
	Verdict string `json:"verdict"`
}

// missing counts exceptions: those of single items, and those of whole units,
// each of which may stand for many.
type missing struct {
	Items         int64 `json:"items"`
	Units         int64 `json:"units"`
	Conversations int64 `json:"conversations_of_units"` // as far as that is known
}

func (m *missing) add(e exporter.Exception) {
	if !e.OfUnit() {
		m.Items++
		return
	}
	m.Units++
	m.Conversations += e.Covers
}

func (m missing) String() string {
	var parts []string
	if m.Items > 0 {
		parts = append(parts, plural(m.Items, "item", "items"))
	}
	if m.Units > 0 {
		units := plural(m.Units, "unit of work", "units of work")
		if m.Conversations > 0 {
			units += " (" + plural(m.Conversations, "conversation", "conversations") + ")"
		}
		parts = append(parts, units)
	}
	return strings.Join(parts, " and ")
}

// are is the verb that goes with it.
func (m missing) are() string {
	if m.Items+m.Units == 1 {
		return " is"
	}
	return " are"
}

// summarize reads the journal. Exceptions counts what was stated and what
// is merely unaccounted for alike: either means that it is not complete.
func (s *session) summarize(ctx context.Context, iv exporter.Interval, more bool, runErr error) (*summary, error) {
	tally, err := s.journal.Tally(ctx)
	if err != nil {
		return nil, err
	}
	sum := &summary{
		Organization: s.org, From: iv.From, To: iv.To, Destination: s.place, more: more || tally.Total.Asleep > 0, days: more, runErr: runErr,
		reasons: map[string]missing{},
	}
	if _, sum.wake, err = s.journal.Sleeping(ctx); err != nil {
		return nil, err
	}
	if more {
		sum.over = s.overByDay()
	}
	if now, closes := s.nextClose(); closes.Sub(now) < 36*time.Hour {
		sum.closes = closes
	}
	excepted := map[string]int64{}
	for e, err := range s.journal.Exceptions(ctx) {
		if err != nil {
			return nil, err
		}
		excepted[e.Dataset]++
		sum.Exceptions++
		sum.Missing.add(e)
		reason := fmt.Sprintf("%s: %s", e.Dataset, e.Reason)
		m := sum.reasons[reason]
		m.add(e)
		sum.reasons[reason] = m
	}
	for _, info := range dataset.Catalogue() {
		counts, ok := tally.Datasets[info.Name]
		if !ok && !contains(s.names, info.Name) {
			continue
		}
		uncounted := info.Name == dataset.RecordingsName && s.cfg.Recordings.Metadata == dataset.MetadataDerived && !s.listedAll(ctx, tally, excepted, iv.To)
		sum.Datasets = append(sum.Datasets, datasetSummary{info.Name, counts, sum.verdict(counts, excepted[info.Name], uncounted)})
	}
	if errors.Is(runErr, exporter.ErrWindowClosed) || errors.Is(runErr, exporter.ErrStoppedEarly) {
		for _, class := range s.classes() {
			if !s.open(class) {
				sum.Closed = append(sum.Closed, s.cfg.Contract.Decide(class, s.clock.Now()))
			}
		}
	}
	if errors.Is(runErr, exporter.ErrStoppedEarly) {
		sum.StoppedEarly = s.within(s.clock.Now())
		if len(sum.StoppedEarly) > 0 {
			sum.smaller = s.smaller(sum.StoppedEarly)
		}
	}
	sum.Requests = s.clients.Stats().Requests
	err = runErr
	if err == nil {
		err = sum.err()
	}
	sum.ExitCode = exitCode(err)
	if sum.Outcome, sum.Next = sum.words(); s.rehearsal != nil {
		sum.Rehearsal = s.rehearsal.String()
		sum.Outcome, sum.Next = s.rehearsal.words(sum)
	}
	return sum, nil
}

// What the retention query lists so long after the end of an interval, and what
// a conversation has by then, is all (genesys-api.md §5.4).
const retainedFor = 48 * time.Hour

// listedAll says whether the retention query has told of every recording up to
// an instant.
func (s *session) listedAll(ctx context.Context, tally journal.Tally, excepted map[string]int64, to time.Time) bool {
	c := tally.Datasets[dataset.RetentionName]
	last, err := s.journal.Finished(ctx, dataset.RetentionName)
	return err == nil && c.Done > 0 && c.Pending+c.Running+c.Failed == 0 && excepted[dataset.RetentionName] == 0 && !last.Before(to.Add(retainedFor))
}

// incomplete: something is not done, or not accounted for.
const incomplete = "incomplete"

// unverifiable: the source gave no count that could show that all is there.
const unverifiable = "unverifiable"

// verdict is how one dataset stands. Where the run did not come to its end, or
// days are still to come, more may be found.
func (sum *summary) verdict(c journal.Counts, exceptions int64, uncounted bool) string {
	open := sum.more || sum.runErr != nil
	switch {
	case c.Pending+c.Running+c.Failed > 0, open && c.Done == 0:
		return incomplete
	case exceptions > 0:
		return "complete-with-exceptions"
	case open:
		return "complete so far"
	case uncounted:
		return unverifiable
	}
	return "complete"
}

func (sum *summary) unverifiable() bool {
	return slices.ContainsFunc(sum.Datasets, func(d datasetSummary) bool { return d.Verdict == unverifiable })
}

// undone is how many units are left.
func (sum *summary) undone() (n int64) {
	for _, d := range sum.Datasets {
		n += d.Pending + d.Running + d.Failed
	}
	return n
}

// err is what the state of a run that was not stopped amounts to.
func (sum *summary) err() error {
	switch {
	case sum.Exceptions > 0, sum.undone() > 0, sum.unverifiable():
		return said{errMissing}
	case sum.more:
		return said{errMoreToCome}
	}
	return nil
}

// final says that nothing more is to come, so that the root bag may be sealed.
func (sum *summary) final() bool { return sum.runErr == nil && !sum.more }

func plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(n) + " " + many
}

// text is the summary for people.
func (sum *summary) text(out io.Writer) error {
	fmt.Fprintln(out, sum.Outcome)
	for _, d := range sum.Closed {
		fmt.Fprintf(out, "  %s: %s\n", d.Class, d.Reason)
	}
	fmt.Fprintln(out)
	if sum.Rehearsal != "" {
		fmt.Fprintf(out, "Rehearsal     %s\n", sum.Rehearsal)
	}
	fmt.Fprintf(out, "Organization  %s (%s)\nInterval      %s up to %s (UTC)\nDestination   %s\n\n",
		sum.Organization.Name, sum.Organization.ID, sum.From.UTC().Format(time.RFC3339), sum.To.UTC().Format(time.RFC3339), sum.Destination)
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "dataset\trecords\tfiles\tsize\tunits\tverdict")
	var rows []datasetRow
	for _, d := range sum.Datasets {
		rows = append(rows, datasetRow{d.Name, d.Counts, d.Verdict})
	}
	for _, d := range condense(rows) {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s of %s\t%s\n", d.name, count(d.Records), count(d.Artifacts), bytesText(d.Bytes),
			count(d.Done), count(d.Done+d.Pending+d.Running+d.Failed), d.verdict)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for i, reason := range slices.Sorted(maps.Keys(sum.reasons)) {
		if i == 0 {
			fmt.Fprint(out, "\nMissing, by reason:\n")
		}
		fmt.Fprintf(out, "  %s, %s\n", reason, sum.reasons[reason])
	}
	_, err := fmt.Fprintf(out, "\nNext: %s\n", sum.Next)
	return err
}

func (sum *summary) print(c *cli.Context) error {
	if c.Bool("json") {
		return printJSON(sum)
	}
	if c.Bool("quiet") {
		return nil
	}
	fmt.Fprintln(os.Stderr)
	return sum.text(os.Stderr)
}

// seal writes manifests for everything that is stored, the root bag too if
// the export is finished or ever was, and copies the journal.
func (s *session) seal(ctx context.Context, sum *summary) error {
	title := s.title()
	sealing := exporter.Sealing{
		Ledger: s.journal, Recorder: s.journal, Sink: s.dest, Stock: s.dest, Open: !sum.final(),
		Title: title, Describe: describe(),
		Info: manifest.Info{
			{Label: "Source-Organization", Value: s.cfg.Contract.Customer},
			{Label: "Internal-Sender-Identifier", Value: s.org.ID},
			{Label: "Internal-Sender-Description", Value: title},
			{Label: "Bag-Software-Agent", Value: "exitplan/" + version},
			{Label: "Bagging-Date", Value: s.clock.Now().Format(time.DateOnly)},
		},
	}
	if s.rehearsal != nil {
		sealing.Info = append(sealing.Info, manifest.Field{Label: rehearsalLabel, Value: s.rehearsal.String()})
	}
	sealing.Found = func(ctx context.Context, n int64, example string) error {
		detail := map[string]string{"count": strconv.FormatInt(n, 10), "example": example}
		if err := s.record(ctx, "found-in-destination", detail); err != nil {
			return err
		}
		again, err := s.summarize(ctx, exporter.Interval{From: sum.From, To: sum.To}, sum.more, sum.runErr)
		if err == nil {
			*sum = *again
		}
		return err
	}
	before, err := s.sealedBefore(ctx)
	if err != nil {
		return err
	}
	if sum.final() || before {
		sealing.Root = func(ctx context.Context) ([]exporter.ControlFile, error) {
			if sum.final() {
				if err := s.record(ctx, "sealed", map[string]string{"outcome": sum.Outcome}); err != nil {
					return nil, err
				}
			}
			return s.controlFiles(ctx, sum)
		}
	}
	// First, so that the root bag never has more of it than the copy.
	if err := s.syncLedger(ctx); err != nil {
		return err
	}
	if err := exporter.Seal(ctx, sealing); err != nil {
		return err
	}
	if err := s.record(ctx, sealFinished, nil); err != nil {
		return err
	}
	return s.backup(ctx)
}

// sealFinished is the event by which a journal knows that the bags are written:
// "sealed" stands in the root bag, and so comes before it.
const sealFinished = "seal-finished"
