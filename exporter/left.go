package exporter

import (
	"context"
	"time"
)

// unitWindow is the window of a running unit, which its context carries.
type unitWindow struct {
	clock *Clock
	gate  Gate
	class string
	end   context.CancelCauseFunc // of the unit's context
}

type unitWindowKey struct{}

// Left says how long the unit may go on whose context this is; ok is false
// outside of units. If it is not positive the unit has been ended with
// [ErrWindowClosed]: a timer may be late, and the request that is about to be
// sent must not be. A leap of this machine's date that the platform has not
// refuted counts.
func Left(ctx context.Context) (left time.Duration, ok bool) {
	h, ok := ctx.Value(unitWindowKey{}).(*unitWindow)
	if !ok {
		return 0, false
	}
	if closes, open := h.clock.Open(h.gate, h.class); open {
		left = closes.Sub(h.clock.Now().Add(h.clock.Leapt()))
	}
	if left <= 0 {
		h.end(ErrWindowClosed)
	}
	return left, true
}
