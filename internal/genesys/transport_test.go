package genesys_test

import (
	"crypto/tls"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"exitplan/internal/genesys"
)

func secured(t *testing.T, newest uint16, http2 bool) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, `{"access_token":"x","expires_in":3600,"proto":"`+r.Proto+`"}`)
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: newest}
	s.EnableHTTP2 = http2
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func secureClient(t *testing.T, s *httptest.Server, base *http.Transport) *genesys.Client {
	t.Helper()
	c, err := genesys.New(genesys.Config{
		APIURL: s.URL, LoginURL: s.URL, ClientID: "id", ClientSecret: "secret", Now: time.Now, HTTP: base,
		RequestsPerMinute: 1_000_000, Retry: genesys.Retry{Base: time.Millisecond, Max: time.Millisecond},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTLS(t *testing.T) {
	for _, tc := range []struct {
		newest uint16
		ok     bool
	}{{tls.VersionTLS10, false}, {tls.VersionTLS11, false}, {tls.VersionTLS12, true}, {tls.VersionTLS13, true}} {
		s := secured(t, tc.newest, true)
		// Whoever hands in a transport cannot lower the minimum.
		base := s.Client().Transport.(*http.Transport).Clone()
		base.TLSClientConfig.MinVersion = tls.VersionTLS10
		c := secureClient(t, s, base)
		_, err := c.Get(t.Context(), "/api/v2/x", nil)
		if (err == nil) != tc.ok {
			t.Errorf("API with %s: %v", tls.VersionName(tc.newest), err)
		}
		m, err := c.Media(t.Context(), s.URL+"/media")
		if (err == nil) != tc.ok {
			t.Errorf("media with %s: %v", tls.VersionName(tc.newest), err)
		}
		if err == nil {
			m.Body.Close()
		}
	}
}

func TestCertificateThatNobodyKnows(t *testing.T) {
	s := secured(t, tls.VersionTLS13, true)
	c := secureClient(t, s, nil)
	_, err := c.Get(t.Context(), "/api/v2/x", nil)
	if err == nil || !strings.Contains(err.Error(), "certificate") || strings.Contains(err.Error(), "tried") {
		t.Errorf("error is %v", err)
	}
}

func TestHTTP2(t *testing.T) {
	s := secured(t, tls.VersionTLS13, true)
	c := secureClient(t, s, s.Client().Transport.(*http.Transport))
	got, err := c.Get(t.Context(), "/api/v2/x", nil)
	if err != nil || !strings.Contains(string(got), "HTTP/2.0") {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestConfig(t *testing.T) {
	good := genesys.Config{Region: "ap-northeast-1", ClientID: "id", ClientSecret: "hush", Now: time.Now}
	for name, tc := range map[string]struct {
		change func(c *genesys.Config)
		says   string // empty: it is fine
	}{
		"as it is":            {func(c *genesys.Config) {}, ""},
		"host":                {func(c *genesys.Config) { c.Region = "mypurecloud.jp" }, ""},
		"API host":            {func(c *genesys.Config) { c.Region = "https://API.mypurecloud.jp/" }, ""},
		"no such region":      {func(c *genesys.Config) { c.Region = "us-west-1" }, "us-west-2 (usw2.pure.cloud)"},
		"no region":           {func(c *genesys.Config) { c.Region = "" }, "region"},
		"API URL alone":       {func(c *genesys.Config) { c.Region, c.APIURL = "", "https://gw.example" }, "region"},
		"gateway":             {func(c *genesys.Config) { c.APIURL = "https://gw.example/genesys" }, ""},
		"plain http":          {func(c *genesys.Config) { c.APIURL = "http://gw.example" }, "loopback"},
		"plain http login":    {func(c *genesys.Config) { c.LoginURL = "http://10.0.0.1" }, "loopback"},
		"looks like loopback": {func(c *genesys.Config) { c.APIURL = "http://127.0.0.1.example" }, "loopback"},
		"loopback":            {func(c *genesys.Config) { c.APIURL, c.LoginURL = "http://[::1]:80", "http://localhost:80" }, ""},
		"other scheme":        {func(c *genesys.Config) { c.APIURL = "ftp://gw.example" }, "https"},
		"secret in the URL":   {func(c *genesys.Config) { c.APIURL = "https://u:hush@gw.example" }, "host"},
		"no scheme":           {func(c *genesys.Config) { c.APIURL = "gw.example" }, "host"},
		"no id":               {func(c *genesys.Config) { c.ClientID = "" }, "client id"},
		"no secret":           {func(c *genesys.Config) { c.ClientSecret = "" }, "client secret"},
		"no clock":            {func(c *genesys.Config) { c.Now = nil }, "Now"},
		"all headroom":        {func(c *genesys.Config) { c.Headroom = 1 }, "headroom"},
		"negative rate":       {func(c *genesys.Config) { c.RequestsPerMinute = -1 }, "requests per minute"},
	} {
		cfg := good
		tc.change(&cfg)
		c, err := genesys.New(cfg)
		switch {
		case tc.says == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case tc.says == "" && cfg.Region != "" && c.Region() != "ap-northeast-1":
			t.Errorf("%s: region is %q", name, c.Region())
		case tc.says != "" && (err == nil || !strings.Contains(err.Error(), tc.says) || strings.Contains(err.Error(), "hush")):
			t.Errorf("%s: %v", name, err)
		}
	}
	if aws, err := genesys.AWSRegion("apps.mypurecloud.com.au"); aws != "ap-southeast-2" || err != nil {
		t.Errorf("region is %q, %v", aws, err)
	}
}
