package simulator

import (
	"encoding/json"
	"net/http"
)

// fail answers with the platform's ErrorBody. params fill %s-like places that
// the message already shows, as messageParams.
func fail(w http.ResponseWriter, r *http.Request, status int, code, message string, params ...string) {
	reply(w, status, errorBody(r, status, code, message, params...))
}

func errorBody(r *http.Request, status int, code, message string, params ...string) map[string]any {
	body := map[string]any{
		"message":           message,
		"code":              code,
		"status":            status,
		"messageWithParams": message,
		"messageParams":     map[string]string{},
		"contextId":         exchangeOf(r).correlation,
		"details":           []any{},
		"errors":            []any{},
	}
	if len(params) > 0 {
		named := map[string]string{}
		for i := 0; i+1 < len(params); i += 2 {
			named[params[i]] = params[i+1]
		}
		body["messageParams"] = named
	}
	return body
}

func badRequest(w http.ResponseWriter, r *http.Request, message string) {
	fail(w, r, http.StatusBadRequest, "bad.request", message)
}

func responseTooLarge(w http.ResponseWriter, r *http.Request) {
	fail(w, r, http.StatusBadRequest, "response.entity.too.large",
		"The response is over the size limit. Reduce pageSize or expand list to reduce response size if applicable")
}

func reply(w http.ResponseWriter, status int, body any) {
	raw, err := json.Marshal(body)
	if err != nil {
		panic(err) // only what this package builds is passed
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(raw)
}
