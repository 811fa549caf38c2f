package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"exitplan/internal/simulator"
)

// interrupted sends one signal once ready, and expects the end soon after.
func interrupted(t *testing.T, cmd *exec.Cmd, signal os.Signal, ready func() bool) (code int, stderr string) {
	t.Helper()
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	for !ready() {
		select {
		case err := <-exited:
			t.Fatalf("ended before the signal: %v\n%s", err, errs.String())
		case <-time.After(5 * time.Millisecond):
		}
	}
	if err := cmd.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	select {
	case <-exited:
	case <-time.After(10 * time.Second): // a write to S3 may linger for 5
		_ = cmd.Process.Kill()
		<-exited
		t.Fatalf("went on for 10 s after %v\n%s", signal, errs.String())
	}
	return cmd.ProcessState.ExitCode(), errs.String()
}

func TestASimulatorStopsOnRequest(t *testing.T) {
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		log := filepath.Join(t.TempDir(), "ready")
		cmd := command(t, "simulate", "--listen", "127.0.0.1:0", "--media-listen", "127.0.0.1:0", "--log", log)
		code, stderr := interrupted(t, cmd, signal, func() bool {
			_, err := os.Stat(log) // made just before the server starts
			return err == nil
		})
		if code != exitComplete || strings.Contains(stderr, "transfers") {
			t.Errorf("%v: exit code %d\n%s", signal, code, stderr)
		}
	}
}

// A command that has nothing to drain ends at the first signal.
func TestTheFirstSignalEndsWhatHasNoTransfers(t *testing.T) {
	var asked atomic.Int64
	hang := simulator.Config{Middleware: func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/organizations/me") {
				asked.Add(1)
				<-r.Context().Done()
				return
			}
			h.ServeHTTP(w, r)
		})
	}}
	for _, name := range []string{"check", "export"} { // export, before any unit runs
		t.Run(name, func(t *testing.T) {
			w, before := newWorld(t, hang), asked.Load()
			code, stderr := interrupted(t, command(t, w.args(name)...), os.Interrupt, func() bool { return asked.Load() > before })
			if code != exitInterrupted || !strings.Contains(stderr, "stopped") {
				t.Errorf("exit code %d\n%s", code, stderr)
			}
		})
	}
}

// A sparse file takes long to read, and nothing to store.
func TestTheFirstSignalEndsALongVerification(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"data/huge":           "",
		"bagit.txt":           "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n",
		"manifest-sha256.txt": strings.Repeat("0", 64) + "  data/huge\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Truncate(filepath.Join(dir, "data", "huge"), 1<<40); err != nil {
		t.Skip("no sparse files here:", err)
	}
	begun := time.Now()
	code, stderr := interrupted(t, command(t, "verify", dir), syscall.SIGTERM, func() bool { return time.Since(begun) > time.Second })
	if code != exitInterrupted {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
}

// A signal while the export is sealed stops the sealing, and the next run
// goes on with it.
func TestASignalStopsTheSealing(t *testing.T) {
	w := newWorld(t, simulator.Config{ConversationsPerDay: 20})
	server := w.onS3(t)
	store, err := url.Parse(server.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	var slow atomic.Bool
	var held atomic.Int64
	slow.Store(true)
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(store); r.Out.Host = r.In.Host }}
	proxy := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if slow.Load() && strings.HasSuffix(r.URL.Path, "manifest-sha256.txt") {
			held.Add(1)
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
			return
		}
		forward.ServeHTTP(rw, r)
	}))
	t.Cleanup(proxy.Close)
	w.set(t, "destination.endpoint", proxy.URL)
	code, stderr := interrupted(t, command(t, w.args("export")...), os.Interrupt, func() bool { return held.Load() > 0 })
	if code != exitInterrupted || !strings.Contains(stderr, "sealing") {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
	slow.Store(false)
	w.export(t, exitComplete)
}

// What a run had done is written down even if it was told twice to stop.
func TestStoppedAtOnceIsStillWrittenDown(t *testing.T) {
	var polled atomic.Int64
	w := newWorld(t, simulator.Config{Middleware: func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, "/details/jobs/") && strings.HasSuffix(r.URL.Path, "/results") {
				polled.Add(1)
				<-r.Context().Done() // in flight for ever
				return
			}
			h.ServeHTTP(rw, r)
		})
	}})
	cmd := command(t, w.args("export")...)
	code, stderr := interrupted(t, cmd, os.Interrupt, func() bool {
		if polled.Load() == 0 {
			return false
		}
		time.Sleep(100 * time.Millisecond)
		return cmd.Process.Signal(os.Interrupt) == nil
	})
	if code != exitInterrupted {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
	if _, err := os.Stat(filepath.Join(w.dir, "export", "x", "state", "journal.db.gz")); err != nil {
		t.Errorf("the journal was not copied: %v\n%s", err, stderr)
	}
	checkLast(t, w, stderr)
}
