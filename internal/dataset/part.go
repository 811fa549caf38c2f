package dataset

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/json"
	"io"
	"iter"
	"os"

	"github.com/klauspost/compress/gzip"

	"exitplan/exporter"
)

// part is a packed file that is being written: JSON Lines, gzipped without a
// time stamp, so that the same rows give the same bytes. It is spooled to
// disk and stored whole.
type part struct {
	file  *os.File
	buf   *bufio.Writer
	zip   *gzip.Writer
	rows  int64
	bytes int64 // before compression
}

// write appends one record as one line.
func (p *part) write(out *exporter.Output, raw json.RawMessage) error {
	if p.file == nil {
		file, err := out.Spool()
		if err != nil {
			return err
		}
		p.file, p.buf = file, bufio.NewWriterSize(file, 64<<10)
		p.zip = gzip.NewWriter(p.buf)
	}
	if _, err := p.zip.Write(raw); err != nil {
		return err
	}
	if _, err := p.zip.Write([]byte{'\n'}); err != nil {
		return err
	}
	p.rows++
	p.bytes += int64(len(raw)) + 1
	return nil
}

// end writes what is still buffered; nothing may be written after it.
func (p *part) end() error {
	if err := p.zip.Close(); err != nil {
		return err
	}
	return p.buf.Flush()
}

// each ends the part and calls fn with its records.
func (p *part) each(fn func(raw []byte) error) error {
	if err := p.end(); err != nil {
		return err
	}
	at, err := p.file.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	if _, err := p.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	for line, err := range packedLines(p.file) {
		if err == nil {
			err = fn(line)
		}
		if err != nil {
			return err
		}
	}
	_, err = p.file.Seek(at, io.SeekStart)
	return err
}

// store ends the part, puts it into the sink and leaves p ready for the next.
func (p *part) store(ctx context.Context, out *exporter.Output, path string) (exporter.Artifact, error) {
	defer p.discard()
	if err := p.end(); err != nil {
		return exporter.Artifact{}, err
	}
	size, err := p.file.Seek(0, io.SeekCurrent)
	if err != nil {
		return exporter.Artifact{}, err
	}
	if _, err := p.file.Seek(0, io.SeekStart); err != nil {
		return exporter.Artifact{}, err
	}
	artifact, err := out.Put(ctx, exporter.Object{
		Path: path, Size: size, ContentType: "application/gzip",
	}, p.file)
	artifact.Records = p.rows
	return artifact, err
}

// discard drops what was written.
func (p *part) discard() {
	if p.file != nil {
		p.file.Close()
	}
	*p = part{}
}

// seen remembers which conversations a unit has, by digest.
type seen map[[16]byte]struct{}

func digest(identity []byte) [16]byte {
	sum := sha256.Sum256(identity)
	return [16]byte(sum[:16])
}

// add says whether the identity is new.
func (s seen) add(identity []byte) bool {
	key := digest(identity)
	if _, ok := s[key]; ok {
		return false
	}
	s[key] = struct{}{}
	return true
}

func (s seen) has(identity []byte) bool {
	_, ok := s[digest(identity)]
	return ok
}

// recent remembers the last identities only, between most and twice as many:
// for what may be any number, and comes again soon if at all.
type recent struct {
	most        int
	now, before seen
}

// add says whether the identity is new, as far as that is remembered.
func (r *recent) add(identity []byte) bool {
	if _, ok := r.before[digest(identity)]; ok {
		return false
	}
	if r.now == nil {
		r.now = seen{}
	}
	if !r.now.add(identity) {
		return false
	}
	if len(r.now) >= r.most {
		r.now, r.before = seen{}, r.now
	}
	return true
}

// packedLines reads the records of a part.
func packedLines(packed io.Reader) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		zip, err := gzip.NewReader(packed)
		if err != nil {
			yield(nil, err)
			return
		}
		lines := bufio.NewReaderSize(zip, 1<<20)
		for {
			line, err := lines.ReadBytes('\n')
			if len(line) > 0 && !yield(line[:len(line)-1], nil) || err == io.EOF {
				return
			}
			if err != nil {
				yield(nil, err)
				return
			}
		}
	}
}

// storedLines reads back the records of a part that is stored.
func storedLines(ctx context.Context, out *exporter.Output, path string) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		body, err := out.Open(ctx, path)
		if err != nil {
			yield(nil, err)
			return
		}
		defer body.Close()
		packedLines(body)(yield)
	}
}

// recall marks the conversations of a stored part as seen.
func (r *detailsRun) recall(ctx context.Context, path string) error {
	for raw, err := range storedLines(ctx, r.out, path) {
		if err != nil {
			return err
		}
		r.seen.add(readConversation(raw).identity(raw))
	}
	return nil
}
