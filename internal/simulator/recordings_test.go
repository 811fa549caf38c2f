package simulator_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"exitplan/internal/simulator"
)

const batches = "/api/v2/recording/batchrequests"

type batchStatus struct {
	ExpectedResultCount, ResultCount, ErrorCount int
	Status                                       string
	Results                                      []result
}

type result struct{ ConversationID, RecordingID, ResultURL, ContentType, ErrorMsg string }

func (c *client) submit(items []m) string {
	c.t.Helper()
	return c.call(200, http.MethodPost, batches, m{"batchDownloadRequestList": items})["id"].(string)
}

func (c *client) poll(id string) (b batchStatus) {
	c.t.Helper()
	res, raw := c.do(c.request(http.MethodGet, batches+"/"+id, nil))
	if err := json.Unmarshal(raw, &b); err != nil || res.StatusCode != 200 {
		c.t.Fatalf("%d %v %s", res.StatusCode, err, raw)
	}
	return b
}

func (c *client) batch(items []m) []result {
	c.t.Helper()
	id := c.submit(items)
	for {
		if b := c.poll(id); b.Status == "Completed" {
			if b.ResultCount != len(b.Results) || b.ExpectedResultCount != len(b.Results) {
				c.t.Fatalf("counts of a completed batch: %+v", b)
			}
			return b.Results
		}
	}
}

// media fetches without a token, as a signed URL wants it.
func (c *client) media(resultURL string, header ...string) (*http.Response, []byte) {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, resultURL, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return c.do(req)
}

// recordedItems lists all flagged conversations in lots of a hundred.
func (c *client) recordedItems() [][]m {
	var items []m
	for one := range c.s.Truth().Conversations() {
		if one.Recorded {
			items = append(items, m{"conversationId": one.ID})
		}
	}
	return slices.Collect(slices.Chunk(items, 100))
}

// Asking for every flagged conversation gives every recording that can be had,
// with the truth's bytes, and a message or silence for the others.
func TestBatchesGiveTheTruth(t *testing.T) {
	c := start(t, simulator.Config{
		Seed: 4, ConversationsPerDay: 150, MediaBytes: 8 << 10, SeveralResultsShare: 0.2, SecondRecordingShare: 0.2,
		ErrorShare: 0.1, ArchivedShare: 0.1, DeletedShare: 0.1, UploadingShare: 0.1, NoRecordingShare: 0.1, CountMedia: true,
	}).demo()
	got := map[string][]result{}
	for _, lot := range c.recordedItems() {
		for _, r := range c.batch(lot) {
			got[r.RecordingID] = append(got[r.RecordingID], r)
		}
	}
	kinds, states, several, perConversation := map[string]int{}, map[string]int{}, 0, map[string]int{}
	for want := range c.s.Truth().Recordings() {
		kinds[want.Kind]++
		states[want.FileState]++
		perConversation[want.ConversationID]++
		results := got[want.ID]
		delete(got, want.ID)
		switch want.Kind {
		case "none":
			if len(results) != 0 {
				t.Errorf("%s recording gave %v", want.FileState, results)
			}
		case "error":
			if len(results) != 1 || results[0].ErrorMsg != want.Reason || results[0].ResultURL != "" {
				t.Errorf("recording in error gave %v, want %q", results, want.Reason)
			}
		default:
			if len(results) != len(want.Results) {
				t.Fatalf("recording %s: %d results, want %d", want.ID, len(results), len(want.Results))
			}
			if len(results) > 1 {
				several++
			}
			for i, media := range want.Results {
				c.checkMedia(results[i], want, media)
			}
		}
		res, raw := c.do(c.request(http.MethodGet, "/api/v2/conversations/"+want.ConversationID+"/recordingmetadata/"+want.ID, nil))
		if res.StatusCode != 200 || !bytes.Equal(raw, want.Metadata) {
			t.Errorf("metadata %d %s, want %s", res.StatusCode, raw, want.Metadata)
		}
	}
	if len(got) > 0 {
		t.Errorf("results of recordings that do not exist: %v", got)
	}
	two, empty := 0, 0
	for one := range c.s.Truth().Conversations() {
		if perConversation[one.ID] > 1 {
			two++
		}
		if one.Recorded && perConversation[one.ID] == 0 {
			empty++
		}
		if one.Recorded != bytes.Contains(one.Row, []byte(`"recording":true`)) {
			t.Errorf("flag of %s", one.Row)
		}
	}
	if kinds["ok"] == 0 || kinds["error"] == 0 || kinds["none"] == 0 || states["ARCHIVED"] == 0 || states["DELETED"] == 0 ||
		states["UPLOADING"] == 0 || states["ERROR"] == 0 || several == 0 || two == 0 || empty == 0 {
		t.Errorf("kinds %v, states %v, several results %d, two recordings %d, none %d", kinds, states, several, two, empty)
	}
	counts := c.s.Counts()
	if counts.MediaStarted == 0 || counts.MediaStarted != counts.MediaCompleted || int(counts.MediaStarted) != len(counts.Media) {
		t.Errorf("media counts: %d started, %d completed, %d objects", counts.MediaStarted, counts.MediaCompleted, len(counts.Media))
	}
}

func (c *client) checkMedia(r result, rec simulator.Recording, want simulator.Media) {
	c.t.Helper()
	res, raw := c.media(r.ResultURL)
	sum := sha256.Sum256(raw)
	if res.StatusCode != 200 || hex.EncodeToString(sum[:]) != want.SHA256 || int64(len(raw)) != want.Bytes || res.ContentLength != want.Bytes ||
		r.ContentType != want.ContentType || res.Header.Get("Content-Type") != want.ContentType || r.ConversationID != rec.ConversationID {
		c.t.Errorf("media %s: %d, %d bytes, %s %s; want %+v", r.ResultURL, res.StatusCode, len(raw), r.ContentType, res.Header.Get("Content-Type"), want)
	}
	if u, err := url.Parse(r.ResultURL); err != nil || u.Path != want.Path {
		c.t.Errorf("path %v of %s, want %s", err, r.ResultURL, want.Path)
	}
}

func TestRecordingMetadata(t *testing.T) {
	c := start(t, simulator.Config{NoRecordingShare: 0.3}).demo()
	lists := map[string][]json.RawMessage{}
	for rec := range c.s.Truth().Recordings() {
		lists[rec.ConversationID] = append(lists[rec.ConversationID], rec.Metadata)
	}
	empty := 0
	for one := range c.s.Truth().Conversations() {
		_, raw := c.do(c.request(http.MethodGet, "/api/v2/conversations/"+one.ID+"/recordingmetadata", nil))
		want, err := json.Marshal(append([]json.RawMessage{}, lists[one.ID]...))
		if err != nil || !bytes.Equal(raw, want) {
			t.Fatalf("metadata of %s: %s, want %s", one.ID, raw, want)
		}
		if len(lists[one.ID]) == 0 && one.Recorded {
			empty++
		}
	}
	if empty == 0 {
		t.Error("no flagged conversation without a recording")
	}
	const unknown = "11111111-2222-4333-8444-555555555555"
	c.refused(404, "conversation.not.found", http.MethodGet, "/api/v2/conversations/"+unknown+"/recordingmetadata", nil)
	c.refused(404, "recording.recording.not.found", http.MethodGet, "/api/v2/conversations/"+unknown+"/recordingmetadata/"+unknown, nil)
}

func TestBatchRefuses(t *testing.T) {
	c := start(t, simulator.Config{Clients: []simulator.Client{{ID: "a", Secret: "s"}, {ID: "b", Secret: "s"}}})
	a, b := c.login("a", "s"), c.login("b", "s")
	items := make([]m, 101)
	for i := range items {
		items[i] = m{"conversationId": "x"}
	}
	a.refused(400, "batch.download.too.many.items", http.MethodPost, batches, m{"batchDownloadRequestList": items})
	a.refused(400, "batch.download.bad.request", http.MethodPost, batches, m{"batchDownloadRequestList": []m{}})
	id := a.submit(items[:100])
	b.refused(403, "batch.download.permission.denied", http.MethodGet, batches+"/"+id, nil)
	a.refused(404, "batch.download.job.not.found", http.MethodGet, batches+"/nothing", nil)
	c.login("a", "s").poll(id) // another token of the same client will do
	for _, r := range a.batch(items[:100]) {
		if r.ErrorMsg == "" || r.ResultURL != "" {
			t.Fatalf("an unknown conversation gave %+v", r)
		}
	}
	if n := c.s.Counts().Batches; n != 2 {
		t.Errorf("%d batch requests counted", n)
	}
}

func TestBatchOfOneRecording(t *testing.T) {
	c := start(t, simulator.Config{SecondRecordingShare: 1, SeveralResultsShare: -1}).demo()
	for rec := range c.s.Truth().Recordings() {
		got := c.batch([]m{{"conversationId": rec.ConversationID, "recordingId": rec.ID}})
		if len(got) != 1 || got[0].RecordingID != rec.ID {
			t.Fatalf("got %+v", got)
		}
		break
	}
}

// expectedResultCount moves, results come one after another, and no count before
// Completed may be taken for the end.
func TestBatchProgress(t *testing.T) {
	c := start(t, simulator.Config{BatchLatency: 300 * time.Millisecond, JobLatency: time.Millisecond, SeveralResultsShare: 0.5}).demo()
	items := c.recordedItems()[0]
	id := c.submit(items)
	expected, before := map[int]bool{}, -1
	for {
		b := c.poll(id)
		expected[b.ExpectedResultCount] = true
		if b.ResultCount < before || b.ResultCount != len(b.Results) {
			t.Fatalf("%d results after %d", b.ResultCount, before)
		}
		before = b.ResultCount
		if b.Status == "Completed" {
			break
		}
	}
	if len(expected) < 2 {
		t.Errorf("expectedResultCount stood still: %v", expected)
	}
}

func TestSignedURL(t *testing.T) {
	var now clock
	c := start(t, simulator.Config{Now: now.now, URLTTL: 2 * time.Minute}).demo()
	items := c.recordedItems()[0][:1]
	one := c.batch(items)[0].ResultURL
	if !strings.HasPrefix(one, c.s.MediaURL()+"/") || c.s.MediaURL() == c.s.URL() {
		t.Errorf("URL %s", one)
	}
	res, _ := c.media(one)
	if res.StatusCode != 200 || res.Header.Get("ETag") == "" {
		t.Fatalf("%d %v", res.StatusCode, res.Header)
	}
	refused := func(u string, status int, code string, header ...string) {
		t.Helper()
		res, raw := c.media(u, header...)
		if res.StatusCode != status || !strings.Contains(string(raw), "<Code>"+code+"</Code>") || res.Header.Get("Content-Type") != "application/xml" {
			t.Errorf("%d %s, want %d %s", res.StatusCode, raw, status, code)
		}
	}
	refused(one, 400, "InvalidArgument", "Authorization", "Bearer "+c.token)
	refused(one[:len(one)-1], 403, "SignatureDoesNotMatch")
	refused(strings.Replace(one, "X-Amz-Expires=120", "X-Amz-Expires=9999", 1), 403, "SignatureDoesNotMatch")
	refused(c.s.MediaURL()+"/", 403, "SignatureDoesNotMatch")

	now.advance(3 * time.Minute)
	refused(one, 403, "AccessDenied")
	two := c.batch(items)[0].ResultURL
	again, _ := c.media(two)
	if strings.Split(one, "?")[0] != strings.Split(two, "?")[0] || again.StatusCode != 200 || again.Header.Get("ETag") != res.Header.Get("ETag") {
		t.Errorf("a new URL: %s after %s, %d", two, one, again.StatusCode)
	}
}

func TestRange(t *testing.T) {
	c := start(t, simulator.Config{Seed: 9}).demo()
	types := map[string]bool{}
	for _, r := range c.batch(c.recordedItems()[0][:20]) {
		types[r.ContentType] = true
		_, whole := c.media(r.ResultURL)
		size := len(whole)
		for _, test := range []struct {
			header   string
			from, to int
		}{
			{"bytes=0-0", 0, 1}, {"bytes=10-5000", 10, 5001}, {"bytes=100-", 100, size}, {"bytes=-77", size - 77, size},
			{fmt.Sprintf("bytes=%d-%d", size-1, size+50), size - 1, size}, {"bytes=4051-8200", 4051, 8201},
		} {
			res, part := c.media(r.ResultURL, "Range", test.header)
			if want := fmt.Sprintf("bytes %d-%d/%d", test.from, test.to-1, size); res.StatusCode != 206 ||
				res.Header.Get("Content-Range") != want || !bytes.Equal(part, whole[test.from:test.to]) {
				t.Errorf("%s: %d %s", test.header, res.StatusCode, res.Header.Get("Content-Range"))
			}
		}
		for _, bad := range []string{"bytes=" + strconv.Itoa(size) + "-", "bytes=5-2", "lines=1-2", "bytes=x", "bytes=-0"} {
			if res, _ := c.media(r.ResultURL, "Range", bad); res.StatusCode != 416 {
				t.Errorf("%s: %d", bad, res.StatusCode)
			}
		}
	}
	if len(types) != 2 {
		t.Errorf("content types %v", types)
	}
}

func TestLargeMedia(t *testing.T) {
	c := start(t, simulator.Config{LargeMediaBytes: 9_000_001, LargeMediaEvery: 100}).demo()
	large := 0
	for rec := range c.s.Truth().Recordings() {
		for _, media := range rec.Results {
			if media.Bytes > 1<<20 {
				large++
				if media.Bytes < 9_000_000 || media.Bytes > 9_000_001 {
					t.Errorf("%d bytes", media.Bytes)
				}
				c.checkMedia(c.batch([]m{{"conversationId": rec.ConversationID, "recordingId": rec.ID}})[0], rec, media)
			}
		}
	}
	if large != 2 { // of 240 recorded conversations
		t.Errorf("%d large recordings", large)
	}
}
