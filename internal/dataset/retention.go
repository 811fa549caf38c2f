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

// RetentionName is the dataset of what the retention query lists: every
// recording that there is, whether or not a conversation leads to it.
const RetentionName = "recordings.retention"

// retentionKey is its one unit, which tells what is deleted when.
const retentionKey = RetentionName + "/all"

const retentionSource = "retention-query"

// retained reads a row of the retention query as something known of the
// recordings. Whether it belongs to the export, who asks for it finds out.
func retained(raw json.RawMessage) (e exporter.Expectation, ok bool) {
	var row struct {
		ConversationID string    `json:"conversationId"`
		RecordingID    string    `json:"recordingId"`
		CreationTime   time.Time `json:"creationTime"`
		DeleteDate     time.Time `json:"deleteDate"`
	}
	if err := json.Unmarshal(raw, &row); err != nil {
		// One odd date must not hide the recording.
		row.CreationTime, row.DeleteDate = time.Time{}, time.Time{}
		var ids struct{ ConversationID, RecordingID string }
		_ = json.Unmarshal(raw, &ids)
		row.ConversationID, row.RecordingID = ids.ConversationID, ids.RecordingID
	}
	return exporter.Expectation{
		Dataset: RecordingsName, Item: item(row.ConversationID, row.RecordingID),
		Source: retentionSource, At: row.CreationTime, Due: row.DeleteDate,
	}, row.RecordingID != ""
}

// So many expectations are committed at once.
const knownAtOnce = 2000

// expect notes what a record says of another dataset.
func (r *listingRun) expect(ctx context.Context, raw json.RawMessage) error {
	e, ok := r.d.expects(raw)
	if !ok {
		r.except(r.name, exporter.FailedItem, fmt.Sprintf("a row that names no recording: %.300s", raw))
		return nil
	}
	r.known = append(r.known, e)
	if day := e.At.UTC().Truncate(24 * time.Hour); !e.At.IsZero() && !e.Due.IsZero() {
		if first, seen := r.due[day]; !seen || e.Due.Before(first) {
			r.due[day] = e.Due
		}
	}
	if len(r.known) < knownAtOnce {
		return nil
	}
	err := r.out.Save(ctx, exporter.Receipt{Unit: r.unit.Key, Expected: r.known})
	r.known = nil
	return err
}

// urgency is when each day's units begin to lose something: conversations end,
// and their recordings come to be, on the day on which they started, mostly.
func (r *listingRun) urgency() map[string]time.Time {
	due := map[string]time.Time{}
	for day, at := range r.due {
		p := detailsParams{From: day, To: day.Add(24 * time.Hour)}
		due[DetailsName+"/"+p.name()], due[findKey(RecordingsName, p)] = at, at
	}
	return due
}

// listed reads what is known of the recordings of a conversation.
func listed(ctx context.Context, out *exporter.Output, conversation string) (list []exporter.Known, err error) {
	prefix := whole(conversation)
	for k, err := range out.Known(ctx, RecordingsName, prefix+"/", prefix+"0", false) { // "0" follows "/"
		if err != nil {
			return nil, err
		}
		list = append(list, k)
	}
	return list, nil
}

// urgent is when the platform begins to delete the recordings of conversations.
func urgent(ctx context.Context, out *exporter.Output, conversations []recorded) (first time.Time, err error) {
	for _, c := range conversations {
		list, err := listed(ctx, out, c.ID)
		if err != nil {
			return first, err
		}
		for _, k := range list {
			if !k.Due.IsZero() && k.Stored == 0 && (first.IsZero() || k.Due.Before(first)) {
				first = k.Due
			}
		}
	}
	return first, nil
}

// inquire asks for the metadata of each recording of which something is known,
// but no media and no metadata: what the platform says of one by its id tells
// whether it is gone, archived or withheld.
func (r *recordingsRun) inquire(ctx context.Context) error {
	client := r.d.API.of(r.at.Client)
	open, some := map[string]bool{}, map[string]bool{}
	for it := range r.listed {
		open[it] = true
	}
	for it := range r.failed {
		open[it] = true
	}
	for it := range open {
		conversation, _ := ids(it)
		some[conversation] = true
	}
	for it := range r.stored {
		conversation, _ := ids(it)
		some[conversation] = true
	}
	for id := range r.convs { // flagged and there is nothing, or refused as such
		if _, refused := r.failed[item(id, "")]; refused || !some[id] {
			if err := r.describe(ctx, client, id); err != nil {
				return err
			}
		}
	}
	for it := range open {
		_, described := r.meta[it]
		conversation, recording := ids(it)
		if described || r.stored[it] > 0 || r.elsewhere(it) || conversation == "" || recording == "" {
			continue
		}
		answer, err := client.Get(ctx, "/api/v2/conversations/"+url.PathEscape(conversation)+"/recordingmetadata/"+url.PathEscape(recording), nil)
		var m metadata
		switch {
		case lasting(err):
			r.asked[it] = err
			if errors.Is(err, genesys.ErrPermission) { // of this recording, or of its conversation?
				if err := r.describe(ctx, client, conversation); err != nil {
					return err
				}
			}
			continue
		case err != nil:
			return fmt.Errorf("metadata of recording %s: %w", it, fatal(err))
		case json.Unmarshal(answer, &m) != nil || m.ID == "":
			r.asked[it] = fmt.Errorf("its metadata cannot be read: %.200q", answer)
			continue
		}
		m.raw, m.ConversationID = json.RawMessage(answer), conversation
		r.meta[it] = m
	}
	return nil
}
