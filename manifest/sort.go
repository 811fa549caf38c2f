package manifest

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"os"
	"slices"
	"strings"
)

// How many bytes of lines are sorted in memory at once.
const sortMemory = 32 << 20

// sortLines sorts lines by path, in memory or, where they are many, in runs
// of about memory bytes that it writes to a temporary file in dir. release
// frees that file.
func sortLines(dir string, memory int, lines iter.Seq2[line, error]) (sorted iter.Seq2[line, error], release func(), err error) {
	s := &sorter{dir: dir}
	defer func() {
		if err != nil {
			s.release()
		}
	}()
	held := 0
	for l, err := range lines {
		if err != nil {
			return nil, nil, err
		}
		s.batch = append(s.batch, l)
		// What the two strings and their headers take.
		if held += len(l.path) + len(l.digest) + 32; held >= memory {
			if err := s.spill(); err != nil {
				return nil, nil, err
			}
			held = 0
		}
	}
	if s.file == nil {
		s.sortBatch()
		return s.fromMemory, s.release, nil
	}
	if err := s.spill(); err != nil {
		return nil, nil, err
	}
	return s.merge, s.release, nil
}

type sorter struct {
	dir   string
	batch []line
	file  *os.File
	ends  []int64 // of the runs in file
}

func (s *sorter) release() {
	if s.file != nil {
		s.file.Close()
		os.Remove(s.file.Name())
		s.file = nil
	}
}

func (s *sorter) sortBatch() {
	slices.SortStableFunc(s.batch, func(a, b line) int { return strings.Compare(a.path, b.path) })
}

func (s *sorter) fromMemory(yield func(line, error) bool) {
	for _, l := range s.batch {
		if !yield(l, nil) {
			return
		}
	}
}

// spill writes the batch as one sorted run: each string after its length.
func (s *sorter) spill() (err error) {
	if s.file == nil {
		if s.file, err = os.CreateTemp(s.dir, "manifest-sort-"); err != nil {
			return err
		}
	}
	s.sortBatch()
	w := bufio.NewWriterSize(s.file, 256<<10)
	var head []byte
	for _, l := range s.batch {
		for _, text := range []string{l.path, l.digest} {
			head = binary.AppendUvarint(head[:0], uint64(len(text)))
			w.Write(head)
			w.WriteString(text)
		}
	}
	if err := w.Flush(); err != nil { // has the first error of all writes
		return err
	}
	end, err := s.file.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	s.ends = append(s.ends, end)
	clear(s.batch)
	s.batch = s.batch[:0]
	return nil
}

// merge yields the lines of all runs in order.
func (s *sorter) merge(yield func(line, error) bool) {
	s.batch = nil
	var runs []*run
	start := int64(0)
	for _, end := range s.ends {
		r := &run{r: bufio.NewReaderSize(io.NewSectionReader(s.file, start, end-start), 64<<10)}
		start = end
		if r.advance() {
			runs = append(runs, r)
		} else if r.err != nil {
			yield(line{}, r.err)
			return
		}
	}
	for len(runs) > 0 {
		least := 0
		for i, r := range runs {
			if r.head.path < runs[least].head.path {
				least = i
			}
		}
		r := runs[least]
		if !yield(r.head, nil) {
			return
		}
		if !r.advance() {
			if r.err != nil {
				yield(line{}, r.err)
				return
			}
			runs = slices.Delete(runs, least, least+1)
		}
	}
}

// run is one sorted run being read.
type run struct {
	r    *bufio.Reader
	head line
	err  error
}

func (r *run) advance() bool {
	var err error
	if r.head.path, err = r.text(); err == nil {
		r.head.digest, err = r.text()
	} else if errors.Is(err, io.EOF) {
		return false
	}
	if err != nil {
		r.err = fmt.Errorf("read back a sorted run: %w", err)
	}
	return err == nil
}

func (r *run) text() (string, error) {
	n, err := binary.ReadUvarint(r.r)
	if err != nil {
		return "", err
	}
	if n > math.MaxInt32 {
		return "", errors.New("a length that was never written")
	}
	text := make([]byte, n)
	_, err = io.ReadFull(r.r, text)
	return string(text), err
}
