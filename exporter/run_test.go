package exporter_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"exitplan/exporter"
	"exitplan/internal/journal"
)

// letters is a dataset of one unit a day that stores one object and discovers
// one further unit. Its behaviour can be bent.
type letters struct {
	class string
	run   func(ctx context.Context, u exporter.Unit, out *exporter.Output) error

	mu   sync.Mutex
	runs map[string]int
}

func (l *letters) Info() exporter.Info {
	class := l.class
	if class == "" {
		class = exporter.Metrics
	}
	return exporter.Info{Name: "letters", Class: class, Group: "post"}
}

func (l *letters) Plan(_ context.Context, iv exporter.Interval) iter.Seq2[exporter.Unit, error] {
	return func(yield func(exporter.Unit, error) bool) {
		for _, day := range iv.Days() {
			if !yield(exporter.Unit{Dataset: "letters", Key: "letters/" + day.From.Format(time.DateOnly)}, nil) {
				return
			}
		}
	}
}

func (l *letters) Run(ctx context.Context, u exporter.Unit, out *exporter.Output) (exporter.Receipt, error) {
	l.mu.Lock()
	if l.runs == nil {
		l.runs = map[string]int{}
	}
	l.runs[u.Key]++
	l.mu.Unlock()
	if l.run != nil {
		if err := l.run(ctx, u, out); err != nil {
			return exporter.Receipt{}, err
		}
	}
	name := strings.ReplaceAll(strings.TrimPrefix(u.Key, "letters/"), "/", "-")
	a, err := out.Put(ctx, exporter.Object{Path: "bags/post-2026/data/letters/" + name, Size: int64(len(u.Key))},
		strings.NewReader(u.Key))
	if err != nil {
		return exporter.Receipt{}, err
	}
	a.Dataset, a.Item, a.Records = "letters", u.Key, 1
	r := exporter.Receipt{Outcome: exporter.Done, Artifacts: []exporter.Artifact{a}}
	if !strings.HasSuffix(u.Key, "/reply") {
		r.Discovered = []exporter.Unit{{Dataset: "letters", Key: u.Key + "/reply"}}
	}
	return r, nil
}

// memory is a sink that only remembers names; the real ones have a suite of
// their own.
type memory struct{ stored sync.Map }

func (m *memory) Put(_ context.Context, obj exporter.Object, body io.Reader) (exporter.Artifact, error) {
	text, err := io.ReadAll(body)
	if err != nil {
		return exporter.Artifact{}, err
	}
	m.stored.Store(obj.Path, text)
	return exporter.Artifact{Path: obj.Path, Bytes: int64(len(text)), SHA256: strings.Repeat("0", 64)}, nil
}

// gate is open until an instant, for every class but those named.
type gate struct {
	closes time.Time
	shut   string
}

func (g gate) Until(class string, now time.Time) (time.Time, bool) {
	return g.closes, class != g.shut && now.Before(g.closes)
}

var march = exporter.Interval{
	From: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC),
	To:   time.Date(2026, 3, 11, 0, 0, 0, 0, time.UTC),
}

func setUp(t *testing.T, datasets ...exporter.Dataset) (exporter.Config, *journal.Journal) {
	t.Helper()
	j, err := journal.Open(t.Context(), t.TempDir(), journal.Options{Now: time.Now, Command: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return exporter.Config{
		Datasets: datasets, Interval: march, Journal: j, Sink: &memory{},
		Gate:  gate{closes: time.Now().Add(time.Hour)},
		Clock: exporter.NewClock(time.Now, time.Time{}),
		Pause: time.Millisecond, Spool: t.TempDir(), Meter: &exporter.Meter{},
	}, j
}

func tally(t *testing.T, j *journal.Journal) journal.Counts {
	t.Helper()
	tally, err := j.Tally(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return tally.Total
}

func TestRunDoesEveryUnitOnceAndWhatIsDiscovered(t *testing.T) {
	l := &letters{}
	cfg, j := setUp(t, l)
	for range 2 { // the second time there is nothing left
		if err := exporter.Run(t.Context(), cfg); err != nil {
			t.Fatal(err)
		}
	}
	if got := tally(t, j); got.Done != 20 || got.Pending != 0 || got.Artifacts != 20 {
		t.Fatalf("tally %+v, want 20 units done", got)
	}
	for key, n := range l.runs {
		if n != 1 {
			t.Errorf("%s was run %d times", key, n)
		}
	}
	if got := cfg.Meter.Units.Load(); got != 20 {
		t.Errorf("the meter counts %d units", got)
	}
}

func TestAUnitThatFailsIsRunAgainFromItsCheckpoint(t *testing.T) {
	l := &letters{run: func(ctx context.Context, u exporter.Unit, out *exporter.Output) error {
		if u.Attempts == 0 {
			if err := out.Save(ctx, exporter.Receipt{Unit: u.Key, Checkpoint: json.RawMessage(`"half"`)}); err != nil {
				return err
			}
			return errors.New("lost the connection")
		}
		if string(u.Checkpoint) != `"half"` {
			return fmt.Errorf("checkpoint %q", u.Checkpoint)
		}
		return nil
	}}
	cfg, j := setUp(t, l)
	if err := exporter.Run(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	if got := tally(t, j); got.Done != 20 || got.Failed != 0 {
		t.Fatalf("tally %+v", got)
	}
}

func TestAUnitThatKeepsFailingBecomesAnException(t *testing.T) {
	l := &letters{run: func(_ context.Context, u exporter.Unit, _ *exporter.Output) error {
		if u.Key == "letters/2026-03-04" {
			return errors.New("no such day")
		}
		return nil
	}}
	cfg, j := setUp(t, l)
	if err := exporter.Run(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	if l.runs["letters/2026-03-04"] != 3 {
		t.Errorf("tried %d times, want 3", l.runs["letters/2026-03-04"])
	}
	var found []exporter.Exception
	for e, err := range j.Exceptions(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, e)
	}
	if len(found) != 1 || found[0].Reason != exporter.FailedItem || !strings.Contains(found[0].Detail, "no such day") {
		t.Fatalf("exceptions %+v", found)
	}
}

func TestWrongCredentialsStopTheRunAndLoseNoUnit(t *testing.T) {
	l := &letters{run: func(context.Context, exporter.Unit, *exporter.Output) error {
		return fmt.Errorf("%w: the secret is wrong", exporter.ErrFatal)
	}}
	cfg, j := setUp(t, l)
	if err := exporter.Run(t.Context(), cfg); !errors.Is(err, exporter.ErrFatal) {
		t.Fatalf("error %v", err)
	}
	if got := tally(t, j); got.Pending != 10 || got.Failed != 0 || got.Running != 0 {
		t.Fatalf("tally %+v, want all 10 pending", got)
	}
}

func TestManyFailuresInARowStopTheRun(t *testing.T) {
	l := &letters{run: func(context.Context, exporter.Unit, *exporter.Output) error {
		return errors.New("the bucket is gone")
	}}
	cfg, j := setUp(t, l)
	cfg.Interval.To = cfg.Interval.From.AddDate(0, 2, 0)
	if err := exporter.Run(t.Context(), cfg); !errors.Is(err, exporter.ErrFatal) || !strings.Contains(err.Error(), "the bucket is gone") {
		t.Fatalf("error %v", err)
	}
	if got := tally(t, j); got.Pending == 0 {
		t.Fatalf("tally %+v: it burnt through all units", got)
	}
}

func TestAClosedWindowStartsNothing(t *testing.T) {
	l := &letters{}
	cfg, j := setUp(t, l)
	cfg.Gate = gate{closes: time.Now()}
	if err := exporter.Run(t.Context(), cfg); !errors.Is(err, exporter.ErrWindowClosed) {
		t.Fatalf("error %v", err)
	}
	if len(l.runs) > 0 {
		t.Errorf("units ran: %v", l.runs)
	}
	if got := tally(t, j); got.Pending != 10 {
		t.Fatalf("tally %+v", got)
	}
}

func TestTheWindowClosingEndsRunningUnitsAndKeepsThem(t *testing.T) {
	l := &letters{run: func(ctx context.Context, u exporter.Unit, out *exporter.Output) error {
		<-ctx.Done()
		return context.Cause(ctx)
	}}
	cfg, j := setUp(t, l)
	cfg.Gate = gate{closes: time.Now().Add(50 * time.Millisecond)}
	if err := exporter.Run(t.Context(), cfg); !errors.Is(err, exporter.ErrWindowClosed) {
		t.Fatalf("error %v", err)
	}
	if got := tally(t, j); got.Pending != 10 || got.Running != 0 {
		t.Fatalf("tally %+v", got)
	}
	// After an extension the same call completes.
	l.run, cfg.Gate = nil, gate{closes: time.Now().Add(time.Hour)}
	if err := exporter.Run(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	if got := tally(t, j); got.Done != 20 {
		t.Fatalf("tally %+v", got)
	}
}

func TestDrainLetsTransfersFinishAndStartsNoMore(t *testing.T) {
	drain := make(chan struct{})
	var finished, started atomic.Int32
	l := &letters{run: func(ctx context.Context, u exporter.Unit, out *exporter.Output) error {
		group := out.Transfers(ctx)
		for range 100 {
			if !group.Go(func(tctx context.Context) error {
				if started.Add(1) == 4 { // as many as there may be at once
					close(drain)
				}
				<-ctx.Done() // the unit is told to stop, its transfer is not
				if tctx.Err() != nil {
					return context.Cause(tctx)
				}
				finished.Add(1)
				return nil
			}) {
				break
			}
		}
		return group.Wait()
	}}
	cfg, j := setUp(t, l)
	cfg.Drain, cfg.Transfers = drain, 4
	if err := exporter.Run(t.Context(), cfg); !errors.Is(err, exporter.ErrInterrupted) {
		t.Fatalf("error %v", err)
	}
	if started.Load() != 4 || finished.Load() != 4 {
		t.Errorf("%d transfers started, %d finished, want 4 and 4", started.Load(), finished.Load())
	}
	if got := tally(t, j); got.Pending != 10 {
		t.Fatalf("tally %+v", got)
	}
}

func TestCancellingStopsTransfersToo(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("stop now")
	l := &letters{run: func(uctx context.Context, u exporter.Unit, out *exporter.Output) error {
		group := out.Transfers(uctx)
		group.Go(func(tctx context.Context) error {
			cancel(stop)
			<-tctx.Done()
			return context.Cause(tctx)
		})
		return group.Wait()
	}}
	cfg, _ := setUp(t, l)
	if err := exporter.Run(ctx, cfg); !errors.Is(err, exporter.ErrInterrupted) || !errors.Is(err, stop) {
		t.Fatalf("error %v", err)
	}
}

func TestBudgetNeverGrantsMoreThanItHas(t *testing.T) {
	b := exporter.NewBudget(100)
	release, err := b.Acquire(t.Context(), 1000) // more than all: takes all
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := b.Acquire(ctx, 1); err == nil {
		t.Fatal("granted beyond the budget")
	}
	release()
	if _, err := b.Acquire(t.Context(), 100); err != nil {
		t.Fatal(err)
	}
}

func TestSafeNameKeepsGoodNamesAndTellsOddOnesApart(t *testing.T) {
	for _, good := range []string{"3f2504e0-4f89-11d3-9a0c-0305e82c3301", "a.b_c"} {
		if got := exporter.SafeName(good); got != good {
			t.Errorf("SafeName(%q) = %q", good, got)
		}
	}
	names := map[string]string{}
	for _, odd := range []string{"", ".", "..", "a/b", "a_b/", `a\b`, "会話", "録音", ".hidden", "end.", strings.Repeat("x", 300), strings.Repeat("x", 301)} {
		got := exporter.SafeName(odd)
		if other, ok := names[got]; ok {
			t.Errorf("%q and %q are both %q", odd, other, got)
		}
		names[got] = odd
		if strings.Trim(got, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") != "" || got[0] == '.' || len(got) > 140 {
			t.Errorf("SafeName(%q) = %q", odd, got)
		}
	}
}

func TestDaysOfAnInterval(t *testing.T) {
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	iv := exporter.Interval{From: at("2028-02-28T15:00:00Z"), To: at("2028-03-01T03:00:00Z")}
	var text bytes.Buffer
	for _, day := range iv.Days() {
		fmt.Fprintln(&text, day)
	}
	want := "2028-02-28T15:00:00.000Z/2028-02-29T00:00:00.000Z\n" +
		"2028-02-29T00:00:00.000Z/2028-03-01T00:00:00.000Z\n" +
		"2028-03-01T00:00:00.000Z/2028-03-01T03:00:00.000Z\n"
	if text.String() != want {
		t.Errorf("got\n%swant\n%s", text.String(), want)
	}
}
