package main

import (
	"errors"

	"exitplan/exporter"
)

// overError is that all windows have closed, with what an extension may still be
// asked for.
type overError struct {
	error
	plan *plan // of the classes that have ended, without a forecast
}

func (o overError) Unwrap() error { return o.error }

func (o overError) Error() string {
	return o.error.Error() + "\n  more time may still be asked for: exitplan extension letter"
}

// asOver tells apart what is over, for which there may be an extension, from what
// never opens.
func (s *session) asOver(err error) error {
	if !errors.Is(err, exporter.ErrWindowClosed) {
		return err
	}
	p := s.overPlan()
	if p == nil {
		return err
	}
	return overError{err, p}
}

// overPlan is what may be asked for once classes have ended; nil for none.
func (s *session) overPlan() *plan {
	p := s.newPlan(s.clock.Now())
	p.Extension = &need{Reason: forClosed}
	for _, class := range s.classes() {
		if d := s.cfg.Contract.Decide(class, p.At); !d.Closes.IsZero() && closed(s.cfg.Contract, class, p.At) {
			p.Endings = append(p.Endings, ending{Class: class, Closes: d.Closes})
			p.Extension.Late = p.Extension.Late || class == exporter.Recordings // the others may be asked for
			p.Extension.Classes = append(p.Extension.Classes, class)
		}
	}
	if len(p.Endings) == 0 {
		return nil
	}
	return p
}
