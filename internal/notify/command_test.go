package notify_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"exitplan/internal/config"
	"exitplan/internal/notify"
)

func TestSplit(t *testing.T) {
	for line, want := range map[string][]string{
		"notify-send  hello":        {"notify-send", "hello"},
		`sh -c 'echo "$EVENT" ; x'`: {"sh", "-c", `echo "$EVENT" ; x`},
		`"/opt/my tools/x" ""`:      {"/opt/my tools/x", ""},
		`a'b'"c"d`:                  {"abcd"},
		`x $(rm -rf /)`:             {"x", "$(rm", "-rf", "/)"},
		`C:\tools\x.exe`:            {`C:\tools\x.exe`},
	} {
		if got, err := notify.Split(line); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v", line, got, err)
		}
	}
	for _, line := range []string{"", "  ", `x "y`, `''`} {
		if got, err := notify.Split(line); err == nil {
			t.Errorf("%q: %q", line, got)
		}
	}
}

func shell(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the commands are those of a Unix shell")
	}
}

func TestCommandGetsTheEvent(t *testing.T) {
	shell(t)
	t.Setenv("EXITPLAN_SOURCE_CLIENT_SECRET", "s3cret")
	t.Setenv("EXITPLAN_NOTIFY_SECRET", "s3cret")
	t.Setenv("EXITPLAN_NOTIFY_WEBHOOK", "https://host.example/s3cret")
	dir := t.TempDir()
	code := 3
	e := notify.Event{ID: "7", Kind: notify.Finished, Text: "it's over; $(touch x) `touch y`", ExitCode: &code}
	cmd := "sh -c 'cat > " + dir + "/body; env > " + dir + "/env'"
	if failed := told(t, notify.Config{Command: cmd}, time.Minute, e); failed != nil {
		t.Fatal(failed)
	}
	body, err := os.ReadFile(filepath.Join(dir, "body"))
	var got notify.Event
	if err != nil || json.Unmarshal(body, &got) != nil || got.Text != e.Text || *got.ExitCode != 3 {
		t.Errorf("%v: %s", err, body)
	}
	env, err := os.ReadFile(filepath.Join(dir, "env"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"EXITPLAN_EVENT=finished\n", "EXITPLAN_EVENT_ID=7\n", "EXITPLAN_EVENT_EXIT_CODE=3\n", "EXITPLAN_EVENT_TEXT=" + e.Text + "\n", "PATH="} {
		if !strings.Contains(string(env), want) {
			t.Errorf("the environment lacks %q", want)
		}
	}
	if strings.Contains(string(env), "s3cret") {
		t.Error("the command was given a secret")
	}
	// A command that calls exitplan must find a configuration that loads.
	ours := slices.DeleteFunc(strings.Split(string(env), "\n"), func(v string) bool { return !strings.HasPrefix(v, "EXITPLAN_EVENT") })
	if _, err := config.Load(filepath.Join(dir, "none.yaml"), ours, nil, config.NeedNothing); err != nil && strings.Contains(err.Error(), "EXITPLAN_EVENT") {
		t.Error(err)
	}
}

func TestCommandThatFailsOrHangs(t *testing.T) {
	shell(t)
	for cmd, want := range map[string]string{
		"sh -c 'echo no such room >&2; exit 9'": "exit status 9",
		"/no/such/program":                      "no such file",
		"sleep 60":                              "did not end within 50ms",
		"sh -c 'sleep 60 & exit 1'":             "exit status 1",
	} {
		begun := time.Now()
		failed := told(t, notify.Config{Command: cmd, CommandTimeout: 50 * time.Millisecond}, time.Minute, atRisk)
		if len(failed) != 1 || !strings.Contains(failed[0], want) && !strings.Contains(failed[0], "did not end") {
			t.Errorf("%s: %v", cmd, failed)
		}
		if took := time.Since(begun); took > 5*time.Second {
			t.Errorf("%s: took %s", cmd, took)
		}
	}
}

// What a command says is apart, since it may hold a secret.
func TestWhatACommandSaysIsNoPartOfTheError(t *testing.T) {
	shell(t)
	var got error
	s, err := notify.New(notify.Config{Command: "sh -c 'echo https://hooks.example/SECRET; exit 9'", Now: time.Now,
		Failed: func(_ notify.Event, err error) { got = err }})
	if err != nil {
		t.Fatal(err)
	}
	s.Send(atRisk)
	s.Close(t.Context())
	var command *notify.CommandError
	if !errors.As(got, &command) || strings.Contains(got.Error(), "SECRET") || !strings.Contains(command.Said, "SECRET") {
		t.Errorf("%v, said %+v", got, command)
	}
}

// One receiver that hangs keeps no other waiting.
func TestReceiversDoNotWaitForEachOther(t *testing.T) {
	shell(t)
	at := filepath.Join(t.TempDir(), "told")
	cfg := notify.Config{Webhook: "http://127.0.0.1:1/", Command: "sh -c 'echo >> " + at + "'", Pauses: []time.Duration{time.Hour}}
	failed := told(t, cfg, 300*time.Millisecond, atRisk, atRisk)
	if text, _ := os.ReadFile(at); string(text) != "\n\n" {
		t.Errorf("the command was told %q", text)
	}
	if len(failed) != 2 {
		t.Errorf("of the webhook: %v", failed)
	}
}
