package sink

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"exitplan/manifest"
)

// Open implements [manifest.Opener]. A connection that is lost on the way is
// replaced without the reader's noticing.
func (s *S3) Open(ctx context.Context, path string) (io.ReadCloser, error) {
	if !readable(path) {
		return nil, unreadable("read", path)
	}
	return s.open(ctx, path, nil)
}

// open reads the version that etag names, or whatever is there.
func (s *S3) open(ctx context.Context, path string, etag *string) (io.ReadCloser, error) {
	return s.openKey(ctx, object{path: path, key: s.prefix + path, etag: etag, explain: func(err error) error {
		return s.explain(ctx, "read", path, err)
	}})
}

func (s *S3) openKey(ctx context.Context, of object) (io.ReadCloser, error) {
	r := &of
	r.ctx, r.s = ctx, s
	if err := r.connect(); err != nil {
		return nil, err
	}
	return r, nil
}

// object is the body of an object, fetched again from where it broke off.
type object struct {
	ctx     context.Context
	s       *S3
	path    string // as errors call it
	key     string
	etag    *string // of what is read; a change on the way is an error
	explain func(error) error
	body    io.ReadCloser
	at      int64
	size    int64
	broken  int // connections in a row that gave nothing
}

func (r *object) connect() error {
	in := &s3.GetObjectInput{Bucket: &r.s.bucket, Key: &r.key, IfMatch: r.etag, ExpectedBucketOwner: r.s.owner}
	if r.at > 0 {
		in.Range = aws.String(fmt.Sprintf("bytes=%d-", r.at))
	}
	out, err := r.s.client.GetObject(r.ctx, in)
	if err != nil {
		return r.explain(err)
	}
	if r.at == 0 {
		r.size = aws.ToInt64(out.ContentLength)
		r.etag = out.ETag
	} else if out.ContentRange == nil {
		out.Body.Close()
		return fmt.Errorf("read %s: %w: it does not send part of an object", r.path, ErrStore)
	}
	r.body = out.Body
	return nil
}

func (r *object) Read(p []byte) (int, error) {
	for {
		n, err := r.body.Read(p)
		r.at += int64(n)
		if n > 0 {
			r.broken = 0
		}
		switch {
		case err == nil:
			return n, nil
		case err == io.EOF && r.at == r.size:
			return n, io.EOF
		case r.ctx.Err() != nil:
			return n, fmt.Errorf("read %s: %w", r.path, context.Cause(r.ctx))
		case n > 0:
			return n, nil // the next call meets the same error
		}
		if r.broken++; r.broken > 5 {
			return 0, fmt.Errorf("read %s: broken off after %d of %d bytes: %w", r.path, r.at, r.size, errors.Join(io.ErrUnexpectedEOF, err))
		}
		r.body.Close()
		if err := r.connect(); err != nil {
			r.body = closed{}
			return 0, err
		}
	}
}

func (r *object) Close() error { return r.body.Close() }

// closed is the body of an object whose connection could not be replaced.
type closed struct{}

func (closed) Read([]byte) (int, error) { return 0, errors.New("the connection is closed") }
func (closed) Close() error             { return nil }

// List implements [manifest.Lister], in the order that S3 lists in.
func (s *S3) List(ctx context.Context, prefix string) iter.Seq2[manifest.File, error] {
	return func(yield func(manifest.File, error) bool) {
		pages := s3.NewListObjectsV2Paginator(s.client, &s3.ListObjectsV2Input{
			Bucket: &s.bucket, Prefix: aws.String(s.prefix + prefix), ExpectedBucketOwner: s.owner,
			// XML cannot hold every key that a bucket can.
			EncodingType: types.EncodingTypeUrl,
		})
		last := ""
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				yield(manifest.File{}, s.explain(ctx, "list", prefix, err))
				return
			}
			for _, o := range page.Contents {
				path, err := s.listed(page, o.Key)
				if err != nil {
					yield(manifest.File{}, err)
					return
				}
				size := aws.ToInt64(o.Size)
				if size == 0 && strings.HasSuffix(path, "/") {
					continue // how a console shows an empty folder
				}
				if path <= last {
					yield(manifest.File{}, fmt.Errorf("list %s: %w: it does not list in byte order: %q after %q", s.URL(), ErrStore, path, last))
					return
				}
				last = path
				if !yield(manifest.File{Path: path, Bytes: size}, nil) {
					return
				}
			}
		}
	}
}

// listed is the path of a key, or of a common prefix, of a listing.
func (s *S3) listed(page *s3.ListObjectsV2Output, key *string) (string, error) {
	text, err := s.decoded(page, key)
	return strings.TrimPrefix(text, s.prefix), err
}

// decoded is a key of a listing as it is in the bucket.
func (s *S3) decoded(page *s3.ListObjectsV2Output, key *string) (string, error) {
	text := aws.ToString(key)
	if page.EncodingType == types.EncodingTypeUrl { // not every server does it
		var err error
		if text, err = url.QueryUnescape(text); err != nil {
			return "", fmt.Errorf("list %s: %w: %w", s.URL(), ErrStore, err)
		}
	}
	return text, nil
}

// Folders implements [Destination]: a request for each thousand.
func (s *S3) Folders(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		pages := s3.NewListObjectsV2Paginator(s.client, &s3.ListObjectsV2Input{
			Bucket: &s.bucket, Prefix: aws.String(s.prefix + prefix), Delimiter: aws.String("/"),
			ExpectedBucketOwner: s.owner, EncodingType: types.EncodingTypeUrl,
		})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				yield("", s.explain(ctx, "list", prefix, err))
				return
			}
			for _, p := range page.CommonPrefixes {
				path, err := s.listed(page, p.Prefix)
				if err != nil {
					yield("", err)
					return
				}
				if !yield(strings.TrimSuffix(strings.TrimPrefix(path, prefix), "/"), nil) {
					return
				}
			}
		}
	}
}

// Region implements [Located].
func (s *S3) Region(ctx context.Context) (string, error) {
	out, err := s.client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &s.bucket, ExpectedBucketOwner: s.owner})
	if isNotFound(err) { // the answer to a HEAD has no code
		return "", fmt.Errorf("look at %s: %w: %s: make the bucket, or correct destination.url", s.URL(), ErrNoBucket, s.bucket)
	}
	if err != nil {
		return "", s.explain(ctx, "look at", "", err)
	}
	return aws.ToString(out.BucketRegion), nil
}
