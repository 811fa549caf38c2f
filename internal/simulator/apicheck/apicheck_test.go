package apicheck

import (
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const definition = `{"swagger": "2.0", "paths": {
 "/api/v2/things/{id}": {"get": {"parameters": [
   {"name": "id", "in": "path", "required": true, "type": "string"},
   {"name": "size", "in": "query", "required": true, "type": "integer", "format": "int32"},
   {"name": "sort", "in": "query", "type": "string", "enum": ["up", "down"]}],
  "responses": {"200": {"schema": {"$ref": "#/definitions/Thing"}}, "default": {"schema": {"$ref": "#/definitions/Error"}}}}},
 "/api/v2/things/special": {"post": {"parameters": [{"in": "body", "name": "body", "required": true, "schema": {"$ref": "#/definitions/Thing"}}],
  "responses": {"204": {"description": "done"}}}},
 "/api/v2/things/file": {"get": {"summary": "The file", "parameters": [{"name": "download", "in": "query", "type": "string", "description": "Redirect to the file"}],
  "responses": {"200": {"schema": {"$ref": "#/definitions/Thing"}}}}}},
 "definitions": {"Error": {"type": "object", "properties": {"code": {"type": "string"}}},
  "Thing": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}, "at": {"type": "string", "format": "date-time"},
   "n": {"type": "integer", "format": "int32"}, "kind": {"type": "string", "enum": ["a", "b"]}, "ok": {"type": "boolean"},
   "x": {"type": "number"}, "names": {"type": "array", "items": {"type": "string"}},
   "map": {"type": "object", "additionalProperties": {"type": "string"}}, "inner": {"$ref": "#/definitions/Thing"}}}}}`

func newChecker(t *testing.T) *Checker {
	t.Helper()
	file := filepath.Join(t.TempDir(), "definition.json")
	if err := os.WriteFile(file, []byte(definition), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := New(file, "/api/v2/beyond/{id}/all")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(file, "/api/v2/things/special"); err == nil || !strings.Contains(err.Error(), "beyond") {
		t.Errorf("what is defined was called beyond the definition: %v", err)
	}
	return c
}

func TestWrap(t *testing.T) {
	c := newChecker(t)
	tests := []struct {
		name, method, url, body string
		status                  int
		answer                  string
		want                    string // in the report; "" for none
	}{
		{"all is well", "GET", "/api/v2/things/1?size=3&sort=up", "", 200, `{"id":"1","at":"2026-03-01T00:00:00.000Z","n":1,"kind":"a","ok":true,"x":1.5,"names":["a"],"map":{"k":"v"},"inner":{"id":"2"}}`, ""},
		{"null is absent", "GET", "/api/v2/things/1?size=3", "", 200, `{"id":"1","n":null}`, ""},
		{"future fields pass", "GET", "/api/v2/things/1?size=3", "", 200, `{"id":"1","futureX":1}`, ""},
		{"another path passes", "GET", "/oauth/token", "", 200, `nothing`, ""},
		{"a path beyond passes", "GET", "/api/v2/beyond/1/all?x=1", "", 200, `nothing`, ""},
		{"unknown path below it", "GET", "/api/v2/beyond/1/none", "", 404, `{}`, "no such path"},
		{"unknown path", "GET", "/api/v2/nothing", "", 404, `{}`, "no such path"},
		{"unknown method", "DELETE", "/api/v2/things/1", "", 404, `{}`, "no such method"},
		{"literal before parameter", "GET", "/api/v2/things/special", "", 200, `{}`, "no such method"},
		{"missing parameter", "GET", "/api/v2/things/1", "", 200, `{"id":"1"}`, "size is required"},
		{"parameter type", "GET", "/api/v2/things/1?size=big", "", 200, `{"id":"1"}`, "no integer"},
		{"parameter enum", "GET", "/api/v2/things/1?size=1&sort=sideways", "", 200, `{"id":"1"}`, "enumeration"},
		{"unknown parameter", "GET", "/api/v2/things/1?size=1&page=1", "", 200, `{"id":"1"}`, "page is unknown"},
		{"a refused request may be wrong", "GET", "/api/v2/things/1?size=big", "", 400, `{"code":"x"}`, ""},
		{"error body", "GET", "/api/v2/things/1?size=1", "", 500, `{"error":"x"}`, "error is unknown"},
		{"unknown status", "GET", "/api/v2/things/1?size=1", "", 201, `{"id":"1"}`, "status 201"},
		{"a redirect that was announced", "GET", "/api/v2/things/file?download=true", "", 307, "", ""},
		{"a redirect that was not", "GET", "/api/v2/things/1?size=1", "", 307, "", "status 307"},
		{"not JSON", "GET", "/api/v2/things/1?size=1", "", 200, `<html>`, "not JSON"},
		{"two values", "GET", "/api/v2/things/1?size=1", "", 200, `{"id":"1"}{}`, "goes on"},
		{"required field", "GET", "/api/v2/things/1?size=1", "", 200, `{}`, "id is required"},
		{"date-time", "GET", "/api/v2/things/1?size=1", "", 200, `{"id":"1","at":"yesterday"}`, "date-time"},
		{"int32", "GET", "/api/v2/things/1?size=1", "", 200, `{"id":"1","n":3000000000}`, "32 bits"},
		{"enum", "GET", "/api/v2/things/1?size=1", "", 200, `{"id":"1","kind":"c"}`, "enumeration"},
		{"boolean", "GET", "/api/v2/things/1?size=1", "", 200, `{"id":"1","ok":"yes"}`, "where boolean"},
		{"array", "GET", "/api/v2/things/1?size=1", "", 200, `{"id":"1","names":"a"}`, "array belongs"},
		{"array item", "GET", "/api/v2/things/1?size=1", "", 200, `{"id":"1","names":[1]}`, "names[0]"},
		{"map value", "GET", "/api/v2/things/1?size=1", "", 200, `{"id":"1","map":{"k":1}}`, "map.k"},
		{"behind a reference", "GET", "/api/v2/things/1?size=1", "", 200, `{"id":"1","inner":{"id":"2","inner":{}}}`, "inner.inner"},
		{"body", "POST", "/api/v2/things/special", `{"id":"1"}`, 204, "", ""},
		{"no body", "POST", "/api/v2/things/special", "", 204, "", "body is required"},
		{"wrong body", "POST", "/api/v2/things/special", `{"id":1}`, 204, "", "request.id"},
		{"future fields in a request", "POST", "/api/v2/things/special", `{"id":"1","futureX":1}`, 204, "", "futureX is unknown"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			h := c.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(test.status)
				_, _ = w.Write([]byte(test.answer))
			}), func(err error) { got = append(got, err.Error()) })
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(test.method, test.url, strings.NewReader(test.body)))
			if w.Code != test.status || w.Body.String() != test.answer {
				t.Errorf("the answer changed: %d %s", w.Code, w.Body)
			}
			if all := strings.Join(got, "\n"); (all == "") != (test.want == "") || !strings.Contains(all, test.want) {
				t.Errorf("reported %q, want %q", all, test.want)
			}
		})
	}
}

func TestNewWithoutDefinition(t *testing.T) {
	if _, err := New(filepath.Join(t.TempDir(), "none.json")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
