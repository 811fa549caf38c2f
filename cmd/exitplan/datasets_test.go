package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"exitplan/internal/dataset"
)

func TestTheTableOfDatasetsIsNotStale(t *testing.T) {
	have, err := os.ReadFile(filepath.Join("..", "..", "docs", "datasets.md"))
	if err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	if err := markdown(&want, dataset.Catalogue()); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, want.Bytes()) {
		t.Error("docs/datasets.md is stale: go run ./cmd/exitplan datasets --markdown > docs/datasets.md")
	}
}

// The role has what the selection needs, and nothing more.
func TestTheRoleOfASelection(t *testing.T) {
	code, stdout, stderr := exitplan(t, "datasets", "--role", "--json", "--select", "routing.queues*", "--select", "recordings", "--select", "-recordings.*", "--select", "-interactions.*")
	if code != exitComplete {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	var role struct {
		PermissionPolicies []policy `json:"permissionPolicies"`
	}
	if err := json.Unmarshal([]byte(stdout), &role); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range role.PermissionPolicies {
		got = append(got, p.Domain+":"+p.EntityName+":"+strings.Join(p.ActionSet, ","))
	}
	want := "analytics:conversationDetail:view recording:recording:view recording:recordingSegment:view routing:queue:view"
	if strings.Join(got, " ") != want {
		t.Errorf("role %v, want %s", got, want)
	}
}

func TestSelectionsThatMatchNothing(t *testing.T) {
	for selection, says := range map[string]string{
		"routing.queue":    "routing.queues",
		"collaborate.chat": "no export of an organization's collaborate chat",
		"nonsense":         "exitplan datasets",
		"routing.[":        "syntax error",
	} {
		code, _, stderr := exitplan(t, "datasets", "--select", selection)
		if code != exitUsage || !strings.Contains(stderr, says) || strings.Count(strings.TrimSpace(stderr), "\n") > 0 {
			t.Errorf("%s: exit code %d, it says:\n%s", selection, code, stderr)
		}
	}
}
