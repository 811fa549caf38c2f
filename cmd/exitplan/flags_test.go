package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"exitplan/internal/simulator"
)

// inEmpty runs a command in an empty directory, with variables of its own.
func inEmpty(t *testing.T, env []string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	cmd := command(t, args...)
	cmd.Env = append(cmd.Env, env...)
	return finish(t, cmd)
}

// soon ends a command that should have refused to begin.
func soon(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	as := command(t, args...)
	cmd := exec.CommandContext(ctx, as.Path, args...)
	cmd.Env, cmd.Dir = as.Env, as.Dir
	return finish(t, cmd)
}

const contractOnly = "contract: {time_zone: Etc/UTC, subscription_start: 2021-04-01, termination_date: 2099-12-31}\n"

// A global flag means the same before and after the command's name, and the
// last one counts.
func TestGlobalFlagsStandOnEitherSide(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "other.yaml")
	if err := os.WriteFile(file, []byte(contractOnly), 0o600); err != nil {
		t.Fatal(err)
	}
	broken := filepath.Join(dir, "broken.yaml")
	if err := os.WriteFile(broken, []byte("\t"), 0o600); err != nil {
		t.Fatal(err)
	}
	state := filepath.Join(dir, "none")
	for _, tt := range []struct {
		env, args    []string
		code         int
		says, saysNo string
	}{
		{nil, []string{"window", "--config", file, "--json"}, exitComplete, `"windows"`, ""},
		{nil, []string{"window", "-c", file, "--json", "-q", "--verbose", "--log-format", "json", "--state", state}, exitComplete, `"windows"`, ""},
		{nil, []string{"--json", "-c", file, "window"}, exitComplete, `"windows"`, ""},
		{nil, []string{"--json", "-c", file, "window", "--json=false"}, exitComplete, "recordings", `"windows"`},
		{nil, []string{"-c", broken, "window", "--config", file}, exitComplete, "recordings", ""},
		{nil, []string{"-c", file, "window", "--config", broken}, exitUsage, "broken.yaml", ""},
		{[]string{"EXITPLAN_CONFIG=" + broken}, []string{"window", "-c", file}, exitComplete, "recordings", ""},
		{[]string{"EXITPLAN_CONFIG=" + broken}, []string{"-c", file, "window"}, exitComplete, "recordings", ""},
		{[]string{"EXITPLAN_CONFIG=" + file}, []string{"window"}, exitComplete, "recordings", ""},
		{nil, []string{"--state", "a", "status", "--state", state}, exitUsage, state, ""},
		{nil, []string{"--state", state, "status"}, exitUsage, state, ""},
		{nil, []string{"--set", "contract.cause=anger", "-c", file, "window", "--set", "contract.time_zone=Mars"}, exitUsage, "anger", ""},
		{nil, []string{"--set", "contract.cause=anger", "-c", file, "window", "--set", "contract.time_zone=Mars"}, exitUsage, "Mars", ""},
		{nil, []string{"--set", "contract.cause=anger", "-c", file, "window", "--set", "contract.cause=notice"}, exitComplete, "recordings", ""},
		{nil, []string{"datasets", "--json"}, exitComplete, `"permissions"`, ""},
	} {
		code, stdout, stderr := inEmpty(t, tt.env, tt.args...)
		if said := stdout + stderr; code != tt.code || !strings.Contains(said, tt.says) || tt.saysNo != "" && strings.Contains(said, tt.saysNo) {
			t.Errorf("%q: exit code %d, want %d and %q, not %q:\n%s", tt.args, code, tt.code, tt.says, tt.saysNo, said)
		}
	}
}

// Every command has every global flag, in its help too.
func TestEveryCommandTakesTheGlobalFlags(t *testing.T) {
	for _, command := range newApp(nil).Commands {
		code, stdout, stderr := exitplan(t, command.Name, "--config=x", "--set", "state=y", "--state=z", "--json", "--quiet", "--verbose", "--log-format=json", "--help")
		if code != exitComplete || !strings.Contains(stdout, "--log-format") || !strings.Contains(stdout, "Global") {
			t.Errorf("%s: exit code %d\n%s%s", command.Name, code, stdout, stderr)
		}
	}
}

// What no command heeds is refused, by each, in one line.
func TestWhatNoCommandHeedsIsRefused(t *testing.T) {
	for _, command := range newApp(nil).Commands {
		argument := []string{"file", "junk"}
		if !slices.Contains([]string{"verify", "init"}, command.Name) {
			argument = []string{"junk"}
		}
		for _, tt := range []struct {
			args []string
			says string
		}{
			{[]string{command.Name, "--log-format", "xml"}, "text or json"},
			{[]string{"--log-format", "xml", command.Name}, "text or json"},
			{append([]string{command.Name}, argument...), `"junk"`},
			{[]string{"--set", "sorce.region=x", command.Name}, "source.region"},
			{[]string{command.Name, "--set", "source.client_secret=abc"}, "never taken from a flag"},
			{[]string{command.Name, "--set", "state"}, "KEY=VALUE"},
		} {
			code, stdout, stderr := soon(t, tt.args...)
			if code != exitUsage || stdout != "" || !strings.Contains(stderr, tt.says) || strings.Count(stderr, "\n") != 1 {
				t.Errorf("%q: exit code %d\n%s%s", tt.args, code, stdout, stderr)
			}
			if strings.Contains(stderr, "abc") {
				t.Errorf("the secret is quoted: %s", stderr)
			}
		}
	}
	if code, _, stderr := exitplan(t, "verify"); code != exitUsage || strings.Count(stderr, "\n") != 1 {
		t.Errorf("verify without a URL: exit code %d\n%s", code, stderr)
	}
	if code, _, stderr := exitplan(t, "verify", "/nowhere", "--json"); code != exitUsage || !strings.Contains(stderr, "before") {
		t.Errorf("a flag after the URL: exit code %d\n%s", code, stderr)
	}
}

func TestInitFillsInWhatFlagsSet(t *testing.T) {
	code, stdout, stderr := exitplan(t, "--set", "source.region=eu-west-1", "init", "--stdout", "--set", "contract.customer=Example, KK", "--state", "elsewhere")
	if code != exitComplete {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	for _, line := range []string{"region: eu-west-1", `customer: "Example, KK"`, "state: elsewhere"} {
		if !strings.Contains(stdout, line) {
			t.Errorf("no %q in\n%s", line, stdout)
		}
	}
	if code, _, stderr := exitplan(t, "init", "--stdout", "--set", "source.interval={from: 2026-01-01}"); code != exitUsage || !strings.Contains(stderr, "source.interval.from") {
		t.Errorf("an object: exit code %d\n%s", code, stderr)
	}
	file := filepath.Join(t.TempDir(), "new.yaml")
	if code, _, stderr := inEmpty(t, []string{"EXITPLAN_CONFIG=" + file}, "init"); code != exitComplete {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
	if _, err := os.Stat(file); err != nil {
		t.Errorf("init did not write what EXITPLAN_CONFIG names: %v", err)
	}
}

func TestDemoHeedsTheGlobalFlags(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "demo")
	code, stdout, stderr := exitplan(t, "--set", "export_id=mine", "demo", "--dir", dir, "--days", "1", "--conversations", "10", "--json", "--quiet")
	if code != exitComplete || !strings.Contains(stdout, `"exit_code": 0`) {
		t.Fatalf("exit code %d\n%s%s", code, stdout, tail(stderr))
	}
	if _, err := os.Stat(filepath.Join(dir, "export", "mine", "BAGS.sha256")); err != nil {
		t.Error(err)
	}
}

// One mistake is one line.
func TestAFileThatIsNoConfigurationIsOneLine(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 10})
	for _, text := range []string{"contract: [\n", "just words\n", "source:\n\tregion: x\n"} {
		if err := os.WriteFile(w.config, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		code, _, stderr := exitplan(t, w.args("export")...)
		if code != exitUsage || strings.Count(stderr, "\n") != 1 {
			t.Errorf("exit code %d\n%s", code, stderr)
		}
	}
	code, _, stderr := exitplan(t, "-c", "nonexistent.yaml", "export")
	if code != exitUsage || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "nonexistent.yaml") {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
}
