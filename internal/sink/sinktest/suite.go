package sinktest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"exitplan/exporter"
)

// Suite runs what every sink must pass. open makes a destination that is
// empty; one that stores in parts should have a part size of 5 MiB and make
// use of it over 6 MiB, so that both ways are taken.
func Suite(t *testing.T, open func(t *testing.T) Destination) {
	for _, c := range []struct {
		name string
		run  func(t *testing.T, d Destination)
	}{
		{"stores what it reads", storesWhatItReads},
		{"stores the same again", storesTheSameAgain},
		{"keeps what is there", keepsWhatIsThere},
		{"replaces where allowed", replacesWhereAllowed},
		{"refuses other sizes", refusesOtherSizes},
		{"refuses a body that breaks", refusesBrokenBodies},
		{"shows nothing early", showsNothingEarly},
		{"stops with its context", stopsWithItsContext},
		{"refuses paths", refusesPaths},
		{"lists in byte order", listsInByteOrder},
		{"misses what is missing", missesWhatIsMissing},
		{"is safe for concurrent use", isSafeForConcurrentUse},
		{"lets one of two win", letsOneOfTwoWin},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, open(t)) })
	}
}

const mib = 1 << 20

// Bytes are n bytes that differ from those of every other seed.
func Bytes(seed uint64, n int) []byte {
	b := make([]byte, n)
	var key [32]byte
	key[0], key[1] = byte(seed), byte(seed>>8)
	_, _ = rand.NewChaCha8(key).Read(b)
	return b
}

// kinds of body, by what a sink can do with them.
var kinds = map[string]func(t *testing.T, b []byte) io.Reader{
	"seekable": func(_ *testing.T, b []byte) io.Reader { return bytes.NewReader(b) },
	"stream":   func(_ *testing.T, b []byte) io.Reader { return iotest.HalfReader(bytes.NewReader(b)) },
	"eof with the last bytes": func(_ *testing.T, b []byte) io.Reader {
		return iotest.DataErrReader(bytes.NewReader(b))
	},
	"file from the middle": func(t *testing.T, b []byte) io.Reader {
		name := filepath.Join(t.TempDir(), "body")
		if err := os.WriteFile(name, append([]byte("skipped"), b...), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		if _, err := f.Seek(int64(len("skipped")), io.SeekStart); err != nil {
			t.Fatal(err)
		}
		return f
	},
	"pipe": func(t *testing.T, b []byte) io.Reader { // has Seek, which fails
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = w.Write(b); w.Close() }()
		t.Cleanup(func() { r.Close() })
		return r
	},
}

func storesWhatItReads(t *testing.T, d Destination) {
	sizes := []int{0, 1, 64<<10 - 1, 64 << 10, 64<<10 + 1, 5 * mib, 5*mib + 1, 6*mib + 1, 10 * mib}
	for kind, body := range kinds {
		for _, size := range sizes {
			for _, announced := range []int64{int64(size), -1} {
				if size > mib && kind != "seekable" && kind != "stream" {
					continue
				}
				path := fmt.Sprintf("%s/size=%d/announced=%d", strings.ReplaceAll(kind, " ", "-"), size, announced)
				t.Run(path, func(t *testing.T) {
					want := Bytes(uint64(size), size)
					a, err := d.Put(t.Context(), exporter.Object{Path: path, Size: announced, ContentType: "audio/ogg"}, body(t, want))
					if err != nil {
						t.Fatal(err)
					}
					sum := sha256.Sum256(want)
					if a.Path != path || a.Bytes != int64(size) || a.SHA256 != hex.EncodeToString(sum[:]) {
						t.Errorf("artifact is %+v", a)
					}
					if a.Attest.Level == "" {
						t.Error("no level of attestation")
					}
					if got := read(t, d, path); !bytes.Equal(got, want) {
						t.Errorf("%d bytes read back differ from %d stored", len(got), len(want))
					}
				})
			}
		}
	}
}

func storesTheSameAgain(t *testing.T, d Destination) {
	for _, size := range []int{100, 10 * mib} {
		path := fmt.Sprintf("a/%d", size)
		want := Bytes(1, size)
		first := put(t, d, path, want)
		for _, replace := range []func(context.Context) (bool, error){nil, exporter.Always} {
			again, err := d.Put(t.Context(), exporter.Object{Path: path, Size: -1, Replace: replace}, iotest.HalfReader(bytes.NewReader(want)))
			if err != nil {
				t.Fatal(err)
			}
			if again.SHA256 != first.SHA256 || again.Bytes != first.Bytes || again.Attest.Level != first.Attest.Level {
				t.Errorf("first %+v, then %+v", first, again)
			}
		}
	}
}

func keepsWhatIsThere(t *testing.T, d Destination) {
	for _, size := range []int{100, 10 * mib} {
		path := fmt.Sprintf("a/%d", size)
		want := Bytes(1, size)
		put(t, d, path, want)
		for name, other := range map[string][]byte{"same size": Bytes(2, size), "smaller": want[:50], "empty": nil} {
			_, err := d.Put(t.Context(), exporter.Object{Path: path, Size: int64(len(other))}, bytes.NewReader(other))
			if !errors.Is(err, exporter.ErrConflict) {
				t.Errorf("%s: error is %v, want ErrConflict", name, err)
			}
			if !bytes.Equal(read(t, d, path), want) {
				t.Fatalf("%s: overwritten", name)
			}
		}
	}
}

func replacesWhereAllowed(t *testing.T, d Destination) {
	for _, size := range []int{100, 10 * mib} {
		path := fmt.Sprintf("a/%d", size)
		put(t, d, path, Bytes(1, size))
		for i, other := range [][]byte{Bytes(2, size), Bytes(3, 50)} {
			_, err := d.Put(t.Context(), exporter.Object{Path: path, Size: -1, Replace: exporter.Always}, iotest.HalfReader(bytes.NewReader(other)))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(read(t, d, path), other) {
				t.Fatalf("replacement %d is not there", i)
			}
		}
	}
}

func refusesOtherSizes(t *testing.T, d Destination) {
	for _, size := range []int{100, 12 * mib} {
		for _, differs := range []int64{-1, +1, -5 * mib} {
			if int64(size)+differs < 0 {
				continue
			}
			for _, kind := range []string{"seekable", "stream"} {
				obj := exporter.Object{Path: "a/b", Size: int64(size) + differs}
				_, err := d.Put(t.Context(), obj, kinds[kind](t, Bytes(1, size)))
				if !errors.Is(err, exporter.ErrUnverified) {
					t.Errorf("%s of %d bytes announced as %d: error is %v, want ErrUnverified", kind, size, obj.Size, err)
				}
			}
		}
	}
	isEmpty(t, d)
	put(t, d, "a/b", Bytes(1, 100)) // the path is as good as before
}

func refusesBrokenBodies(t *testing.T, d Destination) {
	boom := errors.New("boom")
	for _, size := range []int64{0, 100, 12 * mib} {
		for _, announced := range []int64{-1, size + 10} {
			body := func(err error) io.Reader {
				return io.MultiReader(bytes.NewReader(Bytes(1, int(size))), broken{err})
			}
			_, err := d.Put(t.Context(), exporter.Object{Path: "a/b", Size: announced}, body(boom))
			if !errors.Is(err, boom) {
				t.Errorf("after %d bytes: error is %v, want the reader's", size, err)
			}
			_, err = d.Put(t.Context(), exporter.Object{Path: "a/b", Size: announced}, body(io.ErrUnexpectedEOF))
			if !errors.Is(err, exporter.ErrUnverified) {
				t.Errorf("after %d bytes: error is %v, want ErrUnverified", size, err)
			}
		}
	}
	isEmpty(t, d)
}

func showsNothingEarly(t *testing.T, d Destination) {
	var stored []string
	for _, size := range []int{1000, 12 * mib} {
		path := fmt.Sprintf("a/%08d", size)
		body := io.MultiReader(bytes.NewReader(Bytes(1, size)), readerFunc(func([]byte) (int, error) {
			if _, err := d.Open(t.Context(), path); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("opened before it was stored: %v", err)
			}
			if got := list(t, d, ""); !slices.Equal(got, stored) {
				t.Errorf("listed %q, want %q", got, stored)
			}
			return 0, io.EOF
		}))
		if _, err := d.Put(t.Context(), exporter.Object{Path: path, Size: -1}, body); err != nil {
			t.Fatal(err)
		}
		stored = append(stored, path)
		if got := list(t, d, ""); !slices.Equal(got, stored) {
			t.Errorf("listed %q afterwards, want %q", got, stored)
		}
	}
}

func stopsWithItsContext(t *testing.T, d Destination) {
	closes := errors.New("the window closes")
	for _, size := range []int{1000, 12 * mib} {
		ctx, cancel := context.WithCancelCause(t.Context())
		body := io.MultiReader(bytes.NewReader(Bytes(1, size)), readerFunc(func([]byte) (int, error) {
			cancel(closes)
			return 1, nil
		}))
		_, err := d.Put(ctx, exporter.Object{Path: "a/b", Size: -1}, body)
		if !errors.Is(err, closes) {
			t.Errorf("error is %v, want the context's cause", err)
		}
		_, err = d.Put(ctx, exporter.Object{Path: "a/b", Size: -1}, bytes.NewReader(Bytes(1, size)))
		if !errors.Is(err, closes) {
			t.Errorf("error is %v, want the context's cause", err)
		}
	}
	isEmpty(t, d)
}

func refusesPaths(t *testing.T, d Destination) {
	for _, path := range []string{
		"", "/a", "a/", "a//b", ".", "..", "a/..", "../a", "a/../b", "a/./b",
		`a\b`, "a b", "a\x00b", "a\nb", "ä", "a:b", "a%2fb", "~", "*", strings.Repeat("a", 2000),
	} {
		if _, err := d.Put(t.Context(), exporter.Object{Path: path, Size: 1}, strings.NewReader("x")); err == nil {
			t.Errorf("stored %q", path)
		}
	}
	for _, path := range []string{"", "/etc/passwd", "../a", "a/../../b", "a/.."} {
		if f, err := d.Open(t.Context(), path); err == nil {
			f.Close()
			t.Errorf("opened %q", path)
		}
	}
	isEmpty(t, d)
}

func listsInByteOrder(t *testing.T, d Destination) {
	paths := []string{
		"a/0", "a-b/x", "a.b/x", "a/year=2026/part-1.gz", "a/year=2026/part-0.gz", "a=1", "aa", "B/x", "b/c/d", "b/c-d", "b/c.d", "b/c0", "_z", "0",
	}
	for i, path := range paths {
		put(t, d, path, Bytes(1, i))
	}
	want := slices.Clone(paths)
	slices.Sort(want)
	if got := list(t, d, ""); !slices.Equal(got, want) {
		t.Errorf("listed %q,\n  want %q", got, want)
	}
	if got, want := list(t, d, "b/"), []string{"b/c-d", "b/c.d", "b/c/d", "b/c0"}; !slices.Equal(got, want) {
		t.Errorf("listed %q below b/, want %q", got, want)
	}
	if got := list(t, d, "none/"); len(got) != 0 {
		t.Errorf("listed %q below nothing", got)
	}
	for f, err := range d.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		if f.Bytes != int64(slices.Index(paths, f.Path)) || f.Irregular != "" {
			t.Errorf("listed %+v", f)
		}
	}
	for range d.List(t.Context(), "") {
		break // must not go on after the caller has had enough
	}
}

func missesWhatIsMissing(t *testing.T, d Destination) {
	isEmpty(t, d)
	_, err := d.Open(t.Context(), "a/b")
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error is %v, want fs.ErrNotExist", err)
	}
	put(t, d, "a/c", nil)
	_, err = d.Open(t.Context(), "a/b")
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error is %v, want fs.ErrNotExist", err)
	}
}

func isSafeForConcurrentUse(t *testing.T, d Destination) {
	var group sync.WaitGroup
	for i := range 24 {
		group.Go(func() {
			size := i * 4000
			path := fmt.Sprintf("day=%02d/conversation_id=%d/r.ogg", i%5, i)
			_, err := d.Put(t.Context(), exporter.Object{Path: path, Size: int64(size)}, iotest.HalfReader(bytes.NewReader(Bytes(uint64(i), size))))
			if err != nil {
				t.Error(err)
				return
			}
			if !bytes.Equal(read(t, d, path), Bytes(uint64(i), size)) {
				t.Errorf("%s holds the bytes of another", path)
			}
		})
	}
	group.Wait()
	if n := len(list(t, d, "")); n != 24 {
		t.Errorf("%d objects, want 24", n)
	}
}

func letsOneOfTwoWin(t *testing.T, d Destination) {
	const writers = 8
	var group sync.WaitGroup
	errs := make([]error, writers)
	for i := range writers {
		group.Go(func() {
			b := Bytes(uint64(i/2), 2000) // every content twice
			_, errs[i] = d.Put(t.Context(), exporter.Object{Path: "a/b", Size: 2000}, bytes.NewReader(b))
		})
	}
	group.Wait()
	got := read(t, d, "a/b")
	for i, err := range errs {
		won := bytes.Equal(got, Bytes(uint64(i/2), 2000))
		if won && err != nil || !won && !errors.Is(err, exporter.ErrConflict) {
			t.Errorf("writer %d: its bytes are there: %v; error: %v", i, won, err)
		}
	}
}

func put(t *testing.T, d Destination, path string, b []byte) exporter.Artifact {
	t.Helper()
	a, err := d.Put(t.Context(), exporter.Object{Path: path, Size: int64(len(b))}, bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func read(t *testing.T, d Destination, path string) []byte {
	t.Helper()
	f, err := d.Open(t.Context(), path)
	if err != nil {
		t.Error(err)
		return nil
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		t.Error(err)
	}
	return b
}

func list(t *testing.T, d Destination, prefix string) []string {
	t.Helper()
	var paths []string
	for f, err := range d.List(t.Context(), prefix) {
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, f.Path)
	}
	return paths
}

func isEmpty(t *testing.T, d Destination) {
	t.Helper()
	if got := list(t, d, ""); len(got) != 0 {
		t.Errorf("destination holds %q, want nothing", got)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
