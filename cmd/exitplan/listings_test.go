package main

import (
	"encoding/json"
	"path"
	"slices"
	"strings"
	"testing"

	"exitplan/exporter"
	"exitplan/internal/dataset"
	"exitplan/internal/simulator"
)

// records are what the packed files of the configuration bag hold, by dataset
// and, for a listing for each record of another, by that one's id.
func records(t *testing.T, w *world) map[string]map[string][]json.RawMessage {
	t.Helper()
	store := w.store(t)
	found := map[string]map[string][]json.RawMessage{}
	for file, err := range store.List(t.Context(), "bags/configuration/data/") {
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(file.Path, "/files/") {
			continue
		}
		name := path.Base(path.Dir(file.Path))
		if found[name] == nil {
			found[name] = map[string][]json.RawMessage{}
		}
		for _, line := range unpack(t, slurp(t, store, file.Path)) {
			var child struct {
				Parent []string        `json:"parent"`
				Record json.RawMessage `json:"record"`
			}
			of, record := "", json.RawMessage(line)
			if json.Unmarshal(line, &child) == nil && len(child.Parent) > 0 {
				of, record = child.Parent[len(child.Parent)-1], child.Record
			}
			found[name][of] = append(found[name][of], record)
		}
	}
	return found
}

// listed fails unless each declared listing holds exactly what the
// organization has, what default parameters hide included.
func (w *world) listed(t *testing.T) {
	t.Helper()
	operations, paths := map[string][]string{}, map[string][]string{} // datasets by operation, and by path
	held := w.sim.Truth().HeldPatterns()
	for _, info := range dataset.Catalogue() {
		operation, _, _ := strings.Cut(info.Method, ",")
		method, p, _ := strings.Cut(operation, " ")
		if method == "GET" || method == "POST" {
			paths[p] = append(paths[p], info.Name)
			if !slices.Contains(held, p) && info.Class == exporter.Configuration {
				operations[operation] = append(operations[operation], info.Name)
			}
		}
	}
	found := records(t, w)
	compared := map[string]bool{}
	for _, l := range w.sim.Truth().Listings() {
		names := operations[l.Method+" "+l.Pattern]
		if len(names) == 0 {
			continue
		}
		compared[l.Method+" "+l.Pattern] = true
		have := map[string]map[string]bool{}
		for _, name := range names {
			for of, list := range found[name] {
				if have[of] == nil {
					have[of] = map[string]bool{}
				}
				for _, record := range list {
					have[of][string(record)] = true
				}
			}
		}
		// Those of each parent that the organization has, whether or not
		// anything of it was exported.
		parents := []string{""}
		if l.Parent != "" {
			parents = nil
			for _, name := range paths[l.Parent] {
				for _, list := range found[name] {
					for _, record := range list {
						var parent struct {
							ID string `json:"id"`
						}
						if err := json.Unmarshal(record, &parent); err != nil {
							t.Fatal(err)
						}
						if !slices.Contains(parents, parent.ID) {
							parents = append(parents, parent.ID)
						}
					}
				}
			}
		}
		truth := 0
		for _, of := range parents {
			plain := slices.Collect(w.sim.Truth().Listing(l.Pattern, of))
			for row := range w.sim.Truth().Expanded(l.Pattern, of) {
				if have[of][string(plain[0])] {
					row = plain[0] // expand is not asked for everywhere
				}
				plain = plain[1:]
				truth++
				if !have[of][string(row)] {
					t.Errorf("%v lacks %.200s (of %q)", names, row, of)
				}
				delete(have[of], string(row))
			}
		}
		for of, list := range have {
			if len(list) > 0 {
				t.Errorf("%v has %d records that the organization does not have, of %q", names, len(list), of)
			}
		}
		if truth == 0 {
			t.Errorf("nothing of %v is exported", names)
		}
	}
	for operation, names := range operations {
		if !compared[operation] {
			t.Errorf("%v: the simulator does not serve %s", names, operation)
		}
	}
	t.Logf("%d listings compared", len(compared))
}

// A feature that the organization does not have, and a permission that is
// missing, are stated and stop nothing.
func TestWhatAnOrganizationLacksStopsNothing(t *testing.T) {
	w := newWorld(t, simulator.Config{
		Days: 1, ConversationsPerDay: 1, Without: []string{"/api/v2/scripts", "/api/v2/knowledge/knowledgebases"},
		Clients: []simulator.Client{{ID: "demo-client", Secret: "demo-secret", Permissions: []string{"authorization:role:view", "architect:flow:view"}}},
	})
	w.set(t, "source.datasets", "[configuration]")
	w.export(t, exitMissing)
	reasons := map[string]string{} // by dataset
	for line := range strings.Lines(string(slurp(t, w.store(t), "root/data/exceptions.jsonl"))) {
		var e struct{ Dataset, Reason string }
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		reasons[e.Dataset] = e.Reason
	}
	for name, want := range map[string]string{
		"scripts": "not-exportable", "routing.queues": "permission-denied", "knowledge.bases": "not-exportable",
		"directory.users": "", "authorization.roles": "", "architect.flows.versions": "",
	} {
		if reasons[name] != want {
			t.Errorf("%s: reason %q, want %q", name, reasons[name], want)
		}
	}
	if found := records(t, w); len(found["directory.users"][""]) == 0 || len(found["architect.flows.versions"]) == 0 {
		t.Errorf("what the client may see is not exported: %d datasets are", len(found))
	}

	other := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 1, Without: []string{"/api/v2/scripts"}})
	other.set(t, "source.datasets", "[scripts, routing.skills]")
	other.export(t, exitMissing)
	if reason := other.excepted(t)["all"]; !strings.HasPrefix(reason, "not-exportable: this organization does not have it") {
		t.Errorf("exceptions %v", other.excepted(t))
	}
}
