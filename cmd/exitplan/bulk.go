package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"exitplan/exporter"
	"exitplan/internal/config"
	"exitplan/internal/dataset"
)

// bulk says whether the platform is to write recordings into the bucket.
func (s *session) bulk() bool {
	return s.cfg.Recordings.Method == config.MethodBulk && contains(s.names, dataset.RecordingsName)
}

// checkBulk says whether it could, before anything waits for it.
func (s *session) checkBulk(ctx context.Context) error {
	if !s.bulk() || s.org.ID == "" {
		return nil
	}
	if err := dataset.CheckFolder(ctx, s.dest, s.org.ID); err != nil {
		return usage(fmt.Errorf("recordings.method bulk: what the platform writes below %s/ of the bucket cannot be found: %w", s.org.ID, err))
	}
	neighbour, ok := s.dest.(exporter.Neighbour)
	if !ok {
		return usage(errors.New("recordings.method bulk: the destination is no bucket"))
	}
	for _, client := range s.clients {
		if err := dataset.CheckIntegration(ctx, client, s.cfg.Recordings.IntegrationID, neighbour.Bucket()); err != nil {
			return usage(fmt.Errorf("recordings.method bulk: OAuth client %s: %w", client.ID(), err))
		}
	}
	return nil
}

// jobs are the recording jobs of the export; nil where batch requests bring all.
func (s *session) jobs(ctx context.Context) (*dataset.RecordingJobs, error) {
	if !s.bulk() {
		return nil, nil
	}
	jobs := &dataset.RecordingJobs{
		API: s.clients, Integration: s.cfg.Recordings.IntegrationID, Organization: s.org.ID,
		Sensitive: s.cfg.Recordings.Sensitive, Now: s.clock.Now, Patience: landingPatience,
	}
	if jobs.Sensitive && s.sees == dataset.SensitiveHidden {
		jobs.Sensitive = false // the platform would refuse the job, and with it everything else
		s.log.Warn("recording jobs leave out what holds sensitive data: the OAuth clients may not see it", "permission", dataset.SensitivePermission)
	}
	for e, err := range s.journal.Events(ctx) { // the first is of the first run
		if err != nil {
			return nil, err
		}
		jobs.Since = e.Time
		break
	}
	for u, err := range s.journal.Units(ctx, dataset.JobPrefix) {
		if err == nil {
			err = jobs.Planned(u.Params)
		}
		if err != nil {
			return nil, fmt.Errorf("recording jobs of earlier runs: %w", err)
		}
	}
	return jobs, nil
}

// jobReport says what came of each recording job, in the platform's own numbers.
func (s *session) jobReport(ctx context.Context, w io.Writer) error {
	first := true
	for u, err := range s.journal.Units(ctx, dataset.JobPrefix) {
		if err != nil {
			return err
		}
		if len(u.Checkpoint) == 0 {
			continue
		}
		if first {
			fmt.Fprintln(w, "\nRecording jobs of the platform, by its own counts; what they did not bring, batch requests were made for:")
			first = false
		}
		var at struct {
			Outcome dataset.JobOutcome `json:"outcome"`
		}
		if err := json.Unmarshal(u.Checkpoint, &at); err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "  %s: %s\n", u.Key, at.Outcome); err != nil {
			return err
		}
	}
	return nil
}
