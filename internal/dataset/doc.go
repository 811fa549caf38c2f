// Package dataset is the catalogue: how each kind of customer data splits
// itself into units, and how one unit is run against the platform's API.
package dataset

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"exitplan/exporter"
	"exitplan/internal/genesys"
)

// Clients are the OAuth clients of one organization. Each has a rate budget
// of its own, so units are dealt out over all of them. Jobs and batch
// requests belong to the client that made them.
type Clients []*genesys.Client

// of returns the client with that id, or any where there is none: a client
// may have left the configuration since.
func (cs Clients) of(id string) *genesys.Client {
	for _, c := range cs {
		if c.ID() == id {
			return c
		}
	}
	return cs[rand.IntN(len(cs))]
}

// Stats sums up what all clients did.
func (cs Clients) Stats() genesys.Stats {
	var sum genesys.Stats
	for _, c := range cs {
		sum.Add(c.Stats())
	}
	return sum
}

// fatal marks the errors that stop the run instead of a unit: no unit will
// fare better until somebody mends the credentials.
func fatal(err error) error {
	if errors.Is(err, genesys.ErrCredentials) {
		return fmt.Errorf("%w: %w", exporter.ErrFatal, err)
	}
	return err
}

// denied states what a unit may not read: another dataset may be open to the
// client, and a later run asks again.
func denied(d exporter.Dataset, u exporter.Unit, r exporter.Receipt, err error) (exporter.Receipt, error) {
	if !errors.Is(err, genesys.ErrPermission) || errors.Is(err, exporter.ErrFatal) {
		return r, err
	}
	u.Attempts++
	return exporter.Receipt{Outcome: exporter.Done, Exceptions: []exporter.Exception{
		exporter.UnitException(d, u, exporter.PermissionDenied, err.Error()),
	}}, nil
}

// pace spaces the polls of asynchronous jobs. It learns how long they take,
// so that a poll rarely comes too early (a wasted call) or late (a wasted
// slot).
type pace struct {
	mu       sync.Mutex
	typical  time.Duration
	patience time.Duration // default longest
}

const (
	firstPoll = 50 * time.Millisecond // before anything was learnt
	slowest   = 15 * time.Second      // between two polls
	longest   = 6 * time.Hour         // for one job; nothing is known to take so long
)

// errStuck: a job shows no end. Its unit asks for another, since a repeat
// would only wait for the same one again.
var errStuck = errors.New("the platform does not finish the job")

// poll calls ready until it says true.
func (p *pace) poll(ctx context.Context, ready func(context.Context) (bool, error)) error {
	p.mu.Lock()
	wait := max(firstPoll, p.typical*9/10)
	p.mu.Unlock()
	patience := cmp.Or(p.patience, longest)
	var waited time.Duration
	for {
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		}
		waited += wait
		ok, err := ready(ctx)
		if err != nil {
			return err
		}
		if ok {
			p.mu.Lock()
			p.typical = (3*p.typical + waited) / 4
			p.mu.Unlock()
			return nil
		}
		if waited >= patience {
			return fmt.Errorf("%w: still not ready after %s", errStuck, waited.Round(time.Second))
		}
		// The longer it takes, the less a poll more or less matters.
		wait = min(max(firstPoll, waited/4), slowest)
	}
}
