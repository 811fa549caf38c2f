package dataset

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
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
	ArchiveDate    string `json:"archiveDate"`
	Remaining      *int   `json:"remainingRestorationsAllowedForOrg"`
	Allowed        *int   `json:"maxAllowedRestorationsForOrg"`
	raw            json.RawMessage
}

// metadata reads the metadata of each conversation asked for, once. One that
// is denied, unknown or odd is remembered, not an error: its media may still
// come, and it must cost no other conversation.
func (r *recordingsRun) metadata(ctx context.Context, client *genesys.Client, ask []batchItem) error {
	if r.d.Metadata == MetadataDerived {
		return nil
	}
	for _, a := range ask {
		if err := r.describe(ctx, client, a.ConversationID); err != nil {
			return err
		}
	}
	return nil
}

// describe reads the metadata of one conversation, unless it was read before.
func (r *recordingsRun) describe(ctx context.Context, client *genesys.Client, conversation string) error {
	if r.read[conversation] {
		return nil
	}
	answer, err := client.Get(ctx, "/api/v2/conversations/"+url.PathEscape(conversation)+"/recordingmetadata", nil)
	if err != nil && !lasting(err) {
		return fmt.Errorf("recording metadata of conversation %s: %w", conversation, err)
	}
	r.read[conversation] = true
	var list []json.RawMessage
	if err == nil {
		err = json.Unmarshal(answer, &list)
	}
	for _, raw := range list {
		m := metadata{raw: raw}
		if json.Unmarshal(raw, &m) != nil || m.ID == "" {
			err = fmt.Errorf("an entry without id: %.200q", raw)
			continue
		}
		m.ConversationID = conversation
		r.meta[item(conversation, m.ID)] = m
	}
	if err != nil {
		r.denied[conversation] = err
	}
	return nil
}

// lasting says whether the platform refuses a request for good.
func lasting(err error) bool {
	var api *genesys.Error
	return errors.As(err, &api) && api.Status >= 400 && api.Status < 500 && !errors.Is(err, genesys.ErrCredentials)
}

// The file states that decide (API definition, RecordingMetadata).
const (
	archived  = "ARCHIVED"
	restoring = "RESTORING"
)

// gone says that the file state alone explains why there is no media.
func (m metadata) gone() bool {
	switch m.FileState {
	case archived, "DELETED", "UPLOADING", restoring:
		return true
	}
	return false
}

// absence is why a recording that the metadata lists has no media.
// late is why it may still come, if so.
func (m metadata) absence(late string) exception {
	e := exception{reason: exporter.NoMedia, detail: "fileState " + m.FileState + ", no result in the batch request"}
	if late != "" {
		e = exception{reason: exporter.StillProcessing, detail: e.detail + "; " + late}
	}
	switch m.FileState {
	case "AVAILABLE":
		if late == "" {
			e.reason = exporter.FailedItem // it should be there: the next run asks again
		}
	case archived:
		e.reason = exporter.Archived
		e.detail += ", archiveDate " + m.ArchiveDate + ", deleteDate " + m.DeleteDate
		if m.Remaining != nil && m.Allowed != nil {
			e.detail += fmt.Sprintf("; it would have to be restored, which the organization may have done for %d more of %d recordings", *m.Remaining, *m.Allowed)
		}
	case "DELETED":
		e.reason = exporter.DeletedByRetention
		e.detail += ", deleteDate " + m.DeleteDate
	case "UPLOADING", restoring:
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

// derived is the text of a sidecar of which the platform told nothing.
func derived(c recorded, recording string, files []mediaEntry) ([]byte, error) {
	slices.SortFunc(files, func(a, b mediaEntry) int { return cmp.Compare(a.Path, b.Path) })
	return json.Marshal(derivedSidecar{recorded: c, RecordingID: recording, Files: files, Source: "derived"})
}

// directory is where the files of a conversation's recordings lie: the
// partitions of the platform's own S3 export, by the UTC hour of its start.
func (d *Recordings) directory(c recorded) string {
	t := c.Start.UTC().Truncate(time.Hour)
	return fmt.Sprintf("%s/hour=%02d/conversation_id=%s",
		d.Layout.DayPath(d.Info().Group, RecordingsName, t), t.Hour(), exporter.SafeName(c.ID))
}
