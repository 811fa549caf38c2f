package sink_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"exitplan/exporter"
	"exitplan/internal/sink"
	"exitplan/internal/sink/sinktest"
)

// table is a PartTable as the journal keeps one.
type table struct {
	mu   sync.Mutex
	rows map[string]json.RawMessage
}

func (t *table) Load(_ context.Context, path string) (json.RawMessage, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.rows[path], nil
}

func (t *table) Save(_ context.Context, path string, row json.RawMessage) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.rows == nil {
		t.rows = map[string]json.RawMessage{}
	}
	t.rows[path] = bytes.Clone(row)
	return nil
}

func (t *table) Delete(_ context.Context, path string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.rows, path)
	return nil
}

func (t *table) len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.rows)
}

// unfinished counts the uploads that lie in the bucket below this prefix.
func unfinished(t *testing.T, d sink.Destination) int {
	t.Helper()
	s := started(t)
	prefix := d.URL()[len(s.URL())+1:] + "/"
	out, err := s.Client().ListMultipartUploads(t.Context(), &s3.ListMultipartUploadsInput{Bucket: &s.Bucket, Prefix: &prefix})
	if err != nil {
		t.Fatal(err)
	}
	return len(out.Uploads)
}

func TestS3ResumesAnUpload(t *testing.T) {
	t.Parallel()
	const size = 22 * mib // four parts and a bit
	want := sinktest.Bytes(9, size)
	parts := &table{}
	killed := errors.New("killed")
	for name, again := range map[string]func() (io.Reader, int64){
		"same stream":          func() (io.Reader, int64) { return stream(want), size },
		"same file":            func() (io.Reader, int64) { return bytes.NewReader(want), size },
		"unknown size, stream": func() (io.Reader, int64) { return stream(want), -1 },
	} {
		t.Run(name, func(t *testing.T) {
			d, proxy := behind(t, nil, func(c *sink.Config) { c.Parts = parts })
			body, announced := again()
			_, err := d.Put(t.Context(), exporter.Object{Path: "a/big", Size: announced},
				io.MultiReader(io.LimitReader(body, 16*mib), breaking{killed}))
			if !errors.Is(err, killed) {
				t.Fatalf("error is %v", err)
			}
			if got := list(t, d); len(got) != 0 || parts.len() != 1 || count(proxy, "UploadPart") != 3 {
				t.Fatalf("after the kill: %q there, %d uploads remembered, %d parts sent", got, parts.len(), count(proxy, "UploadPart"))
			}
			body, announced = again()
			a, err := d.Put(t.Context(), exporter.Object{Path: "a/big", Size: announced}, body)
			if err != nil {
				t.Fatal(err)
			}
			if n := count(proxy, "UploadPart"); n != 5 {
				t.Errorf("%d parts sent in all, want each of 5 once", n)
			}
			if a.Attest.Level != "composite-sha256" || a.Attest.Parts != 5 || a.Attest.PartSize != partSize {
				t.Errorf("attested as %+v", a.Attest)
			}
			if !bytes.Equal(read(t, d, "a/big"), want) {
				t.Error("other bytes were stored")
			}
			if parts.len() != 0 || unfinished(t, d) != 0 {
				t.Errorf("%d uploads remembered and %d left in the bucket", parts.len(), unfinished(t, d))
			}
		})
	}
}

// A run that was killed after it had completed an upload, and before it could
// say so, leaves nothing to send.
func TestS3SendsNoCompletedUploadAgain(t *testing.T) {
	t.Parallel()
	const size = 12 * mib // three parts
	want := sinktest.Bytes(9, size)
	for name, again := range map[string]func(b []byte) (io.Reader, int64){
		"stream":               func(b []byte) (io.Reader, int64) { return stream(b), int64(len(b)) },
		"file":                 func(b []byte) (io.Reader, int64) { return bytes.NewReader(b), int64(len(b)) },
		"unknown size, stream": func(b []byte) (io.Reader, int64) { return stream(b), -1 },
	} {
		t.Run(name, func(t *testing.T) {
			parts := &remembering{}
			d, proxy := behind(t, nil, func(c *sink.Config) { c.Parts = parts })
			put := func(b []byte) (exporter.Artifact, error) {
				body, size := again(b)
				return d.Put(t.Context(), exporter.Object{Path: "a/big", Size: size, Replace: exporter.Always}, body)
			}
			first, err := put(want)
			if err != nil {
				t.Fatal(err)
			}
			parts.forgotten(t)
			second, err := put(want)
			if err != nil || second.SHA256 != first.SHA256 || second.Bytes != size || second.Attest.Level != "composite-sha256" ||
				second.Attest.Value != first.Attest.Value || second.Attest.PartSize != partSize {
				t.Fatalf("%+v, %v; first %+v", second, err, first)
			}
			if n := count(proxy, "UploadPart"); n != 3 || parts.len() != 0 {
				t.Errorf("%d parts sent, %d uploads remembered", n, parts.len())
			}
			for _, other := range [][]byte{sinktest.Bytes(8, size), want[:11*mib], want[:10*mib]} {
				before, err := put(want) // with upload and parts anew
				if err != nil {
					t.Fatal(err)
				}
				parts.forgotten(t)
				got, err := put(other)
				if err != nil { // noticed when it was too late for this body
					got, err = put(other)
				}
				if err != nil || got.SHA256 == before.SHA256 || !bytes.Equal(read(t, d, "a/big"), other) {
					t.Errorf("other bytes: %+v, %v", got, err)
				}
				if parts.len() != 0 || unfinished(t, d) != 0 {
					t.Errorf("%d uploads remembered and %d left in the bucket", parts.len(), unfinished(t, d))
				}
			}
		})
	}
}

// remembering is a table that knows what it forgot last.
type remembering struct {
	table
	last json.RawMessage
}

func (r *remembering) Save(ctx context.Context, path string, row json.RawMessage) error {
	r.last = bytes.Clone(row)
	return r.table.Save(ctx, path, row)
}

// forgotten is the kill before the row was deleted.
func (r *remembering) forgotten(t *testing.T) {
	t.Helper()
	if err := r.table.Save(t.Context(), "a/big", r.last); err != nil {
		t.Fatal(err)
	}
}

// The source gives other bytes the second time, or another number of them:
// what the first run sent must not end up in the object.
func TestS3ResumeTrustsNoOldParts(t *testing.T) {
	t.Parallel()
	old := sinktest.Bytes(1, 22*mib)
	changed := bytes.Clone(old)
	changed[7*mib] ^= 1 // in the second part
	for name, now := range map[string][]byte{"changed": changed, "longer": sinktest.Bytes(1, 23*mib), "small": sinktest.Bytes(2, 100)} {
		t.Run(name, func(t *testing.T) {
			parts := &table{}
			d := openS3(t, func(c *sink.Config) { c.Parts = parts })
			_, err := d.Put(t.Context(), exporter.Object{Path: "a", Size: int64(len(old))},
				io.MultiReader(io.LimitReader(stream(old), 16*mib), breaking{io.ErrUnexpectedEOF}))
			if !errors.Is(err, exporter.ErrUnverified) || parts.len() != 1 {
				t.Fatalf("error is %v, %d uploads remembered", err, parts.len())
			}
			if _, err := d.Put(t.Context(), exporter.Object{Path: "a", Size: int64(len(now))}, stream(now)); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(read(t, d, "a"), now) {
				t.Error("holds bytes of the first run")
			}
		})
	}
}

// A part size that was configured anew: the old upload is given up, and the
// attestation states the size that was used.
func TestS3ResumeWithAnotherPartSize(t *testing.T) {
	want := sinktest.Bytes(1, 22*mib)
	parts := &table{}
	var url string
	d := openS3(t, func(c *sink.Config) { c.Parts, url = parts, c.URL })
	_, err := d.Put(t.Context(), exporter.Object{Path: "a", Size: 22 * mib}, io.MultiReader(io.LimitReader(stream(want), 16*mib), breaking{io.ErrUnexpectedEOF}))
	if err == nil {
		t.Fatal("stored half a body")
	}
	d = openS3(t, func(c *sink.Config) { c.Parts, c.URL, c.PartSize = parts, url, 6*mib })
	a, err := d.Put(t.Context(), exporter.Object{Path: "a", Size: 22 * mib}, stream(want))
	if err != nil {
		t.Fatal(err)
	}
	if a.Attest.PartSize != 6*mib || a.Attest.Parts != 4 || unfinished(t, d) != 0 || !bytes.Equal(read(t, d, "a"), want) {
		t.Errorf("attested as %+v, %d uploads left", a.Attest, unfinished(t, d))
	}
}

// An upload that is gone from the store is begun anew.
func TestS3ResumeOfAnExpiredUpload(t *testing.T) {
	want := sinktest.Bytes(1, 11*mib)
	parts := &table{}
	d := openS3(t, func(c *sink.Config) { c.Parts = parts })
	_, err := d.Put(t.Context(), exporter.Object{Path: "a", Size: 11 * mib}, io.MultiReader(io.LimitReader(stream(want), 7*mib), breaking{io.ErrUnexpectedEOF}))
	if err == nil {
		t.Fatal("stored half a body")
	}
	s := started(t)
	prefix := d.URL()[len(s.URL())+1:] + "/"
	out, err := s.Client().ListMultipartUploads(t.Context(), &s3.ListMultipartUploadsInput{Bucket: &s.Bucket, Prefix: &prefix})
	if err != nil || len(out.Uploads) != 1 {
		t.Fatal(out, err)
	}
	if _, err := s.Client().AbortMultipartUpload(t.Context(), &s3.AbortMultipartUploadInput{
		Bucket: &s.Bucket, Key: out.Uploads[0].Key, UploadId: out.Uploads[0].UploadId,
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Put(t.Context(), exporter.Object{Path: "a", Size: 11 * mib}, stream(want)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(read(t, d, "a"), want) || parts.len() != 0 {
		t.Errorf("wrong bytes, or %d uploads remembered", parts.len())
	}
}

// Without a table nothing is left behind that would cost money for ever.
func TestS3AbortsWhatNobodyResumes(t *testing.T) {
	want := sinktest.Bytes(1, 11*mib)
	d, proxy := behind(t, nil, nil)
	if _, err := d.Put(t.Context(), exporter.Object{Path: "short", Size: 12 * mib}, stream(want)); !errors.Is(err, exporter.ErrUnverified) {
		t.Errorf("error is %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	proxy.Decide(func(r *http.Request) sinktest.Action {
		if sinktest.Operation(r) == "UploadPart" {
			cancel()
		}
		return sinktest.Action{}
	})
	if _, err := d.Put(ctx, exporter.Object{Path: "cancelled", Size: 11 * mib}, stream(want)); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
	if n := unfinished(t, d); n != 0 {
		t.Errorf("%d uploads were left in the bucket", n)
	}
}

// Many streams of unknown size share a budget of three parts: each needs
// several, so that any that held one and waited for more would stand for
// ever.
func TestS3StreamsShareABudget(t *testing.T) {
	t.Parallel()
	d := openS3(t, nil)
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			path := string(rune('a' + i))
			want := sinktest.Bytes(uint64(i), 11*mib)
			if _, err := d.Put(t.Context(), exporter.Object{Path: path, Size: -1}, stream(want)); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	for i := range 8 {
		if !bytes.Equal(read(t, d, string(rune('a'+i))), sinktest.Bytes(uint64(i), 11*mib)) {
			t.Errorf("object %d holds other bytes", i)
		}
	}
}

type breaking struct{ err error }

func (b breaking) Read([]byte) (int, error) { return 0, b.err }
