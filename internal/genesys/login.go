package genesys

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// login keeps the access token of an OAuth client (RFC 6749 section 4.4).
//
// This is not golang.org/x/oauth2/clientcredentials, because that renews a
// token only once it has expired, cannot be told that the platform has
// revoked one, reads its own clock, and does not tell a login that must be
// repeated from one that cannot succeed.
type login struct {
	url    *url.URL
	id     string
	secret string
	agent  string
	now    func() time.Time
	seen   func(http.Header)
	log    *slog.Logger
	retry  Retry
	limit  time.Duration // until the headers, and of a stalled body
	http   *http.Client

	turn chan struct{} // holds the one who is fetching a token

	mu    sync.Mutex
	token token
}

// token is one access token. Its number tells it from those before and after,
// which may be spelt the same.
type token struct {
	number int
	value  string
	renew  time.Time // when the next is due
	ends   time.Time
}

func newLogin(cfg Config, base *url.URL, tr http.RoundTripper) *login {
	return &login{
		url: base.JoinPath("/oauth/token"),
		id:  cfg.ClientID, secret: cfg.ClientSecret, agent: cfg.UserAgent,
		now: cfg.Now, seen: dateObserver(cfg.Observe), log: cfg.Log,
		retry: cfg.Retry, limit: cfg.Timeout,
		http: &http.Client{
			Transport: tr,
			// The secret goes nowhere else.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		turn: make(chan struct{}, 1),
	}
}

// current returns a token that the platform should accept, and logs in where
// there is none. refused is the number of a token that the platform has just
// refused, 0 if none: a newer one that somebody else has got meanwhile is
// returned as it is. fetched says that this call has logged in.
func (l *login) current(ctx context.Context, refused int) (t token, fetched bool, err error) {
	t, state := l.look(refused)
	switch state {
	case tokenFresh:
		return t, false, nil
	case tokenDue:
		// Still good: one request renews it, the others go on.
		select {
		case l.turn <- struct{}{}:
		default:
			return t, false, nil
		}
	case tokenDead:
		select {
		case l.turn <- struct{}{}:
		case <-ctx.Done():
			return token{}, false, context.Cause(ctx)
		}
	}
	defer func() { <-l.turn }()
	if t, state = l.look(refused); state == tokenFresh {
		return t, false, nil
	}
	next, err := l.fetch(ctx, state == tokenDue)
	if err != nil && state == tokenDue && !errors.Is(err, ErrCredentials) && ctx.Err() == nil {
		// The old one has some time left, and the next request tries again.
		l.log.Warn("renewing the access token failed, the old one is still good", "error", err, "until", t.ends)
		l.postpone()
		return t, false, nil
	}
	if err != nil {
		return token{}, false, err
	}
	return next, true, nil
}

type tokenState int

const (
	tokenDead  tokenState = iota // none, expired or refused
	tokenDue                     // good for now, and to be renewed
	tokenFresh                   // good
)

func (l *login) look(refused int) (token, tokenState) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	switch {
	case l.token.number <= refused || !now.Before(l.token.ends):
		return l.token, tokenDead
	case !now.Before(l.token.renew):
		return l.token, tokenDue
	}
	return l.token, tokenFresh
}

// postpone puts off the next renewal by a part of what is left.
func (l *login) postpone() {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	l.token.renew = now.Add(l.token.ends.Sub(now) / 4)
}

// fetch logs in. once is for renewals, which have a token to fall back on.
func (l *login) fetch(ctx context.Context, once bool) (token, error) {
	tries := l.retry.start(l.now)
	for {
		t, header, err := l.ask(ctx)
		if err == nil {
			l.mu.Lock()
			t.number = l.token.number + 1
			l.token = t
			l.mu.Unlock()
			return t, nil
		}
		if ctx.Err() != nil {
			return token{}, fmt.Errorf("log in at %s: %w", l.url.Host, context.Cause(ctx))
		}
		wait, again := tries.next(err, header)
		if !again || once {
			return token{}, fmt.Errorf("log in at %s: %w", l.url.Host, tries.final(err))
		}
		l.log.Log(ctx, tries.level(err), "the login is repeated", "host", l.url.Host, "error", err, "after", wait.Round(time.Millisecond))
		if err := sleep(ctx, wait); err != nil {
			return token{}, fmt.Errorf("log in at %s: %w", l.url.Host, err)
		}
	}
}

// ask sends one token request.
func (l *login) ask(ctx context.Context) (token, http.Header, error) {
	fail := &Error{Method: http.MethodPost, Path: l.url.Path}
	ctx, watch := startWatch(ctx, l.limit)
	defer watch.end()
	form := strings.NewReader("grant_type=client_credentials")
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, l.url.String(), form)
	if err != nil {
		return token{}, nil, err
	}
	// As they are: the platform's own SDKs do not form-encode them first, as
	// RFC 6749 section 2.3.1 wants it.
	req.SetBasicAuth(l.id, l.secret)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", l.agent)
	asked := l.now()
	resp, err := l.http.Do(req)
	if err != nil {
		fail.Err, fail.broken = watch.cause(plain(err)), true
		return token{}, nil, fail
	}
	body := watch.body(resp.Body)
	defer body.Close()
	l.seen(resp.Header)
	l.log.Debug("login", "status", resp.StatusCode, "correlation_id", resp.Header.Get("Inin-Correlation-Id"), "duration", l.now().Sub(asked))
	read, err := io.ReadAll(io.LimitReader(body, 1<<20))
	if err != nil {
		fail.Status, fail.Err, fail.broken = resp.StatusCode, err, true
		return token{}, resp.Header, fail
	}
	if resp.StatusCode != http.StatusOK {
		fail.describe(resp.StatusCode, resp.Header, read)
		fail.Err = loginKind(resp.StatusCode)
		return token{}, resp.Header, fail
	}
	var said struct {
		AccessToken string      `json:"access_token"`
		ExpiresIn   json.Number `json:"expires_in"`
	}
	if err := json.Unmarshal(read, &said); err != nil || said.AccessToken == "" {
		// The answer may be a token that is broken off: not a byte of it is shown.
		fail.Status, fail.Err = resp.StatusCode, fmt.Errorf("%w: no access_token in it", ErrBadAnswer)
		return token{}, resp.Header, fail
	}
	life := lifetime(said.ExpiresIn)
	return token{
		value: said.AccessToken,
		// From when it was asked for: the platform's time starts later.
		renew: asked.Add(life - min(life/5, 5*time.Minute)),
		ends:  asked.Add(life),
	}, resp.Header, nil
}

// loginKind: what the token endpoint refuses, it will refuse again.
// "Not found" there means a wrong address, not a missing record.
func loginKind(status int) error {
	switch status {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden:
		return ErrCredentials
	}
	return nil
}

// lifetime reads expires_in. Without a sensible one the token is trusted for
// an hour: a 401 tells in any case.
func lifetime(seconds json.Number) time.Duration {
	const most = 30 * 24 * time.Hour
	n, err := seconds.Float64()
	if err != nil || !(n > 0) {
		return time.Hour
	}
	if n > most.Seconds() {
		return most
	}
	return time.Duration(n * float64(time.Second))
}
