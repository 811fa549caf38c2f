package main

import (
	"context"
	"fmt"
	"time"

	"exitplan/exporter"
	"exitplan/internal/config"
	"exitplan/internal/contract"
)

// guard holds every request to the platform: that of a unit to its class's
// window, any other to those of the selected classes. It is asked right before
// one is sent (genesys.Guard).
func (s *session) guard(ctx context.Context) (time.Duration, error) {
	if s.clock.Leapt() > 0 {
		s.askTime(ctx)
	}
	left, ok := exporter.Left(ctx)
	if !ok {
		left = s.left()
	}
	switch {
	case left > 0:
		return left, nil
	case ok:
		return 0, exporter.ErrWindowClosed
	}
	return 0, s.closed(s.classes()...)
}

// askTime asks the platform for the time once this machine's date has leapt: it
// may have slept, and the window may have closed meanwhile. No API request could
// tell without being one too many. Whoever comes meanwhile waits for the answer.
func (s *session) askTime(ctx context.Context) {
	s.asking.Lock()
	defer s.asking.Unlock()
	// A leap that this machine's date does not tell must be told twice.
	for range 2 {
		if s.clock.Leapt() == 0 {
			return
		}
		asked := s.now()
		if _, err := s.clients[0].Time(ctx); err != nil {
			s.log.Warn("this machine's date has leapt ahead, and the platform did not tell the time: the later of both counts",
				"by", s.clock.Leapt().Round(time.Second).String(), "error", err)
			return
		}
		if s.clock.Asked(asked) {
			return
		}
	}
}

// left is how long any selected class may still be exported; not positive for
// not at all.
func (s *session) left() (left time.Duration) {
	now := s.clock.Now().Add(s.clock.Leapt())
	for _, class := range s.classes() {
		if closes, open := s.clock.Open(s.gate(), class); open {
			left = max(left, closes.Sub(now))
		}
	}
	return left
}

// open says whether a class may be exported now.
func (s *session) open(class string) bool {
	_, open := s.clock.Open(s.gate(), class)
	return open
}

func (s *session) anyOpen() bool {
	for _, class := range s.classes() {
		if s.open(class) {
			return true
		}
	}
	return false
}

// closed says why classes may not be exported now.
func (s *session) closed(classes ...string) error {
	err, now, terms := fmt.Errorf("%w", exporter.ErrWindowClosed), s.clock.Now(), s.cfg.Contract
	if s.terms != nil {
		var tampered error
		if terms, tampered = s.terms.current(); tampered != nil {
			return tampered
		}
	}
	for _, class := range classes {
		d := terms.Decide(class, now)
		if d.Open { // it opens, or closes, in this second
			d.Reason = fmt.Sprintf("by the platform's clock, to the second, it is not certain to be %s", d.Reason)
		}
		err = fmt.Errorf("%w\n  %s: %s", err, class, d.Reason)
	}
	return err
}

// contract is the terms, with what is recorded of extensions meanwhile.
func (s *session) contract() contract.Terms {
	if s.terms != nil {
		if terms, err := s.terms.current(); err == nil {
			return terms
		}
	}
	return s.cfg.Contract
}

// asOfNow is the configuration with these terms.
func (s *session) asOfNow() config.Config {
	cfg := s.cfg
	cfg.Contract = s.contract()
	return cfg
}

// gate is what windows are decided by: the terms, with what is recorded of
// extensions meanwhile.
func (s *session) gate() exporter.Gate {
	if s.terms != nil {
		return s.terms
	}
	return s.cfg.Contract
}
