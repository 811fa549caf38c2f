package sink

import (
	"context"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"exitplan/exporter"
)

var _ exporter.Neighbour = (*S3)(nil)

// Bucket implements [exporter.Neighbour].
func (s *S3) Bucket() string { return s.bucket }

// Beside implements [exporter.Neighbour]: a request for each thousand.
func (s *S3) Beside(ctx context.Context, prefix string) iter.Seq2[exporter.Foreign, error] {
	return func(yield func(exporter.Foreign, error) bool) {
		pages := s3.NewListObjectsV2Paginator(s.client, &s3.ListObjectsV2Input{
			Bucket: &s.bucket, Prefix: &prefix, ExpectedBucketOwner: s.owner, EncodingType: types.EncodingTypeUrl,
		})
		last := ""
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				yield(exporter.Foreign{}, s.explainForeign(ctx, "list", prefix, err))
				return
			}
			for _, o := range page.Contents {
				key, err := s.decoded(page, o.Key)
				if err == nil && key <= last {
					err = fmt.Errorf("list %s: %w: it does not list in byte order: %q after %q", s.foreign(prefix), ErrStore, key, last)
				}
				if last = key; err == nil && strings.HasSuffix(key, "/") && aws.ToInt64(o.Size) == 0 {
					continue // how a console shows an empty folder
				}
				found := exporter.Foreign{
					Key: key, Bytes: aws.ToInt64(o.Size), ETag: aws.ToString(o.ETag), Modified: aws.ToTime(o.LastModified),
				}
				if !yield(found, err) || err != nil {
					return
				}
			}
		}
	}
}

// OpenForeign implements [exporter.Neighbour].
func (s *S3) OpenForeign(ctx context.Context, from exporter.Foreign) (io.ReadCloser, error) {
	return s.openKey(ctx, object{path: s.foreign(from.Key), key: from.Key, etag: optional(from.ETag), explain: func(err error) error {
		if isPrecondition(err) {
			return s.changed(from, err)
		}
		return s.explainForeign(ctx, "read", from.Key, err)
	}})
}

// foreign is how messages call an object, or a prefix, outside our root.
func (s *S3) foreign(key string) string { return "s3://" + s.bucket + "/" + key }

// changed is the error of an object that is not the one that was listed.
func (s *S3) changed(from exporter.Foreign, err error) error {
	return fmt.Errorf("read %s: %w: it has changed since it was listed (it was %d bytes, ETag %s): %w",
		s.foreign(from.Key), exporter.ErrUnverified, from.Bytes, from.ETag, brief{err})
}

// explainForeign is explain for what lies outside our root: other permissions
// are needed there than for our own.
func (s *S3) explainForeign(ctx context.Context, operation, key string, err error) error {
	what := operation + " " + s.foreign(key)
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", what, context.Cause(ctx))
	}
	top, _, _ := strings.Cut(key, "/")
	permissions := "grant s3:ListBucket on the bucket for the prefix " + top + "/, into which the platform writes"
	if operation != "list" {
		permissions = fmt.Sprintf("grant s3:GetObject on %s/* of the bucket, into which the platform writes, "+
			"and s3:PutObject below %s; and if it encrypts with a KMS key, kms:Decrypt on that", top, s.URL())
	}
	if s.owner != nil {
		permissions += "; or the bucket is not the account's that destination.expected_bucket_owner names"
	}
	c, status := code(err)
	return s.reason(what, permissions, c, status, err)
}
