package simulator_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"exitplan/internal/simulator"
)

const protection = api + "recordings/deletionprotection"

// Retention deletes what its date has passed, but for what was protected in time.
func TestRetentionRunsOn(t *testing.T) {
	now := day0.AddDate(0, 0, 8)
	c := start(t, simulator.Config{ConversationsPerDay: 60, Days: 1, ShortRetentionShare: 0.6, Retention: true, TokenTTL: 2000 * time.Hour, Now: func() time.Time { return now }}).demo()
	recordings := func() (alive map[string]simulator.Recording, all []simulator.Recording) {
		alive = map[string]simulator.Recording{}
		for rec := range c.s.Truth().Recordings() {
			if all = append(all, rec); rec.FileState != "DELETED" {
				alive[rec.ID] = rec
			}
		}
		return alive, all
	}
	alive, all := recordings()
	if len(alive) != len(all) {
		t.Fatalf("%d of %d recordings at first", len(alive), len(all))
	}
	var held, late []string // conversations
	for _, rec := range all {
		if days := rec.DeleteDate.Sub(now).Hours() / 24; days > 2 && days < 32 {
			if held = append(held, rec.ConversationID); len(held) > 3 {
				held, late = held[:3], append(late, rec.ConversationID)
			}
		}
	}
	held, late = slices.Compact(held), late[:2]
	slices.Sort(held)
	c.call(204, http.MethodPut, protection, m{"conversationIds": held})
	if got := c.s.Truth().Protected(); !slices.Equal(got, held) {
		t.Errorf("protected %v, want %v", got, held)
	}

	now = now.AddDate(0, 0, 40)
	c.call(204, http.MethodPut, protection+"?protect=true", m{"conversationIds": late})
	before, deleted := all, 0
	alive, all = recordings()
	sources := c.sourcesOf(all)
	for i, rec := range all {
		protected := slices.Contains(held, rec.ConversationID)
		want := ordinary
		if !protected && before[i].DeleteDate.Before(now) {
			deleted++
			want = "x | 200 DELETED |  |  | "
		}
		says := strings.ReplaceAll(sources[rec.ID].says(), "xx", "x") // several results
		if says = strings.ReplaceAll(says, "xx", "x"); says != want {
			t.Errorf("%s, to be deleted %s: %q, want %q", rec.ID, before[i].DeleteDate, says, want)
		}
		for _, row := range sources[rec.ID].rows {
			if row.DeleteDate.IsZero() != (protected || slices.Contains(late, rec.ConversationID)) || !row.DeleteDate.Equal(rec.DeleteDate) {
				t.Errorf("row %+v of a protected conversation: %v", row, protected)
			}
		}
	}
	if deleted == 0 || len(alive) != len(all)-deleted {
		t.Errorf("%d deleted of %d, %d alive", deleted, len(all), len(alive))
	}
	c.call(204, http.MethodPut, protection+"?protect=false", m{"conversationIds": append(held, late...)})
	if again, _ := recordings(); len(again) >= len(alive) || c.s.Truth().Protected() != nil {
		t.Errorf("%d alive without protection, %d before", len(again), len(alive))
	}
}

func TestProtectionRefuses(t *testing.T) {
	c := start(t, simulator.Config{Days: 1, ConversationsPerDay: 30, DeniedShare: 0.5, Clients: []simulator.Client{
		{ID: "apply", Secret: "s", Permissions: []string{"recording:deletionProtection:apply"}},
		{ID: "revoke", Secret: "s", Permissions: []string{"recording:deletionProtection:revoke"}}}})
	var open, denied string
	for rec := range c.s.Truth().Recordings() {
		if rec.Fate == "denied" {
			denied = rec.ConversationID
		} else {
			open = rec.ConversationID
		}
	}
	body := func(ids ...string) m { return m{"conversationIds": ids} }
	may, other := c.login("apply", "s"), c.login("revoke", "s")
	may.refused(400, "recording.empty.payload", http.MethodPut, protection, nil)
	may.refused(400, "recording.empty.payload", http.MethodPut, protection, body())
	may.refused(400, "bad.request", http.MethodPut, protection, body(slices.Repeat([]string{open}, 101)...))
	may.refused(400, "bad.request", http.MethodPut, protection+"?protect=maybe", body(open))
	may.refused(404, "recording.conversation.not.found", http.MethodPut, protection, body(open, "nothing"))
	may.refused(403, "missing.division.permission", http.MethodPut, protection, body(open, denied))
	may.refused(403, "missing.permissions", http.MethodPut, protection+"?protect=false", body(open))
	other.refused(403, "missing.permissions", http.MethodPut, protection, body(open))
	if got := c.s.Truth().Protected(); got != nil {
		t.Errorf("refused, yet protected: %v", got)
	}
	may.call(204, http.MethodPut, protection, body(slices.Repeat([]string{open}, 100)...))
	other.call(204, http.MethodPut, protection+"?protect=false", body(open))
}

// An archived recording is restored, for a while, as often as the organization may.
func TestRestore(t *testing.T) {
	var ahead clock
	c := start(t, simulator.Config{
		Days: 1, ConversationsPerDay: 30, ArchivedShare: 0.6, UploadingShare: 0.2, SeveralResultsShare: -1, ScreenShare: 0.5,
		Restorations: 2, RestoreLatency: 500 * time.Millisecond, Now: ahead.now, TokenTTL: 200 * time.Hour,
		Clients: []simulator.Client{{ID: "all", Secret: "s"}, {ID: "view", Secret: "s", Permissions: []string{"recording:recording:view"}},
			{ID: "screens", Secret: "s", Permissions: []string{"recording:recording:view", "recording:screenRecording:editRetention"}}},
	}).login("all", "s")
	var archived, screens []simulator.Recording
	states := map[string]simulator.Recording{}
	for rec := range c.s.Truth().Recordings() {
		states[rec.FileState] = rec
		if rec.Screen && rec.Fate == "archived" {
			screens = append(screens, rec)
		} else if rec.Fate == "archived" {
			archived = append(archived, rec)
		}
	}
	path := func(rec simulator.Recording) string {
		return api + "conversations/" + rec.ConversationID + "/recordings/" + rec.ID
	}
	until := ahead.now().Add(72 * time.Hour).UTC().Truncate(time.Millisecond)
	body := m{"archiveDate": until}
	one := archived[0]
	const restore, edit = "recording.recording.restore.permission.check.failed", "recording.recording.edit.retention.permission.check.failed"
	c.login("view", "s").refused(403, restore, http.MethodPut, path(one), body)
	c.login("screens", "s").refused(403, restore, http.MethodPut, path(one), body)
	c.login("view", "s").refused(403, edit, http.MethodPut, path(states["AVAILABLE"]), body)
	c.refused(404, "recording.not.archivable", http.MethodPut, path(one)+"x", body)
	c.refused(400, "recording.not.archivable", http.MethodPut, path(states["UPLOADING"]), body)
	c.refused(400, "bad.request", http.MethodPut, path(states["AVAILABLE"]), body)
	c.refused(400, "bad.request", http.MethodPut, path(one), m{"archiveDate": day0})
	c.refused(400, "recording.invalid.json", http.MethodPut, path(one), []string{})

	is := func(state string, left int) simulator.Recording {
		t.Helper()
		metadata := c.call(200, http.MethodGet, strings.Replace(path(one), "/recordings/", "/recordingmetadata/", 1), nil)
		_, expires := metadata["restoreExpirationTime"]
		if metadata["fileState"] != state || expires != (state == "RESTORED") ||
			metadata["maxAllowedRestorationsForOrg"] != 2.0 || metadata["remainingRestorationsAllowedForOrg"] != float64(left) {
			t.Errorf("%v, want %s and %d left", metadata, state, left)
		}
		all := slices.Collect(c.s.Truth().Recordings())
		return all[slices.IndexFunc(all, func(rec simulator.Recording) bool { return rec.ID == one.ID })]
	}
	ask := []m{{"conversationId": one.ConversationID, "recordingId": one.ID}}
	is("ARCHIVED", 2)
	if answer := c.call(200, http.MethodPut, path(one), body); answer["fileState"] != "RESTORING" || answer["archiveDate"] != until.Format("2006-01-02T15:04:05.000Z") {
		t.Errorf("answer %v", answer)
	}
	if got := c.batch(ask); len(got) != 1 || got[0].ResultURL != "" || got[0].ErrorMsg != is("RESTORING", 1).Reason {
		t.Errorf("while it is restored: %+v", got)
	}
	time.Sleep(510 * time.Millisecond)
	rec := is("RESTORED", 1)
	c.checkMedia(c.batch(ask)[0], rec, rec.Results[0])
	c.call(200, http.MethodPut, path(one), m{"archiveDate": until.Add(24 * time.Hour)}) // costs none
	c.login("screens", "s").call(200, http.MethodPut, path(screens[0]), body)
	c.refused(400, "recording.not.archivable", http.MethodPut, path(archived[1]), body)
	is("RESTORED", 0)
	ahead.advance(80 * time.Hour)
	is("RESTORED", 0)
	ahead.advance(20 * time.Hour)
	is("ARCHIVED", 0)
}
