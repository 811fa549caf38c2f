package genesys

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Config is what a [Client] needs to know.
type Config struct {
	// Region is where the organization lives: an AWS region such as
	// "ap-northeast-1", or the platform's host such as "mypurecloud.jp".
	Region string
	// APIURL and LoginURL replace what follows from Region: for private
	// gateways, and for a stand-in on loopback, the one place where plain
	// http is accepted.
	APIURL, LoginURL string

	// ClientID and ClientSecret are those of an OAuth client with the grant
	// type "client credentials".
	ClientID, ClientSecret string

	RequestsPerMinute int        // of this client; default 300, the platform's own limit
	Headroom          float64    // share of it that is left free, in [0, 1)
	Bandwidth         *Bandwidth // of media, shared with other clients; nil for no cap

	UserAgent string           // such as "exitplan/1.2.3"
	Now       func() time.Time // the local clock; required
	// Observe is told the Date header of each of the platform's answers. It
	// may be called by several goroutines at once, and may be nil.
	Observe func(server time.Time)
	// Guard is asked before each request is sent, also for a token, a
	// repetition, what follows a redirect, and media, and again while it is
	// under way; its error ends it and is not tried again. nil for none;
	// [Client.Time] alone does without.
	Guard Guard
	Log   *slog.Logger // nil for none
	Retry Retry
	// Timeout is how long the platform may take until the headers of an
	// answer, and from then on how long its body may stand still; default
	// one minute.
	Timeout time.Duration
	// HTTP is copied as the base of the transports; nil for the default
	// settings, proxies from the environment included. TLS 1.2 remains the
	// minimum.
	HTTP *http.Transport
}

// Client talks to one organization as one OAuth client. It is safe for
// concurrent use.
type Client struct {
	cfg    Config
	api    *url.URL
	region string
	login  *login
	budget *budget
	http   *http.Client
	media  *http.Client

	requests, throttled, retried atomic.Int64
}

// Stats counts what a client has done so far.
type Stats struct {
	Requests  int64 // sent to the API; neither logins nor media
	Throttled int64 // of them, answered with 429
	Retried   int64 // of them, repetitions of an earlier one, or after a redirect

	PerMinute int           // requests that the rate in force allows, headroom not taken off
	Paused    time.Duration // until the next one may be sent, by the platform's word
}

// Add sums up two clients, each of which has a rate of its own.
func (s *Stats) Add(o Stats) {
	s.Requests += o.Requests
	s.Throttled += o.Throttled
	s.Retried += o.Retried
	s.PerMinute += o.PerMinute
	s.Paused = max(s.Paused, o.Paused)
}

// New checks the configuration. It sends nothing.
func New(cfg Config) (*Client, error) {
	api, loginURL, region, err := endpoints(cfg)
	switch {
	case err != nil:
		return nil, err
	case cfg.ClientID == "" || cfg.ClientSecret == "":
		return nil, errors.New("client id and client secret of an OAuth client are needed")
	case cfg.Now == nil:
		return nil, errors.New("genesys: Config.Now is not set")
	case cfg.Headroom < 0 || cfg.Headroom >= 1 || cfg.Headroom != cfg.Headroom:
		return nil, fmt.Errorf("headroom is %v: it must be at least 0 and less than 1 (0.2 leaves a fifth)", cfg.Headroom)
	case cfg.RequestsPerMinute < 0:
		return nil, fmt.Errorf("requests per minute is %d: it must be positive", cfg.RequestsPerMinute)
	}
	if cfg.RequestsPerMinute == 0 {
		cfg.RequestsPerMinute = 300
	}
	if cfg.UserAgent == "" {
		cfg.UserAgent = "exitplan"
	}
	if cfg.Observe == nil {
		cfg.Observe = func(time.Time) {}
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = time.Minute
	}
	cfg.Retry.defaults()
	c := &Client{
		cfg: cfg, api: api, region: region,
		budget: newBudget(cfg.RequestsPerMinute, cfg.Headroom, cfg.Now),
		media:  mediaClient(cfg.HTTP),
	}
	c.http = &http.Client{Transport: transport(cfg.HTTP), CheckRedirect: redirect}
	c.login = newLogin(cfg, loginURL, c.http.Transport)
	return c, nil
}

// ID is the OAuth client's id. Some results can be read only by the client
// that asked for them, so it belongs into checkpoints.
func (c *Client) ID() string { return c.cfg.ClientID }

// Region is the AWS region in which the organization lives; empty where only
// URLs were configured.
func (c *Client) Region() string { return c.region }

// LowerRate lowers the requests per minute for good, as the organization's
// own limits demand. A higher value than the one in force changes nothing.
func (c *Client) LowerRate(perMinute int) { c.budget.lower(perMinute) }

// CapRate holds the client to so many requests per minute, headroom or not,
// until it is called again; 0 for none but the usual rate.
func (c *Client) CapRate(perMinute int) { c.budget.hold(perMinute) }

// Stats says what was done so far.
func (c *Client) Stats() Stats {
	s := Stats{Requests: c.requests.Load(), Throttled: c.throttled.Load(), Retried: c.retried.Load()}
	s.PerMinute, s.Paused = c.budget.state()
	return s
}

// A buffered answer may not be larger than this; [Client.Page] reads larger
// ones.
const maxAnswer = 64 << 20

// Get reads a small answer as a whole: at most 64 MiB, beyond which it fails
// with [ErrTooLarge]. path is relative to the API's host, with what it is
// made of escaped ([url.PathEscape]). The result is nil if the platform
// answered without a body, as it may with status 202 and 204.
func (c *Client) Get(ctx context.Context, path string, q url.Values) (json.RawMessage, error) {
	return c.buffered(ctx, &exchange{method: http.MethodGet, path: path, query: q})
}

// Post sends body as JSON (nil for none) and reads a small answer as
// [Client.Get] does.
//
// A request whose outcome is unknown (the connection broke, a gateway gave
// up) is sent again. The API's POSTs that an export needs are queries and
// jobs, of which a second one does no harm; do not use Post for others.
func (c *Client) Post(ctx context.Context, path string, body any) (json.RawMessage, error) {
	x := &exchange{method: http.MethodPost, path: path}
	if err := x.encode(body); err != nil {
		return nil, err
	}
	return c.buffered(ctx, x)
}

// PostOnce is Post for what must not happen twice. It repeats only what the
// platform has refused for now; where nobody can tell whether the request took
// effect, the error wraps [ErrUnknown], and the caller looks.
func (c *Client) PostOnce(ctx context.Context, path string, body any) (json.RawMessage, error) {
	x := &exchange{method: http.MethodPost, path: path, once: true}
	if err := x.encode(body); err != nil {
		return nil, err
	}
	return c.buffered(ctx, x)
}

// Put sets something to what body says; path may carry a query. A request whose outcome is unknown is
// sent again, as with [Client.Post].
func (c *Client) Put(ctx context.Context, path string, body any) (json.RawMessage, error) {
	x := &exchange{method: http.MethodPut, path: path}
	if err := x.encode(body); err != nil {
		return nil, err
	}
	return c.buffered(ctx, x)
}

// Delete deletes. If the outcome of a first attempt is unknown and the next
// one finds nothing, the first was the one that did it.
func (c *Client) Delete(ctx context.Context, path string) error {
	_, err := c.buffered(ctx, &exchange{method: http.MethodDelete, path: path})
	return err
}

func (x *exchange) encode(body any) error {
	if body == nil {
		return nil
	}
	var err error
	if x.body, err = json.Marshal(body); err != nil {
		return fmt.Errorf("%s %s: encode the request: %w", x.method, x.path, err)
	}
	return nil
}

func (c *Client) buffered(ctx context.Context, x *exchange) (answer json.RawMessage, err error) {
	x.take = func(status int, body io.Reader) error {
		answer = nil
		read, err := io.ReadAll(io.LimitReader(body, maxAnswer+1))
		if err != nil {
			return err
		}
		if len(read) > maxAnswer {
			return fmt.Errorf("%w: an answer of more than %d MiB", ErrTooLarge, maxAnswer>>20)
		}
		read = bytes.TrimSpace(read)
		if len(read) == 0 && (x.method != http.MethodGet || status != http.StatusOK) {
			return nil
		}
		// What a DELETE says, nobody reads.
		if x.method != http.MethodDelete && !jsontext.Value(read).IsValid(jsonOptions...) {
			return badAnswer(read)
		}
		answer = read
		return nil
	}
	if err := c.do(ctx, x); err != nil {
		return nil, err
	}
	return answer, nil
}

// badAnswer describes what came instead of JSON.
func badAnswer(start []byte) error {
	if len(start) == 0 {
		return fmt.Errorf("%w: it is empty", ErrBadAnswer)
	}
	return fmt.Errorf("%w: no valid JSON, beginning with %q", ErrBadAnswer, oneLine(string(start[:min(len(start), 200)]), 60))
}
