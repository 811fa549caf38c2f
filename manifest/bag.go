package manifest

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// bagPlace says which bag is verified, and what its export says about it.
type bagPlace struct {
	path     string // from the store's root; empty for a bag that is the root
	inExport bool   // it is part of an export, where nothing may be unlisted
	listed   bool   // BAGS.sha256 has
	digest   string // of its tag manifest
}

// in returns the path in the store of a path of the bag.
func (b bagPlace) in(path string) string {
	if b.path == "" {
		return path
	}
	return b.path + "/" + path
}

// bagCheck is the verification of one bag.
type bagCheck struct {
	*verifier
	bagPlace
	format  format
	version string
	lists   []*list
	payload Oxum     // as present
	absent  []string // control files that were reported missing already
}

// bag verifies one bag, taking its files from the listing.
func (v *verifier) bag(ctx context.Context, place bagPlace, files *listing) error {
	v.record.count(func(r *Result) { r.Bags++ })
	c := &bagCheck{verifier: v, bagPlace: place}
	if err := c.declaration(ctx); err != nil {
		return err
	}
	stated, err := c.info(ctx)
	if err != nil {
		return err
	}
	if err := c.findLists(ctx); err != nil {
		return err
	}
	if err := c.join(ctx, files); err != nil {
		return err
	}
	if stated != nil && *stated != c.payload {
		c.find("bag-info.txt", Size, "%s says %d bytes in %d files, the payload has %d bytes in %d files",
			payloadOxum, stated.Bytes, stated.Files, c.payload.Bytes, c.payload.Files)
	}
	v.record.count(func(r *Result) {
		r.Files += c.payload.Files
		r.Bytes += c.payload.Bytes
	})
	return nil
}

func (c *bagCheck) find(path string, kind Kind, detail string, args ...any) {
	c.record.add(Finding{Bag: c.path, Path: path, Kind: kind, Detail: fmt.Sprintf(detail, args...)})
}

// lacks reports that a control file is missing, whether or not one lists it.
func (c *bagCheck) lacks(path, detail string) {
	c.find(path, Missing, "%s", detail)
	c.absent = append(c.absent, path)
}

func (c *bagCheck) note(path, detail string) {
	c.record.note(Note{Bag: c.path, Path: path, Detail: detail})
}

// control reads a small control file; nil, after a finding, where it is too
// large, and nil where it is absent.
func (c *bagCheck) control(ctx context.Context, path string) ([]byte, error) {
	text, err := c.read(ctx, c.in(path))
	if errors.Is(err, errTooLarge) {
		c.find(path, Malformed, "%v", errTooLarge)
		return nil, nil
	}
	return text, err
}

func (c *bagCheck) declaration(ctx context.Context) error {
	c.format.percent = true
	text, err := c.control(ctx, "bagit.txt")
	if err != nil {
		return err
	}
	if text == nil {
		c.lacks("bagit.txt", "without it this is not a bag")
		return nil
	}
	d, err := parseBagit(text)
	if err == nil {
		c.version = d.version
		c.format, err = d.format()
	}
	if err != nil {
		c.find("bagit.txt", Malformed, "%v", err)
	}
	return nil
}

// info reads what bag-info.txt says about the payload's size; nil where it
// says nothing.
func (c *bagCheck) info(ctx context.Context) (*Oxum, error) {
	text, err := c.control(ctx, "bag-info.txt")
	if text == nil || err != nil {
		return nil, err
	}
	info, err := c.format.parseInfo(bytes.NewReader(text))
	if err != nil {
		c.find("bag-info.txt", Malformed, "%v", err)
	}
	value, ok := info.Get(payloadOxum)
	if !ok {
		return nil, nil
	}
	oxum, err := ParseOxum(value)
	if err != nil {
		c.find("bag-info.txt", Malformed, "%s: %v", payloadOxum, err)
		return nil, nil
	}
	return &oxum, nil
}

// join walks the listing and all manifests side by side, in the order of
// their paths.
func (c *bagCheck) join(ctx context.Context, files *listing) error {
	prefix := c.in("")
	var heads []*reading
	defer func() {
		for _, r := range heads {
			r.stop()
		}
	}()
	for _, l := range c.lists {
		r, err := c.open(ctx, l)
		if err != nil {
			return err
		}
		heads = append(heads, r)
	}
	for {
		f, present, err := files.peek(prefix)
		if err != nil {
			return err
		}
		path, some := strings.TrimPrefix(f.Path, prefix), present
		for _, r := range heads {
			if err := r.peek(); err != nil {
				return err
			}
			if r.some && (!some || r.head.path < path) {
				path, some = r.head.path, true
			}
		}
		if !some {
			return nil
		}
		present = present && f.Path == prefix+path
		if present {
			files.take()
		}
		var wants []want
		fetch := false
		for _, r := range heads {
			if !r.some || r.head.path != path {
				continue
			}
			if r.list.fetch {
				fetch = true
			} else {
				wants = append(wants, want{r.list.algorithm, r.head.digest, r.list.name})
			}
			if err := c.advance(r); err != nil {
				return err
			}
		}
		if err := c.judge(ctx, path, f, present, fetch, wants); err != nil {
			return err
		}
	}
}

// advance goes on to the next path of a list.
func (c *bagCheck) advance(r *reading) error {
	done := r.head
	for {
		r.take()
		if err := r.peek(); err != nil {
			return err
		}
		if !r.some || r.head.path != done.path {
			return nil
		}
		detail := "listed twice in " + r.list.name
		if r.head.digest != done.digest {
			detail += ", with different checksums"
		}
		c.find(done.path, Duplicate, "%s", detail)
	}
}

// judge decides about one path of the bag.
func (c *bagCheck) judge(ctx context.Context, path string, f File, present, fetch bool, wants []want) error {
	payload := isPayload(path)
	switch {
	case !present && fetch:
		c.find(path, Unfetched, "listed in fetch.txt, and not fetched")
		return nil
	case !present && slices.Contains(c.absent, path):
		return nil
	case !present:
		c.find(path, Missing, "listed in %s%s", wants[0].source, unicodeHint(path))
		return nil
	case isFolderMark(f):
		c.note(path, "an empty object that stands for a folder")
		return nil
	case f.Irregular != "":
		c.find(path, Irregular, "is a %s", f.Irregular)
		return nil
	}
	if payload {
		c.payload.Files++
		c.payload.Bytes += f.Bytes
	}
	if len(wants) == 0 {
		c.unlisted(path, payload)
		return nil
	}
	if payload && c.version != "0.97" { // which allowed it
		for _, l := range c.lists {
			if l.payload && !hasSource(wants, l.name) {
				c.find(path, Added, "not listed in %s, as every payload file must be", l.name)
			}
		}
	}
	select {
	case c.jobs <- job{bag: c.path, path: path, full: f.Path, bytes: f.Bytes, payload: payload, wants: wants}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// unlisted decides about a file that no manifest lists.
func (c *bagCheck) unlisted(path string, payload bool) {
	name, isManifest := manifestName(path)
	_, known := findAlgorithm(name)
	reason := hostile(path)
	switch {
	case (payload || c.inExport) && reason != "":
		c.find(strconv.Quote(path), Hostile, "listed in no manifest, and its name %s", reason)
	case payload:
		c.find(path, Added, "listed in no manifest%s", unicodeHint(path))
	case c.inExport:
		// Nothing can list these: they are made after the tag manifest, the
		// only one that an export's bag has.
		if path != tagManifestFile && path != tagManifestFile+".sig" && path != tagManifestFile+".tsr" {
			c.find(path, Added, "listed in no manifest")
		}
	case isManifest && !known:
		c.note(path, "checksums of a kind that is not known here: not checked")
	case isTagManifest(path), isSeal(path):
		// Here too, nothing can list these.
	case c.hasTagManifest():
		// RFC 8493, section 2.2.1 lets a tag manifest leave them out.
		c.note(path, "no tag manifest lists it, so nothing speaks for its bytes")
	}
}

func isTagManifest(path string) bool {
	_, ok := manifestName(path)
	return ok && strings.HasPrefix(path, "tag")
}

// isSeal: signatures and time stamps of a tag manifest lie beside it.
func isSeal(path string) bool {
	for _, suffix := range []string{".sig", ".tsr"} {
		if of, ok := strings.CutSuffix(path, suffix); ok && isTagManifest(of) {
			return true
		}
	}
	return false
}

func hasSource(wants []want, name string) bool {
	for _, w := range wants {
		if w.source == name {
			return true
		}
	}
	return false
}

// unicodeHint: a name that moved between systems may differ by normalisation
// alone, which nobody sees (RFC 8493, section 6.2).
func unicodeHint(path string) string {
	for i := range len(path) {
		if path[i] >= utf8.RuneSelf {
			return "; names beyond ASCII may look alike and differ in their Unicode normalisation (NFC, NFD): bytes " + hex.EncodeToString([]byte(path))
		}
	}
	return ""
}
