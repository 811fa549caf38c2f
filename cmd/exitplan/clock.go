package main

import (
	"context"
	"fmt"
	"time"

	"exitplan/internal/config"
	"exitplan/internal/journal"
	"exitplan/internal/ledger"
)

// A clock that is off by more is worth a warning.
const skewTolerated = 2 * time.Minute

// skewWords says how far this machine's clock is off.
func skewWords(skew time.Duration) string {
	way := "ahead of"
	if skew < 0 {
		way = "behind"
	}
	return fmt.Sprintf("this machine's clock was %s %s the platform's", skew.Abs().Round(time.Second), way)
}

// timeBy is the time without asking anybody: earlier runs, which knew the
// platform's, may know better than this machine's clock.
func timeBy(ctx context.Context, j *journal.Journal) (time.Time, error) {
	now := localClock(ctx)()
	last, err := j.LastTime(ctx)
	if last.After(now) {
		now = last
	}
	return now.UTC(), err
}

// floorOf is the latest time that journal or ledger have seen. j may be nil.
func floorOf(ctx context.Context, cfg config.Config, j *journal.Journal) (floor time.Time, err error) {
	if j != nil {
		if floor, err = j.LastTime(ctx); err != nil {
			return floor, err
		}
	}
	entries, err := ledger.Read(cfg.State)
	if last := ledger.Proven(entries); last.After(floor) {
		floor = last
	}
	return floor, err
}

// clockOf says by whose clock an entry of the ledger is recorded.
func (s *session) clockOf() string {
	if s.clock.Trusted() {
		return ""
	}
	return ledger.LocalClock
}

// behindWords says so where this machine's clock runs behind what is known.
func behindWords(now time.Time) string {
	if behind := time.Until(now); behind > skewTolerated {
		return fmt.Sprintf("this machine's clock is %s behind the last time that was recorded, %s, by which windows are decided", behind.Round(time.Second), now.Format(time.RFC3339))
	}
	return ""
}

type clockKey struct{}

// localClock is this machine's clock, unless a test has given the command another.
func localClock(ctx context.Context) func() time.Time {
	if now, ok := ctx.Value(clockKey{}).(func() time.Time); ok {
		return now
	}
	return time.Now
}
