package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"exitplan/internal/notify"
	"exitplan/internal/simulator"
)

// inbox receives webhooks and checks their signatures.
type inbox struct {
	*httptest.Server
	mu   sync.Mutex
	list []notify.Event
}

const inboxSecret = "inbox-secret"

func newInbox(t *testing.T) *inbox {
	t.Helper()
	in := &inbox{}
	in.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if want := notify.Sign(inboxSecret, r.Header.Get(notify.HeaderTimestamp), body); r.Header.Get(notify.HeaderSignature) != want {
			t.Errorf("signed %q, want %q", r.Header.Get(notify.HeaderSignature), want)
		}
		var e notify.Event
		if err := json.Unmarshal(body, &e); err != nil {
			t.Error(err)
		}
		in.mu.Lock()
		defer in.mu.Unlock()
		in.list = append(in.list, e)
	}))
	t.Cleanup(in.Close)
	t.Setenv("EXITPLAN_NOTIFY_SECRET", inboxSecret)
	return in
}

// take returns what came since, and forgets it.
func (in *inbox) take() []notify.Event {
	in.mu.Lock()
	defer in.mu.Unlock()
	list := in.list
	in.list = nil
	return list
}

func kindsOf(list []notify.Event) (kinds []string) {
	for _, e := range list {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

// Every outcome is told, and the window that closes soon only once, whatever
// the number of runs.
func TestNotificationsOfRuns(t *testing.T) {
	in := newInbox(t)
	w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 5})
	at := time.Now().Add(50 * time.Hour).UTC().Truncate(time.Second)
	w.set(t, "contract.termination_date", at.Format(time.RFC3339), "notify.webhook", in.URL+"/hook-token")
	stderr := w.export(t, exitComplete)
	got := in.take()
	if kinds := kindsOf(got); !slices.Equal(kinds, []string{notify.Closing, notify.Closing, notify.Finished}) {
		t.Fatalf("told %v\n%s", kinds, stderr)
	}
	last := got[2]
	if *last.ExitCode != exitComplete || !strings.HasPrefix(last.Outcome, "Complete.") || !strings.Contains(last.Text, "Example KK") ||
		last.Counts.Records == 0 || last.Counts.Left != 0 || len(last.Classes) != 2 || !last.Classes[0].Closes.Equal(at) {
		t.Errorf("told %+v", last)
	}
	w.export(t, exitComplete)
	if kinds := kindsOf(in.take()); !slices.Equal(kinds, []string{notify.Finished}) {
		t.Errorf("the second run told %v", kinds)
	}

	w.set(t, "source.client_id", "nobody")
	w.export(t, exitCredentials)
	if got := in.take(); len(got) != 1 || *got[0].ExitCode != exitCredentials {
		t.Errorf("of wrong credentials: %+v", got)
	}
	w.set(t, "source.client_id", "demo-client", "contract.termination_date", "2026-03-04")
	w.export(t, exitWindow)
	if got := in.take(); len(got) != 1 || *got[0].ExitCode != exitWindow || got[0].ID == last.ID {
		t.Errorf("of a closed window: %+v", got)
	}
	for _, name := range []string{"state/journal.db", "state/journal.db-wal"} {
		text, err := os.ReadFile(filepath.Join(w.dir, name))
		if err == nil && (strings.Contains(string(text), inboxSecret) || strings.Contains(string(text), "hook-token")) {
			t.Errorf("a secret in %s", name)
		}
	}
}

// Whatever a receiver does, the export is the same.
func TestNotificationsThatFailChangeNothing(t *testing.T) {
	hang := make(chan struct{})
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("told another host") }))
	defer elsewhere.Close()
	bad := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/500":
			rw.WriteHeader(http.StatusInternalServerError)
		case "/hangs":
			<-hang
		case "/elsewhere":
			http.Redirect(rw, r, elsewhere.URL, http.StatusTemporaryRedirect)
		}
	}))
	defer bad.Close()
	defer close(hang)
	w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 3})
	for _, flag := range []string{
		"--notify-webhook=" + bad.URL + "/500", "--notify-webhook=" + bad.URL + "/hangs", "--notify-webhook=" + bad.URL + "/elsewhere",
		"--notify-webhook=http://127.0.0.1:1/", "--notify-command=sh -c 'exit 7'", "--notify-command=sleep 60", "--notify-command=/no/such/program",
	} {
		begun := time.Now()
		stderr := w.export(t, exitComplete, flag)
		if took := time.Since(begun); took > 10*time.Second {
			t.Errorf("%s: took %s", flag, took)
		}
		if !strings.Contains(stderr, "notification failed") {
			t.Errorf("%s: no warning\n%s", flag, stderr)
		}
	}
	failed := len(w.events(t, "notification-failed"))
	if failed < 6 {
		t.Errorf("%d failures are custody events", failed)
	}
	w.export(t, exitUsage, "--notify-webhook=http://host.example/")
}

// A platform that never finishes a job lets the export stand still; that is told
// once, and the interruption after it.
func TestNotificationOfAStall(t *testing.T) {
	in := newInbox(t)
	w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 3, JobLatency: time.Hour})
	w.set(t, "notify.webhook", in.URL, "notify.stalled_after", "1s")
	var seen []string
	code, stderr := interrupted(t, command(t, w.args("export")...), os.Interrupt, func() bool {
		seen = append(seen, kindsOf(in.take())...)
		return slices.Contains(seen, notify.Stalled)
	})
	rest := in.take()
	seen = append(seen, kindsOf(rest)...)
	if code != exitInterrupted || !slices.Equal(seen, []string{notify.Stalled, notify.Finished}) {
		t.Fatalf("exit code %d, told %v\n%s", code, seen, stderr)
	}
	if last := rest[len(rest)-1]; *last.ExitCode != exitInterrupted || !strings.HasPrefix(last.Outcome, "Interrupted") {
		t.Errorf("told %+v", last)
	}
}
