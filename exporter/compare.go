package exporter

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"strings"

	"golang.org/x/sync/errgroup"

	"exitplan/manifest"
)

// ErrLost: the destination no longer has what receipts say it stored.
var ErrLost = errors.New("the destination has lost what was stored in it")

// FoundSource is the Source of an artifact that no receipt knew: a run that
// was killed before its commit left it, or one whose journal was lost. It is
// listed as what lies there, and vouched for until a unit stores something
// under its path.
const FoundSource = "found in the destination"

// Stock is the destination as sealing reads it.
type Stock interface {
	manifest.Store
	// Folders yields the names of the folders right below a prefix, which is
	// as in List, in any order.
	Folders(ctx context.Context, prefix string) iter.Seq2[string, error]
}

// Recorder is what the comparison tells the journal of things found.
type Recorder interface {
	Add(ctx context.Context, units []Unit) error
	Commit(ctx context.Context, r Receipt) error
}

const (
	// Things found are recorded so many at a time, and so many are read at
	// once.
	foundAtOnce   = 100
	foundReadOnce = 16
)

// comparison holds bags in the destination against the receipts: sizes, not
// bytes, which is for verify.
type comparison struct {
	Sealing
	found   int64
	example string          // one of what was found
	lost    map[string]bool // bags that lack something
	missing int64           // objects, of all bags
	first   string          // one of them, and what is wrong with it
	waiting []manifest.File // found, of one dataset, not recorded yet
}

// compare holds the bags that are about to be sealed, and those that the
// journal knows nothing of, against the destination.
func (s Sealing) compare(ctx context.Context, bags []Bag) (*comparison, error) {
	c := &comparison{Sealing: s, lost: map[string]bool{}}
	known := map[string]bool{}
	for _, b := range bags {
		known[b.Name] = true
		if b.due() {
			if err := c.bag(ctx, b.Name); err != nil {
				return c, err
			}
		}
	}
	for name, err := range s.Stock.Folders(ctx, "bags/") {
		if err != nil {
			return c, err
		}
		if bag := "bags/" + name; !known[bag] && manifest.Plain(bag) {
			if err := c.bag(ctx, bag); err != nil {
				return c, err
			}
		}
	}
	return c, nil
}

// bag joins the listing of a bag with its artifacts, both in the order of
// their paths.
func (c *comparison) bag(ctx context.Context, bag string) error {
	next, stop := iter.Pull2(c.Ledger.Artifacts(ctx, bag))
	defer stop()
	head, err, some := next()
	for f, listErr := range c.Stock.List(ctx, bag+"/data/") {
		if listErr != nil {
			return listErr
		}
		for ; some && err == nil && head.Path < f.Path; head, err, some = next() {
			c.lose(bag, head.Path, "it is not there")
		}
		if err != nil {
			return err
		}
		known := some && head.Path == f.Path
		switch {
		case known && f.Irregular != "":
			c.lose(bag, f.Path, "there is a "+f.Irregular)
		case known && f.Bytes != head.Bytes && head.Source != FoundSource:
			c.lose(bag, f.Path, fmt.Sprintf("%d bytes are there instead of %d", f.Bytes, head.Bytes))
		case known && f.Bytes == head.Bytes, f.Irregular != "", !manifest.Plain(f.Path):
			// Known; or nothing that a run of ours could have left.
		default:
			if err := c.find(ctx, f); err != nil {
				return err
			}
		}
		if known {
			head, err, some = next()
		}
	}
	for ; some && err == nil; head, err, some = next() {
		c.lose(bag, head.Path, "it is not there")
	}
	if err != nil {
		return err
	}
	return c.record(ctx)
}

func (c *comparison) lose(bag, path, how string) {
	c.lost[bag] = true
	if c.missing++; c.missing == 1 {
		c.first = path + ": " + how
	}
}

// err is ErrLost with what a person can do, if anything is lost.
func (c *comparison) err() error {
	if c.missing == 0 {
		return nil
	}
	objects := "1 object is"
	if c.missing > 1 {
		objects = fmt.Sprintf("%d objects are", c.missing)
	}
	return fmt.Errorf("%w: %s missing or of another size (%s), so what holds them was not sealed: "+
		"restore them from the bucket's earlier versions or from a backup, and run the same command again, or begin another export", ErrLost, objects, c.first)
}

// find takes note of an object that no receipt knows.
func (c *comparison) find(ctx context.Context, f manifest.File) error {
	if len(c.waiting) == foundAtOnce || len(c.waiting) > 0 && datasetAt(c.waiting[0].Path) != datasetAt(f.Path) {
		if err := c.record(ctx); err != nil {
			return err
		}
	}
	c.waiting = append(c.waiting, f)
	return nil
}

// datasetAt is the dataset whose payload lies at a path.
func datasetAt(path string) string {
	_, name, _ := strings.Cut(path, "/data/")
	name, _, _ = strings.Cut(name, "/")
	return name
}

// record reads what was found, and commits it under a unit of its own, which
// is done at once: nothing is left to do about it.
func (c *comparison) record(ctx context.Context) error {
	if len(c.waiting) == 0 {
		return nil
	}
	name := datasetAt(c.waiting[0].Path)
	read := make([]*Artifact, len(c.waiting))
	group, reading := errgroup.WithContext(ctx)
	group.SetLimit(foundReadOnce)
	for i, f := range c.waiting {
		group.Go(func() (err error) {
			read[i], err = c.read(reading, f.Path)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	c.waiting = c.waiting[:0]
	var artifacts []Artifact
	for _, a := range read {
		if a != nil {
			a.Dataset = name
			artifacts = append(artifacts, *a)
		}
	}
	if len(artifacts) == 0 {
		return nil
	}
	unit := Unit{Dataset: name, Key: name + "/found-in-destination"}
	if err := c.Recorder.Add(ctx, []Unit{unit}); err != nil {
		return err
	}
	if err := c.Recorder.Commit(ctx, Receipt{Unit: unit.Key, Outcome: Done, Artifacts: artifacts}); err != nil {
		return err
	}
	c.found += int64(len(artifacts))
	if c.example == "" {
		c.example = artifacts[0].Path
	}
	return nil
}

// read makes an artifact of what lies at a path; nil if it has gone since.
func (c *comparison) read(ctx context.Context, path string) (*Artifact, error) {
	body, err := c.Stock.Open(ctx, path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer body.Close()
	sum := sha256.New()
	size, err := io.Copy(sum, body)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	digest := sum.Sum(nil)
	a := &Artifact{
		Path: path, Bytes: size, SHA256: hex.EncodeToString(digest), Source: FoundSource,
		Attest: Attestation{Level: NotAttested},
	}
	if store, ok := c.Stock.(manifest.Checksummer); ok {
		algorithm, stated, known, err := store.Checksum(ctx, path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if value := base64.StdEncoding.EncodeToString(digest); known && algorithm == "sha256" && stated == value {
			a.Attest = Attestation{Level: FullSHA256, Value: value}
		}
	}
	return a, nil
}
