package exporter_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"exitplan/exporter"
)

// The request that is about to be sent asks the clock itself: a timer that should
// end the unit may come late, as after a sleep.
func TestAUnitKnowsHowLongItMayGoOn(t *testing.T) {
	var gone atomic.Int64
	l := &letters{run: func(ctx context.Context, u exporter.Unit, out *exporter.Output) error {
		if left, ok := exporter.Left(ctx); !ok || left > time.Hour || left < 59*time.Minute {
			t.Errorf("left %v, %v", left, ok)
		}
		gone.Store(int64(2 * time.Hour))
		if left, ok := exporter.Left(ctx); !ok || left > 0 || !errors.Is(context.Cause(ctx), exporter.ErrWindowClosed) {
			t.Errorf("left %v, %v, and the context says %v", left, ok, context.Cause(ctx))
		}
		return errors.New("what the end made of it")
	}}
	cfg, j := setUp(t, l)
	cfg.Clock = exporter.NewClock(func() time.Time { return time.Now().Add(time.Duration(gone.Load())) }, time.Time{})
	cfg.Units = 1
	if err := exporter.Run(t.Context(), cfg); !errors.Is(err, exporter.ErrWindowClosed) {
		t.Fatalf("error %v", err)
	}
	if got := tally(t, j); got.Pending != 10 || got.Failed != 0 {
		t.Errorf("tally %+v", got)
	}
	if _, ok := exporter.Left(t.Context()); ok {
		t.Error("outside of units there is nothing left of a unit's window")
	}
}
