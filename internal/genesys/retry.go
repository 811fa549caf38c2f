package genesys

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"time"
)

// Retry says how long a request is repeated. The zero value means the
// defaults.
type Retry struct {
	// Attempts is how often one request is sent before it counts as failed;
	// default 10. Answers with 429 do not count: they are waited out.
	Attempts int
	// Base is the backoff after the first failure, doubled with each further
	// one up to Max, and jittered; default 0.5 s and 60 s. What the platform
	// asks for with Retry-After wins, also over Max.
	Base, Max time.Duration
	// Total bounds the time that one request may take with all repetitions
	// and waits; default 24 h, for answers with 429.
	Total time.Duration
}

func (r *Retry) defaults() {
	if r.Attempts <= 0 {
		r.Attempts = 10
	}
	if r.Base <= 0 {
		r.Base = 500 * time.Millisecond
	}
	if r.Max <= 0 {
		r.Max = time.Minute
	}
	if r.Total <= 0 {
		r.Total = 24 * time.Hour
	}
}

// tries is the life of one request.
type tries struct {
	Retry
	now       func() time.Time
	began     time.Time
	sent      int // requests
	failed    int // of them, those that count
	throttled int // 429s in a row
}

func (r Retry) start(now func() time.Time) *tries {
	return &tries{Retry: r, now: now, began: now()}
}

// level is how loudly a failure that is tried again is told: one or two are
// common, but a platform that keeps giving no answer should be known.
func (t *tries) level(err error) slog.Level {
	var e *Error
	if errors.As(err, &e) && e.Status == 0 && t.sent >= 3 {
		return slog.LevelWarn
	}
	return slog.LevelDebug
}

// next decides what follows a failure: how long to wait, and whether to try
// again at all. header is the answer's, nil if there was none.
func (t *tries) next(err error, header http.Header) (wait time.Duration, again bool) {
	t.sent++
	var e *Error
	if !errors.As(err, &e) || !e.temporary() {
		return 0, false
	}
	asked, told := retryAfter(header, t.now())
	if told {
		e.RetryAfter = asked
	}
	if e.Status == http.StatusTooManyRequests && !e.broken {
		t.throttled++
		if !told {
			// A full jitter might be no wait at all, and the next 429.
			wait = t.backoff(t.throttled + 2)
			asked = wait/2 + rand.N(wait/2+1)
		}
		wait = asked
	} else {
		t.throttled = 0
		t.failed++
		if t.failed >= t.Attempts || hopeless(err) && t.failed >= 3 {
			return 0, false
		}
		wait = rand.N(t.backoff(t.failed) + 1)
		if told {
			// A little spread, lest all that were told the same come at once.
			wait = asked + rand.N(t.Base)
		}
	}
	return wait, t.now().Sub(t.began)+wait <= t.Total
}

// backoff after the n-th failure, n >= 1.
func (t *tries) backoff(n int) time.Duration {
	d := t.Base
	for ; n > 1 && d < t.Max; n-- {
		d *= 2
	}
	return min(d, t.Max)
}

// final completes the error that is given back.
func (t *tries) final(err error) error {
	var e *Error
	if errors.As(err, &e) {
		e.Attempts = t.sent
	}
	return err
}

// temporary says whether the same request may succeed later.
func (e *Error) temporary() bool {
	switch {
	case errors.Is(e.Err, ErrTooLarge), errors.Is(e.Err, errRedirected):
		return false
	case e.broken, errors.Is(e.Err, ErrBadAnswer):
		return !mistrust(e.Err)
	case e.Status == http.StatusRequestTimeout, e.Status == http.StatusTooManyRequests:
		return true
	}
	return e.Status >= 500 && e.Status != http.StatusNotImplemented
}

// mistrust: a server that cannot prove who it is, or speaks no TLS 1.2, does
// not learn it within minutes.
func mistrust(err error) bool {
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	return errors.As(err, &certificate) || errors.As(err, &record) || errors.As(err, &alert) ||
		errors.Is(err, errOldTLS)
}

// hopeless: a name that does not exist is most likely misspelt, though a
// resolver may be wrong for a moment.
func hopeless(err error) bool {
	var dns *net.DNSError
	return errors.As(err, &dns) && dns.IsNotFound
}
