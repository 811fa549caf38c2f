package sink

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"exitplan/exporter"
)

// S3 copies no more at once.
const maxCopy = 5 << 30

// Take implements [exporter.Neighbour]: by a copy inside the store, for which
// S3 computes the SHA-256 that the manifest needs.
//
// The copy is of the version that was listed (its ETag), or refused. Bytes pass
// through here where the store cannot copy, states no digest of the whole, or
// has an object of that path already, which must be compared.
func (s *S3) Take(ctx context.Context, from exporter.Foreign, obj exporter.Object) (exporter.Artifact, error) {
	if obj.Size < 0 {
		obj.Size = from.Bytes
	}
	if err := checkObject(obj); err != nil {
		return exporter.Artifact{}, err
	}
	if obj.Size != from.Bytes {
		return exporter.Artifact{}, wrongSize(obj.Path, from.Bytes, obj.Size)
	}
	if from.Bytes > maxCopy || from.ETag == "" || s.noCopy.Load() {
		return s.takeThrough(ctx, from, obj)
	}
	stopped := ctx
	ctx, done := linger(ctx)
	defer done()
	for range 4 { // each turn, somebody else has changed the object
		if stopped.Err() != nil {
			return exporter.Artifact{}, fmt.Errorf("store %s: %w", obj.Path, context.Cause(stopped))
		}
		seen, err := s.look(ctx, obj, content{size: -1})
		if err != nil {
			return exporter.Artifact{}, err
		}
		when := condition{noneMatch: aws.String("*")}
		if seen.exists {
			want, seen, err := s.compare(stopped, from, obj)
			if err != nil || seen.same {
				return taken(obj, want, seen.attest, err)
			}
			if seen.exists {
				if err := overwrite(ctx, obj, seen); err != nil {
					return exporter.Artifact{}, err
				}
				when = condition{match: &seen.attest.ETag}
			}
		}
		if s.noMatch.Load() {
			when = condition{}
		}
		got, err := s.copy(ctx, from, obj, when)
		conditional := when.noneMatch != nil || when.match != nil
		switch c, _ := code(err); {
		case err == nil:
			return s.copied(ctx, from, obj, got)
		case isNotImplemented(err) && conditional:
			s.noMatch.Store(true)
		case isNotImplemented(err):
			s.noCopy.Store(true)
			return s.takeThrough(stopped, from, obj)
		case c == "InvalidRequest", c == "EntityTooLarge": // too large for one copy, by this store's measure
			return s.takeThrough(stopped, from, obj)
		case isPrecondition(err):
			// The source has changed, or there is an object by now: reading the
			// source tells, and the next turn looks at the object.
			if err := s.unchanged(ctx, from); err != nil {
				return exporter.Artifact{}, err
			}
		case isOpen(err):
			// The next turn compares what is there.
			if seen, lookErr := s.look(ctx, obj, content{size: -1}); lookErr != nil || !seen.exists {
				return exporter.Artifact{}, errors.Join(s.explainForeign(stopped, "copy", from.Key, err), lookErr)
			}
		default:
			return exporter.Artifact{}, s.explainForeign(stopped, "copy", from.Key, err)
		}
	}
	return s.takeThrough(stopped, from, obj)
}

// copy has the store copy an object, with all that a Put asks for. Metadata and
// tags of the source stay behind.
func (s *S3) copy(ctx context.Context, from exporter.Foreign, obj exporter.Object, c condition) (*s3.CopyObjectOutput, error) {
	in := &s3.CopyObjectInput{
		Bucket: &s.bucket, Key: s.key(obj.Path), ContentType: optional(obj.ContentType),
		CopySource: aws.String(copySource(s.bucket, from.Key)), CopySourceIfMatch: &from.ETag,
		MetadataDirective: types.MetadataDirectiveReplace, TaggingDirective: types.TaggingDirectiveReplace,
		ChecksumAlgorithm: types.ChecksumAlgorithmSha256, IfNoneMatch: c.noneMatch, IfMatch: c.match,
		ExpectedBucketOwner: s.owner, ExpectedSourceBucketOwner: s.owner,
		ServerSideEncryption: s.sse, SSEKMSKeyId: s.kmsKey, StorageClass: s.class,
	}
	if s.cfg.Lock.Mode != "" {
		in.ObjectLockMode = types.ObjectLockMode(s.cfg.Lock.Mode)
		in.ObjectLockRetainUntilDate = &s.cfg.Lock.RetainUntil
	}
	return s.client.CopyObject(ctx, in)
}

// copySource names an object in a header: bucket and key, escaped; also a plus
// sign, which servers take for a space.
func copySource(bucket, key string) string {
	escaped := strings.ReplaceAll(url.QueryEscape(key), "+", "%20")
	return bucket + "/" + strings.ReplaceAll(escaped, "%2F", "/")
}

// copied is the artifact of a copy, by the digest of the whole that the store
// states about it. A store that states none is not asked for further copies.
func (s *S3) copied(ctx context.Context, from exporter.Foreign, obj exporter.Object, out *s3.CopyObjectOutput) (exporter.Artifact, error) {
	var got answer
	if r := out.CopyObjectResult; r != nil {
		got = answer{checksum: r.ChecksumSHA256, etag: r.ETag, version: out.VersionId}
	}
	if got.checksum == nil {
		head, err := s.client.HeadObject(ctx, &s3.HeadObjectInput{
			Bucket: &s.bucket, Key: s.key(obj.Path), ChecksumMode: types.ChecksumModeEnabled, ExpectedBucketOwner: s.owner,
		})
		if err != nil {
			return exporter.Artifact{}, s.explain(ctx, "look at", obj.Path, err)
		}
		got = answer{checksum: head.ChecksumSHA256, etag: head.ETag, version: head.VersionId}
	}
	sum, err := base64.StdEncoding.DecodeString(aws.ToString(got.checksum))
	if err != nil || len(sum) != sha256.Size {
		s.noCopy.Store(true)
		want, seen, err := s.compare(ctx, from, obj)
		if err == nil && !seen.same {
			err = fmt.Errorf("store %s: %w: it copied %s, but has another object: %s", obj.Path, ErrStore, s.foreign(from.Key), seen.differs)
		}
		return taken(obj, want, seen.attest, err)
	}
	want := content{size: from.Bytes, sum: [sha256.Size]byte(sum), checksum: *got.checksum}
	return taken(obj, want, attestation(want, got.checksum, nil, got.etag, got.version), nil)
}

func taken(obj exporter.Object, want content, attest exporter.Attestation, err error) (exporter.Artifact, error) {
	if err != nil {
		return exporter.Artifact{}, err
	}
	return exporter.Artifact{Path: obj.Path, Bytes: want.size, SHA256: hexDigest(want.sum), Attest: attest}, nil
}

// compare reads the source for its digest, and looks at what lies under the
// object's path.
func (s *S3) compare(ctx context.Context, from exporter.Foreign, obj exporter.Object) (content, sight, error) {
	body, err := s.OpenForeign(ctx, from)
	if err != nil {
		return content{}, sight{}, err
	}
	defer body.Close()
	src := newSource(ctx, obj, body)
	if _, err := io.Copy(io.Discard, src); err != nil {
		return content{}, sight{}, err
	}
	sum := src.digest()
	want := content{size: src.read, sum: sum, checksum: base64.StdEncoding.EncodeToString(sum[:])}
	seen, err := s.look(ctx, obj, want)
	return want, seen, err
}

// unchanged says whether the source still is what was listed.
func (s *S3) unchanged(ctx context.Context, from exporter.Foreign) error {
	body, err := s.OpenForeign(ctx, from)
	if err == nil {
		err = body.Close()
	}
	return err
}

// takeThrough reads the source once and stores it like any other body.
func (s *S3) takeThrough(ctx context.Context, from exporter.Foreign, obj exporter.Object) (exporter.Artifact, error) {
	body, err := s.OpenForeign(ctx, from)
	if err != nil {
		return exporter.Artifact{}, err
	}
	defer body.Close()
	return s.Put(ctx, obj, struct{ io.Reader }{body})
}
