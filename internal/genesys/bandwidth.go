package genesys

import (
	"context"
	"io"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// A body is let through in pieces of at most so many bytes, so that many
// transfers under a low cap take turns often enough for all of them to move.
const piece = 16 << 10

// Bandwidth caps what the bodies of media bring together, over all clients
// that share it. The zero value caps nothing. It is safe for concurrent use.
//
// Transfers take turns, one piece each, so that whoever waits sees a new cap
// at once. What a body waits here is not held against the server: a slow
// transfer is cut by nobody's watch over stalls.
type Bandwidth struct {
	mu   sync.Mutex
	cap  int64
	pace *rate.Limiter
	turn chan struct{} // holds the one whose piece is next
}

// Set caps the bytes per second from now on; 0 or less for no cap.
func (b *Bandwidth) Set(bytesPerSecond int64, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.begin()
	if bytesPerSecond == b.cap {
		return
	}
	b.cap = bytesPerSecond
	// What late timers and a slow network leave unused for a tenth of a second
	// may be caught up with.
	b.pace.SetLimitAt(now, rate.Limit(max(bytesPerSecond, 0)))
	b.pace.SetBurstAt(now, max(piece, int(bytesPerSecond/10)))
}

func (b *Bandwidth) begin() {
	if b.pace == nil {
		b.pace, b.turn = rate.NewLimiter(0, piece), make(chan struct{}, 1)
	}
}

// take waits until n more bytes may have come, at most a piece.
func (b *Bandwidth) take(ctx context.Context, n int, now func() time.Time) error {
	if !b.capped() {
		return nil
	}
	select {
	case b.turn <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-b.turn }()
	for {
		wait := b.ask(n, now())
		if wait <= 0 {
			return nil
		}
		if err := sleep(ctx, min(wait, time.Second)); err != nil {
			return err
		}
	}
}

func (b *Bandwidth) capped() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.begin()
	return b.cap > 0
}

// ask takes n bytes, or says how long to wait before asking again.
func (b *Bandwidth) ask(n int, now time.Time) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.cap <= 0 || b.pace.AllowN(now, n) {
		return 0
	}
	missing := float64(n) - b.pace.TokensAt(now)
	return max(time.Duration(missing/float64(b.cap)*float64(time.Second)), 100*time.Microsecond)
}

// capped is a body that heeds the cap. ctx ends its waiting.
type capped struct {
	io.ReadCloser
	ctx  context.Context
	band *Bandwidth
	now  func() time.Time
}

func (c *capped) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p[:min(len(p), piece)])
	if n == 0 {
		return n, err
	}
	if waited := c.band.take(c.ctx, n, c.now); waited != nil && err == nil {
		err = waited
	}
	return n, err
}
