package sink

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"

	"exitplan/exporter"
)

// source reads the body of an object, hashes it, and holds it against what
// was announced: whoever has read io.EOF from it has read all of it, and no
// byte too many.
type source struct {
	ctx  context.Context
	path string
	body io.Reader
	size int64 // -1: unknown
	sum  hash.Hash
	read int64
	err  error // why reading failed; tells a bad source from a bad store
}

func newSource(ctx context.Context, obj exporter.Object, body io.Reader) *source {
	return &source{ctx: ctx, path: obj.Path, body: body, size: obj.Size, sum: sha256.New()}
}

func (s *source) Read(p []byte) (int, error) {
	if s.err == nil && s.ctx.Err() != nil {
		s.err = fmt.Errorf("store %s: %w", s.path, context.Cause(s.ctx))
	}
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.body.Read(p)
	s.read += int64(n)
	s.sum.Write(p[:n])
	switch {
	case s.size >= 0 && s.read > s.size:
		s.err = wrongSize(s.path, s.read, s.size)
	case err == io.EOF && s.size >= 0 && s.read < s.size:
		s.err = wrongSize(s.path, s.read, s.size)
	case err == io.EOF:
		return n, io.EOF
	case errors.Is(err, io.ErrUnexpectedEOF):
		s.err = fmt.Errorf("store %s: %w: the body ends early, after %d bytes: %w", s.path, exporter.ErrUnverified, s.read, err)
	case err != nil:
		s.err = fmt.Errorf("store %s: read its bytes: %w", s.path, err)
	}
	if s.err != nil {
		return n, s.err
	}
	return n, nil
}

// digest is the SHA-256 of what was read so far.
func (s *source) digest() [sha256.Size]byte { return [sha256.Size]byte(s.sum.Sum(nil)) }

func hexDigest(sum [sha256.Size]byte) string { return hex.EncodeToString(sum[:]) }

// rewindable returns the body as a window from where it stands to its end,
// where it can be read again; nil where it cannot. A pipe is an io.Seeker
// too, but one that refuses.
func rewindable(body io.Reader) *window {
	seeker, ok := body.(io.ReadSeeker)
	if !ok {
		return nil
	}
	start, err := seeker.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil
	}
	end, err := seeker.Seek(0, io.SeekEnd)
	if err != nil || end < start {
		return nil
	}
	if _, err := seeker.Seek(start, io.SeekStart); err != nil {
		return nil
	}
	return &window{body: seeker, start: start, size: end - start}
}

// window is part of a file: size bytes from start. Only one window of a file
// is in use at a time.
type window struct {
	body        io.ReadSeeker
	start, size int64
	at          int64
}

func (w *window) Read(p []byte) (int, error) {
	if w.at >= w.size {
		return 0, io.EOF
	}
	n, err := w.body.Read(p[:min(int64(len(p)), w.size-w.at)])
	w.at += int64(n)
	if err == io.EOF && w.at < w.size {
		err = io.ErrUnexpectedEOF // the file was cut while we read it
	}
	return n, err
}

func (w *window) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += w.at
	case io.SeekEnd:
		offset += w.size
	}
	if offset < 0 || offset > w.size {
		return w.at, fmt.Errorf("seek to byte %d of %d", offset, w.size)
	}
	if _, err := w.body.Seek(w.start+offset, io.SeekStart); err != nil {
		return w.at, err
	}
	w.at = offset
	return offset, nil
}

// part is the window of n bytes that begins at offset of this one.
func (w *window) part(offset, n int64) *window {
	return &window{body: w.body, start: w.start + offset, size: n}
}
