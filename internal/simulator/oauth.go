package simulator

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// tokens holds the access tokens in use. Expired ones are dropped as new ones
// are issued.
type tokens struct {
	mu   sync.Mutex
	live map[string]*token
}

type token struct {
	name    string // a short form for logs
	client  *Client
	expires time.Time
	window  window
}

// caller is who makes an authenticated request.
type caller struct {
	client *Client
	token  *token
}

func (t *tokens) issue(c *Client, now time.Time, ttl time.Duration) string {
	var secret [32]byte
	_, _ = rand.Read(secret[:]) // never fails
	value := base64.RawURLEncoding.EncodeToString(secret[:])
	t.mu.Lock()
	defer t.mu.Unlock()
	for v, old := range t.live {
		if !now.Before(old.expires) {
			delete(t.live, v)
		}
	}
	t.live[value] = &token{name: value[:8], client: c, expires: now.Add(ttl)}
	return value
}

func (t *tokens) find(value string, now time.Time) (*token, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	tok, ok := t.live[value]
	return tok, ok && now.Before(tok.expires)
}

// revoke makes a token unknown, as when somebody ends a client's sessions.
func (t *tokens) revoke(value string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, ok := t.live[value]
	delete(t.live, value)
	return ok
}

func bearer(r *http.Request) string {
	scheme, value, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "bearer") {
		return ""
	}
	return strings.TrimSpace(value)
}

// login serves POST /oauth/token. Its errors have OAuth's shape, not the API's.
func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	refuse := func(status int, code, text string) {
		reply(w, status, map[string]string{"error": code, "description": text, "error_description": text})
	}
	if err := r.ParseForm(); err != nil {
		refuse(http.StatusBadRequest, "invalid_request", "the form cannot be read")
		return
	}
	id, secret, ok := r.BasicAuth()
	if !ok {
		refuse(http.StatusUnauthorized, "invalid_client", "authentication failed")
		return
	}
	at := slices.IndexFunc(s.cfg.Clients, func(c Client) bool { return c.ID == id && c.Secret == secret })
	if at < 0 {
		refuse(http.StatusUnauthorized, "invalid_client", "authentication failed")
		return
	}
	switch grant := r.PostForm.Get("grant_type"); grant {
	case "client_credentials":
	case "":
		refuse(http.StatusBadRequest, "invalid_request", "grant_type is missing")
		return
	default:
		refuse(http.StatusBadRequest, "unsupported_grant_type", "grant type "+grant+" is not supported")
		return
	}
	client := &s.cfg.Clients[at]
	exchangeOf(r).client = client.ID
	w.Header().Set("Cache-Control", "no-store")
	reply(w, http.StatusOK, map[string]any{
		"access_token": s.tokens.issue(client, s.cfg.Now(), s.cfg.TokenTTL),
		"token_type":   "bearer",
		"expires_in":   int(s.cfg.TokenTTL / time.Second),
	})
}

// authorized lets a request through that carries a live token, within its rate,
// of a client with any of the permissions.
func (s *Server) authorized(permissions []string, next func(http.ResponseWriter, *http.Request, caller)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		value := bearer(r)
		if value == "" {
			fail(w, r, http.StatusUnauthorized, "authentication.required", "No authentication bearer token specified in authorization header.")
			return
		}
		tok, ok := s.tokens.find(value, s.cfg.Now())
		if !ok {
			fail(w, r, http.StatusUnauthorized, "bad.credentials", "Invalid login credentials.")
			return
		}
		x := exchangeOf(r)
		x.client, x.token = tok.client.ID, tok.name
		if !s.allow(w, r, tok) {
			return
		}
		if len(permissions) > 0 && tok.client.Permissions != nil &&
			!slices.ContainsFunc(permissions, func(p string) bool { return slices.Contains(tok.client.Permissions, p) }) {
			list := strings.Join(permissions, ", ")
			if len(permissions) == 1 {
				fail(w, r, http.StatusForbidden, "missing.permissions",
					"Unable to perform the requested action. You are missing the following permission(s): "+list, "permissions", list)
			} else {
				fail(w, r, http.StatusForbidden, "missing.any.permissions",
					"Unable to perform the requested action. You must have at least one of the following permissions assigned: "+list, "permissions", list)
			}
			return
		}
		next(w, r, caller{client: tok.client, token: tok})
	}
}
