package genesys_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"exitplan/internal/genesys"
)

// storage serves signed URLs, and insists that no credential comes with them.
func storage(t *testing.T, serve func(w http.ResponseWriter, r *http.Request, n int)) (signed string, calls *atomic.Int64) {
	t.Helper()
	calls = new(atomic.Int64)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, name := range []string{"Authorization", "Cookie", "Referer"} {
			if value := r.Header.Get(name); value != "" {
				t.Errorf("%s %q was sent to the storage", name, value)
			}
		}
		if got := r.Header.Get("Accept-Encoding"); got != "identity" {
			t.Errorf("Accept-Encoding is %q", got)
		}
		serve(w, r, int(calls.Add(1)))
	}))
	t.Cleanup(s.Close)
	return s.URL + "/bucket/rec.wav?X-Amz-Signature=hush", calls
}

func TestMedia(t *testing.T) {
	sound := bytes.Repeat([]byte("RIFF"), 300_000)
	signed, _ := storage(t, func(w http.ResponseWriter, r *http.Request, n int) {
		if r.URL.RawQuery != "X-Amz-Signature=hush" {
			t.Errorf("query is %q", r.URL.RawQuery)
		}
		w.Header().Set("Content-Type", "audio/wav")
		w.Header().Set("ETag", `"abc"`)
		if n == 1 {
			w.Header().Set("Content-Length", "1200000")
		}
		w.Write(sound)
	})
	p := newPlatform(t, ok)
	c := p.client(t)
	for _, size := range []int64{1200000, -1} {
		m, err := c.Media(t.Context(), signed)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(m.Body)
		if err != nil || !bytes.Equal(got, sound) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
		if err := m.Body.Close(); err != nil {
			t.Error(err)
		}
		if m.Size != size || m.ContentType != "audio/wav" || m.ETag != `"abc"` {
			t.Errorf("media is %+v", m)
		}
	}
	if p.logins.Load() != 0 || c.Stats().Requests != 0 {
		t.Error("media cost a login or an API request")
	}
}

func TestMediaThatTheStorageRefuses(t *testing.T) {
	for _, tc := range []struct {
		status  int
		body    string
		expired bool
		calls   int64
	}{
		{403, "<Error><Code>AccessDenied</Code><Message>Request has expired</Message><X>hush</X></Error>", true, 1},
		{404, "", true, 1},
		{410, "", true, 1},
		{400, "<Error><Code>ExpiredToken</Code></Error>", true, 1},
		{400, "<Error><Code>Other</Code></Error>", false, 1},
		{202, "", false, 1},
		{206, "part", false, 1},
		{500, "", false, 4},
		{503, "<Error><Code>SlowDown</Code></Error>", false, 4},
	} {
		signed, calls := storage(t, func(w http.ResponseWriter, r *http.Request, n int) {
			w.WriteHeader(tc.status)
			io.WriteString(w, tc.body)
		})
		_, err := newPlatform(t, ok).client(t).Media(t.Context(), signed)
		var e *genesys.Error
		if !errors.As(err, &e) || e.Status != tc.status || errors.Is(err, genesys.ErrURLExpired) != tc.expired || calls.Load() != tc.calls {
			t.Errorf("%d %s: %v after %d requests", tc.status, tc.body, err, calls.Load())
		}
		if errors.Is(err, genesys.ErrNotFound) || errors.Is(err, genesys.ErrPermission) {
			t.Errorf("%v: a dead URL says nothing of the recording", err)
		}
		if strings.Contains(err.Error(), "hush") {
			t.Errorf("%v shows the signature", err)
		}
	}
}

func TestMediaIsOpenedAgain(t *testing.T) {
	signed, calls := storage(t, func(w http.ResponseWriter, r *http.Request, n int) {
		switch n {
		case 1:
			w.WriteHeader(503)
		case 2:
			panic(http.ErrAbortHandler)
		default:
			io.WriteString(w, "sound")
		}
	})
	m, err := newPlatform(t, ok).client(t).Media(t.Context(), signed)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Body.Close()
	if got, err := io.ReadAll(m.Body); string(got) != "sound" || err != nil || calls.Load() != 3 {
		t.Errorf("got %q, %v after %d requests", got, err, calls.Load())
	}
}

func TestMediaThatBreaksOff(t *testing.T) {
	hang := make(chan struct{})
	signed, calls := storage(t, func(w http.ResponseWriter, r *http.Request, n int) {
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, "half of it")
		w.(http.Flusher).Flush()
		if n == 1 {
			panic(http.ErrAbortHandler)
		}
		select {
		case <-hang:
		case <-r.Context().Done():
		}
	})
	defer close(hang)
	c := newPlatform(t, ok).client(t, func(cfg *genesys.Config) { cfg.Timeout = 200 * time.Millisecond })
	for _, want := range []string{"broken off after 10 of 100 bytes", "did not go on in time"} {
		m, err := c.Media(t.Context(), signed)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(m.Body)
		if err == nil || string(got) != "half of it" || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hush") {
			t.Errorf("got %q, %v", got, err)
		}
		if strings.Contains(want, "broken") && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%v is no unexpected EOF", err)
		}
		m.Body.Close()
	}
	if calls.Load() != 2 {
		t.Errorf("%d requests, not 2", calls.Load())
	}
}

func TestMediaAndTheEndOfTheContext(t *testing.T) {
	signed, calls := storage(t, func(w http.ResponseWriter, r *http.Request, n int) {
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, "half of it")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	c := newPlatform(t, ok).client(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	m, err := c.Media(ctx, signed)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Body.Close()
	if _, err := io.ReadFull(m.Body, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	cancel(errEnough)
	if _, err := io.ReadAll(m.Body); !errors.Is(err, errEnough) {
		t.Errorf("reading on gives %v", err)
	}
	if _, err := c.Media(ctx, signed); !errors.Is(err, errEnough) || calls.Load() != 1 {
		t.Errorf("opening gives %v after %d requests", err, calls.Load())
	}
}

func TestMediaRedirects(t *testing.T) {
	signed, _ := storage(t, func(w http.ResponseWriter, r *http.Request, n int) { io.WriteString(w, "sound") })
	from, calls := storage(t, func(w http.ResponseWriter, r *http.Request, n int) {
		switch n {
		case 1:
			http.Redirect(w, r, signed, http.StatusFound)
		default:
			http.Redirect(w, r, "http://192.0.2.1/clear?X=hush", http.StatusFound)
		}
	})
	c := newPlatform(t, ok).client(t)
	m, err := c.Media(t.Context(), from)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(m.Body); string(got) != "sound" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	m.Body.Close()
	if _, err := c.Media(t.Context(), from); err == nil || !strings.Contains(err.Error(), "plain http") || strings.Contains(err.Error(), "hush") || calls.Load() != 2 {
		t.Errorf("a redirect into the clear: %v after %d requests", err, calls.Load())
	}
}

func TestMediaURLsThatAreNone(t *testing.T) {
	c := newPlatform(t, ok).client(t)
	for _, signed := range []string{"", "::hush", "/path?hush", "http://192.0.2.1/x?hush", "ftp://localhost/x?hush", "file:///etc/passwd?hush"} {
		if _, err := c.Media(t.Context(), signed); err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%q: %v", signed, err)
		}
	}
}
