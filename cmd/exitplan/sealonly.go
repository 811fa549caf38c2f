package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"exitplan/exporter"
	"exitplan/internal/dataset"
)

// sealOnly ends an export as it is, without a request to the platform: each
// unit that was not done becomes an exception.
func (s *session) sealOnly(ctx context.Context, c *cli.Context) error {
	frozen, err := s.journal.Settings(ctx)
	if err != nil {
		return err
	}
	if len(frozen) == 0 {
		return usage(fmt.Errorf("%s holds no export to seal", s.cfg.State))
	}
	s.org.ID, s.org.Name = frozen["organization"], frozen["organization.name"]
	if err := s.openDestination(ctx, nil); err != nil {
		return err
	}
	if err := s.hold(ctx, c, s.settings(frozenLayout(frozen))); err != nil {
		return err
	}
	if err := s.claim(ctx); err != nil {
		return err
	}
	if _, err := s.holdCopy(ctx); err != nil {
		return err
	}
	iv := s.wanted()
	datasets := map[string]exporter.Dataset{}
	for _, d := range dataset.New(s.names, dataset.Settings{API: s.clients, Layout: frozenLayout(frozen)}) {
		datasets[d.Info().Name] = d
		for u, err := range d.Plan(ctx, iv) {
			if err != nil {
				return err
			}
			if err := s.journal.Add(ctx, []exporter.Unit{u}); err != nil {
				return err
			}
		}
	}
	if err := s.journal.WakeAll(ctx); err != nil {
		return err
	}
	for {
		u, err := s.journal.Next(ctx, nil)
		if errors.Is(err, errEOF) {
			break
		}
		if err != nil {
			return err
		}
		reason, detail := exporter.WindowClosed, "sealed before it was exported"
		if _, open := s.cfg.Contract.Until(dataset.ClassOf(u.Dataset), s.clock.Now()); open {
			// Nobody closed the window.
			reason, detail = exporter.FailedItem, detail+", on request, while its window was open"
		}
		e := exporter.UnitException(datasets[u.Dataset], u, reason, detail)
		if err := s.journal.Commit(ctx, exporter.Receipt{
			Unit: u.Key, Outcome: exporter.Failed, Exceptions: []exporter.Exception{e},
		}); err != nil {
			return err
		}
	}
	if err := s.record(ctx, "sealed-early", nil); err != nil {
		return err
	}
	return s.conclude(ctx, c, nil, iv, false)
}
