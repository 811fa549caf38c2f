package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"exitplan/internal/simulator"
)

// A destination that has lost the export (a disk that is not mounted, another
// server) must not be taken for one that is complete.
func TestADestinationThatLostTheExportIsRefused(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 20})
	w.export(t, exitComplete)
	there, away := filepath.Join(w.dir, "export"), filepath.Join(w.dir, "away")
	if err := os.Rename(there, away); err != nil {
		t.Fatal(err)
	}
	for _, flags := range [][]string{nil, {"--seal"}, {"--amend"}} {
		if stderr := w.export(t, exitUsage, flags...); !strings.Contains(stderr, "does not hold this export") {
			t.Errorf("%v: it says:\n%s", flags, tail(stderr))
		}
	}
	if _, err := os.Stat(there); !os.IsNotExist(err) {
		t.Errorf("something was written to the empty destination (%v)", err)
	}
	if err := os.Rename(away, there); err != nil {
		t.Fatal(err)
	}
	w.export(t, exitComplete)
}

// What is stored at one place cannot be declared to lie at another.
func TestAnExportDoesNotMove(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 20})
	w.export(t, exitComplete)
	elsewhere := "file://" + filepath.ToSlash(filepath.Join(w.dir, "elsewhere"))
	for _, change := range [][2]string{{"destination.url", elsewhere}, {"export_id", "y"}} {
		for _, flag := range []string{"--amend", "--seal"} {
			before := w.values[change[0]]
			w.set(t, change[:]...)
			if stderr := w.export(t, exitUsage, flag); !strings.Contains(stderr, change[0]) {
				t.Errorf("%s with %s: it says:\n%s", change[0], flag, tail(stderr))
			}
			w.set(t, change[0], before)
		}
	}
	if stderr := w.export(t, exitUsage, "--amend", "--bag-period", "day"); !strings.Contains(stderr, "bag_period") {
		t.Errorf("another bag period: it says:\n%s", tail(stderr))
	}
	if _, err := os.Stat(filepath.Join(w.dir, "elsewhere")); !os.IsNotExist(err) {
		t.Errorf("something was written elsewhere (%v)", err)
	}
}

// Outside the window nothing but the time is asked of the platform.
func TestOutsideTheWindowOnlyTheTimeIsAsked(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 20})
	w.export(t, exitComplete)
	other := w.fork(t) // whose journal has seen no close
	past := time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
	for _, tt := range []struct {
		world *world
		args  []string
	}{
		{w, []string{"check"}}, {w, []string{"export"}}, {other, []string{"export"}},
		{other, []string{"export", "--resume-from-destination"}},
	} {
		tt.world.set(t, "contract.termination_date", past)
		before := w.sim.Counts()
		code, stdout, stderr := exitplan(t, tt.world.args(tt.args...)...)
		if code != exitWindow {
			t.Errorf("%v: exit code %d\n%s%s", tt.args, code, stdout, tail(stderr))
		}
		after := w.sim.Counts()
		for route, n := range after.Routes {
			if route != "/" && n != before.Routes[route] { // where the login host tells the time
				t.Errorf("%v: asked %s", tt.args, route)
			}
		}
	}
}

// Further OAuth clients must be good, and of the same organization.
func TestFurtherClientsAreTried(t *testing.T) {
	var asked atomic.Int64
	stranger := func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/api/v2/organizations/me" && asked.Add(1)%2 == 0 {
				w.Header().Set("Content-Type", "application/json")
				_, _ = w.Write([]byte(`{"id":"11111111-2222-4333-8444-555555555555","name":"Another KK"}`))
				return
			}
			h.ServeHTTP(w, r)
		})
	}
	clients := []simulator.Client{{ID: "demo-client", Secret: "demo-secret"}, {ID: "second", Secret: "demo-secret"}}
	w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 20, Clients: clients, Middleware: stranger})
	secret := filepath.Join(w.dir, "secret")
	for _, tt := range []struct {
		secret, says string
		code         int
	}{
		{"wrong", "second", exitCredentials},
		{"demo-secret", "Another KK", exitUsage},
	} {
		if err := os.WriteFile(secret, []byte(tt.secret), 0o600); err != nil {
			t.Fatal(err)
		}
		w.set(t, "source.clients", "[{client_id: second, client_secret_file: "+secret+"}]")
		for _, command := range []string{"check", "export"} {
			asked.Store(0)
			code, stdout, stderr := exitplan(t, w.args(command)...)
			if code != tt.code || !strings.Contains(stdout+stderr, tt.says) {
				t.Errorf("%s with %s: exit code %d, want %d\n%s%s", command, tt.secret, code, tt.code, stdout, tail(stderr))
			}
		}
	}
}
