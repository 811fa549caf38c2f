package simulator

import (
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

const maxBatchItems = 100

// batches holds what was asked for; results are found again at each poll.
type batches struct {
	mu   sync.Mutex
	made int
	live map[string]*batch
}

type batch struct {
	id        string
	number    int
	client    *Client
	items     []batchItem
	submitted time.Time
	elapsed   time.Duration
}

type batchItem struct {
	ConversationID string `json:"conversationId"`
	RecordingID    string `json:"recordingId"`
}

type batchResult struct {
	ConversationID string `json:"conversationId,omitempty"`
	RecordingID    string `json:"recordingId,omitempty"`
	ResultURL      string `json:"resultUrl,omitempty"`
	ContentType    string `json:"contentType,omitempty"`
	ErrorMsg       string `json:"errorMsg,omitempty"`
}

func (b *batches) add(o *org, made *batch, forget time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, old := range b.live {
		if made.submitted.Sub(old.submitted) >= forget {
			delete(b.live, id)
		}
	}
	b.made++
	made.number = b.made
	made.id = o.ids.make(kindBatch, 0, b.made, 0).String()
	b.live[made.id] = made
}

func (b *batches) find(id string) (*batch, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	found, ok := b.live[id]
	return found, ok
}

func (s *Server) submitBatch(w http.ResponseWriter, r *http.Request, c caller) {
	var body struct {
		Items []batchItem `json:"batchDownloadRequestList"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || len(body.Items) == 0 {
		fail(w, r, http.StatusBadRequest, "batch.download.bad.request", "Request list is required and must not be empty")
		return
	}
	if len(body.Items) > maxBatchItems {
		fail(w, r, http.StatusBadRequest, "batch.download.too.many.items", "Too many items requested, max 100 allowed")
		return
	}
	b := &batch{client: c.client, items: body.Items, submitted: s.cfg.Now(), elapsed: s.elapsed()}
	s.batches.add(s.org, b, s.cfg.JobTTL)
	s.counts.batchCreated()
	reply(w, http.StatusOK, map[string]string{"id": b.id, "selfUri": s.URL() + "/api/v2/recording/batchrequests/" + b.id})
}

// batchStatus shows results one after another while the latency passes.
// expectedResultCount starts as the number of items and moves as recordings are
// discovered, so that it may equal resultCount before the end: only status says
// when a batch is done. A URL's time runs from the submission; asking again does
// not renew it.
func (s *Server) batchStatus(w http.ResponseWriter, r *http.Request, c caller) {
	b, ok := s.batches.find(r.PathValue("jobId"))
	if !ok || s.cfg.Now().Sub(b.submitted) >= s.cfg.JobTTL {
		fail(w, r, http.StatusNotFound, "batch.download.job.not.found", "The requested job is unknown")
		return
	}
	if b.client.ID != c.client.ID {
		fail(w, r, http.StatusForbidden, "batch.download.permission.denied", "Only user that initiated the job can request results")
		return
	}
	results := s.batchResults(b)
	done := 1.0
	if latency := s.cfg.BatchLatency; latency > 0 {
		done = min(float64(s.elapsed()-b.elapsed)/float64(latency), 1)
	}
	expected, shown, status := len(results), int(done*float64(len(results))), "InProgress"
	switch {
	case done >= 1:
		status = "Completed"
	case done < 0.5:
		shown = min(shown, len(b.items))
		expected = max(shown, min(len(b.items), len(results)/2))
	default:
		shown = min(shown, len(results)-1)
	}
	results = results[:max(shown, 0)]
	errorCount := 0
	for _, one := range results {
		if one.ErrorMsg != "" {
			errorCount++
		}
	}
	reply(w, http.StatusOK, map[string]any{
		"id": b.id, "jobId": b.id, "selfUri": s.URL() + "/api/v2/recording/batchrequests/" + b.id,
		"expectedResultCount": expected, "resultCount": len(results), "errorCount": errorCount,
		"status": status, "results": results,
	})
}

// batchResults lists everything that a batch will give. Recordings that are
// deleted or still uploading give nothing, as does a conversation without any.
func (s *Server) batchResults(b *batch) []batchResult {
	results := []batchResult{}
	add := func(rec recording) {
		conversationID := s.org.conversationID(rec.conversation).String()
		if rec.errorMsg != "" {
			results = append(results, batchResult{ConversationID: conversationID, RecordingID: rec.id.String(), ErrorMsg: rec.errorMsg})
			return
		}
		first, message := 0, ""
		if rec.redacted {
			first, message = firstRedacted, redactedMsg
		}
		for n := range rec.results {
			object := s.org.object(rec, first+n)
			results = append(results, batchResult{
				ConversationID: conversationID, RecordingID: rec.id.String(), ErrorMsg: message,
				ContentType: object.contentType(), ResultURL: s.sign(s.objectPath(rec, first+n, object), b.number, b.submitted),
			})
		}
	}
	for _, item := range b.items {
		c, ok := s.org.findRecorded(item.ConversationID)
		if !ok {
			results = append(results, batchResult{ConversationID: item.ConversationID, RecordingID: item.RecordingID, ErrorMsg: "Conversation not found"})
			continue
		}
		rec, ok := s.org.findRecording(item.RecordingID)
		switch {
		case c.denied:
			results = append(results, batchResult{ConversationID: item.ConversationID, ErrorMsg: notAuthorized})
			continue
		case item.RecordingID != "" && (!ok || rec.conversation != c || rec.fate == "vanished"):
			results = append(results, batchResult{ConversationID: item.ConversationID, RecordingID: item.RecordingID, ErrorMsg: "Recording not found"})
			continue
		}
		for _, rec := range s.org.shownTo(b.client, c) {
			if item.RecordingID == "" || rec.id.String() == item.RecordingID {
				add(rec)
			}
		}
	}
	return results
}
