package manifest

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"
	"os"
	"slices"
	"strings"
)

// Putter stores a control file under a path relative to the export's root,
// replacing whatever was there. The body can be rewound (it fits io.Seeker)
// and is good until the call returns.
type Putter func(ctx context.Context, path string, body io.Reader, size int64) error

// Tag is a further tag file of a bag, such as a record of what the store
// attested. The tag manifest covers it.
type Tag struct {
	Path  string // relative to the bag
	Write func(w io.Writer) error
}

// WriteOptions says where a bag's control files go.
type WriteOptions struct {
	Put Putter
	// Spool makes an empty temporary file, for text that grows with the
	// number of entries. WriteBag closes it; whoever makes it sees to its
	// removal, best by removing its name at once.
	Spool func() (*os.File, error)
}

// BagResult is what [WriteBag] wrote.
type BagResult struct {
	Files int64 `json:"files"` // of the payload
	Bytes int64 `json:"bytes"` // of the payload
	// TagManifestSHA256 stands for every byte of the bag.
	TagManifestSHA256 string `json:"tag_manifest_sha256"`
}

// WriteBag turns a payload that is stored already into a bag: it stores
// bagit.txt, the further tag files, manifest-sha256.txt, bag-info.txt (with
// Payload-Oxum added) and, last, tagmanifest-sha256.txt, below bag, a path
// from the export's root such as "bags/recordings-2026-03". The same entries,
// info and tags give the same bytes, so that a repeat is harmless.
//
// Entries come sorted bytewise by path, below data/, with names of
// [A-Za-z0-9._=/-] only, so that every checksum tool on every system reads
// the same name; anything else is an error, and then no tag manifest is
// written. Memory does not grow with their number.
func WriteBag(ctx context.Context, bag string, entries iter.Seq2[Entry, error], info Info, tags []Tag, opt WriteOptions) (BagResult, error) {
	w := &bagWriter{bag: bag, opt: opt}
	result, err := w.write(ctx, entries, info, tags)
	if err != nil {
		return BagResult{}, fmt.Errorf("write bag %s: %w", bag, err)
	}
	return result, nil
}

type bagWriter struct {
	bag    string
	opt    WriteOptions
	result BagResult
	tags   []Entry // what the tag manifest will list
}

func (w *bagWriter) write(ctx context.Context, entries iter.Seq2[Entry, error], info Info, tags []Tag) (BagResult, error) {
	if err := checkPlainPath(w.bag); err != nil {
		return BagResult{}, err
	}
	if err := checkTags(tags); err != nil {
		return BagResult{}, err
	}
	if _, ok := info.Get(payloadOxum); ok {
		return BagResult{}, errors.New("Payload-Oxum is computed and cannot be given")
	}
	tags = append(slices.Clone(tags),
		Tag{Path: "bagit.txt", Write: func(out io.Writer) error {
			_, err := io.WriteString(out, bagitText)
			return err
		}},
		Tag{Path: "manifest-sha256.txt", Write: func(out io.Writer) error {
			return w.payloadManifest(ctx, out, entries)
		}},
		// After the manifest, which counts what Payload-Oxum says.
		Tag{Path: "bag-info.txt", Write: func(out io.Writer) error {
			oxum := Field{payloadOxum, Oxum{w.result.Bytes, w.result.Files}.String()}
			text, err := append(slices.Clone(info), oxum).text()
			if err == nil {
				_, err = out.Write(text)
			}
			return err
		}},
	)
	for _, tag := range tags {
		if err := w.spool(ctx, tag); err != nil {
			return BagResult{}, fmt.Errorf("%s: %w", tag.Path, err)
		}
	}
	return w.result, w.tagManifest(ctx)
}

func checkTags(tags []Tag) error {
	var seen []string
	for _, tag := range tags {
		if err := checkPlainPath(tag.Path); err != nil {
			return err
		}
		if _, ok := manifestName(tag.Path); ok || isPayload(tag.Path) || tag.Path == "bagit.txt" || tag.Path == "bag-info.txt" || slices.Contains(seen, tag.Path) {
			return fmt.Errorf("%q cannot be a further tag file", tag.Path)
		}
		seen = append(seen, tag.Path)
	}
	return nil
}

// spool writes a tag file to a temporary file and stores it from there, so
// that its size is known and a failed transfer can be repeated.
func (w *bagWriter) spool(ctx context.Context, tag Tag) (err error) {
	f, err := w.opt.Spool()
	if err != nil {
		return fmt.Errorf("make a temporary file: %w", err)
	}
	defer func() {
		if e := f.Close(); e != nil && err == nil {
			err = e
		}
	}()
	digest := &digestWriter{hash: sha256.New()}
	buffered := bufio.NewWriterSize(io.MultiWriter(f, digest), 64<<10)
	if err := tag.Write(buffered); err != nil {
		return err
	}
	if err := buffered.Flush(); err != nil {
		return fmt.Errorf("write a temporary file: %w", err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if err := w.opt.Put(ctx, w.bag+"/"+tag.Path, f, digest.n); err != nil {
		return err
	}
	w.tags = append(w.tags, Entry{tag.Path, digest.hex(), digest.n})
	return nil
}

// payloadManifest writes the entries' lines and counts them.
func (w *bagWriter) payloadManifest(ctx context.Context, out io.Writer, entries iter.Seq2[Entry, error]) error {
	var last string
	var line []byte
	for e, err := range entries {
		if err == nil && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		if err == nil {
			err = e.check()
		}
		if err == nil && e.Path <= last {
			err = fmt.Errorf("%q after %q: entries must come sorted, each once", e.Path, last)
		}
		if err != nil {
			return err
		}
		line = appendLine(line[:0], e.SHA256, e.Path)
		if _, err := out.Write(line); err != nil {
			return err
		}
		w.result.Files++
		w.result.Bytes += e.Bytes
		last = e.Path
	}
	return nil
}

// tagManifest comes last: a bag that has one is whole.
func (w *bagWriter) tagManifest(ctx context.Context) error {
	slices.SortFunc(w.tags, func(a, b Entry) int { return strings.Compare(a.Path, b.Path) })
	var text []byte
	for _, t := range w.tags {
		text = appendLine(text, t.SHA256, t.Path)
	}
	sum := sha256.Sum256(text)
	w.result.TagManifestSHA256 = hex.EncodeToString(sum[:])
	return w.opt.Put(ctx, w.bag+"/"+tagManifestFile, bytes.NewReader(text), int64(len(text)))
}

func (e Entry) check() error {
	if err := checkPlainPath(e.Path); err != nil {
		return err
	}
	switch {
	case !isPayload(e.Path):
		return fmt.Errorf("%q is not below data/", e.Path)
	case !isLowerHex(e.SHA256) || len(e.SHA256) != 2*sha256.Size:
		return fmt.Errorf("%s: %q is not a SHA-256 in lower-case hex", e.Path, e.SHA256)
	case e.Bytes < 0:
		return fmt.Errorf("%s: a size of %d bytes", e.Path, e.Bytes)
	}
	return nil
}

type digestWriter struct {
	hash hash.Hash
	n    int64
}

func (d *digestWriter) Write(p []byte) (int, error) {
	d.n += int64(len(p))
	return d.hash.Write(p)
}

func (d *digestWriter) hex() string { return hex.EncodeToString(d.hash.Sum(nil)) }
