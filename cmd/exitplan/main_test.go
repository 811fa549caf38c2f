package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"testing"
	"time"
)

// TestMain lets the test binary be the command, so that tests can kill it.
func TestMain(m *testing.M) {
	if os.Getenv("EXITPLAN_TEST_COMMAND") != "" {
		landingPatience, restorePause, restoreWait = time.Second, 50*time.Millisecond, 3*time.Second
		noticeEvery, noticePatience = 30*time.Millisecond, time.Second
		os.Exit(run(os.Args))
	}
	os.Exit(m.Run())
}

// command prepares the real program in a process of its own.
func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append(os.Environ(), "EXITPLAN_TEST_COMMAND=1", secretVariable+"=demo-secret")
	cmd.Dir = t.TempDir()
	return cmd
}

// exitplan runs the program to its end and returns what it said.
func exitplan(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	return finish(t, command(t, args...))
}

func finish(t *testing.T, cmd *exec.Cmd) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}
