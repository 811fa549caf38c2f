package manifest_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"iter"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"exitplan/internal/sink"
	"exitplan/manifest"
)

// BenchmarkVerify reads bags from disk; BenchmarkSHA256 beside it is the same
// files read and hashed by nothing but a loop on every core.
func BenchmarkVerify(b *testing.B) {
	for _, s := range shapes {
		b.Run(s.name, func(b *testing.B) {
			d := s.bag(b)
			dest, err := sink.Open(b.Context(), sink.Config{URL: d.root})
			if err != nil {
				b.Fatal(err)
			}
			for name, store := range map[string]manifest.Store{"manifest": manifest.Dir(d.root), "sink": dest} {
				b.Run(name, func(b *testing.B) {
					b.SetBytes(s.files * s.bytes)
					for b.Loop() {
						r, err := manifest.Verify(b.Context(), store, manifest.VerifyOptions{})
						if err != nil || !r.OK() || r.Read != s.files {
							b.Fatal(r, err)
						}
					}
				})
			}
		})
	}
}

func BenchmarkSHA256(b *testing.B) {
	for _, s := range shapes {
		b.Run(s.name, func(b *testing.B) {
			d := s.bag(b)
			var names []string
			for f, err := range manifest.Dir(d.root).List(b.Context(), "data/") {
				if err != nil {
					b.Fatal(err)
				}
				names = append(names, d.name(f.Path))
			}
			b.SetBytes(s.files * s.bytes)
			for b.Loop() {
				var next atomic.Int64
				var group sync.WaitGroup
				for range runtime.GOMAXPROCS(0) {
					group.Go(func() {
						h, buffer := sha256.New(), make([]byte, 256<<10)
						for i := next.Add(1) - 1; i < int64(len(names)); i = next.Add(1) - 1 {
							f, err := os.Open(names[i])
							if err != nil {
								b.Error(err)
								return
							}
							h.Reset()
							if _, err := io.CopyBuffer(h, struct{ io.Reader }{f}, buffer); err != nil {
								b.Error(err)
							}
							h.Sum(nil)
							f.Close()
						}
					})
				}
				group.Wait()
			}
		})
	}
}

type shape struct {
	name         string
	files, bytes int64
}

var shapes = []shape{
	{"16x16MiB", 16, 16 << 20},
	{"400x256KiB", 400, 256 << 10},
	{"5000x4KiB", 5000, 4 << 10},
}

// bag lies as recordings do: a folder for each conversation.
func (s shape) bag(b *testing.B) *folder {
	payload := make(map[string]string, s.files)
	text := strings.Repeat("0123456789abcdef", int(s.bytes/16))
	for i := range s.files {
		payload[fmt.Sprintf("data/recordings/year=2026/month=03/day=04/hour=%02d/conversation_id=%06d/r.ogg", i%24, i)] = text
	}
	d := newFolder(b)
	d.bag("bag", payload)
	return &folder{b, d.name("bag")}
}

// wide is a store that makes up a bag with very many empty files, sorted or
// not, while it is read; it holds nothing.
type wide struct {
	n        int
	unsorted bool
	peak     atomic.Uint64 // of live heap bytes, as seen while listing
}

func widePath(i int) string {
	return fmt.Sprintf("data/recordings/year=2026/month=03/day=04/hour=05/conversation_id=%036d/%036d.ogg", i, i)
}

func (w *wide) Open(_ context.Context, path string) (io.ReadCloser, error) {
	switch {
	case path == "bagit.txt":
		return io.NopCloser(strings.NewReader(bagit10)), nil
	case path == "manifest-sha256.txt":
		r, out := io.Pipe()
		go func() {
			var err error
			for i := range w.n {
				if w.unsorted {
					i = w.n - 1 - i
				}
				if _, err = fmt.Fprintf(out, "%s  %s\n", sha(""), widePath(i)); err != nil {
					break
				}
			}
			out.CloseWithError(err)
		}()
		return r, nil
	case strings.HasPrefix(path, "data/"):
		return io.NopCloser(strings.NewReader("")), nil
	}
	return nil, &os.PathError{Op: "open", Path: path, Err: os.ErrNotExist}
}

func (w *wide) List(context.Context, string) iter.Seq2[manifest.File, error] {
	return func(yield func(manifest.File, error) bool) {
		if !yield(manifest.File{Path: "bagit.txt", Bytes: int64(len(bagit10))}, nil) {
			return
		}
		for i := range w.n {
			if i%(w.n/10) == w.n/20 {
				runtime.GC()
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				w.peak.Store(max(w.peak.Load(), m.HeapAlloc))
			}
			if !yield(manifest.File{Path: widePath(i)}, nil) {
				return
			}
		}
		yield(manifest.File{Path: "manifest-sha256.txt"}, nil)
	}
}

// A bag of a hundred thousand files takes no more memory than a small one.
// (Their paths alone, held twice, would be over 20 MiB.)
func TestVerifyHoldsNoBagInMemory(t *testing.T) {
	w := &wide{n: 100_000}
	r, err := manifest.Verify(t.Context(), w, manifest.VerifyOptions{})
	if err != nil || !r.OK() || r.Read != int64(w.n) {
		t.Fatal(r, err)
	}
	if peak := w.peak.Load(); peak > 12<<20 {
		t.Errorf("%d MiB of live memory", peak>>20)
	}
}

func TestUnsortedManifestOfManyFiles(t *testing.T) {
	w := &wide{n: 50_000, unsorted: true}
	r, err := manifest.Verify(t.Context(), w, manifest.VerifyOptions{TempDir: t.TempDir()})
	if err != nil || !r.OK() || r.Read != int64(w.n) {
		t.Error(r, err)
	}
}

// So does writing: entries are spooled, and nothing else grows.
func TestWriteBagHoldsNoEntries(t *testing.T) {
	const n = 100_000
	var before, during runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	many := func(yield func(manifest.Entry, error) bool) {
		for i := range n {
			if i == n-1 {
				runtime.GC()
				runtime.ReadMemStats(&during)
			}
			if !yield(manifest.Entry{Path: widePath(i), SHA256: sha(""), Bytes: 3}, nil) {
				return
			}
		}
	}
	d := newFolder(t)
	result, err := manifest.WriteBag(t.Context(), "bags/x", many, nil, nil, d.options())
	if err != nil || result.Files != n || result.Bytes != 3*n {
		t.Fatal(result, err)
	}
	if grown := int64(during.HeapAlloc) - int64(before.HeapAlloc); grown > 4<<20 {
		t.Errorf("%d KiB of live memory more", grown>>10)
	}
	if lines := strings.Count(d.read("bags/x/manifest-sha256.txt"), "\n"); lines != n {
		t.Errorf("%d lines", lines)
	}
}

// BenchmarkVerifyEntries is the cost of a file apart from its bytes.
func BenchmarkVerifyEntries(b *testing.B) {
	for _, unsorted := range []bool{false, true} {
		b.Run(fmt.Sprintf("unsorted=%v", unsorted), func(b *testing.B) {
			w := &wide{n: 100_000, unsorted: unsorted}
			b.ReportAllocs()
			for b.Loop() {
				if r, err := manifest.Verify(b.Context(), w, manifest.VerifyOptions{TempDir: b.TempDir()}); err != nil || !r.OK() {
					b.Fatal(r, err)
				}
			}
		})
	}
}
