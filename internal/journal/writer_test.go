package journal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"exitplan/exporter"
)

// TestConcurrent lets many workers share the journal, some with contexts that
// end in mid-call: every unit is done once, none is lost.
func TestConcurrent(t *testing.T) {
	j := openTest(t, t.TempDir())
	// A lost unit would keep its workers waiting for ever.
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	const units = 400
	var list []exporter.Unit
	for i := range units {
		list = append(list, unit(fmt.Sprintf("u%03d", i)))
	}
	must(t, j.Add(ctx, list))

	var (
		finished atomic.Int64
		group    sync.WaitGroup
		held     sync.Map // units that are out
	)
	worker := func(w int) error {
		for i := 0; ; i++ {
			u, err := nextOf(ctx, j, (w+i)%3 == 0)
			switch {
			case err == io.EOF && finished.Load() == units:
				return nil
			case err == io.EOF, errors.Is(err, context.Canceled) && ctx.Err() == nil:
				continue
			case err != nil:
				return err
			}
			if _, twice := held.LoadOrStore(u.Key, w); twice {
				return fmt.Errorf("unit %s was handed out twice", u.Key)
			}
			r := exporter.Receipt{Unit: u.Key, Artifacts: []exporter.Artifact{artifact(u.Key, u.Key, u.Key)}}
			if i%5 == 0 && u.Attempts == 0 { // gives up once, with a part stored
				err := j.Commit(ctx, r)
				held.Delete(u.Key)
				if err := errors.Join(err, j.Release(ctx, u.Key)); err != nil {
					return err
				}
				continue
			}
			r.Outcome, r.Expected = exporter.Done, []exporter.Expectation{{Item: u.Key, Count: 1}}
			if err := errors.Join(j.Commit(ctx, r), j.Record(ctx, Event{Kind: "unit-done"})); err != nil {
				return err
			}
			finished.Add(1)
		}
	}
	for w := range 40 {
		group.Go(func() {
			if err := worker(w); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if c := tally(t, j).Total; c.Done != units || c.Artifacts != units || c.Met != units || c.Expected != units {
		t.Errorf("tally %+v", c)
	}
	checkCounters(t, j)
	must(t, j.VerifyChain(ctx))
}

// nextOf calls Next, with a context that is cancelled meanwhile if so told.
func nextOf(ctx context.Context, j *Journal, cancelled bool) (exporter.Unit, error) {
	if !cancelled {
		return j.Next(ctx, nil)
	}
	ctx, cancel := context.WithCancel(ctx)
	go cancel()
	defer cancel()
	return j.Next(ctx, nil)
}

func TestContextCause(t *testing.T) {
	j := openTest(t, t.TempDir())
	must(t, j.Add(t.Context(), []exporter.Unit{unit("u")}))
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(exporter.ErrWindowClosed)
	if err := j.Commit(ctx, exporter.Receipt{Unit: "u", Outcome: exporter.Done}); !errors.Is(err, exporter.ErrWindowClosed) {
		t.Errorf("Commit: %v, want the cause", err)
	}
	if _, err := j.Tally(ctx); !errors.Is(err, exporter.ErrWindowClosed) {
		t.Errorf("Tally: %v, want the cause", err)
	}
	if c := tally(t, j).Total; c.Pending != 1 {
		t.Errorf("a commit after the end of its context had an effect: %+v", c)
	}
}

// byHand is a writer whose batches the test serves itself.
func byHand(t *testing.T) (*Journal, func(...*operation)) {
	t.Helper()
	dir := t.TempDir()
	must(t, openTest(t, dir).Close())
	w, err := newWriter(t.Context(), filepath.Join(dir, file), migrations())
	must(t, err)
	close(w.stop)
	<-w.stopped
	j := &Journal{path: w.path}
	must(t, j.openReaders(t.Context(), "ro"))
	t.Cleanup(func() { j.readers.Close(); w.conn.Close(); w.db.Close() })
	return j, func(batch ...*operation) { w.serve(batch) }
}

func op(do func(*tx) error) *operation {
	return &operation{do: do, done: make(chan struct{})}
}

func commitOp(r exporter.Receipt) *operation {
	return op(func(t *tx) error {
		places, err := check(r)
		if err != nil {
			return err
		}
		return t.commit(r, places, 0)
	})
}

func TestBadReceiptFailsAlone(t *testing.T) {
	j, serve := byHand(t)
	add := op(func(t *tx) error { return errors.Join(t.add(unit("a"), 0), t.add(unit("b"), 0), t.add(unit("c"), 0)) })
	of := func(key, content string) exporter.Receipt {
		// The bad receipt is the first to name its dataset and bag: what it
		// made must not be taken for known afterwards.
		first := artifact("first", "first", "first")
		first.Dataset, first.Path = "new-"+content, "bags/new/data/"+content
		return exporter.Receipt{Unit: key, Outcome: exporter.Done, Artifacts: []exporter.Artifact{first, artifact("same", "i", content)}}
	}
	good, bad, after := commitOp(of("a", "x")), commitOp(of("b", "y")), commitOp(of("c", "x"))
	afterBad := commitOp(exporter.Receipt{Unit: "c", Artifacts: []exporter.Artifact{func() exporter.Artifact {
		a := artifact("other", "", "z")
		a.Dataset = "new-y"
		return a
	}()}})
	serve(add, good, bad, afterBad, after)
	for _, o := range []*operation{add, good, afterBad, after} {
		<-o.done
		if o.err != nil {
			t.Errorf("a good operation failed with the bad one: %v", o.err)
		}
	}
	if !errors.Is(bad.err, exporter.ErrConflict) {
		t.Errorf("the bad receipt: %v, want ErrConflict", bad.err)
	}
	if c := tally(t, j).Total; c.Done != 2 || c.Pending != 1 || c.Artifacts != 3 {
		t.Errorf("tally %+v", c)
	}
	checkCounters(t, j)
}

// TestUndelivered: a unit whose caller left while the transaction was under
// way is pending again, and was never attempted.
func TestUndelivered(t *testing.T) {
	j, serve := byHand(t)
	serve(op(func(t *tx) error { return t.add(unit("u"), 0) }))
	var u exporter.Unit
	next := &operation{done: make(chan struct{}), undo: func(t *tx) error { return t.giveBack(u.Key, 1) }}
	next.do = func(t *tx) (err error) {
		u, err = t.next("[]", "[]")
		next.answer.Store(abandoned)
		return err
	}
	serve(next)
	if u.Key != "u" {
		t.Fatalf("handed out %+v", u)
	}
	if c := tally(t, j).Total; c.Pending != 1 || c.Running != 0 {
		t.Errorf("tally %+v", c)
	}
	if n := count(t, j, "SELECT attempts FROM unit"); n != 0 {
		t.Errorf("%d attempts are counted", n)
	}
	// Who left before the transaction began has no effect at all.
	late := op(func(t *tx) error { return t.add(unit("late"), 0) })
	late.answer.Store(abandoned)
	serve(late)
	if n := count(t, j, "SELECT count(*) FROM unit"); n != 1 {
		t.Errorf("an abandoned operation was carried out")
	}
}

// TestDiskFull fills the journal to its limit: the error says so, nothing of
// the transaction stays, and with space it goes on in the same process.
func TestDiskFull(t *testing.T) {
	j := openTest(t, t.TempDir())
	ctx := t.Context()
	limit := func(pages int) {
		must(t, j.write(ctx, func(t *tx) error { return t.w.exec(fmt.Sprintf("PRAGMA max_page_count = %d", pages)) }, nil))
	}
	must(t, j.Add(ctx, []exporter.Unit{unit("u")}))
	limit(1) // no less than it has
	var err error
	stored := 0
	for ; stored < 10_000; stored++ {
		if err = j.Commit(ctx, recording("u", int64(stored))); err != nil {
			break
		}
	}
	if !contains(err, "no space left") || !contains(err, j.path) {
		t.Fatalf("after %d receipts: %v, want an error that tells of the space and the file", stored, err)
	}
	if c := tally(t, j).Total; c.Artifacts != int64(2*stored) {
		t.Errorf("%d artifacts of %d receipts", c.Artifacts, stored)
	}
	checkCounters(t, j)
	limit(1 << 30)
	must(t, j.Commit(ctx, recording("u", int64(stored))))
	checkCounters(t, j)
}

// TestPendingOfSkippedDataset: what is skipped is neither handed out nor does
// it hide what is not.
func TestPendingOfSkippedDataset(t *testing.T) {
	j := openTest(t, t.TempDir())
	ctx := t.Context()
	must(t, j.Add(ctx, []exporter.Unit{{Dataset: `odd "name"`, Key: "1"}, {Dataset: "b", Key: "2"}}))
	if u, err := j.Next(ctx, nil, `odd "name"`, "unknown"); err != nil || u.Key != "2" {
		t.Errorf("Next = %+v, %v", u, err)
	}
	for _, busy := range [][]string{{`odd "name"`}, {"unknown", `odd "name"`}} {
		if _, err := j.Next(ctx, busy); err != io.EOF {
			t.Errorf("Next = %v of what is busy, want io.EOF", err)
		}
	}
	if _, err := j.Next(ctx, nil, `odd "name"`); err != io.EOF {
		t.Errorf("Next = %v, want io.EOF", err)
	}
	if u, err := j.Next(ctx, nil); err != nil || u.Key != "1" {
		t.Errorf("Next = %+v, %v", u, err)
	}
}
