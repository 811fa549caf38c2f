package sink

import (
	"bytes"
	"crypto/sha256"
	"io"
)

// part is one part of a body, with its digest.
type part struct {
	body io.ReadSeeker
	size int64
	sum  [sha256.Size]byte
	last bool
}

// partReader cuts a body into parts of equal size. A part is valid until the
// next.
type partReader interface {
	next() (part, error)
	partSize() int64
}

// streamParts cuts a body that is read once, in one buffer.
type streamParts struct {
	src    *source
	buf    *buffer
	ahead  []byte // read already, of the part after this one
	filled bool   // the buffer holds a part that next has not returned yet
	last   bool   // ... and the body ends with it
}

func (p *streamParts) partSize() int64 { return p.buf.limit }

// fill reads a part, and one byte more, to know whether it is the last.
func (p *streamParts) fill() error {
	p.buf.reset()
	err := p.buf.fill(io.MultiReader(bytes.NewReader(p.ahead), p.src))
	if err == nil {
		var one [1]byte
		if _, err = io.ReadFull(p.src, one[:]); err == nil {
			p.ahead = one[:]
		}
	}
	p.last = err == io.EOF
	if err != nil && !p.last {
		return err
	}
	p.filled = true
	return nil
}

func (p *streamParts) next() (part, error) {
	if !p.filled {
		if err := p.fill(); err != nil {
			return part{}, err
		}
	}
	p.filled = false
	h := sha256.New()
	if _, err := io.Copy(h, struct{ io.Reader }{p.buf}); err != nil {
		return part{}, err
	}
	_, err := p.buf.Seek(0, io.SeekStart)
	return part{body: p.buf, size: p.buf.size, sum: [sha256.Size]byte(h.Sum(nil)), last: p.last}, err
}

// fileParts cuts a body that can be rewound: each part is read for its
// digest, then again while it is sent.
type fileParts struct {
	src  *source // reads file
	file *window
	size int64 // of a part
	at   int64
}

func (p *fileParts) partSize() int64 { return p.size }

func (p *fileParts) next() (part, error) {
	n := min(p.size, p.file.size-p.at)
	if _, err := p.file.Seek(p.at, io.SeekStart); err != nil {
		return part{}, err
	}
	h := sha256.New()
	if _, err := io.CopyN(h, p.src, n); err != nil {
		return part{}, err
	}
	body := p.file.part(p.at, n)
	if _, err := body.Seek(0, io.SeekStart); err != nil {
		return part{}, err
	}
	p.at += n
	return part{body: body, size: n, sum: [sha256.Size]byte(h.Sum(nil)), last: p.at == p.file.size}, nil
}
