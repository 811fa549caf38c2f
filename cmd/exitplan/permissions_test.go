package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"exitplan/exporter"
	"exitplan/internal/config"
	"exitplan/internal/dataset"
	"exitplan/internal/simulator"
)

func TestWhatEveryClientMay(t *testing.T) {
	unread := errors.New("refused")
	role := func(domain, entity string, reach extent, actions ...string) grant {
		return grant{domain: domain, entity: entity, actions: actions, reach: reach}
	}
	all, view := role("*", "*", everywhere, "*"), role("recording", "recording", everywhere, "viewSensitiveData")
	for _, tt := range []struct {
		name string
		p    permissions
		want dataset.Sensitive
	}{
		{"nobody was asked", nil, dataset.SensitiveUnknown},
		{"granted", permissions{{grants: []grant{view}}}, dataset.SensitiveShown},
		{"by a wildcard", permissions{{grants: []grant{role("recording", "*", everywhere, "*")}}}, dataset.SensitiveShown},
		{"another action", permissions{{grants: []grant{role("recording", "recording", everywhere, "edit")}}}, dataset.SensitiveHidden},
		{"in some divisions", permissions{{grants: []grant{role("recording", "recording", inDivisions, "viewSensitiveData")}}}, dataset.SensitiveUnknown},
		{"on a condition", permissions{{grants: []grant{role("recording", "recording", onCondition, "viewSensitiveData")}}}, dataset.SensitiveUnknown},
		{"one role was not read", permissions{{err: unread}}, dataset.SensitiveUnknown},
		{"granted by another role than the one that was not read", permissions{{grants: []grant{view}, err: unread}}, dataset.SensitiveShown},
		{"one client lacks it", permissions{{grants: []grant{all}}, {grants: []grant{{plain: "admin", reach: everywhere}}}}, dataset.SensitiveHidden},
		{"one client lacks it, of another nothing is known", permissions{{err: unread}, {}}, dataset.SensitiveHidden},
		{"of one client nothing is known", permissions{{grants: []grant{all}}, {err: unread}}, dataset.SensitiveUnknown},
	} {
		if got := tt.p.sensitive(); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
	old := permissions{{grants: []grant{{plain: "content_management_user", reach: everywhere}}}}
	if r, _ := old.reach("content_management_user"); r != everywhere {
		t.Error("an old permission is not found")
	}
	if r, _ := (permissions{{grants: []grant{all}}}).reach("content_management_user"); r != nowhere {
		t.Error("a wildcard gives an old permission")
	}
}

// checked runs check as an OAuth client, and gives its findings by subject.
func checked(t *testing.T, w *world, code int, client string, flags ...string) map[string]finding {
	t.Helper()
	got, stdout, stderr := exitplan(t, w.args(append([]string{"--set", "source.client_id=" + client, "check", "--json"}, flags...)...)...)
	var list []finding
	if err := json.Unmarshal([]byte(stdout), &list); err != nil || got != code {
		t.Fatalf("%s: exit code %d, want %d (%v)\n%s%s", client, got, code, err, stdout, stderr)
	}
	findings := map[string]finding{}
	for _, f := range list {
		findings[f.Subject] = f
	}
	return findings
}

func TestCheckHoldsTheRoleAgainstWhatIsNeeded(t *testing.T) {
	few := []string{"authorization:role:view", dataset.DetailsPermission, "recording:recording:view"}
	w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 5, RequestsPerMinute: 3000, Clients: []simulator.Client{
		{ID: "demo-client", Secret: "demo-secret"},
		{ID: "few", Secret: "demo-secret", Permissions: few},
		{ID: "blind", Secret: "demo-secret", Permissions: few[1:]},
	}})
	for _, tt := range []struct {
		client, status, says, hint, sensitive string
	}{
		{"demo-client", "ok", "all are granted", "", "ok"},
		{"few", "warning", "1 missing: recording:recordingSegment:view (recordings)", "exitplan datasets --role", "warning"},
		{"blind", statusUnknown, "cannot be told", "grant authorization:role:view", statusUnknown},
	} {
		found := checked(t, w, exitComplete, tt.client)
		if f := found["permissions"]; f.Status != tt.status || !strings.Contains(f.Detail, tt.says) || !strings.Contains(f.Hint, tt.hint) {
			t.Errorf("%s: %+v, want %s, %q and %q", tt.client, f, tt.status, tt.says, tt.hint)
		}
		if f := found["sensitive data"]; f.Status != tt.sensitive {
			t.Errorf("%s: %+v, want %s", tt.client, f, tt.sensitive)
		}
		f := found["limits"]
		for _, part := range []string{"each token 3,000 requests", "3,000 a minute are sent", "60 minutes"} {
			if !strings.Contains(f.Detail, part) {
				t.Errorf("%s: limits %q do not say %q", tt.client, f.Detail, part)
			}
		}
	}
	f := checked(t, w, exitComplete, "few", "--set", "source.datasets=[all]")["permissions"]
	if !strings.Contains(f.Detail, " more") || len(f.Detail) > 1500 {
		t.Errorf("too much is said: %s", f.Detail)
	}
}

// Divisions that a role does not reach are told of, and an answer that says
// nothing is none.
func TestCheckKnowsWhatARoleDoesNotReach(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 5, DeniedShare: 0.5})
	if f := checked(t, w, exitComplete, "demo-client")["permissions"]; f.Status != "warning" || !strings.Contains(f.Detail, "3 not for all divisions") {
		t.Errorf("a role in one division: %+v", f)
	}
	for name, answer := range map[string]string{"empty": `{}`, "of another kind": `[]`, "without roles": `{"OAuthClient": {"roleDivisions": []}}`} {
		w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 5, Middleware: instead(map[string]http.HandlerFunc{
			"GET /api/v2/tokens/me": func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, answer) },
		})})
		if f := checked(t, w, exitComplete, "demo-client")["permissions"]; f.Status != statusUnknown {
			t.Errorf("an answer that is %s: %+v", name, f)
		}
	}
}

func TestSensitiveIsUnknownWhereTheRoleCannotBeRead(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 5, Clients: []simulator.Client{
		{ID: "demo-client", Secret: "demo-secret"},
		{ID: "few", Secret: "demo-secret", Permissions: []string{"authorization:role:view"}},
		{ID: "blind", Secret: "demo-secret", Permissions: []string{}},
	}})
	for client, want := range map[string]dataset.Sensitive{
		"demo-client": dataset.SensitiveShown, "few": dataset.SensitiveHidden, "blind": dataset.SensitiveUnknown,
	} {
		cfg, err := config.Load(w.config, []string{secretVariable + "=demo-secret"}, map[string]string{"source.client_id": client})
		if err != nil {
			t.Fatal(err)
		}
		s := &session{cfg: cfg, log: slog.New(slog.DiscardHandler), now: time.Now, clock: exporter.NewClock(time.Now, time.Time{}), names: []string{dataset.RecordingsName}}
		if err := s.connect(); err != nil {
			t.Fatal(err)
		}
		if got := s.sensitive(t.Context()); got != want {
			t.Errorf("%s: %v, want %v", client, got, want)
		}
	}
}
