package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/sync/errgroup"

	"exitplan/exporter"
	"exitplan/internal/dataset"
	"exitplan/internal/forecast"
	"exitplan/internal/genesys"
)

func planCommand() *cli.Command {
	return &cli.Command{
		Name: "plan", Usage: "say what there is, what it takes, and whether the window lasts for it",
		Description: "Before an export it asks the platform, with about 30 calls whatever the size, and reads a few recordings\n" +
			"to see how fast they come; nothing is stored. Once an export has begun it goes by the journal and the rate of late.\n" +
			"It changes nothing.\n" +
			"Exit codes: 0 it fits, 7 the window closes first in one case of ten or more, 4 window closed, 6 credentials or permissions, 64 configuration.",
		Flags: planFlags(),
		Action: func(c *cli.Context) error {
			p, err := makePlan(c)
			if err != nil {
				return err
			}
			if c.Bool("json") {
				err = printJSON(p)
			} else {
				err = p.text()
			}
			return errors.Join(err, p.err())
		},
	}
}

func planFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "no-sample", Usage: "read no recordings to see how large they are and how fast they come"},
		&cli.BoolFlag{Name: "full", Usage: "read the retention query to its end: a call for each 500 recordings"},
	}
}

// plan is what there is to export, what that takes, and how it will end.
type plan struct {
	At           time.Time       `json:"at"`
	Customer     string          `json:"customer,omitempty"`
	Zone         string          `json:"time_zone,omitempty"`
	Termination  time.Time       `json:"termination,omitzero"`
	Organization organization    `json:"organization"`
	Measured     bool            `json:"measured"` // by a run, instead of estimated
	Inventory    *inventory      `json:"inventory,omitempty"`
	Settings     planSettings    `json:"settings"`
	Datasets     []planned       `json:"datasets"`
	Calls        float64         `json:"calls"`
	Supply       forecast.Supply `json:"supply"`
	Endings      []ending        `json:"classes"`
	// Guessed: an export has begun, and too little was measured of it yet.
	Guessed bool `json:"guessed,omitempty"`
	// Begun: an export has begun, and its journal does not tell yet how much there
	// is, so that the platform was asked, as if nothing were done.
	Begun bool `json:"begun,omitempty"`
	// Untaken are days that the export has not planned yet.
	Untaken   *untaken `json:"untaken,omitempty"`
	Fits      bool     `json:"fits"`
	Gains     []gain   `json:"gains"`
	Extension *need    `json:"extension,omitempty"` // where it does not fit, or days come too late
	// Unavailable are days that the platform may complete only after the close.
	Unavailable *lateDays `json:"unavailable,omitempty"`
	Retention   retained  `json:"retention"`
	Asked       int64     `json:"asked"` // calls that this plan made

	zone  *time.Location
	vague bool // the journal does not tell enough
	// closed is what to ask for where nothing is left but days that nobody took.
	closed *plan
}

// planSettings are those that decide.
type planSettings struct {
	RequestsPerMinute int     `json:"requests_per_minute"`
	Allowed           int     `json:"allowed_per_minute,omitempty"` // by the organization, each client
	Headroom          float64 `json:"headroom"`
	Clients           int     `json:"clients"`
	Method            string  `json:"recordings_method"`
	Metadata          string  `json:"recordings_metadata"`
}

// makePlan is the plan, from the journal where an export has begun.
func makePlan(c *cli.Context) (*plan, error) {
	s, err := newSession(c)
	if err != nil {
		return nil, err
	}
	ctx := c.Context
	begun, err := s.planOfBegun(ctx)
	if err != nil || begun != nil && !begun.vague {
		return begun, err
	}
	p, err := s.plan(ctx, !c.Bool("no-sample"), c.Bool("full"))
	switch {
	case begun == nil || ctx.Err() != nil:
	case errors.Is(err, exporter.ErrWindowClosed): // nobody can be asked
		return begun, nil
	case err == nil:
		p.Begun, p.closed = true, begun.closed
		if u := begun.Untaken; u != nil && len(u.Closed) > 0 { // the others are counted again
			p.Untaken, p.Fits = u, false
		}
	case !errors.Is(err, genesys.ErrCredentials):
		s.log.Warn("the platform was asked how much there is, and did not tell: the plan goes by what is known", "error", err)
		begun.Fits = false
		return begun, nil
	}
	return p, err
}

// plan asks the platform.
func (s *session) plan(ctx context.Context, sample, full bool) (*plan, error) {
	if err := s.checkWindow(ctx); err != nil && s.closedForGood(s.clock.Now()) {
		return nil, s.asOver(err)
	}
	if err := s.identify(ctx); err != nil {
		return nil, err
	}
	limit, err := s.rateLimit(ctx)
	if err != nil {
		s.log.Info("the organization's rate limit could not be read", "error", err)
	} else {
		for _, client := range s.clients {
			client.LowerRate(limit)
		}
	}
	p := s.newPlan(s.clock.Now())
	p.Settings.Allowed = limit
	group, together := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		p.Inventory, err = s.stock(together, sample)
		return err
	})
	if contains(s.names, dataset.RecordingsName) {
		group.Go(func() (err error) {
			p.Retention, err = s.retention(together, full)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	if err := p.Inventory.calibrate(s.cfg.State); err != nil {
		return nil, err
	}
	sc := s.asConfigured()
	p.Unavailable = s.unavailable(p.Inventory, sc, limit)
	p.fill(sc, limit)
	p.Retention.hold(p.At, p.recordingsPerHour(sc))
	p.Gains = append(p.Gains, p.gains(sc, limit)...)
	p.Extension = p.need(s.cfg.Contract)
	p.Asked = s.clients.Stats().Requests
	return p, nil
}

func (s *session) newPlan(now time.Time) *plan {
	p := &plan{At: now.UTC(), Customer: s.cfg.Contract.Customer, Termination: s.cfg.Contract.Termination, Organization: s.org,
		Datasets: []planned{}, Endings: []ending{}, Gains: []gain{}, Settings: planSettings{
			RequestsPerMinute: s.cfg.Source.RequestsPerMinute, Headroom: s.cfg.Source.Headroom, Clients: len(s.clients),
			Method: s.cfg.Recordings.Method, Metadata: s.cfg.Recordings.Metadata,
		}}
	p.setZone(s.cfg.Contract.Zone)
	return p
}

func (p *plan) setZone(zone *time.Location) {
	if p.zone = zone; zone == nil {
		p.zone = time.UTC
	}
	p.Zone = p.zone.String()
}

// fill says what a scenario takes and how it ends.
func (p *plan) fill(sc scenario, limit int) {
	loads, assumed := sc.loads(p.Inventory, p.At)
	p.Supply = sc.supply(p.Inventory, limit)
	perHour := p.Supply.CallsPerMinute.Mid * 60
	p.Calls = dataset.StartCalls
	for _, l := range loads {
		p.Calls += l.Calls.Mid
		p.Datasets = append(p.Datasets, planned{Load: l, Assumed: assumed[l.Dataset], Hours: l.Calls.Mid / max(1, perHour)})
	}
	slices.SortStableFunc(p.Datasets, func(a, b planned) int { return cmp.Compare(b.Calls.Mid, a.Calls.Mid) })
	p.Endings = append([]ending{}, endings(sc.cfg.Contract, classes, loads, p.Supply, p.At)...)
	_, _, p.Fits = inAll(p.Endings)
}

func (p *plan) err() error {
	if p.Fits {
		return nil
	}
	return said{errForecast}
}

// recordingsPerHour is how many recordings the budget of calls allows an hour,
// while nothing else is asked for.
func (p *plan) recordingsPerHour(sc scenario) float64 {
	for _, d := range p.Datasets {
		if d.Dataset == dataset.RecordingsName && d.Hours > 0 {
			return d.Records.Mid / d.Hours
		}
	}
	return 0
}

// noPlan explains what is wrong with a saved plan.
func noPlan(file string, err error) error {
	return usage(fmt.Errorf("--plan %s: %w; save one with: exitplan plan --json > %s", file, err, file))
}
