package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/urfave/cli/v2"

	"exitplan/exporter"
	"exitplan/internal/config"
	"exitplan/internal/dataset"
	"exitplan/internal/genesys"
	"exitplan/internal/journal"
	"exitplan/internal/ledger"
	"exitplan/internal/sink"
)

// All buffers of an export hold at most so many bytes together.
const bufferBytes = 128 << 20

// session is what a command works with, wired from the configuration.
type session struct {
	cfg     config.Config
	screen  *screen // standard error
	log     *slog.Logger
	now     func() time.Time // this machine's clock
	clock   *exporter.Clock
	asking  sync.Mutex // held by whoever asks the platform for the time
	names   []string   // of the selected datasets
	clients dataset.Clients
	org     organization
	journal *journal.Journal
	dest    sink.Destination
	ledger  []ledger.Entry // of extensions, as the destination has it
	place   string         // of the export; for what has no dest
	// sees says whether the clients see sensitive recordings as they are.
	sees   dataset.Sensitive
	terms  *gate  // the contract's, once checkWindow has read them
	abroad string // where data leaves its region: a sentence for the report
	// counted are the conversations of sample days, so that nobody asks again.
	counted map[time.Time]int64
	// bandwidth is shared by all clients.
	bandwidth genesys.Bandwidth
	margin    margin
	notices   *notices
	// rehearsal is nil for the export itself.
	rehearsal *rehearsal
	working   time.Time // since when units run; zero before
	sum       *summary  // how the run ended, once that is known
	planned   bool      // a run has planned its interval
	sealed    bool      // the last run came to the end of its sealing
}

type organization struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Domain string `json:"domain,omitempty"`
	State  string `json:"state,omitempty"`
}

func newLog(c *cli.Context, out io.Writer) *slog.Logger {
	level := slog.LevelWarn
	switch {
	case c.Bool("verbose"):
		level = slog.LevelDebug
	case c.Bool("quiet"):
		level = slog.LevelError
	}
	options := &slog.HandlerOptions{Level: level}
	if c.String("log-format") == "json" {
		return slog.New(slog.NewJSONHandler(out, options))
	}
	return slog.New(slog.NewTextHandler(out, options))
}

// newSession checks the configuration and makes the API clients; it sends
// nothing.
func newSession(c *cli.Context) (*session, error) {
	cfg, err := loadConfig(c)
	if err != nil {
		return nil, err
	}
	return sessionOf(c, cfg)
}

func sessionOf(c *cli.Context, cfg config.Config) (s *session, err error) {
	stderr := &screen{out: os.Stderr}
	now := localClock(c.Context)
	s = &session{cfg: cfg, screen: stderr, log: newLog(c, stderr), now: now, clock: exporter.NewClock(now, time.Time{})}
	if s.names, err = dataset.Select(cfg.Source.Datasets); err != nil {
		return nil, usage(fmt.Errorf("source.datasets: %w", err))
	}
	if err := s.residency(cfg.Destination.Region); err != nil {
		return nil, err
	}
	return s, s.connect()
}

// connect makes the API clients, which tell the clock the platform's time.
func (s *session) connect() error {
	all := append([]config.Client{{ID: s.cfg.Source.ClientID, Secret: s.cfg.Source.ClientSecret}}, s.cfg.Source.Clients...)
	s.clients = nil
	for _, one := range all {
		client, err := genesys.New(genesys.Config{
			Region: s.cfg.Source.Region, APIURL: s.cfg.Source.APIURL, LoginURL: s.cfg.Source.LoginURL,
			ClientID: one.ID, ClientSecret: one.Secret.Reveal(),
			RequestsPerMinute: s.cfg.Source.RequestsPerMinute, Headroom: s.cfg.Source.Headroom, Bandwidth: &s.bandwidth,
			UserAgent: "exitplan/" + version, Now: s.now, Log: s.log,
			Observe: func(t time.Time) { s.clock.Observe(t) }, Guard: s.guard,
		})
		if err != nil {
			return usage(fmt.Errorf("source: %w", err))
		}
		s.clients = append(s.clients, client)
	}
	return nil
}

// residency refuses to carry data out of the region where the organization
// lives, unless the configuration allows it. bucket is the bucket's region.
func (s *session) residency(bucket string) error {
	home, err := genesys.AWSRegion(s.cfg.Source.Region)
	d := s.cfg.Destination
	if err != nil || d.Endpoint != "" || !strings.HasPrefix(d.URL, "s3://") || bucket == "" {
		return nil
	}
	if s.abroad = ""; bucket == home {
		return nil
	}
	if d.AllowCrossRegion {
		s.abroad = fmt.Sprintf("the organization lives in %s, the bucket in %s: the data left its region, "+
			"as destination.allow_cross_region: true allows", home, bucket)
		return nil
	}
	return usage(fmt.Errorf("the organization lives in %s, the bucket in %s: the data would leave its region; "+
		"choose a bucket in %s, or set destination.allow_cross_region: true", home, bucket, home))
}

// heedLimits slows the clients down to what the organization allows each
// token; what cannot be read limits nothing, since every answer's headers do.
func (s *session) heedLimits(ctx context.Context) {
	limit, err := s.rateLimit(ctx)
	if err != nil {
		s.log.Info("the organization's rate limit could not be read", "error", err)
		return
	}
	for _, client := range s.clients {
		client.LowerRate(limit)
	}
}

// rateLimit reads how many requests a minute the organization allows a token.
func (s *session) rateLimit(ctx context.Context) (perMinute int, err error) {
	answer, err := s.clients[0].Get(ctx, "/api/v2/organizations/limits/namespaces/platform.api", nil)
	if err != nil {
		return 0, err
	}
	var limits struct {
		Entities []struct {
			Key   string  `json:"key"`
			Value float64 `json:"value"`
		} `json:"entities"`
	}
	if err := json.Unmarshal(answer, &limits); err != nil {
		return 0, fmt.Errorf("limits of platform.api: %w", err)
	}
	for _, limit := range limits.Entities {
		if limit.Key == "client.credentials.token.rate.per.minute" && limit.Value >= 1 {
			perMinute = int(limit.Value)
		}
	}
	if perMinute == 0 {
		return 0, errors.New("limits of platform.api: none for tokens of client credentials")
	}
	return perMinute, nil
}

// identify asks which organization the credentials belong to; all clients
// must belong to the same.
func (s *session) identify(ctx context.Context) error {
	for i, client := range s.clients {
		answer, err := client.Get(ctx, "/api/v2/organizations/me", nil)
		if err != nil {
			return fmt.Errorf("OAuth client %s: %w", client.ID(), err)
		}
		var org organization
		if err := json.Unmarshal(answer, &org); err != nil || org.ID == "" {
			return fmt.Errorf("OAuth client %s: organizations/me gives no organization id: %.200q", client.ID(), answer)
		}
		if i > 0 && org.ID != s.org.ID {
			return usage(fmt.Errorf("source.clients: OAuth client %s belongs to organization %s (%s), source.client_id to %s (%s): "+
				"an export has one organization", client.ID(), org.ID, org.Name, s.org.ID, s.org.Name))
		}
		s.org = org
	}
	return nil
}

// exportID names the export's root in the destination.
func (s *session) exportID() string {
	return s.rehearsal.rootName(cmp.Or(s.cfg.ExportID, s.org.ID))
}

// openDestination prepares the sink; parts remembers multipart uploads.
func (s *session) openDestination(ctx context.Context, parts sink.PartTable) (err error) {
	s.dest, err = sink.Open(ctx, sinkConfig(s.cfg, s.exportID(), parts))
	if err != nil {
		return err
	}
	s.place = s.dest.URL()
	located, ok := s.dest.(sink.Located)
	if !ok || s.cfg.Destination.Endpoint != "" {
		return nil
	}
	region, err := located.Region(ctx)
	if err != nil {
		return err
	}
	return s.residency(region)
}

func sinkConfig(cfg config.Config, root string, parts sink.PartTable) sink.Config {
	d := cfg.Destination
	return sink.Config{
		URL: d.URL, Root: root, Region: d.Region, Endpoint: d.Endpoint, PathStyle: d.PathStyle,
		SSE: d.SSE, KMSKeyID: d.KMSKeyID, ExpectedBucketOwner: d.ExpectedBucketOwner, StorageClass: d.StorageClass,
		Lock:   sink.Lock{Mode: d.ObjectLock.Mode, RetainUntil: d.ObjectLock.RetainUntil},
		Budget: exporter.NewBudget(bufferBytes), Parts: parts,
		Spool: func() (*os.File, error) { return exporter.SpoolFile("") },
		Now:   time.Now,
	}
}

// openJournal opens the state directory for writing, and lets the clock start
// no earlier than the last time that an earlier run was sure of.
func (s *session) openJournal(ctx context.Context, command string) error {
	j, err := journal.Open(ctx, s.cfg.State, journal.Options{
		Now: func() time.Time { return s.clock.Now() }, Command: command,
	})
	if err != nil {
		return err
	}
	s.journal = j
	floor, err := floorOf(ctx, s.cfg, j)
	if err != nil {
		return err
	}
	s.clock = exporter.NewClock(s.now, floor)
	return nil
}

func (s *session) close() error {
	if s.journal == nil {
		return nil
	}
	return s.journal.Close()
}

// A client that may not ask how far the platform's data is complete relies on
// the lag that the platform allows itself (genesys-api.md §5.4).
const lag = 48 * time.Hour

// available asks until when the platform's details are complete.
func (s *session) available(ctx context.Context) (time.Time, error) {
	answer, err := s.clients[0].Get(ctx, "/api/v2/analytics/conversations/details/jobs/availability", nil)
	if errors.Is(err, genesys.ErrPermission) && !s.needsDetails() {
		return s.clock.Now().Add(-lag).UTC(), nil
	}
	if err != nil {
		return time.Time{}, err
	}
	var data struct {
		Date time.Time `json:"dataAvailabilityDate"`
	}
	if err := json.Unmarshal(answer, &data); err != nil {
		return time.Time{}, fmt.Errorf("data availability: %w", err)
	}
	return data.Date.UTC(), nil
}

// needsDetails says whether nothing could be exported without the permission
// to read conversations. What comes with recordings, to tell of them, is nothing
// by itself.
func (s *session) needsDetails() bool {
	return !slices.ContainsFunc(dataset.Catalogue(), func(info exporter.Info) bool {
		return (info.Name != dataset.RetentionName || !contains(s.names, dataset.RecordingsName)) && contains(s.names, info.Name) && !slices.Contains(info.Permissions, dataset.DetailsPermission)
	})
}
