package simulator

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"iter"
	"time"
)

// Truth says what the organization holds, so that what was exported can be
// compared with it. It is generated as it is read.
type Truth struct{ s *Server }

// Truth gives the server's organization.
func (s *Server) Truth() *Truth { return &Truth{s} }

// Conversation is one conversation, and the row that a details job gives for it.
type Conversation struct {
	ID       string    `json:"id"`
	Start    time.Time `json:"start"`
	End      time.Time `json:"end,omitzero"` // zero: still open
	Day      time.Time `json:"day"`          // the UTC day of Start, midnight
	Recorded bool      `json:"recorded"`     // a session is flagged as recorded; there may be no recording all the same
	// Row is the row's exact bytes: an AnalyticsConversation without spaces
	// between tokens and without a line break.
	Row json.RawMessage `json:"row"`
}

// Recording is one recording, and what a batch request yields for it.
type Recording struct {
	ID                string    `json:"id"`
	ConversationID    string    `json:"conversationId"`
	ConversationStart time.Time `json:"conversationStart"`
	Kind              string    `json:"kind"` // ok: Results can be had; error: an errorMsg; none: nothing at all
	FileState         string    `json:"fileState"`
	// Reason says why it cannot be had: the errorMsg, or the fileState.
	Reason   string          `json:"reason,omitempty"`
	Results  []Media         `json:"results"`
	Metadata json.RawMessage `json:"metadata"` // the RecordingMetadata that the API gives
}

// Media is one result of a recording.
type Media struct {
	Number      int    `json:"number"` // from 0, in the order of batch results
	ContentType string `json:"contentType"`
	Bytes       int64  `json:"bytes"`
	SHA256      string `json:"sha256"` // hexadecimal
	Path        string `json:"path"`   // of the result URL, which is the same in every batch
}

// Conversations gives every conversation in order of its start.
func (t *Truth) Conversations() iter.Seq[Conversation] {
	o := t.s.org
	return func(yield func(Conversation) bool) {
		for day := range o.cfg.Days {
			for index := range o.cfg.ConversationsPerDay {
				c := o.conversation(day, index)
				out := Conversation{
					ID: o.conversationID(c).String(), Start: c.startTime(), Recorded: c.flagged,
					Day: time.UnixMilli(o.dayStart(day)).UTC(), Row: o.appendConversation(nil, c, true),
				}
				if !o.isOpen(c) {
					out.End = time.UnixMilli(c.end).UTC()
				}
				if !yield(out) {
					return
				}
			}
		}
	}
}

// Recordings gives every recording in order of its conversation's start. The
// digests are calculated as it goes.
func (t *Truth) Recordings() iter.Seq[Recording] {
	o := t.s.org
	return func(yield func(Recording) bool) {
		for day := range o.cfg.Days {
			for index := range o.cfg.ConversationsPerDay {
				for _, rec := range o.recordings(o.conversation(day, index)) {
					if !yield(t.recording(rec)) {
						return
					}
				}
			}
		}
	}
}

func (t *Truth) recording(rec recording) Recording {
	o := t.s.org
	out := Recording{
		ID: rec.id.String(), ConversationID: o.conversationID(rec.conversation).String(),
		ConversationStart: rec.conversation.startTime(), FileState: rec.fileState,
		Results: []Media{}, Metadata: o.metadata(rec, t.s.URL()), Kind: "ok",
	}
	switch {
	case rec.errorMsg != "":
		out.Kind, out.Reason = "error", rec.errorMsg
	case rec.results == 0:
		out.Kind, out.Reason = "none", rec.fileState
	}
	digest := sha256.New()
	for n := range rec.results {
		m := o.object(rec, n)
		digest.Reset()
		_ = m.write(digest, 0, m.size()) // a hash takes everything
		out.Results = append(out.Results, Media{
			Number: n, ContentType: m.contentType(), Bytes: m.size(),
			SHA256: hex.EncodeToString(digest.Sum(nil)), Path: t.s.objectPath(rec, n, m),
		})
	}
	return out
}
