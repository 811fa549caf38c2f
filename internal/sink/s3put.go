package sink

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/middleware"

	"exitplan/exporter"
)

// Put implements [exporter.Sink].
//
// A body that can be rewound is read twice, once for its digest, and never
// held in memory. Any other is held in a buffer until its digest is known:
// whole, up to SinglePutLimit, or one part at a time.
func (s *S3) Put(ctx context.Context, obj exporter.Object, body io.Reader) (exporter.Artifact, error) {
	if err := checkObject(obj); err != nil {
		return exporter.Artifact{}, err
	}
	if file := rewindable(body); file != nil {
		return s.putFile(ctx, obj, file)
	}
	if s.cfg.Spool != nil && s.cfg.PartSize < obj.Size && obj.Size <= s.cfg.SinglePutLimit {
		return s.putSpooled(ctx, obj, body)
	}
	return s.putStream(ctx, obj, body)
}

func (s *S3) putFile(ctx context.Context, obj exporter.Object, file *window) (exporter.Artifact, error) {
	if obj.Size >= 0 && file.size != obj.Size {
		return exporter.Artifact{}, wrongSize(obj.Path, file.size, obj.Size)
	}
	obj.Size = file.size
	if err := checkObject(obj); err != nil {
		return exporter.Artifact{}, err
	}
	src := newSource(ctx, obj, file)
	if obj.Size > s.cfg.SinglePutLimit {
		return s.putParts(ctx, obj, src, &fileParts{src: src, file: file, size: s.partSize(obj.Size)})
	}
	if _, err := io.Copy(io.Discard, src); err != nil {
		return exporter.Artifact{}, err
	}
	return s.putWhole(ctx, obj, src, file)
}

func (s *S3) putSpooled(ctx context.Context, obj exporter.Object, body io.Reader) (exporter.Artifact, error) {
	f, err := s.cfg.Spool()
	if err != nil {
		return exporter.Artifact{}, fmt.Errorf("store %s: spool: %w", obj.Path, explainFile(err))
	}
	defer f.Close()
	src := newSource(ctx, obj, body)
	if _, err := io.Copy(f, src); err != nil {
		if src.err != nil {
			return exporter.Artifact{}, src.err
		}
		return exporter.Artifact{}, fmt.Errorf("store %s: spool: %w", obj.Path, explainFile(err))
	}
	return s.putWhole(ctx, obj, src, &window{body: f, size: src.read})
}

func (s *S3) putStream(ctx context.Context, obj exporter.Object, body io.Reader) (exporter.Artifact, error) {
	src := newSource(ctx, obj, body)
	hold := obj.Size
	if obj.Size < 0 || obj.Size > s.cfg.SinglePutLimit {
		hold = s.partSize(obj.Size)
	}
	// The only grant of this goroutine: an upload in parts uses it again for
	// each of them.
	buf, err := s.chunks.borrow(ctx, hold)
	if err != nil {
		return exporter.Artifact{}, fmt.Errorf("store %s: %w", obj.Path, err)
	}
	defer buf.free()
	parts := &streamParts{src: src, buf: buf}
	if err := parts.fill(); err != nil {
		return exporter.Artifact{}, err
	}
	if parts.last {
		return s.putWhole(ctx, obj, src, buf)
	}
	return s.putParts(ctx, obj, src, parts)
}

// putWhole stores a body in one PUT. src has been read to its end.
func (s *S3) putWhole(ctx context.Context, obj exporter.Object, src *source, body io.ReadSeeker) (exporter.Artifact, error) {
	sum := src.digest()
	want := content{size: src.read, sum: sum, checksum: base64.StdEncoding.EncodeToString(sum[:])}
	attest, err := s.commit(ctx, obj, want, func(ctx context.Context, c condition) (answer, error) {
		if _, err := body.Seek(0, io.SeekStart); err != nil {
			return answer{}, err
		}
		in := &s3.PutObjectInput{
			Bucket: &s.bucket, Key: s.key(obj.Path), Body: body,
			ContentLength: &want.size, ContentType: optional(obj.ContentType),
			ChecksumSHA256: &want.checksum,
			IfNoneMatch:    c.noneMatch, IfMatch: c.match,
			ExpectedBucketOwner: s.owner, ServerSideEncryption: s.sse, SSEKMSKeyId: s.kmsKey, StorageClass: s.class,
		}
		if s.cfg.Lock.Mode != "" {
			in.ObjectLockMode = types.ObjectLockMode(s.cfg.Lock.Mode)
			in.ObjectLockRetainUntilDate = &s.cfg.Lock.RetainUntil
		}
		out, err := s.client.PutObject(ctx, in, payloadHash(sum))
		if err != nil {
			return answer{}, err
		}
		return answer{checksum: out.ChecksumSHA256, etag: out.ETag, version: out.VersionId}, nil
	})
	if err != nil {
		return exporter.Artifact{}, err
	}
	return exporter.Artifact{Path: obj.Path, Bytes: want.size, SHA256: hexDigest(sum), Attest: attest}, nil
}

// payloadHash signs a body by the digest that it has already, so that nobody
// hashes it a second time.
func payloadHash(sum [sha256.Size]byte) func(*s3.Options) {
	return func(o *s3.Options) {
		o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
			return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("KnownPayloadHash",
				func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
					return next.HandleInitialize(v4.SetPayloadHash(ctx, hexDigest(sum)), in)
				}), middleware.After)
		})
	}
}

// content is what an object should hold, and the SHA-256 that S3 would state
// for it: in base64, of the whole or (composite) of its parts' digests.
type content struct {
	size     int64
	sum      [sha256.Size]byte
	checksum string
	partSize int64 // 0: not in parts
}

// condition is what an object must be for a write to happen.
type condition struct{ noneMatch, match *string }

// answer is what S3 said about a write.
type answer struct{ checksum, etag, version *string }

// lingering is how long a write that makes an object visible may go on after
// its context has ended: cut off, it might take effect with nobody to record
// the object.
const lingering = 5 * time.Second

func linger(ctx context.Context) (context.Context, func()) {
	longer, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.AfterFunc(lingering, func() { cancel(context.Cause(ctx)) })
		context.AfterFunc(longer, func() { timer.Stop() })
	})
	return longer, func() { stop(); cancel(nil) }
}

// commit makes an object visible by a conditional write, and finds out what
// became of it whenever the answer does not say.
func (s *S3) commit(ctx context.Context, obj exporter.Object, want content, write func(context.Context, condition) (answer, error)) (exporter.Attestation, error) {
	if ctx.Err() != nil {
		return exporter.Attestation{}, fmt.Errorf("store %s: %w", obj.Path, context.Cause(ctx))
	}
	stopped := ctx
	ctx, done := linger(ctx)
	defer done()
	absent := condition{noneMatch: aws.String("*")}
	when := absent
	var err error
	for range 4 { // each turn, somebody else has changed the object
		if s.noMatch.Load() {
			seen, err := s.look(ctx, obj, want)
			if err != nil || seen.same {
				return seen.attest, err
			}
			if seen.exists {
				if err := overwrite(ctx, obj, seen); err != nil {
					return exporter.Attestation{}, err
				}
			}
			when = condition{}
		}
		var got answer
		if got, err = write(ctx, when); err == nil {
			return s.confirm(ctx, obj, want, got)
		}
		refused := isPrecondition(err) || when.match != nil && isNotFound(err)
		switch {
		case ctx.Err() != nil:
			return exporter.Attestation{}, s.explain(ctx, "store", obj.Path, err)
		case isNotImplemented(err) && (when.noneMatch != nil || when.match != nil):
			s.noMatch.Store(true)
			continue
		case !refused && !isOpen(err) && !isNoUpload(err):
			return exporter.Attestation{}, s.explain(stopped, "store", obj.Path, err)
		}
		seen, lookErr := s.look(ctx, obj, want)
		switch {
		case lookErr != nil:
			return exporter.Attestation{}, errors.Join(s.explain(ctx, "store", obj.Path, err), lookErr)
		case seen.same:
			return seen.attest, nil
		case !refused:
			return exporter.Attestation{}, s.explain(stopped, "store", obj.Path, err)
		case !seen.exists:
			when = absent
		default:
			if err := overwrite(ctx, obj, seen); err != nil {
				return exporter.Attestation{}, err
			}
			when = condition{match: &seen.attest.ETag}
		}
		if stopped.Err() != nil { // it is not there, and shall not be
			return exporter.Attestation{}, s.explain(stopped, "store", obj.Path, err)
		}
	}
	return exporter.Attestation{}, s.explain(ctx, "store", obj.Path, err)
}

// overwrite says whether an object that differs may be overwritten.
func overwrite(ctx context.Context, obj exporter.Object, seen sight) error {
	may, err := obj.Replaceable(ctx)
	if err == nil && !may {
		err = conflict(obj.Path, seen.differs)
	}
	return err
}

// confirm holds what S3 says it stored against what it should have.
func (s *S3) confirm(ctx context.Context, obj exporter.Object, want content, got answer) (exporter.Attestation, error) {
	if got.checksum == nil { // S3 itself always states it; others may keep it
		seen, err := s.look(ctx, obj, want)
		switch {
		case err != nil:
			return exporter.Attestation{}, err
		case !seen.same:
			return exporter.Attestation{}, fmt.Errorf("store %s: %w: it took the object, but has another: %s", obj.Path, ErrStore, seen.differs)
		}
		return seen.attest, nil
	}
	if *got.checksum != want.checksum {
		return exporter.Attestation{}, fmt.Errorf("store %s: %w: it states checksum %s instead of %s", obj.Path, ErrStore, *got.checksum, want.checksum)
	}
	return attestation(want, got.checksum, nil, got.etag, got.version), nil
}
