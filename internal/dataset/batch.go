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

// batch has a batch request made and completed. In the first round it goes on
// with one that an earlier run of the unit submitted, and reads the metadata
// while the platform works.
func (r *recordingsRun) batch(ctx context.Context, ask []batchItem, first bool) ([]batchResult, error) {
	client := r.d.API.of(r.at.Client)
	if !first || client.ID() != r.at.Client {
		r.at = recordingsCheckpoint{Client: client.ID()}
	}
	for try := 0; ; try++ {
		if r.at.Batch == "" {
			if err := r.submit(ctx, client, ask); err != nil {
				return nil, err
			}
		}
		if first && try == 0 {
			if err := r.metadata(ctx, client, ask); err != nil {
				return nil, err
			}
		}
		results, err := r.awaitBatch(ctx, client)
		gone := errors.Is(err, genesys.ErrNotFound) || errors.Is(err, genesys.ErrPermission)
		if !gone || try > 0 {
			return results, err
		}
		r.at.Batch = "" // expired, or not ours: ask again
	}
}

// submit makes the batch request and saves its id before polling it.
func (r *recordingsRun) submit(ctx context.Context, client *genesys.Client, ask []batchItem) error {
	answer, err := client.Post(ctx, batchRequests, map[string]any{"batchDownloadRequestList": ask})
	if err != nil {
		return fmt.Errorf("submit a batch request: %w", err)
	}
	var job struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(answer, &job); err != nil || job.ID == "" {
		return fmt.Errorf("submit a batch request: no id in the answer %.200q", answer)
	}
	r.at.Batch = job.ID
	checkpoint, err := json.Marshal(r.at)
	if err != nil {
		return err
	}
	return r.out.Save(ctx, exporter.Receipt{Unit: r.unit.Key, Checkpoint: checkpoint})
}

// awaitBatch polls until the request says Completed. The counts in it move
// while recordings are discovered, so they say nothing about its end.
func (r *recordingsRun) awaitBatch(ctx context.Context, client *genesys.Client) ([]batchResult, error) {
	var results []batchResult
	err := r.d.pace.poll(ctx, func(ctx context.Context) (bool, error) {
		answer, err := client.Get(ctx, batchRequests+"/"+url.PathEscape(r.at.Batch), nil)
		if err != nil {
			return false, fmt.Errorf("batch request %s: %w", r.at.Batch, err)
		}
		var job struct {
			Status  string        `json:"status"`
			Results []batchResult `json:"results"`
		}
		if err := json.Unmarshal(answer, &job); err != nil {
			return false, fmt.Errorf("batch request %s: %w", r.at.Batch, err)
		}
		results = job.Results
		return job.Status == "Completed", nil
	})
	return results, err
}
