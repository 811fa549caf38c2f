package sink_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"exitplan/exporter"
	"exitplan/internal/sink"
	"exitplan/internal/sink/sinktest"
)

// written puts an object into the bucket as the platform does: outside the
// root, and by a client of its own.
func written(t *testing.T, key string, body []byte) {
	t.Helper()
	s := started(t)
	if _, err := s.Client().PutObject(t.Context(), &s3.PutObjectInput{Bucket: &s.Bucket, Key: &key, Body: bytes.NewReader(body)}); err != nil {
		t.Fatal(err)
	}
}

func beside(t *testing.T, d sink.Destination, prefix string) (found []exporter.Foreign) {
	t.Helper()
	for f, err := range d.(exporter.Neighbour).Beside(t.Context(), prefix) {
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, f)
	}
	return found
}

// one writes a recording and lists it.
func one(t *testing.T, d sink.Destination, body []byte) exporter.Foreign {
	t.Helper()
	org := rand.Text()
	written(t, org+"/year=2026/month=03/conversation_id=c 1/r+1.ogg", body)
	found := beside(t, d, org+"/")
	if len(found) != 1 {
		t.Fatalf("found %v", found)
	}
	return found[0]
}

func hexSum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func TestBeside(t *testing.T) {
	d := openS3(t, nil)
	org := rand.Text()
	for _, key := range []string{"/year=2026/b.ogg", "/year=2026/a b+c%.ogg", "-other/x", "/year=2025/z"} {
		written(t, org+key, []byte(key))
	}
	found := beside(t, d, org+"/")
	var keys []string
	for _, f := range found {
		keys = append(keys, strings.TrimPrefix(f.Key, org))
		if f.Bytes != int64(len(strings.TrimPrefix(f.Key, org))) || f.ETag == "" || time.Since(f.Modified).Abs() > time.Hour {
			t.Errorf("%+v", f)
		}
	}
	if want := []string{"/year=2025/z", "/year=2026/a b+c%.ogg", "/year=2026/b.ogg"}; !slices.Equal(keys, want) {
		t.Errorf("found %q, want %q", keys, want)
	}
	body, err := d.(exporter.Neighbour).OpenForeign(t.Context(), found[1])
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	if text, err := io.ReadAll(body); err != nil || string(text) != "/year=2026/a b+c%.ogg" {
		t.Errorf("read %q, %v", text, err)
	}
	if _, ok := open(t, sink.Config{URL: t.TempDir()}).(exporter.Neighbour); ok {
		t.Error("a directory has neighbours")
	}
}

// The store copies by itself where it can; what it cannot passes through here.
// The artifact is the same.
func TestTake(t *testing.T) {
	for _, c := range []struct {
		name           string
		size           int
		decide         func(*http.Request) sinktest.Action
		level          string
		copies, writes int // of two objects, taken one after the other
	}{
		{"copied", 1000, nil, "full-sha256", 2, 0},
		{"empty", 0, nil, "full-sha256", 2, 0},
		{"no copies", 1000, first(-1, "CopyObject", sinktest.Action{Status: 501, Code: "NotImplemented"}), "full-sha256", 2, 2},
		{"too large for a copy", 1000, first(-1, "CopyObject", sinktest.Action{Status: 400, Code: "InvalidRequest"}), "full-sha256", 2, 2},
		{"in parts", 11 * mib, first(-1, "CopyObject", sinktest.Action{Status: 400, Code: "InvalidRequest"}), "composite-sha256", 2, 0},
		{"answer lost", 1000, first(1, "CopyObject", sinktest.Action{Drop: true}), "full-sha256", 3, 0},
		{"slow down", 1000, first(2, "CopyObject", sinktest.Action{Status: 503, Code: "SlowDown"}), "full-sha256", 4, 0},
		{"digest in the head alone", 1000, without("CopyObject"), "full-sha256", 2, 0},
		{"no digests", 1000, without("CopyObject", "HeadObject", "PutObject"), "", 1, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d, proxy := behind(t, c.decide, func(cfg *sink.Config) { cfg.Budget = exporter.NewBudget(2 * partSize) })
			for i, path := range []string{"bags/a/data/r.ogg", "bags/a/data/s.ogg"} {
				want := sinktest.Bytes(uint64(i), c.size)
				from := one(t, d, want)
				a, err := d.(exporter.Neighbour).Take(t.Context(), from, exporter.Object{Path: path, Size: -1, ContentType: "audio/ogg"})
				if err != nil {
					t.Fatal(err)
				}
				if a.Path != path || a.Bytes != int64(c.size) || a.SHA256 != hexSum(want) || a.Attest.ETag == "" || c.level != "" && a.Attest.Level != c.level {
					t.Errorf("artifact is %+v", a)
				}
				if !bytes.Equal(read(t, d, path), want) {
					t.Error("other bytes were stored")
				}
				if still := beside(t, d, from.Key); len(still) != 1 || still[0] != from {
					t.Errorf("the source was %+v and is %+v", from, still)
				}
			}
			if copies, writes := count(proxy, "CopyObject"), count(proxy, "PutObject"); copies != c.copies || writes != c.writes {
				t.Errorf("%d copies and %d writes, want %d and %d", copies, writes, c.copies, c.writes)
			}
		})
	}
}

var checksumElement = regexp.MustCompile(`<ChecksumSHA256>[^<]*</ChecksumSHA256>`)

// without makes a store that states no digest in answers to some operations.
func without(operations ...string) func(*http.Request) sinktest.Action {
	return func(r *http.Request) sinktest.Action {
		if !slices.Contains(operations, sinktest.Operation(r)) {
			return sinktest.Action{}
		}
		return sinktest.Action{Change: func(answer *http.Response) {
			answer.Header.Del("X-Amz-Checksum-Sha256")
			if r.Method != http.MethodHead {
				text, _ := io.ReadAll(answer.Body)
				text = checksumElement.ReplaceAll(text, nil)
				answer.Body = io.NopCloser(bytes.NewReader(text))
				answer.ContentLength = int64(len(text))
				answer.Header.Del("Content-Length")
			}
		}}
	}
}

// Nothing that is there already is overwritten unasked.
func TestTakeMeetsAnObject(t *testing.T) {
	d, proxy := behind(t, nil, nil)
	n := d.(exporter.Neighbour)
	want := sinktest.Bytes(1, 1000)
	from := one(t, d, want)
	for range 2 {
		if a, err := n.Take(t.Context(), from, exporter.Object{Path: "a", Size: 1000}); err != nil || a.SHA256 != hexSum(want) || a.Attest.Level != "full-sha256" {
			t.Fatalf("%+v, %v", a, err)
		}
	}
	if n := count(proxy, "CopyObject"); n != 1 {
		t.Errorf("%d copies of one object", n)
	}
	other := one(t, d, sinktest.Bytes(2, 1000))
	if _, err := n.Take(t.Context(), other, exporter.Object{Path: "a", Size: 1000}); !errors.Is(err, exporter.ErrConflict) {
		t.Errorf("error is %v, want ErrConflict", err)
	}
	if !bytes.Equal(read(t, d, "a"), want) {
		t.Error("it was overwritten")
	}
	a, err := n.Take(t.Context(), other, exporter.Object{Path: "a", Size: 1000, Replace: exporter.Always})
	if err != nil || a.SHA256 != hexSum(sinktest.Bytes(2, 1000)) || !bytes.Equal(read(t, d, "a"), sinktest.Bytes(2, 1000)) {
		t.Errorf("%+v, %v", a, err)
	}
}

// What is stored is what was listed, or nothing.
func TestTakeOfAnObjectThatChanged(t *testing.T) {
	d := openS3(t, nil)
	n := d.(exporter.Neighbour)
	from := one(t, d, sinktest.Bytes(1, 1000))
	written(t, from.Key, sinktest.Bytes(2, 1000))
	if _, err := n.Take(t.Context(), from, exporter.Object{Path: "a", Size: 1000}); !errors.Is(err, exporter.ErrUnverified) {
		t.Errorf("error is %v, want ErrUnverified", err)
	}
	if _, err := n.OpenForeign(t.Context(), from); !errors.Is(err, exporter.ErrUnverified) {
		t.Errorf("error is %v, want ErrUnverified", err)
	}
	if _, err := n.Take(t.Context(), from, exporter.Object{Path: "a", Size: 999}); !errors.Is(err, exporter.ErrUnverified) {
		t.Errorf("error is %v, want ErrUnverified", err)
	}
	from.Key += ".gone"
	if _, err := n.Take(t.Context(), from, exporter.Object{Path: "a", Size: 1000}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error is %v, want ErrNotExist", err)
	}
	if got := list(t, d); len(got) != 0 {
		t.Errorf("holds %q", got)
	}
}

// A copy asks for what a Put asks for.
func TestTakeAsksForEncryptionOwnerAndLock(t *testing.T) {
	d, proxy := behind(t, first(-1, "CopyObject", sinktest.Action{Status: 403, Code: "AccessDenied"}), func(c *sink.Config) {
		c.SSE, c.KMSKeyID, c.StorageClass = "aws:kms", "arn:aws:kms:eu-west-1:1:key/k", "STANDARD_IA"
		c.Lock = sink.Lock{Mode: "COMPLIANCE", RetainUntil: time.Date(2036, 1, 2, 3, 4, 5, 0, time.UTC)}
	})
	from := one(t, d, []byte("x"))
	_, err := d.(exporter.Neighbour).Take(t.Context(), from, exporter.Object{Path: "a", Size: 1, ContentType: "audio/ogg"})
	org, _, _ := strings.Cut(from.Key, "/")
	if !errors.Is(err, sink.ErrAccess) || !strings.Contains(err.Error(), "s3:GetObject on "+org+"/*") {
		t.Errorf("error is %v, want ErrAccess with what to do", err)
	}
	for _, r := range proxy.Requests() {
		if sinktest.Operation(r) != "CopyObject" {
			continue
		}
		for header, want := range map[string]string{
			"X-Amz-Copy-Source-If-Match": from.ETag, "X-Amz-Checksum-Algorithm": "SHA256", "If-None-Match": "*",
			"X-Amz-Server-Side-Encryption": "aws:kms", "X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id": "arn:aws:kms:eu-west-1:1:key/k",
			"X-Amz-Storage-Class": "STANDARD_IA", "Content-Type": "audio/ogg", "X-Amz-Object-Lock-Mode": "COMPLIANCE",
			"X-Amz-Object-Lock-Retain-Until-Date": "2036-01-02T03:04:05Z", "X-Amz-Metadata-Directive": "REPLACE",
		} {
			if got := r.Header.Get(header); got != want {
				t.Errorf("%s is %q, want %q", header, got, want)
			}
		}
	}
	if count(proxy, "CopyObject") != 1 {
		t.Errorf("%d copies", count(proxy, "CopyObject"))
	}
}

func TestBesideSaysWhatIsMissing(t *testing.T) {
	d, _ := behind(t, func(*http.Request) sinktest.Action { return sinktest.Action{Status: 403, Code: "AccessDenied"} },
		func(c *sink.Config) { c.ExpectedBucketOwner = "123456789012" })
	n := d.(exporter.Neighbour)
	for _, err := range n.Beside(t.Context(), "org/year=2026/") {
		if !errors.Is(err, sink.ErrAccess) || !strings.Contains(err.Error(), "s3:ListBucket on the bucket for the prefix org/") ||
			!strings.Contains(err.Error(), "expected_bucket_owner") {
			t.Errorf("error is %v", err)
		}
	}
	if _, err := n.OpenForeign(t.Context(), exporter.Foreign{Key: "org/x"}); !errors.Is(err, sink.ErrAccess) || !strings.Contains(err.Error(), "s3:GetObject on org/*") {
		t.Errorf("error is %v", err)
	}
}
