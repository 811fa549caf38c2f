package dataset

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// polls lets so many jobs begin at once, each ready at an age, and gives how often
// they were polled, and when the last was found ready.
func polls(t *testing.T, p *pace, jobs int, age time.Duration) (n int64, took time.Duration) {
	t.Helper()
	var count atomic.Int64
	var group sync.WaitGroup
	began := time.Now()
	for range jobs {
		group.Go(func() {
			err := p.poll(t.Context(), func(context.Context) (bool, error) {
				count.Add(1)
				return time.Since(began) >= age, nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	return count.Load(), time.Since(began)
}

// Jobs that begin together cost hardly more polls than there are, though nobody
// knows how long they take.
func TestOneJobIsPolledForAll(t *testing.T) {
	for _, age := range []time.Duration{10 * time.Millisecond, 200 * time.Millisecond, 3 * time.Second, 40 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			n, took := polls(t, &pace{}, 8, age)
			if n > 8+11 || took > 2*age+2*firstPoll {
				t.Errorf("8 jobs of %s were polled %d times, for %s", age, n, took)
			}
		})
	}
}

// Once it is known how long jobs take, few polls come too early, and none much
// too late; when jobs become slower or faster, that is noticed.
func TestPollsFollowTheJobs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pace{}
		polls(t, p, 8, time.Second)
		for _, age := range []time.Duration{time.Second, 20 * time.Second, 2 * time.Second} {
			for range 200 { // gets used to it
				polls(t, p, 8, age)
			}
			var n int64
			for range 125 {
				more, took := polls(t, p, 8, age)
				if n += more; took > age*4/3 {
					t.Fatalf("a job of %s was found ready after %s", age, took)
				}
			}
			if n > 1000+25 {
				t.Errorf("1000 jobs of %s were polled %d times", age, n)
			}
		}
	})
}

// One job that takes very long holds up no other for long, and is no example.
func TestAJobWithoutEndHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, never := &pace{}, make(chan error)
		ctx, cancel := context.WithCancelCause(t.Context())
		go func() { never <- p.poll(ctx, func(context.Context) (bool, error) { return false, nil }) }()
		synctest.Wait()
		if n, took := polls(t, p, 3, time.Second); n != 3 || took > following+firstPoll {
			t.Errorf("polled %d times, for %s", n, took)
		}
		over := errors.New("over")
		cancel(over)
		if err := <-never; !errors.Is(err, over) {
			t.Errorf("the long one ends with %v", err)
		}
	})
}

// Where the job that is polled for all fails, another takes its place.
func TestAFailedJobTeachesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, broken, failed := &pace{}, errors.New("broken"), make(chan error, 1)
		go func() { failed <- p.poll(t.Context(), func(context.Context) (bool, error) { return false, broken }) }()
		synctest.Wait()
		if n, took := polls(t, p, 4, time.Second); n > 4+6 || took > 3*time.Second {
			t.Errorf("polled %d times, for %s", n, took)
		}
		if err := <-failed; !errors.Is(err, broken) {
			t.Errorf("the one before ends with %v", err)
		}
	})
}
