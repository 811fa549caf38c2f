package sink_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"exitplan/exporter"
	"exitplan/internal/sink"
	"exitplan/internal/sink/sinktest"
)

// behind opens a destination through a proxy.
func behind(t *testing.T, decide func(*http.Request) sinktest.Action, change func(*sink.Config)) (sink.Destination, *sinktest.Proxy) {
	t.Helper()
	proxy := sinktest.NewProxy(t, started(t).Endpoint, decide)
	return openS3(t, func(c *sink.Config) {
		c.Endpoint = proxy.URL
		if change != nil {
			change(c)
		}
	}), proxy
}

// first does something to the first n requests of an operation.
func first(n int, operation string, do sinktest.Action) func(*http.Request) sinktest.Action {
	return func(r *http.Request) sinktest.Action {
		if sinktest.Operation(r) != operation || n == 0 {
			return sinktest.Action{}
		}
		n--
		return do
	}
}

func count(p *sinktest.Proxy, operation string) int {
	return p.Count(func(r *http.Request) bool { return sinktest.Operation(r) == operation })
}

// Whatever breaks on the way, the object is stored once and is right.
func TestS3StoresDespiteFaults(t *testing.T) {
	lost := sinktest.Action{Drop: true}
	early := sinktest.Action{Early: true}
	slow := sinktest.Action{Status: 503, Code: "SlowDown"}
	internal := sinktest.Action{Status: 500, Code: "InternalError"}
	race := sinktest.Action{Status: 409, Code: "ConditionalRequestConflict"}
	for _, c := range []struct {
		name      string
		size      int
		operation string
		times     int
		do        sinktest.Action
	}{
		{"answer lost", 1000, "PutObject", 1, lost},
		{"answer lost twice", 1000, "PutObject", 2, lost},
		{"connection lost before", 1000, "PutObject", 2, early},
		{"slow down", 1000, "PutObject", 3, slow},
		{"internal error", 1000, "PutObject", 2, internal},
		{"conditional conflict", 1000, "PutObject", 2, race},
		{"part's answer lost", 11 * mib, "UploadPart", 1, lost},
		{"part refused", 11 * mib, "UploadPart", 3, slow},
		{"creation's answer lost", 11 * mib, "CreateMultipartUpload", 1, lost},
		{"completion's answer lost", 11 * mib, "CompleteMultipartUpload", 1, lost},
		{"completion fails", 11 * mib, "CompleteMultipartUpload", 2, internal},
		{"completion meets another", 11 * mib, "CompleteMultipartUpload", 1, race},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			want := sinktest.Bytes(7, c.size)
			d, proxy := behind(t, first(c.times, c.operation, c.do), nil)
			a, err := d.Put(t.Context(), exporter.Object{Path: "a/b", Size: int64(c.size)}, stream(want))
			if err != nil {
				t.Fatal(err)
			}
			sum := sha256.Sum256(want)
			if a.SHA256 != hex.EncodeToString(sum[:]) || !strings.HasSuffix(a.Attest.Level, "-sha256") {
				t.Errorf("artifact is %+v", a)
			}
			if n := count(proxy, c.operation); n <= c.times {
				t.Errorf("%d requests: the fault did not happen", n)
			}
			if !bytes.Equal(read(t, d, "a/b"), want) {
				t.Error("other bytes were stored")
			}
		})
	}
}

// A store that never answers the write, although it carried it out: the
// truth is read back.
func TestS3ReadsTheTruthBack(t *testing.T) {
	want := sinktest.Bytes(7, 1000)
	d, proxy := behind(t, func(r *http.Request) sinktest.Action {
		if sinktest.Operation(r) != "PutObject" {
			return sinktest.Action{}
		}
		// Not an error that is worth another attempt, and no verdict either.
		return sinktest.Action{Change: func(answer *http.Response) { answer.StatusCode, answer.Status = 508, "508 Loop Detected" }}
	}, nil)
	a, err := d.Put(t.Context(), exporter.Object{Path: "a/b", Size: 1000}, stream(want))
	if err != nil {
		t.Fatal(err)
	}
	if a.Attest.Level != "full-sha256" || count(proxy, "PutObject") != 1 || count(proxy, "HeadObject") != 1 {
		t.Errorf("%+v after %d writes and %d looks", a.Attest, count(proxy, "PutObject"), count(proxy, "HeadObject"))
	}
	// And one that did not carry it out.
	proxy.Decide(func(r *http.Request) sinktest.Action {
		if sinktest.Operation(r) == "PutObject" {
			return sinktest.Action{Status: 508}
		}
		return sinktest.Action{}
	})
	if _, err := d.Put(t.Context(), exporter.Object{Path: "a/c", Size: 1000}, stream(want)); err == nil {
		t.Error("nothing was stored, and no error")
	}
}

func TestS3AsksForEncryptionOwnerAndDigest(t *testing.T) {
	d, proxy := behind(t, nil, func(c *sink.Config) {
		c.SSE, c.KMSKeyID, c.StorageClass = "aws:kms", "arn:aws:kms:eu-west-1:1:key/k", "STANDARD"
	})
	for path, size := range map[string]int{"whole": 1000, "parts": 11 * mib} {
		if _, err := d.Put(t.Context(), exporter.Object{Path: path, Size: int64(size), ContentType: "audio/ogg"}, stream(sinktest.Bytes(1, size))); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range proxy.Requests() {
		operation := sinktest.Operation(r)
		h := r.Header
		if operation == "PutObject" || operation == "CreateMultipartUpload" {
			for header, want := range map[string]string{
				"X-Amz-Server-Side-Encryption":                "aws:kms",
				"X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id": "arn:aws:kms:eu-west-1:1:key/k",
				"X-Amz-Storage-Class":                         "STANDARD",
				"Content-Type":                                "audio/ogg",
			} {
				if h.Get(header) != want {
					t.Errorf("%s: %s is %q, want %q", operation, header, h.Get(header), want)
				}
			}
		}
		if operation == "PutObject" || operation == "CompleteMultipartUpload" {
			if h.Get("If-None-Match") != "*" {
				t.Errorf("%s: If-None-Match is %q", operation, h.Get("If-None-Match"))
			}
		}
		if operation == "PutObject" || operation == "UploadPart" {
			// One digest, computed once: the header that S3 keeps, and the
			// payload hash that it is signed by.
			sum, _ := base64.StdEncoding.DecodeString(h.Get("X-Amz-Checksum-Sha256"))
			if len(sum) != 32 || hex.EncodeToString(sum) != h.Get("X-Amz-Content-Sha256") {
				t.Errorf("%s: checksum %q, payload hash %q", operation, h.Get("X-Amz-Checksum-Sha256"), h.Get("X-Amz-Content-Sha256"))
			}
			if h.Get("X-Amz-Trailer") != "" || h.Get("X-Amz-Checksum-Crc32") != "" || h.Get("Content-Encoding") != "" {
				t.Errorf("%s: a second checksum: %v", operation, h)
			}
		}
	}
}

func TestS3EncryptsByDefaultAndNamesTheOwner(t *testing.T) {
	owner := "123456789012"
	d, proxy := behind(t, func(r *http.Request) sinktest.Action {
		// This server has no such account: only what it is asked counts.
		return sinktest.Action{Status: 403, Code: "AccessDenied"}
	}, func(c *sink.Config) {
		c.ExpectedBucketOwner = owner
		c.Lock = sink.Lock{Mode: "COMPLIANCE", RetainUntil: time.Date(2036, 1, 2, 3, 4, 5, 0, time.UTC)}
	})
	ctx := t.Context()
	_, err := d.Put(ctx, exporter.Object{Path: "a", Size: 1}, strings.NewReader("x"))
	if !errors.Is(err, sink.ErrAccess) || !errors.Is(err, exporter.ErrFatal) || !strings.Contains(err.Error(), "expected_bucket_owner") {
		t.Errorf("error is %v, want ErrAccess with what to do", err)
	}
	_, _ = d.Put(ctx, exporter.Object{Path: "b", Size: 11 * mib}, stream(sinktest.Bytes(1, 11*mib)))
	_, _ = d.Open(ctx, "a")
	for range d.List(ctx, "") {
	}
	_, _ = d.Probe(ctx)
	if len(proxy.Requests()) != 6 { // the probe asks twice: a HEAD is refused without a code
		t.Errorf("%d requests, want 6", len(proxy.Requests()))
	}
	for _, r := range proxy.Requests() {
		if r.Header.Get("X-Amz-Expected-Bucket-Owner") != owner {
			t.Errorf("%s does not name the owner", sinktest.Operation(r))
		}
		if operation := sinktest.Operation(r); operation == "PutObject" || operation == "CreateMultipartUpload" {
			if r.Header.Get("X-Amz-Server-Side-Encryption") != "AES256" {
				t.Errorf("%s asks for encryption %q", operation, r.Header.Get("X-Amz-Server-Side-Encryption"))
			}
			if r.Header.Get("X-Amz-Object-Lock-Mode") != "COMPLIANCE" || r.Header.Get("X-Amz-Object-Lock-Retain-Until-Date") != "2036-01-02T03:04:05Z" {
				t.Errorf("%s asks for no lock: %v", operation, r.Header)
			}
		}
	}
}

// Bytes that change between hashing and arriving are refused by the server,
// and nothing is stored.
func TestS3RefusesAWrongDigest(t *testing.T) {
	d := openS3(t, nil)
	for _, size := range []int{1000, 11 * mib} {
		body := &changing{b: sinktest.Bytes(1, size)}
		_, err := d.Put(t.Context(), exporter.Object{Path: "a/b", Size: int64(size)}, body)
		if err == nil {
			t.Errorf("%d bytes that changed were stored", size)
		}
	}
	if got := list(t, d); len(got) != 0 {
		t.Errorf("holds %q", got)
	}
}

// changing gives other bytes each time that it is read from its start.
type changing struct {
	b    []byte
	at   int64
	turn byte
}

func (c *changing) Read(p []byte) (int, error) {
	r := bytes.NewReader(c.b)
	_, _ = r.Seek(c.at, 0)
	n, err := r.Read(p)
	if c.at == 0 && n > 0 {
		p[0] ^= c.turn
		c.turn++
	}
	c.at += int64(n)
	return n, err
}

func (c *changing) Seek(offset int64, whence int) (int64, error) {
	r := bytes.NewReader(c.b)
	_, _ = r.Seek(c.at, 0)
	at, err := r.Seek(offset, whence)
	c.at = at
	return at, err
}

// A read that breaks off goes on where it stopped.
func TestS3ReadGoesOnAfterABreak(t *testing.T) {
	want := sinktest.Bytes(3, 5*mib)
	cuts := 0
	d, proxy := behind(t, func(r *http.Request) sinktest.Action {
		if sinktest.Operation(r) == "GetObject" && cuts < 4 {
			cuts++
			return sinktest.Action{Cut: mib}
		}
		return sinktest.Action{}
	}, nil)
	if _, err := d.Put(t.Context(), exporter.Object{Path: "a", Size: int64(len(want))}, stream(want)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(read(t, d, "a"), want) {
		t.Error("other bytes were read")
	}
	if n := count(proxy, "GetObject"); n != 5 {
		t.Errorf("%d reads, want 5", n)
	}
}

// An object that reaches the store while everything is told to stop counts as
// stored: otherwise it would lie there with nobody to record it.
func TestS3KnowsWhatItStoredWhenItIsStopped(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		operation string
		size      int
		do        sinktest.Action
	}{
		{"PutObject", 1000, sinktest.Action{}},
		{"PutObject", 1000, sinktest.Action{Drop: true}},
		{"CompleteMultipartUpload", 11 * mib, sinktest.Action{}},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		stop := first(1, c.operation, c.do)
		d, _ := behind(t, func(r *http.Request) sinktest.Action {
			if sinktest.Operation(r) == c.operation {
				cancel()
			}
			return stop(r)
		}, nil)
		want := sinktest.Bytes(3, c.size)
		a, err := d.Put(ctx, exporter.Object{Path: "a", Size: int64(c.size)}, stream(want))
		if err != nil || a.Bytes != int64(c.size) {
			t.Errorf("%s: %+v, %v", c.operation, a, err)
		}
		if !bytes.Equal(read(t, d, "a"), want) {
			t.Errorf("%s: other bytes are stored", c.operation)
		}
	}
}

func TestS3StopsWhileTheStoreIsBusy(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	closed := errors.New("window closed")
	d, proxy := behind(t, func(r *http.Request) sinktest.Action {
		cancel(closed)
		return sinktest.Action{Status: 503, Code: "SlowDown"}
	}, nil)
	_, err := d.Put(ctx, exporter.Object{Path: "a", Size: 1}, strings.NewReader("x"))
	if !errors.Is(err, closed) {
		t.Errorf("error is %v, want the context's cause", err)
	}
	proxy.Decide(func(*http.Request) sinktest.Action { return sinktest.Action{Status: 400, Code: "InvalidRequest"} })
	if _, err := d.Open(t.Context(), "a"); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error is %v: a store in trouble was taken for an empty one", err)
	}
}

// A store that is busy for a while: many transfers at once wait, and none
// gives up because the others have used up a quota of retries.
func TestS3SurvivesABurstOfSlowDown(t *testing.T) {
	t.Parallel()
	const writers = 40
	d, proxy := behind(t, first(130, "PutObject", sinktest.Action{Status: 503, Code: "SlowDown"}), nil)
	var group sync.WaitGroup
	for i := range writers {
		group.Go(func() {
			_, err := d.Put(t.Context(), exporter.Object{Path: fmt.Sprint("a/", i), Size: 100}, stream(sinktest.Bytes(uint64(i), 100)))
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if n := count(proxy, "PutObject"); n != 130+writers {
		t.Errorf("%d writes, want %d", n, 130+writers)
	}
}

// Replacing is a compare-and-swap too: what somebody else has written in the
// meantime is looked at before it goes.
func TestS3ReplacesWhatItHasSeen(t *testing.T) {
	other := openS3(t, nil)
	raced := false
	root := strings.TrimPrefix(other.URL(), started(t).URL()+"/")
	d, proxy := behind(t, func(r *http.Request) sinktest.Action {
		if r.Header.Get("If-Match") != "" && !raced {
			raced = true
			if _, err := other.Put(context.Background(), exporter.Object{Path: "a", Size: 3, Replace: exporter.Always}, strings.NewReader("two")); err != nil {
				t.Error(err)
			}
		}
		return sinktest.Action{}
	}, func(c *sink.Config) { c.URL = started(t).URL() + "/" + strings.TrimSuffix(root, "/export") })
	for _, text := range []string{"one", "new"} {
		if _, err := d.Put(t.Context(), exporter.Object{Path: "a", Size: 3, Replace: exporter.Always}, strings.NewReader(text)); err != nil {
			t.Fatal(err)
		}
	}
	swaps := proxy.Count(func(r *http.Request) bool { return r.Header.Get("If-Match") != "" })
	if got := string(read(t, d, "a")); got != "new" || swaps != 2 {
		t.Errorf("holds %q after %d swaps, want new after 2", got, swaps)
	}
}
