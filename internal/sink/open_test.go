package sink_test

import (
	"context"
	"errors"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"exitplan/exporter"
	"exitplan/internal/sink"
)

func TestOpenRefuses(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_REGION", "")
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "none"))
	s3 := sink.Config{URL: "s3://bucket/prefix", Region: "eu-west-1"}
	with := func(change func(*sink.Config)) sink.Config {
		c := s3
		change(&c)
		return c
	}
	for want, cfg := range map[string]sink.Config{
		"destination.url":          {},
		"not supported":            {URL: "gs://bucket"},
		"names no bucket":          {URL: "s3:///prefix"},
		"file:///directory":        {URL: "file://host/dir"},
		"element that is empty":    {URL: "s3://bucket/a//b"},
		"export id":                with(func(c *sink.Config) { c.Root = "../other" }),
		"set destination.region":   with(func(c *sink.Config) { c.Region = "" }),
		"is not encrypted":         with(func(c *sink.Config) { c.Endpoint = "http://s3.example.com" }),
		"is not a URL":             with(func(c *sink.Config) { c.Endpoint = "s3.example.com" }),
		"is not AES256":            with(func(c *sink.Config) { c.SSE = "rot13" }),
		"on AWS use AES256":        with(func(c *sink.Config) { c.SSE = "none" }),
		"needs destination.sse":    with(func(c *sink.Config) { c.KMSKeyID = "k" }),
		"GOVERNANCE or COMPLIANCE": with(func(c *sink.Config) { c.Lock.Mode = "WORM" }),
		"mode needs retain_until":  with(func(c *sink.Config) { c.Lock.Mode = "GOVERNANCE" }),
	} {
		_, err := sink.Open(t.Context(), cfg)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want one that says %q", err, want)
		}
		if !errors.Is(err, sink.ErrDestination) && !errors.Is(err, sink.ErrRegion) || !errors.Is(err, exporter.ErrFatal) {
			t.Errorf("error is %v, want ErrDestination", err)
		}
	}
	if _, err := sink.Open(t.Context(), sink.Config{URL: "ftp://user:hunter2@host/dir"}); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a password in the error: %v", err)
	}
	t.Setenv("AWS_ENDPOINT_URL_S3", "http://s3.example.com")
	if _, err := sink.Open(t.Context(), s3); err == nil || !strings.Contains(err.Error(), "is not encrypted") {
		t.Errorf("plain HTTP by way of the environment: %v", err)
	}
	for _, endpoint := range []string{"http://127.0.0.1:9000", "http://[::1]:9000", "http://localhost:9000", "https://s3.example.com"} {
		if _, err := sink.Open(t.Context(), with(func(c *sink.Config) { c.Endpoint = endpoint })); err != nil {
			t.Errorf("%s: %v", endpoint, err)
		}
	}
}

func TestOpenWithoutCredentials(t *testing.T) {
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	none := filepath.Join(t.TempDir(), "none")
	t.Setenv("AWS_CONFIG_FILE", none)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", none)
	_, err := sink.Open(t.Context(), sink.Config{URL: "s3://bucket", Region: "eu-west-1"})
	if !errors.Is(err, sink.ErrNoCredentials) || !errors.Is(err, exporter.ErrFatal) || !strings.Contains(err.Error(), "AWS_PROFILE") {
		t.Errorf("error is %v, want ErrNoCredentials with what to do", err)
	}
	closed := errors.New("interrupted")
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Nanosecond, closed)
	defer cancel()
	<-ctx.Done()
	if _, err := sink.Open(ctx, sink.Config{URL: "s3://bucket", Region: "eu-west-1"}); !errors.Is(err, closed) {
		t.Errorf("error is %v, want the context's cause", err)
	}
}

// Whatever path a directory takes is safe in a manifest, in a shell and on
// every system, and stays below the root.
func FuzzPutPath(f *testing.F) {
	for _, seed := range []string{"a/b", "../a", "a//b", "a/..", "/a", "a\x00", `a\b`, "a b", ".", "year=2026/x.gz", "é"} {
		f.Add(seed)
	}
	safe := regexp.MustCompile(`^[A-Za-z0-9._=-]+(/[A-Za-z0-9._=-]+)*$`)
	f.Fuzz(func(t *testing.T, path string) {
		base := t.TempDir()
		d := open(t, sink.Config{URL: base, Root: "org"})
		_, err := d.Put(t.Context(), exporter.Object{Path: path, Size: 1}, strings.NewReader("x"))
		if err != nil {
			return
		}
		if !safe.MatchString(path) || !filepath.IsLocal(filepath.FromSlash(path)) {
			t.Errorf("stored %q", path)
		}
		if got := list(t, d); len(got) != 1 || got[0] != path {
			t.Errorf("%q is listed as %q", path, got)
		}
	})
}
