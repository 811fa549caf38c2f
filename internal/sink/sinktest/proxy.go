package sinktest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"sync"
	"testing"
)

// Action is what a [Proxy] does with one request.
type Action struct {
	// Status answers in the server's place with this status and S3 error
	// code, after reading the body. 0 passes the request on.
	Status int
	Code   string
	// Drop breaks the connection instead of answering. Without Status the
	// server has carried the request out by then: the answer is lost.
	Drop bool
	// Early breaks the connection before the server hears of the request.
	Early bool
	// Cut breaks the connection after so many bytes of the answer's body.
	Cut int64
	// Change alters the server's answer.
	Change func(*http.Response)
}

// Proxy stands between a sink and its HTTP server: it records requests, and
// breaks what it is told to break.
type Proxy struct {
	URL string

	mu       sync.Mutex
	decide   func(*http.Request) Action
	requests []*http.Request
}

// NewProxy starts a proxy to the server at target; it ends with the test.
// decide is asked about each request, one at a time; nil passes all on.
func NewProxy(t testing.TB, target string, decide func(*http.Request) Action) *Proxy {
	t.Helper()
	to, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{decide: decide}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DisableCompression = true
	server := httptest.NewServer(p.handler(to, transport))
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
		transport.CloseIdleConnections()
	})
	p.URL = server.URL
	return p
}

// Decide replaces what decides about requests.
func (p *Proxy) Decide(decide func(*http.Request) Action) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.decide = decide
}

// Requests are the requests so far, without bodies.
func (p *Proxy) Requests() []*http.Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]*http.Request(nil), p.requests...)
}

// Count says how many requests so far fit.
func (p *Proxy) Count(fits func(*http.Request) bool) int {
	n := 0
	for _, r := range p.Requests() {
		if fits(r) {
			n++
		}
	}
	return n
}

func (p *Proxy) action(r *http.Request) Action {
	p.mu.Lock()
	defer p.mu.Unlock()
	recorded := r.Clone(r.Context())
	recorded.Body = nil
	p.requests = append(p.requests, recorded)
	if p.decide == nil {
		return Action{}
	}
	return p.decide(r)
}

func (p *Proxy) handler(to *url.URL, transport http.RoundTripper) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		do := p.action(r)
		if do.Early {
			panic(http.ErrAbortHandler)
		}
		if do.Status != 0 {
			_, _ = io.Copy(io.Discard, r.Body)
			if do.Drop {
				panic(http.ErrAbortHandler)
			}
			w.Header().Set("Content-Type", "application/xml")
			w.WriteHeader(do.Status)
			_, _ = io.WriteString(w, "<Error><Code>"+do.Code+"</Code><Message>injected</Message></Error>")
			return
		}
		pass := &httputil.ReverseProxy{
			Transport: transport,
			// The request is signed for the host that the client named.
			Rewrite: func(r *httputil.ProxyRequest) {
				r.Out.URL.Scheme, r.Out.URL.Host, r.Out.Host = to.Scheme, to.Host, r.In.Host
			},
			ModifyResponse: func(answer *http.Response) error {
				if do.Drop {
					_, _ = io.Copy(io.Discard, answer.Body)
					panic(http.ErrAbortHandler)
				}
				if do.Change != nil {
					do.Change(answer)
				}
				if do.Cut > 0 {
					answer.Body = &cut{answer.Body, do.Cut}
				}
				return nil
			},
			ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
			ErrorLog:     nil,
		}
		pass.ServeHTTP(w, r)
	})
}

// cut breaks a body off.
type cut struct {
	io.ReadCloser
	left int64
}

func (c *cut) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, io.ErrUnexpectedEOF
	}
	n, err := c.ReadCloser.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	return n, err
}

// Operation names the S3 operation of a request to a path-style bucket.
func Operation(r *http.Request) string {
	q := r.URL.Query()
	switch {
	case r.Method == http.MethodPut && q.Has("partNumber"):
		return "UploadPart"
	case r.Method == http.MethodPut && r.Header.Get("X-Amz-Copy-Source") != "":
		return "CopyObject"
	case r.Method == http.MethodPut:
		return "PutObject"
	case r.Method == http.MethodPost && q.Has("uploads"):
		return "CreateMultipartUpload"
	case r.Method == http.MethodPost && q.Has("uploadId"):
		return "CompleteMultipartUpload"
	case r.Method == http.MethodDelete && q.Has("uploadId"):
		return "AbortMultipartUpload"
	case r.Method == http.MethodGet && q.Has("uploadId"):
		return "ListParts"
	case r.Method == http.MethodHead:
		return "HeadObject"
	case r.Method == http.MethodGet && q.Get("list-type") == "2":
		return "ListObjectsV2"
	case r.Method == http.MethodGet:
		return "GetObject"
	}
	return r.Method + " " + strconv.Quote(r.URL.RequestURI())
}
