package genesys_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"exitplan/internal/genesys"
)

var errShut = errors.New("the window is closed")

// gate is a guard that can be shut, at once or in a while.
type gate struct{ shut atomic.Bool }

func (g *gate) guard(context.Context) (time.Duration, error) {
	if g.shut.Load() {
		return 0, errShut
	}
	return 5 * time.Millisecond, nil
}

// client makes one whose guard is g, and whose connections are counted.
func (g *gate) client(t *testing.T, p *platform, change ...func(*genesys.Config)) (c *genesys.Client, dialled *atomic.Int64) {
	t.Helper()
	dialled = new(atomic.Int64)
	return p.client(t, append(change, func(cfg *genesys.Config) {
		cfg.Guard = g.guard
		if cfg.HTTP == nil {
			cfg.HTTP = &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
				dialled.Add(1)
				return (&net.Dialer{}).DialContext(ctx, network, addr)
			}}
		}
	})...), dialled
}

// soon fails a test whose call does not end with the guard's error at once.
func soon(t *testing.T, call func() error) {
	t.Helper()
	began := time.Now()
	if err := call(); !errors.Is(err, errShut) {
		t.Errorf("error %v, want the guard's", err)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestNothingIsSentWhileTheGuardObjects(t *testing.T) {
	p := newPlatform(t, ok)
	g := &gate{}
	g.shut.Store(true)
	c, dialled := g.client(t, p)
	soon(t, func() error { return get(t, c) })
	soon(t, func() error { _, err := c.Media(t.Context(), p.URL+"/media?X-Amz-Signature=hush"); return err })
	soon(t, func() error { _, err := c.PostOnce(t.Context(), "/api/v2/jobs", nil); return err })
	if dialled.Load() != 0 || p.logins.Load()+p.calls.Load() != 0 {
		t.Errorf("%d connections, %d logins, %d calls", dialled.Load(), p.logins.Load(), p.calls.Load())
	}
	if _, err := c.Time(t.Context()); err != nil {
		t.Errorf("nor may the time be asked: %v", err)
	}
}

// Each of these waits for something when the guard begins to object.
func TestWaitsEndWhenTheGuardObjects(t *testing.T) {
	for name, test := range map[string]struct {
		answer func(w http.ResponseWriter, r *http.Request, n int)
		change func(*genesys.Config)
	}{
		"the budget": {ok, func(cfg *genesys.Config) { cfg.RequestsPerMinute = 2 }},
		"a pause after a 429": {func(w http.ResponseWriter, r *http.Request, n int) { p429(w, "600") },
			func(cfg *genesys.Config) { cfg.Retry.Total = time.Hour }},
		"a backoff": {func(w http.ResponseWriter, r *http.Request, n int) {
			w.Header().Set("Retry-After", "600")
			fail(w, 503, "", "")
		},
			func(cfg *genesys.Config) { cfg.Retry.Total = time.Hour }},
		"an answer": {func(w http.ResponseWriter, r *http.Request, n int) { <-r.Context().Done() },
			func(*genesys.Config) {}},
	} {
		t.Run(name, func(t *testing.T) {
			g := &gate{}
			p := newPlatform(t, test.answer)
			c, _ := g.client(t, p, test.change)
			time.AfterFunc(100*time.Millisecond, func() { g.shut.Store(true) })
			soon(t, func() (err error) {
				for range 10 {
					if err = get(t, c); err != nil {
						break
					}
				}
				return err
			})
			if n := p.calls.Load(); n > 3 {
				t.Errorf("%d calls", n)
			}
		})
	}
}

func TestATransferEndsWhenTheGuardObjects(t *testing.T) {
	signed, _ := storage(t, func(w http.ResponseWriter, r *http.Request, n int) {
		io.WriteString(w, "RIFF")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	g := &gate{}
	c, _ := g.client(t, newPlatform(t, ok))
	m, err := c.Media(t.Context(), signed)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Body.Close()
	time.AfterFunc(50*time.Millisecond, func() { g.shut.Store(true) })
	soon(t, func() error { _, err := io.ReadAll(m.Body); return err })
}

// While a connection is made time passes, and HTTP/1 would send a request whose
// context has just ended.
func TestAConnectionThatCameTooLateIsNotWrittenTo(t *testing.T) {
	var all []*platform
	for range 50 {
		p := newPlatform(t, ok)
		g := &gate{}
		c, _ := g.client(t, p, func(cfg *genesys.Config) {
			cfg.HTTP = &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
				conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
				g.shut.Store(true)
				return conn, err
			}}
			cfg.Guard = func(context.Context) (time.Duration, error) { // of long answers
				_, err := g.guard(t.Context())
				return time.Second, err
			}
		})
		soon(t, func() error { return get(t, c) })
		all = append(all, p)
	}
	time.Sleep(50 * time.Millisecond) // until the servers have read what they were sent
	for _, p := range all {
		if n := p.logins.Load() + p.calls.Load(); n > 0 {
			t.Fatalf("%d requests were sent", n)
		}
	}
}

func TestARedirectIsNotFollowedOnceTheGuardObjects(t *testing.T) {
	g := &gate{}
	signed, calls := storage(t, func(w http.ResponseWriter, r *http.Request, n int) {
		g.shut.Store(true)
		http.Redirect(w, r, "/bucket/moved.wav", http.StatusFound)
	})
	c, _ := g.client(t, newPlatform(t, ok), func(cfg *genesys.Config) {
		cfg.Guard = func(context.Context) (time.Duration, error) { _, err := g.guard(t.Context()); return time.Second, err }
	})
	soon(t, func() error { _, err := c.Media(t.Context(), signed); return err })
	if n := calls.Load(); n != 1 {
		t.Errorf("%d requests", n)
	}
	g.shut.Store(false)
	p := newPlatform(t, func(w http.ResponseWriter, r *http.Request, n int) {
		g.shut.Store(true)
		http.Redirect(w, r, "/api/v2/moved", http.StatusFound)
	})
	c, _ = g.client(t, p, func(cfg *genesys.Config) {
		cfg.Guard = func(context.Context) (time.Duration, error) { _, err := g.guard(t.Context()); return time.Second, err }
	})
	soon(t, func() error { return get(t, c) })
	if n := p.calls.Load(); n != 1 {
		t.Errorf("%d API calls", n)
	}
}
