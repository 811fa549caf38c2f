package simulator_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"exitplan/internal/simulator"
)

const bulkMessages = api + "conversations/messages/{conversationId}/messages/bulk"

// A conversation names its messages, and asked for together they are the truth:
// each once, whatever the order of the question, and nothing that it does not have.
func TestMessagesInBulk(t *testing.T) {
	c := start(t, simulator.Config{Seed: 2, Days: 1}).demo()
	want := map[string][]simulator.Held{}
	for one := range c.s.Truth().Held(bulkMessages) {
		want[one.Parent[0]] = append(want[one.Parent[0]], one)
	}
	repeated, long, stickers := 0, 0, 0
	for id, held := range want {
		var named []string
		for _, p := range c.call(200, http.MethodGet, api+"conversations/"+id, nil)["participants"].([]any) {
			for _, communication := range p.(m)["messages"].([]any) {
				for _, message := range communication.(m)["messages"].([]any) {
					named = append(named, message.(m)["messageId"].(string))
					stickers += len(message.(m)["stickers"].([]any))
				}
			}
		}
		slices.Reverse(named)
		asked := append([]string{unknown}, named...)
		res, raw := c.do(c.request(http.MethodPost, filled(bulkMessages, id), asked))
		rows := c.array(raw, "entities")
		if res.StatusCode != 200 || len(rows) != len(held) {
			t.Fatalf("%d: %d of %d messages that %v name", res.StatusCode, len(rows), len(held), named)
		}
		for i, row := range rows {
			c.holds(id, row, held[i])
		}
		if len(named) > len(held) {
			repeated++
		}
		if len(held) > 100 {
			long++
		}
		one := c.call(200, http.MethodPost, filled(bulkMessages, id), named[:1])["entities"].([]any)
		if len(one) != 1 || one[0].(m)["id"] != named[0] {
			t.Errorf("%s alone gives %v", named[0], one)
		}
	}
	if repeated == 0 || long == 0 || stickers == 0 {
		t.Errorf("%d of %d conversations repeat a message, %d are long, %d stickers", repeated, len(want), long, stickers)
	}
	c.refused(404, "conversation.not.found", http.MethodPost, filled(bulkMessages, unknown), []string{})
	for id := range want {
		c.refused(400, "bad.request", http.MethodPost, filled(bulkMessages, id), m{"ids": []string{}})
		c.refused(400, "bad.request", http.MethodPost, filled(bulkMessages, id)+"?useNormalizedMessage=true", []string{})
		break
	}
}

// What is sent along is named by each e-mail, but not always where it is; the
// preview never says.
func TestEnclosures(t *testing.T) {
	c := start(t, simulator.Config{Seed: 2, Days: 1}).demo()
	for path, word := range map[string]string{"conversations/emails/{conversationId}/messages/{messageId}": `"attachmentId"`, strings.TrimPrefix(bulkMessages, api): `"contentLengthBytes"`} {
		enclosed, linked, none := 0, 0, 0
		for one := range c.s.Truth().Held(api + path) {
			n := strings.Count(string(one.Record), word)
			if enclosed, linked = enclosed+n, linked+len(one.Files); n == 0 {
				none++
			}
		}
		if linked == 0 || linked >= enclosed || none == 0 {
			t.Errorf("%s: %d of %d enclosures can be had, %d letters have none", path, linked, enclosed, none)
		}
	}
	for one := range c.s.Truth().Held(api + "conversations/emails/{conversationId}/messages") {
		if len(one.Files) > 0 || strings.Contains(string(one.Record), "textBody\"") {
			t.Fatalf("a preview has %s", one.Record)
		}
	}
}

// The store of conversations forgets; analytics does not.
func TestOperationalDays(t *testing.T) {
	now := day0.AddDate(0, 0, 20)
	c := start(t, simulator.Config{Days: 20, ConversationsPerDay: 10, OperationalDays: 8, OpenShare: 0.1, Now: func() time.Time { return now }}).demo()
	remembered := map[string]bool{}
	for one := range c.s.Truth().Held(api + "conversations/{conversationId}") {
		remembered[one.Parent[0]] = true
	}
	forgotten, open := 0, 0
	for one := range c.s.Truth().Conversations() {
		old := !one.End.IsZero() && now.Sub(one.End) > 8*24*time.Hour
		if one.End.IsZero() && now.Sub(one.Start) > 12*24*time.Hour {
			open++
		}
		if old == remembered[one.ID] {
			t.Fatalf("%s ended %s, and is remembered: %v", one.ID, one.End, remembered[one.ID])
		}
		if old {
			forgotten++
			c.refused(404, "conversation.not.found", http.MethodGet, api+"conversations/"+one.ID, nil)
			continue
		}
		c.call(200, http.MethodGet, api+"conversations/"+one.ID, nil)
	}
	if forgotten == 0 || open == 0 || len(remembered) == 0 {
		t.Errorf("%d forgotten, %d open for long, %d remembered", forgotten, open, len(remembered))
	}
}
