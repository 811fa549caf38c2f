package simulator_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"exitplan/internal/simulator"
)

func TestParseFaults(t *testing.T) {
	f, err := simulator.ParseFaults("429=0.05:3s, 429-bare=0.02,5xx=1,drop-json=0.03,drop-media=0.05,truncate-media=0.03,html-200=0.02," +
		"expired-url=0.03,revoked-token=0.01,expired-job=0.02,repeat-page=0.05,empty-page=0.06,slow=0.02:250ms")
	if err != nil {
		t.Fatal(err)
	}
	if f.TooManyRequests != 0.05 || f.RetryAfter != 3*time.Second || f.ServerError != 1 || f.EmptyPage != 0.06 || f.Slow != 0.02 || f.SlowFor != 250*time.Millisecond {
		t.Errorf("%+v", f)
	}
	if again, err := simulator.ParseFaults(f.String()); err != nil || again != f {
		t.Errorf("%s gives %+v, %v", f, again, err)
	}
	all, err := simulator.ParseFaults("all,slow=0")
	if err != nil || all.TooManyRequests == 0 || all.ExpiredJob == 0 || all.Slow != 0 {
		t.Errorf("all: %+v, %v", all, err)
	}
	if f, err := simulator.ParseFaults("all=0.25"); err != nil || f.DropJSON != 0.25 || f.EmptyPage != 0.25 {
		t.Errorf("all=0.25: %+v, %v", f, err)
	}
	if f, err := simulator.ParseFaults(""); err != nil || f != (simulator.Faults{}) {
		t.Errorf("nothing: %+v, %v", f, err)
	}
	for _, bad := range []string{"429", "429=", "429=2", "429=-1", "429=NaN", "420=0.1", "slow=0.1:", "slow=0.1:fast", "5xx=0.1:1s", "=0.1", "all=x"} {
		if _, err := simulator.ParseFaults(bad); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}

func FuzzParseFaults(f *testing.F) {
	f.Add("all,slow=0.5:1s,429=1:2s")
	f.Fuzz(func(t *testing.T, list string) {
		faults, err := simulator.ParseFaults(list)
		if err != nil {
			return
		}
		if again, err := simulator.ParseFaults(faults.String()); err != nil || again.String() != faults.String() {
			t.Errorf("%q gives %q, which gives %q, %v", list, faults, again, err)
		}
	})
}

func faulty(t *testing.T, list string) simulator.Faults {
	t.Helper()
	f, err := simulator.ParseFaults(list)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// At a rate of 1 each fault hits always, and looks as it should.
func TestEachFault(t *testing.T) {
	c := start(t, simulator.Config{MediaBytes: 64 << 10}).demo()
	job := c.job(m{"interval": interval(day0, 24*time.Hour)})
	results := jobs + "/" + job + "/results?pageSize=20"
	object := c.batch(c.recordedItems()[0][:1])[0].ResultURL
	set := func(t *testing.T, list string) { t.Helper(); c.s.SetFaults(faulty(t, list)) }
	get := func(path string) (*http.Response, []byte, error) { return c.try(c.request(http.MethodGet, path, nil)) }
	media := func() (*http.Response, []byte, error) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, object, nil)
		if err != nil {
			t.Fatal(err)
		}
		return c.try(req)
	}
	_, whole, _ := media()
	_, rows, _ := get(results)

	t.Run("429", func(t *testing.T) {
		set(t, "429=1:2s")
		for range 5 {
			if res, raw, err := get(me); err != nil || res.StatusCode != 429 || res.Header.Get("Retry-After") != "2" || !json.Valid(raw) {
				t.Fatalf("%v %s %v", res, raw, err)
			}
		}
	})
	t.Run("429-bare", func(t *testing.T) {
		set(t, "429-bare=1")
		if res, _, err := get(me); err != nil || res.StatusCode != 429 || res.Header.Get("Retry-After") != "" {
			t.Fatalf("%v %v", res, err)
		}
	})
	t.Run("5xx", func(t *testing.T) {
		set(t, "5xx=1")
		if res, _, err := get(me); err != nil || res.StatusCode < 500 {
			t.Fatalf("%v %v", res, err)
		}
		if res, raw, err := media(); err != nil || res.StatusCode != 503 || !bytes.Contains(raw, []byte("SlowDown")) {
			t.Fatalf("%v %s %v", res, raw, err)
		}
	})
	t.Run("drop-json", func(t *testing.T) {
		set(t, "drop-json=1")
		res, raw, err := get(results)
		if !errors.Is(err, io.ErrUnexpectedEOF) || res.StatusCode != 200 || len(raw) == 0 || len(raw) >= len(rows) || !bytes.HasPrefix(rows, raw) {
			t.Fatalf("%v, %d bytes of %d, %v", res, len(raw), len(rows), err)
		}
		before := c.s.Counts().Jobs
		_, _, err = c.try(c.request(http.MethodPost, jobs, m{"interval": interval(day0, time.Hour)}))
		if err == nil || c.s.Counts().Jobs != before+1 {
			t.Errorf("a submission whose answer is lost: %v, %d jobs after %d", err, c.s.Counts().Jobs, before)
		}
	})
	t.Run("drop-media", func(t *testing.T) {
		set(t, "drop-media=1")
		res, raw, err := media()
		if !errors.Is(err, io.ErrUnexpectedEOF) || res.ContentLength != int64(len(whole)) || len(raw) >= len(whole) || !bytes.HasPrefix(whole, raw) {
			t.Fatalf("%v, %d bytes of %d, %v", res, len(raw), len(whole), err)
		}
	})
	t.Run("truncate-media", func(t *testing.T) {
		set(t, "truncate-media=1")
		res, raw, err := media()
		if err != nil || res.StatusCode != 200 || res.ContentLength != int64(len(raw)) || len(raw) >= len(whole) || !bytes.HasPrefix(whole, raw) {
			t.Fatalf("%v, %d bytes of %d, %v", res, len(raw), len(whole), err)
		}
	})
	t.Run("html-200", func(t *testing.T) {
		set(t, "html-200=1")
		for name, fetch := range map[string]func() (*http.Response, []byte, error){"API": func() (*http.Response, []byte, error) { return get(me) }, "media": media} {
			if res, raw, err := fetch(); err != nil || res.StatusCode != 200 || !bytes.Contains(raw, []byte("<html>")) || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
				t.Errorf("%s: %v %s %v", name, res, raw, err)
			}
		}
	})
	t.Run("slow", func(t *testing.T) {
		set(t, "slow=1:1ms")
		if res, _, err := get(me); err != nil || res.StatusCode != 200 {
			t.Fatalf("%v %v", res, err)
		}
	})
	t.Run("repeat-page", func(t *testing.T) {
		set(t, "repeat-page=1")
		p := c.page(job, "", "20")
		again := c.page(job, p.Cursor, "20")
		if idOf(t, p.Conversations[0]) != idOf(t, again.Conversations[0]) {
			t.Error("the page did not repeat")
		}
		set(t, "")
		after := c.page(job, again.Cursor, "20")
		next := c.page(job, after.Cursor, "20")
		if idOf(t, p.Conversations[0]) != idOf(t, after.Conversations[0]) || idOf(t, after.Conversations[1]) == idOf(t, next.Conversations[1]) {
			t.Error("the listing does not go on after repeats")
		}
	})
	t.Run("empty-page", func(t *testing.T) {
		set(t, "empty-page=1")
		cursor := ""
		for range 4 {
			p := c.page(job, cursor, "20")
			if cursor = p.Cursor; len(p.Conversations) != 0 || cursor == "" {
				t.Fatalf("%+v", p)
			}
		}
		set(t, "")
		if p := c.page(job, cursor, "20"); len(p.Conversations) != 20 {
			t.Errorf("%d rows behind the empty pages", len(p.Conversations))
		}
	})
	t.Run("expired-url", func(t *testing.T) {
		set(t, "expired-url=1")
		for _, list := range []string{"expired-url=1", ""} { // it stays dead
			set(t, list)
			if res, raw, err := media(); err != nil || res.StatusCode != 403 || !bytes.Contains(raw, []byte("Request has expired")) {
				t.Fatalf("%v %s %v", res, raw, err)
			}
		}
		if res, _ := c.media(c.batch(c.recordedItems()[0][:1])[0].ResultURL); res.StatusCode != 200 {
			t.Errorf("a new URL: %d", res.StatusCode)
		}
	})
	t.Run("expired-job", func(t *testing.T) {
		set(t, "expired-job=1")
		c.refused(404, "not.found", http.MethodGet, results, nil)
		set(t, "")
		if got := c.call(200, http.MethodGet, jobs+"/"+job, nil); got["state"] != "EXPIRED" {
			t.Errorf("%v", got)
		}
	})
	t.Run("revoked-token", func(t *testing.T) {
		set(t, "revoked-token=1")
		c.refused(401, "bad.credentials", http.MethodGet, me, nil)
		set(t, "")
		c.refused(401, "bad.credentials", http.MethodGet, me, nil)
		c.demo().call(200, http.MethodGet, me, nil)
	})
	got := c.s.Counts().Faults
	for _, name := range strings.Split("429 429-bare 5xx drop-json drop-media truncate-media html-200 slow repeat-page empty-page expired-url expired-job revoked-token", " ") {
		if got[name] == 0 {
			t.Errorf("%s is not counted", name)
		}
	}
}

// Below a rate of 1 no request is hit more than MaxConsecutive times in a row.
func TestFaultsEnd(t *testing.T) {
	c := start(t, simulator.Config{Faults: simulator.Faults{ServerError: 0.99, MaxConsecutive: 2}})
	c.s.SetFaults(simulator.Faults{})
	c = c.demo()
	c.s.SetFaults(simulator.Faults{ServerError: 0.99, MaxConsecutive: 2})
	hits, longest, ok := 0, 0, 0
	for range 60 {
		res, _, err := c.try(c.request(http.MethodGet, me, nil))
		switch {
		case err != nil:
			t.Fatal(err)
		case res.StatusCode == 200:
			hits, ok = 0, ok+1
		default:
			hits++
			longest = max(longest, hits)
		}
	}
	if longest != 2 || ok < 20 {
		t.Errorf("at most %d in a row, %d of 60 served", longest, ok)
	}
}

// A stubborn client gets everything, and the truth of it, through every fault
// alone and all at once.
func TestStubbornClientGetsThrough(t *testing.T) {
	lists := []string{"all=0.15,slow=0.05:1ms,429=0.05,429-bare=0.05"}
	for _, one := range []string{"429-bare", "5xx", "drop-json", "drop-media", "truncate-media", "html-200", "expired-url", "revoked-token", "expired-job", "repeat-page", "empty-page"} {
		lists = append(lists, one+"=0.4")
	}
	for _, list := range lists {
		t.Run(list, func(t *testing.T) {
			t.Parallel()
			c := start(t, simulator.Config{Seed: 5, Days: 1, ConversationsPerDay: 120, MediaBytes: 4 << 10, Faults: faulty(t, list)})
			s := stubborn{c}
			want := map[string]json.RawMessage{}
			for one := range c.s.Truth().Conversations() {
				want[one.ID] = one.Row
			}
			got := s.conversations()
			for id, row := range want {
				if !bytes.Equal(got[id], row) {
					t.Fatalf("conversation %s: %s, want %s", id, got[id], row)
				}
			}
			for rec := range c.s.Truth().Recordings() {
				for i, media := range rec.Results {
					s.media(rec, i, media)
				}
			}
			injected := int64(0)
			for _, n := range c.s.Counts().Faults {
				injected += n
			}
			if injected == 0 {
				t.Error("nothing went wrong")
			}
		})
	}
}

// stubborn tries everything again until it is right.
type stubborn struct{ *client }

const patience = 200

var errExpired = errors.New("the job expired")

// json gets an answer that is whole, whatever it says about the request.
func (s stubborn) json(method, path string, body any) (int, []byte) {
	s.t.Helper()
	for range patience {
		if s.token == "" {
			s.login()
		}
		ctx, cancel := context.WithTimeout(s.t.Context(), 30*time.Second)
		res, raw, err := s.try(s.request(method, path, body).WithContext(ctx))
		cancel()
		switch {
		case err != nil || res.StatusCode == 429 || res.StatusCode >= 500 || !json.Valid(raw):
		case res.StatusCode == 401:
			s.token = ""
		default:
			return res.StatusCode, raw
		}
	}
	s.t.Fatalf("%s %s never works", method, path)
	return 0, nil
}

func (s stubborn) login() {
	s.t.Helper()
	for range patience {
		req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.s.URL()+"/oauth/token", strings.NewReader("grant_type=client_credentials"))
		if err != nil {
			s.t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.SetBasicAuth("demo-client", "demo-secret")
		_, raw, err := s.try(req)
		var body struct {
			AccessToken string `json:"access_token"`
		}
		if err == nil && json.Unmarshal(raw, &body) == nil && body.AccessToken != "" {
			s.token = body.AccessToken
			return
		}
	}
	s.t.Fatal("login never works")
}

func (s stubborn) conversations() map[string]json.RawMessage {
	s.t.Helper()
	for range patience {
		rows, err := s.pages()
		if err == nil {
			return rows
		}
		if !errors.Is(err, errExpired) {
			s.t.Fatal(err)
		}
	}
	s.t.Fatal("every job expires")
	return nil
}

func (s stubborn) pages() (map[string]json.RawMessage, error) {
	status, raw := s.json(http.MethodPost, jobs, m{"interval": interval(day0, 24*time.Hour)})
	if status != 202 {
		return nil, fmt.Errorf("submission: %d %s", status, raw)
	}
	path := jobs + "/" + s.object(raw)["jobId"].(string)
	for state := any(""); state != "FULFILLED"; {
		_, raw = s.json(http.MethodGet, path, nil)
		if state = s.object(raw)["state"]; state == "EXPIRED" {
			return nil, errExpired
		}
	}
	rows := map[string]json.RawMessage{}
	for cursor := ""; ; {
		status, raw := s.json(http.MethodGet, path+"/results?pageSize=10&cursor="+url.QueryEscape(cursor), nil)
		switch {
		case status == 404:
			return nil, errExpired
		case status != 200:
			return nil, fmt.Errorf("results: %d %s", status, raw)
		}
		var p page
		if err := json.Unmarshal(raw, &p); err != nil {
			return nil, err
		}
		for _, row := range p.Conversations {
			rows[idOf(s.t, row)] = row
		}
		if cursor = p.Cursor; cursor == "" {
			return rows, nil
		}
	}
}

func (s stubborn) media(rec simulator.Recording, number int, want simulator.Media) {
	s.t.Helper()
	for range patience {
		_, raw := s.json(http.MethodPost, batches, m{"batchDownloadRequestList": []m{{"conversationId": rec.ConversationID, "recordingId": rec.ID}}})
		path := batches + "/" + s.object(raw)["id"].(string)
		var b batchStatus
		for b.Status != "Completed" {
			_, raw = s.json(http.MethodGet, path, nil)
			if err := json.Unmarshal(raw, &b); err != nil {
				s.t.Fatal(err)
			}
		}
		req, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, b.Results[number].ResultURL, nil)
		if err != nil {
			s.t.Fatal(err)
		}
		_, raw, err = s.try(req)
		if sum := sha256.Sum256(raw); err == nil && hex.EncodeToString(sum[:]) == want.SHA256 {
			return
		}
	}
	s.t.Fatalf("recording %s never arrives", rec.ID)
}
