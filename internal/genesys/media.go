package genesys

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// Media is an open download.
type Media struct {
	// Body must be read to its end and closed. It fails with an error that
	// wraps [io.ErrUnexpectedEOF] if fewer bytes come than announced, and
	// with the cause of the context if that ends.
	Body        io.ReadCloser
	Size        int64 // bytes announced; -1 if the server did not say
	ContentType string
	ETag        string // as sent, with its quotes
}

// Media opens a signed URL. It is no API call: it costs no rate, and carries
// no token. Bytes come as they are stored; no content coding is undone.
//
// A server's failure and a broken connection are repeated until headers are
// in. After that nothing is: the caller opens the URL again, or a new one. A
// URL that the storage refuses (403, 404, 410) is [ErrURLExpired] at once.
// Errors never show the URL's query, which is its signature.
func (c *Client) Media(ctx context.Context, signed string) (*Media, error) {
	u, err := url.Parse(signed)
	if err != nil {
		return nil, fmt.Errorf("open media: %w: its URL is no URL", ErrBadAnswer)
	}
	name := u.Scheme + "://" + u.Host + u.EscapedPath()
	if err := secure(u); err != nil {
		return nil, fmt.Errorf("GET %s: %w", name, err)
	}
	ctx, release := guarded(ctx, c.cfg.Guard)
	opened := false
	defer func() {
		if !opened {
			release()
		}
	}()
	tries := c.cfg.Retry.start(c.cfg.Now)
	for {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("GET %s: %w", name, context.Cause(ctx))
		}
		m, header, err := c.open(ctx, u, name, release)
		if err == nil {
			opened = true
			return m, nil
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("GET %s: %w", name, context.Cause(ctx))
		}
		wait, again := tries.next(err, header)
		if !again {
			return nil, tries.final(err)
		}
		c.cfg.Log.Debug("media is opened again", "url", name, "error", err, "after", wait)
		if err := sleep(ctx, wait); err != nil {
			return nil, fmt.Errorf("GET %s: %w", name, err)
		}
	}
}

// File opens a URL that an answer of the API gave for a file. One of the API
// itself is a download, which with the token says where the file is: one call.
// Any other is signed; see [Client.Media].
func (c *Client) File(ctx context.Context, uri string) (*Media, error) {
	u, err := c.api.Parse(uri)
	if err != nil {
		return nil, fmt.Errorf("open a file: %w: its URI is no URI", ErrBadAnswer)
	}
	if u.Host != c.api.Host {
		return c.Media(ctx, u.String())
	}
	query := u.Query()
	query.Set("issueRedirect", "false") // API definition, GET /api/v2/downloads/{downloadId}
	answer, err := c.Get(ctx, c.path(u), query)
	if err != nil {
		return nil, err
	}
	var leads struct {
		URL string `json:"url"`
	}
	if err := json.Unmarshal(answer, &leads); err != nil || leads.URL == "" {
		return nil, fmt.Errorf("GET %s: %w: it does not say where the file is", u.Path, ErrBadAnswer)
	}
	return c.Media(ctx, leads.URL)
}

// open asks once. release is called when the body of what it opened is closed.
func (c *Client) open(ctx context.Context, u *url.URL, name string, release func()) (*Media, http.Header, error) {
	fail := &Error{Method: http.MethodGet, Path: name}
	ctx, watch := startWatch(ctx, c.cfg.Timeout)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		watch.end()
		return nil, nil, fmt.Errorf("GET %s: %w", name, plain(err))
	}
	req.Header.Set("User-Agent", c.cfg.UserAgent)
	// Manifest and length speak of the bytes as they are stored.
	req.Header.Set("Accept-Encoding", "identity")
	began := c.cfg.Now()
	resp, err := c.media.Do(req)
	if err != nil {
		fail.Err, fail.broken = watch.cause(plain(err)), true
		watch.end()
		return nil, nil, fail
	}
	body := watch.body(resp.Body)
	c.cfg.Log.Debug("media", "url", name, "status", resp.StatusCode, "bytes", resp.ContentLength, "duration", c.cfg.Now().Sub(began))
	if resp.StatusCode == http.StatusOK {
		if c.cfg.Bandwidth != nil {
			body = &capped{body, ctx, c.cfg.Bandwidth, c.cfg.Now}
		}
		return &Media{
			Body:        &measured{rc: body, name: name, size: resp.ContentLength, release: release},
			Size:        resp.ContentLength,
			ContentType: resp.Header.Get("Content-Type"),
			ETag:        resp.Header.Get("ETag"),
		}, nil, nil
	}
	defer body.Close()
	said, _ := io.ReadAll(io.LimitReader(body, 8<<10))
	fail.Status = resp.StatusCode
	fail.CorrelationID = oneLine(resp.Header.Get("X-Amz-Request-Id"), 100)
	// No more of it: the storage may repeat the signature in its answer.
	fail.Code, fail.Message = element(said, "Code"), element(said, "Message")
	switch {
	case resp.StatusCode == http.StatusForbidden, resp.StatusCode == http.StatusNotFound, resp.StatusCode == http.StatusGone,
		// What S3 says when the credentials that signed have expired.
		resp.StatusCode == http.StatusBadRequest && fail.Code == "ExpiredToken":
		fail.Err = ErrURLExpired
	}
	return nil, resp.Header, fail
}

// element is the text of the first XML element of that name, as S3 answers.
func element(xml []byte, name string) string {
	_, after, found := bytes.Cut(xml, []byte("<"+name+">"))
	text, _, closed := bytes.Cut(after, []byte("</"+name+">"))
	if !found || !closed {
		return ""
	}
	return oneLine(string(text), 200)
}

// measured holds a body to the length that was announced.
type measured struct {
	rc         io.ReadCloser
	name       string
	size, read int64
	release    func()
}

func (m *measured) Read(p []byte) (int, error) {
	n, err := m.rc.Read(p)
	m.read += int64(n)
	short := m.size >= 0 && m.read < m.size
	switch {
	case err == nil:
	case err == io.EOF && !short:
	case err == io.EOF, errors.Is(err, io.ErrUnexpectedEOF):
		err = fmt.Errorf("GET %s: broken off after %d of %d bytes: %w", m.name, m.read, m.size, io.ErrUnexpectedEOF)
	default:
		err = fmt.Errorf("GET %s: after %d of %d bytes: %w", m.name, m.read, m.size, err)
	}
	return n, err
}

func (m *measured) Close() error {
	defer m.release()
	return m.rc.Close()
}

// mediaClient follows redirects, which carry no credentials, but neither into
// the clear nor with the signed URL as the referrer.
func mediaClient(base *http.Transport) *http.Client {
	t := transport(base)
	t.DisableCompression = true
	if base == nil {
		t.MaxIdleConnsPerHost = 256
		t.MaxIdleConns = 512
		t.IdleConnTimeout = 30 * time.Second
		// One connection per transfer: over a shared one, a single lost
		// packet holds up all of them.
		t.Protocols = new(http.Protocols)
		t.Protocols.SetHTTP1(true)
	}
	return &http.Client{
		Transport: t,
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			if len(via) >= 5 {
				return fmt.Errorf("%w: %d times in a row", errRedirected, len(via))
			}
			if err := secure(req.URL); err != nil {
				return fmt.Errorf("%w: %w", errRedirected, err)
			}
			req.Header.Del("Referer")
			return nil
		},
	}
}
