package genesys_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"exitplan/internal/genesys"
)

func TestGetHandsOnTheAnswerAsItCame(t *testing.T) {
	const body = `{"id":"a","big":1234567890123456789.10,"dup":1,"dup":2,"odd":"` + "\xff" + `\ud800"}`
	p := newPlatform(t, func(w http.ResponseWriter, r *http.Request, n int) {
		if got := r.Header.Get("User-Agent"); got != "exitplan/test" {
			t.Errorf("User-Agent is %q", got)
		}
		if got := r.URL.EscapedPath(); got != "/api/v2/things/a%2Fb%3F%20%C3%A9" {
			t.Errorf("path is %q", got)
		}
		if got := r.URL.Query().Get("x"); got != "1&2" {
			t.Errorf("query x is %q", got)
		}
		io.WriteString(w, body+"\n")
	})
	var seen atomic.Int64
	c := p.client(t, func(cfg *genesys.Config) {
		cfg.Observe = func(server time.Time) {
			if time.Since(server).Abs() < time.Minute {
				seen.Add(1)
			}
		}
	})
	got, err := c.Get(t.Context(), "/api/v2/things/"+url.PathEscape("a/b? é"), url.Values{"x": {"1&2"}})
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != body {
		t.Errorf("got %q", got)
	}
	if seen.Load() != 2 {
		t.Errorf("%d Date headers observed, of the login's and the answer's", seen.Load())
	}
	if c.ID() != "id" {
		t.Errorf("ID is %q", c.ID())
	}
}

func TestPostAndDelete(t *testing.T) {
	p := newPlatform(t, func(w http.ResponseWriter, r *http.Request, n int) {
		switch r.Method {
		case http.MethodPost:
			sent, _ := io.ReadAll(r.Body)
			if string(sent) != `{"interval":"a/b"}` || r.Header.Get("Content-Type") != "application/json" {
				t.Errorf("sent %q as %q", sent, r.Header.Get("Content-Type"))
			}
			w.WriteHeader(http.StatusAccepted)
			io.WriteString(w, `{"jobId":"j"}`)
		case http.MethodDelete:
			w.WriteHeader(http.StatusNoContent)
		}
	})
	c := p.client(t)
	got, err := c.Post(t.Context(), "/api/v2/jobs", map[string]string{"interval": "a/b"})
	if err != nil || string(got) != `{"jobId":"j"}` {
		t.Errorf("got %q, %v", got, err)
	}
	if err := c.Delete(t.Context(), "/api/v2/jobs/j"); err != nil {
		t.Error(err)
	}
}

func TestDeleteWhoseFirstAnswerWasLost(t *testing.T) {
	p := newPlatform(t, func(w http.ResponseWriter, r *http.Request, n int) {
		if n == 1 {
			panic(http.ErrAbortHandler)
		}
		fail(w, 404, "not.found", "no such job")
	})
	c := p.client(t)
	if err := c.Delete(t.Context(), "/api/v2/jobs/j"); err != nil {
		t.Errorf("the first attempt deleted it, yet: %v", err)
	}
	if err := c.Delete(t.Context(), "/api/v2/jobs/j"); !errors.Is(err, genesys.ErrNotFound) {
		t.Errorf("nothing was there to delete, yet: %v", err)
	}
}

// Each failure that may pass is repeated, whatever the method.
func TestPassingFailuresAreRepeated(t *testing.T) {
	failures := map[string]func(w http.ResponseWriter){
		"408":           func(w http.ResponseWriter) { fail(w, 408, "client.timeout", "") },
		"429":           func(w http.ResponseWriter) { fail(w, 429, "too.many.requests", "") },
		"500":           func(w http.ResponseWriter) { fail(w, 500, "internal.server.error", "") },
		"502 in HTML":   func(w http.ResponseWriter) { w.WriteHeader(502); io.WriteString(w, "<html>bad gateway</html>") },
		"504 empty":     func(w http.ResponseWriter) { w.WriteHeader(504) },
		"599":           func(w http.ResponseWriter) { w.WriteHeader(599) },
		"dropped":       func(w http.ResponseWriter) { panic(http.ErrAbortHandler) },
		"broken body":   func(w http.ResponseWriter) { w.Header().Set("Content-Length", "100"); io.WriteString(w, `{"a":`) },
		"HTML with 200": func(w http.ResponseWriter) { io.WriteString(w, "<!DOCTYPE html><html>down</html>") },
		"cut JSON":      func(w http.ResponseWriter) { io.WriteString(w, `{"a":[1,2`) },
		"two values":    func(w http.ResponseWriter) { io.WriteString(w, `{} {}`) },
		"empty 200":     func(w http.ResponseWriter) {},
	}
	for name, failure := range failures {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlatform(t, func(w http.ResponseWriter, r *http.Request, n int) {
				if n%3 != 0 {
					failure(w)
					return
				}
				io.WriteString(w, `{"ok":true}`)
			})
			c := p.client(t)
			if got, err := c.Get(t.Context(), "/api/v2/x", nil); err != nil || string(got) != `{"ok":true}` {
				t.Errorf("GET gave %q, %v", got, err)
			}
			if name != "empty 200" { // which is a fine answer to a POST
				if got, err := c.Post(t.Context(), "/api/v2/x", nil); err != nil || string(got) != `{"ok":true}` {
					t.Errorf("POST gave %q, %v", got, err)
				}
				if s := c.Stats(); s.Requests != 6 || s.Retried != 4 {
					t.Errorf("stats are %+v", s)
				}
			}
		})
	}
}

func TestLastingFailures(t *testing.T) {
	cases := []struct {
		status       int
		code         string
		is           error
		calls        int64
		says, saysTo string
	}{
		{400, "bad.request", nil, 1, "bad.request", ""},
		{400, "response.entity.too.large", genesys.ErrTooLarge, 1, "too.large", ""},
		{400, "payload.too.large", genesys.ErrTooLarge, 1, "too.large", ""},
		{413, "payload.too.large", genesys.ErrTooLarge, 1, "too.large", ""},
		{413, "", genesys.ErrTooLarge, 1, "413", ""},
		{403, "missing.permissions", genesys.ErrPermission, 1, "missing.permissions", "role"},
		{404, "conversation.not.found", genesys.ErrNotFound, 1, "conversation.not.found", ""},
		{409, "conflict", nil, 1, "409", ""},
		{501, "not.implemented", nil, 1, "501", ""},
		{500, "internal", nil, 4, "tried 4 times", ""},
		{503, "unavailable", nil, 4, "tried 4 times", ""},
	}
	for _, tc := range cases {
		t.Run(fmt.Sprintf("%d %s", tc.status, tc.code), func(t *testing.T) {
			t.Parallel()
			p := newPlatform(t, func(w http.ResponseWriter, r *http.Request, n int) {
				fail(w, tc.status, tc.code, "what the\nplatform says")
			})
			_, err := p.client(t).Get(t.Context(), "/api/v2/x", url.Values{"token": {"hush"}})
			var e *genesys.Error
			if !errors.As(err, &e) {
				t.Fatalf("error is %v", err)
			}
			for _, sentinel := range []error{genesys.ErrCredentials, genesys.ErrPermission, genesys.ErrNotFound, genesys.ErrTooLarge, genesys.ErrBadAnswer, genesys.ErrURLExpired} {
				if got, want := errors.Is(err, sentinel), sentinel == tc.is; got != want {
					t.Errorf("is %v: %v", sentinel, got)
				}
			}
			if e.Status != tc.status || e.Code != tc.code || e.CorrelationID != "corr-1" || int64(e.Attempts) != tc.calls {
				t.Errorf("error has %+v", e)
			}
			text := err.Error()
			for _, want := range []string{"GET /api/v2/x", tc.says, tc.saysTo, "what the platform says", "corr-1"} {
				if !strings.Contains(text, want) {
					t.Errorf("%q does not say %q", text, want)
				}
			}
			if strings.Contains(text, "hush") || strings.Contains(text, "\n") {
				t.Errorf("%q says too much", text)
			}
			if got := p.calls.Load(); got != tc.calls {
				t.Errorf("%d requests were sent, not %d", got, tc.calls)
			}
		})
	}
}

func TestNotJSONTimeAndAgain(t *testing.T) {
	p := newPlatform(t, func(w http.ResponseWriter, r *http.Request, n int) {
		io.WriteString(w, "<html>we are\ndown</html>")
	})
	c := p.client(t)
	_, err := c.Get(t.Context(), "/api/v2/x", nil)
	if !errors.Is(err, genesys.ErrBadAnswer) || !strings.Contains(err.Error(), "<html>we are down") {
		t.Errorf("Get: %v", err)
	}
	_, err = c.Page(t.Context(), "/api/v2/x", nil, "entities", func(json.RawMessage) error {
		t.Error("an HTML page has rows")
		return nil
	})
	if !errors.Is(err, genesys.ErrBadAnswer) || !strings.Contains(err.Error(), "<html>we are down") {
		t.Errorf("Page: %v", err)
	}
	if got := p.calls.Load(); got != 8 {
		t.Errorf("%d requests were sent, not twice 4", got)
	}
}

func TestUnreachable(t *testing.T) {
	p := newPlatform(t, func(w http.ResponseWriter, r *http.Request, n int) { io.WriteString(w, "{}") })
	c := p.client(t)
	if _, err := c.Get(t.Context(), "/api/v2/x", nil); err != nil {
		t.Fatal(err)
	}
	p.Close()
	_, err := c.Get(t.Context(), "/api/v2/x", url.Values{"q": {"hush"}})
	var e *genesys.Error
	if !errors.As(err, &e) || e.Status != 0 || e.Attempts != 4 || strings.Contains(err.Error(), "hush") {
		t.Errorf("error is %v", err)
	}
}

func TestHeadersThatNeverCome(t *testing.T) {
	release := make(chan struct{})
	p := newPlatform(t, func(w http.ResponseWriter, r *http.Request, n int) {
		if n == 1 {
			<-release
			return
		}
		if n == 2 {
			io.WriteString(w, `{"a":`)
			w.(http.Flusher).Flush()
			<-release
			return
		}
		io.WriteString(w, "{}")
	})
	t.Cleanup(func() { close(release) })
	c := p.client(t, func(cfg *genesys.Config) { cfg.Timeout = 100 * time.Millisecond })
	if _, err := c.Get(t.Context(), "/api/v2/x", nil); err != nil {
		t.Error(err)
	}
	if got := p.calls.Load(); got != 3 {
		t.Errorf("%d requests were sent, not 3", got)
	}
}

func TestPathsThatLeadElsewhere(t *testing.T) {
	p := newPlatform(t, func(w http.ResponseWriter, r *http.Request, n int) { io.WriteString(w, "{}") })
	c := p.client(t)
	for _, path := range []string{"", "api/v2/x", "@evil.example/x", ".evil.example/", "/api/v2/" + url.PathEscape("..") + "/x", "/api/%2e%2e/x", "/api/%zz", "//evil\x00"} {
		if _, err := c.Get(t.Context(), path, nil); err == nil {
			t.Errorf("path %q was sent", path)
		}
	}
	if got := p.calls.Load(); got != 0 {
		t.Errorf("%d requests were sent", got)
	}
}

func TestRedirects(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("another host was asked, with Authorization %q", r.Header.Get("Authorization"))
	}))
	defer elsewhere.Close()
	p := newPlatform(t, func(w http.ResponseWriter, r *http.Request, n int) {
		switch r.URL.Path {
		case "/api/v2/here":
			http.Redirect(w, r, "/api/v2/there", http.StatusFound)
		case "/api/v2/there":
			io.WriteString(w, `{"there":true}`)
		case "/api/v2/round":
			http.Redirect(w, r, "/api/v2/round", http.StatusFound)
		default:
			http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
		}
	})
	c := p.client(t)
	if got, err := c.Get(t.Context(), "/api/v2/here", nil); err != nil || string(got) != `{"there":true}` {
		t.Errorf("got %q, %v", got, err)
	}
	before := p.calls.Load()
	if _, err := c.Get(t.Context(), "/api/v2/away", nil); err == nil || !strings.Contains(err.Error(), "redirected") {
		t.Errorf("GET: %v", err)
	}
	if _, err := c.Post(t.Context(), "/api/v2/away", map[string]int{}); err == nil {
		t.Error("a POST was redirected to another host")
	}
	if got := p.calls.Load() - before; got != 2 {
		t.Errorf("%d requests were sent, not 2", got)
	}
	if _, err := c.Get(t.Context(), "/api/v2/round", nil); err == nil {
		t.Error("a redirect in a circle was followed to its end")
	}
}

var errEnough = errors.New("the window has closed")

func TestTheEndOfTheContext(t *testing.T) {
	use := map[string]func(ctx context.Context, c *genesys.Client) error{
		"Get": func(ctx context.Context, c *genesys.Client) error {
			_, err := c.Get(ctx, "/api/v2/x", nil)
			return err
		},
		"Post": func(ctx context.Context, c *genesys.Client) error {
			_, err := c.Post(ctx, "/api/v2/x", nil)
			return err
		},
		"Delete": func(ctx context.Context, c *genesys.Client) error { return c.Delete(ctx, "/api/v2/x") },
		"Page": func(ctx context.Context, c *genesys.Client) error {
			_, err := c.Page(ctx, "/api/v2/x", nil, "entities", func(json.RawMessage) error { return nil })
			return err
		},
		"Rows": func(ctx context.Context, c *genesys.Client) error {
			for _, err := range c.Rows(ctx, genesys.Listing{Path: "/api/v2/x"}) {
				if err != nil {
					return err
				}
			}
			return nil
		},
	}
	states := map[string]func(w http.ResponseWriter, r *http.Request, end func()){
		"during the request": func(w http.ResponseWriter, r *http.Request, end func()) { end(); <-r.Context().Done() },
		"during the body": func(w http.ResponseWriter, r *http.Request, end func()) {
			io.WriteString(w, `{"entities":[{},`)
			w.(http.Flusher).Flush()
			end()
			<-r.Context().Done()
		},
		"during Retry-After": func(w http.ResponseWriter, r *http.Request, end func()) {
			w.Header().Set("Retry-After", "3600")
			fail(w, 429, "too.many.requests", "")
			time.AfterFunc(20*time.Millisecond, end)
		},
		"during the backoff": func(w http.ResponseWriter, r *http.Request, end func()) {
			w.Header().Set("Retry-After", "3600")
			fail(w, 503, "unavailable", "")
			time.AfterFunc(20*time.Millisecond, end)
		},
	}
	for state, handler := range states {
		for name, call := range use {
			t.Run(name+" "+state, func(t *testing.T) {
				t.Parallel()
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				p := newPlatform(t, func(w http.ResponseWriter, r *http.Request, n int) {
					handler(w, r, func() { cancel(errEnough) })
				})
				c := p.client(t, func(cfg *genesys.Config) { cfg.Retry.Total = 24 * time.Hour })
				if err := call(ctx, c); !errors.Is(err, errEnough) {
					t.Errorf("error is %v", err)
				}
				if err := call(ctx, c); !errors.Is(err, errEnough) {
					t.Errorf("afterwards the error is %v", err)
				}
				if got := p.calls.Load(); got != 1 {
					t.Errorf("%d requests were sent, not 1", got)
				}
			})
		}
	}
}

func TestLogsKeepSecrets(t *testing.T) {
	p := newPlatform(t, func(w http.ResponseWriter, r *http.Request, n int) {
		if n == 1 {
			p429(w, "0")
			return
		}
		io.WriteString(w, "{}")
	})
	var log bytes.Buffer
	c := p.client(t, func(cfg *genesys.Config) {
		cfg.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	if _, err := c.Get(t.Context(), "/api/v2/x", url.Values{"q": {"hush"}}); err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"token-1", "s+cret", "cytjcmV0", "hush", "Bearer", "Basic"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log says %q:\n%s", secret, &log)
		}
	}
	for _, want := range []string{"path=/api/v2/x", "status=429", "status=200", "correlation_id=corr-1"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log does not say %q:\n%s", want, &log)
		}
	}
}
