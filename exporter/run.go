package exporter

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"
)

// Config is everything that a run needs.
type Config struct {
	Datasets []Dataset
	// Interval is what is planned now: [from, until which data is available).
	Interval Interval
	Journal  Journal
	Sink     Sink
	// Open reads an artifact back from the destination.
	Open func(ctx context.Context, path string) (io.ReadCloser, error)
	Gate Gate
	// Sweep plans nothing, and runs what sleeps now, ready or not.
	Sweep bool
	// Planned is called once the units of the interval are in the journal; nil for
	// nobody. A sweep plans none.
	Planned func(context.Context) error
	// Patience is how long the run waits in all, with nothing else left to do,
	// for what sleeps.
	Patience time.Duration
	Clock    *Clock
	Meter    *Meter

	Units     int // units that run at once; default 8
	Transfers int // media transfers at once, over all units; default 32
	Attempts  int // runs of one unit before it counts as failed; default 3
	// Pause before a failed unit is run again, doubled with each failure.
	Pause time.Duration
	Spool string // folder of temporary files; default the system's
	// Drain, once closed, lets what is in flight finish and starts no more.
	Drain <-chan struct{}
	// Hold stops the run for a while as Drain would, and lets it go on.
	Hold *Hold
	// Margin: so long before its window closes no unit of a class is started,
	// and no transfer. Those in flight may finish until the close, unless Cut
	// stops them with the rest.
	Margin time.Duration
	Cut    bool
	Log    *slog.Logger
}

// After so many units failed without a success between them the cause is not
// in the units, and going on would only burn through the rest of them. Units
// that have had their runs before are not counted: theirs may well be.
const failuresInARow = 25

// Run plans every dataset and works until no unit is pending; those that sleep
// until later stay ([Unit].NotBefore). It returns nil
// then, even if units failed: the journal knows. Otherwise it returns an
// error that wraps [ErrWindowClosed] (units are left that may not be run
// now), [ErrStoppedEarly] (Margin alone keeps units from being run),
// [ErrInterrupted] (Drain or ctx), or [ErrFatal].
//
// Whatever the outcome, what receipts were committed for is safe, and the
// same call goes on where this one ended.
func Run(ctx context.Context, cfg Config) error {
	cfg.defaults()
	s := &scheduler{
		cfg:       cfg,
		datasets:  map[string]Dataset{},
		shut:      map[string]error{},
		failures:  map[string]int{},
		early:     map[string]bool{},
		waits:     map[string]bool{},
		transfers: semaphore.NewWeighted(int64(cfg.Transfers)),
	}
	s.changed = sync.NewCond(&s.mu)
	for _, d := range cfg.Datasets {
		s.datasets[d.Info().Name] = d
		if w, ok := d.(Waiter); ok && w.Waits() {
			s.waits[d.Info().Name] = true
		}
	}
	if err := s.plan(ctx); err != nil {
		return err
	}
	if cfg.Planned != nil && !cfg.Sweep {
		if err := cfg.Planned(ctx); err != nil {
			return err
		}
	}
	if _, _, err := s.wakeUp(ctx); err != nil {
		return err
	}
	soft, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	go func() {
		select {
		case <-cfg.Drain:
			stop(ErrInterrupted)
		case <-soft.Done():
		}
		s.wake()
	}()
	go s.watchHold(soft)
	var group errgroup.Group
	for range cfg.Units {
		group.Go(func() error {
			err := s.work(ctx, soft)
			if err != nil {
				stop(err)
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return s.left()
}

func (cfg *Config) defaults() {
	for _, d := range []struct {
		field *int
		value int
	}{{&cfg.Units, 8}, {&cfg.Transfers, 32}, {&cfg.Attempts, 3}} {
		if *d.field <= 0 {
			*d.field = d.value
		}
	}
	if cfg.Pause <= 0 {
		cfg.Pause = time.Second
	}
	if cfg.Meter == nil {
		cfg.Meter = &Meter{}
	}
	if cfg.Hold == nil {
		cfg.Hold = &Hold{}
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
}

// scheduler hands units to workers.
type scheduler struct {
	cfg       Config
	datasets  map[string]Dataset
	transfers *semaphore.Weighted

	mu       sync.Mutex
	changed  *sync.Cond       // a unit ended, or the run is ending
	running  int              // units handed out
	waits    map[string]bool  // datasets whose units mostly wait
	waiting  int              // units of these that are handed out
	early    map[string]bool  // datasets whose sleeping units were woken early
	ticking  bool             // somebody will wake the workers in a while
	until    time.Time        // what sleeps is waited for until then
	shut     map[string]error // datasets of which nothing is started, and why; nil for one not selected
	failures map[string]int   // failed runs in this process, by unit
	inARow   int              // units that failed since the last success
}

// plan adds the units of every dataset to the journal, in batches.
func (s *scheduler) plan(ctx context.Context) error {
	if s.cfg.Sweep {
		return nil
	}
	const batch = 500
	var units []Unit
	for _, d := range s.cfg.Datasets {
		for u, err := range d.Plan(ctx, s.cfg.Interval) {
			if err != nil {
				return fmt.Errorf("plan %s: %w", d.Info().Name, err)
			}
			if units = append(units, u); len(units) == batch {
				if err := s.cfg.Journal.Add(ctx, units); err != nil {
					return err
				}
				units = units[:0]
			}
		}
	}
	return s.cfg.Journal.Add(ctx, units)
}

// work runs units until none is pending and none is running that might
// discover more. soft ends when the run should come to a stop.
func (s *scheduler) work(ctx, soft context.Context) error {
	for {
		u, err := s.next(soft)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		err = s.one(ctx, soft, u)
		s.mu.Lock()
		s.running--
		if s.waits[u.Dataset] {
			s.waiting--
		}
		s.mu.Unlock()
		s.wake()
		if err != nil {
			return err
		}
	}
}

// next waits for a unit that may run.
func (s *scheduler) next(soft context.Context) (Unit, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		if soft.Err() != nil {
			return Unit{}, interruption(soft)
		}
		if s.heldBack() {
			s.changed.Wait()
			continue
		}
		skip := make([]string, 0, len(s.shut))
		for name := range s.shut {
			skip = append(skip, name)
		}
		u, err := s.take(soft, skip)
		if err == nil {
			return u, nil
		}
		if !errors.Is(err, io.EOF) {
			if soft.Err() != nil {
				return Unit{}, interruption(soft)
			}
			return Unit{}, err
		}
		if s.running > 0 {
			s.changed.Wait()
			continue
		}
		n, next, err := s.wakeUp(soft)
		switch {
		case err != nil:
			return Unit{}, err
		case n > 0:
		case s.patient(next):
			s.changed.Wait()
		default:
			s.changed.Broadcast()
			return Unit{}, io.EOF
		}
	}
}

// take has the journal hand out a unit: where half of those that run mostly wait,
// one of another dataset if there is any.
func (s *scheduler) take(ctx context.Context, skip []string) (u Unit, err error) {
	err = io.EOF
	if s.waiting >= max(1, s.cfg.Units/2) {
		u, err = s.cfg.Journal.Next(ctx, slices.Collect(maps.Keys(s.waits)), skip...)
	}
	if errors.Is(err, io.EOF) {
		u, err = s.cfg.Journal.Next(ctx, nil, skip...)
	}
	if err == nil {
		s.running++
		if s.waits[u.Dataset] {
			s.waiting++
		}
	}
	return u, err
}

func (s *scheduler) wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changed.Broadcast()
}

// one runs one unit once. An error ends the whole run.
func (s *scheduler) one(ctx, soft context.Context, u Unit) error {
	giveBack := func() error {
		return s.cfg.Journal.Release(context.WithoutCancel(ctx), u.Key)
	}
	d, ok := s.datasets[u.Dataset]
	if !ok { // selected in an earlier run, not in this one
		s.close(u.Dataset, nil)
		return giveBack()
	}
	w := s.window(d.Info().Class)
	if w.shut != nil {
		s.close(u.Dataset, w.shut)
		return giveBack()
	}

	hard, release := s.endingAt(ctx, d.Info().Class, 0, ErrWindowClosed)
	defer release()
	early := hard
	if s.cfg.Margin > 0 {
		early, release = s.endingAt(hard, d.Info().Class, s.cfg.Margin, ErrStoppedEarly)
		defer release()
	}
	if s.cfg.Cut {
		hard = early
	}
	unitCtx, cancel := context.WithCancelCause(early)
	defer cancel(nil)
	defer context.AfterFunc(soft, func() { cancel(interruption(soft)) })()
	free := s.cfg.Hold.free()
	defer context.AfterFunc(free, func() { cancel(errHeld) })()

	out := &Output{
		Sink: s.cfg.Sink, journal: s.cfg.Journal, meter: s.cfg.Meter,
		transfers: s.transfers, hard: hard, clock: s.cfg.Clock, spool: s.cfg.Spool, open: s.cfg.Open,
	}
	log := s.cfg.Log.With("unit", u.Key, "attempt", u.Attempts+1)
	log.Debug("unit starts")
	receipt, err := d.Run(unitCtx, u, out)
	if err == nil {
		receipt.Unit = u.Key
		err = out.Save(context.WithoutCancel(hard), receipt)
	}
	switch {
	case err == nil:
		s.succeeded(u.Key)
		log.Debug("unit ends", "exceptions", len(receipt.Exceptions), "discovered", len(receipt.Discovered))
		return nil
	case errors.Is(context.Cause(early), ErrWindowClosed), errors.Is(context.Cause(early), ErrStoppedEarly):
		s.close(u.Dataset, context.Cause(early))
		return giveBack()
	case soft.Err() != nil:
		return errors.Join(interruption(soft), giveBack())
	case free.Err() != nil: // it goes on from its checkpoint
		return giveBack()
	case errors.Is(err, ErrFatal):
		return errors.Join(fmt.Errorf("%s: %w", u.Key, err), giveBack())
	}
	return s.failed(ctx, unitCtx, u, err, log, giveBack)
}

// failed decides what becomes of a unit whose run failed: run again after a
// pause, or given up with the error as its exception.
func (s *scheduler) failed(ctx, unitCtx context.Context, u Unit, err error, log *slog.Logger, giveBack func() error) error {
	s.mu.Lock()
	s.failures[u.Key]++
	if s.failures[u.Key] == 1 && u.Attempts < s.cfg.Attempts {
		s.inARow++
	}
	tries, inARow := s.failures[u.Key], s.inARow
	s.mu.Unlock()
	if inARow >= failuresInARow {
		return errors.Join(fmt.Errorf("%w: %d units failed one after another, the last one %s: %w",
			ErrFatal, inARow, u.Key, err), giveBack())
	}
	if tries < s.cfg.Attempts && !errors.Is(err, ErrConflict) {
		log.Warn("unit failed, will be run again", "error", err)
		select {
		case <-time.After(s.cfg.Pause << (tries - 1)):
		case <-unitCtx.Done():
		}
		return giveBack()
	}
	log.Error("unit failed", "error", err)
	e := UnitException(s.datasets[u.Dataset], u, FailedItem, err.Error())
	e.Attempts++ // this one
	return s.cfg.Journal.Commit(context.WithoutCancel(ctx), Receipt{Unit: u.Key, Outcome: Failed, Exceptions: []Exception{e}})
}

func (s *scheduler) succeeded(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.failures, key)
	s.inARow = 0
}

// interruption is why a context ended, as ErrInterrupted unless it says
// something more specific.
func interruption(ctx context.Context) error {
	cause := context.Cause(ctx)
	if errors.Is(cause, ErrInterrupted) || errors.Is(cause, ErrFatal) {
		return cause
	}
	return fmt.Errorf("%w: %w", ErrInterrupted, cause)
}
