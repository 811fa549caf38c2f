package dataset

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"exitplan/exporter"
	"exitplan/internal/simulator"
)

// Of files, each is an item of its own: one that cannot be had costs no other,
// and a later run gets it without touching what is there, even if the listing
// has changed.
func TestOneFileAmongManyFails(t *testing.T) {
	var broken, changed atomic.Bool
	broken.Store(true)
	storage := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case broken.Load() && r.URL.Path == "/2":
			w.WriteHeader(http.StatusNotFound)
		default:
			fmt.Fprint(w, "sound of ", r.URL.Path)
		}
	}))
	defer storage.Close()
	e := newDeclared(t, simulator.Config{Middleware: answering(map[string]http.HandlerFunc{
		"POST /api/v2/responsemanagement/responseassets/search": func(w http.ResponseWriter, r *http.Request) {
			note := ""
			if changed.Load() {
				note = `,"note":"changed"`
			}
			var rows []string
			for i := range 4 {
				rows = append(rows, fmt.Sprintf(`{"id":"asset/%d"%s,"name":"顧客 %d.txt","contentType":"text/plain","contentLocation":"%s/%d?signature=%d"}`,
					i, note, i, storage.URL, i, time.Now().UnixNano()))
			}
			fmt.Fprintf(w, `{"pageSize":100,"pageNumber":1,"total":4,"pageCount":1,"results":[%s]}`, strings.Join(rows, ","))
		},
	})}, "responses.assets")
	e.run(t)
	if x := e.exceptions(t); len(x) != 1 || x["asset%2F2"].Reason != exporter.FailedItem || len(e.files(t, "responses.assets")) != 3 {
		t.Fatalf("exceptions %v, files %v", x, e.files(t, "responses.assets"))
	}
	broken.Store(false)
	changed.Store(true)
	e.run(t)
	if x := e.exceptions(t); len(x) != 0 || len(e.files(t, "responses.assets")) != 4 {
		t.Errorf("later: exceptions %v, files %v", x, e.files(t, "responses.assets"))
	}
	if lines := e.lines(t, "responses.assets"); len(lines) != 8 {
		t.Errorf("%d records, want those of both runs", len(lines))
	}
	e.sound(t)
}

// A signed URL that has expired is asked for anew; an error page in its place is
// not taken for the file.
func TestFilesWhoseURLsExpire(t *testing.T) {
	var asked sync.Map
	storage := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, _ := asked.LoadOrStore(r.URL.Path, new(atomic.Int64))
		switch n.(*atomic.Int64).Add(1) {
		case 1:
			w.WriteHeader(http.StatusForbidden)
		case 2:
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, "<html>one moment</html>")
		default:
			fmt.Fprint(w, "the flow")
		}
	}))
	defer storage.Close()
	e := newDeclared(t, simulator.Config{Middleware: answering(map[string]http.HandlerFunc{
		"GET /api/v2/scripts": func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, `{"entities":[{"id":"../up"},{"id":"b"},{"id":"c/d"}],"pageCount":1,"total":3}`)
		},
		"POST /api/v2/scripts/{id}/export": func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, `{"url":"%s/%s?at=%d"}`, storage.URL, r.PathValue("id"), time.Now().UnixNano())
		},
	})}, "scripts.exports")
	e.run(t)
	// No server would leave the first one's path as it is.
	if x, files := e.exceptions(t), e.files(t, "scripts.exports"); len(x) != 1 || x["..%2Fup"].Reason != exporter.FailedItem || len(files) != 2 {
		t.Errorf("exceptions %v, files %v", x, files)
	}
	e.sound(t)
}

// What a contact list's export shows may be the one before.
func TestAnExportFromBeforeIsNotTaken(t *testing.T) {
	storage := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/csv")
		fmt.Fprint(w, "id\n", r.URL.Path)
	}))
	defer storage.Close()
	var polls atomic.Int64
	e := newDeclared(t, simulator.Config{Middleware: answering(map[string]http.HandlerFunc{
		"GET /api/v2/outbound/contactlists": func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, `{"entities":[{"id":"a"}],"pageCount":1,"total":1}`)
		},
		"POST /api/v2/outbound/contactlists/{id}/export": func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, `{"id":"a"}`) },
		"GET /api/v2/outbound/contactlists/{id}/export": func(w http.ResponseWriter, r *http.Request) {
			name, at := "old", time.Now().Add(-time.Hour)
			if polls.Add(1) > 2 {
				name, at = "new", time.Now()
			}
			fmt.Fprintf(w, `{"uri":"%s/%s","exportTimestamp":%q}`, storage.URL, name, at.UTC().Format(time.RFC3339Nano))
		},
	})}, "outbound.contactlists.contacts")
	e.run(t)
	files := e.files(t, "outbound.contactlists.contacts")
	if len(files) != 1 || !strings.HasSuffix(files[0], ".csv") {
		t.Fatalf("files %v, exceptions %v", files, e.exceptions(t))
	}
	if body := string(e.slurp(t, files[0])); body != "id\n/new" {
		t.Errorf("what was stored is %q", body)
	}
}

// One session may have several recordings, and so several transcripts, whose
// records have no ids of their own.
func TestEachTranscriptOfASession(t *testing.T) {
	storage := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, "{\n  \"of\": %q\n}", r.URL.Path)
	}))
	defer storage.Close()
	e := newDeclared(t, simulator.Config{ConversationsPerDay: 5, RecordedShare: 1, Middleware: answering(map[string]http.HandlerFunc{
		"GET /api/v2/speechandtextanalytics/conversations/{id}/communications/{session}/transcripturls": func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, `{"urls":[{"recording":{"id":"a"},"url":"%[1]s/%[2]s/a?x"},{"recording":{"id":"b"},"url":"%[1]s/%[2]s/b?x"}]}`, storage.URL, r.PathValue("session"))
		},
	})}, DetailsName, "interactions.transcripts")
	e.run(t)
	lines := e.lines(t, "interactions.transcripts")
	slices.Sort(lines)
	if lines = slices.Compact(lines); len(lines) < 10 || len(lines)%2 > 0 || !strings.Contains(lines[0], `"a"],"record":{"of":"/`) {
		t.Errorf("%d transcripts: %v", len(lines), lines)
	}
	if x := e.exceptions(t); len(x) > 0 {
		t.Errorf("exceptions %v", x)
	}
}

// Bags that know no time are whole, and an id stands once in a file's path.
func TestWhereFilesOfNoTimeLie(t *testing.T) {
	e := newDeclared(t, simulator.Config{}, "recordings.orphans.media", "voicemail.groups.media")
	e.run(t)
	files := append(e.files(t, "recordings.orphans.media"), e.files(t, "voicemail.groups.media")...)
	for _, path := range files {
		elements := strings.Split(path, "/")
		if bag := elements[1]; bag != "orphans" && bag != "configuration" {
			t.Errorf("%s lies in %s", path, bag)
		}
		for i, element := range elements[:len(elements)-1] {
			if strings.HasPrefix(elements[i+1], element) {
				t.Errorf("%s says %s twice", path, element)
			}
		}
	}
	if len(files) < 10 {
		t.Errorf("files %v, exceptions %v", files, e.exceptions(t))
	}
}
