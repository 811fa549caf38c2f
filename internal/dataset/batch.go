package dataset

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"

	"exitplan/exporter"
	"exitplan/internal/genesys"
)

const batchRequests = "/api/v2/recording/batchrequests"

type batchItem struct {
	ConversationID string `json:"conversationId"`
	RecordingID    string `json:"recordingId,omitempty"`
}

// batchResult is one media object, or the reason why there is none.
type batchResult struct {
	ConversationID string `json:"conversationId"`
	RecordingID    string `json:"recordingId"`
	URL            string `json:"resultUrl"`
	ContentType    string `json:"contentType"`
	Error          string `json:"errorMsg"`
}

// batch has a batch request made and completed. In the first round, which asks
// for everything, it goes on with one that an earlier run of the unit
// submitted. It reads the metadata while the platform works. Other requests are
// not remembered: their answers are not about everything, so that a repeat must
// not begin with one.
func (r *recordingsRun) batch(ctx context.Context, ask []batchItem, first bool) ([]batchResult, error) {
	client := r.d.API.of(r.at.Client)
	id := ""
	if first && client.ID() == r.at.Client {
		id = r.at.Batch
	}
	for try := 0; ; try++ {
		if id == "" {
			var err error
			if id, err = submitBatch(ctx, client, ask); err != nil {
				return nil, err
			}
			if first {
				if err := r.remember(ctx, recordingsCheckpoint{Client: client.ID(), Batch: id}); err != nil {
					return nil, err
				}
			}
		}
		if try == 0 {
			if err := r.metadata(ctx, client, ask); err != nil {
				return nil, err
			}
		}
		results, err := r.awaitBatch(ctx, client, id)
		gone := errors.Is(err, genesys.ErrNotFound) || errors.Is(err, genesys.ErrPermission) || errors.Is(err, errStuck)
		if !gone || try > 0 {
			return results, err
		}
		id = "" // expired, not ours, or stuck: ask again
	}
}

// submitBatch makes a batch request.
func submitBatch(ctx context.Context, client *genesys.Client, ask []batchItem) (id string, err error) {
	answer, err := client.Post(ctx, batchRequests, map[string]any{"batchDownloadRequestList": ask})
	if err != nil {
		return "", fmt.Errorf("submit a batch request: %w", err)
	}
	var job struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(answer, &job); err != nil || job.ID == "" {
		return "", fmt.Errorf("submit a batch request: no id in the answer %.200q", answer)
	}
	return job.ID, nil
}

// remember saves the batch request in progress, before it is polled.
func (r *recordingsRun) remember(ctx context.Context, at recordingsCheckpoint) error {
	r.at = at
	checkpoint, err := json.Marshal(at)
	if err != nil {
		return err
	}
	return r.out.Save(ctx, exporter.Receipt{Unit: r.unit.Key, Checkpoint: checkpoint})
}

// awaitBatch polls until the request says Completed. The counts in it move
// while recordings are discovered, so they say nothing about its end.
func (r *recordingsRun) awaitBatch(ctx context.Context, client *genesys.Client, id string) ([]batchResult, error) {
	var results []batchResult
	err := r.d.pace.poll(ctx, func(ctx context.Context) (bool, error) {
		answer, err := client.Get(ctx, batchRequests+"/"+url.PathEscape(id), nil)
		if err != nil {
			return false, fmt.Errorf("batch request %s: %w", id, err)
		}
		var job struct {
			Status  string        `json:"status"`
			Results []batchResult `json:"results"`
		}
		if err := json.Unmarshal(answer, &job); err != nil {
			return false, fmt.Errorf("batch request %s: %w", id, err)
		}
		results = job.Results
		return job.Status == "Completed", nil
	})
	return results, err
}
