package simulator_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"exitplan/internal/simulator"
)

// detail is what the tests read of a conversation's row.
type detail struct {
	ConversationID string
	Participants   []struct {
		Purpose  string
		Sessions []map[string]any
	}
}

func readDetail(t *testing.T, row json.RawMessage) (d detail) {
	t.Helper()
	if err := json.Unmarshal(row, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// Transcripts belong to sessions that the row flags as recorded, one to each of
// their recordings, which say the same session.
func TestTranscriptsAreOfRecordedSessions(t *testing.T) {
	c := start(t, simulator.Config{Seed: 8, SecondRecordingShare: 0.5, DeletedShare: 0.2}).demo()
	recorded, sessionOf, stateOf := map[string]string{}, map[string]string{}, map[string]string{}
	sessions := map[string]map[string]bool{} // with recordings, by conversation
	for one := range c.s.Truth().Conversations() {
		d := readDetail(t, one.Row)
		for _, p := range d.Participants {
			for _, s := range p.Sessions {
				if s["recording"] == true {
					recorded[s["sessionId"].(string)] = d.ConversationID
				}
			}
		}
	}
	for rec := range c.s.Truth().Recordings() {
		var metadata struct{ SessionID string }
		if err := json.Unmarshal(rec.Metadata, &metadata); err != nil || recorded[metadata.SessionID] != rec.ConversationID {
			t.Fatalf("%v: no session of it was recorded: %s", err, rec.Metadata)
		}
		sessionOf[rec.ID], stateOf[rec.ID] = metadata.SessionID, rec.FileState
		if sessions[rec.ConversationID] == nil {
			sessions[rec.ConversationID] = map[string]bool{}
		}
		sessions[rec.ConversationID][metadata.SessionID] = true
	}
	apart := 0
	for _, of := range sessions {
		if len(of) > 1 {
			apart++
		}
	}
	const pattern = api + "speechandtextanalytics/conversations/{conversationId}/communications/{communicationId}/transcripturl"
	perSession, transcribed := map[string]int{}, 0
	for one := range c.s.Truth().Held(pattern + "s") {
		var record struct{ Recording struct{ ID string } }
		if err := json.Unmarshal(one.Record, &record); err != nil {
			t.Fatal(err)
		}
		id := record.Recording.ID
		if recorded[one.Parent[1]] != one.Parent[0] || sessionOf[id] != one.Parent[1] || stateOf[id] == "DELETED" {
			t.Fatalf("a transcript of %v, recording %s in %s, which is %s", one.Parent, id, sessionOf[id], stateOf[id])
		}
		perSession[one.Parent[1]]++
		transcribed++
	}
	several, single := 0, 0
	for _, n := range perSession {
		if n > 1 {
			several++
		}
	}
	for one := range c.s.Truth().Held(pattern) {
		single++
		answer := c.call(200, http.MethodGet, filled(pattern, one.Parent...), nil)
		if _, body := c.media(answer["url"].(string)); !strings.Contains(string(body), one.Parent[1]) || !json.Valid(body) {
			t.Fatalf("the transcript of %v is %s", one.Parent, body)
		}
	}
	if apart == 0 || several == 0 || single != len(perSession) || transcribed >= len(stateOf) {
		t.Errorf("%d of %d recordings have transcripts, %d sessions several, %d one by the old way; %d conversations have them apart", transcribed, len(stateOf), several, single, apart)
	}
}

// Each medium has sessions with the fields that are its own.
func TestSessionsOfEachMedium(t *testing.T) {
	c := start(t, simulator.Config{})
	own := map[string]string{
		"voice": "ani dnis protocolCallId recording", "email": "addressFrom addressTo addressSelf addressOther", "message": "messageType addressFrom addressTo",
		"chat": "roomId addressFrom", "callback": "callbackNumbers callbackUserName callbackScheduledTime",
	}
	seen := map[string]int{}
	for one := range c.s.Truth().Conversations() {
		for _, p := range readDetail(t, one.Row).Participants {
			for _, s := range p.Sessions {
				medium, _ := s["mediaType"].(string)
				seen[medium]++
				for other, fields := range own {
					for field := range strings.FieldsSeq(fields) {
						if _, has := s[field]; has != strings.Contains(own[medium], field) {
							t.Fatalf("a session of %s and %s of %s: %v", medium, field, other, s)
						}
					}
				}
			}
		}
	}
	if len(seen) != len(own) {
		t.Errorf("media %v", seen)
	}
}
