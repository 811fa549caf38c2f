package genesys

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// What a caller may branch on. An [Error] wraps at most one of them.
var (
	// ErrCredentials: the platform does not accept the OAuth client, or not
	// even a token that it has just issued.
	ErrCredentials = errors.New("the credentials are not accepted")
	// ErrPermission: the client's roles or divisions do not allow it (403).
	ErrPermission = errors.New("no permission")
	// ErrNotFound: there is no such thing, or none that the client may see (404).
	ErrNotFound = errors.New("not found")
	// ErrTooLarge: the request or its answer is over the platform's size
	// limit. A smaller page or interval helps; repeating does not.
	ErrTooLarge = errors.New("too large")
	// ErrBadAnswer: what came is not the JSON that the API promises, e.g. an
	// HTML page with status 200, time and again.
	ErrBadAnswer = errors.New("the answer is not what the API promises")
	// ErrNoRequest: an id from the platform makes no path that could be asked for.
	ErrNoRequest = errors.New("no request can be made")
	// ErrUnknown: nobody can tell whether the platform did what it was asked.
	ErrUnknown = errors.New("whether it took effect is not known")
	// ErrURLExpired: a signed URL is not valid (any more). A new one must be
	// asked for; the old one stays dead.
	ErrURLExpired = errors.New("the signed URL is not valid any more")
)

// Limit names the limit of the organization that a request ran into.
type Limit struct {
	Key       string `json:"key"`
	Namespace string `json:"namespace"`
	Value     int64  `json:"value"`
}

// Error is a request that failed for good.
type Error struct {
	Method string
	Path   string // of the URL, with the host where it is not the API's; never the query
	Status int    // of the last answer; 0 if there was none

	Code          string // the platform's own, such as "missing.permissions"
	Message       string // the platform's own words
	CorrelationID string // what Genesys support asks for
	Limit         Limit
	RetryAfter    time.Duration // what the platform asked for, if it did

	Attempts int   // requests sent
	Err      error // a sentinel of this package, or what broke underneath

	broken bool // no answer, or one that broke off
}

// Error says what failed, why, and what can be done about it, on one line.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: ", e.Method, e.Path)
	if e.Status != 0 {
		fmt.Fprintf(&b, "%d", e.Status)
		if text := http.StatusText(e.Status); text != "" {
			fmt.Fprintf(&b, " %s", text)
		}
	}
	if e.Code != "" {
		fmt.Fprintf(&b, " (%s)", e.Code)
	}
	for _, part := range []string{e.cause(), e.Message, e.hint()} {
		if part != "" {
			if e.Status != 0 || !strings.HasSuffix(b.String(), ": ") {
				b.WriteString(": ")
			}
			b.WriteString(part)
		}
	}
	var notes []string
	if e.Limit.Key != "" {
		notes = append(notes, fmt.Sprintf("limit %s = %d", e.Limit.Key, e.Limit.Value))
	}
	if e.Attempts > 1 {
		notes = append(notes, fmt.Sprintf("tried %d times", e.Attempts))
	}
	if e.CorrelationID != "" {
		notes = append(notes, "correlation id "+e.CorrelationID)
	}
	if len(notes) > 0 {
		fmt.Fprintf(&b, " [%s]", strings.Join(notes, ", "))
	}
	return b.String()
}

// cause is the underlying error, where it says more than the status.
func (e *Error) cause() string {
	if e.Err == nil || e.Err == ErrNotFound || e.Err == ErrPermission || e.Err == ErrTooLarge {
		return ""
	}
	return e.Err.Error()
}

func (e *Error) hint() string {
	switch {
	case errors.Is(e.Err, ErrCredentials):
		if e.Code == "ip.not.authorized" {
			return "allow this machine's address in the organization's IP allowlist"
		}
		return "check client id, secret and region: a client is known in its own region alone"
	case errors.Is(e.Err, ErrPermission):
		return "give the OAuth client a role with this permission, in every division"
	case errors.Is(e.Err, ErrURLExpired):
		return "a new one must be requested"
	case e.Status == http.StatusTooManyRequests && e.RetryAfter > 0:
		return fmt.Sprintf("the platform wants to be left alone for %s", e.RetryAfter)
	case e.Status == http.StatusTooManyRequests:
		return "lower source.requests_per_minute"
	}
	return ""
}

// open says whether the request may have taken effect all the same.
func (e *Error) open() bool {
	return e.broken || errors.Is(e.Err, ErrBadAnswer) || errors.Is(e.Err, ErrTooLarge) && e.Status < 300 ||
		e.Status == http.StatusRequestTimeout || e.Status >= 500 && e.Status != http.StatusNotImplemented
}

// Unwrap gives the sentinel or the underlying error.
func (e *Error) Unwrap() error { return e.Err }

// errorBody is what the API and the login say about a failure; the two shapes
// have no field in common.
type errorBody struct {
	Message   string `json:"message"`
	Code      string `json:"code"`
	ContextID string `json:"contextId"`
	Limit     Limit  `json:"limit"`

	OAuthError       string `json:"error"`
	Description      string `json:"description"`
	OAuthDescription string `json:"error_description"`
}

// describe fills in what an answer with a failure status says. The body need
// not be JSON: gateways answer in HTML.
func (e *Error) describe(status int, header http.Header, body []byte) {
	e.Status = status
	e.CorrelationID = header.Get("Inin-Correlation-Id")
	var said errorBody
	// A field of another type than expected spoils only itself.
	_ = json.Unmarshal(body, &said)
	e.Code, e.Message, e.Limit = said.Code, said.Message, said.Limit
	if e.Code == "" {
		e.Code = said.OAuthError
	}
	if e.Message == "" {
		e.Message = said.OAuthDescription
	}
	if e.Message == "" {
		e.Message = said.Description
	}
	e.Code, e.Message = oneLine(e.Code, 100), oneLine(e.Message, 300)
	if e.CorrelationID == "" {
		e.CorrelationID = said.ContextID
	}
	e.CorrelationID = oneLine(e.CorrelationID, 100)
	e.Err = e.kind()
}

// kind is the sentinel of an API answer.
func (e *Error) kind() error {
	switch e.Status {
	case http.StatusUnauthorized:
		return ErrCredentials
	case http.StatusForbidden:
		return ErrPermission
	case http.StatusNotFound:
		return ErrNotFound
	case http.StatusRequestEntityTooLarge:
		return ErrTooLarge
	case http.StatusBadRequest:
		if strings.HasSuffix(e.Code, "entity.too.large") || e.Code == "payload.too.large" {
			return ErrTooLarge
		}
	}
	return nil
}

// oneLine makes what others wrote fit for a log line.
func oneLine(s string, limit int) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "?")), " ")
	if len(s) > limit {
		s = strings.ToValidUTF8(s[:limit], "") + "..."
	}
	return s
}
