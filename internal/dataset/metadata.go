package dataset

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"exitplan/exporter"
	"exitplan/internal/genesys"
)

// metadata is one entry of GET /conversations/{id}/recordingmetadata, as sent
// and with the few fields that decide what becomes of it.
type metadata struct {
	ID             string `json:"id"`
	ConversationID string `json:"conversationId"`
	FileState      string `json:"fileState"`
	DeleteDate     string `json:"deleteDate"`
	raw            json.RawMessage
}

// metadata reads the metadata of each conversation asked for. One that is
// denied or unknown is remembered, not an error: its media may still come.
func (r *recordingsRun) metadata(ctx context.Context, client *genesys.Client, ask []batchItem) error {
	if r.d.Metadata == MetadataDerived {
		return nil
	}
	for _, a := range ask {
		answer, err := client.Get(ctx, "/api/v2/conversations/"+url.PathEscape(a.ConversationID)+"/recordingmetadata", nil)
		if errors.Is(err, genesys.ErrNotFound) || errors.Is(err, genesys.ErrPermission) {
			r.denied[a.ConversationID] = err
			continue
		}
		if err != nil {
			return fmt.Errorf("recording metadata of conversation %s: %w", a.ConversationID, err)
		}
		var list []json.RawMessage
		if err := json.Unmarshal(answer, &list); err != nil {
			return fmt.Errorf("recording metadata of conversation %s: %w", a.ConversationID, err)
		}
		for _, raw := range list {
			m := metadata{raw: raw}
			if err := json.Unmarshal(raw, &m); err != nil || m.ID == "" {
				return fmt.Errorf("recording metadata of conversation %s: an entry without id", a.ConversationID)
			}
			m.ConversationID = a.ConversationID
			r.meta[item(a.ConversationID, m.ID)] = m
		}
	}
	return nil
}

// gone says that the file state alone explains why there is no media.
func (m metadata) gone() bool {
	switch m.FileState {
	case "ARCHIVED", "DELETED", "UPLOADING", "RESTORING":
		return true
	}
	return false
}

// absence is why a recording that the metadata lists has no media.
func (m metadata) absence() exception {
	e := exception{reason: exporter.NoMedia, detail: "fileState " + m.FileState + ", no result in the batch request"}
	switch m.FileState {
	case "ARCHIVED":
		e.reason = exporter.Archived
	case "DELETED":
		e.reason = exporter.DeletedByRetention
		e.detail += ", deleteDate " + m.DeleteDate
	case "UPLOADING", "RESTORING":
		e.reason = exporter.StillProcessing
	}
	return e
}

// derivedSidecar is what conversation details and the transfer tell of a
// recording, under the names that the platform's own sidecars use.
type derivedSidecar struct {
	recorded
	RecordingID string       `json:"recordingId"`
	Files       []mediaEntry `json:"files"`
	Source      string       `json:"metadataSource"`
}

type mediaEntry struct {
	Path        string `json:"filePath"`
	Bytes       int64  `json:"fileSize"`
	SHA256      string `json:"sha256"`
	ContentType string `json:"contentType"`
}

// sidecar is the text of a recording's metadata file.
func (r *recordingsRun) sidecar(c recorded, recording string, files []mediaEntry) (json.RawMessage, error) {
	if m, ok := r.meta[item(c.ID, recording)]; ok {
		return m.raw, nil
	}
	return json.Marshal(derivedSidecar{recorded: c, RecordingID: recording, Files: files, Source: "derived"})
}

// directory is where the files of a conversation's recordings lie: the
// partitions of the platform's own S3 export, by the UTC hour of its start.
func (d *Recordings) directory(c recorded) string {
	t := c.Start.UTC().Truncate(time.Hour)
	return fmt.Sprintf("%s/hour=%02d/conversation_id=%s",
		d.Layout.DayPath(d.Info().Group, RecordingsName, t), t.Hour(), exporter.SafeName(c.ID))
}
