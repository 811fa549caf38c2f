package genesys

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// endless is a body that is always ready.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }
func (endless) Close() error               { return nil }

// drink reads from so many transfers for a while, and counts the bytes.
func drink(t *testing.T, band *Bandwidth, transfers int, d time.Duration) (total int64, least int64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	var group sync.WaitGroup
	each := make([]int64, transfers)
	for i := range each {
		group.Go(func() {
			body := &capped{endless{}, ctx, band, time.Now}
			p := make([]byte, 256<<10)
			for ctx.Err() == nil {
				n, err := body.Read(p)
				if err == nil {
					each[i] += int64(n)
				}
			}
		})
	}
	group.Wait()
	least = each[0]
	for _, n := range each {
		total, least = total+n, min(least, n)
	}
	return total, least
}

func TestBandwidthHoldsWithAnyNumberOfTransfers(t *testing.T) {
	for _, perSecond := range []int64{125_000, 6_250_000, 125_000_000} {
		for _, transfers := range []int{1, 32, 256} {
			synctest.Test(t, func(t *testing.T) {
				band := &Bandwidth{}
				band.Set(perSecond, time.Now())
				const long = 60 * time.Second
				total, least := drink(t, band, transfers, long)
				want := perSecond * int64(long/time.Second)
				if total > want*102/100+piece || total < want*97/100 {
					t.Errorf("%d bytes/s, %d transfers: %d bytes in %v, want %d", perSecond, transfers, total, long, want)
				}
				if least < want/int64(transfers)/2 {
					t.Errorf("%d bytes/s, %d transfers: one got %d bytes only", perSecond, transfers, least)
				}
			})
		}
	}
}

func TestBandwidthIsChangedWhileTransfersWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		band := &Bandwidth{}
		band.Set(1000, time.Now())
		go func() {
			time.Sleep(30 * time.Second)
			band.Set(1_000_000, time.Now())
		}()
		if total, _ := drink(t, band, 16, 40*time.Second); total < 8_500_000 || total > 10_300_000 {
			t.Errorf("%d bytes", total)
		}
	})
}

func TestWaitingForBandwidthEndsWithTheContext(t *testing.T) {
	band := &Bandwidth{}
	band.Set(1, time.Now())
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("the window closed")
	time.AfterFunc(20*time.Millisecond, func() { cancel(why) })
	body := &capped{endless{}, ctx, band, time.Now}
	var err error
	for err == nil {
		_, err = body.Read(make([]byte, piece))
	}
	if !errors.Is(err, why) {
		t.Errorf("error %v", err)
	}
}

// A transfer that is slowed down takes far longer than the server may stall,
// and comes whole. So do several together, in no less time than the cap says.
func TestASlowedTransferIsNotCut(t *testing.T) {
	const size = 96 << 10
	var served atomic.Int64
	storage := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		served.Add(1)
		_, _ = w.Write(make([]byte, size))
	}))
	defer storage.Close()
	band := &Bandwidth{}
	band.Set(256<<10, time.Now())
	c, err := New(Config{
		APIURL: storage.URL, LoginURL: storage.URL, ClientID: "id", ClientSecret: "secret", Now: time.Now,
		Timeout: 100 * time.Millisecond, Bandwidth: band,
	})
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			m, err := c.Media(t.Context(), storage.URL+"/a")
			if err != nil {
				t.Error(err)
				return
			}
			defer m.Body.Close()
			if n, err := io.Copy(io.Discard, m.Body); err != nil || n != size {
				t.Errorf("%d bytes, %v", n, err)
			}
		})
	}
	group.Wait()
	if took := time.Since(begun); took < time.Second || served.Load() != 4 {
		t.Errorf("took %v, %d requests", took, served.Load())
	}
}

// Capped requests keep within the cap in any minute, and are freed at once.
func TestTheRateIsCappedForAWhile(t *testing.T) {
	for _, limit := range []int{1, 10, 60} {
		synctest.Test(t, func(t *testing.T) {
			b := newBudget(300, 0.2, time.Now)
			count := func(d time.Duration) (n int) {
				ctx, cancel := context.WithTimeout(t.Context(), d)
				defer cancel()
				for {
					if _, err := b.acquire(ctx); err != nil {
						return n
					}
					n++
				}
			}
			b.hold(limit)
			if n := count(time.Minute); n > limit+1 || n < limit/2 {
				t.Errorf("%d requests in a minute, the cap is %d", n, limit)
			}
			if rate, _ := b.state(); rate != limit {
				t.Errorf("the rate is said to be %d", rate)
			}
			b.hold(0)
			if n := count(time.Minute); n < 230 {
				t.Errorf("%d requests in a minute without the cap", n)
			}
		})
	}
}
