package manifest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime"

	"golang.org/x/sync/errgroup"
)

// ErrNoBag: where the bag should be there is neither a bag nor an export.
var ErrNoBag = errors.New("neither a bag (bagit.txt) nor an export (BAGS.sha256, bags/) lies here")

// VerifyOptions are all optional.
type VerifyOptions struct {
	// Concurrency is how many files are read at once. The default is 32,
	// since a bucket is read by waiting for answers, of which one takes as long
	// as many; for a store that is [Local] it is GOMAXPROCS. Each takes 256 KiB
	// of memory, and what the store buffers for a connection.
	Concurrency int
	// Fast compares a payload file with the checksum that the store itself
	// keeps, where the store is a [Checksummer] and has one, and otherwise
	// does not read it at all: then only the payload's total size speaks for
	// it. Tag files are always read.
	Fast bool
	// MaxFindings is how many findings, and how many notes, are kept;
	// default 10,000. All are counted.
	MaxFindings int
	// Progress is told the files and bytes compared so far, often, and never
	// by two goroutines at once.
	Progress func(files, bytes int64)
	// TempDir is where an unsorted manifest is sorted when it is large;
	// default the system's.
	TempDir string
}

// readers is how many files of a store are read at once that is not [Local].
const readers = 32

// Verify checks what lies at the root of a store: a single bag, or a whole
// export with all its bags.
//
// A bag may be of BagIt 1.0 or 0.97, with manifests of MD5, SHA-1, SHA-256
// and SHA-512, all of which are checked. Whatever deviates is a [Finding] in
// the result; an error means that something could not be read, and then the
// result says what was found before.
//
// The listing is read once and joined with the manifests, which must be in
// the same order; one that is not is sorted on disk first. So memory does not
// grow with the number of files. Names are compared byte for byte: nothing
// is done about Unicode normalisation.
func Verify(ctx context.Context, store Store, opt VerifyOptions) (Result, error) {
	if opt.Concurrency <= 0 {
		opt.Concurrency = readers
		if _, local := store.(Local); local {
			opt.Concurrency = runtime.GOMAXPROCS(0)
		}
	}
	if opt.MaxFindings <= 0 {
		opt.MaxFindings = 10_000
	}
	v := &verifier{
		store:  store,
		opt:    opt,
		record: &record{limit: opt.MaxFindings},
		// Deep enough to keep the readers busy while a page is listed.
		jobs: make(chan job, 1024),
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(v.jobs)
		return v.walk(ctx)
	})
	p := &progress{report: opt.Progress}
	for range opt.Concurrency {
		group.Go(func() error {
			return newHasher(v, p).run(ctx)
		})
	}
	err := group.Wait()
	if err != nil {
		err = fmt.Errorf("verify: %w", err)
	}
	return v.record.sorted(), err
}

// verifier is one run of Verify. One goroutine walks the listing and hands
// files to hashers.
type verifier struct {
	store  Store
	opt    VerifyOptions
	record *record
	jobs   chan job
}

// walk finds out what lies in the store.
func (v *verifier) walk(ctx context.Context) error {
	export, err := v.anyOf(ctx, BagList, "root/"+tagManifestFile)
	if err != nil {
		return err
	}
	listing := newListing(v.store.List(ctx, ""))
	defer listing.stop()
	if !export {
		bag, err := v.anyOf(ctx, "bagit.txt")
		if err != nil {
			return err
		}
		// Without any of these a bag that lost its bagit.txt, or an export
		// whose first run has not ended, is still told from nothing at all.
		if !bag {
			if bag, err = v.anyOf(ctx, manifestNames()...); err != nil {
				return err
			}
		}
		if bag {
			return v.bag(ctx, bagPlace{}, listing)
		}
		if export, err = v.looksLikeExport(ctx); err != nil {
			return err
		}
		if !export {
			return ErrNoBag
		}
	}
	return v.export(ctx, listing)
}

// looksLikeExport says whether there is anything below bags/.
func (v *verifier) looksLikeExport(ctx context.Context) (bool, error) {
	for _, err := range v.store.List(ctx, "bags/") {
		return err == nil, err
	}
	return false, nil
}

func manifestNames() []string {
	var names []string
	for _, a := range algorithms() {
		names = append(names, "manifest-"+a.name+".txt", "tagmanifest-"+a.name+".txt")
	}
	return names
}

// anyOf says whether one of the files exists.
func (v *verifier) anyOf(ctx context.Context, paths ...string) (bool, error) {
	for _, path := range paths {
		f, err := v.store.Open(ctx, path)
		switch {
		case err == nil:
			return true, f.Close()
		case !errors.Is(err, fs.ErrNotExist):
			return false, err
		}
	}
	return false, nil
}

// The longest control file that is read into memory, in bytes: bagit.txt,
// bag-info.txt and BAGS.sha256, but no manifest.
const maxControl = 64 << 20

var errTooLarge = errors.New("is too large for what it is")

// read returns a whole control file; nil where it is absent.
func (v *verifier) read(ctx context.Context, path string) ([]byte, error) {
	f, err := v.store.Open(ctx, path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxControl+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if len(text) > maxControl {
		return nil, fmt.Errorf("%s: %w", path, errTooLarge)
	}
	if text == nil {
		text = []byte{}
	}
	return text, nil
}
