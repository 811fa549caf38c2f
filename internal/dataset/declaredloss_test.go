package dataset

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"exitplan/exporter"
	"exitplan/internal/simulator"
)

// Several files of one record keep their names in whatever order they come, and one
// whose URL has expired is not taken for another that is there.
func TestSeveralFilesOfOneRecord(t *testing.T) {
	var asked sync.Map
	storage := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, _ := asked.LoadOrStore(r.URL.Path, new(atomic.Int64))
		if strings.HasSuffix(r.URL.Path, "b") && n.(*atomic.Int64).Add(1) == 1 {
			w.WriteHeader(403)
			return
		}
		w.Header().Set("Content-Type", "application/octet-stream")
		fmt.Fprint(w, "bytes of ", r.URL.Path)
	}))
	defer storage.Close()
	const n = 20
	e := newDeclared(t, simulator.Config{Middleware: answering(map[string]http.HandlerFunc{
		"GET /api/v2/orphanrecordings": func(w http.ResponseWriter, _ *http.Request) {
			var rows []string
			for i := range n {
				rows = append(rows, fmt.Sprintf(`{"id":"o%d"}`, i))
			}
			fmt.Fprintf(w, `{"entities":[%s],"pageCount":1,"total":%d}`, strings.Join(rows, ","), n)
		},
		"GET /api/v2/orphanrecordings/{id}/media": func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, `{"id":"%[2]s","mediaUris":{"0":{"mediaUri":"%[1]s/%[2]s/a?s=%[3]d"},"1":{"mediaUri":"%[1]s/%[2]s/b?s=%[3]d"}}}`, storage.URL, r.PathValue("id"), time.Now().UnixNano())
		},
	})}, "recordings.orphans.media")
	e.run(t)
	got := map[string]int{}
	for _, f := range e.files(t, "recordings.orphans.media") {
		got[string(e.slurp(t, f))]++
	}
	missing := 0
	for i := range n {
		for _, x := range []string{"a", "b"} {
			if got[fmt.Sprintf("bytes of /o%d/%s", i, x)] == 0 {
				missing++
			}
		}
	}
	if len(got) != 2*n || missing > 0 || len(e.exceptions(t)) > 0 {
		t.Errorf("%d files, %d are missing, exceptions %v", len(got), missing, e.exceptions(t))
	}
}

// An answer without the file that it is asked for is no file.
func TestAFileThatDoesNotCome(t *testing.T) {
	e := newDeclared(t, simulator.Config{Middleware: answering(map[string]http.HandlerFunc{
		"GET /api/v2/orphanrecordings": func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, `{"entities":[{"id":"o1"}],"pageCount":1,"total":1}`)
		},
		"GET /api/v2/orphanrecordings/{id}/media": func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(202)
			if r.URL.Query().Get("x") == "" {
				fmt.Fprint(w, `{"estimatedTranscodeTimeMs":900000}`)
			}
		},
	})}, "recordings.orphans.media")
	for _, d := range e.cfg.Datasets {
		if l, ok := d.(*Listing); ok && l.name == "recordings.orphans.media" {
			l.pace.patience = 200 * time.Millisecond
		}
	}
	e.run(t)
	if x := e.exceptions(t); len(x) != 1 || x["o1"].Reason != exporter.StillProcessing {
		t.Errorf("exceptions %v", x)
	}
}

// A transcript that could not be had is there once a later run gets it.
func TestATranscriptThatComesLater(t *testing.T) {
	var broken atomic.Bool
	broken.Store(true)
	storage := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if broken.Load() {
			w.WriteHeader(404)
			return
		}
		fmt.Fprintf(w, "{\n  \"of\": %q\n}", r.URL.Path)
	}))
	defer storage.Close()
	e := newDeclared(t, simulator.Config{ConversationsPerDay: 2, RecordedShare: 1, Middleware: answering(map[string]http.HandlerFunc{
		"GET /api/v2/speechandtextanalytics/conversations/{id}/communications/{session}/transcripturls": func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, `{"urls":[{"recording":{"id":"a"},"url":"%[1]s/%[2]s/a?x"}]}`, storage.URL, r.PathValue("session"))
		},
	})}, DetailsName, "interactions.transcripts")
	e.run(t)
	if len(e.exceptions(t)) == 0 {
		t.Error("what is absent is not stated")
	}
	broken.Store(false)
	e.run(t)
	tally, err := e.journal.Tally(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if c := tally.Datasets["interactions.transcripts"]; len(e.exceptions(t)) > 0 || c.Records == 0 || c.Met != c.Expected {
		t.Errorf("%+v, exceptions %v", c, e.exceptions(t))
	}
}

// A record that changes between two readings of a listing makes up for none that is
// missing.
func TestARecordThatChangesIsNotTwo(t *testing.T) {
	var asked atomic.Int64
	e := newDeclared(t, simulator.Config{Middleware: answering(map[string]http.HandlerFunc{
		"GET /api/v2/users": func(w http.ResponseWriter, _ *http.Request) {
			n := asked.Add(1)
			fmt.Fprintf(w, `{"entities":[{"id":"a","lasttokenissued":"%d"},{"id":"b"}],"pageCount":1,"total":3}`, n)
		},
	})}, "directory.users")
	e.run(t)
	if x := e.exceptions(t); !strings.Contains(x["all"].Detail, "counts 3, and lists 2") {
		t.Errorf("exceptions %v", x)
	}
}

// What a unit finds when it is opened again is handed on; what it has handed on
// before is not listed a second time.
func TestWhatIsFoundLaterIsListedOnce(t *testing.T) {
	var broken atomic.Bool
	broken.Store(true)
	e := newDeclared(t, simulator.Config{Middleware: answering(map[string]http.HandlerFunc{
		"GET /api/v2/knowledge/knowledgebases": func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, `{"entities":[{"id":"k0"},{"id":"k1"},{"id":"k2"}]}`)
		},
		"GET /api/v2/knowledge/knowledgebases/{id}/documents": func(w http.ResponseWriter, r *http.Request) {
			if broken.Load() && r.PathValue("id") == "k0" {
				refuse(w, 403, "not.authorized")
				return
			}
			fmt.Fprintf(w, `{"entities":[{"id":"%s-d"}]}`, r.PathValue("id"))
		},
		"GET /api/v2/knowledge/knowledgebases/{id}/documents/{d}/versions": func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, `{"entities":[{"id":"%s-v"}]}`, r.PathValue("d"))
		},
	})}, "knowledge.documents.versions")
	e.run(t)
	broken.Store(false)
	e.run(t)
	if lines := e.lines(t, "knowledge.documents.versions"); len(lines) != 3 || len(e.exceptions(t)) > 0 {
		t.Errorf("records %v, exceptions %v", lines, e.exceptions(t))
	}
}

// A list that comes later must not have the others exported again, whose files
// would be others.
func TestAFileThatIsMadeAnewIsAskedForOnce(t *testing.T) {
	var more atomic.Bool
	var stamp atomic.Int64
	storage := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/csv")
		fmt.Fprintf(w, "id,exported\n1,%d\n", stamp.Add(1))
	}))
	defer storage.Close()
	e := newDeclared(t, simulator.Config{Middleware: answering(map[string]http.HandlerFunc{
		"GET /api/v2/outbound/contactlists": func(w http.ResponseWriter, _ *http.Request) {
			if more.Load() {
				fmt.Fprint(w, `{"entities":[{"id":"new"},{"id":"a"}],"pageCount":1,"total":2}`)
				return
			}
			fmt.Fprint(w, `{"entities":[{"id":"a"}],"pageCount":1,"total":2}`)
		},
		"POST /api/v2/outbound/contactlists/{id}/export": func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, `{"id":"a"}`) },
		"GET /api/v2/outbound/contactlists/{id}/export": func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, `{"uri":"%s/x","exportTimestamp":%q}`, storage.URL, time.Now().UTC().Format(time.RFC3339Nano))
		},
	})}, "outbound.contactlists.contacts")
	e.run(t)
	more.Store(true)
	e.run(t)
	if files := e.files(t, "outbound.contactlists.contacts"); len(files) != 2 || stamp.Load() != 2 || len(e.exceptions(t)) > 0 {
		t.Errorf("files %v of %d exports, exceptions %v", files, stamp.Load(), e.exceptions(t))
	}
}

// An answer that is too large is not asked for again by halves of a time that is not
// in the question.
func TestWhatCannotBeCutIsAskedOnce(t *testing.T) {
	var calls atomic.Int64
	e := newDeclared(t, simulator.Config{ConversationsPerDay: 1, Middleware: answering(map[string]http.HandlerFunc{
		"GET /api/v2/conversations/{id}/summaries": func(w http.ResponseWriter, r *http.Request) {
			calls.Add(1)
			refuse(w, 413, "response.entity.too.large")
		},
	})}, DetailsName, "interactions.summaries")
	e.run(t)
	if calls.Load() != 1 || len(e.exceptions(t)) != 1 {
		t.Errorf("%d calls, exceptions %v", calls.Load(), e.exceptions(t))
	}
}

// A further page that nobody can ask for is stated.
func TestPagesThatCannotBeAskedFor(t *testing.T) {
	e := newDeclared(t, simulator.Config{Middleware: answering(map[string]http.HandlerFunc{
		"GET /api/v2/usage/query/{id}/results": func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, `{"queryStatus":"Complete","results":[{"clientId":"a"}],"cursors":{"next":"x"}}`)
		},
	})}, "usage.api")
	e.run(t)
	if len(e.lines(t, "usage.api")) != 1 || len(e.exceptions(t)) != 1 {
		t.Errorf("records %v, exceptions %v", e.lines(t, "usage.api"), e.exceptions(t))
	}
}

// A scan says where it goes on in cursors.after.
func TestAScanGoesOnByItsCursors(t *testing.T) {
	e := newDeclared(t, simulator.Config{Middleware: answering(map[string]http.HandlerFunc{
		"GET /api/v2/externalcontacts/scan/contacts": func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Get("cursor") == "n" {
				fmt.Fprint(w, `{"entities":[{"id":"b"}]}`)
				return
			}
			fmt.Fprint(w, `{"entities":[{"id":"a"}],"cursors":{"after":"n"}}`)
		},
	})}, "externalcontacts.contacts")
	e.run(t)
	if len(e.lines(t, "externalcontacts.contacts")) != 2 || len(e.exceptions(t)) > 0 {
		t.Errorf("records %v, exceptions %v", e.lines(t, "externalcontacts.contacts"), e.exceptions(t))
	}
}

// What grows is listed again by a later run: what is new comes in, with its
// files, and what is there stays as it is.
func TestWhatGrowsIsListedAgain(t *testing.T) {
	var messages atomic.Int64
	messages.Store(2)
	storage := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/octet-stream")
		fmt.Fprint(w, "sound of ", r.URL.Path)
	}))
	defer storage.Close()
	e := newDeclared(t, simulator.Config{Middleware: answering(map[string]http.HandlerFunc{
		"GET /api/v2/routing/queues": func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, `{"entities":[{"id":"q"}],"pageCount":1,"total":1}`)
		},
		"GET /api/v2/voicemail/queues/{id}/messages": func(w http.ResponseWriter, _ *http.Request) {
			var rows []string
			for i := range messages.Load() {
				rows = append(rows, fmt.Sprintf(`{"id":"m%d"}`, messages.Load()-i))
			}
			fmt.Fprintf(w, `{"entities":[%s],"pageCount":1,"total":%d}`, strings.Join(rows, ","), len(rows))
		},
		"GET /api/v2/voicemail/messages/{id}/media": func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, `{"id":%q,"mediaFileUri":"%s/%s"}`, r.PathValue("id"), storage.URL, r.PathValue("id"))
		},
	})}, "voicemail.queues.media")
	e.run(t)
	messages.Store(3)
	n, err := e.journal.ReopenDone(t.Context(), "voicemail.queues", time.Now().Add(time.Minute))
	if err != nil || n != 1 {
		t.Fatalf("%d units are opened again, error %v", n, err)
	}
	if n, err := e.journal.ReopenDone(t.Context(), "routing.queues", time.Now().Add(-time.Hour)); err != nil || n != 0 {
		t.Fatalf("%d units that were done just now are opened again, error %v", n, err)
	}
	e.run(t)
	if lines, files := e.lines(t, "voicemail.queues"), e.files(t, "voicemail.queues.media"); len(lines) != 3 || len(files) != 3 || len(e.exceptions(t)) > 0 {
		t.Errorf("records %v, files %v, exceptions %v", lines, files, e.exceptions(t))
	}
	e.sound(t)
}
