package dataset

import (
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"

	"exitplan/exporter"
	"exitplan/internal/genesys"
)

// ref is a file that a record refers to, with what the record says of it.
type ref struct {
	url, name, kind string
	size            int64 // 0: not known
}

// packs says whether the files become the records.
func (f *reference) packs() bool { return f != nil && f.inline }

// lacks says whether a record is without the file that it is exported for.
func (f *reference) lacks(refs []ref) bool { return f != nil && f.must && len(refs) == 0 }

// in finds the files of a record.
func (f *reference) in(raw json.RawMessage) []ref {
	if f == nil {
		return nil
	}
	var record any
	if json.Unmarshal(raw, &record) != nil {
		return nil // it is kept, and refers to nothing that could be read
	}
	var refs []ref
	for _, place := range f.urls {
		dir, field := path.Split(place)
		for _, holder := range places(record, strings.Trim(dir, "/")) {
			url, _ := single(places(holder, field))
			if url == "" || slices.ContainsFunc(refs, func(r ref) bool { return r.url == url }) {
				continue
			}
			found := ref{url: url, kind: f.kind}
			found.name, _ = single(places(holder, f.name))
			if kind, ok := single(places(holder, f.kindAt)); ok {
				found.kind = kind
			}
			if sizes := places(holder, f.sizeAt); f.sizeAt != "" && len(sizes) > 0 {
				size, _ := sizes[0].(float64)
				found.size = int64(size)
			}
			refs = append(refs, found)
		}
	}
	return refs
}

// places are the values at a path of names separated by slashes; arrays are
// gone through, and * stands for every name.
func places(value any, at string) []any {
	if list, ok := value.([]any); ok {
		var found []any
		for _, v := range list {
			found = append(found, places(v, at)...)
		}
		return found
	}
	if at == "" {
		return []any{value}
	}
	fields, _ := value.(map[string]any)
	name, rest, _ := strings.Cut(at, "/")
	if name != "*" {
		if fields[name] == nil {
			return nil
		}
		return places(fields[name], rest)
	}
	var found []any
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		found = append(found, places(fields[name], rest)...)
	}
	return found
}

// single is the one value, if it is text.
func single(values []any) (string, bool) {
	if len(values) == 0 {
		return "", false
	}
	text, ok := values[0].(string)
	return text, ok
}

// unsigned is a record without the signatures of its URLs, by which it is the
// same in each answer.
func unsigned(raw json.RawMessage, refs []ref) []byte {
	for _, f := range refs {
		quoted, _ := json.Marshal(f.url) // text cannot fail
		for _, spelt := range [][]byte{[]byte(f.url), bytes.Trim(quoted, `"`)} {
			raw = bytes.ReplaceAll(raw, spelt, []byte(bare(f.url)))
		}
	}
	return raw
}

// fetch stores the files of a record that are not there yet. Some may have
// expired, which a new answer of the platform mends, unless it is the last.
func (r *listingRun) fetch(ctx context.Context, a ask, raw json.RawMessage, refs []ref, last bool) (expired bool, err error) {
	for _, f := range refs {
		item := r.fileItem(a, raw, f, len(refs) > 1)
		if r.files[item] {
			continue
		}
		switch err := r.take(ctx, a, item, f); {
		case ctx.Err() != nil:
			return expired, context.Cause(ctx)
		case errors.Is(err, genesys.ErrURLExpired) && !last:
			expired = true
			continue
		case !errors.Is(err, errAskAgain) && !errors.Is(err, errNotGiven) && err != nil:
			return expired, err
		case err != nil && r.d.file.inline:
			r.except(r.name, exporter.FailedItem, item+": "+err.Error())
		case err != nil:
			r.receipt.Expected = append(r.receipt.Expected, r.expectFile(item))
			r.except(item, exporter.FailedItem, err.Error())
		}
		if r.files[item] = true; r.d.file.inline {
			r.expected++ // the files are the records
		}
	}
	return expired, nil
}

// errNotGiven: the platform, or its storage, does not give a file. One that
// cannot be had must not keep the others from being stored.
var errNotGiven = errors.New("the file is not given")

// take stores one file, or makes it a record.
func (r *listingRun) take(ctx context.Context, a ask, item string, f ref) (err error) {
	for range triesPerURL {
		if r.d.file.inline {
			err = r.inline(ctx, a, f)
		} else {
			err = r.store(ctx, item, f)
		}
		if !errors.Is(err, errAskAgain) || errors.Is(err, genesys.ErrURLExpired) {
			return err
		}
	}
	return err
}

// store puts one file into the sink and commits it.
func (r *listingRun) store(ctx context.Context, item string, f ref) error {
	media, check, err := r.open(ctx, f)
	if err != nil {
		return err
	}
	defer media.Body.Close()
	end := "-" + exporter.SafeName(f.name)
	if f.name == "" {
		end = extension(f.kind)
		if end == unknownExtension {
			end = extension(media.ContentType)
		}
	}
	elements := strings.Split(item, "/")
	for i := range elements {
		elements[i] = exporter.SafeName(elements[i])
	}
	artifact, err := r.out.Put(ctx, exporter.Object{
		Path: r.d.dir(r.p) + "/" + exporter.FilesFolder + "/" + strings.Join(elements, "/") + end, Size: media.Size, ContentType: media.ContentType,
	}, check)
	if err != nil {
		return received(ctx, check, err)
	}
	artifact.Dataset, artifact.Item, artifact.Records, artifact.Source = r.d.name, item, 1, bare(f.url)
	return r.out.Save(ctx, exporter.Receipt{
		Unit: r.unit.Key, Artifacts: []exporter.Artifact{artifact}, Expected: []exporter.Expectation{r.expectFile(item)},
	})
}

// open asks for a file. A web page is the storage's way to fail, unless the
// platform says that the file is one.
func (r *listingRun) open(ctx context.Context, f ref) (*genesys.Media, *mediaCheck, error) {
	media, err := r.client.File(ctx, f.url)
	switch {
	case err == nil:
	case errors.Is(err, genesys.ErrCredentials):
		return nil, nil, fatal(err)
	default:
		return nil, nil, fmt.Errorf("%w: %w", errNotGiven, err)
	}
	// Of a page that should be there, only its size tells it from another.
	if extension(media.ContentType) == ".html" && (extension(f.kind) != ".html" || f.size > 0 && media.Size != f.size) {
		media.Body.Close()
		return nil, nil, fmt.Errorf("%w: a web page instead of %s", errAskAgain, bare(f.url))
	}
	return media, newMediaCheck(media.Body, cmp.Or(f.kind, media.ContentType), media.ContentType, false), nil
}

// A file that becomes a record may have so many bytes.
const inlineBytes = 64 << 20

// inline packs a file's JSON as a record.
func (r *listingRun) inline(ctx context.Context, a ask, f ref) error {
	media, check, err := r.open(ctx, f)
	if err != nil {
		return err
	}
	defer media.Body.Close()
	body, err := io.ReadAll(io.LimitReader(check, inlineBytes+1))
	switch {
	case err != nil:
		return received(ctx, check, fmt.Errorf("%w: %w", exporter.ErrUnverified, err))
	case len(body) > inlineBytes:
		return fmt.Errorf("%w: %s has more than %d MiB", errNotGiven, bare(f.url), inlineBytes>>20)
	case !json.Valid(body):
		return fmt.Errorf("%w: %s is no JSON", errAskAgain, bare(f.url))
	}
	parent := a.parent
	if f.name != "" {
		parent = append(slices.Clone(parent), f.name)
	}
	return r.write(ctx, parent, compacted(body))
}

func (r *listingRun) expectFile(item string) exporter.Expectation {
	return exporter.Expectation{Dataset: r.d.name, Item: item, Count: 1, Source: "listing"}
}

// fileItem names a file of a record: by the record's ids, or, where it is a
// job's and made anew each time, by those of what the job was for. A record
// without an id is known by what it says of the file; several files by their
// URLs, since their order and number may change.
func (r *listingRun) fileItem(a ask, raw json.RawMessage, f ref, several bool) string {
	elements := slices.Clone(a.parent)
	sum := digest([]byte(bare(f.url)))
	mark := hex.EncodeToString(sum[:8])
	if r.d.job == nil {
		own := ownID(raw)[0]
		if own == "" && r.d.style != genesys.Single { // of which there is one
			own = cmp.Or(f.name, mark)
		}
		if n := len(elements); n == 0 || elements[n-1] != own {
			elements = append(elements, own)
		}
	}
	if elements = slices.DeleteFunc(elements, func(id string) bool { return id == "" }); several || len(elements) == 0 {
		elements = append(elements, mark)
	}
	return ask{parent: elements}.item("")
}
