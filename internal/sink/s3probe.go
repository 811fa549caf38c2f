package sink

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"exitplan/exporter"
)

// probeDir is where the probe's object lies, beside the exports.
const probeDir = ".exitplan-probe"

// Probe implements [Destination].
func (s *S3) Probe(ctx context.Context) ([]Finding, error) {
	found := s.probeBucket(ctx)
	if found[0].Status == OK {
		// Locks would outlive the probe's object.
		p := &probe{s: &S3{
			cfg: s.cfg, client: s.client, bucket: s.bucket, prefix: s.base, base: s.base,
			owner: s.owner, sse: s.sse, kmsKey: s.kmsKey, class: s.class, custom: s.custom,
		}, path: probeDir + "/" + rand.Text()}
		p.s.cfg.Lock = Lock{}
		p.s.chunks.budget = s.cfg.Budget
		found = append(found, p.run(ctx)...)
		found = append(found, s.probeLock(ctx))
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return found, nil
}

// probeBucket finds the bucket, its region and its owner.
func (s *S3) probeBucket(ctx context.Context) []Finding {
	region, err := s.Region(ctx)
	if err != nil {
		return []Finding{failed("bucket", err)}
	}
	found := []Finding{{Check: "bucket", Status: OK, Detail: "exists and answers: " + s.bucket}}
	switch signed := s.client.Options().Region; {
	case region == "":
		found = append(found, Finding{Check: "region", Status: Warning, Detail: "the store names no region",
			Hint: "make sure that the bucket lies where the data may be"})
	case region != signed:
		found = append(found, failed("region", fmt.Errorf("%w: bucket %s lies in %s, not in %s: set destination.region", ErrRegion, s.bucket, region, signed)))
	default:
		found = append(found, Finding{Check: "region", Status: OK, Detail: region})
	}
	if s.owner == nil {
		return append(found, Finding{Check: "owner", Status: OK, Detail: "not checked",
			Hint: "set destination.expected_bucket_owner, so that a bucket of another account is never written to"})
	}
	return append(found, Finding{Check: "owner", Status: OK, Detail: "account " + *s.owner})
}

// probe is one small object on its way into the bucket and out again.
type probe struct {
	s    *S3
	path string
	sum  [sha256.Size]byte
	body []byte
}

func (p *probe) run(ctx context.Context) []Finding {
	p.body = []byte("exitplan check " + rand.Text() + "\n")
	p.sum = sha256.Sum256(p.body)
	stored, err := p.s.Put(ctx, exporter.Object{Path: p.path, Size: int64(len(p.body)), ContentType: "text/plain"}, bytes.NewReader(p.body))
	if err != nil {
		return []Finding{failed("write", err)}
	}
	found := []Finding{{Check: "write", Status: OK, Detail: "an object was stored"}}
	found = append(found, p.read(ctx), p.digest(ctx, stored.Attest), p.immutable(ctx), p.encryption(ctx))
	return append(found, p.remove(ctx))
}

func (p *probe) read(ctx context.Context) Finding {
	body, err := p.s.Open(ctx, p.path)
	if err != nil {
		return failed("read", err)
	}
	defer body.Close()
	got, err := io.ReadAll(io.LimitReader(body, int64(len(p.body))+1))
	if err == nil && !bytes.Equal(got, p.body) {
		err = fmt.Errorf("%w: it gave back other bytes than were stored", ErrStore)
	}
	if err != nil {
		return failed("read", err)
	}
	return Finding{Check: "read", Status: OK, Detail: "the same bytes came back"}
}

// digest finds out whether the store itself compares SHA-256 digests.
func (p *probe) digest(ctx context.Context, attest exporter.Attestation) Finding {
	wrong := sha256.Sum256([]byte("wrong"))
	path := p.path + "-wrong-digest"
	_, err := p.s.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &p.s.bucket, Key: p.s.key(path), Body: bytes.NewReader(p.body), ExpectedBucketOwner: p.s.owner,
		ChecksumSHA256:       aws.String(base64.StdEncoding.EncodeToString(wrong[:])),
		ServerSideEncryption: p.s.sse, SSEKMSKeyId: p.s.kmsKey, StorageClass: p.s.class,
	}, payloadHash(p.sum))
	_, status := code(err)
	switch {
	case err == nil:
		p.delete(ctx, path)
		return Finding{Check: "digest", Status: Warning, Detail: "the store does not compare SHA-256 digests with what arrives",
			Hint: "prove the export with exitplan verify, which reads every byte"}
	case status != http.StatusBadRequest:
		return failed("digest", p.s.explain(ctx, "try a wrong digest on", path, err))
	case attest.Level != fullSHA256:
		return Finding{Check: "digest", Status: Warning, Detail: "the store compares SHA-256 digests, but does not keep them (" + attest.Level + ")",
			Hint: "verify --fast will not be possible"}
	}
	return Finding{Check: "digest", Status: OK, Detail: "the store refuses a wrong SHA-256 and keeps the right one"}
}

// immutable finds out whether the store refuses to overwrite when told so.
func (p *probe) immutable(ctx context.Context) Finding {
	other := sha256.Sum256([]byte("other"))
	_, err := p.s.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &p.s.bucket, Key: p.s.key(p.path), Body: bytes.NewReader([]byte("other")), IfNoneMatch: aws.String("*"),
		ExpectedBucketOwner: p.s.owner, ServerSideEncryption: p.s.sse, SSEKMSKeyId: p.s.kmsKey, StorageClass: p.s.class,
	}, payloadHash(other))
	switch {
	case isPrecondition(err):
		return Finding{Check: "immutable", Status: OK, Detail: "an object that exists is not overwritten"}
	case err == nil || isNotImplemented(err):
		return Finding{Check: "immutable", Status: Warning, Detail: "the store has no conditional writes",
			Hint: "let nothing else write below " + p.s.URL() + " while the export runs"}
	}
	return failed("immutable", p.s.explain(ctx, "try to overwrite", p.path, err))
}

func (p *probe) encryption(ctx context.Context) Finding {
	head, err := p.s.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &p.s.bucket, Key: p.s.key(p.path), ExpectedBucketOwner: p.s.owner})
	if err != nil {
		return failed("encryption", p.s.explain(ctx, "look at", p.path, err))
	}
	switch got := head.ServerSideEncryption; {
	case got != "" && (got == p.s.sse || p.s.sse == ""):
		return Finding{Check: "encryption", Status: OK, Detail: "at rest with " + string(got)}
	case got == "":
		return Finding{Check: "encryption", Status: Warning, Detail: "the store does not say that it encrypts at rest",
			Hint: "make sure that its disks are encrypted with AES-256"}
	default:
		return failed("encryption", fmt.Errorf("%w: encrypted with %s although %s was asked for: correct destination.sse or the bucket's policy", ErrStore, got, p.s.sse))
	}
}

func (p *probe) remove(ctx context.Context) Finding {
	if err := p.delete(ctx, p.path); err != nil {
		return Finding{Check: "delete", Status: Warning, Detail: fmt.Sprintf("the probe's object stays: %s%s", p.s.URL()+"/", p.path),
			Hint: "an export deletes nothing: remove the object by hand, or grant s3:DeleteObject on " + probeDir + "/*", Err: err}
	}
	return Finding{Check: "delete", Status: OK, Detail: "the probe's object was removed"}
}

func (p *probe) delete(ctx context.Context, path string) error {
	_, err := p.s.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &p.s.bucket, Key: p.s.key(path), ExpectedBucketOwner: p.s.owner})
	return err
}

// probeLock says whether versions are kept and objects can be locked.
func (s *S3) probeLock(ctx context.Context) Finding {
	lock, err := s.client.GetObjectLockConfiguration(ctx, &s3.GetObjectLockConfigurationInput{Bucket: &s.bucket, ExpectedBucketOwner: s.owner})
	locked := err == nil && lock.ObjectLockConfiguration != nil && lock.ObjectLockConfiguration.ObjectLockEnabled == types.ObjectLockEnabledEnabled
	if c, status := code(err); err != nil && c != "ObjectLockConfigurationNotFoundError" && status != http.StatusNotFound && s.cfg.Lock.Mode != "" {
		return Finding{Check: "lock", Status: Warning, Detail: "cannot tell whether objects can be locked",
			Hint: "grant s3:GetBucketObjectLockConfiguration", Err: err}
	}
	versioning, err := s.client.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: &s.bucket, ExpectedBucketOwner: s.owner})
	versions := "versions are not kept"
	switch {
	case err != nil:
		versions = "cannot tell whether versions are kept"
	case versioning.Status == types.BucketVersioningStatusEnabled:
		versions = "versions are kept"
	}
	switch {
	case s.cfg.Lock.Mode != "" && !locked:
		return failed("lock", fmt.Errorf("%w: destination.object_lock is set, but the bucket has no Object Lock", ErrStore))
	case s.cfg.Lock.Mode != "":
		return Finding{Check: "lock", Status: OK, Detail: fmt.Sprintf("%s until %s; %s", s.cfg.Lock.Mode, s.cfg.Lock.RetainUntil.UTC().Format("2006-01-02 15:04 MST"), versions)}
	case locked:
		return Finding{Check: "lock", Status: OK, Detail: "available, not asked for; " + versions}
	}
	return Finding{Check: "lock", Status: OK, Detail: "none; " + versions}
}
