package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"exitplan/internal/simulator"
)

// instead puts answers in the place of the simulator's, by pattern.
func instead(answers map[string]http.HandlerFunc) func(http.Handler) http.Handler {
	mux := http.NewServeMux()
	for pattern, answer := range answers {
		mux.HandleFunc(pattern, answer)
	}
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, pattern := mux.Handler(r); pattern != "" {
				w.Header().Set("Content-Type", "application/json")
				mux.ServeHTTP(w, r)
				return
			}
			h.ServeHTTP(w, r)
		})
	}
}

// Every dataset of which lines are stored is in the queries and in the packages
// of its bags, those with files too; a file that somebody sent under a name of
// ours is taken for no table.
func TestQueriesNameEachDatasetThatHasLines(t *testing.T) {
	storage := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "no lines") }))
	defer storage.Close()
	const mails = "GET /api/v2/conversations/emails/{id}/messages"
	w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 40, Middleware: instead(map[string]http.HandlerFunc{
		mails: func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, `{"entities":[{"id":"mail"}]}`) },
		mails + "/mail": func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, `{"id":"mail","attachments":[{"name":"leads.jsonl.gz","contentUri":"%[1]s/a"},{"name":"leads.parquet","contentUri":"%[1]s/b"}]}`, storage.URL)
		},
	})})
	w.set(t, "source.datasets", "[analytics.conversations.details, interactions.emails.messages, outbound.contactlists.contacts]")
	w.export(t, exitComplete)
	stored, packed := map[string]bool{}, map[string]bool{}
	for file, err := range w.store(t).List(t.Context(), "bags/") {
		if err != nil {
			t.Fatal(err)
		}
		_, below, _ := strings.Cut(file.Path, "/data/")
		folder, below, _ := strings.Cut(below, "/")
		if strings.Contains("/"+below, "/files/") {
			stored[folder] = true
		} else if strings.HasSuffix(below, ".jsonl.gz") {
			packed[folder] = true
		}
	}
	for _, folder := range []string{"interactions.emails.messages", "outbound.contactlists.contacts"} {
		if !stored[folder] || !packed[folder] {
			t.Fatalf("%s has no files beside its lines: %v, %v", folder, stored, packed)
		}
	}
	for _, name := range []string{"queries.sql", "athena.sql"} {
		script := string(slurp(t, w.store(t), "root/data/"+name))
		for folder := range packed {
			if !strings.Contains(script, "/data/"+folder+"/") {
				t.Errorf("%s has no table of %s", name, folder)
			}
		}
	}
	for _, r := range w.resources(t) {
		if strings.Contains(fmt.Sprint(r.Path), "/files/") {
			t.Errorf("files that were sent are a table: %+v", r)
		}
	}
}

// described is what a test reads of a bag's package.
type described struct {
	Name string `json:"name"`
	Path any    `json:"path"`
}

// resources are those of the packages of all bags.
func (w *world) resources(t *testing.T) (list []described) {
	t.Helper()
	for file, err := range w.store(t).List(t.Context(), "bags/") {
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(file.Path, "/datapackage.json") {
			continue
		}
		var p struct {
			Resources []described `json:"resources"`
		}
		if err := json.Unmarshal(slurp(t, w.store(t), file.Path), &p); err != nil {
			t.Fatal(err)
		}
		list = append(list, p.Resources...)
	}
	return list
}
