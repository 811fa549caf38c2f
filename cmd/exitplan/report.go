package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"exitplan/exporter"
	"exitplan/internal/dataset"
	"exitplan/internal/ledger"
	"exitplan/manifest"
)

// report is the summary for whoever receives the export, with what such a
// reader must know beside it.
func (s *session) report(ctx context.Context, w io.Writer, sum *summary) error {
	if err := sum.text(w); err != nil {
		return err
	}
	if err := s.totals(ctx, w); err != nil {
		return err
	}
	if s.journal != nil {
		if err := s.jobReport(ctx, w); err != nil {
			return err
		}
	}
	if contains(s.names, dataset.RecordingsName) {
		if _, err := fmt.Fprintf(w, "\n%s\n", s.media(sum)); err != nil {
			return err
		}
	}
	excluded := s.cfg.Contract.Decide(exporter.Excluded, s.clock.Now()).Reason
	if _, err := fmt.Fprintf(w, "\nNot exported: %s\n", strings.TrimPrefix(excluded, "closed: ")); err != nil {
		return err
	}
	if skew := s.clock.Skew(); s.clock.Trusted() && skew.Abs() > skewTolerated {
		if _, err := fmt.Fprintf(w, "\nClock: %s; windows were decided by the platform's.\n", skewWords(skew)); err != nil {
			return err
		}
	}
	if s.abroad == "" {
		return nil
	}
	_, err := fmt.Fprintf(w, "\nResidency: %s\n", s.abroad)
	return err
}

// controlFiles are the payload of the root bag.
func (s *session) controlFiles(ctx context.Context, sum *summary) ([]exporter.ControlFile, error) {
	queries, err := s.queryFiles(ctx, sum)
	if err != nil {
		return nil, err
	}
	if len(s.ledger) > 0 {
		queries = append(queries, exporter.ControlFile{Name: ledger.File, Write: func(w io.Writer) error {
			text, _, err := ledger.Text(s.ledger)
			if err == nil {
				_, err = w.Write(text)
			}
			return err
		}})
	}
	rehearsal, err := s.rehearsalFiles(ctx, sum)
	return append(append(queries, rehearsal...), []exporter.ControlFile{
		{Name: "VERIFY.txt", Write: writeText(s.rehearsal.note("") + manifest.VerifyText(s.dest.URL(), s.cfg.Destination.Endpoint))},
		{Name: "report.txt", Write: func(w io.Writer) error { return s.report(ctx, w, sum) }},
		{Name: "reconciliation.csv", Write: func(w io.Writer) error { return s.reconciliation(ctx, w) }},
		{Name: "settings.yaml", Write: func(w io.Writer) error {
			text, err := s.settingsYAML()
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
		{Name: eventsFile, Write: func(w io.Writer) error { return writeEvents(ctx, s.journal, w) }},
	}...), err
}
