package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"exitplan/exporter"
	"exitplan/internal/dataset"
	"exitplan/internal/journal"
	"exitplan/internal/simulator"
)

// listed is a world in whose journal each recording is known, and none is
// stored; that of the n-th is deleted in n hours. others are items beside them.
func listed(t *testing.T, cfg simulator.Config, others ...string) (w *world, conversations []string) {
	t.Helper()
	w = newWorld(t, cfg)
	w.set(t, "source.datasets", "["+dataset.DetailsName+"]")
	w.export(t, exitComplete)
	j, err := journal.Open(t.Context(), w.values["state"], journal.Options{Now: time.Now, Command: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	list := exporter.Unit{Dataset: dataset.RetentionName, Key: "list"}
	r := exporter.Receipt{Unit: list.Key, Outcome: exporter.Done}
	know := func(item string) {
		r.Expected = append(r.Expected, exporter.Expectation{Dataset: dataset.RecordingsName, Item: item, Source: "retention-query",
			At: w.cfg.From.Add(time.Hour), Due: time.Now().Add(time.Duration(len(r.Expected)+1) * time.Hour)})
	}
	for _, item := range others {
		know(item)
	}
	for rec := range w.sim.Truth().Recordings() {
		know(rec.ConversationID + "/" + rec.ID)
		conversations = append(conversations, rec.ConversationID)
	}
	for _, err := range []error{j.Add(t.Context(), []exporter.Unit{list}), j.Commit(t.Context(), r)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(conversations)
	return w, slices.Compact(conversations)
}

// protects runs protect and reads what it says.
func protects(t *testing.T, w *world, code int, flags ...string) (plan protectPlan, stderr string) {
	t.Helper()
	got, stdout, stderr := exitplan(t, w.args(append([]string{"protect", "--json"}, flags...)...)...)
	if got != code {
		t.Fatalf("protect %v: exit code %d, want %d\n%s%s", flags, got, code, stdout, stderr)
	}
	if stdout != "" {
		if err := json.Unmarshal([]byte(stdout), &plan); err != nil {
			t.Fatalf("protect %v: %v\n%s", flags, err, stdout)
		}
	}
	return plan, stderr
}

// events gives the custody events of a kind.
func events(t *testing.T, w *world, kind string) (list []journal.Event) {
	t.Helper()
	j, err := journal.Open(t.Context(), w.values["state"], journal.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	for e, err := range j.Events(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Kind == kind {
			list = append(list, e)
		}
	}
	return list
}

func TestProtectAndRelease(t *testing.T) {
	w, conversations := listed(t, simulator.Config{Days: 1, ConversationsPerDay: 300}, "11111111-2222-4333-8444-555555555555/gone")
	n := int64(len(conversations))
	if n <= protectAtOnce {
		t.Fatalf("%d conversations fit into one request", n)
	}
	plan, _ := protects(t, w, exitComplete)
	if plan.Conversations != n+1 || plan.Recordings <= n || plan.Outcome != "planned" || plan.First.IsZero() || !plan.Last.After(plan.First) {
		t.Errorf("planned %+v", plan)
	}
	soon, _ := protects(t, w, exitComplete, "--until", time.Now().AddDate(0, 0, 2).UTC().Format(time.DateOnly))
	if soon.Recordings < 20 || soon.Recordings > 48 {
		t.Errorf("%d recordings are deleted within two days, one an hour", soon.Recordings)
	}
	if got := w.sim.Truth().Protected(); len(got) != 0 {
		t.Fatalf("%d are protected without having been asked for", len(got))
	}
	done, _ := protects(t, w, exitMissing, "--apply")
	if done.Conversations != n || len(done.Refused) != 1 || done.Refused[0].Reason != "recording.conversation.not.found" {
		t.Errorf("protected %+v", done)
	}
	if got := w.sim.Truth().Protected(); !slices.Equal(got, conversations) {
		t.Errorf("%d conversations are protected, want %d", len(got), n)
	}
	e := events(t, w, "deletion-protection-applied")
	if len(e) != 1 || e[0].Detail["conversations"] != count(n) || len(e[0].Detail["sha256"]) != 64 || e[0].Detail["first_delete_date"] == "" {
		t.Errorf("events %+v", e)
	}
	if plan, _ = protects(t, w, exitComplete); plan.Conversations != 1 || plan.Before != n {
		t.Errorf("afterwards %+v is planned", plan)
	}
	if done, _ = protects(t, w, exitComplete, "--release"); done.Conversations != n {
		t.Errorf("released %+v", done)
	}
	if got, e := w.sim.Truth().Protected(), events(t, w, "deletion-protection-released"); len(got) != 0 || len(e) != 1 {
		t.Errorf("%d conversations are protected still; events %+v", len(got), e)
	}
	if plan, _ = protects(t, w, exitComplete); plan.Conversations != n+1 || plan.Before != 0 {
		t.Errorf("after the release %+v is planned", plan)
	}
}

// What was answered before an error is known to the next run.
func TestProtectGoesOnAfterAnInterruption(t *testing.T) {
	var asked atomic.Int64
	w, conversations := listed(t, simulator.Config{Days: 1, ConversationsPerDay: 300, Middleware: func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPut && asked.Add(1) == 2 {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(http.StatusConflict)
				return
			}
			h.ServeHTTP(w, r)
		})
	}})
	first, stderr := protects(t, w, exitFailed, "--apply")
	if first.Conversations != protectAtOnce || !strings.Contains(stderr, "409") {
		t.Errorf("%+v\n%s", first, stderr)
	}
	second, _ := protects(t, w, exitComplete, "--apply")
	if second.Before != protectAtOnce || second.Conversations+first.Conversations != int64(len(conversations)) {
		t.Errorf("then %+v", second)
	}
	if got := w.sim.Truth().Protected(); !slices.Equal(got, conversations) {
		t.Errorf("%d conversations are protected, want %d", len(got), len(conversations))
	}
	if e := events(t, w, "deletion-protection-applied"); len(e) != 2 {
		t.Errorf("events %+v", e)
	}
}

func TestProtectNeedsItsPermission(t *testing.T) {
	may := []string{dataset.DetailsPermission, "authorization:role:view"}
	clients := []simulator.Client{
		{ID: "demo-client", Secret: "demo-secret", Permissions: may},
		{ID: "apply", Secret: "demo-secret", Permissions: append(may, "recording:deletionProtection:apply")},
	}
	w, conversations := listed(t, simulator.Config{Days: 1, ConversationsPerDay: 20, Clients: clients})
	if _, stderr := protects(t, w, exitCredentials, "--apply"); !strings.Contains(stderr, "recording:deletionProtection:apply") {
		t.Errorf("it does not name the permission:\n%s", stderr)
	}
	w.set(t, "source.client_id", "apply")
	protects(t, w, exitComplete, "--apply")
	if _, stderr := protects(t, w, exitCredentials, "--release"); !strings.Contains(stderr, "recording:deletionProtection:revoke") {
		t.Errorf("it does not name the permission:\n%s", stderr)
	}
	if got := w.sim.Truth().Protected(); !slices.Equal(got, conversations) {
		t.Errorf("%d are protected, want %d", len(got), len(conversations))
	}
}

// A conversation in a division that the client's role does not reach costs no
// other; where none is reached, the permission is at fault.
func TestProtectPassesOverOtherDivisions(t *testing.T) {
	for _, share := range []float64{0.4, 1} {
		w, conversations := listed(t, simulator.Config{Days: 1, ConversationsPerDay: 30, DeniedShare: share})
		if share == 1 {
			if _, stderr := protects(t, w, exitCredentials, "--apply"); !strings.Contains(stderr, "recording:deletionProtection:apply") {
				t.Errorf("it does not name the permission:\n%s", stderr)
			}
			continue
		}
		done, _ := protects(t, w, exitMissing, "--apply")
		if len(done.Refused) == 0 || int(done.Conversations)+len(done.Refused) != len(conversations) || done.Refused[0].Reason != "missing.division.permission" {
			t.Errorf("protected %+v of %d", done, len(conversations))
		}
		again, _ := protects(t, w, exitMissing, "--apply")
		if again.Conversations != 0 || len(again.Refused) != len(done.Refused) {
			t.Errorf("then %+v", again)
		}
	}
}

func TestProtectOnlyWhereItMay(t *testing.T) {
	w, _ := listed(t, simulator.Config{Days: 1, ConversationsPerDay: 5})
	for _, flags := range [][]string{{"--apply", "--release"}, {"--until", "soon"}, {"--release", "--until", "2099-01-01"}} {
		protects(t, w, exitUsage, flags...)
	}
	for _, flags := range [][]string{nil, {"--apply"}} {
		other := w.fork(t)
		protects(t, other, exitUsage, flags...)
		if names, _ := filepath.Glob(filepath.Join(other.values["state"], "*")); len(names) > 0 {
			t.Errorf("protect %v made %v", flags, names)
		}
	}
	j, err := journal.Open(t.Context(), w.values["state"], journal.Options{Now: time.Now, Command: "export"})
	if err != nil {
		t.Fatal(err)
	}
	protects(t, w, exitComplete) // asks nobody
	if _, stderr := protects(t, w, exitFailed, "--apply"); !strings.Contains(stderr, "Ctrl-C") || strings.Count(stderr, "\n") != 1 {
		t.Errorf("beside an export it says:\n%s", stderr)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	w.set(t, "contract.termination_date", time.Now().Add(-time.Hour).UTC().Format(time.RFC3339))
	before := w.sim.Counts()
	protects(t, w, exitWindow, "--apply")
	for route, n := range w.sim.Counts().Routes {
		if route != "/" && n != before.Routes[route] {
			t.Errorf("outside the window it asked %s", route)
		}
	}
	if got := w.sim.Truth().Protected(); len(got) != 0 {
		t.Errorf("%d are protected", len(got))
	}
}

// Another machine can release what the first protected.
func TestWhatIsProtectedIsKnownToAnotherMachine(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 20, MediaBytes: 1 << 10})
	w.export(t, exitComplete)
	line := `{"at":"2026-03-01T00:00:00Z","protect":true,"conversations":["a","b"]}` + "\n"
	if err := os.WriteFile(filepath.Join(w.values["state"], protectedFile), []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	w.export(t, exitComplete)
	w.set(t, "state", filepath.Join(w.dir, "another"))
	w.export(t, exitComplete, "--resume-from-destination")
	held, err := readProtected(w.values["state"])
	if err != nil || len(held) != 2 {
		t.Errorf("%v %v", held, err)
	}
}
