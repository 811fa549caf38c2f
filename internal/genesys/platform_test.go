package genesys_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"exitplan/internal/genesys"
)

// platform is a scripted stand-in: it logs in whoever has the right secret,
// and answers API requests with what a test says.
type platform struct {
	*httptest.Server
	api    func(w http.ResponseWriter, r *http.Request, n int) // n counts API requests from 1
	token  func(w http.ResponseWriter, r *http.Request, n int) // nil: accept
	calls  atomic.Int64
	logins atomic.Int64

	mu    sync.Mutex
	valid string // the token in force
}

func newPlatform(t *testing.T, api func(w http.ResponseWriter, r *http.Request, n int)) *platform {
	t.Helper()
	p := &platform{api: api}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /oauth/token", p.login)
	mux.HandleFunc("/api/", p.serve)
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

func (p *platform) login(w http.ResponseWriter, r *http.Request) {
	n := int(p.logins.Add(1))
	r.ParseForm() // the server notices a client that goes away only once the body is read
	if p.token != nil {
		p.token(w, r, n)
		return
	}
	id, secret, _ := r.BasicAuth()
	if id != "id" || secret != "s+cret" || r.PostFormValue("grant_type") != "client_credentials" {
		w.WriteHeader(http.StatusUnauthorized)
		io.WriteString(w, `{"error":"invalid_client","description":"authentication failed","error_description":"authentication failed"}`)
		return
	}
	p.grant(w, n, 86400)
}

func (p *platform) grant(w http.ResponseWriter, n, seconds int) {
	p.mu.Lock()
	p.valid = fmt.Sprintf("token-%d", n)
	p.mu.Unlock()
	fmt.Fprintf(w, `{"access_token":"token-%d","token_type":"bearer","expires_in":%d}`, n, seconds)
}

func (p *platform) revoke() {
	p.mu.Lock()
	p.valid = "revoked"
	p.mu.Unlock()
}

func (p *platform) serve(w http.ResponseWriter, r *http.Request) {
	n := int(p.calls.Add(1))
	p.mu.Lock()
	ok := r.Header.Get("Authorization") == "Bearer "+p.valid
	p.mu.Unlock()
	if !ok {
		fail(w, 401, "bad.credentials", "Invalid login credentials.")
		return
	}
	p.api(w, r, n)
}

func fail(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("ININ-Correlation-Id", "corr-1")
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]any{"message": message, "code": code, "status": status, "contextId": "ctx-1"})
}

// quick makes retries fast; the rate is beyond what a test can reach.
func (p *platform) config() genesys.Config {
	return genesys.Config{
		APIURL: p.URL, LoginURL: p.URL, ClientID: "id", ClientSecret: "s+cret",
		RequestsPerMinute: 1_000_000, UserAgent: "exitplan/test", Now: time.Now,
		Retry: genesys.Retry{Attempts: 4, Base: time.Millisecond, Max: 4 * time.Millisecond, Total: 10 * time.Second},
	}
}

func (p *platform) client(t *testing.T, change ...func(*genesys.Config)) *genesys.Client {
	t.Helper()
	cfg := p.config()
	for _, f := range change {
		f(&cfg)
	}
	c, err := genesys.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func p429(w http.ResponseWriter, retryAfter string) {
	w.Header().Set("Retry-After", retryAfter)
	fail(w, 429, "too.many.requests", "")
}
