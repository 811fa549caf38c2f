package main

import (
	"context"
	"time"
)

type clockKey struct{}

// localClock is this machine's clock, unless a test has given the command another.
func localClock(ctx context.Context) func() time.Time {
	if now, ok := ctx.Value(clockKey{}).(func() time.Time); ok {
		return now
	}
	return time.Now
}
