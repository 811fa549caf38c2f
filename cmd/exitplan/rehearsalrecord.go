package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"exitplan/exporter"
	"exitplan/internal/dataset"
	"exitplan/internal/journal"
)

// Where a rehearsal leaves what it came to: in the state directory of the
// export, which a forecast may read, in its own, and in its root bag.
const (
	rehearsalFile = "rehearsal.json"
	measuredFile  = "measured.json"
	// rehearsalKind names the format; a reader refuses what it does not know.
	rehearsalKind = "exitplan-rehearsal/1"
)

// rehearsalRecord is what a rehearsal came to: evidence that the exit plan was
// tried, and measures for the export itself. Members are only ever added.
type rehearsalRecord struct {
	Kind         string       `json:"kind"`
	Date         string       `json:"date"`
	Version      string       `json:"version"`
	Organization organization `json:"organization"`
	Customer     string       `json:"customer,omitempty"`
	Destination  string       `json:"destination"`
	Begun        time.Time    `json:"begun"`
	Ended        time.Time    `json:"ended"`

	Sample struct {
		Asked         string   `json:"asked"` // 1%
		Days          []string `json:"days"`  // UTC
		DaysOf        int      `json:"days_of"`
		Share         float64  `json:"share_of_days"`
		Conversations int64    `json:"conversations"`
	} `json:"sample"`

	Verdict    string             `json:"verdict"` // complete, or complete-with-exceptions
	ExitCode   int                `json:"exit_code"`
	Outcome    string             `json:"outcome"`
	Exceptions map[string]missing `json:"exceptions"` // by dataset and reason

	measured
	PerMinute int                `json:"requests_per_minute"` // the budget of all clients
	Datasets  []rehearsedDataset `json:"datasets"`
	Rates     rehearsedRates     `json:"rates"`
}

// rehearsedDataset is what one dataset cost and gave.
type rehearsedDataset struct {
	Name           string  `json:"name"`
	Class          string  `json:"class"`
	ByDay          bool    `json:"by_day"` // else it was exported whole
	Verdict        string  `json:"verdict"`
	Calls          int64   `json:"calls"`
	Units          int64   `json:"units"`
	Records        int64   `json:"records"`
	Files          int64   `json:"files"`
	Bytes          int64   `json:"bytes"`
	CallsPerRecord float64 `json:"calls_per_record,omitempty"`
	BytesPerRecord float64 `json:"bytes_per_record,omitempty"`
}

// rehearsedRates are over the time in which it was at work.
type rehearsedRates struct {
	CallsPerMinute float64 `json:"calls_per_minute"`
	BytesPerSecond float64 `json:"bytes_per_second"`
	RecordsPerHour float64 `json:"records_per_hour"`
}

// measured is what all runs of a rehearsal took.
type measured struct {
	Seconds  float64 `json:"seconds"`
	Requests int64   `json:"api_requests"`
	// Calls are those of each dataset; what serves all of them is in Requests
	// alone.
	Calls map[string]int64 `json:"-"`
}

// measuring is measured as it is kept between runs.
type measuring struct {
	measured
	Calls map[string]int64 `json:"calls"`
}

// readMeasured reads what earlier runs took.
func (r *rehearsal) readMeasured() error {
	path := filepath.Join(r.state, measuredFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var m measuring
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	if err != nil {
		return fmt.Errorf("%s, which has what earlier runs of the rehearsal took: %w; remove it to count anew", path, err)
	}
	r.measured, r.measured.Calls = m.measured, m.Calls
	return nil
}

// sofar adds this run to the earlier ones.
func (s *session) sofar() measured {
	r := s.rehearsal
	m := measured{Seconds: r.measured.Seconds, Requests: r.measured.Requests + s.clients.Stats().Requests, Calls: map[string]int64{}}
	if !s.working.IsZero() {
		m.Seconds += time.Since(s.working).Seconds()
	}
	for name, n := range r.measured.Calls {
		m.Calls[name] = n
	}
	for _, d := range r.datasets {
		m.Calls[d.Info().Name] += d.Calls.Load()
	}
	return m
}

// measure keeps what the rehearsal took so far, for the run after a kill.
func (s *session) measure() error {
	if s.rehearsal == nil {
		return nil
	}
	m := s.sofar()
	text, err := json.Marshal(measuring{m, m.Calls})
	if err != nil {
		return err
	}
	return replaceFile(filepath.Join(s.rehearsal.state, measuredFile), text)
}

// rehearsalReport is the record as JSON. It is made once for each end of a run,
// so that all copies are the same.
func (s *session) rehearsalReport(ctx context.Context, sum *summary) ([]byte, error) {
	r := s.rehearsal
	m := s.sofar()
	rec := rehearsalRecord{
		Kind: rehearsalKind, Date: r.date, Version: version, Organization: s.org, Customer: s.cfg.Contract.Customer,
		Destination: sum.Destination, Ended: s.clock.Now().UTC(), Verdict: "complete", ExitCode: sum.ExitCode, Outcome: sum.Outcome,
		Exceptions: sum.reasons, measured: m, PerMinute: s.clients.Stats().PerMinute,
	}
	for e, err := range s.journal.Events(ctx) {
		if err != nil {
			return nil, err
		}
		rec.Begun = e.Time
		break
	}
	if sum.Exceptions > 0 {
		rec.Verdict = "complete-with-exceptions"
	}
	rec.Sample.Asked, rec.Sample.Days, rec.Sample.DaysOf = r.sample, dayNames(r.days), r.of
	if r.of > 0 {
		rec.Sample.Share = float64(len(r.days)) / float64(r.of)
	}
	about := describe()
	var total journal.Counts
	for _, d := range sum.Datasets {
		total.Add(d.Counts)
		one := rehearsedDataset{
			Name: d.Name, Class: dataset.ClassOf(d.Name), ByDay: about(d.Name).ByDay, Verdict: d.Verdict, Calls: m.Calls[d.Name],
			Units: d.Done, Records: d.Records, Files: d.Artifacts, Bytes: d.Bytes,
		}
		if d.Records > 0 {
			one.CallsPerRecord, one.BytesPerRecord = float64(one.Calls)/float64(d.Records), float64(d.Bytes)/float64(d.Records)
		}
		if d.Name == dataset.DetailsName {
			rec.Sample.Conversations = d.Records
		}
		rec.Datasets = append(rec.Datasets, one)
	}
	if m.Seconds > 0 {
		rec.Rates = rehearsedRates{float64(m.Requests) / m.Seconds * 60, float64(total.Bytes) / m.Seconds, float64(total.Records) / m.Seconds * 3600}
	}
	text, err := json.MarshalIndent(rec, "", "  ")
	return append(text, '\n'), err
}

// keepRecord writes down what the rehearsal came to, where the export's own
// commands find it.
func (s *session) keepRecord() error {
	r := s.rehearsal
	if r == nil || r.record == nil {
		return nil
	}
	for _, dir := range []string{r.state, r.home} {
		if err := replaceFile(filepath.Join(dir, rehearsalFile), r.record); err != nil {
			return fmt.Errorf("write what the rehearsal came to: %w", err)
		}
	}
	return s.measure() // of the sealing, too
}

// readRehearsal reads the last rehearsal of a state directory; nil for none.
func readRehearsal(state string) (*rehearsalRecord, error) {
	path := filepath.Join(state, rehearsalFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var r rehearsalRecord
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err == nil && r.Kind != rehearsalKind {
		err = fmt.Errorf("%q is not %s: another version of exitplan wrote it", r.Kind, rehearsalKind)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &r, nil
}

// replaceFile writes a file whole, or leaves the one that is there.
func replaceFile(path string, text []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+"-")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// rehearsalFiles are what the root bag of a rehearsal has besides.
func (s *session) rehearsalFiles(ctx context.Context, sum *summary) ([]exporter.ControlFile, error) {
	if s.rehearsal == nil {
		return nil, nil
	}
	text, err := s.rehearsalReport(ctx, sum)
	if err != nil {
		return nil, err
	}
	s.rehearsal.record = text
	return []exporter.ControlFile{{Name: rehearsalFile, Write: writeText(string(text))}}, nil
}
