package simulator

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"iter"
	"slices"
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
	Metadata json.RawMessage `json:"metadata"` // the RecordingMetadata that the API gives; null where it gives none to anybody

	// Fate says what became of it, where Results cannot be had by whoever asks, as
	// of now: no-url-error, archived (and still so while it is being restored),
	// deleted, uploading, delayed (until ReadyAt), vanished (after it was listed),
	// denied, or sensitive, which only keeps it from clients that may not see
	// sensitive data, by Redaction.
	Fate string `json:"fate,omitempty"`

	Sensitive  bool      `json:"sensitive,omitempty"`
	Redaction  string    `json:"redaction,omitempty"` // of a sensitive one; as [Config].Redaction, but for mixed
	Redacted   []Media   `json:"redacted,omitempty"`  // what those get instead of Results
	Screen     bool      `json:"screen,omitempty"`
	Retained   bool      `json:"retained"` // the retention query has it
	Duplicate  bool      `json:"duplicate,omitempty"`
	Flagged    bool      `json:"flagged"`             // its conversation is, as recorded
	Known      bool      `json:"known"`               // analytics knows its conversation
	DeleteDate time.Time `json:"deleteDate,omitzero"` // zero: protected
	ReadyAt    time.Time `json:"readyAt,omitzero"`    // of one that comes late
}

// Media is one result of a recording.
type Media struct {
	Number      int    `json:"number"` // from 0, in the order of batch results; redacted ones from 8
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

// Recordings gives every recording, day by day: in order of their conversations'
// start, and then those of conversations that analytics does not know. The digests
// are calculated as it goes.
func (t *Truth) Recordings() iter.Seq[Recording] {
	o := t.s.org
	return func(yield func(Recording) bool) {
		for c := range o.recorded() {
			for _, rec := range o.recordings(c) {
				if !yield(t.recording(rec)) {
					return
				}
			}
		}
	}
}

// Protected gives the ids of the conversations that are protected from deletion.
func (t *Truth) Protected() (ids []string) {
	for _, id := range t.s.org.custody.conversations() {
		ids = append(ids, id.String())
	}
	slices.Sort(ids)
	return ids
}

func (t *Truth) recording(rec recording) Recording {
	o := t.s.org
	out := Recording{
		ID: rec.id.String(), ConversationID: o.conversationID(rec.conversation).String(),
		ConversationStart: rec.conversation.startTime(), FileState: rec.fileState,
		Results: t.media(rec, 0), Kind: "ok", Fate: rec.fate,
		Sensitive: rec.sensitive, Redaction: rec.redaction, Screen: rec.screen(), Retained: rec.retained(), Duplicate: rec.duplicate,
		Flagged: rec.conversation.flagged, Known: !rec.conversation.forgotten,
	}
	if rec.fate != "vanished" && rec.fate != "denied" {
		out.Metadata = o.metadata(rec, t.s.URL())
	}
	if rec.redaction == redactionShortens {
		out.Redacted = t.media(rec, firstRedacted)
	}
	if at, ok := o.deleteDate(rec); ok {
		out.DeleteDate = time.UnixMilli(at).UTC()
	}
	if rec.ready != 0 {
		out.ReadyAt = time.UnixMilli(rec.ready).UTC()
	}
	switch {
	case rec.errorMsg != "":
		out.Kind, out.Reason = "error", rec.errorMsg
	case rec.results == 0:
		out.Kind, out.Reason = "none", rec.fileState
	}
	return out
}

// media are a recording's objects from a number on.
func (t *Truth) media(rec recording, first int) []Media {
	list, digest := []Media{}, sha256.New()
	for n := first; n < first+rec.results; n++ {
		m := t.s.org.object(rec, n)
		digest.Reset()
		_ = m.write(digest, 0, m.size()) // a hash takes everything
		list = append(list, Media{
			Number: n, ContentType: m.contentType(), Bytes: m.size(),
			SHA256: hex.EncodeToString(digest.Sum(nil)), Path: t.s.objectPath(rec, n, m),
		})
	}
	return list
}
