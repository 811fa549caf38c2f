// Package dataset is the catalogue: how each kind of customer data splits
// itself into units, and how one unit is run against the platform's API.
package dataset

import (
	"errors"
	"fmt"
	"math/rand/v2"

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
