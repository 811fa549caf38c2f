package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"exitplan/internal/simulator"
)

// docs/json.md names every member that scripts can meet.
func TestTheMembersOfJSONAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/json.md")
	if err != nil {
		t.Fatal(err)
	}
	sections := map[string]string{}
	for _, section := range strings.Split(string(text), "\n## ")[1:] {
		names, body, _ := strings.Cut(section, "\n")
		for _, name := range strings.FieldsFunc(names, func(r rune) bool { return strings.ContainsRune("`, ", r) }) {
			sections[name] = body
		}
	}
	w := newWorld(t, simulator.Config{Days: 2, ConversationsPerDay: 10, ErrorShare: 0.2})
	w.set(t, "contract.termination_date", hence(days))
	for _, args := range [][]string{
		{"window"}, {"check"}, {"plan"}, {"export"}, {"status"}, {"status", "--exceptions"}, {"report"}, {"verify", w.root()}, {"protect"}, {"datasets"},
		{"extension", "request", "--reference", "A", "--until", day(9 * days), "--classes", "metrics"}, {"extension", "list"}, {"extension", "letter"},
		{"pause"}, {"resume"},
	} {
		_, stdout, stderr := exitplan(t, w.args(append([]string{"--json"}, args...)...)...)
		var list []map[string]any
		one := map[string]any{}
		if err := json.Unmarshal([]byte(stdout), &one); err == nil {
			list = append(list, one)
		} else if err := json.Unmarshal([]byte(stdout), &list); err != nil {
			t.Errorf("%v: %v\n%s\n%s", args, err, stdout, stderr)
		}
		section := sections[args[0]]
		if args[0] == "status" || args[0] == "report" || args[0] == "export" { // the latter refer to it
			section = sections["status"] + sections["export"]
		}
		if len(list) == 0 || section == "" {
			t.Errorf("%v: nothing to compare", args)
		}
		for _, members := range list {
			for name, value := range members {
				if !strings.Contains(section, "`"+name+"`") {
					t.Errorf("%v: %s is not in docs/json.md", args, name)
				}
				if value == nil && !strings.Contains(section, "null") {
					t.Errorf("%v: %s is null", args, name)
				}
			}
		}
	}
}
