package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"exitplan/internal/simulator"
)

// Each mistake ends in the right exit code and one clear line that says what
// to do.
func TestBadInputIsOneClearLine(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 10, Clients: []simulator.Client{
		{ID: "demo-client", Secret: "demo-secret"},
		{ID: "poor-client", Secret: "demo-secret", Permissions: []string{}},
	}})
	for _, tt := range []struct {
		name string
		set  []string // key=value
		args []string
		code int
		says string
	}{
		{"misspelt key", []string{"source.regoin=x"}, nil, exitUsage, "source.region"},
		{"unknown command", nil, []string{"exprot"}, exitUsage, "exprot"},
		{"unknown flag", nil, []string{"export", "--frobnicate"}, exitUsage, "frobnicate"},
		{"end before start", []string{"source.interval.from=2026-03-05", "source.interval.to=2026-03-01"}, nil, exitUsage, "interval"},
		{"extension before termination", []string{"contract.extensions=[{requested: 2026-01-01, granted: 2026-01-02, until: 2026-02-01, classes: [metrics]}]"}, nil, exitUsage, "extensions"},
		{"zone Local", []string{"contract.time_zone=Local"}, nil, exitUsage, "time_zone"},
		{"zone empty", []string{"contract.time_zone="}, nil, exitUsage, "time_zone"},
		{"impossible date", []string{"contract.termination_date=2026-02-30"}, nil, exitUsage, "termination_date"},
		{"plain http off loopback", []string{"source.api_url=http://example.com"}, nil, exitUsage, "http"},
		{"no such dataset", []string{"source.datasets=[recordigns]"}, nil, exitUsage, "recordigns"},
		{"other region", []string{"destination.url=s3://b/x", "destination.region=us-east-1"}, nil, exitUsage, "allow_cross_region"},
		{"wrong client", []string{"source.client_id=nobody"}, nil, exitCredentials, "client id"},
		{"no permission", []string{"source.client_id=poor-client"}, nil, exitCredentials, "permission"},
		{"nothing to verify", nil, []string{"verify", filepath.Join(t.TempDir(), "nothing")}, exitFailed, "neither a bag"},
		{"no export yet", []string{"state=" + filepath.Join(t.TempDir(), "none")}, []string{"status"}, exitUsage, "no export"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			args := w.args()
			for _, pair := range tt.set {
				args = append(args, "--set", pair)
			}
			if tt.args == nil {
				tt.args = []string{"export"}
			}
			code, _, stderr := exitplan(t, append(args, tt.args...)...)
			if code != tt.code {
				t.Errorf("exit code %d, want %d\n%s", code, tt.code, stderr)
			}
			if !strings.Contains(stderr, tt.says) || strings.Contains(stderr, "goroutine") {
				t.Errorf("it should speak of %q:\n%s", tt.says, stderr)
			}
			if lines := strings.Count(strings.TrimSpace(stderr), "\n") + 1; lines > 2 {
				t.Errorf("%d lines:\n%s", lines, stderr)
			}
		})
	}
	if _, err := os.Stat(filepath.Join(w.dir, "export", "x", "bags")); err == nil {
		t.Error("a mistaken run stored something")
	}
}

func TestASecretThatOthersCanReadIsRefused(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 10})
	secret := filepath.Join(w.dir, "secret")
	if err := os.WriteFile(secret, []byte("demo-secret"), 0o644); err != nil {
		t.Fatal(err)
	}
	w.set(t, "source.client_secret_file", secret)
	cmd := command(t, w.args("export")...)
	cmd.Env = append(cmd.Env, secretVariable+"=")
	code, _, stderr := finish(t, cmd)
	if code != exitUsage || !strings.Contains(stderr, "chmod 600") {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
	if strings.Contains(stderr, "demo-secret") {
		t.Error("the secret is in the message")
	}
}

// export and check name the same cause, with the same code and without the
// SDK's own words.
func TestAMissingBucketAndWrongKeysAreToldApart(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 10})
	w.onS3(t)
	try := func(code int, says string) {
		t.Helper()
		for _, args := range [][]string{{"export"}, {"check"}, {"verify", w.root()}} {
			got, stdout, stderr := exitplan(t, w.args(args...)...)
			said := stdout + stderr
			if got != code || !strings.Contains(said, says) || strings.Contains(said, "HostID") || strings.Contains(said, "give this user permission") {
				t.Errorf("%s: exit code %d, want %d and %q\n%s", args[0], got, code, says, said)
			}
		}
	}
	w.set(t, "destination.url", "s3://no-such-bucket/x")
	try(exitUsage, "no such bucket")
	w.set(t, "destination.url", "s3://exit/x")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "wrong")
	try(exitCredentials, "its secret is another")
}

func TestAURLThatNamesNoPlaceIsAMistake(t *testing.T) {
	for _, url := range []string{"s3://", "s3:///x", "foo://x", "s3://b/a//c", "file://host/x", "", "main_test.go"} {
		if url == "main_test.go" {
			url, _ = filepath.Abs(url) // a file
		}
		code, _, stderr := exitplan(t, "verify", url)
		if code != exitUsage || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%q: exit code %d\n%s", url, code, stderr)
		}
	}
}

func TestOneStateDirectoryOneExportOneProcess(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 40})
	w.export(t, exitComplete)

	t.Run("another organization", func(t *testing.T) {
		other := newWorld(t, simulator.Config{Seed: 99, Days: 1, ConversationsPerDay: 10})
		other.set(t, "state", w.values["state"])
		if stderr := other.export(t, exitUsage); !strings.Contains(stderr, "belongs to organization") {
			t.Errorf("%s", stderr)
		}
	})
	t.Run("a destination in use", func(t *testing.T) {
		other := w.fork(t)
		other.set(t, "destination.url", w.values["destination.url"])
		before := read(t, w.store(t))
		if stderr := other.export(t, exitUsage); !strings.Contains(stderr, "already holds another export") {
			t.Errorf("%s", stderr)
		}
		if after := read(t, w.store(t)); len(after.rows) != len(before.rows) || len(after.media) != len(before.media) {
			t.Error("the other export was changed")
		}
	})
	t.Run("changed settings", func(t *testing.T) {
		w.set(t, "recordings.metadata", "derived")
		if stderr := w.export(t, exitUsage); !strings.Contains(stderr, "recordings.metadata") || !strings.Contains(stderr, "--amend") {
			t.Errorf("%s", stderr)
		}
		w.export(t, exitComplete, "--amend")
		w.set(t, "recordings.metadata", "full")
		if stderr := w.export(t, exitUsage, "--amend"); !strings.Contains(stderr, "begin another export") {
			t.Errorf("%s", stderr)
		}
	})
}

func TestASecondProcessIsToldWhoHoldsTheState(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 2, ConversationsPerDay: 50, JobLatency: 3 * time.Second})
	first := command(t, w.args("export")...)
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = first.Process.Kill(); _ = first.Wait() }()
	for w.sim.Counts().Jobs == 0 {
		time.Sleep(10 * time.Millisecond)
	}
	stderr := w.export(t, exitFailed)
	if !strings.Contains(stderr, "pid") && !strings.Contains(stderr, "process") {
		t.Errorf("it does not name the other process:\n%s", stderr)
	}
}

// A new machine goes on from the destination alone.
func TestResumeFromTheDestination(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 3, ConversationsPerDay: 40})
	from := w.cfg.From
	w.sim.SetAvailable(from.AddDate(0, 0, 2))
	w.export(t, exitMoreToCome)
	if err := os.RemoveAll(w.values["state"]); err != nil {
		t.Fatal(err)
	}
	w.sim.SetAvailable(from.AddDate(0, 0, 9))
	w.export(t, exitUsage) // without the journal the destination is another's
	if err := os.RemoveAll(w.values["state"]); err != nil {
		t.Fatal(err)
	}
	w.export(t, exitComplete, "--resume-from-destination")
	if absent := w.matches(t, read(t, w.store(t))); len(absent) > 0 {
		t.Errorf("%d items are absent", len(absent))
	}
}

// Sealing early states what is left undone, and asks the platform nothing.
func TestSealStatesWhatIsLeftUndone(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 3, ConversationsPerDay: 40})
	w.sim.SetAvailable(w.cfg.From.AddDate(0, 0, 2))
	w.export(t, exitMoreToCome)
	before := w.sim.Counts().Requests["api"]
	w.export(t, exitMissing, "--seal")
	if after := w.sim.Counts().Requests["api"]; after != before {
		t.Errorf("%d requests while sealing", after-before)
	}
	reasons := w.excepted(t)
	if reason := reasons["analytics.conversations.details/2026-03-03"]; !strings.HasPrefix(reason, "failed: conversation details of 2026-03-03 (UTC): sealed") {
		t.Errorf("exceptions %v", reasons)
	}
	if code, stdout, _ := exitplan(t, w.args("verify", w.root())...); code != exitComplete {
		t.Errorf("verify: %d\n%s", code, stdout)
	}
}
