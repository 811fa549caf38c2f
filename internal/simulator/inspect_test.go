package simulator_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"exitplan/internal/simulator"
)

// lines reads one of the simulator's own listings, without a token.
func lines[T any](c *client, path string) (list []T) {
	c.t.Helper()
	anonymous := *c
	anonymous.token = ""
	res, raw := anonymous.do(anonymous.request(http.MethodGet, "/_simulator/"+path, nil))
	if res.StatusCode != 200 {
		c.t.Fatalf("%s: %d %s", path, res.StatusCode, raw)
	}
	in := bufio.NewScanner(bytes.NewReader(raw))
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		var one T
		if err := json.Unmarshal(in.Bytes(), &one); err != nil {
			c.t.Fatalf("%s: %v\n%s", path, err, in.Bytes())
		}
		list = append(list, one)
	}
	return list
}

// Another process reads over HTTP what Truth says in this one, whatever else
// goes wrong.
func TestTruthOverHTTP(t *testing.T) {
	c := start(t, simulator.Config{Faults: faulty(t, "all=1")})
	conversations := lines[simulator.Conversation](c, "truth/conversations")
	if want := slices.Collect(c.s.Truth().Conversations()); !reflect.DeepEqual(conversations, want) {
		t.Errorf("%d conversations differ from %d", len(conversations), len(want))
	}
	recordings := lines[simulator.Recording](c, "truth/recordings")
	if want := slices.Collect(c.s.Truth().Recordings()); !reflect.DeepEqual(recordings, want) || len(want) < 240 {
		t.Errorf("%d recordings differ from %d", len(recordings), len(want))
	}
	if counts := lines[simulator.Counts](c, "counts")[0]; len(counts.Requests) != 0 || len(counts.Faults) != 0 {
		t.Errorf("the simulator counted its own listings: %+v", counts)
	}
	c.do(c.request(http.MethodPost, "/_simulator/counts", nil))
	c.do(c.request(http.MethodGet, "/_simulator/", nil))
}

type syncBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func TestRequestLog(t *testing.T) {
	var log syncBuffer
	var now clock
	now.advance(-48 * time.Hour)
	anonymous := start(t, simulator.Config{Log: &log, Now: now.now})
	c := anonymous.demo()
	c.call(200, http.MethodGet, me, nil)
	anonymous.refused(401, "authentication.required", http.MethodGet, me, nil)
	c.media(c.batch(c.recordedItems()[0][:1])[0].ResultURL)
	c.s.SetFaults(faulty(t, "drop-json=1"))
	if _, _, err := c.try(c.request(http.MethodGet, me, nil)); err == nil {
		t.Fatal("the answer was whole")
	}

	c.s.SetFaults(simulator.Faults{})
	find := func(is func(simulator.Request) bool) simulator.Request {
		t.Helper()
		for { // a line is written when its request has been answered
			requests := lines[simulator.Request](c, "requests")
			if i := slices.IndexFunc(requests, is); i >= 0 {
				return requests[i]
			}
			if t.Context().Err() != nil {
				t.Fatal("a request is not in the log")
			}
		}
	}
	find(func(r simulator.Request) bool {
		return r.Kind == "login" && r.Client == "demo-client" && r.Status == 200
	})
	ok := find(func(r simulator.Request) bool { return r.Path == me && r.Status == 200 && r.Fault == "" })
	find(func(r simulator.Request) bool { return r.Path == me && r.Status == 401 && r.Client == "" })
	find(func(r simulator.Request) bool { return r.Path == me && r.Fault == "drop-json" })
	find(func(r simulator.Request) bool { return r.Kind == "media" && r.Status == 200 && r.Bytes > 1000 })
	if ok.Kind != "api" || ok.Client != "demo-client" || ok.Token == "" || ok.Method != "GET" || ok.CorrelationID == "" || ok.Bytes == 0 ||
		now.now().Sub(ok.Time).Abs() > time.Minute {
		t.Errorf("line %+v", ok)
	}
	kept := len(lines[simulator.Request](c, "requests"))
	log.mu.Lock()
	written := strings.Count(log.String(), "\n")
	log.mu.Unlock()
	if written < kept {
		t.Errorf("%d lines written, %d kept", written, kept)
	}
	counts := c.s.Counts()
	if counts.Requests["media"] != 1 || counts.Logins != 1 || counts.Routes["GET "+me] != 3 || counts.Status[401] != 1 {
		t.Errorf("counts %+v", counts)
	}
}

// Close frees both ports and ends what is under way.
func TestClose(t *testing.T) {
	s, err := simulator.Start(t.Context(), simulator.Config{})
	if err != nil {
		t.Fatal(err)
	}
	api, media := strings.TrimPrefix(s.URL(), "http://"), strings.TrimPrefix(s.MediaURL(), "http://")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("closed twice: %v", err)
	}
	again, err := simulator.Start(t.Context(), simulator.Config{Listen: api, MediaListen: media})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if _, err := simulator.Start(t.Context(), simulator.Config{Listen: api}); err == nil {
		t.Error("two servers on one port")
	}
}
