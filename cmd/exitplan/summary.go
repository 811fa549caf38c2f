package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"

	"exitplan/exporter"
	"exitplan/internal/dataset"
	"exitplan/internal/journal"
	"exitplan/manifest"
)

// summary is how an export stands after a run, in words and numbers.
type summary struct {
	Outcome      string           `json:"outcome"`
	ExitCode     int              `json:"exit_code"`
	Organization organization     `json:"organization"`
	From         time.Time        `json:"from"`
	To           time.Time        `json:"to"`
	Destination  string           `json:"destination"`
	Datasets     []datasetSummary `json:"datasets"`
	Exceptions   int64            `json:"exceptions"`
	Requests     int64            `json:"api_requests"`
	Next         string           `json:"next"`

	more   bool
	runErr error
}

type datasetSummary struct {
	Name string `json:"name"`
	journal.Counts
	Verdict string `json:"verdict"`
}

// summarize reads the journal. Exceptions counts what was stated and what
// is merely unaccounted for alike: either means that it is not complete.
func (s *session) summarize(ctx context.Context, iv exporter.Interval, more bool, runErr error) (*summary, error) {
	tally, err := s.journal.Tally(ctx)
	if err != nil {
		return nil, err
	}
	sum := &summary{
		Organization: s.org, From: iv.From, To: iv.To, Destination: s.dest.URL(), more: more, runErr: runErr,
	}
	excepted := map[string]int64{}
	for e, err := range s.journal.Exceptions(ctx) {
		if err != nil {
			return nil, err
		}
		excepted[e.Dataset]++
		sum.Exceptions++
	}
	for _, info := range dataset.Catalogue() {
		counts, ok := tally.Datasets[info.Name]
		if !ok && !contains(s.names, info.Name) {
			continue
		}
		d := datasetSummary{Name: info.Name, Counts: counts, Verdict: "complete"}
		switch {
		case counts.Pending+counts.Running+counts.Failed > 0:
			d.Verdict = "incomplete"
		case excepted[info.Name] > 0:
			d.Verdict = "complete-with-exceptions"
		case more:
			d.Verdict = "complete so far"
		}
		sum.Datasets = append(sum.Datasets, d)
	}
	for _, client := range s.clients {
		sum.Requests += client.Stats().Requests
	}
	err = runErr
	if err == nil {
		err = sum.err()
	}
	sum.ExitCode = exitCode(err)
	sum.Outcome, sum.Next = sum.words()
	return sum, nil
}

// err is what the state of a run that was not stopped amounts to.
func (sum *summary) err() error {
	for _, d := range sum.Datasets {
		if d.Pending+d.Running+d.Failed > 0 {
			return said{errMissing}
		}
	}
	switch {
	case sum.Exceptions > 0:
		return said{errMissing}
	case sum.more:
		return said{errMoreToCome}
	}
	return nil
}

// final says that nothing more is to come, so that the root bag may be sealed.
func (sum *summary) final() bool { return sum.runErr == nil && !sum.more }

func (sum *summary) words() (outcome, next string) {
	switch {
	case errors.Is(sum.runErr, exporter.ErrWindowClosed):
		return "The window has closed before everything was exported.",
			"Record a granted extension in the configuration and run the same command again, or state the rest as missing with: exitplan export --seal"
	case errors.Is(sum.runErr, exporter.ErrInterrupted):
		return "Interrupted. What is stored is safe.", "Run the same command again: it goes on from here."
	case sum.runErr != nil:
		return "Stopped by an error. What is stored is safe.", "Mend what the error says, and run the same command again."
	case sum.err() != nil && sum.ExitCode == exitMissing || sum.Exceptions > 0:
		return fmt.Sprintf("Finished, but %s missing. Each is listed with its reason in exceptions.jsonl.", plural(sum.Exceptions, "item is", "items are")),
			"Read 'exitplan status --exceptions'; running the same command again tries once more what may still be had."
	case sum.more:
		return "Everything that is available by now is exported. Later days are still to come.",
			"Run the same command again tomorrow."
	}
	return "Complete. Every expectation is met and every byte accounted for.", "Check it with: exitplan verify " + sum.Destination
}

func plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(n) + " " + many
}

// text is the summary for people.
func (sum *summary) text(out io.Writer) error {
	fmt.Fprintf(out, "%s\n\n", sum.Outcome)
	fmt.Fprintf(out, "Organization  %s (%s)\nInterval      %s up to %s (UTC)\nDestination   %s\n\n",
		sum.Organization.Name, sum.Organization.ID, sum.From.UTC().Format(time.RFC3339), sum.To.UTC().Format(time.RFC3339), sum.Destination)
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "dataset\trecords\tfiles\tsize\tunits done\tverdict")
	for _, d := range sum.Datasets {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s of %s\t%s\n", d.Name, count(d.Records), count(d.Artifacts), bytesText(d.Bytes),
			count(d.Done), count(d.Done+d.Pending+d.Running+d.Failed), d.Verdict)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	var reasons []string
	for _, d := range sum.Datasets {
		for reason, n := range d.Counts.Exceptions {
			reasons = append(reasons, fmt.Sprintf("  %s: %s %s", d.Name, count(n), reason))
		}
	}
	if slices.Sort(reasons); len(reasons) > 0 {
		fmt.Fprintf(out, "\nMissing, by reason:\n%s\n", strings.Join(reasons, "\n"))
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
// the export is finished, and copies the journal.
func (s *session) seal(ctx context.Context, sum *summary) error {
	sealing := exporter.Sealing{
		Ledger: s.journal, Sink: s.dest,
		Info: manifest.Info{
			{Label: "Source-Organization", Value: s.cfg.Contract.Customer},
			{Label: "Internal-Sender-Identifier", Value: s.org.ID},
			{Label: "Internal-Sender-Description", Value: "Genesys Cloud organization " + s.org.Name},
			{Label: "Bag-Software-Agent", Value: "exitplan/" + version},
			{Label: "Bagging-Date", Value: s.clock.Now().Format(time.DateOnly)},
		},
	}
	if sum.final() {
		if err := s.record(ctx, "sealed", map[string]string{"outcome": sum.Outcome}); err != nil {
			return err
		}
		sealing.Root = s.controlFiles(ctx, sum)
	}
	if err := exporter.Seal(ctx, sealing); err != nil {
		return err
	}
	return s.backup(ctx)
}

// controlFiles are the payload of the root bag.
func (s *session) controlFiles(ctx context.Context, sum *summary) []exporter.ControlFile {
	return []exporter.ControlFile{
		{Name: "VERIFY.txt", Write: func(w io.Writer) error {
			_, err := io.WriteString(w, manifest.VerifyText(s.dest.URL()))
			return err
		}},
		{Name: "report.txt", Write: sum.text},
		{Name: "settings.yaml", Write: func(w io.Writer) error {
			text, err := s.cfg.SettingsYAML()
			if err == nil {
				_, err = w.Write(text)
			}
			return err
		}},
		{Name: "exceptions.jsonl", Write: func(w io.Writer) error {
			enc := json.NewEncoder(w)
			for e, err := range s.journal.Exceptions(ctx) {
				if err != nil {
					return err
				}
				if err := enc.Encode(e); err != nil {
					return err
				}
			}
			return nil
		}},
		{Name: "events.jsonl", Write: func(w io.Writer) error {
			enc := json.NewEncoder(w)
			enc.SetEscapeHTML(false)
			for e, err := range s.journal.Events(ctx) {
				if err != nil {
					return err
				}
				if err := enc.Encode(e); err != nil {
					return err
				}
			}
			return nil
		}},
	}
}
