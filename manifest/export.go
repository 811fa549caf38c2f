package manifest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// export verifies every bag below the root, in one pass over the listing.
func (v *verifier) export(ctx context.Context, files *listing) error {
	rooted, err := v.anyOf(ctx, "root/"+tagManifestFile)
	if err != nil {
		return err
	}
	open := false
	if rooted {
		if open, err = v.goesOn(ctx); err != nil {
			return err
		}
	}
	v.record.count(func(r *Result) { r.Export, r.Sealed = true, rooted && !open })
	switch {
	case open:
		v.record.note(Note{Bag: "root", Detail: "the root bag says that the export goes on"})
	case !rooted:
		v.record.note(Note{Detail: "not sealed: there is no root bag, so the export is not finished"})
	}
	digests, err := v.bagList(ctx, rooted)
	if err != nil {
		return err
	}
	for {
		f, ok, err := files.peek("")
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		top, rest, below := strings.Cut(f.Path, "/")
		name, _, inBag := strings.Cut(rest, "/")
		switch {
		case f.Path == BagList && f.Irregular == "", below && top == "state":
			files.take()
		case below && top == "bags" && inBag && hostile(name) != "":
			v.record.add(Finding{Bag: strconv.Quote("bags/" + name), Kind: Hostile, Detail: "its name " + hostile(name) + "; not opened"})
			_, err = drain(files, "bags/"+name+"/")
		case below && top == "bags" && inBag:
			place := bagPlace{path: "bags/" + name, inExport: true}
			place.digest, place.listed = digests[place.path]
			delete(digests, place.path)
			err = v.exportedBag(ctx, place, rooted, files)
		case below && top == "root" && !rooted:
			err = v.exportedBag(ctx, bagPlace{path: "root", inExport: true}, rooted, files)
		case below && top == "root":
			err = v.bag(ctx, bagPlace{path: "root", inExport: true}, files)
		case isFolderMark(f):
			files.take()
		default:
			v.record.add(stray(f))
			files.take()
		}
		if err != nil {
			return err
		}
	}
	for bag := range digests {
		v.record.add(Finding{Bag: bag, Kind: MissingBag, Detail: "listed in " + BagList + ", and nothing is there"})
	}
	return nil
}

// goesOn says whether the root bag was written for an export that was
// finished once, and that later days have opened again.
func (v *verifier) goesOn(ctx context.Context) (bool, error) {
	text, err := v.read(ctx, "root/bag-info.txt")
	if err != nil && !errors.Is(err, errTooLarge) {
		return false, err
	}
	info, _ := ParseInfo(bytes.NewReader(text)) // what is wrong with it is found with the bag
	status, _ := info.Get(ExportStatus)
	return status == ExportOpen, nil
}

func stray(f File) Finding {
	if reason := hostile(f.Path); reason != "" {
		return Finding{Path: strconv.Quote(f.Path), Kind: Hostile, Detail: "belongs to no bag, and its name " + reason}
	}
	if f.Irregular != "" {
		return Finding{Path: f.Path, Kind: Irregular, Detail: "is a " + f.Irregular}
	}
	return Finding{Path: f.Path, Kind: Stray, Detail: "belongs to no bag"}
}

// isFolderMark: some S3 tools store an empty object for a folder.
func isFolderMark(f File) bool {
	return f.Bytes == 0 && strings.HasSuffix(f.Path, "/")
}

// exportedBag verifies a bag below bags/, unless the export still goes on and
// has not come to this bag.
func (v *verifier) exportedBag(ctx context.Context, place bagPlace, rooted bool, files *listing) error {
	if place.listed {
		return v.bag(ctx, place, files)
	}
	if rooted {
		v.record.add(Finding{Bag: place.path, Kind: UnlistedBag, Detail: "not listed in " + BagList})
		return v.bag(ctx, place, files)
	}
	begun, err := v.anyOf(ctx, place.path+"/"+tagManifestFile)
	if err != nil {
		return err
	}
	if begun {
		v.record.note(Note{Bag: place.path, Detail: "not listed in " + BagList + " yet"})
		return v.bag(ctx, place, files)
	}
	n, err := drain(files, place.path+"/")
	if err != nil {
		return err
	}
	v.record.count(func(r *Result) { r.Unverified += n })
	v.record.note(Note{Bag: place.path, Detail: fmt.Sprintf("still being filled: %d files without a manifest, not verified", n)})
	return nil
}

// drain passes over the files whose paths begin with prefix, and counts them.
func drain(files *listing, prefix string) (n int64, err error) {
	for {
		_, ok, err := files.peek(prefix)
		if err != nil || !ok {
			return n, err
		}
		files.take()
		n++
	}
}

// bagList reads BAGS.sha256 and compares it with the copy that the root bag
// seals. It returns the digests by bag.
func (v *verifier) bagList(ctx context.Context, rooted bool) (map[string]string, error) {
	malformed := func(err error) {
		v.record.add(Finding{Path: BagList, Kind: Malformed, Detail: err.Error()})
	}
	text, err := v.read(ctx, BagList)
	if errors.Is(err, errTooLarge) {
		malformed(errTooLarge)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	switch {
	case text == nil && rooted:
		v.record.add(Finding{Path: BagList, Kind: Missing, Detail: "the list of bags is not there"})
	case text == nil:
		v.record.note(Note{Path: BagList, Detail: "there is no list of bags yet"})
	case rooted:
		copied, err := v.read(ctx, "root/data/"+BagList)
		switch {
		case errors.Is(err, errTooLarge):
			v.record.add(Finding{Bag: "root", Path: "data/" + BagList, Kind: Malformed, Detail: errTooLarge.Error()})
		case err != nil:
			return nil, err
		case copied == nil:
			v.record.add(Finding{Bag: "root", Path: "data/" + BagList, Kind: Missing, Detail: "the root bag does not seal the list of bags"})
		case !bytes.Equal(text, copied):
			v.record.add(Finding{Path: BagList, Kind: Changed, Detail: "differs from the copy that the root bag seals"})
		}
	}
	digests := map[string]string{}
	lines := newLines(bytes.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		b, err := parseBagLine(lines.Bytes())
		if err != nil {
			malformed(fmt.Errorf("line %d: %w", n, err))
			continue
		}
		if _, twice := digests[b.Bag]; twice {
			v.record.add(Finding{Bag: b.Bag, Kind: Duplicate, Detail: fmt.Sprintf("listed again in line %d of %s", n, BagList)})
			continue
		}
		digests[b.Bag] = b.SHA256
	}
	if err := lines.Err(); err != nil {
		malformed(err)
	}
	return digests, nil
}
