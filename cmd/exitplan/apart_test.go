package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"exitplan/internal/simulator"
)

var (
	listing = regexp.MustCompile(`(?s)<Contents>.*?</Contents>`)
	further = regexp.MustCompile(`[0-9a-f]{12}-[0-9]+\.[0-9a-z]+</Key>`)
)

// copying matches requests that copy what the platform wrote.
func copying(r *http.Request) bool { return r.Header.Get("X-Amz-Copy-Source") != "" }

// The media of one recording do not land together: the first of them makes it
// landed, and the others come when it was taken already.
func TestFurtherMediaThatLandWhenARecordingWasTaken(t *testing.T) {
	t.Parallel()
	w := newBulkWorld(t, simulator.Config{
		From: time.Date(2026, 3, 31, 0, 0, 0, 0, time.UTC), Days: 1, ConversationsPerDay: 20, RecordedShare: 0.7, SeveralResultsShare: 0.3, MediaBytes: 1 << 10,
	})
	behind, err := url.Parse(w.cfg.Bulk.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	var taking atomic.Bool
	var hidden atomic.Int64
	bucket := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = behind.Scheme, behind.Host // the host stays as it was signed
			if copying(r.In) {
				taking.Store(true)
			}
		},
		ModifyResponse: func(r *http.Response) error {
			if taking.Load() || !r.Request.URL.Query().Has("list-type") {
				return nil
			}
			text, err := io.ReadAll(r.Body)
			if err != nil {
				return err
			}
			text = listing.ReplaceAllFunc(text, func(object []byte) []byte {
				if further.Match(object) {
					hidden.Add(1)
					return nil
				}
				return object
			})
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
			r.Header.Set("Content-Length", strconv.Itoa(len(text)))
			return nil
		},
	})
	t.Cleanup(bucket.Close)
	w.set(t, "destination.endpoint", bucket.URL)
	w.export(t, exitComplete)
	if hidden.Load() == 0 || !taking.Load() {
		t.Fatal("nothing landed late: the test shows nothing")
	}
	media := digests(t, w)
	for r := range w.sim.Truth().Recordings() {
		if got := media[r.ConversationID+"/"+r.ID]; len(got) != len(r.Results) {
			t.Errorf("recording %s: %d media of %d", r.ID, len(got), len(r.Results))
		}
	}
}
