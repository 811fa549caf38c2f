package genesys_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"testing"
	"time"

	"exitplan/internal/genesys"
	"exitplan/internal/simulator"
)

func organization(t *testing.T, cfg simulator.Config) (*simulator.Server, *genesys.Client) {
	t.Helper()
	cfg.Clients = []simulator.Client{{ID: "id", Secret: "s+cret"}}
	s, err := simulator.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	c, err := genesys.New(genesys.Config{
		APIURL: s.URL(), LoginURL: s.URL(), ClientID: "id", ClientSecret: "s+cret", Now: time.Now,
		RequestsPerMinute: 1_000_000, Retry: genesys.Retry{Attempts: 20, Base: time.Millisecond, Max: 20 * time.Millisecond},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s, c
}

const jobs = "/api/v2/analytics/conversations/details/jobs"

// fulfilled submits a details job over days and waits for it.
func fulfilled(t *testing.T, c *genesys.Client, from time.Time, days int) (id string) {
	t.Helper()
	interval := from.Format(time.RFC3339) + "/" + from.AddDate(0, 0, days).Format(time.RFC3339)
	answer, err := c.Post(t.Context(), jobs, map[string]any{"interval": interval, "startOfDayIntervalMatching": true})
	if err != nil {
		t.Fatal(err)
	}
	var job struct{ JobID, State string }
	if err := json.Unmarshal(answer, &job); err != nil {
		t.Fatal(err)
	}
	for id = job.JobID; job.State != "FULFILLED"; time.Sleep(5 * time.Millisecond) {
		if answer, err = c.Get(t.Context(), jobs+"/"+url.PathEscape(id), nil); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(answer, &job); err != nil {
			t.Fatal(err)
		}
	}
	return id
}

// Through every fault that the client itself can overcome, all conversations
// and all of a recording's bytes arrive.
func TestAgainstTheSimulator(t *testing.T) {
	from := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	s, c := organization(t, simulator.Config{
		Seed: 7, From: from, Days: 2, ConversationsPerDay: 60, RecordedShare: 1, RequestsPerMinute: -1,
		HugeRecordBytes: 1 << 20, HugeRecordEvery: 40,
		Faults: simulator.Faults{
			TooManyRequestsBare: 0.1, ServerError: 0.1, DropJSON: 0.1, HTML200: 0.05, RevokedToken: 0.05,
			RepeatPage: 0.1, EmptyPage: 0.1, Slow: 0.05, SlowFor: 10 * time.Millisecond,
		},
	})
	id := fulfilled(t, c, from, 2)
	got := map[string]bool{}
	for row, err := range c.Rows(t.Context(), genesys.Listing{
		Path: jobs + "/" + id + "/results", Style: genesys.Cursor, Array: "conversations", PageSize: 10,
	}) {
		if err != nil {
			t.Fatal(err)
		}
		var conversation struct{ ConversationID string }
		if err := json.Unmarshal(row, &conversation); err != nil || bytes.ContainsRune(row, '\n') {
			t.Fatalf("%.100q: %v", row, err)
		}
		got[conversation.ConversationID] = true
	}
	want, first := 0, ""
	for conversation := range s.Truth().Conversations() {
		want++
		if !got[conversation.ID] {
			t.Errorf("conversation %s is missing", conversation.ID)
		}
		first = conversation.ID
	}
	if want == 0 || len(got) < want {
		t.Errorf("%d conversations, not %d", len(got), want)
	}
	if err := c.Delete(t.Context(), jobs+"/"+id); err != nil {
		t.Error(err)
	}
	if _, err := c.Get(t.Context(), jobs+"/"+id, nil); !errors.Is(err, genesys.ErrNotFound) {
		t.Errorf("the deleted job: %v", err)
	}
	media(t, c, first)
}

// media downloads what a batch request of one conversation yields.
func media(t *testing.T, c *genesys.Client, conversation string) {
	t.Helper()
	const batches = "/api/v2/recording/batchrequests"
	answer, err := c.Post(t.Context(), batches, map[string]any{
		"batchDownloadRequestList": []map[string]string{{"conversationId": conversation}},
	})
	if err != nil {
		t.Fatal(err)
	}
	var batch struct {
		ID, Status string
		Results    []struct{ ResultURL, ContentType string }
	}
	if err := json.Unmarshal(answer, &batch); err != nil {
		t.Fatal(err)
	}
	for id := batch.ID; batch.Status != "Completed"; time.Sleep(5 * time.Millisecond) {
		if answer, err = c.Get(t.Context(), batches+"/"+id, nil); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(answer, &batch); err != nil {
			t.Fatal(err)
		}
	}
	if len(batch.Results) == 0 {
		t.Fatalf("no results in %s", answer)
	}
	for _, result := range batch.Results {
		for whole := false; !whole; {
			m, err := c.Media(t.Context(), result.ResultURL)
			if err != nil {
				t.Fatal(err)
			}
			sound, err := io.ReadAll(m.Body)
			m.Body.Close()
			// An error page with status 200 is the caller's to notice.
			if whole = err == nil && m.ContentType == result.ContentType; whole && int64(len(sound)) != m.Size {
				t.Errorf("%d bytes of %d", len(sound), m.Size)
			}
		}
	}
}

// The platform's limit is far lower than what was configured, and nothing but
// its headers says so: they are heeded before it has to refuse anything.
func TestRateAgainstTheSimulator(t *testing.T) {
	s, c := organization(t, simulator.Config{Days: 1, ConversationsPerDay: 1, RequestsPerMinute: 12})
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errEnough)
	defer cancel()
	results := make(chan error)
	for range 8 {
		go func() {
			for {
				if _, err := c.Get(ctx, "/api/v2/organizations/me", nil); err != nil {
					results <- err
					return
				}
			}
		}()
	}
	for range 8 {
		if err := <-results; !errors.Is(err, errEnough) {
			t.Error(err)
		}
	}
	if n := s.Counts().RateLimited; n != 0 || c.Stats().Requests < 1 {
		t.Errorf("%d of %d requests were refused", n, c.Stats().Requests)
	}
}
