package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"
	"golang.org/x/sync/errgroup"
)

// task is what the bare loop reads from its standard input: first where to
// copy to, then a line for each copy.
type task struct {
	Endpoint, Region, Bucket string
	Transfers                int
}

type hop struct{ URL, Key string }

// bare runs the bare loop as a process of its own, like the others.
func (b *bench) bare(ctx context.Context, source, prefix string, objects []object, sidecars bool) (measure, error) {
	self, err := os.Executable()
	if err != nil {
		return measure{}, err
	}
	var in bytes.Buffer
	enc := json.NewEncoder(&in)
	if err := enc.Encode(task{b.server.Endpoint, b.server.Region, b.server.Bucket, b.transfers}); err != nil {
		return measure{}, err
	}
	for _, o := range objects {
		if o.sidecar && !sidecars {
			continue
		}
		if err := enc.Encode(hop{source + o.name, prefix + "/" + o.key}); err != nil {
			return measure{}, err
		}
	}
	cmd := exec.CommandContext(ctx, self, "bare")
	cmd.Env, cmd.Stdin = b.env(), &in
	return timed(cmd)
}

// bareLoop is the least that any such program must do: GET, SHA-256, and PUT
// with that digest, with the SDK that exitplan uses. It resumes nothing,
// checks no answer's digest, and keeps no record.
func bareLoop(ctx context.Context, stdin io.Reader) error {
	lines := json.NewDecoder(bufio.NewReader(stdin))
	var t task
	if err := lines.Decode(&t); err != nil {
		return err
	}
	client := s3.New(s3.Options{
		Region: t.Region, BaseEndpoint: &t.Endpoint, UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY"), ""),
		HTTPClient:  &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: t.Transfers}},
	})
	get := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: t.Transfers}}
	buffers := sync.Pool{New: func() any { return new(bytes.Buffer) }}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(t.Transfers)
	for {
		var h hop
		if err := lines.Decode(&h); err == io.EOF {
			return group.Wait()
		} else if err != nil {
			return err
		}
		group.Go(func() error {
			buf := buffers.Get().(*bytes.Buffer)
			defer buffers.Put(buf)
			buf.Reset()
			return copyOne(ctx, get, client, t.Bucket, h, buf)
		})
	}
}

func copyOne(ctx context.Context, get *http.Client, client *s3.Client, bucket string, h hop, buf *bytes.Buffer) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.URL, nil)
	if err != nil {
		return err
	}
	resp, err := get.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	digest := sha256.New()
	if _, err := io.Copy(io.MultiWriter(buf, digest), resp.Body); err != nil {
		return err
	}
	sum := digest.Sum(nil)
	_, err = client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &bucket, Key: &h.Key, Body: bytes.NewReader(buf.Bytes()), ContentLength: aws.Int64(int64(buf.Len())),
		ChecksumSHA256: aws.String(base64.StdEncoding.EncodeToString(sum)),
	}, func(o *s3.Options) {
		// The signature takes the digest that is known, instead of a second one.
		o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
			return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("KnownPayloadHash",
				func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
					return next.HandleInitialize(v4.SetPayloadHash(ctx, hex.EncodeToString(sum)), in)
				}), middleware.After)
		})
	})
	return err
}
