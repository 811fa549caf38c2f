package simulator_test

import (
	"cmp"
	"encoding/json"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"exitplan/internal/simulator"
)

const unknown = "11111111-2222-4333-8444-555555555555"

// unsigned takes signed URLs out of a record, and gives each once.
func (c *client) unsigned(raw []byte) (record string, urls []string) {
	c.t.Helper()
	member := regexp.MustCompile(`,?"[A-Za-z]+":"(` + regexp.QuoteMeta(c.s.MediaURL()) + `/files/[^"]*)"`)
	for _, found := range member.FindAllSubmatch(raw, -1) {
		if url := string(found[1]); !slices.Contains(urls, url) {
			urls = append(urls, url)
		}
	}
	return string(member.ReplaceAll(raw, nil)), urls
}

// holds compares a record of the API, and the files that it leads to, with the
// truth.
func (c *client) holds(what string, raw []byte, want simulator.Held) {
	c.t.Helper()
	record, urls := c.unsigned(raw)
	if record != string(want.Record) || len(urls) != len(want.Files) {
		c.t.Fatalf("%s %v:\n%s\nand %d files; want\n%s\nand %d", what, want.Parent, record, len(urls), want.Record, len(want.Files))
	}
	for i, url := range urls {
		c.fetched(url, want.Files[i])
	}
}

// filled puts ids into the places of a pattern, from the left.
func filled(pattern string, ids ...string) string {
	for _, id := range ids {
		if from, to := strings.IndexByte(pattern, '{'), strings.IndexByte(pattern, '}'); from >= 0 {
			pattern = pattern[:from] + id + pattern[to+1:]
		}
	}
	return pattern
}

// array is the rows of an answer, below a member or bare.
func (c *client) array(raw []byte, member string) (rows []json.RawMessage) {
	c.t.Helper()
	if member != "[]" {
		var answer map[string]json.RawMessage
		if err := json.Unmarshal(raw, &answer); err != nil {
			c.t.Fatal(err)
		}
		raw = answer[member]
	}
	if err := json.Unmarshal(raw, &rows); err != nil {
		c.t.Fatalf("%v: %.300s", err, raw)
	}
	return rows
}

// everyRow follows an answer's nextUri to the end; for no array, the answer is
// the row.
func (c *client) everyRow(at, array string) (rows []json.RawMessage) {
	c.t.Helper()
	for next := at; next != ""; {
		res, raw := c.do(c.request(http.MethodGet, next, nil))
		if res.StatusCode != 200 {
			c.t.Fatalf("%s: %d %.300s", next, res.StatusCode, raw)
		}
		if array == "" {
			return []json.RawMessage{raw}
		}
		rows = append(rows, c.array(raw, array)...)
		next = ""
		if array != "[]" {
			next, _ = c.object(raw)["nextUri"].(string)
		}
	}
	return rows
}

const speech = "speechandtextanalytics/conversations/{conversationId}"

// ofConversations are operations about one conversation.
var ofConversations = map[string]struct {
	array   string // "" for one record, [] for a bare array
	none    int    // the status for a conversation without any
	unknown int    // and for an id that names none; else 404
}{
	"conversations/{conversationId}":                               {"", 0, 0},
	"conversations/emails/{conversationId}/messages":               {"entities", 404, 0},
	"conversations/emails/{conversationId}/messages/{messageId}":   {"", 404, 0},
	"conversations/messages/{conversationId}/messages/{messageId}": {"", 404, 0},
	speech:                 {"", 404, 0},
	speech + "/categories": {"entities", 200, 0},
	speech + "/sentiments": {"", 404, 0},
	speech + "/summaries":  {"entities", 404, 0},
	speech + "/communications/{communicationId}/transcripturls":           {"urls", 404, 0},
	speech + "/communications/{communicationId}/transcripturl":            {"", 404, 0},
	"conversations/{conversationId}/summaries":                            {"", 404, 0},
	"conversations/{conversationId}/customattributes":                     {"results", 200, 0},
	"conversations/{conversationId}/recordings/{recordingId}/annotations": {"[]", 404, 0},
	"quality/conversations/{conversationId}/evaluations/{evaluationId}":   {"", 404, 0},
	"quality/conversations/{conversationId}/surveys":                      {"[]", 200, 400},
	"quality/surveys/{surveyId}":                                          {"", 404, 0},
}

// contentPatterns are the other operations with content.
var contentPatterns = []string{bulkMessages, search, query, orphans, orphans + "/{orphanId}/media", retention,
	api + "voicemail/messages/{messageId}/media", api + "contentmanagement/documents/{documentId}/content",
	api + "responsemanagement/responseassets/search", api + "responsemanagement/responseassets/{responseAssetId}"}

// What each operation gives of each conversation is what the truth holds, and
// nothing where that holds nothing.
func TestConversationsHaveTheirTruth(t *testing.T) {
	c := start(t, simulator.Config{Seed: 5, Days: 1, ConversationsPerDay: 150, SecondRecordingShare: 0.3}).demo()
	for path, test := range ofConversations {
		held := map[string][]simulator.Held{}
		var order []string
		files := 0
		for one := range c.s.Truth().Held(api + path) {
			at := filled(api+path, one.Parent...)
			if held[at] == nil {
				order = append(order, at)
			}
			held[at] = append(held[at], one)
			files += len(one.Files)
			if !json.Valid(one.Record) {
				t.Fatalf("%s: no JSON: %s", at, one.Record)
			}
		}
		for _, at := range order {
			rows := c.everyRow(at, test.array)
			if len(rows) != len(held[at]) {
				t.Fatalf("%s: %d rows, want %d", at, len(rows), len(held[at]))
			}
			for i, row := range rows {
				c.holds(at, row, held[at][i])
			}
		}
		if wantFiles := strings.Contains(path, "messageId") || strings.Contains(path, "transcript") || path == "conversations/{conversationId}"; len(order) < 3 || files > 0 != wantFiles {
			t.Errorf("%s: %d, with %d files", path, len(order), files)
		}
		without := 0
		for one := range c.s.Truth().Conversations() {
			at := filled(api+path, one.ID, unknown)
			if held[at] == nil && test.none != 0 {
				without++
				if res, raw := c.do(c.request(http.MethodGet, at, nil)); res.StatusCode != test.none || test.none == 200 && len(c.array(raw, test.array)) > 0 {
					t.Fatalf("%s: %d %s, want %d without anything", at, res.StatusCode, raw, test.none)
				}
			}
		}
		if without == 0 && test.none != 0 {
			t.Errorf("%s: every conversation has some", path)
		}
		if res, _ := c.do(c.request(http.MethodGet, filled(api+path, unknown, unknown), nil)); res.StatusCode != cmp.Or(test.unknown, 404) {
			t.Errorf("%s of an unknown conversation: %d", path, res.StatusCode)
		}
		if res, _ := c.do(c.request(http.MethodGet, order[0]+"?colour=blue", nil)); res.StatusCode != 400 {
			t.Errorf("%s with an unknown parameter: %d", path, res.StatusCode)
		}
	}
}

// The truth tells of every operation that is served, but for one that the
// organization has not bought, and it is the seed's.
func TestHeldContent(t *testing.T) {
	const gone = api + "conversations/emails/{conversationId}/messages"
	one, again := start(t, simulator.Config{Seed: 3, Days: 1, Without: []string{gone}}), start(t, simulator.Config{Seed: 3, Days: 1})
	other := start(t, simulator.Config{Seed: 4, Days: 1})
	patterns := one.s.Truth().HeldPatterns()
	all := slices.Clone(contentPatterns)
	for path := range ofConversations {
		if api+path != gone {
			all = append(all, api+path)
		}
	}
	for _, pattern := range all {
		if !slices.Contains(patterns, pattern) {
			t.Errorf("%s is not among %v", pattern, patterns)
		}
		held := slices.Collect(one.s.Truth().Held(pattern))
		if same := slices.Collect(again.s.Truth().Held(pattern)); len(held) == 0 || !reflect.DeepEqual(held, same) {
			t.Errorf("%s changes from run to run, or has nothing", pattern)
		}
		if another := slices.Collect(other.s.Truth().Held(pattern)); reflect.DeepEqual(held, another) {
			t.Errorf("%s does not hang on the seed", pattern)
		}
	}
	for range one.s.Truth().Held(gone) {
		t.Error("the organization has e-mails that it has not")
	}
	for c := range one.s.Truth().Conversations() {
		one.demo().refused(404, "not.found", http.MethodGet, filled(gone, c.ID), nil)
		break
	}
}

// Some operations need all of their permissions, others any.
func TestContentPermissions(t *testing.T) {
	c := start(t, simulator.Config{Clients: []simulator.Client{
		{ID: "half", Secret: "s", Permissions: []string{"recording:recording:view"}},
		{ID: "whole", Secret: "s", Permissions: []string{"recording:recording:view", "speechAndTextAnalytics:data:view"}},
	}})
	half, whole := c.login("half", "s"), c.login("whole", "s")
	for one := range c.s.Truth().Held(api + "speechandtextanalytics/conversations/{conversationId}") {
		at := filled(api+"speechandtextanalytics/conversations/{conversationId}", one.Parent...)
		half.refused(403, "missing.permissions", http.MethodGet, at, nil)
		whole.call(200, http.MethodGet, at, nil)
		half.refused(403, "missing.permissions", http.MethodGet, api+"conversations/"+one.Parent[0], nil)
		break
	}
	half.call(200, http.MethodGet, api+"recordings/retention/query?retentionThresholdDays=0", nil)
}
