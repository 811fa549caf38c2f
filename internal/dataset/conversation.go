package dataset

import (
	stdjson "encoding/json"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// conversation is what the program reads of a conversation's details. The
// record itself is kept as the API sent it.
type conversation struct {
	ID          string `json:"conversationId"`
	Start       string `json:"conversationStart"`
	End         string `json:"conversationEnd"`
	Direction   string `json:"originatingDirection"`
	Evaluations []struct {
		ID string `json:"evaluationId"`
	} `json:"evaluations"`
	Surveys []struct {
		ID string `json:"surveyId"`
	} `json:"surveys"`
	Participants []struct {
		UserID          string `json:"userId"`
		ScreenRecording bool   `json:"screenRecording"`
		Sessions        []struct {
			ID        string `json:"sessionId"`
			Recording bool   `json:"recording"`
			MediaType string `json:"mediaType"`
			ANI       string `json:"ani"`
			DNIS      string `json:"dnis"`
			Segments  []struct {
				QueueID string `json:"queueId"`
				Start   string `json:"segmentStart"`
				End     string `json:"segmentEnd"`
			} `json:"segments"`
		} `json:"sessions"`
	} `json:"participants"`

	unsure bool // not everything could be read
}

// readConversation never fails: a record that is not what the API definition
// says is kept too, only with less known of it.
func readConversation(raw stdjson.RawMessage) conversation {
	var c conversation
	if json.Unmarshal(raw, &c, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)) == nil {
		return c
	}
	// One odd field must not hide the ones that decide where the record goes.
	var fields map[string]jsontext.Value
	c = conversation{unsure: true}
	if json.Unmarshal(raw, &fields, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)) != nil {
		return c
	}
	for name, into := range map[string]any{
		"conversationId": &c.ID, "conversationStart": &c.Start, "conversationEnd": &c.End,
		"participants": &c.Participants, "evaluations": &c.Evaluations, "surveys": &c.Surveys,
	} {
		_ = json.Unmarshal(fields[name], into, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	}
	return c
}

// identity tells conversations apart; a record without an id by its bytes.
func (c conversation) identity(raw stdjson.RawMessage) []byte {
	if c.ID == "" {
		return raw
	}
	return []byte(c.ID)
}

// start is when it started.
func (c conversation) start() (time.Time, bool) { return instant(c.Start) }

// active is the last that is known to have happened in it.
func (c conversation) active() time.Time {
	last, _ := c.start()
	note := func(text string) {
		if at, ok := instant(text); ok && at.After(last) {
			last = at
		}
	}
	note(c.End)
	for _, p := range c.Participants {
		for _, s := range p.Sessions {
			for _, g := range s.Segments {
				note(g.Start)
				note(g.End)
			}
		}
	}
	return last
}

// instant reads a time of the platform's; one without a zone is UTC, as all are.
func instant(text string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// screen says whether anybody's screen was recorded.
func (c conversation) screen() bool {
	for _, p := range c.Participants {
		if p.ScreenRecording {
			return true
		}
	}
	return false
}

// recorded says whether any session of it was recorded, or may have been.
func (c conversation) recorded() bool {
	if c.unsure && c.ID != "" || c.screen() {
		return true
	}
	for _, p := range c.Participants {
		for _, s := range p.Sessions {
			if s.Recording {
				return true
			}
		}
	}
	return false
}

// recorded is a conversation whose recordings are to be exported, with what a
// derived sidecar says of it.
type recorded struct {
	ID         string    `json:"conversationId"`
	Start      time.Time `json:"conversationStart"`
	End        string    `json:"conversationEnd,omitempty"`
	Direction  string    `json:"initialDirection,omitempty"`
	ANI        string    `json:"ani,omitempty"`
	DNIS       string    `json:"dnis,omitempty"`
	MediaTypes []string  `json:"mediaTypes,omitempty"`
	UserIDs    []string  `json:"userIds,omitempty"`
	QueueIDs   []string  `json:"queueIds,omitempty"`
	// LastActivity is that of one which has no end yet.
	LastActivity string `json:"lastActivity,omitempty"`
	// Screen: somebody's screen was recorded.
	Screen bool `json:"screenRecording,omitempty"`
	// Unsure: its details could not be read in full, and might hide a flag.
	Unsure bool `json:"unsure,omitempty"`
}

func (c conversation) summary() recorded {
	r := recorded{ID: c.ID, End: c.End, Direction: c.Direction, Unsure: c.unsure, Screen: c.screen()}
	r.Start, _ = c.start()
	if last := c.active(); c.End == "" && !last.IsZero() {
		r.LastActivity = last.Format(time.RFC3339Nano)
	}
	for _, p := range c.Participants {
		r.UserIDs = append(r.UserIDs, p.UserID)
		for _, s := range p.Sessions {
			r.MediaTypes = append(r.MediaTypes, s.MediaType)
			if r.ANI == "" {
				r.ANI, r.DNIS = s.ANI, s.DNIS
			}
			for _, g := range s.Segments {
				r.QueueIDs = append(r.QueueIDs, g.QueueID)
			}
		}
	}
	r.UserIDs, r.MediaTypes, r.QueueIDs = distinct(r.UserIDs), distinct(r.MediaTypes), distinct(r.QueueIDs)
	return r
}

// distinct sorts, and drops repeats and blanks.
func distinct(list []string) []string {
	slices.Sort(list)
	list = slices.Compact(list)
	if len(list) > 0 && list[0] == "" {
		list = list[1:]
	}
	return list
}
