package manifest

import (
	"context"
	"io"
	"iter"
)

// Opener reads files of a store.
type Opener interface {
	// Open reads the file of that path, relative to the store's root, with
	// slashes. Where there is no such file the error wraps fs.ErrNotExist.
	// It is safe for concurrent use.
	Open(ctx context.Context, path string) (io.ReadCloser, error)
}

// Lister lists the files of a store.
type Lister interface {
	// List yields every file, at whatever depth, whose path begins with
	// prefix, sorted bytewise by path. The prefix is empty or ends in a
	// slash; paths are relative to the store's root, prefix included. After
	// an error nothing more is yielded.
	List(ctx context.Context, prefix string) iter.Seq2[File, error]
}

// Store is where a bag or an export lies.
type Store interface {
	Opener
	Lister
}

// Checksummer is a store that keeps checksums of its own. [Verify] asks it
// only where [VerifyOptions].Fast is set.
type Checksummer interface {
	// Checksum returns what the store computed over the whole file when it
	// was written: the algorithm ("sha256") and the digest in hex or in
	// base64. ok is false where the store has nothing of that kind, such as
	// for a checksum of checksums of parts. It is safe for concurrent use.
	Checksum(ctx context.Context, path string) (algorithm, digest string, ok bool, err error)
}

// Local is a store on this machine's own disks: what limits its reading are
// disks and processors, not the wait for answers.
type Local interface {
	Local()
}

// File is one file of a listing.
type File struct {
	Path  string
	Bytes int64
	// Irregular says what it is instead of a regular file, e.g. "symbolic
	// link"; empty for files. Such a thing is reported, never opened.
	Irregular string
}

// Entry is one payload file of a bag.
type Entry struct {
	Path   string // relative to the bag: "data/..."
	SHA256 string // lower-case hex
	Bytes  int64
}
