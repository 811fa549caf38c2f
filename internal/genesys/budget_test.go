package genesys

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// platformLimit counts as the platform does: fixed windows of a minute.
type platformLimit struct {
	mu             sync.Mutex
	allowed, count int
	end            time.Time
	refused        int
}

func (p *platformLimit) request() (state rateState, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if !now.Before(p.end) {
		p.end, p.count = now.Add(time.Minute), 0
	}
	p.count++
	if p.count > p.allowed {
		p.refused++
	}
	return rateState{p.count, p.allowed, p.end.Sub(now).Truncate(time.Second)}, p.count <= p.allowed
}

// saturate sends as much as the budget allows for so long, from 32 workers
// whose requests take up to latency each.
func saturate(t *testing.T, b *budget, p *platformLimit, d, latency time.Duration, headers bool) (sent int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	done := make(chan int)
	for range 32 {
		go func() {
			n := 0
			for {
				leave, err := b.acquire(ctx)
				if err != nil {
					break
				}
				n++
				state, ok := p.request()
				time.Sleep(rand.N(latency))
				if headers {
					b.observe(leave, state)
				}
				if !ok {
					b.pause(10*time.Second, Limit{})
				}
			}
			done <- n
		}()
	}
	for range 32 {
		sent += <-done
	}
	return sent
}

func TestBudgetUsesWhatItMayAndNoMore(t *testing.T) {
	for _, tc := range []struct {
		name       string
		configured int
		headroom   float64
		allowed    int // by the platform
		headers    bool
		latency    time.Duration
		perMinute  float64 // that are ours
		least      int     // per cent
	}{
		{"default", 300, 0.2, 300, true, time.Second, 240, 98},
		{"no headers", 300, 0.2, 300, false, time.Second, 240, 98},
		{"no headroom", 300, 0, 300, true, time.Second, 300, 98},
		{"no headroom, no headers", 300, 0, 300, false, time.Second, 300, 98},
		{"the platform allows less", 300, 0.2, 180, true, time.Second, 144, 98},
		{"the platform allows more", 300, 0.2, 3000, true, time.Second, 240, 98},
		{"slow answers", 300, 0.2, 300, true, 10 * time.Second, 240, 98},
		{"fast", 60000, 0.2, 60000, true, 10 * time.Millisecond, 48000, 98},
		{"slow", 12, 0.2, 12, true, time.Second, 9.6, 95},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				minutes := 20
				if tc.configured > 1000 {
					minutes = 1
				}
				p := &platformLimit{allowed: tc.allowed}
				b := newBudget(tc.configured, tc.headroom, time.Now)
				sent := saturate(t, b, p, time.Duration(minutes)*time.Minute, tc.latency, tc.headers)
				if p.refused != 0 {
					t.Errorf("%d requests were refused", p.refused)
				}
				share := float64(sent) / (tc.perMinute * float64(minutes)) * 100
				if share < float64(tc.least) || share > 101 {
					t.Errorf("%d requests in %d minutes: %.1f %% of what is ours", sent, minutes, share)
				}
			})
		})
	}
}

// Any minute, not only the average, keeps to the limit.
func TestBudgetHasNoBursts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBudget(300, 0.2, time.Now)
		time.Sleep(time.Hour) // nothing is saved up
		began := time.Now()
		for range 241 {
			if _, err := b.acquire(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); took < 59*time.Second {
			t.Errorf("241 requests within %s", took)
		}
	})
}

// Somebody else uses the token, too: the platform's count says so.
func TestBudgetLeavesTheHeadroom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &platformLimit{allowed: 300}
		b := newBudget(300, 0.2, time.Now)
		go func() {
			for range 20 * 30 {
				time.Sleep(2 * time.Second)
				p.request()
				p.request()
				p.request() // 90 a minute
			}
		}()
		sent := saturate(t, b, p, 20*time.Minute, time.Second, true)
		synctest.Wait()
		if p.refused != 0 {
			t.Errorf("%d requests were refused", p.refused)
		}
		if sent < 20*160 {
			t.Errorf("only %d requests of our own in 20 minutes", sent)
		}
	})
}

func TestBudgetRecoversFromALowLimitOfOnePath(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBudget(300, 0.2, time.Now)
		send := func(n, allowed int) time.Duration {
			began := time.Now()
			for range n {
				leave, err := b.acquire(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				b.observe(leave, rateState{1, allowed, time.Minute})
			}
			return time.Since(began)
		}
		send(10, 30)
		if took := send(10, 300); took < 20*time.Second {
			t.Errorf("right after a limit of 30 per minute, 10 requests took %s", took)
		}
		time.Sleep(lowRateHolds)
		send(2, 300)
		if took := send(10, 300); took > 4*time.Second {
			t.Errorf("long after a limit of 30 per minute, 10 requests took %s", took)
		}
		b.lower(30)
		send(5, 300)
		time.Sleep(time.Hour)
		send(5, 300)
		if took := send(10, 300); took < 20*time.Second {
			t.Errorf("lowered for good, 10 requests took %s", took)
		}
	})
}

func TestBudgetPausesForEverybody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBudget(300, 0.2, time.Now)
		ctx, cancel := context.WithCancelCause(t.Context())
		began := time.Now()
		b.pause(time.Hour, Limit{})
		b.pause(time.Minute, Limit{}) // a shorter one shortens nothing
		gave := errors.New("gave up")
		results := make(chan error)
		for range 5 {
			go func() {
				_, err := b.acquire(ctx)
				results <- err
			}()
		}
		go func() {
			_, err := b.acquire(t.Context())
			results <- err
		}()
		time.Sleep(time.Minute)
		cancel(gave)
		for range 5 {
			if err := <-results; !errors.Is(err, gave) {
				t.Errorf("error is %v", err)
			}
		}
		if waited := time.Since(began); waited != time.Minute {
			t.Errorf("giving up took until %s", waited)
		}
		if err := <-results; err != nil {
			t.Error(err)
		}
		if waited := time.Since(began); waited < time.Hour || waited > time.Hour+time.Second {
			t.Errorf("the pause took %s", waited)
		}
	})
}

func TestBudgetLearnsFromTheLimitThatA429Names(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBudget(300, 0, time.Now)
		b.pause(time.Second, Limit{Key: "some.other.thing.rate.per.minute", Value: 1})
		b.pause(time.Second, Limit{Key: "token.rate.per.minute", Value: -1})
		if b.configured != 300 {
			t.Fatalf("%d requests per minute", b.configured)
		}
		b.pause(time.Second, Limit{Key: "client.credentials.token.rate.per.minute", Value: 120})
		if b.configured != 120 || b.current != 120 {
			t.Errorf("%d requests per minute", b.configured)
		}
	})
}

// Whatever headers say, the next request is sent within minutes.
func FuzzBudgetState(f *testing.F) {
	f.Add(1, 300, 60)
	f.Add(10_000_000, 1, 3600)
	f.Add(0, 1, 0)
	f.Fuzz(func(t *testing.T, count, allowed, reset int) {
		if count < 0 || count > 10_000_000 || allowed < 1 || allowed > 10_000_000 || reset < 0 || reset > 3600 {
			t.Skip()
		}
		synctest.Test(t, func(t *testing.T) {
			b := newBudget(300, 0.2, time.Now)
			began := time.Now()
			for range 3 {
				leave, err := b.acquire(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				b.observe(leave, rateState{count, allowed, time.Duration(reset) * time.Second})
			}
			if waited := time.Since(began); waited > 3*(maxWindow+2*time.Minute) {
				t.Errorf("3 requests took %s", waited)
			}
		})
	})
}
