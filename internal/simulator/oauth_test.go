package simulator_test

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"exitplan/internal/simulator"
)

const me = "/api/v2/organizations/me"

func TestLogin(t *testing.T) {
	c := start(t, simulator.Config{TokenTTL: 300 * time.Second})
	tests := []struct {
		name, id, secret, grant string
		status                  int
		want                    string
	}{
		{"wrong secret", "demo-client", "guess", "client_credentials", 401, "invalid_client"},
		{"unknown client", "nobody", "demo-secret", "client_credentials", 401, "invalid_client"},
		{"no credentials", "", "", "client_credentials", 401, "invalid_client"},
		{"other grant", "demo-client", "demo-secret", "password", 400, "unsupported_grant_type"},
		{"no grant", "demo-client", "demo-secret", "", 400, "invalid_request"},
	}
	for _, test := range tests {
		status, body := c.oauth(test.id, test.secret, test.grant)
		if status != test.status || body["error"] != test.want || body["error_description"] == "" || body["description"] == "" || body["code"] != nil {
			t.Errorf("%s: %d %v", test.name, status, body)
		}
	}
	if _, body := c.oauth("demo-client", "demo-secret", "client_credentials"); body["expires_in"] != 300.0 {
		t.Errorf("expires_in %v", body["expires_in"])
	}
}

func TestTokens(t *testing.T) {
	var now clock
	c := start(t, simulator.Config{Now: now.now, TokenTTL: 10 * time.Minute})
	c.refused(401, "authentication.required", http.MethodGet, me, nil)
	stranger := *c
	stranger.token = "made-up"
	stranger.refused(401, "bad.credentials", http.MethodGet, me, nil)

	first := c.demo()
	first.call(200, http.MethodGet, me, nil)
	now.advance(9 * time.Minute)
	second := c.demo()
	now.advance(2 * time.Minute)
	first.refused(401, "bad.credentials", http.MethodGet, me, nil)
	second.call(200, http.MethodGet, me, nil)
}

func TestPermissions(t *testing.T) {
	c := start(t, simulator.Config{Clients: []simulator.Client{
		{ID: "none", Secret: "s", Permissions: []string{}},
		{ID: "agent-view", Secret: "s", Permissions: []string{"analytics:agentConversationDetail:view"}},
	}})
	none, agent := c.login("none", "s"), c.login("agent-view", "s")
	none.call(200, http.MethodGet, "/api/v2/tokens/me", nil)
	body := m{"interval": interval(day0, 24*time.Hour)}
	got := none.refused(403, "missing.any.permissions", http.MethodPost, jobs, body)
	if got["messageParams"].(m)["permissions"] != "analytics:conversationDetail:view, analytics:agentConversationDetail:view" {
		t.Errorf("the missing permissions are not named: %v", got)
	}
	agent.call(202, http.MethodPost, jobs, body)
	agent.refused(403, "missing.permissions", http.MethodGet, jobs+"/availability", nil)
	agent.refused(403, "missing.any.permissions", http.MethodPost, "/api/v2/recording/batchrequests", m{"batchDownloadRequestList": []m{{}}})
}

func TestOrganization(t *testing.T) {
	c := start(t, simulator.Config{Seed: 7, OrgName: "Example KK", URLTTL: 30 * time.Minute, RequestsPerMinute: 180}).demo()
	org := c.call(200, http.MethodGet, me, nil)
	token := c.call(200, http.MethodGet, "/api/v2/tokens/me", nil)
	if org["name"] != "Example KK" || org["id"] == "" || token["organization"].(m)["id"] != org["id"] || token["OAuthClient"].(m)["id"] != "demo-client" {
		t.Errorf("organization %v, token %v", org, token)
	}
	limits := c.call(200, http.MethodGet, "/api/v2/organizations/limits/namespaces/platform.api", nil)["entities"].([]any)
	if len(limits) == 0 || limits[0].(m)["value"] != 180.0 {
		t.Errorf("limits %v", limits)
	}
	if ttl := c.call(200, http.MethodGet, "/api/v2/recording/settings?createDefault=false", nil)["recordingBatchDownloadUrlTtl"]; ttl != 30.0 {
		t.Errorf("recordingBatchDownloadUrlTtl %v", ttl)
	}
}

// Every answer says the platform's time, however wrong the machine's is.
func TestDateHeader(t *testing.T) {
	var now clock
	now.advance(400 * 24 * time.Hour)
	c := start(t, simulator.Config{Now: now.now}).demo()
	res, _ := c.do(c.request(http.MethodGet, me, nil))
	date, err := http.ParseTime(res.Header.Get("Date"))
	if err != nil || now.now().Sub(date).Abs() > time.Minute || res.Header.Get("ININ-Correlation-Id") == "" {
		t.Errorf("headers %v: %v", res.Header, err)
	}
}

func TestRateLimit(t *testing.T) {
	var now clock
	c := start(t, simulator.Config{Now: now.now, RequestsPerMinute: 3})
	one, other := c.demo(), c.demo()
	for i := range 3 {
		res, _ := one.do(one.request(http.MethodGet, me, nil))
		reset, err := strconv.Atoi(res.Header.Get("inin-ratelimit-reset"))
		if res.StatusCode != 200 || res.Header.Get("inin-ratelimit-count") != strconv.Itoa(i+1) ||
			res.Header.Get("inin-ratelimit-allowed") != "3" || err != nil || reset < 1 || reset > 60 {
			t.Fatalf("request %d: %d %v", i, res.StatusCode, res.Header)
		}
	}
	res, raw := one.do(one.request(http.MethodGet, me, nil))
	after, err := strconv.Atoi(res.Header.Get("Retry-After"))
	code := one.object(raw)["code"]
	if res.StatusCode != 429 || err != nil || after < 1 || after > 60 || code != "too.many.requests" && code != "too.many.requests.retry.after" {
		t.Fatalf("%d, Retry-After %q, %s", res.StatusCode, res.Header.Get("Retry-After"), raw)
	}
	other.call(200, http.MethodGet, me, nil) // a budget of its own
	now.advance(time.Duration(after) * time.Second)
	one.call(200, http.MethodGet, me, nil)
	if n := c.s.Counts().RateLimited; n != 1 {
		t.Errorf("%d 429s counted", n)
	}
}
