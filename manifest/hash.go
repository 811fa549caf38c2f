package manifest

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"sync"
)

const (
	// What is read at once: small enough to be hashed while it is still in
	// the processor's cache.
	readBuffer = 256 << 10
	// Large files report progress in steps of this many bytes.
	progressStep = 32 << 20
)

// job is one file that is there and listed.
type job struct {
	bag, path string
	full      string // path from the store's root
	bytes     int64  // by the listing
	payload   bool
	wants     []want
}

// want is a checksum that a manifest lists.
type want struct {
	algorithm algorithm
	digest    string // raw bytes
	source    string // the manifest's name
}

// hasher compares one file at a time; its buffer and hashes are reused.
type hasher struct {
	*verifier
	progress *progress
	buffer   []byte
	hashes   map[string]hash.Hash // by algorithm
}

func newHasher(v *verifier, p *progress) *hasher {
	return &hasher{verifier: v, progress: p, buffer: make([]byte, readBuffer), hashes: map[string]hash.Hash{}}
}

func (h *hasher) run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case j, ok := <-h.jobs:
			if !ok {
				return nil
			}
			if err := h.compare(ctx, j); err != nil {
				return err
			}
		}
	}
}

func (h *hasher) compare(ctx context.Context, j job) error {
	if h.opt.Fast && j.payload {
		attested, err := h.attested(ctx, j)
		if err != nil {
			return err
		}
		h.record.count(func(r *Result) {
			if attested {
				r.Attested++
			} else {
				r.SizeOnly++
			}
		})
		h.progress.add(1, j.bytes)
		return nil
	}
	return h.read(ctx, j)
}

// attested compares the store's own checksum, if it has one of a kind that a
// manifest has too.
func (h *hasher) attested(ctx context.Context, j job) (bool, error) {
	store, ok := h.store.(Checksummer)
	if !ok {
		return false, nil
	}
	name, text, ok, err := store.Checksum(ctx, j.full)
	if errors.Is(err, fs.ErrNotExist) {
		h.vanished(j)
		return true, nil
	}
	if err != nil || !ok {
		return false, err
	}
	for _, w := range j.wants {
		if w.algorithm.name != name {
			continue
		}
		digest, ok := decodeDigest(text, w.algorithm.size)
		if !ok {
			return false, nil
		}
		h.judge(j, w, string(digest), "the store's checksum is")
		return true, nil
	}
	return false, nil
}

// read compares every byte.
func (h *hasher) read(ctx context.Context, j job) error {
	f, err := h.store.Open(ctx, j.full)
	if errors.Is(err, fs.ErrNotExist) {
		h.vanished(j)
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	hashes := make([]hash.Hash, len(j.wants))
	for i, w := range j.wants {
		hashes[i] = h.hash(w.algorithm, hashes[:i])
	}
	var pending int64
	for {
		n, err := f.Read(h.buffer)
		for i, sum := range hashes {
			if first(hashes, i) {
				sum.Write(h.buffer[:n])
			}
		}
		if pending += int64(n); pending >= progressStep {
			h.progress.add(0, pending)
			pending = 0
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", j.full, err)
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	h.progress.add(1, pending)
	for i, w := range j.wants {
		h.judge(j, w, string(hashes[i].Sum(nil)), "the file has")
	}
	if j.payload {
		h.record.count(func(r *Result) { r.Read++ })
	}
	return nil
}

// hash returns the reused hash of an algorithm, made empty unless it is among
// those that this file uses already.
func (h *hasher) hash(a algorithm, inUse []hash.Hash) hash.Hash {
	sum, ok := h.hashes[a.name]
	if !ok {
		sum = a.new()
		h.hashes[a.name] = sum
	}
	for _, used := range inUse {
		if used == sum {
			return sum
		}
	}
	sum.Reset()
	return sum
}

// first says whether hashes[i] does not occur before i.
func first(hashes []hash.Hash, i int) bool {
	for _, h := range hashes[:i] {
		if h == hashes[i] {
			return false
		}
	}
	return true
}

func (h *hasher) judge(j job, w want, digest, what string) {
	if digest == w.digest {
		return
	}
	h.record.add(Finding{Bag: j.bag, Path: j.path, Kind: Changed, Detail: fmt.Sprintf("%s says %s, %s %s",
		w.source, hex.EncodeToString([]byte(w.digest)), what, hex.EncodeToString([]byte(digest)))})
}

// vanished is a file that was listed by the store and is not there any more.
func (h *hasher) vanished(j job) {
	h.record.add(Finding{Bag: j.bag, Path: j.path, Kind: Missing, Detail: "was there when verification began"})
}

// progress counts what all hashers did.
type progress struct {
	report func(files, bytes int64)

	mu           sync.Mutex
	files, bytes int64
}

func (p *progress) add(files, bytes int64) {
	if p.report == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.files += files
	p.bytes += bytes
	p.report(p.files, p.bytes)
}
