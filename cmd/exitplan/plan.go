package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"exitplan/exporter"
	"exitplan/internal/config"
	"exitplan/internal/dataset"
	"exitplan/internal/genesys"
	"exitplan/internal/journal"
)

func planCommand() *cli.Command {
	return &cli.Command{
		Name: "plan", Usage: "hold the recordings that are left against what retention deletes meanwhile",
		Description: "Before an export it asks the platform (a call for each 500 recordings) and goes by the budget of calls;\n" +
			"once one has begun, by the journal and the rate of late. It changes nothing.",
		Action: func(c *cli.Context) error {
			s, err := newSession(c)
			if err != nil {
				return err
			}
			if !contains(s.names, dataset.RecordingsName) {
				return usage(errors.New("plan is about recordings, and source.datasets selects none"))
			}
			p, err := s.plan(c.Context)
			if err != nil {
				return err
			}
			if c.Bool("json") {
				return printJSON(p)
			}
			return p.text()
		},
	}
}

// plan is what is to be exported of recordings, and how that will go.
type plan struct {
	Recordings int64 `json:"recordings"`         // of the interval, that are left
	Archived   int64 `json:"archived,omitempty"` // of them; known before an export alone
	// PerHour is what the budget of calls allows, or what was stored of late.
	PerHour  float64 `json:"per_hour"`
	Measured bool    `json:"measured"`
	Race     race    `json:"race"`
}

func (s *session) plan(ctx context.Context) (plan, error) {
	j, err := journal.Open(ctx, s.cfg.State, journal.Options{ReadOnly: true})
	if err == nil {
		defer j.Close()
		return planFromJournal(ctx, j)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return plan{}, err
	}
	if err := s.checkWindow(ctx); err != nil {
		return plan{}, err
	}
	if !s.open(exporter.Recordings) {
		return plan{}, s.closed(exporter.Recordings)
	}
	if err := s.identify(ctx); err != nil {
		return plan{}, err
	}
	s.heedLimits(ctx)
	p, deadlines, err := s.retained(ctx)
	if err != nil {
		return plan{}, err
	}
	p.PerHour = s.allowed(ctx)
	p.Race = against(deadlines, p.PerHour, s.clock.Now())
	return p, nil
}

func planFromJournal(ctx context.Context, j *journal.Journal) (p plan, err error) {
	tally, err := j.Tally(ctx)
	if err != nil {
		return p, err
	}
	settings, err := j.Settings(ctx)
	if err != nil {
		return p, err
	}
	activity, err := j.Activity(ctx, lately)
	if err != nil {
		return p, err
	}
	now, err := timeBy(ctx, j)
	if err != nil {
		return p, err
	}
	p.PerHour = recordingsPerHour(tally, activity)
	p.Measured = p.PerHour > 0
	if p.Race, err = raceOf(ctx, j, settings, nil, p.PerHour, now); err != nil {
		return p, err
	}
	p.Recordings = p.Race.Left
	return p, nil
}

// retained asks what there is, and when it is deleted.
func (s *session) retained(ctx context.Context) (p plan, deadlines []journal.Deadline, err error) {
	iv, hours := s.wanted(), map[time.Time]int64{}
	listing := genesys.Listing{
		Path: "/api/v2/recordings/retention/query", Query: url.Values{"retentionThresholdDays": {"0"}}, Style: genesys.NextURI, PageSize: 500,
	}
	for raw, err := range s.clients[0].Rows(ctx, listing) {
		if err != nil {
			return p, nil, fmt.Errorf("what retention has of recordings: %w", err)
		}
		var row struct {
			CreationTime, DeleteDate, ArchiveDate time.Time
		}
		if json.Unmarshal(raw, &row) != nil || !iv.Contains(row.CreationTime) {
			continue
		}
		p.Recordings++
		if !row.ArchiveDate.IsZero() && row.ArchiveDate.Before(s.clock.Now()) {
			p.Archived++
		}
		if !row.DeleteDate.IsZero() {
			hours[row.DeleteDate.UTC().Truncate(time.Hour)]++
		}
	}
	for _, hour := range slices.SortedFunc(maps.Keys(hours), time.Time.Compare) {
		deadlines = append(deadlines, journal.Deadline{Hour: hour, Items: hours[hour]})
	}
	return p, deadlines, nil
}

// allowed is how many recordings an hour the budget of calls allows, if media
// are no bottleneck: a batch request and two answers for 100 conversations, and
// with full metadata a call for each.
func (s *session) allowed(ctx context.Context) float64 {
	perMinute := s.cfg.Source.RequestsPerMinute
	if limit, err := s.rateLimit(ctx); err == nil {
		perMinute = min(perMinute, limit)
	}
	calls := 3.0
	if s.cfg.Recordings.Metadata == config.MetadataFull && s.cfg.Recordings.Method == config.MethodPull {
		calls += 100
	}
	return float64(perMinute) * (1 - s.cfg.Source.Headroom) * float64(len(s.clients)) * 60 * 100 / calls
}

func (p plan) text() error {
	rate := "by the budget of calls alone; what the network and the platform allow, only a run can tell"
	if p.Measured {
		rate = "as in the last hour of activity"
	}
	fmt.Fprintf(os.Stdout, "Recordings left  %s\n", count(p.Recordings))
	if p.Archived > 0 {
		fmt.Fprintf(os.Stdout, "Of them archived %s: 'exitplan export --restore-archived' has them restored\n", count(p.Archived))
	}
	if p.PerHour > 0 {
		fmt.Fprintf(os.Stdout, "Rate             up to %s an hour, %s: %s\n", count(int64(p.PerHour)), rate, span(seconds(float64(p.Recordings)/p.PerHour*3600)))
	}
	words := p.Race.words()
	if words == "" {
		words = "Retention deletes none of them."
	}
	_, err := fmt.Fprintf(os.Stdout, "Retention        %s\n", words)
	return err
}
