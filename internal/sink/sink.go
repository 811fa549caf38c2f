// Package sink stores artifacts in a destination: an S3 bucket or a
// directory.
//
// Both keep the same promises, which one suite (sinktest) checks: an object
// is durable when Put returns and invisible before, its bytes are what was
// announced, an object of the same bytes counts as stored, and one of other
// bytes is never overwritten unasked.
package sink

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"iter"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"exitplan/exporter"
	"exitplan/manifest"
)

// Destination is where an export is written, and where it is verified.
type Destination interface {
	exporter.Sink
	manifest.Opener
	manifest.Lister
	// Folders yields the names of the folders right below a prefix, which is
	// as in List, in any order.
	Folders(ctx context.Context, prefix string) iter.Seq2[string, error]
	// Probe tries out what an export will need, with a small object that it
	// removes again, and says what it found. The error is ctx's alone.
	Probe(ctx context.Context) ([]Finding, error)
	// URL is the destination as a person would write it, root included.
	URL() string
}

// Located is a destination that lies in a region.
type Located interface {
	// Region is the AWS region that the store itself names, e.g.
	// "ap-northeast-1"; empty where it names none.
	Region(ctx context.Context) (string, error)
}

// Config says where the destination is and how to write to it.
type Config struct {
	// URL is s3://bucket/prefix, file:///directory or a plain path.
	URL string
	// Root is added to URL: the export id. Every path is relative to both.
	Root string

	Region    string
	Endpoint  string // of an S3-compatible server; http on loopback alone
	PathStyle bool   // bucket in the path instead of the host name
	// SSE is the encryption at rest to ask for: AES256 (the default) or
	// aws:kms; "none" asks for nothing, with an Endpoint alone.
	SSE                 string
	KMSKeyID            string // with aws:kms; empty for the account's default key
	ExpectedBucketOwner string // AWS account id, sent with every call
	StorageClass        string
	Lock                Lock

	// Budget bounds the bytes of all buffers; nil for no bound.
	Budget *exporter.Budget
	// PartSize is the size in bytes of a part of a multipart upload, and of
	// the buffer of a body whose size is unknown; default 16 MiB. It grows
	// for objects that would have over 10,000 parts.
	PartSize int64
	// SinglePutLimit is the size in bytes up to which an object of known
	// size is one PUT; default 64 MiB.
	SinglePutLimit int64
	// Parts remembers unfinished multipart uploads; nil for none, and then
	// an interrupted upload is aborted.
	Parts PartTable
	// Spool makes temporary files for bodies over PartSize that cannot be
	// rewound, as [exporter.Output.Spool] does; nil keeps them in memory.
	Spool func() (*os.File, error)
	// Now is the clock that the age of leftover files is measured against;
	// nil leaves leftovers alone.
	Now func() time.Time
}

// Lock is S3 Object Lock for every object; no Mode, no lock.
type Lock struct {
	Mode        string // GOVERNANCE or COMPLIANCE
	RetainUntil time.Time
}

// PartTable remembers how far the multipart upload of an object has come, so
// that a killed run goes on with the next part. What it remembers is opaque
// to it.
type PartTable interface {
	// Load returns what was last saved for an object's path; nil for nothing.
	Load(ctx context.Context, path string) (json.RawMessage, error)
	// Save replaces what is remembered; durable on return.
	Save(ctx context.Context, path string, upload json.RawMessage) error
	// Delete forgets an upload that is complete or given up.
	Delete(ctx context.Context, path string) error
}

const (
	defaultPartSize       = 16 << 20
	defaultSinglePutLimit = 64 << 20
	// S3's own limits, of a part (the last may be smaller) and of an upload.
	maxParts      = 10_000
	maxObjectSize = 5 << 40
)

// Open prepares a destination. For S3 it finds credentials, but sends the
// store nothing; a directory is made with the first object.
func Open(ctx context.Context, cfg Config) (Destination, error) {
	if cfg.PartSize == 0 {
		cfg.PartSize = defaultPartSize
	}
	if cfg.SinglePutLimit == 0 {
		cfg.SinglePutLimit = defaultSinglePutLimit
	}
	if cfg.Root != "" && !readable(cfg.Root) {
		return nil, invalidf("export id %q cannot be part of a path", cfg.Root)
	}
	scheme, rest, found := strings.Cut(cfg.URL, "://")
	switch {
	case cfg.URL == "":
		return nil, invalidf("no destination: set destination.url to s3://bucket/prefix or file:///directory")
	case !found: // also C:\exit
		return openDir(cfg, cfg.URL)
	case scheme == "file":
		dir, err := filePath(cfg.URL)
		if err != nil {
			return nil, err
		}
		return openDir(cfg, dir)
	case scheme == "s3":
		bucket, prefix, _ := strings.Cut(rest, "/")
		return openS3(ctx, cfg, bucket, strings.Trim(prefix, "/"))
	}
	return nil, invalidf("destination %s: %q is not supported: use s3://bucket/prefix or file:///directory", redact(cfg.URL), scheme)
}

func filePath(raw string) (string, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return "", invalidf("destination: %w", err)
	}
	if u.Host != "" && u.Host != "localhost" || u.Path == "" || u.RawQuery != "" {
		return "", invalidf("destination %s: a directory is written as file:///directory or as a plain path", redact(raw))
	}
	return filepath.FromSlash(u.Path), nil
}

// redact removes a password that somebody put into a URL.
func redact(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "(unreadable)"
	}
	return u.Redacted()
}

// writable says whether a path may be stored: elements of [A-Za-z0-9._=-]
// between slashes, so that it means the same to S3, to every file system, to
// a shell and in a manifest.
func writable(path string) bool {
	for _, c := range []byte(path) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '.', c == '_', c == '=', c == '/', c == '-':
		default:
			return false
		}
	}
	return readable(path)
}

// readable says whether a path stays below the root: others' bags may have
// any characters in their names.
func readable(path string) bool {
	if path == "" || len(path) > 1024 || strings.ContainsAny(path, "\x00\\") {
		return false
	}
	for element := range strings.SplitSeq(path, "/") {
		if element == "" || element == "." || element == ".." {
			return false
		}
	}
	return true
}

// unreadable is the error for a path that is not [readable]: nothing of that
// name can be there.
func unreadable(operation, path string) error {
	return fmt.Errorf("%s %q: not a path below the destination: %w", operation, path, fs.ErrNotExist)
}

func checkObject(obj exporter.Object) error {
	if !writable(obj.Path) {
		return fmt.Errorf("store %q: a path has elements of A-Z a-z 0-9 . _ = - between slashes, and none of dots alone", obj.Path)
	}
	if obj.Size > maxObjectSize {
		return fmt.Errorf("store %s: %d bytes are more than one object may have (5 TiB)", obj.Path, obj.Size)
	}
	return nil
}
