package simulator

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestRouter(t *testing.T) {
	r := &router{routes: map[string][]routed{}, none: func(http.ResponseWriter, *http.Request) {}}
	for _, pattern := range []string{
		"GET /forms/{formId}/versions", "GET /forms/evaluations/{formId}", "GET /forms/{formId}", "GET /forms/evaluations",
		"POST /forms/{formId}", "GET /forms/evaluations/{formId}/versions",
	} {
		r.handle(pattern, func(http.ResponseWriter, *http.Request) {})
	}
	for _, test := range [][3]string{ // request, pattern, formId
		{"GET /forms/1", "GET /forms/{formId}", "1"},
		{"GET /forms/evaluations", "GET /forms/evaluations", ""},
		{"GET /forms/1/versions", "GET /forms/{formId}/versions", "1"},
		{"GET /forms/evaluations/versions", "GET /forms/evaluations/{formId}", "versions"},
		{"GET /forms/evaluations/1/versions", "GET /forms/evaluations/{formId}/versions", "1"},
		{"GET /forms/a%2Fb?x=/", "GET /forms/{formId}", "a/b"},
		{"POST /forms/evaluations", "POST /forms/{formId}", "evaluations"},
		{"DELETE /forms/1", "/", ""},
		{"GET /forms//versions", "/", ""},
		{"GET /forms/1/", "/", ""},
		{"GET /forms", "/", ""},
	} {
		method, path, _ := strings.Cut(test[0], " ")
		request := httptest.NewRequest(method, path, nil)
		if _, pattern := r.find(request); pattern != test[1] || request.PathValue("formId") != test[2] {
			t.Errorf("%s: %s with %q", test[0], pattern, request.PathValue("formId"))
		}
	}
}
