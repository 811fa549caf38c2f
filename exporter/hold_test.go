package exporter_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"exitplan/exporter"
)

// A held run starts nothing and keeps every unit; it goes on when it may.
func TestAHeldRunStartsNothingUntilItGoesOn(t *testing.T) {
	hold := &exporter.Hold{}
	var started, cut atomic.Int32
	l := &letters{run: func(ctx context.Context, _ exporter.Unit, out *exporter.Output) error {
		if started.Add(1) > 8 {
			return nil
		}
		group := out.Transfers(ctx)
		group.Go(func(tctx context.Context) error {
			<-ctx.Done() // the unit is told to stop, its transfer is not
			return tctx.Err()
		})
		cut.Add(1)
		return group.Wait()
	}}
	cfg, j := setUp(t, l)
	cfg.Hold = hold
	ended := make(chan error, 1)
	go func() { ended <- exporter.Run(t.Context(), cfg) }()
	for cut.Load() < 8 {
		time.Sleep(time.Millisecond)
	}
	hold.Set(true)
	hold.Set(true) // says nothing new
	for tally(t, j).Running > 0 {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(50 * time.Millisecond)
	select {
	case err := <-ended:
		t.Fatal("it ended while held:", err)
	default:
	}
	if got := tally(t, j); got.Pending != 10 || got.Failed != 0 || started.Load() != 8 {
		t.Fatalf("%d units started, tally %+v", started.Load(), got)
	}
	hold.Set(false)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if got := tally(t, j); got.Done != 20 || got.Failed != 0 {
		t.Fatalf("tally %+v", got)
	}
}

func TestAHeldRunEndsWithItsWindowAndWithADrain(t *testing.T) {
	for name, want := range map[string]error{"window": exporter.ErrWindowClosed, "drain": exporter.ErrInterrupted} {
		l := &letters{}
		cfg, j := setUp(t, l)
		cfg.Hold = &exporter.Hold{}
		cfg.Hold.Set(true)
		drain := make(chan struct{})
		if cfg.Drain = drain; name == "drain" {
			time.AfterFunc(20*time.Millisecond, func() { close(drain) })
		} else {
			cfg.Gate = gate{closes: time.Now().Add(50 * time.Millisecond)}
		}
		if err := exporter.Run(t.Context(), cfg); !errors.Is(err, want) {
			t.Errorf("%s: %v", name, err)
		}
		if got := tally(t, j); got.Pending != 10 || len(l.runs) != 0 {
			t.Errorf("%s: tally %+v, runs %v", name, got, l.runs)
		}
	}
}

// At the margin before the close nothing new begins. What is in flight may
// finish until the close, or is cut with the rest.
func TestTheMarginBeforeTheClose(t *testing.T) {
	for _, test := range []struct {
		name     string
		cut      bool
		takes    time.Duration // by a transfer, once its unit is told to stop
		finished int32
		want     error
	}{
		{"drained", false, 10 * time.Millisecond, 8, exporter.ErrStoppedEarly},
		{"drained, and cut by the close", false, time.Hour, 0, exporter.ErrWindowClosed},
		{"cut", true, 10 * time.Millisecond, 0, exporter.ErrStoppedEarly},
	} {
		t.Run(test.name, func(t *testing.T) {
			var started, finished atomic.Int32
			l := &letters{run: func(ctx context.Context, _ exporter.Unit, out *exporter.Output) error {
				group := out.Transfers(ctx)
				started.Add(1)
				group.Go(func(tctx context.Context) error {
					<-ctx.Done()
					select {
					case <-time.After(test.takes):
						finished.Add(1)
						return nil
					case <-tctx.Done():
						return context.Cause(tctx)
					}
				})
				return group.Wait()
			}}
			cfg, j := setUp(t, l)
			cfg.Cut, cfg.Margin = test.cut, time.Hour
			closes := time.Now().Add(cfg.Margin + 100*time.Millisecond)
			if test.want == exporter.ErrWindowClosed {
				cfg.Margin = 200 * time.Millisecond
				closes = time.Now().Add(300 * time.Millisecond)
			}
			cfg.Gate = gate{closes: closes}
			err := exporter.Run(t.Context(), cfg)
			if !errors.Is(err, test.want) || errors.Is(err, exporter.ErrStoppedEarly) == errors.Is(err, exporter.ErrWindowClosed) {
				t.Errorf("error %v", err)
			}
			if started.Load() != 8 || finished.Load() != test.finished {
				t.Errorf("%d transfers started, %d finished, want 8 and %d", started.Load(), finished.Load(), test.finished)
			}
			if got := tally(t, j); got.Pending != 10 || got.Running != 0 {
				t.Fatalf("tally %+v", got)
			}
			// With no margin the same call goes on.
			l.run, cfg.Margin, cfg.Gate = nil, 0, gate{closes: time.Now().Add(time.Hour)}
			if err := exporter.Run(t.Context(), cfg); err != nil {
				t.Fatal(err)
			}
			if got := tally(t, j); got.Done != 20 {
				t.Fatalf("tally %+v", got)
			}
		})
	}
}
