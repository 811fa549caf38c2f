package simulator_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"exitplan/internal/simulator"
)

// client is the least that speaks to the platform: net/http and a token.
type client struct {
	t     *testing.T
	s     *simulator.Server
	id    string
	token string
}

func start(t *testing.T, cfg simulator.Config) *client {
	t.Helper()
	if cfg.RequestsPerMinute == 0 {
		cfg.RequestsPerMinute = -1
	}
	if cfg.JobLatency == 0 {
		cfg.JobLatency, cfg.BatchLatency = time.Millisecond, time.Millisecond
	}
	if cfg.Middleware == nil {
		cfg.Middleware = definitionCheck(t)
	}
	s, err := simulator.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return &client{t: t, s: s}
}

func (c *client) login(id, secret string) *client {
	c.t.Helper()
	status, body := c.oauth(id, secret, "client_credentials")
	if status != http.StatusOK || body["token_type"] != "bearer" {
		c.t.Fatalf("login: %d %v", status, body)
	}
	return &client{t: c.t, s: c.s, id: id, token: body["access_token"].(string)}
}

func (c *client) demo() *client { return c.login("demo-client", "demo-secret") }

func (c *client) oauth(id, secret, grant string) (int, map[string]any) {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.s.URL()+"/oauth/token",
		strings.NewReader(url.Values{"grant_type": {grant}}.Encode()))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if id != "" {
		req.SetBasicAuth(id, secret)
	}
	res, raw := c.do(req)
	return res.StatusCode, c.object(raw)
}

func (c *client) object(raw []byte) map[string]any {
	c.t.Helper()
	var body map[string]any
	if err := json.Unmarshal(raw, &body); err != nil {
		c.t.Fatalf("answer is not an object: %v\n%.300s", err, raw)
	}
	return body
}

func (c *client) do(req *http.Request) (*http.Response, []byte) {
	c.t.Helper()
	res, raw, err := c.try(req)
	if err != nil {
		c.t.Fatalf("%s %s: %v", req.Method, req.URL.Path, err)
	}
	return res, raw
}

func (c *client) try(req *http.Request) (*http.Response, []byte, error) {
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	return res, raw, err
}

func (c *client) request(method, path string, body any) *http.Request {
	c.t.Helper()
	var in io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			c.t.Fatal(err)
		}
		in = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.s.URL()+path, in)
	if err != nil {
		c.t.Fatal(err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	return req
}

// call expects a status and gives the answer's object.
func (c *client) call(want int, method, path string, body any) map[string]any {
	c.t.Helper()
	res, raw := c.do(c.request(method, path, body))
	if res.StatusCode != want {
		c.t.Fatalf("%s %s: %d, want %d: %.500s", method, path, res.StatusCode, want, raw)
	}
	if len(raw) == 0 {
		return nil
	}
	return c.object(raw)
}

// refused expects an ErrorBody.
func (c *client) refused(status int, code, method, path string, body any) map[string]any {
	c.t.Helper()
	got := c.call(status, method, path, body)
	if got["code"] != code || got["status"] != float64(status) || got["message"] == "" || got["contextId"] == "" {
		c.t.Fatalf("%s %s: %v, want code %s", method, path, got, code)
	}
	return got
}

type m = map[string]any

const jobs = "/api/v2/analytics/conversations/details/jobs"

func interval(from time.Time, length time.Duration) string {
	return from.Format("2006-01-02T15:04:05.000Z") + "/" + from.Add(length).Format("2006-01-02T15:04:05.000Z")
}

// clock is the platform's, moved by hand.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time           { return time.Now().Add(time.Duration(c.ahead.Load())) }
func (c *clock) advance(by time.Duration) { c.ahead.Add(int64(by)) }

var day0 = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// job submits and waits for FULFILLED.
func (c *client) job(body m) string {
	c.t.Helper()
	id := c.call(http.StatusAccepted, http.MethodPost, jobs, body)["jobId"].(string)
	for {
		res, raw := c.do(c.request(http.MethodGet, jobs+"/"+id, nil))
		switch state := c.object(raw)["state"]; {
		case state == "FULFILLED" && res.StatusCode == http.StatusOK:
			return id
		case (state == "QUEUED" || state == "PENDING") && res.StatusCode == http.StatusAccepted:
		default:
			c.t.Fatalf("job is %v with %d", state, res.StatusCode)
		}
	}
}

type page struct {
	Conversations        []json.RawMessage
	Cursor               string
	DataAvailabilityDate time.Time
}

func (c *client) page(job, cursor, size string) page {
	c.t.Helper()
	res, raw := c.do(c.request(http.MethodGet, jobs+"/"+job+"/results?pageSize="+size+"&cursor="+url.QueryEscape(cursor), nil))
	if res.StatusCode != http.StatusOK {
		c.t.Fatalf("results: %d %s", res.StatusCode, raw)
	}
	var p page
	if err := json.Unmarshal(raw, &p); err != nil {
		c.t.Fatal(err)
	}
	return p
}

func idOf(t *testing.T, row json.RawMessage) string {
	t.Helper()
	var c struct{ ConversationID string }
	if err := json.Unmarshal(row, &c); err != nil || c.ConversationID == "" {
		t.Fatalf("row without an id: %v %.200s", err, row)
	}
	return c.ConversationID
}

// rows pages a job to its end. The first of equal ids counts.
func (c *client) rows(job, size string) (rows map[string]json.RawMessage, repeats int) {
	c.t.Helper()
	rows = map[string]json.RawMessage{}
	for cursor := ""; ; {
		p := c.page(job, cursor, size)
		for _, row := range p.Conversations {
			id := idOf(c.t, row)
			if old, ok := rows[id]; ok {
				if !bytes.Equal(old, row) {
					c.t.Fatalf("conversation %s came with other bytes", id)
				}
				repeats++
				continue
			}
			rows[id] = row
		}
		if cursor = p.Cursor; cursor == "" {
			return rows, repeats
		}
	}
}
