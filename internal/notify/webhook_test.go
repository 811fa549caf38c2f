package notify_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"exitplan/internal/notify"
)

// failures are what the sender could not tell.
type failures struct {
	mu   sync.Mutex
	list []string
}

func (f *failures) add(e notify.Event, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = append(f.list, e.Kind+": "+err.Error())
}

// told sends events, waits at most so long, and returns what was not told.
func told(t *testing.T, cfg notify.Config, within time.Duration, events ...notify.Event) []string {
	t.Helper()
	var failed failures
	cfg.Now, cfg.Failed = time.Now, failed.add
	if cfg.Pauses == nil {
		cfg.Pauses = []time.Duration{time.Millisecond, time.Millisecond}
	}
	s, err := notify.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		begun := time.Now()
		if s.Send(e); time.Since(begun) > 100*time.Millisecond {
			t.Error("the sender made its caller wait")
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	s.Close(ctx)
	return failed.list
}

func receiver(t *testing.T, answer http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(answer)
	t.Cleanup(s.Close)
	return s
}

var atRisk = notify.Event{ID: "1", Kind: notify.AtRisk, Text: "recordings: at risk", Time: time.Unix(1_800_000_000, 0).UTC()}

// The signature is checked as docs/notify.md says, with openssl where it is.
func TestWebhookIsSigned(t *testing.T) {
	var got notify.Event
	r := receiver(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		stamp, signature := r.Header.Get(notify.HeaderTimestamp), r.Header.Get(notify.HeaderSignature)
		if want := notify.Sign("s3cret", stamp, body); signature != want {
			t.Errorf("signature %q, want %q", signature, want)
		}
		if openssl, err := exec.LookPath("openssl"); err == nil {
			cmd := exec.Command(openssl, "dgst", "-sha256", "-hmac", "s3cret", "-r")
			cmd.Stdin = strings.NewReader(stamp + "." + string(body))
			out, err := cmd.Output()
			if digest, _, _ := strings.Cut(string(out), " "); err != nil || "v1="+digest != signature {
				t.Errorf("openssl says %q (%v), the header %q", out, err, signature)
			}
		}
		if id := r.Header.Get(notify.HeaderID); id != "1" || r.Header.Get(notify.HeaderEvent) != notify.AtRisk {
			t.Errorf("headers %v", r.Header)
		}
		if err := json.Unmarshal(body, &got); err != nil {
			t.Error(err)
		}
	})
	if failed := told(t, notify.Config{Webhook: r.URL, Secret: "s3cret"}, time.Minute, atRisk); failed != nil {
		t.Error(failed)
	}
	if got.Kind != atRisk.Kind || got.Text != atRisk.Text || !got.Time.Equal(atRisk.Time) {
		t.Errorf("told %+v", got)
	}
}

// An event goes to the host that was configured, and nowhere else.
func TestWebhookFollowsNoRedirectElsewhere(t *testing.T) {
	elsewhere := receiver(t, func(http.ResponseWriter, *http.Request) { t.Error("the event went to another host") })
	for _, status := range []int{301, 302, 303, 307, 308} {
		calls := 0
		r := receiver(t, func(w http.ResponseWriter, r *http.Request) {
			calls++
			http.Redirect(w, r, elsewhere.URL, status)
		})
		failed := told(t, notify.Config{Webhook: r.URL + "/private-token"}, time.Minute, atRisk)
		if len(failed) != 1 || !strings.Contains(failed[0], "another") && !strings.Contains(failed[0], "elsewhere") || strings.Contains(failed[0], "token") {
			t.Errorf("%d: %q", status, failed)
		}
		if calls != 1 {
			t.Errorf("%d: asked %d times", status, calls)
		}
	}
}

// On the same host a redirect may keep the event, and must not lose it.
func TestWebhookFollowsRedirectsThatKeepTheEvent(t *testing.T) {
	for status, lost := range map[int]bool{302: true, 307: false} {
		arrived := 0
		r := receiver(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/" {
				http.Redirect(w, r, "/there", status)
				return
			}
			if body, _ := io.ReadAll(r.Body); r.Method == http.MethodPost && len(body) > 0 {
				arrived++
			}
		})
		failed := told(t, notify.Config{Webhook: r.URL}, time.Minute, atRisk)
		if lost != (len(failed) == 1) || lost == (arrived == 1) {
			t.Errorf("%d: arrived %d times, failed %v", status, arrived, failed)
		}
	}
}

func TestWebhookIsRepeatedWhereThatMayHelp(t *testing.T) {
	for _, c := range []struct {
		status, calls int
	}{{500, 3}, {503, 3}, {429, 3}, {404, 1}, {410, 1}} {
		calls := 0
		r := receiver(t, func(w http.ResponseWriter, _ *http.Request) { calls++; w.WriteHeader(c.status) })
		failed := told(t, notify.Config{Webhook: r.URL}, time.Minute, atRisk)
		if len(failed) != 1 || calls != c.calls {
			t.Errorf("%d: %d calls, want %d; %v", c.status, calls, c.calls, failed)
		}
	}
	calls := 0
	r := receiver(t, func(w http.ResponseWriter, _ *http.Request) {
		if calls++; calls == 1 {
			w.WriteHeader(500)
		}
	})
	if failed := told(t, notify.Config{Webhook: r.URL}, time.Minute, atRisk); failed != nil || calls != 2 {
		t.Errorf("%d calls, %v", calls, failed)
	}
}

func TestWebhookThatHangsIsGivenUp(t *testing.T) {
	stop := make(chan struct{})
	r := receiver(t, func(_ http.ResponseWriter, r *http.Request) { <-stop })
	defer close(stop)
	failed := told(t, notify.Config{Webhook: r.URL, WebhookTimeout: 30 * time.Millisecond}, time.Minute, atRisk)
	if len(failed) != 1 || !strings.Contains(failed[0], "no answer within 30ms") {
		t.Error(failed)
	}
	begun := time.Now()
	failed = told(t, notify.Config{Webhook: r.URL}, 50*time.Millisecond, atRisk, atRisk)
	if took := time.Since(begun); took > 2*time.Second || len(failed) != 2 {
		t.Errorf("after %s: %v", took, failed)
	}
}

func TestOnlyEncryptedAddresses(t *testing.T) {
	for address, fine := range map[string]bool{
		"https://host.example/x?y=z": true, "http://127.0.0.1:8/": true, "http://localhost/": true, "http://[::1]/": true,
		"http://host.example/": false, "ftp://host.example/": false, "https://me:secret@host.example/": false, "host.example": false,
		"file:///etc/passwd": false, "http://127.0.0.1.host.example/": false, "https://": false,
	} {
		_, err := notify.New(notify.Config{Webhook: address, Now: time.Now})
		if (err == nil) != fine {
			t.Errorf("%s: %v", address, err)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("an error quotes the address: %v", err)
		}
	}
}

// A receiver with an old TLS gets nothing.
func TestWebhookNeedsTLS12(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("told without TLS 1.2") }))
	s.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	transport := s.Client().Transport.(*http.Transport)
	transport.TLSClientConfig.MinVersion = tls.VersionTLS10
	if failed := told(t, notify.Config{Webhook: s.URL, HTTP: transport}, time.Minute, atRisk); len(failed) != 1 || !strings.Contains(failed[0], "version") {
		t.Error(failed)
	}
}
