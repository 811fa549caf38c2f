package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// An export of everything asks for little more than what must be asked.
func TestCallsAreFew(t *testing.T) {
	if testing.Short() {
		t.Skip("exports a whole organization")
	}
	dir := t.TempDir()
	program := filepath.Join(dir, "exitplan")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../cmd/exitplan").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var table strings.Builder
	ratio, err := countCalls(t.Context(), program, dir, callsOf{users: 50, queues: 10, conversations: 4000, days: 4}, &table)
	if err != nil {
		t.Fatal(err)
	}
	if t.Log("\n" + table.String()); ratio > 1.05 {
		t.Errorf("%.3f times the least possible number of calls", ratio)
	}
}
