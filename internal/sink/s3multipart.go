package sink

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"exitplan/exporter"
)

// upload is an unfinished multipart upload, as a [PartTable] keeps it.
type upload struct {
	ID       string       `json:"upload_id"`
	Key      string       `json:"key"` // with bucket: the destination may have changed since
	Size     int64        `json:"size"`
	PartSize int64        `json:"part_size"`
	Parts    []uploadPart `json:"parts"` // from number 1, without gaps

	complete bool // there is nothing to upload: the object has these parts
}

type uploadPart struct {
	SHA256 string `json:"sha256"` // base64
	ETag   string `json:"etag"`
}

// partSize is the part size for an object of size bytes (-1: unknown).
func (s *S3) partSize(size int64) int64 {
	const mib = 1 << 20
	least := (size + maxParts - 1) / maxParts
	if least <= s.cfg.PartSize {
		return s.cfg.PartSize
	}
	return (least + mib - 1) / mib * mib
}

// putParts stores a body in parts. The object is visible once all are there;
// an upload that is remembered by a PartTable outlives errors, any other is
// aborted by them.
func (s *S3) putParts(ctx context.Context, obj exporter.Object, src *source, parts partReader) (exporter.Artifact, error) {
	up, err := s.begin(ctx, obj, parts.partSize())
	if err != nil {
		return exporter.Artifact{}, err
	}
	want, err := s.uploadParts(ctx, obj, up, src, parts)
	if up.complete {
		return s.stored(ctx, obj, want, err)
	}
	var attest exporter.Attestation
	completed := false
	if err == nil {
		attest, err = s.commit(ctx, obj, want, func(ctx context.Context, c condition) (answer, error) {
			got, err := s.complete(ctx, up, want, c)
			completed = err == nil
			return got, err
		})
	}
	if err != nil && s.cfg.Parts != nil && !errors.Is(err, exporter.ErrConflict) {
		return exporter.Artifact{}, err // to be resumed
	}
	if !completed { // also where the same object was there already
		s.abort(ctx, up)
	}
	// What is complete is complete, even if everything must stop by now.
	if err := errors.Join(err, s.forget(context.WithoutCancel(ctx), obj)); err != nil {
		return exporter.Artifact{}, err
	}
	return exporter.Artifact{Path: obj.Path, Bytes: want.size, SHA256: hexDigest(want.sum), Attest: attest}, nil
}

// begin goes on with the upload that a killed run left behind, or starts one.
func (s *S3) begin(ctx context.Context, obj exporter.Object, partSize int64) (*upload, error) {
	up, err := s.resume(ctx, obj, partSize)
	if err != nil || up != nil {
		return up, err
	}
	in := &s3.CreateMultipartUploadInput{
		Bucket: &s.bucket, Key: s.key(obj.Path), ContentType: optional(obj.ContentType),
		ChecksumAlgorithm: types.ChecksumAlgorithmSha256, ChecksumType: types.ChecksumTypeComposite,
		ExpectedBucketOwner: s.owner, ServerSideEncryption: s.sse, SSEKMSKeyId: s.kmsKey, StorageClass: s.class,
	}
	if s.cfg.Lock.Mode != "" {
		in.ObjectLockMode = types.ObjectLockMode(s.cfg.Lock.Mode)
		in.ObjectLockRetainUntilDate = &s.cfg.Lock.RetainUntil
	}
	out, err := s.client.CreateMultipartUpload(ctx, in)
	if err != nil {
		return nil, s.explain(ctx, "store", obj.Path, err)
	}
	up = &upload{ID: aws.ToString(out.UploadId), Key: s.fullKey(obj.Path), Size: obj.Size, PartSize: partSize}
	if err := s.remember(ctx, obj, up); err != nil {
		s.abort(ctx, up)
		return nil, err
	}
	return up, nil
}

func (s *S3) fullKey(path string) string { return s.bucket + "/" + s.prefix + path }

// resume returns the remembered upload with those of its parts that S3 has,
// or nil where there is none to go on with.
func (s *S3) resume(ctx context.Context, obj exporter.Object, partSize int64) (*upload, error) {
	if s.cfg.Parts == nil {
		return nil, nil
	}
	saved, err := s.cfg.Parts.Load(ctx, obj.Path)
	if err != nil {
		return nil, fmt.Errorf("store %s: parts uploaded so far: %w", obj.Path, err)
	}
	up := new(upload)
	if saved == nil || json.Unmarshal(saved, up) != nil || up.Key != s.fullKey(obj.Path) {
		return nil, nil
	}
	if up.Size != obj.Size || up.PartSize != partSize {
		s.abort(ctx, up)
		return nil, nil
	}
	there, err := s.listParts(ctx, obj.Path, up.ID)
	if isNoUpload(err) || isNotFound(err) {
		return s.completed(ctx, obj, up)
	}
	if err != nil {
		return nil, s.explain(ctx, "resume", obj.Path, err)
	}
	for i, p := range up.Parts {
		t, ok := there[int32(i+1)]
		if !ok || aws.ToString(t.ETag) != p.ETag || t.ChecksumSHA256 != nil && *t.ChecksumSHA256 != p.SHA256 {
			up.Parts = up.Parts[:i]
			break
		}
	}
	return up, nil
}

func (s *S3) listParts(ctx context.Context, path, id string) (map[int32]types.Part, error) {
	parts := map[int32]types.Part{}
	pages := s3.NewListPartsPaginator(s.client, &s3.ListPartsInput{
		Bucket: &s.bucket, Key: s.key(path), UploadId: &id, ExpectedBucketOwner: s.owner,
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, p := range page.Parts {
			parts[aws.ToInt32(p.PartNumber)] = p
		}
	}
	return parts, nil
}

// uploadParts sends every part that S3 does not have yet, and returns what
// the object then is.
func (s *S3) uploadParts(ctx context.Context, obj exporter.Object, up *upload, src *source, parts partReader) (content, error) {
	composite := sha256.New()
	for n := 1; ; n++ {
		part, err := parts.next()
		if err != nil {
			return content{}, err
		}
		if n > maxParts {
			return content{}, fmt.Errorf("store %s: over %d parts of %d bytes: announce its size, so that parts can be larger", obj.Path, maxParts, up.PartSize)
		}
		composite.Write(part.sum[:])
		checksum := base64.StdEncoding.EncodeToString(part.sum[:])
		if n > len(up.Parts) || up.Parts[n-1].SHA256 != checksum {
			if up.complete {
				return content{}, errOtherParts
			}
			etag, err := s.uploadPart(ctx, obj, up, n, part)
			if err != nil {
				return content{}, err
			}
			// Behind a part that is new, the old ones are of another body.
			up.Parts = append(up.Parts[:n-1], uploadPart{checksum, etag})
			if err := s.remember(ctx, obj, up); err != nil {
				return content{}, err
			}
		}
		if part.last {
			if up.complete && n < len(up.Parts) {
				return content{}, errOtherParts
			}
			up.Parts = up.Parts[:n]
			checksum := fmt.Sprintf("%s-%d", base64.StdEncoding.EncodeToString(composite.Sum(nil)), n)
			return content{size: src.read, sum: src.digest(), checksum: checksum, partSize: up.PartSize}, nil
		}
	}
}

func (s *S3) uploadPart(ctx context.Context, obj exporter.Object, up *upload, number int, part part) (etag string, err error) {
	checksum := base64.StdEncoding.EncodeToString(part.sum[:])
	out, err := s.client.UploadPart(ctx, &s3.UploadPartInput{
		Bucket: &s.bucket, Key: s.key(obj.Path), UploadId: &up.ID, PartNumber: aws.Int32(int32(number)),
		Body: part.body, ContentLength: &part.size, ChecksumSHA256: &checksum, ExpectedBucketOwner: s.owner,
	}, payloadHash(part.sum))
	if err != nil {
		return "", s.explain(ctx, fmt.Sprintf("store part %d of", number), obj.Path, err)
	}
	if out.ChecksumSHA256 != nil && *out.ChecksumSHA256 != checksum {
		return "", fmt.Errorf("store part %d of %s: %w: it states checksum %s instead of %s", number, obj.Path, ErrStore, *out.ChecksumSHA256, checksum)
	}
	return aws.ToString(out.ETag), nil
}

// complete puts the parts together. S3 compares each part's checksum with
// the one it keeps, before anything is visible.
func (s *S3) complete(ctx context.Context, up *upload, want content, c condition) (answer, error) {
	parts := make([]types.CompletedPart, len(up.Parts))
	for i, p := range up.Parts {
		parts[i] = types.CompletedPart{PartNumber: aws.Int32(int32(i + 1)), ETag: &p.ETag, ChecksumSHA256: &p.SHA256}
	}
	out, err := s.client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: &s.bucket, Key: aws.String(up.Key[len(s.bucket)+1:]), UploadId: &up.ID,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: parts}, MpuObjectSize: &want.size,
		IfNoneMatch: c.noneMatch, IfMatch: c.match, ExpectedBucketOwner: s.owner,
	})
	if err != nil {
		return answer{}, err
	}
	return answer{checksum: out.ChecksumSHA256, etag: out.ETag, version: out.VersionId}, nil
}

// abort gives an upload up, also when ctx has ended. Nothing depends on it
// but storage costs; a lifecycle rule of the bucket does the same later.
func (s *S3) abort(ctx context.Context, up *upload) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	_, _ = s.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{
		Bucket: &s.bucket, Key: aws.String(up.Key[len(s.bucket)+1:]), UploadId: &up.ID, ExpectedBucketOwner: s.owner,
	})
}

func (s *S3) remember(ctx context.Context, obj exporter.Object, up *upload) error {
	if s.cfg.Parts == nil {
		return nil
	}
	value, err := json.Marshal(up)
	if err == nil {
		err = s.cfg.Parts.Save(ctx, obj.Path, value)
	}
	if err != nil {
		return fmt.Errorf("store %s: remember its parts: %w", obj.Path, err)
	}
	return nil
}

func (s *S3) forget(ctx context.Context, obj exporter.Object) error {
	if s.cfg.Parts == nil {
		return nil
	}
	if err := s.cfg.Parts.Delete(context.WithoutCancel(ctx), obj.Path); err != nil {
		return fmt.Errorf("store %s: forget its parts: %w", obj.Path, err)
	}
	return nil
}
