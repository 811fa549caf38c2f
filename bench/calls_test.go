package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// An export of everything asks for little more than what must be asked.
func TestCallsAreFew(t *testing.T) {
	if testing.Short() {
		t.Skip("exports a whole organization")
	}
	dir := t.TempDir()
	var table strings.Builder
	ratio, err := countCalls(t.Context(), built(t, dir), dir, callsOf{users: 50, queues: 10, conversations: 4000, days: 4}, &table)
	if err != nil {
		t.Fatal(err)
	}
	if t.Log("\n" + table.String()); ratio > 1.05 {
		t.Errorf("%.3f times the least possible number of calls", ratio)
	}
}

// Recordings by batch requests, with derived metadata, cost at most a fiftieth
// more than they must. A few calls are lost while nothing is known of how long
// jobs take, so that fewer days could not be held to it.
func TestCallsOfRecordingsAreFew(t *testing.T) {
	if testing.Short() {
		t.Skip("exports thousands of recordings")
	}
	program := built(t, t.TempDir())
	const tries = 3 // timers that fire late on a busy machine only add polls
	for try := 1; ; try++ {
		var table strings.Builder
		ratio, err := countPull(t.Context(), program, t.TempDir(), pullOf{recorded: 4000, days: 40, latency: 200 * time.Millisecond}, &table)
		if err != nil {
			t.Fatal(err)
		}
		t.Log("\n" + table.String())
		if ratio <= 1.02 {
			return
		}
		if try == tries {
			t.Fatalf("%.4f times the least possible number of calls, and no less in %d tries", ratio, tries)
		}
	}
}

// built is the program, in dir.
func built(t *testing.T, dir string) string {
	t.Helper()
	program := filepath.Join(dir, "exitplan")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../cmd/exitplan").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}
