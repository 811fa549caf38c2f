package sink

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// S3 stores objects in a bucket. It is safe for concurrent use.
//
// Every byte is hashed once, with SHA-256; S3 itself compares that digest
// with what arrived, keeps it, and its answer is compared again here.
type S3 struct {
	cfg    Config
	client *s3.Client
	bucket string
	prefix string // empty, or with a slash at its end: URL's and the export id
	base   string // as prefix, without the export id
	chunks chunks

	owner   *string // expected bucket owner
	sse     types.ServerSideEncryption
	kmsKey  *string
	class   types.StorageClass
	custom  bool        // not AWS itself
	noMatch atomic.Bool // the store knows no conditional writes
	noCopy  atomic.Bool // the store copies nothing, or states no digest of a copy
}

func openS3(ctx context.Context, cfg Config, bucket, prefix string) (*S3, error) {
	s := &S3{cfg: cfg, bucket: bucket, owner: optional(cfg.ExpectedBucketOwner), class: types.StorageClass(cfg.StorageClass)}
	if bucket == "" {
		return nil, invalidf("destination %s names no bucket: s3://bucket/prefix", redact(cfg.URL))
	}
	if prefix != "" {
		if !readable(prefix) {
			return nil, invalidf("destination %s: the prefix has an element that is empty or made of dots alone", redact(cfg.URL))
		}
		s.base = prefix + "/"
	}
	s.prefix = s.base
	if cfg.Root != "" {
		s.prefix += cfg.Root + "/"
	}
	if err := s.encryption(cfg); err != nil {
		return nil, err
	}
	if err := checkLock(cfg.Lock); err != nil {
		return nil, err
	}
	if err := s.connect(ctx, cfg); err != nil {
		return nil, err
	}
	s.chunks.budget = cfg.Budget
	return s, nil
}

func (s *S3) encryption(cfg Config) error {
	switch cfg.SSE {
	case "", string(types.ServerSideEncryptionAes256):
		s.sse = types.ServerSideEncryptionAes256
	case string(types.ServerSideEncryptionAwsKms):
		s.sse = types.ServerSideEncryptionAwsKms
		s.kmsKey = optional(cfg.KMSKeyID)
	case "none":
		if cfg.Endpoint == "" {
			return invalidf("destination.sse: none is for S3-compatible servers: on AWS use AES256 or aws:kms")
		}
	default:
		return invalidf("destination.sse: %q is not AES256 or aws:kms", cfg.SSE)
	}
	if cfg.KMSKeyID != "" && s.kmsKey == nil {
		return invalidf("destination.kms_key_id needs destination.sse: aws:kms")
	}
	return nil
}

func checkLock(lock Lock) error {
	switch lock.Mode {
	case "":
		return nil
	case string(types.ObjectLockModeGovernance), string(types.ObjectLockModeCompliance):
	default:
		return invalidf("destination.object_lock.mode: %q is not GOVERNANCE or COMPLIANCE", lock.Mode)
	}
	if lock.RetainUntil.IsZero() {
		return invalidf("destination.object_lock: mode needs retain_until")
	}
	return nil
}

// connect makes the client, and finds credentials now: later it would be
// found out in the middle of a run.
func (s *S3) connect(ctx context.Context, cfg Config) error {
	options := []func(*config.LoadOptions) error{
		config.WithHTTPClient(httpClient()),
		config.WithRetryer(retryer),
		config.WithAppID("exitplan"),
		// Every body has a digest already, sent as the header that S3
		// compares; the SDK would add a second one.
		config.WithRequestChecksumCalculation(aws.RequestChecksumCalculationWhenRequired),
		config.WithResponseChecksumValidation(aws.ResponseChecksumValidationWhenRequired),
	}
	if cfg.Region != "" {
		options = append(options, config.WithRegion(cfg.Region))
	}
	loaded, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return fmt.Errorf("AWS configuration (AWS_PROFILE, ~/.aws/config): %w", err)
	}
	s.client = s3.NewFromConfig(loaded, func(o *s3.Options) {
		if cfg.Endpoint != "" {
			o.BaseEndpoint = &cfg.Endpoint
		}
		o.UsePathStyle = cfg.PathStyle
		if o.Region == "" && o.BaseEndpoint != nil {
			o.Region = "us-east-1" // what servers without regions sign for
		}
		o.Credentials = explained{o.Credentials}
	})
	o := s.client.Options()
	s.custom = o.BaseEndpoint != nil
	if s.custom {
		if err := checkEndpoint(*o.BaseEndpoint); err != nil {
			return err
		}
	}
	if o.Region == "" {
		return fmt.Errorf("%w: none is set: set destination.region to the bucket's", ErrRegion)
	}
	if _, err := o.Credentials.Retrieve(ctx); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return fmt.Errorf("destination %s: %w", s.URL(), err)
	}
	return nil
}

// URL implements [Destination].
func (s *S3) URL() string {
	u := "s3://" + s.bucket + "/" + s.prefix
	return u[:len(u)-1]
}

func (s *S3) key(path string) *string { return aws.String(s.prefix + path) }

// explained turns "no credentials" into something that a person can act on.
type explained struct{ aws.CredentialsProvider }

func (e explained) Retrieve(ctx context.Context) (aws.Credentials, error) {
	if e.CredentialsProvider == nil {
		return aws.Credentials{}, ErrNoCredentials
	}
	c, err := e.CredentialsProvider.Retrieve(ctx)
	if err != nil && ctx.Err() == nil {
		return c, fmt.Errorf("%w: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or log in again (aws sso login): %w", ErrNoCredentials, brief{err})
	}
	return c, err
}

// checkEndpoint allows plain HTTP to this machine alone: everything else is
// TLS 1.2 or newer.
func checkEndpoint(endpoint string) error {
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" {
		return invalidf("destination.endpoint: %q is not a URL such as https://s3.example.com", redact(endpoint))
	}
	if u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname()) {
		return nil
	}
	return invalidf("destination.endpoint: %s is not encrypted: use https (http is for loopback addresses alone)", u.Redacted())
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

const (
	// maxAttempts spans about two minutes of a store that is busy. The unit
	// is tried again after that.
	maxAttempts = 10
	// stallTimeout is how long a connection may move no byte in either
	// direction. S3 answers a request within seconds, and sends spaces while
	// it completes a large upload.
	stallTimeout = 3 * time.Minute
)

// retryer is the SDK's standard one, more patient. It has no quota of
// retries: with many transfers at once, one burst of "slow down" would use
// it up and fail them all.
func retryer() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = maxAttempts
		o.RateLimiter = ratelimit.None
		o.Retryables = append(o.Retryables, retry.RetryableErrorCode{Codes: map[string]struct{}{
			// Two conditional writes of one key at the same moment.
			"ConditionalRequestConflict": {},
			"OperationAborted":           {},
			"InternalError":              {},
			"ServiceUnavailable":         {},
		}})
	})
}

func httpClient() *awshttp.BuildableClient {
	dialer := &net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}
	return awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return newStallConn(c), nil
		}
		t.MaxIdleConns = 0
		t.MaxIdleConnsPerHost = 256
		t.IdleConnTimeout = 90 * time.Second
		t.ReadBufferSize, t.WriteBufferSize = 64<<10, 64<<10
		t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
		// Bytes are counted and hashed as they are stored.
		t.DisableCompression = true
	})
}

// stallConn is a connection that ends when it stands still.
type stallConn struct {
	net.Conn
	watch *time.Timer
}

func newStallConn(c net.Conn) *stallConn {
	return &stallConn{c, time.AfterFunc(stallTimeout, func() { c.Close() })}
}

func (c *stallConn) Read(p []byte) (int, error) {
	c.watch.Reset(stallTimeout)
	return c.Conn.Read(p)
}

func (c *stallConn) Write(p []byte) (int, error) {
	c.watch.Reset(stallTimeout)
	return c.Conn.Write(p)
}

func (c *stallConn) Close() error {
	c.watch.Stop()
	return c.Conn.Close()
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
