package simulator_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"testing"
	"time"

	"exitplan/internal/simulator"
)

func TestVoicemailMedia(t *testing.T) {
	c := start(t, simulator.Config{}).demo()
	const pattern = api + "voicemail/messages/{messageId}/media"
	held := map[string]simulator.Held{}
	for one := range c.s.Truth().Held(pattern) {
		held[one.Parent[0]] = one
	}
	listed := 0
	for _, short := range []string{"voicemail/queues/{queueId}/messages", "voicemail/groups/{groupId}/messages", "voicemail/users/{userId}/messages"} {
		for _, path := range paths(t, c.s, c.listing(short)) {
			for row := range c.s.Truth().Listing(api+short, path[1]) {
				id := entityID(t, row)
				_, raw := c.do(c.request(http.MethodGet, filled(pattern, id)+"?formatId=WAV", nil))
				c.holds(pattern, raw, held[id])
				listed++
			}
		}
	}
	if listed == 0 || listed != len(held) || len(held) > 0 && c.s.Counts().Requests["media"] != int64(listed) {
		t.Errorf("%d messages, %d with media", listed, len(held))
	}
	c.refused(404, "not.found", http.MethodGet, filled(pattern, unknown), nil)
}

// Some documents are there at once; for others the platform answers without the
// content first, in one of two ways.
func TestDocumentContent(t *testing.T) {
	c := start(t, simulator.Config{JobLatency: 30 * time.Millisecond}).demo()
	const pattern = api + "contentmanagement/documents/{documentId}/content"
	first := map[string]int{}
	for _, path := range paths(t, c.s, c.listing("contentmanagement/workspaces/{workspaceId}/documents")) {
		for row := range c.s.Truth().Listing(api+"contentmanagement/workspaces/{workspaceId}/documents", path[1]) {
			res, raw := c.do(c.request(http.MethodGet, filled(pattern, entityID(t, row)), nil))
			switch {
			case res.StatusCode == 202 && len(raw) == 0:
				first["accepted"]++
			case c.object(raw)["state"] == "Running" && c.object(raw)["contentLocationUri"] == nil:
				first["running"]++
			default:
				first["there"]++
			}
		}
	}
	time.Sleep(40 * time.Millisecond)
	held := 0
	for one := range c.s.Truth().Held(pattern) {
		_, raw := c.do(c.request(http.MethodGet, filled(pattern, one.Parent...), nil))
		c.holds(pattern, raw, one)
		held += len(one.Files)
	}
	if first["accepted"] == 0 || first["running"] == 0 || first["there"] == 0 || held != first["accepted"]+first["running"]+first["there"] {
		t.Errorf("%v, and %d with content", first, held)
	}
	c.refused(404, "not.found", http.MethodGet, filled(pattern, unknown), nil)
}

// Rows of prompts and grammars lead to most of their files; those of grammars only
// for a request that asks for their URLs.
func TestRowsWithFiles(t *testing.T) {
	c := start(t, simulator.Config{}).demo()
	for short, more := range map[string]string{
		"architect/prompts/{promptId}/resources": "", "architect/systemprompts/{promptId}/resources": "", "architect/grammars": "?includeFileUrls=true",
	} {
		files, without := 0, 0
		held := map[string][]simulator.Held{}
		for one := range c.s.Truth().Held(api + short) {
			at := filled(api+short, one.Parent...)
			held[at] = append(held[at], one)
			if files += len(one.Files); len(one.Files) == 0 {
				without++
			}
		}
		for at, want := range held {
			l := c.listing(short)
			rows := c.listed(l, at+more)
			truth := slices.Collect(c.s.Truth().Listing(l.Pattern, append(want[0].Parent, "")[0]))
			if len(rows) != len(want) || len(truth) != len(want) {
				t.Fatalf("%s: %d rows, %d listed, %d held", at, len(rows), len(truth), len(want))
			}
			for i, row := range rows {
				c.holds(at, row, want[i])
				if !bytes.Equal(truth[i], want[i].Record) {
					t.Errorf("%s: %s, held as %s", at, truth[i], want[i].Record)
				}
			}
			if more != "" {
				for i, row := range c.listed(l, at) {
					if !bytes.Equal(row, truth[i]) {
						t.Errorf("%s shows URLs without being asked: %s", at, row)
					}
				}
			}
		}
		if files == 0 || more == "" && without == 0 {
			t.Errorf("%s: %d files, %d rows without", short, files, without)
		}
	}
}

func TestResponseAssets(t *testing.T) {
	c := start(t, simulator.Config{}).demo()
	const search = api + "responsemanagement/responseassets/search"
	held := slices.Collect(c.s.Truth().Held(search))
	var rows []json.RawMessage
	pages := 0.0
	for number := 1; ; number++ {
		_, raw := c.do(c.request(http.MethodPost, search, m{"query": []any{}, "pageSize": 7, "pageNumber": number}))
		answer, page := c.object(raw), c.array(raw, "results")
		if pages = answer["pageCount"].(float64); answer["total"] != float64(len(held)) {
			t.Fatalf("%s of %d", raw, len(held))
		}
		if len(page) == 0 {
			if pages != float64(number-1) {
				t.Errorf("page %d of %v is empty", number, pages)
			}
			break
		}
		rows = append(rows, page...)
	}
	if len(rows) != len(held) || len(rows) == 0 {
		t.Fatalf("%d of %d assets", len(rows), len(held))
	}
	for i, row := range rows {
		c.holds(search, row, held[i])
		_, raw := c.do(c.request(http.MethodGet, api+"responsemanagement/responseassets/"+entityID(t, row), nil))
		c.holds("alone", raw, held[i])
	}
	c.refused(404, "not.found", http.MethodGet, api+"responsemanagement/responseassets/"+unknown, nil)
	for _, body := range []m{{}, {"query": []m{{"type": "TERM", "fields": []string{"name"}, "value": "x"}}}, {"query": []any{}, "pageSize": 101}} {
		c.refused(400, "bad.request", http.MethodPost, search, body)
	}
}
