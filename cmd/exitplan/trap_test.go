package main

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// trap sees every request to the platform and to the bucket, and kills the
// program at one of them.
type trap struct {
	mu     sync.Mutex
	armed  bool
	at     moment
	passed int // requests that the moment matches
	victim *os.Process
	gone   chan struct{} // closed when it has died
}

// moment is a request: the nth that matches, the first if that is 0.
type moment struct {
	match func(*http.Request) bool
	nth   int
	// after: the request takes effect, and only its answer is lost.
	after bool
	// pause passes between the request and the death, so that it also comes
	// between two requests. The request is answered.
	pause time.Duration
}

// due says whether the program dies at a request.
func (k *trap) due(r *http.Request) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.armed || !k.at.match(r) {
		return false
	}
	k.passed++
	if k.passed < max(k.at.nth, 1) {
		return false
	}
	k.armed = false
	return true
}

func (k *trap) wrap(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !k.due(r):
			h.ServeHTTP(w, r)
			return
		case k.at.pause > 0:
			time.AfterFunc(k.at.pause, func() { _ = k.victim.Signal(syscall.SIGKILL) })
			h.ServeHTTP(w, r)
			return
		case k.at.after:
			h.ServeHTTP(httptest.NewRecorder(), r)
		}
		_ = k.victim.Signal(syscall.SIGKILL)
		<-k.gone
		panic(http.ErrAbortHandler)
	})
}

// run runs the program until it dies at a moment, or until its end; then it was
// not killed.
func (k *trap) run(t *testing.T, cmd *exec.Cmd, at moment) (killed bool) {
	t.Helper()
	k.mu.Lock()
	k.armed, k.at, k.passed, k.gone = true, at, 0, make(chan struct{})
	err := cmd.Start()
	k.victim = cmd.Process
	k.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // its state says how it ended
	close(k.gone)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.armed = false
	return cmd.ProcessState.ExitCode() == -1
}

// proxy puts the trap before an S3 server. What would change an object that is
// not below the path is an error.
func (k *trap) proxy(t *testing.T, endpoint, below string) string {
	t.Helper()
	behind, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	// The host stays as it was signed.
	through := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.Out.URL.Scheme, r.Out.URL.Host = behind.Scheme, behind.Host },
		ErrorHandler: func(_ http.ResponseWriter, r *http.Request, err error) {
			if r.Context().Err() == nil { // the one who asked is alive
				t.Errorf("%s %s: %v", r.Method, r.URL, err)
			}
			panic(http.ErrAbortHandler)
		},
	}
	server := httptest.NewServer(k.wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !slices.Contains([]string{http.MethodGet, http.MethodHead}, r.Method) && !strings.HasPrefix(r.URL.Path, below) {
			t.Errorf("%s %s: that is not ours", r.Method, r.URL)
		}
		through.ServeHTTP(w, r)
	})))
	t.Cleanup(server.Close)
	return server.URL
}
