// Package s3server runs a real S3 server on loopback, for tests, benchmarks
// and the demo: versitygw over a directory, built from the tools module.
//
// It checks digests, conditions and signatures as S3 does. It accepts the
// headers that ask for encryption at rest, and ignores them.
package s3server

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Options says what to run.
type Options struct {
	// Dir is where buckets and their state lie; made if absent.
	Dir string
	// Binary is a versitygw to run. Empty builds the version that the tools
	// module names, which needs the source tree and a Go toolchain.
	Binary string
	// Bucket is made at the start; default "exit".
	Bucket string
	// SecretKey of the account; default random.
	SecretKey string
	// Versioning keeps every version of an object, and lets the bucket be
	// made with Object Lock.
	Versioning bool
}

// Server is a running S3 server with one bucket and one account.
type Server struct {
	Endpoint  string // http://127.0.0.1:port
	Region    string
	Bucket    string
	AccessKey string
	SecretKey string

	process *process
	stop    sync.Once
}

const region, accessKey = "us-east-1", "exitplan-test"

// Start runs a server in dir until the test ends. The test's environment
// gets the account's keys, so that the default AWS chain finds them.
func Start(t *testing.T, dir string) *Server {
	t.Helper()
	s := StartOptions(t, Options{Dir: dir})
	s.Setenv(t)
	return s
}

// StartOptions is Start without touching the environment, so that it suits
// parallel tests and TestMain-like sharing.
func StartOptions(t testing.TB, o Options) *Server {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	s, err := Run(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

// Setenv puts the account's keys where the default AWS chain looks first.
func (s *Server) Setenv(t testing.TB) {
	t.Helper()
	for _, kv := range s.Env() {
		t.Setenv(kv[0], kv[1])
	}
}

// Env is the account as environment variables of the AWS chain.
func (s *Server) Env() [][2]string { return Account(s.SecretKey) }

// Account is the environment of every server that is started with a secret key.
func Account(secretKey string) [][2]string {
	return [][2]string{
		{"AWS_ACCESS_KEY_ID", accessKey},
		{"AWS_SECRET_ACCESS_KEY", secretKey},
		{"AWS_SESSION_TOKEN", ""},
		{"AWS_REGION", region},
		{"AWS_EC2_METADATA_DISABLED", "true"},
	}
}

// URL is the bucket as a destination.
func (s *Server) URL() string { return "s3://" + s.Bucket }

// Run starts a server, waits until it answers, and makes its bucket. It runs
// until Stop, and no longer than this process. ctx bounds the start alone.
func Run(ctx context.Context, o Options) (*Server, error) {
	if o.Bucket == "" {
		o.Bucket = "exit"
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, err
	}
	binary := o.Binary
	if binary == "" {
		if binary, err = build(ctx); err != nil {
			return nil, err
		}
	}
	if binary, err = filepath.Abs(binary); err != nil {
		return nil, err
	}
	for _, sub := range []string{"buckets", "versions"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			return nil, err
		}
	}
	// Between choosing a free port and the server's listening on it another
	// process may take the port: then the server ends at once, and the next
	// port is tried.
	for attempt := 0; ; attempt++ {
		s, err := start(ctx, binary, dir, o)
		if err == nil || attempt == 4 || ctx.Err() != nil {
			return s, err
		}
	}
}

func start(ctx context.Context, binary, dir string, o Options) (*Server, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	s := &Server{
		Endpoint: "http://" + address, Region: region, Bucket: o.Bucket,
		AccessKey: accessKey, SecretKey: cmp.Or(o.SecretKey, rand.Text()),
	}
	args := []string{
		"--port", address, "--region", s.Region, "--keep-alive", "--quiet", "--health", "/health",
		"posix",
	}
	if o.Versioning {
		args = append(args, "--versioning-dir", filepath.Join(dir, "versions"))
	}
	cmd := exec.Command(binary, append(args, filepath.Join(dir, "buckets"))...)
	// Nothing is inherited: a developer's VGW_* settings are not ours.
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + os.TempDir(),
		"ROOT_ACCESS_KEY_ID=" + s.AccessKey, "ROOT_SECRET_ACCESS_KEY=" + s.SecretKey,
	}
	cmd.Dir = dir
	if s.process, err = startProcess(cmd); err != nil {
		return nil, fmt.Errorf("start S3 server: %w", err)
	}
	if err := s.ready(ctx, o); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

// ready waits until the server answers, and makes the bucket.
func (s *Server) ready(ctx context.Context, o Options) error {
	client := &http.Client{Timeout: 5 * time.Second}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if answer, err := client.Get(s.Endpoint + "/health"); err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				break
			}
		}
		select {
		case <-tick.C:
		case <-s.process.done:
			return fmt.Errorf("S3 server ended before it answered: %s", s.process.lastWords())
		case <-ctx.Done():
			return fmt.Errorf("S3 server does not answer: %w", context.Cause(ctx))
		}
	}
	in := &s3.CreateBucketInput{Bucket: &s.Bucket}
	if o.Versioning {
		in.ObjectLockEnabledForBucket = aws.Bool(true)
	}
	_, err := s.Client().CreateBucket(ctx, in)
	if err != nil && !bytes.Contains([]byte(err.Error()), []byte("BucketAlready")) {
		return fmt.Errorf("make bucket %s: %w", s.Bucket, err)
	}
	return nil
}

// Client talks to the server with the plain SDK: how tests look at what
// really lies in the bucket.
func (s *Server) Client() *s3.Client {
	return s3.New(s3.Options{
		BaseEndpoint: aws.String(s.Endpoint), Region: s.Region, UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(s.AccessKey, s.SecretKey, ""),
	})
}

// Stop ends the server at once; safe to repeat.
func (s *Server) Stop() {
	s.stop.Do(s.process.kill)
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// errNoTree: Run was called without the source tree around it.
var errNoTree = errors.New("no source tree with a tools module around the working directory: name a versitygw binary instead")
