package genesys_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"exitplan/internal/genesys"
)

// clock is a hand-driven local clock.
type clock struct{ offset atomic.Int64 }

func (c *clock) now() time.Time          { return time.Now().Add(time.Duration(c.offset.Load())) }
func (c *clock) forward(d time.Duration) { c.offset.Add(int64(d)) }

func ok(w http.ResponseWriter, r *http.Request, n int) { io.WriteString(w, "{}") }

func get(t *testing.T, c *genesys.Client) error {
	t.Helper()
	_, err := c.Get(t.Context(), "/api/v2/x", nil)
	return err
}

func TestTokenIsRenewedBeforeItEnds(t *testing.T) {
	for _, tc := range []struct {
		life  int           // seconds
		still time.Duration // age at which it is used as it is
		due   time.Duration // age at which it is renewed
	}{
		{86400, 24*time.Hour - 6*time.Minute, 24*time.Hour - 5*time.Minute},
		{300, 239 * time.Second, 241 * time.Second},
	} {
		p := newPlatform(t, ok)
		p.token = func(w http.ResponseWriter, r *http.Request, n int) { p.grant(w, n, tc.life) }
		var clock clock
		c := p.client(t, func(cfg *genesys.Config) { cfg.Now = clock.now })
		for range 3 {
			if err := get(t, c); err != nil {
				t.Fatal(err)
			}
		}
		clock.forward(tc.still)
		if err := get(t, c); err != nil || p.logins.Load() != 1 {
			t.Errorf("life %d s, at %s: %d logins, %v", tc.life, tc.still, p.logins.Load(), err)
		}
		clock.forward(tc.due - tc.still)
		if err := get(t, c); err != nil || p.logins.Load() != 2 {
			t.Errorf("life %d s, at %s: %d logins, %v", tc.life, tc.due, p.logins.Load(), err)
		}
		if got := p.calls.Load(); got != 5 {
			t.Errorf("%d requests for 5 calls: a token was used beyond its life", got)
		}
	}
}

func TestRenewalThatFailsWhileTheTokenIsGood(t *testing.T) {
	p := newPlatform(t, ok)
	p.token = func(w http.ResponseWriter, r *http.Request, n int) {
		if n == 2 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		p.grant(w, n, 3600)
	}
	var clock clock
	c := p.client(t, func(cfg *genesys.Config) { cfg.Now = clock.now })
	steps := []struct {
		forward time.Duration
		logins  int64
	}{{0, 1}, {56 * time.Minute, 2}, {0, 2}, {2 * time.Minute, 3}, {time.Hour, 4}}
	for i, step := range steps {
		clock.forward(step.forward)
		if err := get(t, c); err != nil || p.logins.Load() != step.logins {
			t.Errorf("step %d: %d logins, not %d; %v", i, p.logins.Load(), step.logins, err)
		}
	}
}

func TestRevokedTokenIsReplacedOnce(t *testing.T) {
	p := newPlatform(t, ok)
	c := p.client(t)
	if err := get(t, c); err != nil {
		t.Fatal(err)
	}
	p.revoke()
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			if err := get(t, c); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if got := p.logins.Load(); got != 2 {
		t.Errorf("%d logins, not 2: a refused old token discarded a newer one", got)
	}
}

func TestFreshTokenThatIsRefused(t *testing.T) {
	p := newPlatform(t, ok)
	p.token = func(w http.ResponseWriter, r *http.Request, n int) {
		p.grant(w, n, 3600)
		p.revoke()
	}
	c := p.client(t)
	err := get(t, c)
	if !errors.Is(err, genesys.ErrCredentials) {
		t.Fatalf("error is %v", err)
	}
	if p.logins.Load() != 5 || p.calls.Load() != 5 {
		t.Errorf("%d logins and %d requests, not 5 and 5", p.logins.Load(), p.calls.Load())
	}

	// Bad luck, three times in a row, is not yet wrong credentials.
	p.token = func(w http.ResponseWriter, r *http.Request, n int) {
		p.grant(w, n, 3600)
		if n < 9 {
			p.revoke()
		}
	}
	c = p.client(t)
	if err := get(t, c); err != nil || p.logins.Load() != 9 {
		t.Errorf("%v after %d logins", err, p.logins.Load()-5)
	}
}

// The platform may issue the same token again.
func TestSameTokenAgain(t *testing.T) {
	refuse := true
	p := newPlatform(t, func(w http.ResponseWriter, r *http.Request, n int) {
		if refuse {
			refuse = false
			fail(w, 401, "authentication.required", "")
			return
		}
		io.WriteString(w, "{}")
	})
	p.token = func(w http.ResponseWriter, r *http.Request, n int) { p.grant(w, 1, 3600) }
	c := p.client(t)
	for range 3 {
		if err := get(t, c); err != nil {
			t.Fatal(err)
		}
	}
	if p.logins.Load() != 2 {
		t.Errorf("%d logins, not 2", p.logins.Load())
	}
}

func TestCredentialsThatAreWrong(t *testing.T) {
	for _, answer := range []struct {
		status int
		body   string
	}{
		{400, `{"error":"invalid_client","description":"client not found","error_description":"client not found: hush"}`},
		{401, `{"error":"invalid_client"}`},
		{401, `<html>no</html>`},
	} {
		p := newPlatform(t, ok)
		p.token = func(w http.ResponseWriter, r *http.Request, n int) {
			w.WriteHeader(answer.status)
			io.WriteString(w, answer.body)
		}
		err := get(t, p.client(t))
		if !errors.Is(err, genesys.ErrCredentials) || !strings.Contains(err.Error(), "region") {
			t.Errorf("%d %s: %v", answer.status, answer.body, err)
		}
		if strings.Contains(err.Error(), "s+cret") || strings.Contains(err.Error(), "s%2Bcret") {
			t.Errorf("%v shows the secret", err)
		}
		if p.logins.Load() != 1 || p.calls.Load() != 0 {
			t.Errorf("%d logins, %d requests", p.logins.Load(), p.calls.Load())
		}
	}
	p := newPlatform(t, ok)
	c := p.client(t, func(cfg *genesys.Config) { cfg.ClientSecret = "wrong" })
	if err := get(t, c); !errors.Is(err, genesys.ErrCredentials) {
		t.Errorf("a wrong secret: %v", err)
	}
}

// "Not found" at the login is a wrong address, never a missing record: callers
// take ErrNotFound as "there is no such conversation".
func TestLoginThatIsElsewhere(t *testing.T) {
	p := newPlatform(t, ok)
	p.token = func(w http.ResponseWriter, r *http.Request, n int) { http.NotFound(w, r) }
	err := get(t, p.client(t))
	if err == nil || errors.Is(err, genesys.ErrNotFound) || p.logins.Load() != 1 {
		t.Errorf("error is %v after %d logins", err, p.logins.Load())
	}
}

func TestLoginThatFailsForAWhile(t *testing.T) {
	for name, failure := range map[string]func(w http.ResponseWriter){
		"503":           func(w http.ResponseWriter) { w.WriteHeader(503) },
		"429":           func(w http.ResponseWriter) { w.Header().Set("Retry-After", "0"); w.WriteHeader(429) },
		"HTML with 200": func(w http.ResponseWriter) { io.WriteString(w, "<html>") },
		"no token":      func(w http.ResponseWriter) { io.WriteString(w, `{"expires_in":5}`) },
		"dropped":       func(w http.ResponseWriter) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlatform(t, ok)
			p.token = func(w http.ResponseWriter, r *http.Request, n int) {
				if n < 4 {
					failure(w)
					return
				}
				p.grant(w, n, 3600)
			}
			if err := get(t, p.client(t)); err != nil {
				t.Error(err)
			}
			if p.logins.Load() != 4 {
				t.Errorf("%d logins, not 4", p.logins.Load())
			}
		})
	}
}

// Whoever waits for somebody else's login is not bound to its fate.
func TestLoginWhoseCallerGivesUp(t *testing.T) {
	began := make(chan struct{})
	p := newPlatform(t, ok)
	p.token = func(w http.ResponseWriter, r *http.Request, n int) {
		if n == 1 {
			close(began)
			<-r.Context().Done()
			return
		}
		p.grant(w, n, 3600)
	}
	c := p.client(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	var group sync.WaitGroup
	group.Go(func() {
		if _, err := c.Get(ctx, "/api/v2/x", nil); !errors.Is(err, errEnough) {
			t.Errorf("the one who gave up got %v", err)
		}
	})
	<-began
	for range 4 {
		group.Go(func() {
			if err := get(t, c); err != nil {
				t.Errorf("the one who waited got %v", err)
			}
		})
	}
	cancel(errEnough)
	group.Wait()
	if p.logins.Load() != 2 {
		t.Errorf("%d logins, not 2", p.logins.Load())
	}
}

func TestExpiresInThatMakesNoSense(t *testing.T) {
	for _, life := range []string{"0", "-5", `"600"`, "1e300", "null", "86400.5"} {
		p := newPlatform(t, ok)
		p.token = func(w http.ResponseWriter, r *http.Request, n int) {
			p.mu.Lock()
			p.valid = "x"
			p.mu.Unlock()
			io.WriteString(w, `{"access_token":"x","expires_in":`+life+`}`)
		}
		c := p.client(t)
		for range 3 {
			if err := get(t, c); err != nil {
				t.Errorf("expires_in %s: %v", life, err)
			}
		}
		if p.logins.Load() != 1 {
			t.Errorf("expires_in %s: %d logins", life, p.logins.Load())
		}
	}
}
