package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// The headers of a webhook's request.
const (
	HeaderEvent     = "Exitplan-Event"
	HeaderID        = "Exitplan-Event-Id"
	HeaderTimestamp = "Exitplan-Timestamp" // seconds since 1970, of this attempt
	HeaderSignature = "Exitplan-Signature"
)

// Sign is the value of [HeaderSignature]: "v1=" and the HMAC-SHA256 of
// "<timestamp>.<body>" in lower-case hex. The timestamp is signed so that an
// old request cannot be sent once more as a new one.
func Sign(secret, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(timestamp + "."))
	mac.Write(body)
	return "v1=" + hex.EncodeToString(mac.Sum(nil))
}

// ErrURL: the webhook's address cannot be used. Such addresses often are
// secrets, so that no error quotes more of one than its host.
var ErrURL = errors.New("the webhook's address")

// CheckURL says what is wrong with a webhook's address.
func CheckURL(address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Hostname() == "" || (u.Scheme != "https" && u.Scheme != "http"):
		return fmt.Errorf("%w is not one such as https://host.example/path", ErrURL)
	case u.User != nil:
		return fmt.Errorf("%w must not hold a user or password; remove everything before the @", ErrURL)
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return fmt.Errorf("%w is not encrypted; use https, http is for this machine (127.0.0.1) alone", ErrURL)
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

// webhook posts events to one address.
type webhook struct {
	cfg  Config
	host string
	http *http.Client
}

func newWebhook(cfg Config) (*webhook, error) {
	if err := CheckURL(cfg.Webhook); err != nil {
		return nil, err
	}
	u, err := url.Parse(cfg.Webhook)
	if err != nil {
		return nil, ErrURL
	}
	t := cfg.HTTP
	if t == nil {
		t = http.DefaultTransport.(*http.Transport)
	}
	t = t.Clone()
	if t.TLSClientConfig == nil {
		t.TLSClientConfig = &tls.Config{}
	}
	t.TLSClientConfig.MinVersion = max(t.TLSClientConfig.MinVersion, tls.VersionTLS12)
	return &webhook{cfg: cfg, host: u.Host, http: &http.Client{Transport: t, CheckRedirect: redirect, Timeout: cfg.WebhookTimeout}}, nil
}

var errRedirect = errors.New("the receiver sends the request elsewhere, where it does not go")

// redirect lets a request go on only to the same host, and only as it is: what
// turns it into a GET would lose the event, and report success.
func redirect(req *http.Request, via []*http.Request) error {
	switch first := via[0]; {
	case req.URL.Host != first.URL.Host || req.URL.Scheme != first.URL.Scheme:
		return fmt.Errorf("%w: to the host %s", errRedirect, req.URL.Host)
	case req.Method != first.Method:
		return fmt.Errorf("%w: as a %s, without the event", errRedirect, req.Method)
	case len(via) >= 3:
		return fmt.Errorf("%w: %d times in a row", errRedirect, len(via))
	}
	req.Header.Del("Referer")
	return nil
}

// tell posts an event until it is taken, or will not be.
func (w *webhook) tell(ctx context.Context, e Event) error {
	body, err := json.Marshal(e)
	if err != nil {
		return err
	}
	for try := 0; ; try++ {
		again, err := w.post(ctx, e, body)
		if err == nil {
			return nil
		}
		err = fmt.Errorf("webhook at %s: %w", w.host, err)
		if !again || try == len(w.cfg.Pauses) {
			return err
		}
		if !pause(ctx, w.cfg.Pauses[try]) {
			return cut(ctx, err)
		}
	}
}

// post makes one attempt; again says that another may help.
func (w *webhook) post(ctx context.Context, e Event, body []byte) (again bool, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.cfg.Webhook, bytes.NewReader(body))
	if err != nil {
		return false, ErrURL // whose own error quotes all of it
	}
	timestamp := strconv.FormatInt(w.cfg.Now().Unix(), 10)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", w.cfg.Agent)
	req.Header.Set(HeaderEvent, e.Kind)
	req.Header.Set(HeaderID, e.ID)
	req.Header.Set(HeaderTimestamp, timestamp)
	if w.cfg.Secret != "" {
		req.Header.Set(HeaderSignature, Sign(w.cfg.Secret, timestamp, body))
	}
	answer, err := w.http.Do(req)
	if err != nil {
		var wrapped *url.Error
		if errors.As(err, &wrapped) { // likewise
			err = wrapped.Err
			if strings.Contains(err.Error(), "Location header") { // which it quotes
				err = errors.New("a redirect that cannot be read")
			}
		}
		if errors.Is(err, context.DeadlineExceeded) || wrapped != nil && wrapped.Timeout() {
			err = fmt.Errorf("no answer within %s", w.cfg.WebhookTimeout.Round(time.Millisecond))
		}
		return ctx.Err() == nil && !errors.Is(err, errRedirect), err
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 64<<10)) // so that the connection is used again
	if answer.StatusCode/100 == 2 {
		return false, nil
	}
	again = answer.StatusCode >= 500 || answer.StatusCode == http.StatusTooManyRequests || answer.StatusCode == http.StatusRequestTimeout
	return again, fmt.Errorf("it answered %s", answer.Status)
}
