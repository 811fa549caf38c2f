package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// interrupts decides what Ctrl-C (or SIGTERM) means: while units run, the
// first one drains them; at any other time, and for the second one, the
// command is cancelled. The one after that is left to the system, which kills.
type interrupts struct {
	cancel context.CancelCauseFunc

	mu       sync.Mutex
	drain    chan struct{} // nil unless armed
	draining bool
}

// untilInterrupted gives a context that a signal cancels, unless what handles
// the signals is armed.
func untilInterrupted(ctx context.Context) (context.Context, *interrupts, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	i := &interrupts{cancel: cancel}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		defer signal.Stop(signals)
		for {
			select {
			case <-signals:
				if i.take() {
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	return ctx, i, func() { signal.Stop(signals); cancel(nil) }
}

// take acts on one signal; final says that the next is not ours.
func (i *interrupts) take() (final bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.drain != nil && !i.draining {
		i.draining = true
		close(i.drain)
		return false
	}
	i.cancel(errStoppedNow)
	return true
}

// arm lets the first signal close drain, until disarm is called.
func (i *interrupts) arm() (drain <-chan struct{}, disarm func()) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.drain, i.draining = make(chan struct{}), false
	return i.drain, func() {
		i.mu.Lock()
		defer i.mu.Unlock()
		i.drain = nil
	}
}

// stopped makes an error that somebody's signal led to say so: what was
// cancelled reports it in many ways.
func stopped(ctx context.Context, err error) error {
	if err == nil || !errors.Is(context.Cause(ctx), errStoppedNow) || errors.Is(err, errStoppedNow) {
		return err
	}
	return fmt.Errorf("%w: %w", errStoppedNow, err)
}
