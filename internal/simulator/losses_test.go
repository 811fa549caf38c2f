package simulator_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"exitplan/internal/simulator"
)

// sources is what each of them says of one recording.
type sources struct {
	listed     []json.RawMessage // in the metadata of its conversation
	listStatus int
	byID       string // status and code of its own metadata
	fileState  string
	batch, own []result // of a batch request for the conversation, and for the recording
	rows       []retainedRow
}

type retainedRow struct {
	ConversationID, RecordingID           string
	CreationTime, DeleteDate, ArchiveDate time.Time
}

// sourcesOf asks all sources; the retention query is asked for everything once.
func (c *client) sourcesOf(list []simulator.Recording) map[string]sources {
	c.t.Helper()
	rows := map[string][]retainedRow{}
	for next := retention + "?pageSize=7&retentionThresholdDays=0"; next != ""; {
		page := c.call(200, http.MethodGet, next, nil)
		raw, _ := json.Marshal(page["entities"])
		var more []retainedRow
		if err := json.Unmarshal(raw, &more); err != nil {
			c.t.Fatal(err)
		}
		for _, row := range more {
			rows[row.RecordingID] = append(rows[row.RecordingID], row)
		}
		next, _ = page["nextUri"].(string)
	}
	all := map[string]sources{}
	for _, rec := range list {
		one := sources{rows: rows[rec.ID]}
		delete(rows, rec.ID)
		path := api + "conversations/" + rec.ConversationID + "/recordingmetadata"
		res, raw := c.do(c.request(http.MethodGet, path, nil))
		if one.listStatus = res.StatusCode; one.listStatus == 200 {
			for _, entry := range c.array(raw, "[]") {
				if bytes.Contains(entry, []byte(`"id":"`+rec.ID)) {
					one.listed = append(one.listed, entry)
				}
			}
		}
		res, raw = c.do(c.request(http.MethodGet, path+"/"+rec.ID, nil))
		if one.byID = res.Status[:3]; res.StatusCode != 200 {
			one.byID += " " + c.object(raw)["code"].(string)
		} else {
			one.fileState = c.object(raw)["fileState"].(string)
		}
		for _, r := range c.batch([]m{{"conversationId": rec.ConversationID}}) {
			if r.RecordingID == rec.ID || r.RecordingID == "" {
				one.batch = append(one.batch, r)
			}
		}
		one.own = c.batch([]m{{"conversationId": rec.ConversationID, "recordingId": rec.ID}})
		all[rec.ID] = one
	}
	for id := range rows {
		c.t.Errorf("retained, but in no truth: %s", id)
	}
	return all
}

// says puts the answers into few words, an x for each thing that was given: in the
// conversation's list, by id, in a batch request for the conversation and in one
// for the recording, and in the retention query.
func (s sources) says() string {
	given := func(results []result) (text string) {
		for _, r := range results {
			if r.ResultURL != "" {
				text += "x"
			}
			text += r.ErrorMsg
		}
		return text
	}
	list := strings.Repeat("x", len(s.listed))
	if s.listStatus != 200 {
		list = strconv.Itoa(s.listStatus)
	}
	return strings.Join([]string{list, strings.TrimSpace(s.byID + " " + s.fileState), given(s.batch), given(s.own), strings.Repeat("x", len(s.rows))}, " | ")
}

const (
	ordinary    = "x | 200 AVAILABLE | x | x | x"
	restoreMsg  = "Recording is archived and has to be restored first"
	errorMsg    = "An error occurred while retrieving the recording"
	deniedMsg   = "You are not authorized to view this recording"
	excludedMsg = "Missing permission recording:recording:viewSensitiveData for a recording with sensitive data"
	redactedMsg = "Sensitive data was redacted: missing permission recording:recording:viewSensitiveData"
)

// trait names what is odd about a recording, by the truth.
func trait(rec simulator.Recording) string {
	switch {
	case rec.Fate != "":
		return rec.Fate
	case !rec.Retained:
		return "unretained"
	case rec.Duplicate:
		return "duplicate"
	}
	return ""
}

// Every source says of each kind of recording what it alone knows.
func TestLosses(t *testing.T) {
	now := day0.AddDate(0, 0, 3)
	c := start(t, simulator.Config{
		Seed: 3, ConversationsPerDay: 120, MediaBytes: 4 << 10, SeveralResultsShare: -1, Now: func() time.Time { return now },
		ErrorShare: 0.08, ArchivedShare: 0.08, DeletedShare: 0.08, UploadingShare: 0.08, UnretainedShare: 0.08, VanishedShare: 0.08,
		SensitiveShare: 0.08, DelayedShare: 0.2, DuplicateShare: 0.08,
		UnflaggedShare: 0.3, ForgottenRecordings: 20, DeniedShare: 0.1, ScreenShare: 0.2,
	}).demo()
	want := map[string]string{
		"":             ordinary,
		"no-url-error": "x | 200 AVAILABLE | " + errorMsg + " | " + errorMsg + " | x",
		"archived":     "x | 200 ARCHIVED | " + restoreMsg + " | " + restoreMsg + " | x",
		"deleted":      "x | 200 DELETED |  |  | ",
		"uploading":    "x | 200 UPLOADING |  |  | x",
		"delayed":      "x | 200 UPLOADING |  |  | x",
		"unretained":   "x | 200 AVAILABLE | x | x | ",
		"vanished":     " | 404 recording.recording.not.found |  | Recording not found | x",
		"duplicate":    "xx | 200 AVAILABLE | xx | xx | xx",
		"denied":       "403 | 403 missing.division.permission | " + deniedMsg + " | " + deniedMsg + " | x",
	}
	list := slices.Collect(c.s.Truth().Recordings())
	all, seen := c.sourcesOf(list), map[string]int{}
	conversations := map[string]simulator.Conversation{}
	for one := range c.s.Truth().Conversations() {
		conversations[one.ID] = one
	}
	for _, rec := range list {
		got, kind := all[rec.ID], trait(rec)
		seen[kind]++
		conversation, known := conversations[rec.ConversationID]
		flagged, expect := conversation.Recorded, want[kind]
		if known && !conversation.End.Before(now) {
			expect = strings.TrimRight(expect, "x") // the query has only what has ended
		}
		if says := strings.ReplaceAll(got.says(), "200 ERROR", "200 AVAILABLE"); says != expect {
			t.Errorf("%q %s: %q, want %q", kind, rec.ID, says, expect)
		}
		if given := got.byID[:3] == "200"; given != (len(rec.Metadata) > 0) || given && !bytes.Equal(got.listed[0], rec.Metadata) {
			t.Errorf("metadata of %s, %q, is %s; listed %s", rec.ID, kind, rec.Metadata, got.listed)
		}
		if flagged != rec.Flagged || known != rec.Known {
			t.Errorf("recording %s: flagged %v, known %v", rec.ID, rec.Flagged, rec.Known)
		}
		for what, is := range map[string]bool{"unflagged": known && !flagged, "forgotten": !known, "screen": rec.Screen, "sensitive": rec.Sensitive} {
			if is {
				seen[what]++
			}
		}
		if !known {
			c.refused(404, "conversation.not.found", http.MethodGet, api+"conversations/"+rec.ConversationID, nil)
		}
		for _, row := range got.rows {
			if created := row.CreationTime; !row.DeleteDate.Equal(rec.DeleteDate) || row.ConversationID != rec.ConversationID ||
				!known && (created.Before(day0) || created.After(day0.AddDate(0, 0, 3))) {
				t.Errorf("retained: %+v; to be deleted %s", row, rec.DeleteDate)
			}
			if past := now.Sub(row.DeleteDate); (kind == "vanished") != (past > 0 && past <= 2*time.Minute) {
				t.Errorf("%s is deleted at %s", kind, row.DeleteDate)
			}
		}
		if len(got.listed) == 2 && !bytes.Equal(got.listed[0], got.listed[1]) || len(got.batch) == 2 && got.batch[0] != got.batch[1] {
			t.Errorf("a duplicate differs: %s %+v", got.listed, got.batch)
		}
		if rec.Kind == "ok" {
			c.checkMedia(got.batch[0], rec, rec.Results[0])
		}
	}
	if seen["forgotten"] != 20 {
		t.Errorf("%d forgotten recordings", seen["forgotten"])
	}
	for _, kind := range append(slices.Collect(maps.Keys(want)), "unflagged", "screen", "sensitive") {
		if seen[kind] == 0 {
			t.Errorf("no recording is %q: %v", kind, seen)
		}
	}
	now = now.Add(60 * time.Hour)
	for rec := range c.s.Truth().Recordings() {
		if !rec.ReadyAt.IsZero() && (rec.Kind != "ok" || rec.FileState != "AVAILABLE" || rec.Fate != "") {
			t.Errorf("late recording, a day later: %+v", rec)
		}
	}
}

// A screen is told of by its participant, and is a film that soon is deleted.
func TestScreenRecordings(t *testing.T) {
	c := start(t, simulator.Config{ConversationsPerDay: 40, ScreenShare: 0.5, LargeMediaEvery: 3, LargeMediaBytes: 100_000}).demo()
	told := map[string]bool{}
	for one := range c.s.Truth().Conversations() {
		told[one.ID] = bytes.Contains(one.Row, []byte(`"purpose":"agent"`)) && bytes.Count(one.Row, []byte(`,"screenRecording":true`)) == 1
	}
	screens := 0
	for rec := range c.s.Truth().Recordings() {
		metadata := c.object(rec.Metadata)
		if rec.Screen != (metadata["media"] == "screen" && metadata["mediaSubtype"] == "Screen") {
			t.Errorf("metadata %s", rec.Metadata)
		}
		if !rec.Screen {
			continue
		}
		screens++
		if !told[rec.ConversationID] {
			t.Errorf("no participant of %s has a screen recording", rec.ConversationID)
		}
		delete(told, rec.ConversationID)
		result := c.batch([]m{{"conversationId": rec.ConversationID, "recordingId": rec.ID}})[0]
		c.checkMedia(result, rec, rec.Results[0])
		if _, raw := c.media(result.ResultURL); result.ContentType != "video/webm" || !bytes.HasPrefix(raw, []byte("\x1aE\xdf\xa3")) {
			t.Errorf("a screen is %s", result.ContentType)
		}
		end, err := time.Parse(time.RFC3339, metadata["endTime"].(string))
		if err != nil || !rec.DeleteDate.Equal(end.AddDate(0, 0, 30)) {
			t.Errorf("a screen of %v is deleted at %s", end, rec.DeleteDate)
		}
	}
	for id, is := range told {
		if is {
			t.Errorf("conversation %s has no screen", id)
		}
	}
	if screens == 0 {
		t.Error("no screens")
	}
}

// What a client that may not see sensitive data gets, by the organization's setting.
func TestRedaction(t *testing.T) {
	few := []string{"recording:recording:view"}
	for _, redaction := range []string{"", "exclude-silently", "exclude", "redact", "mixed"} {
		c := start(t, simulator.Config{
			ConversationsPerDay: 20, MediaBytes: 8 << 10, SensitiveShare: 0.5, ScreenShare: 0.3, SeveralResultsShare: -1, Redaction: redaction, CountMedia: true,
			Clients: []simulator.Client{{ID: "all", Secret: "s"}, {ID: "few", Secret: "s", Permissions: few},
				{ID: "enough", Secret: "s", Permissions: append(few, "recording:recording:viewSensitiveData")}},
		})
		want := map[string]string{
			"":                 ordinary,
			"exclude-silently": " | 403 recording.recording.view.permission.check.failed |  |  | x",
			"exclude":          "x | 200 AVAILABLE | " + excludedMsg + " | " + excludedMsg + " | x",
			"redact":           "x | 200 AVAILABLE | x" + redactedMsg + " | x" + redactedMsg + " | x",
		}
		list := slices.Collect(c.s.Truth().Recordings())
		seen := map[string]bool{}
		for _, id := range []string{"all", "few", "enough"} {
			all := c.login(id, "s").sourcesOf(list)
			for _, rec := range list {
				expect := ordinary
				if id == "few" {
					expect = want[rec.Redaction]
				}
				got := all[rec.ID]
				if got.says() != expect {
					t.Errorf("%s, %s: %q, want %q", redaction, id, got.says(), expect)
				}
				if (rec.Redaction != "") != (rec.Fate == "sensitive") || !rec.Sensitive && rec.Redaction != "" || rec.Kind != "ok" {
					t.Errorf("truth %+v", rec)
				}
				media := rec.Results
				if id == "few" && rec.Redaction == "redact" {
					if media = rec.Redacted; media[0].Bytes >= rec.Results[0].Bytes || media[0].ContentType != rec.Results[0].ContentType {
						t.Errorf("%+v redacted is %+v", rec.Results, media)
					}
				}
				if len(got.batch) > 0 && got.batch[0].ResultURL != "" {
					c.checkMedia(got.batch[0], rec, media[0])
				}
				if rec.Sensitive {
					seen[rec.Redaction] = true
				}
			}
		}
		if n := map[bool]int{true: 3, false: 1}[redaction == "mixed"]; len(seen) != n {
			t.Errorf("%s: of the sensitive, there are %v", redaction, seen)
		}
	}
}
