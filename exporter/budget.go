package exporter

import (
	"context"

	"golang.org/x/sync/semaphore"
)

// Budget bounds the bytes that all buffers of an export hold together.
//
// Hold at most one grant at a time in one goroutine: whoever waits for a
// second while holding a first can wait for ever.
type Budget struct {
	sem *semaphore.Weighted
	max int64
}

// NewBudget allows max bytes in all.
func NewBudget(max int64) *Budget {
	return &Budget{sem: semaphore.NewWeighted(max), max: max}
}

// Acquire waits until n bytes are free, and returns the function that gives
// them back. A wish larger than the whole budget takes all of it.
func (b *Budget) Acquire(ctx context.Context, n int64) (release func(), err error) {
	n = min(n, b.max)
	if err := b.sem.Acquire(ctx, n); err != nil {
		return nil, context.Cause(ctx)
	}
	return func() { b.sem.Release(n) }, nil
}
