package exporter

import (
	"context"
	"io"
	"iter"
	"os"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"
)

// Output is what a running unit works with: where it stores artifacts and
// saves its progress.
type Output struct {
	Sink
	journal   Journal
	meter     *Meter
	transfers *semaphore.Weighted
	hard      context.Context // ends with the window or the program, not with a drain
	clock     *Clock
	spool     string
	open      func(ctx context.Context, path string) (io.ReadCloser, error)
}

// Put stores an object as the sink does, and replaces one that no receipt
// vouches for: what a manifest names is never overwritten, so a difference
// there is ErrConflict.
func (o *Output) Put(ctx context.Context, obj Object, body io.Reader) (Artifact, error) {
	if err := o.announce(ctx, &obj); err != nil {
		return Artifact{}, err
	}
	return o.Sink.Put(ctx, obj, body)
}

// announce tells the journal what is about to be stored, and lets the object
// replace only what no receipt vouches for.
func (o *Output) announce(ctx context.Context, obj *Object) error {
	path := obj.Path
	obj.Replace = func(ctx context.Context) (bool, error) {
		vouched, err := o.journal.Vouched(ctx, path)
		return !vouched, err
	}
	return o.journal.Touch(ctx, path)
}

// Now is the trusted time.
func (o *Output) Now() time.Time { return o.clock.Now() }

// Save commits what a unit has achieved so far; durable on return. The end of
// ctx does not keep it from that: an object that is stored, and that nobody
// recorded, would lie in a bag whose manifest does not name it.
func (o *Output) Save(ctx context.Context, r Receipt) error {
	if err := o.journal.Commit(context.WithoutCancel(ctx), r); err != nil {
		return err
	}
	o.meter.add(r)
	return nil
}

// Vouched says whether a receipt has an artifact of that path; see [Journal].
func (o *Output) Vouched(ctx context.Context, path string) (bool, error) {
	return o.journal.Vouched(ctx, path)
}

// Failed yields the units of a dataset that were given up; see [Journal].
func (o *Output) Failed(ctx context.Context, dataset string) iter.Seq2[Unit, error] {
	return o.journal.Failed(ctx, dataset)
}

// Known yields what the journal knows of a dataset; see [Journal].
func (o *Output) Known(ctx context.Context, dataset, from, to string, unmet bool) iter.Seq2[Known, error] {
	return o.journal.Known(ctx, dataset, from, to, unmet)
}

// Spool makes a temporary file for bytes that must be known whole before they
// are stored. The caller closes it; it has no name by then, so that even a
// killed process leaves nothing behind.
func (o *Output) Spool() (*os.File, error) { return SpoolFile(o.spool) }

// SpoolFile makes a temporary file in dir ("" for the system's) that has no
// name, so that even a killed process leaves nothing behind.
func SpoolFile(dir string) (*os.File, error) {
	f, err := os.CreateTemp(dir, "spool-")
	if err != nil {
		return nil, err
	}
	return f, os.Remove(f.Name())
}

// Open reads back an artifact that an earlier run of the unit stored.
func (o *Output) Open(ctx context.Context, path string) (io.ReadCloser, error) {
	return o.open(ctx, path)
}

// Transfers starts a group of media transfers of one unit, in the pool that
// all units share. ctx is the unit's: once it ends no transfer is started,
// while those in flight may finish unless the window closes.
func (o *Output) Transfers(ctx context.Context) *Transfers {
	group, hard := errgroup.WithContext(o.hard)
	return &Transfers{group: group, start: ctx, run: hard, slots: o.transfers}
}

// Transfers is a group of concurrent media transfers.
type Transfers struct {
	group *errgroup.Group
	start context.Context // no transfer starts after its end
	run   context.Context // transfers run under it
	slots *semaphore.Weighted
}

// Go waits for a free slot, then runs fn in it. It returns false, without
// running fn, once the unit's context has ended or a transfer has failed.
func (t *Transfers) Go(fn func(ctx context.Context) error) bool {
	if t.run.Err() != nil || t.slots.Acquire(t.start, 1) != nil {
		return false
	}
	t.group.Go(func() error {
		defer t.slots.Release(1)
		return fn(t.run)
	})
	return true
}

// Wait returns once every transfer has ended, with the first error; without
// one, with the reason for which Go refused, if it did.
func (t *Transfers) Wait() error {
	if err := t.group.Wait(); err != nil {
		return err
	}
	return context.Cause(t.start)
}
