package genesys_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"exitplan/internal/genesys"
)

func TestPageKeepsRecordsAsTheyCame(t *testing.T) {
	big := `{"text":"` + strings.Repeat("x", 20<<20) + `"}`
	for name, tc := range map[string]struct {
		body, array string
		rows        []string
		fields      map[string]string
	}{
		"array first":    {`{"rows":[{"a":1},{"b":2}],"cursor":"c"}`, "rows", []string{`{"a":1}`, `{"b":2}`}, map[string]string{"cursor": `"c"`}},
		"array last":     {`{"cursor":"c","total":3,"rows":[1]}`, "rows", []string{`1`}, map[string]string{"cursor": `"c"`, "total": "3"}},
		"array null":     {`{"rows":null,"cursor":"c"}`, "rows", nil, map[string]string{"cursor": `"c"`}},
		"array absent":   {`{"totalHits":0}`, "rows", nil, map[string]string{"totalHits": "0"}},
		"array empty":    {`{"rows":[]}`, "rows", nil, nil},
		"empty object":   {`{}`, "rows", nil, nil},
		"array twice":    {`{"rows":[1],"rows":[2]}`, "rows", []string{"1", "2"}, nil},
		"escaped name":   {`{"\u0072ows":[1]}`, "rows", []string{"1"}, nil},
		"nested name":    {`{"x":{"rows":[9]},"rows":[{"rows":[8]}]}`, "rows", []string{`{"rows":[8]}`}, map[string]string{"x": `{"rows":[9]}`}},
		"top-level":      {` [ {"a" : 1} , 2 ] `, "", []string{`{"a":1}`, `2`}, nil},
		"top-level null": {`null`, "", nil, nil},
		"odd elements":   {`{"rows":[null,[],"s"]}`, "rows", []string{"null", "[]", `"s"`}, nil},
		"white space": {
			"{\n \"rows\" : [\r\n\t{ \"a b\" : [ 1 , 2 ] , \"c\" : \" \\\" \\\\\" , \"d\":{ } }\n] , \"x\" : { \"y\" : 1 }\n}\n", "rows",
			[]string{`{"a b":[1,2],"c":" \" \\","d":{}}`}, map[string]string{"x": `{"y":1}`},
		},
		"spelling": {
			`{"rows":[{"z":1.50,"a":-0,"e":1E+2,"n":12345678901234567890123,"d":1,"d":2,"u":"\u00e9\/é","bad":"` + "\xff\xc3" + `","half":"\ud800","sep":"` + "\u2028" + `"}]}`, "rows",
			[]string{`{"z":1.50,"a":-0,"e":1E+2,"n":12345678901234567890123,"d":1,"d":2,"u":"\u00e9\/é","bad":"` + "\xff\xc3" + `","half":"\ud800","sep":"` + "\u2028" + `"}`}, nil,
		},
		"20 MB": {`{"rows":[1,` + big + `,2]}`, "rows", []string{"1", big, "2"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlatform(t, func(w http.ResponseWriter, r *http.Request, n int) { io.WriteString(w, tc.body) })
			var rows []string
			fields, err := p.client(t).Page(t.Context(), "/api/v2/x", nil, tc.array, func(row json.RawMessage) error {
				rows = append(rows, string(row))
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if len(rows) != len(tc.rows) {
				t.Fatalf("%d rows, not %d", len(rows), len(tc.rows))
			}
			for i := range rows {
				if rows[i] != tc.rows[i] {
					t.Errorf("row %d is %.200q", i, rows[i])
				}
			}
			if len(fields) != len(tc.fields) {
				t.Errorf("fields are %q", fields)
			}
			for name, want := range tc.fields {
				if string(fields[name]) != want {
					t.Errorf("field %s is %s", name, fields[name])
				}
			}
		})
	}
}

func TestPageRefusesWhatIsNoPage(t *testing.T) {
	for _, body := range []string{
		``, `<html>`, `[1]`, `"rows"`, `{"rows":{}}`, `{"rows":"x"}`, `{"rows":[1]} x`, `{"rows":[1]}{}`, `{"rows":[1]`,
		`{"rows":[1,]}`, `{"rows":[1 2]}`, `{"rows":[1}}`, "{\"rows\":[\"a\nb\"]}", `{"rows":[01]}`, `{"rows"`, `{rows:[1]}`,
	} {
		p := newPlatform(t, func(w http.ResponseWriter, r *http.Request, n int) { io.WriteString(w, body) })
		_, err := p.client(t).Page(t.Context(), "/api/v2/x", nil, "rows", func(json.RawMessage) error { return nil })
		if !errors.Is(err, genesys.ErrBadAnswer) || p.calls.Load() != 4 {
			t.Errorf("%q: %v after %d requests", body, err, p.calls.Load())
		}
	}
}

func TestPageThatBreaksOffIsReadAgain(t *testing.T) {
	p := newPlatform(t, func(w http.ResponseWriter, r *http.Request, n int) {
		io.WriteString(w, `{"rows":[{"id":1},{"id":2}`)
		w.(http.Flusher).Flush()
		if n < 3 {
			panic(http.ErrAbortHandler)
		}
		io.WriteString(w, `,{"id":3}],"cursor":"next"}`)
	})
	seen := map[string]int{}
	fields, err := p.client(t).Page(t.Context(), "/api/v2/x", nil, "rows", func(row json.RawMessage) error {
		seen[string(row)]++
		return nil
	})
	if err != nil || string(fields["cursor"]) != `"next"` {
		t.Fatal(fields, err)
	}
	if len(seen) != 3 || seen[`{"id":3}`] != 1 {
		t.Errorf("rows seen: %v", seen)
	}

	p.api = func(w http.ResponseWriter, r *http.Request, n int) {
		io.WriteString(w, `{"rows":[{"id":1}`)
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	before := p.calls.Load()
	_, err = p.client(t).Page(t.Context(), "/api/v2/x", nil, "rows", func(json.RawMessage) error { return nil })
	var e *genesys.Error
	if !errors.As(err, &e) || e.Attempts != 4 || p.calls.Load()-before != 4 {
		t.Errorf("error is %v after %d requests", err, p.calls.Load()-before)
	}
}

func TestPageStopsWithTheCaller(t *testing.T) {
	p := newPlatform(t, func(w http.ResponseWriter, r *http.Request, n int) { io.WriteString(w, `{"rows":[1,2,3]}`) })
	n := 0
	_, err := p.client(t).Page(t.Context(), "/api/v2/x", nil, "rows", func(json.RawMessage) error { n++; return errEnough })
	if err != errEnough || n != 1 || p.calls.Load() != 1 {
		t.Errorf("error is %v after %d rows and %d requests", err, n, p.calls.Load())
	}
}

// The time that the caller takes for a row is not the platform's.
func TestPageWithASlowCaller(t *testing.T) {
	row := `{"text":"` + strings.Repeat("x", 1<<20) + `"}`
	p := newPlatform(t, func(w http.ResponseWriter, r *http.Request, n int) {
		io.WriteString(w, `{"rows":[`+strings.Repeat(row+",", 9)+row+`]}`)
	})
	c := p.client(t, func(cfg *genesys.Config) { cfg.Timeout = 300 * time.Millisecond })
	n := 0
	_, err := c.Page(t.Context(), "/api/v2/x", nil, "rows", func(json.RawMessage) error {
		if n++; n == 2 {
			time.Sleep(500 * time.Millisecond) // longer than the platform may take
		}
		return nil
	})
	if err != nil || n != 10 || p.calls.Load() != 1 {
		t.Errorf("%d rows with %d requests: %v", n, p.calls.Load(), err)
	}
}

func TestThrottling(t *testing.T) {
	for _, after := range []string{"1", "", "garbage", "-3", "99999999999"} {
		t.Run("Retry-After "+after, func(t *testing.T) {
			t.Parallel()
			var refused, answered time.Time
			p := newPlatform(t, func(w http.ResponseWriter, r *http.Request, n int) {
				// More 429s than attempts: they do not count.
				if n == 1 || after != "1" && n < 8 {
					refused = time.Now()
					if after != "" {
						w.Header().Set("Retry-After", after)
					}
					fail(w, 429, "too.many.requests", "")
					return
				}
				answered = time.Now()
				io.WriteString(w, "{}")
			})
			c := p.client(t)
			if err := get(t, c); err != nil {
				t.Fatal(err)
			}
			if waited := answered.Sub(refused); after == "1" && waited < time.Second {
				t.Errorf("asked again after %s", waited)
			}
			if s := c.Stats(); s.Throttled != s.Requests-1 || s.Retried != s.Throttled {
				t.Errorf("stats are %+v", s)
			}
		})
	}
}

func TestThrottlingBeyondAllPatience(t *testing.T) {
	p := newPlatform(t, func(w http.ResponseWriter, r *http.Request, n int) {
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(429)
		io.WriteString(w, `{"message":"slow","code":"too.many.requests","limit":{"key":"analytics.jobs","namespace":"analytics","value":5}}`)
	})
	err := get(t, p.client(t))
	var e *genesys.Error
	if !errors.As(err, &e) || e.RetryAfter != time.Hour || e.Limit.Key != "analytics.jobs" || p.calls.Load() != 1 {
		t.Fatalf("error is %v after %d requests", err, p.calls.Load())
	}
	for _, want := range []string{"1h0m0s", "analytics.jobs = 5"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
}

// One 429 stops all requests of the client, and the Retry-After of a 503
// only its own.
func TestThrottlingPausesEverybody(t *testing.T) {
	var until time.Time
	p := newPlatform(t, func(w http.ResponseWriter, r *http.Request, n int) {
		if n == 1 {
			until = time.Now().Add(time.Second)
			p429(w, "1")
			return
		}
		if time.Now().Before(until) {
			t.Errorf("%s was sent during the pause", r.URL)
		}
		io.WriteString(w, "{}")
	})
	c := p.client(t)
	results := make(chan error)
	go func() { results <- get(t, c) }()
	for c.Stats().Throttled == 0 {
		time.Sleep(time.Millisecond)
	}
	for i := range 5 {
		go func() {
			_, err := c.Get(t.Context(), fmt.Sprintf("/api/v2/other/%d", i), url.Values{})
			results <- err
		}()
	}
	for range 6 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
}
