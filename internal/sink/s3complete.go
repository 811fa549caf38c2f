package sink

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"exitplan/exporter"
)

// errOtherParts: the body is not what an earlier run uploaded and completed.
var errOtherParts = errors.New("its bytes are not those that an earlier run uploaded: they are uploaded anew the next time")

// completed looks what became of a remembered upload that S3 does not know any
// more. One that expired is started anew (nil). One that was completed by a run
// that was killed before it could say so needs no byte sent again: the source
// is only read, to see that it is the same.
func (s *S3) completed(ctx context.Context, obj exporter.Object, up *upload) (*upload, error) {
	head, err := s.client.HeadObject(ctx, &s3.HeadObjectInput{
		Bucket: &s.bucket, Key: s.key(obj.Path), ChecksumMode: types.ChecksumModeEnabled, ExpectedBucketOwner: s.owner,
	})
	if isNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, s.explain(ctx, "resume", obj.Path, err)
	}
	if obj.Size >= 0 && aws.ToInt64(head.ContentLength) != obj.Size || aws.ToString(head.ChecksumSHA256) != up.composite() {
		return nil, nil
	}
	up.complete = true
	return up, nil
}

// composite is the checksum that S3 states for the parts together.
func (up *upload) composite() string {
	sum := sha256.New()
	for _, p := range up.Parts {
		raw, err := base64.StdEncoding.DecodeString(p.SHA256)
		if err != nil {
			return ""
		}
		sum.Write(raw)
	}
	return fmt.Sprintf("%s-%d", base64.StdEncoding.EncodeToString(sum.Sum(nil)), len(up.Parts))
}

// stored ends the Put of an object that was complete before: want is what was
// read of its source, read what went wrong with that.
func (s *S3) stored(ctx context.Context, obj exporter.Object, want content, read error) (exporter.Artifact, error) {
	if read != nil && !errors.Is(read, errOtherParts) {
		return exporter.Artifact{}, read
	}
	if read != nil {
		return exporter.Artifact{}, errors.Join(fmt.Errorf("store %s: %w", obj.Path, read), s.forget(ctx, obj))
	}
	seen, err := s.look(ctx, obj, want)
	if err == nil && !seen.same {
		err = conflict(obj.Path, seen.differs)
	}
	if err = errors.Join(err, s.forget(ctx, obj)); err != nil {
		return exporter.Artifact{}, err
	}
	return exporter.Artifact{Path: obj.Path, Bytes: want.size, SHA256: hexDigest(want.sum), Attest: seen.attest}, nil
}
