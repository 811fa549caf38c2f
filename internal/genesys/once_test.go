package genesys_test

import (
	"errors"
	"io"
	"net/http"
	"testing"

	"exitplan/internal/genesys"
)

// What must not happen twice is repeated only where it cannot have happened.
func TestPostOnce(t *testing.T) {
	for name, c := range map[string]struct {
		fault   func(w http.ResponseWriter)
		calls   int64
		unknown bool
	}{
		"dropped":       {func(http.ResponseWriter) { panic(http.ErrAbortHandler) }, 1, true},
		"500":           {func(w http.ResponseWriter) { fail(w, 500, "internal.server.error", "") }, 1, true},
		"504":           {func(w http.ResponseWriter) { w.WriteHeader(504) }, 1, true},
		"HTML with 200": {func(w http.ResponseWriter) { io.WriteString(w, "<html>down</html>") }, 1, true},
		"429":           {func(w http.ResponseWriter) { p429(w, "0") }, 2, false},
		"401":           {func(w http.ResponseWriter) { fail(w, 401, "bad.credentials", "") }, 2, false},
		"400":           {func(w http.ResponseWriter) { fail(w, 400, "bad.request", "") }, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlatform(t, func(w http.ResponseWriter, r *http.Request, n int) {
				if n == 1 {
					c.fault(w)
					return
				}
				io.WriteString(w, `{"id":"j"}`)
			})
			_, err := p.client(t).PostOnce(t.Context(), "/api/v2/jobs", map[string]string{"a": "b"})
			if errors.Is(err, genesys.ErrUnknown) != c.unknown || int64(p.calls.Load()) != c.calls || (err == nil) != (c.calls == 2) {
				t.Errorf("%d calls, error is %v", p.calls.Load(), err)
			}
		})
	}
}

func TestPutIsRepeated(t *testing.T) {
	p := newPlatform(t, func(w http.ResponseWriter, r *http.Request, n int) {
		sent, _ := io.ReadAll(r.Body)
		if r.Method != http.MethodPut || string(sent) != `{"state":"PROCESSING"}` {
			t.Errorf("%s with %q", r.Method, sent)
		}
		if n == 1 {
			panic(http.ErrAbortHandler)
		}
		io.WriteString(w, `{"id":"j"}`)
	})
	got, err := p.client(t).Put(t.Context(), "/api/v2/jobs/j", map[string]string{"state": "PROCESSING"})
	if err != nil || string(got) != `{"id":"j"}` {
		t.Errorf("got %q, %v", got, err)
	}
}
