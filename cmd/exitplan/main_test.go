package main

import (
	"bytes"
	"crypto/rand"
	"errors"
	"os"
	"os/exec"
	"testing"
	"time"

	"exitplan/internal/sink/s3server"
)

// TestMain lets the test binary be the command, so that tests can kill it.
func TestMain(m *testing.M) {
	if os.Getenv("EXITPLAN_TEST_COMMAND") != "" {
		landingPatience, restorePause, restoreWait = time.Second, 50*time.Millisecond, 3*time.Second
		noticeEvery, noticePatience = 30*time.Millisecond, time.Second
		os.Exit(run(os.Args))
	}
	// The account of every S3 server, so that tests may run side by side.
	for _, kv := range s3server.Account(s3Secret) {
		os.Setenv(kv[0], kv[1])
	}
	os.Exit(m.Run())
}

var s3Secret = rand.Text()

// startS3 runs a real S3 server on a directory until the test ends.
func startS3(t *testing.T, dir string) *s3server.Server {
	t.Helper()
	return s3server.StartOptions(t, s3server.Options{Dir: dir, SecretKey: s3Secret})
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
