package exporter

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"

	"exitplan/manifest"
)

// Bag is what the journal knows of one bag.
type Bag struct {
	// Name is its path from the export's root, e.g. "bags/recordings-2026-03":
	// what comes before "/data/" in the paths of its artifacts.
	Name  string `json:"name"`
	Files int64  `json:"files"` // of the payload
	Bytes int64  `json:"bytes"` // of the payload
	// Sealed is the SHA-256 of the tagmanifest written last, in lower-case
	// hex; empty before the first seal.
	Sealed string `json:"sealed,omitempty"`
	// Stale: since that seal artifacts were recorded, or something may have
	// been stored that was not.
	Stale bool `json:"stale,omitempty"`
}

// due says whether the bag's manifests are to be written.
func (b Bag) due() bool { return b.Sealed == "" || b.Stale }

// Ledger is what sealing reads of the journal, and tells it.
type Ledger interface {
	// Bags lists every bag that has artifacts, by name bytewise.
	Bags(ctx context.Context) ([]Bag, error)
	// Artifacts streams the artifacts of a bag by path, bytewise.
	Artifacts(ctx context.Context, bag string) iter.Seq2[Artifact, error]
	// SealBag records that a bag's manifests are stored.
	SealBag(ctx context.Context, name, tagManifestSHA256 string) error
}

// ControlFile is one file of the root bag.
type ControlFile struct {
	Name  string // below data/
	Write func(w io.Writer) error
}

// Sealing is what Seal needs.
type Sealing struct {
	Ledger   Ledger
	Recorder Recorder
	Sink     Sink
	Stock    Stock  // what Sink has stored
	Spool    string // folder of temporary files
	// Info is what every bag-info.txt says.
	Info manifest.Info
	// Title names the export for people, and Describe says what the catalogue
	// says of a dataset, for each bag's datapackage.json. Optional.
	Title    string
	Describe func(dataset string) Info
	// Found is told, before anything is sealed, how many objects were found
	// that no receipt knew, and the path of one, if there are any. Optional.
	Found func(ctx context.Context, n int64, example string) error
	// Root makes the files of the root bag beside BAGS.sha256; it is called
	// once every bag is sealed. Nil leaves the export without a root bag: its
	// bags can be verified, but it does not count as finished.
	Root func(ctx context.Context) ([]ControlFile, error)
	// Open lets the root bag say that the export goes on: it was finished
	// once, so that the root bag is there and has to fit.
	Open bool
}

// Seal writes the manifests of every bag that has changed since they were
// written last, then BAGS.sha256, and the root bag last of all. It may be
// repeated at any time; no unit may be running.
//
// Before, it holds these bags in the destination against the receipts. What
// no receipt knows is recorded, so that a manifest lists it. A bag that lacks
// something is not sealed, and neither is the root; the error is ErrLost.
func Seal(ctx context.Context, s Sealing) error {
	bags, err := s.Ledger.Bags(ctx)
	if err != nil {
		return err
	}
	compared, err := s.compare(ctx, bags)
	if err != nil {
		return fmt.Errorf("compare the destination with the journal: %w", err)
	}
	if compared.found > 0 {
		if s.Found != nil {
			if err := s.Found(ctx, compared.found, compared.example); err != nil {
				return err
			}
		}
		if bags, err = s.Ledger.Bags(ctx); err != nil {
			return err
		}
	}
	var list []manifest.BagDigest
	for i := range bags {
		b := &bags[i]
		switch {
		case compared.lost[b.Name] && b.Sealed == "":
			continue
		case compared.lost[b.Name]: // its former manifests are still there
		case b.due():
			if b.Sealed, err = s.bag(ctx, *b); err != nil {
				return err
			}
			if err := s.Ledger.SealBag(ctx, b.Name, b.Sealed); err != nil {
				return err
			}
		}
		list = append(list, manifest.BagDigest{Bag: b.Name, SHA256: b.Sealed})
	}
	var text bytes.Buffer
	if err := manifest.WriteBagList(&text, list); err != nil {
		return err
	}
	if err := s.put(ctx, manifest.BagList, bytes.NewReader(text.Bytes()), int64(text.Len())); err != nil {
		return err
	}
	if err := compared.err(); err != nil || s.Root == nil {
		return err
	}
	return s.root(ctx, text.Bytes(), bags)
}

// bag writes the manifests of one bag from what the journal vouches for.
func (s Sealing) bag(ctx context.Context, b Bag) (string, error) {
	info := append(slices.Clone(s.Info), manifest.Field{Label: "External-Identifier", Value: b.Name})
	result, err := manifest.WriteBag(ctx, b.Name, s.entries(ctx, b.Name), info, []manifest.Tag{
		{Path: "attest.jsonl", Write: func(w io.Writer) error { return s.attest(ctx, b.Name, w) }},
		{Path: "names.jsonl", Write: func(w io.Writer) error { return s.names(ctx, b.Name, w) }},
		{Path: DataPackage, Write: func(w io.Writer) error {
			return describeBag(w, s.title(path.Base(b.Name)), b.Name, s.Ledger.Artifacts(ctx, b.Name), s.Describe)
		}},
	}, manifest.WriteOptions{Put: s.put, Spool: s.spool})
	return result.TagManifestSHA256, err
}

func (s Sealing) entries(ctx context.Context, bag string) iter.Seq2[manifest.Entry, error] {
	return func(yield func(manifest.Entry, error) bool) {
		for a, err := range s.Ledger.Artifacts(ctx, bag) {
			if !yield(manifest.Entry{Path: strings.TrimPrefix(a.Path, bag+"/"), SHA256: a.SHA256, Bytes: a.Bytes}, err) || err != nil {
				return
			}
		}
	}
}

// attest writes what the store said of each object when it was stored.
func (s Sealing) attest(ctx context.Context, bag string, w io.Writer) error {
	type line struct {
		Path string `json:"path"`
		Attestation
		Source string `json:"source,omitempty"`
	}
	enc := json.NewEncoder(w)
	for a, err := range s.Ledger.Artifacts(ctx, bag) {
		if err != nil {
			return err
		}
		if a.Attest.Level == FullSHA256 && a.Attest.Value == storedAs(a.SHA256) {
			a.Attest.Value = "" // the manifest says it already
		}
		if err := enc.Encode(line{strings.TrimPrefix(a.Path, bag+"/"), a.Attest, a.Source}); err != nil {
			return err
		}
	}
	return nil
}

// The levels of [Attestation].
const (
	FullSHA256      = "full-sha256"      // the store computed the SHA-256 of the whole object
	CompositeSHA256 = "composite-sha256" // and of each part of it
	ETagOnly        = "etag"
	NotAttested     = "none"
)

// storedAs is how S3 prints a SHA-256.
func storedAs(digest string) string {
	raw, err := hex.DecodeString(digest)
	if err != nil {
		return ""
	}
	return base64.StdEncoding.EncodeToString(raw)
}

var plainItem = regexp.MustCompile(`^[A-Za-z0-9._/-]*$`)

// names lists the files whose names do not hold the identifiers as they are.
func (s Sealing) names(ctx context.Context, bag string, w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for a, err := range s.Ledger.Artifacts(ctx, bag) {
		if err != nil {
			return err
		}
		if plainItem.MatchString(a.Item) {
			continue
		}
		if err := enc.Encode(map[string]string{"path": strings.TrimPrefix(a.Path, bag+"/"), "item": a.Item}); err != nil {
			return err
		}
	}
	return nil
}

// title names a bag for people.
func (s Sealing) title(bag string) string {
	if s.Title == "" {
		return bag
	}
	return s.Title + ": " + bag
}

// root writes the control bag.
func (s Sealing) root(ctx context.Context, bagList []byte, bags []Bag) error {
	more, err := s.Root(ctx)
	if err != nil {
		return err
	}
	files := append([]ControlFile{{manifest.BagList, func(w io.Writer) error {
		_, err := w.Write(bagList)
		return err
	}}}, more...)
	slices.SortFunc(files, func(a, b ControlFile) int { return strings.Compare(a.Name, b.Name) })
	var entries []manifest.Entry
	for _, f := range files {
		e, err := s.control(ctx, f)
		if err != nil {
			return fmt.Errorf("write root/data/%s: %w", f.Name, err)
		}
		entries = append(entries, e)
	}
	e, err := s.control(ctx, ControlFile{DataPackage, func(w io.Writer) error {
		return describeRoot(w, s.title("root"), bags, entries)
	}})
	if err != nil {
		return fmt.Errorf("write root/data/%s: %w", DataPackage, err)
	}
	entries = append(entries, e)
	slices.SortFunc(entries, func(a, b manifest.Entry) int { return strings.Compare(a.Path, b.Path) })
	status := manifest.ExportFinished
	if s.Open {
		status = manifest.ExportOpen
	}
	info := append(slices.Clone(s.Info), manifest.Field{Label: manifest.ExportStatus, Value: status})
	_, err = manifest.WriteBag(ctx, "root", func(yield func(manifest.Entry, error) bool) {
		for _, e := range entries {
			if !yield(e, nil) {
				return
			}
		}
	}, info, nil, manifest.WriteOptions{Put: s.put, Spool: s.spool})
	return err
}

// control stores one payload file of the root bag, through a temporary file,
// since the list of exceptions may be long.
func (s Sealing) control(ctx context.Context, f ControlFile) (manifest.Entry, error) {
	spool, err := s.spool()
	if err != nil {
		return manifest.Entry{}, err
	}
	defer spool.Close()
	sum := sha256.New()
	if err := f.Write(io.MultiWriter(spool, sum)); err != nil {
		return manifest.Entry{}, err
	}
	size, err := spool.Seek(0, io.SeekCurrent)
	if err != nil {
		return manifest.Entry{}, err
	}
	if _, err := spool.Seek(0, io.SeekStart); err != nil {
		return manifest.Entry{}, err
	}
	e := manifest.Entry{Path: "data/" + f.Name, SHA256: hex.EncodeToString(sum.Sum(nil)), Bytes: size}
	return e, s.put(ctx, "root/"+e.Path, spool, size)
}

func (s Sealing) put(ctx context.Context, at string, body io.Reader, size int64) error {
	_, err := s.Sink.Put(ctx, Object{Path: at, Size: size, ContentType: contentType(at), Replace: Always}, body)
	return err
}

func contentType(at string) string {
	switch path.Ext(at) {
	case ".jsonl":
		return "application/x-ndjson"
	case ".json":
		return "application/json"
	}
	return "text/plain; charset=utf-8"
}

func (s Sealing) spool() (*os.File, error) { return SpoolFile(s.Spool) }
