package sink

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"exitplan/exporter"
)

// The levels of an attestation, best first.
const (
	fullSHA256      = "full-sha256"
	compositeSHA256 = "composite-sha256"
	crc64nvme       = "crc64nvme"
	etagOnly        = "etag"
	nothing         = "none"
)

// attestation puts what S3 states about an object that holds want into words.
func attestation(want content, sha, crc, etag, version *string) exporter.Attestation {
	a := exporter.Attestation{ETag: aws.ToString(etag), VersionID: aws.ToString(version)}
	value := aws.ToString(sha)
	digest, parts, composite := strings.Cut(value, "-")
	switch {
	case composite && digest != "":
		a.Level, a.Value = compositeSHA256, value
		a.Parts, _ = strconv.Atoi(parts)
		if value == want.checksum {
			a.PartSize = want.partSize
		}
	case value != "":
		a.Level, a.Value = fullSHA256, value
	case crc != nil:
		a.Level, a.Value = crc64nvme, *crc
	case a.ETag != "":
		a.Level, a.Value = etagOnly, a.ETag
	default:
		a.Level = nothing
	}
	return a
}

// sight is an object as it lies in the bucket, beside what it should be.
type sight struct {
	exists, same bool
	differs      string // how, where it is not the same
	attest       exporter.Attestation
}

// look reads the truth about an object: from the store's own checksum where
// that says enough, else from its bytes.
func (s *S3) look(ctx context.Context, obj exporter.Object, want content) (sight, error) {
	head, err := s.client.HeadObject(ctx, &s3.HeadObjectInput{
		Bucket: &s.bucket, Key: s.key(obj.Path), ChecksumMode: types.ChecksumModeEnabled, ExpectedBucketOwner: s.owner,
	})
	if isNotFound(err) {
		return sight{differs: "no such object"}, nil
	}
	if err != nil {
		return sight{}, s.explain(ctx, "look at", obj.Path, err)
	}
	seen := sight{exists: true, attest: attestation(want, head.ChecksumSHA256, head.ChecksumCRC64NVME, head.ETag, head.VersionId)}
	stated := aws.ToString(head.ChecksumSHA256)
	switch size := aws.ToInt64(head.ContentLength); {
	case size != want.size:
		seen.differs = fmt.Sprintf("%d bytes there, %d now", size, want.size)
		return seen, nil
	case stated != "" && stated == want.checksum:
		seen.same = true
		return seen, nil
	case seen.attest.Level == fullSHA256 && want.partSize == 0:
		seen.differs = fmt.Sprintf("SHA-256 %s there, %s now (base64)", stated, want.checksum)
		return seen, nil
	}
	sum, err := s.digest(ctx, obj.Path, seen.attest.ETag)
	if err != nil {
		return sight{}, err
	}
	if seen.same = sum == hexDigest(want.sum); !seen.same {
		seen.differs = fmt.Sprintf("SHA-256 %s there, %s now", sum, hexDigest(want.sum))
	}
	return seen, nil
}

// digest reads an object and hashes it.
func (s *S3) digest(ctx context.Context, path, etag string) (string, error) {
	body, err := s.open(ctx, path, optional(etag))
	if err != nil {
		return "", err
	}
	defer body.Close()
	src := newSource(ctx, exporter.Object{Path: path, Size: -1}, body)
	if _, err := io.Copy(io.Discard, src); err != nil {
		return "", fmt.Errorf("read back %s: %w", path, errors.Unwrap(err))
	}
	return hexDigest(src.digest()), nil
}

// Checksum implements manifest.Checksummer: the SHA-256 that S3 itself
// computed over the whole object, in base64.
func (s *S3) Checksum(ctx context.Context, path string) (algorithm, digest string, ok bool, err error) {
	if !readable(path) {
		return "", "", false, unreadable("look at", path)
	}
	head, err := s.client.HeadObject(ctx, &s3.HeadObjectInput{
		Bucket: &s.bucket, Key: s.key(path), ChecksumMode: types.ChecksumModeEnabled, ExpectedBucketOwner: s.owner,
	})
	if err != nil {
		return "", "", false, s.explain(ctx, "look at", path, err)
	}
	value := aws.ToString(head.ChecksumSHA256)
	if value == "" || strings.Contains(value, "-") {
		return "", "", false, nil
	}
	return "sha256", value, true, nil
}
