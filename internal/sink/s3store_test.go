package sink_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"exitplan/exporter"
	"exitplan/internal/sink"
	"exitplan/internal/sink/s3server"
	"exitplan/internal/sink/sinktest"
	"exitplan/manifest"
)

func findings(t *testing.T, d sink.Destination) map[string]sink.Finding {
	t.Helper()
	found, err := d.Probe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	byCheck := map[string]sink.Finding{}
	for _, f := range found {
		if _, twice := byCheck[f.Check]; twice {
			t.Errorf("%s is found twice", f.Check)
		}
		if f.Detail == "" || f.Status != sink.OK && f.Status != sink.Warning && f.Status != sink.Failed {
			t.Errorf("%+v", f)
		}
		byCheck[f.Check] = f
	}
	return byCheck
}

func TestS3Probe(t *testing.T) {
	d, proxy := behind(t, nil, nil)
	found := findings(t, d)
	for _, check := range []string{"bucket", "region", "owner", "write", "read", "digest", "immutable", "delete", "lock"} {
		if found[check].Status != sink.OK {
			t.Errorf("%s: %+v", check, found[check])
		}
	}
	// This server ignores what it is asked about encryption.
	if found["encryption"].Status != sink.Warning {
		t.Errorf("encryption: %+v", found["encryption"])
	}
	if got := list(t, open(t, sink.Config{
		URL: strings.TrimSuffix(d.URL(), "/export"), Region: "us-east-1", Endpoint: proxy.URL, PathStyle: true,
	})); len(got) != 0 {
		t.Errorf("the probe left %q", got)
	}
	proxy.Decide(func(*http.Request) sinktest.Action {
		return sinktest.Action{Change: func(r *http.Response) { r.Header.Set("X-Amz-Server-Side-Encryption", "AES256") }}
	})
	if f := findings(t, d)["encryption"]; f.Status != sink.OK {
		t.Errorf("encryption: %+v", f)
	}
	proxy.Decide(func(*http.Request) sinktest.Action {
		return sinktest.Action{Change: func(r *http.Response) { r.Header.Set("X-Amz-Server-Side-Encryption", "aws:kms") }}
	})
	if f := findings(t, d)["encryption"]; f.Status != sink.Failed {
		t.Errorf("encryption: %+v", f)
	}
}

func TestS3ProbeFindsWhatIsWrong(t *testing.T) {
	refuse := func(operation string, do sinktest.Action) func(*http.Request) sinktest.Action {
		return first(-1, operation, do)
	}
	for _, c := range []struct {
		name, check string
		status      sink.Status
		is          error
		decide      func(*http.Request) sinktest.Action
		change      func(*sink.Config)
	}{
		{"no bucket", "bucket", sink.Failed, sink.ErrNoBucket, nil, func(c *sink.Config) { c.URL = "s3://no-such-bucket/p" }},
		{"no access", "bucket", sink.Failed, sink.ErrAccess, refuse("HeadObject", sinktest.Action{Status: 403}), nil},
		{"another region", "region", sink.Failed, sink.ErrRegion, func(*http.Request) sinktest.Action {
			return sinktest.Action{Change: func(r *http.Response) { r.Header.Set("X-Amz-Bucket-Region", "eu-west-1") }}
		}, nil},
		{"no writing", "write", sink.Failed, sink.ErrAccess, refuse("PutObject", sinktest.Action{Status: 403, Code: "AccessDenied"}), nil},
		{"no reading", "read", sink.Failed, sink.ErrAccess, refuse("GetObject", sinktest.Action{Status: 403, Code: "AccessDenied"}), nil},
		{"no conditions", "immutable", sink.Warning, nil, func(r *http.Request) sinktest.Action {
			if r.Header.Get("If-None-Match") != "" {
				return sinktest.Action{Status: 501, Code: "NotImplemented"}
			}
			return sinktest.Action{}
		}, nil},
		{"no digests", "digest", sink.Warning, nil, func(r *http.Request) sinktest.Action {
			return sinktest.Action{Change: func(r *http.Response) { r.Header.Del("X-Amz-Checksum-Sha256") }}
		}, nil},
		{"no deleting", "delete", sink.Warning, nil, func(r *http.Request) sinktest.Action {
			if r.Method == http.MethodDelete {
				return sinktest.Action{Status: 403, Code: "AccessDenied"}
			}
			return sinktest.Action{}
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, _ := behind(t, c.decide, c.change)
			f := findings(t, d)[c.check]
			if f.Status != c.status || c.is != nil && !errors.Is(f.Err, c.is) || f.Hint == "" && c.check != "region" {
				t.Errorf("%s: %+v (%v)", c.check, f, f.Err)
			}
		})
	}
}

func TestS3ProbeOfLocks(t *testing.T) {
	plain := s3server.StartOptions(t, s3server.Options{Dir: t.TempDir()})
	lock := sink.Lock{Mode: "GOVERNANCE", RetainUntil: time.Date(2036, 1, 1, 0, 0, 0, 0, time.UTC)}
	for _, c := range []struct {
		server *s3server.Server
		lock   sink.Lock
		want   sink.Status
	}{
		{plain, sink.Lock{}, sink.OK}, {plain, lock, sink.Failed}, {started(t), lock, sink.OK},
	} {
		t.Setenv("AWS_ACCESS_KEY_ID", c.server.AccessKey)
		t.Setenv("AWS_SECRET_ACCESS_KEY", c.server.SecretKey)
		d := open(t, sink.Config{URL: c.server.URL(), Root: "locks", Region: c.server.Region, Endpoint: c.server.Endpoint, PathStyle: true, Lock: c.lock})
		if f := findings(t, d)["lock"]; f.Status != c.want {
			t.Errorf("lock %q: %+v", c.lock.Mode, f)
		}
	}
}

func TestS3ErrorsSayWhatToDo(t *testing.T) {
	for _, c := range []struct {
		do   sinktest.Action
		is   error
		says string
	}{
		{sinktest.Action{Status: 404, Code: "NoSuchBucket"}, sink.ErrNoBucket, "destination.url"},
		{sinktest.Action{Status: 403, Code: "AccessDenied"}, sink.ErrAccess, "s3:PutObject"},
		{sinktest.Action{Status: 403, Code: "InvalidAccessKeyId"}, sink.ErrNoCredentials, "access key"},
		{sinktest.Action{Status: 403, Code: "SignatureDoesNotMatch"}, sink.ErrNoCredentials, "secret"},
		{sinktest.Action{Status: 400, Code: "ExpiredToken"}, sink.ErrNoCredentials, "aws sso login"},
		{sinktest.Action{Status: 301, Code: "PermanentRedirect"}, sink.ErrRegion, "destination.region"},
		{sinktest.Action{Status: 400, Code: "AuthorizationHeaderMalformed"}, sink.ErrRegion, "destination.region"},
		{sinktest.Action{Status: 403, Code: "RequestTimeTooSkewed"}, sink.ErrStore, "clock"},
	} {
		t.Run(c.do.Code, func(t *testing.T) {
			t.Parallel()
			d, _ := behind(t, func(*http.Request) sinktest.Action { return c.do }, nil)
			_, put := d.Put(t.Context(), exporter.Object{Path: "a", Size: 1}, strings.NewReader("x"))
			_, get := d.Open(t.Context(), "a")
			var listed error
			for _, listed = range d.List(t.Context(), "") {
			}
			for operation, err := range map[string]error{"put": put, "open": get, "list": listed} {
				if strings.Contains(err.Error(), "HostID") || strings.Contains(err.Error(), "operation error") {
					t.Errorf("%s: the SDK's own words: %v", operation, err)
				}
				if !errors.Is(err, c.is) || !errors.Is(err, exporter.ErrFatal) || !strings.Contains(err.Error(), c.says) {
					t.Errorf("%s: error is %v, want one that says %q", operation, err, c.says)
				}
			}
		})
	}
}

func TestS3WrongSecret(t *testing.T) {
	s := started(t)
	t.Setenv("AWS_SECRET_ACCESS_KEY", "wrong")
	d := open(t, sink.Config{URL: s.URL(), Region: s.Region, Endpoint: s.Endpoint, PathStyle: true})
	_, put := d.Put(t.Context(), exporter.Object{Path: "a", Size: 1}, strings.NewReader("x"))
	// What asks with HEAD gets no code, and must not blame permissions.
	_, region := d.(sink.Located).Region(t.Context())
	_, _, _, checksum := d.(manifest.Checksummer).Checksum(t.Context(), "a")
	for operation, err := range map[string]error{"put": put, "region": region, "checksum": checksum} {
		if !errors.Is(err, sink.ErrNoCredentials) || errors.Is(err, sink.ErrAccess) {
			t.Errorf("%s: error is %v, want ErrNoCredentials", operation, err)
		}
	}
	if f := findings(t, d)["bucket"]; f.Status != sink.Failed || !errors.Is(f.Err, sink.ErrNoCredentials) || strings.Contains(f.Hint, "permission") {
		t.Errorf("bucket: %+v", f)
	}
}

// A refusal without a code is looked into, and stays what it was where the
// other question is answered.
func TestS3BareRefusals(t *testing.T) {
	for _, c := range []struct {
		status int
		told   sinktest.Action
		is     error
	}{
		{403, sinktest.Action{Status: 403, Code: "InvalidAccessKeyId"}, sink.ErrNoCredentials},
		{403, sinktest.Action{Status: 403, Code: "RequestTimeTooSkewed"}, sink.ErrStore},
		{403, sinktest.Action{Status: 403, Code: "AccessDenied"}, sink.ErrAccess},
		{403, sinktest.Action{Status: 404, Code: "NoSuchKey"}, sink.ErrAccess},
		{403, sinktest.Action{}, sink.ErrAccess},
		{400, sinktest.Action{Status: 400, Code: "ExpiredToken"}, sink.ErrNoCredentials},
	} {
		d, _ := behind(t, func(r *http.Request) sinktest.Action {
			if r.Method == http.MethodHead {
				return sinktest.Action{Status: c.status}
			}
			return c.told
		}, nil)
		if _, err := d.(sink.Located).Region(t.Context()); !errors.Is(err, c.is) {
			t.Errorf("bucket, %+v: error is %v, want %v", c.told, err, c.is)
		}
		if _, _, _, err := d.(manifest.Checksummer).Checksum(t.Context(), "a"); !errors.Is(err, c.is) {
			t.Errorf("object, %+v: error is %v, want %v", c.told, err, c.is)
		}
	}
}

// A store without conditional writes, and one that keeps no digests: the
// promises hold all the same, by looking and by reading back.
func TestS3LesserStores(t *testing.T) {
	noConditions := func(r *http.Request) sinktest.Action {
		if r.Header.Get("If-None-Match") != "" || r.Header.Get("If-Match") != "" {
			return sinktest.Action{Status: 501, Code: "NotImplemented"}
		}
		return sinktest.Action{}
	}
	noDigests := func(*http.Request) sinktest.Action {
		return sinktest.Action{Change: func(r *http.Response) { r.Header.Del("X-Amz-Checksum-Sha256") }}
	}
	for name, c := range map[string]struct {
		decide func(*http.Request) sinktest.Action
		level  string
	}{"no conditions": {noConditions, "full-sha256"}, "no digests": {noDigests, "etag"}} {
		t.Run(name, func(t *testing.T) {
			d, _ := behind(t, c.decide, nil)
			b := sinktest.Bytes(1, 1000)
			for range 2 {
				a, err := d.Put(t.Context(), exporter.Object{Path: "a", Size: 1000}, stream(b))
				if err != nil {
					t.Fatal(err)
				}
				if a.Attest.Level != c.level || a.Attest.ETag == "" {
					t.Errorf("attested as %+v", a.Attest)
				}
			}
			other := sinktest.Bytes(2, 1000)
			if _, err := d.Put(t.Context(), exporter.Object{Path: "a", Size: 1000}, stream(other)); !errors.Is(err, exporter.ErrConflict) {
				t.Errorf("error is %v, want ErrConflict", err)
			}
			if !bytes.Equal(read(t, d, "a"), b) {
				t.Fatal("overwritten")
			}
			if _, err := d.Put(t.Context(), exporter.Object{Path: "a", Size: 1000, Replace: exporter.Always}, stream(other)); err != nil {
				t.Error(err)
			}
			if !bytes.Equal(read(t, d, "a"), other) {
				t.Error("not replaced")
			}
		})
	}
}

func TestS3RefusesAStoreThatStatesAnotherDigest(t *testing.T) {
	d, _ := behind(t, func(*http.Request) sinktest.Action {
		return sinktest.Action{Change: func(r *http.Response) {
			if r.Header.Get("X-Amz-Checksum-Sha256") != "" {
				r.Header.Set("X-Amz-Checksum-Sha256", "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=")
			}
		}}
	}, nil)
	if _, err := d.Put(t.Context(), exporter.Object{Path: "a", Size: 1}, strings.NewReader("x")); !errors.Is(err, sink.ErrStore) {
		t.Errorf("error is %v, want ErrStore", err)
	}
}

// The checksums that verify --fast asks for are S3's own, over whole objects.
func TestS3Checksum(t *testing.T) {
	d := openS3(t, nil)
	type checksummer interface {
		sink.Located
		Checksum(ctx context.Context, path string) (string, string, bool, error)
	}
	s := d.(checksummer)
	whole, err := d.Put(t.Context(), exporter.Object{Path: "whole", Size: 3}, strings.NewReader("abc"))
	if err != nil {
		t.Fatal(err)
	}
	algorithm, digest, ok, err := s.Checksum(t.Context(), "whole")
	if err != nil || !ok || algorithm != "sha256" || digest != whole.Attest.Value || digest != "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=" {
		t.Errorf("%s %s %v %v", algorithm, digest, ok, err)
	}
	if _, err := d.Put(t.Context(), exporter.Object{Path: "parts", Size: -1}, stream(sinktest.Bytes(1, 7*mib))); err != nil {
		t.Fatal(err)
	}
	if _, digest, ok, err := s.Checksum(t.Context(), "parts"); ok || err != nil {
		t.Errorf("a checksum of checksums passes for one of bytes: %s %v", digest, err)
	}
	if region, err := s.Region(t.Context()); region != "us-east-1" || err != nil {
		t.Errorf("region is %q, %v", region, err)
	}
}
