package sink

import (
	"context"
	"errors"
	"io"
	"sync"

	"exitplan/exporter"
)

// chunk is the unit in which buffers grow: all are of one size, so that what
// one transfer gives back fits the next, whatever its size.
const chunkSize = 64 << 10

type chunk [chunkSize]byte

// chunks lends memory for bodies under the byte budget.
type chunks struct {
	budget *exporter.Budget
	pool   sync.Pool
}

// buffer holds part of a body in memory. It belongs to one goroutine at a
// time.
type buffer struct {
	from    *chunks
	release func()
	limit   int64 // bytes granted
	chunks  []*chunk
	size    int64
	at      int64
}

// borrow waits until n bytes are free in the budget. It takes no memory yet.
func (c *chunks) borrow(ctx context.Context, n int64) (*buffer, error) {
	b := &buffer{from: c, limit: n, release: func() {}}
	if c.budget == nil {
		return b, nil
	}
	// What is taken from the pool is whole chunks.
	release, err := c.budget.Acquire(ctx, (n+chunkSize-1)/chunkSize*chunkSize)
	if err != nil {
		return nil, err
	}
	b.release = release
	return b, nil
}

// fill reads up to the limit into an empty buffer. The error is the reader's
// alone; io.EOF says that the body ended within the limit.
func (b *buffer) fill(r io.Reader) error {
	for b.size < b.limit {
		inside := b.size % chunkSize
		if inside == 0 && int64(len(b.chunks)) == b.size/chunkSize {
			c, _ := b.from.pool.Get().(*chunk)
			if c == nil {
				c = new(chunk)
			}
			b.chunks = append(b.chunks, c)
		}
		end := min(chunkSize, inside+b.limit-b.size)
		n, err := r.Read(b.chunks[b.size/chunkSize][inside:end])
		b.size += int64(n)
		if err != nil {
			return err
		}
	}
	return nil
}

// reset empties the buffer for the next part; its memory stays.
func (b *buffer) reset() { b.size, b.at = 0, 0 }

// free gives memory and grant back.
func (b *buffer) free() {
	for _, c := range b.chunks {
		b.from.pool.Put(c)
	}
	b.chunks = nil
	b.reset()
	b.release()
}

func (b *buffer) Read(p []byte) (int, error) {
	if b.at >= b.size {
		return 0, io.EOF
	}
	inside := b.at % chunkSize
	end := min(chunkSize, inside+b.size-b.at)
	n := copy(p, b.chunks[b.at/chunkSize][inside:end])
	b.at += int64(n)
	return n, nil
}

func (b *buffer) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += b.at
	case io.SeekEnd:
		offset += b.size
	}
	if offset < 0 || offset > b.size {
		return b.at, errors.New("seek outside of the buffer")
	}
	b.at = offset
	return offset, nil
}
