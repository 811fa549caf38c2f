package genesys

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// exchange is one request and what becomes of its answer.
type exchange struct {
	method, path string
	query        url.Values
	body         []byte
	// once: it is not repeated unless it certainly had no effect.
	once bool
	// take reads the body of a good answer. It is called again for each
	// repetition. An error that it makes itself is a callerError, or wraps
	// ErrBadAnswer or ErrTooLarge; any other is one of reading the body.
	take func(status int, body io.Reader) error
}

// maxRenewals is how many fresh tokens in a row may be refused before the
// credentials count as not accepted.
const maxRenewals = 4

// callerError is an error of the caller's callback: no reason to try again.
type callerError struct{ error }

// do sends x until it succeeds, or will not.
func (c *Client) do(ctx context.Context, x *exchange) error {
	target, err := c.target(x.path, x.query)
	if err != nil {
		return fmt.Errorf("%s %s: %w", x.method, x.path, err)
	}
	ctx, release := guarded(ctx, c.cfg.Guard)
	defer release()
	tries := c.cfg.Retry.start(c.cfg.Now)
	unknown := false // an earlier attempt may have succeeded unseen
	var t token
	refused, renewals := 0, 0
	fetched := false
	for {
		leave, err := c.budget.acquire(ctx)
		if err != nil {
			return fmt.Errorf("%s %s: %w", x.method, target.Path, err)
		}
		before := t.number
		t, fetched, err = c.login.current(ctx, refused)
		if err != nil || ctx.Err() != nil {
			if err == nil {
				err = context.Cause(ctx)
			}
			return fmt.Errorf("%s %s: %w", x.method, target.Path, err)
		}
		renewed := fetched && refused != 0 && refused == before
		header, err := c.once(ctx, x, target, t, leave)
		if err == nil {
			return nil
		}
		var own callerError
		if errors.As(err, &own) {
			return own.error
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%s %s: %w", x.method, target.Path, context.Cause(ctx))
		}
		var e *Error
		if !errors.As(err, &e) {
			return err
		}
		if x.method == http.MethodDelete && unknown && e.Status == http.StatusNotFound {
			return nil
		}
		unknown = unknown || e.broken || e.Status >= 500
		if x.once && e.open() {
			e.Attempts = tries.sent + 1
			return fmt.Errorf("%w: %w", ErrUnknown, e)
		}
		// A token may have been revoked before its time. If those issued
		// because of that are refused as well, nothing is left to try.
		if renewed {
			renewals++
		}
		if e.Status == http.StatusUnauthorized && renewals < maxRenewals {
			refused = t.number
			tries.sent++
			c.retried.Add(1)
			continue
		}
		wait, again := tries.next(err, header)
		if e.Status == http.StatusTooManyRequests && !e.broken {
			c.throttled.Add(1)
			c.cfg.Log.Info("rate limited, all requests pause", "path", target.Path, "pause", wait, "limit", e.Limit.Key, "correlation_id", e.CorrelationID)
			c.budget.pause(wait, e.Limit)
			wait = 0 // the budget waits for everybody
		}
		if !again {
			return tries.final(err)
		}
		c.cfg.Log.Log(ctx, tries.level(err), "request is repeated", "path", target.Path, "error", err, "after", wait.Round(time.Millisecond))
		c.retried.Add(1)
		if err := sleep(ctx, wait); err != nil {
			return fmt.Errorf("%s %s: %w", x.method, target.Path, err)
		}
	}
}

// target is the URL of a path below the API's.
func (c *Client) target(path string, q url.Values) (*url.URL, error) {
	u, err := url.Parse(c.api.String() + path)
	if err != nil || !strings.HasPrefix(path, "/") || u.Host != c.api.Host {
		return nil, fmt.Errorf("%w: not a path of the API", ErrNoRequest)
	}
	for element := range strings.SplitSeq(u.Path, "/") {
		// Servers and proxies would resolve these to another path.
		if element == "." || element == ".." {
			return nil, fmt.Errorf("%w: an id in the path is a dot segment", ErrNoRequest)
		}
	}
	if len(q) > 0 {
		merged := u.Query()
		for name, values := range q {
			merged[name] = values
		}
		u.RawQuery = merged.Encode()
	}
	return u, nil
}

// once sends x one time, for which the budget has let it pass.
func (c *Client) once(ctx context.Context, x *exchange, target *url.URL, t token, leave pass) (http.Header, error) {
	fail := &Error{Method: x.method, Path: target.Path}
	ctx, watch := startWatch(ctx, c.cfg.Timeout)
	defer watch.end()
	var payload io.Reader
	if x.body != nil {
		payload = bytes.NewReader(x.body)
	}
	req, err := http.NewRequestWithContext(c.paid(ctx), x.method, target.String(), payload)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", x.method, target.Path, plain(err))
	}
	req.Header.Set("Authorization", "Bearer "+t.value)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.cfg.UserAgent)
	if x.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	began := c.cfg.Now()
	resp, err := c.http.Do(req)
	if err != nil {
		fail.Err, fail.broken = watch.cause(plain(err)), true
		c.cfg.Log.Debug("request", "method", x.method, "path", target.Path, "error", fail.Err, "duration", c.cfg.Now().Sub(began))
		return nil, fail
	}
	body := watch.body(resp.Body)
	defer body.Close()
	if state, ok := readRate(resp.Header); ok {
		c.budget.observe(leave, state)
	}
	dateObserver(c.cfg.Observe)(resp.Header)
	correlation := resp.Header.Get("Inin-Correlation-Id")
	c.cfg.Log.Debug("request", "method", x.method, "path", target.Path, "status", resp.StatusCode,
		"correlation_id", correlation, "duration", c.cfg.Now().Sub(began))
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		// Whatever can be read of it: the status alone says enough.
		said, _ := io.ReadAll(io.LimitReader(body, 64<<10))
		fail.describe(resp.StatusCode, resp.Header, said)
		return resp.Header, fail
	}
	err = x.take(resp.StatusCode, body)
	var own callerError
	switch {
	case err == nil:
		// A little that is left lets the connection be used again.
		_, _ = io.CopyN(io.Discard, body, 4<<10)
		return resp.Header, nil
	case errors.As(err, &own):
		return nil, err
	}
	fail.Status, fail.CorrelationID, fail.Err = resp.StatusCode, oneLine(correlation, 100), err
	fail.broken = !errors.Is(err, ErrBadAnswer) && !errors.Is(err, ErrTooLarge)
	return nil, fail
}
