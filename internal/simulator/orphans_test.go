package simulator_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"
	"time"

	"exitplan/internal/simulator"
)

const orphans = api + "orphanrecordings"

func TestOrphans(t *testing.T) {
	c := start(t, simulator.Config{Orphans: 33, JobLatency: 30 * time.Millisecond}).demo()
	want := slices.Collect(c.s.Truth().Held(orphans))
	all := c.everyRow(orphans+"?pageSize=10&hasConversation=false", "entities")
	if len(want) != 33 || len(all) != 33 {
		t.Fatalf("%d orphans, %d listed", len(want), len(all))
	}
	known, screens := 0, 0
	for i, row := range all {
		c.holds(orphans, row, want[i])
		var one struct {
			MediaType string
			Recording struct{ ConversationID string }
		}
		if err := json.Unmarshal(row, &one); err != nil {
			t.Fatal(err)
		}
		if one.Recording.ConversationID != "" {
			known++
		}
		if one.MediaType == "SCREEN" {
			screens++
		}
	}
	count := func(parameters string) int { return len(c.everyRow(orphans+"?pageSize=10&"+parameters, "entities")) }
	if known == 0 || screens == 0 || count("hasConversation=true") != known || count("media=Screen") != screens || count("media=Call") != 33-screens {
		t.Errorf("%d of a known conversation, %d screens; filtered %d, %d, %d", known, screens, count("hasConversation=true"), count("media=Screen"), count("media=Call"))
	}
	if none := start(t, simulator.Config{Orphans: -1}).demo(); len(none.everyRow(orphans, "entities")) > 0 {
		t.Error("a negative number of orphans gives some")
	}
}

// Media is made ready when it is first asked for, and forgotten after its time, or
// by a fault.
func TestOrphanMedia(t *testing.T) {
	var now clock
	c := start(t, simulator.Config{JobLatency: 30 * time.Millisecond, Now: now.now}).demo()
	const pattern = orphans + "/{orphanId}/media"
	var held []simulator.Held
	for one := range c.s.Truth().Held(pattern) {
		c.call(202, http.MethodGet, filled(pattern, one.Parent...), nil)
		held = append(held, one)
	}
	time.Sleep(40 * time.Millisecond)
	for _, one := range held {
		res, raw := c.do(c.request(http.MethodGet, filled(pattern, one.Parent...)+"?formatId=MP3", nil))
		if res.StatusCode != 200 || len(one.Files) != 1 {
			t.Fatalf("%d %s, %d files", res.StatusCode, raw, len(one.Files))
		}
		c.holds(pattern, raw, one)
	}
	at := filled(pattern, held[0].Parent...)
	now.advance(24 * time.Hour)
	c = c.demo() // another token: the old one expired too
	c.call(202, http.MethodGet, at, nil)
	time.Sleep(40 * time.Millisecond)
	c.call(200, http.MethodGet, at, nil)
	c.s.SetFaults(faulty(t, "expired-job=1"))
	c.call(202, http.MethodGet, at, nil)
	c.refused(404, "not.found", http.MethodGet, filled(pattern, unknown), nil)
}
