package genesys

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

var (
	errTimeout    = errors.New("the server did not go on in time")
	errRedirected = errors.New("redirected to where credentials are not sent")
	errOldTLS     = errors.New("the server speaks no TLS 1.2 or newer")
)

// transport copies base and makes sure of what the contract demands in
// transit: TLS 1.2 or newer.
func transport(base *http.Transport) *http.Transport {
	var t *http.Transport
	if base != nil {
		t = base.Clone()
	} else {
		t = http.DefaultTransport.(*http.Transport).Clone()
		t.MaxIdleConnsPerHost = 64 // as many as there are workers, or each would reconnect
	}
	if t.TLSClientConfig == nil {
		t.TLSClientConfig = &tls.Config{}
	}
	t.TLSClientConfig.MinVersion = max(t.TLSClientConfig.MinVersion, tls.VersionTLS12)
	t.ReadBufferSize = 64 << 10
	return t
}

// redirect lets a redirect pass only where the token may go, too: to the same
// scheme and host.
func redirect(req *http.Request, via []*http.Request) error {
	first := via[0]
	switch {
	case req.URL.Scheme != first.URL.Scheme || req.URL.Host != first.URL.Host:
		return fmt.Errorf("%w: to host %s", errRedirected, req.URL.Host)
	case first.Method != http.MethodGet:
		return fmt.Errorf("%w: a %s is not repeated elsewhere", errRedirected, first.Method)
	case len(via) >= 5:
		return fmt.Errorf("%w: %d times in a row", errRedirected, len(via))
	}
	req.Header.Del("Referer")
	return nil
}

// paid makes every request that the transport sends on its own cost its share
// of the budget, after the first, which was let pass: one that follows a
// redirect, and one that is sent again because a kept connection turned out
// to be dead.
func (c *Client) paid(ctx context.Context) context.Context {
	var sent atomic.Int64
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) {
		// If the wait is given up, [guarded] keeps the request from being sent.
		if sent.Add(1) > 1 {
			if _, err := c.budget.acquire(ctx); err != nil {
				return
			}
			c.retried.Add(1)
		}
		c.requests.Add(1)
		if n, ok := ctx.Value(counterKey{}).(*atomic.Int64); ok {
			n.Add(1)
		}
	}})
}

type counterKey struct{}

// Counting lets the requests that are sent under a context be counted apart,
// beside [Stats].
func Counting(ctx context.Context, n *atomic.Int64) context.Context {
	return context.WithValue(ctx, counterKey{}, n)
}

// watch ends a request whose answer does not come or does not go on. Time
// that the reader of the body takes for itself does not count.
type watch struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	timer  *time.Timer
	limit  time.Duration
}

// startWatch starts the time that the headers may take.
func startWatch(ctx context.Context, limit time.Duration) (context.Context, *watch) {
	ctx, cancel := context.WithCancelCause(ctx)
	w := &watch{ctx: ctx, cancel: cancel, limit: limit}
	w.timer = time.AfterFunc(limit, func() { cancel(fmt.Errorf("%w (%s)", errTimeout, limit)) })
	return ctx, w
}

// cause is why a request broke: the end of its context tells more than the
// error that the transport makes of it.
func (w *watch) cause(err error) error {
	if w.ctx.Err() != nil {
		return context.Cause(w.ctx)
	}
	return err
}

func (w *watch) end() {
	w.timer.Stop()
	w.cancel(nil)
}

// body watches over an answer's body from here on. Closing it ends the watch.
func (w *watch) body(rc io.ReadCloser) io.ReadCloser {
	w.timer.Stop()
	return &watchedBody{w, rc}
}

type watchedBody struct {
	*watch
	rc io.ReadCloser
}

func (b *watchedBody) Read(p []byte) (int, error) {
	b.timer.Reset(b.limit)
	n, err := b.rc.Read(p)
	b.timer.Stop()
	if err != nil && err != io.EOF {
		err = b.cause(err)
	}
	return n, err
}

func (b *watchedBody) Close() error {
	defer b.end()
	return b.rc.Close()
}

// plain takes the URL out of a transport error: its query may be a signature.
func plain(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	// crypto/tls has no error value for what its own side refuses.
	if err != nil && strings.Contains(err.Error(), "tls: server selected unsupported protocol version") {
		return fmt.Errorf("%w: %w", errOldTLS, err)
	}
	return err
}

func dateObserver(observe func(time.Time)) func(http.Header) {
	return func(h http.Header) {
		if date, err := http.ParseTime(h.Get("Date")); err == nil {
			observe(date)
		}
	}
}
