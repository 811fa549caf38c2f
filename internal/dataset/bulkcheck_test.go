package dataset

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"exitplan/internal/genesys"
)

func TestCheckIntegration(t *testing.T) {
	const config = `{"properties":{"bucketName":"exit","roleARN":"r"},"credentials":{"amazon":{"id":"c"}}}`
	for _, c := range []struct{ name, kind, state, reported, config, says string }{
		{"fits", bulkIntegration, "ENABLED", "ACTIVE", config, ""},
		{"bucket as URL", bulkIntegration, "ENABLED", "", strings.Replace(config, `"exit"`, `"s3://exit/folder"`, 1), ""},
		{"bucket inside", bulkIntegration, "ENABLED", "", `{"properties":{"S3":[{"Bucket":{"name":"exit"}}]},"credentials":{"a":{}}}`, ""},
		{"other type", "webhook", "ENABLED", "ACTIVE", config, "is of type webhook"},
		{"disabled", bulkIntegration, "DISABLED", "INACTIVE", config, "is disabled: activate it"},
		{"broken", bulkIntegration, "ENABLED", "ERROR", config, "reports an error"},
		{"other bucket", bulkIntegration, "ENABLED", "", strings.Replace(config, `"exit"`, `"other"`, 1), "writes into bucket other, and the destination is bucket exit"},
		{"no bucket", bulkIntegration, "ENABLED", "", `{"properties":{"note":"exit"},"credentials":{"a":{}}}`, "no bucket that its configuration names"},
		{"no credentials", bulkIntegration, "ENABLED", "", `{"properties":{"bucketName":"exit"},"credentials":{}}`, "has no credentials"},
	} {
		t.Run(c.name, func(t *testing.T) {
			mux := http.NewServeMux()
			mux.HandleFunc("POST /oauth/token", func(w http.ResponseWriter, r *http.Request) {
				io.WriteString(w, `{"access_token":"t","token_type":"bearer","expires_in":3600}`)
			})
			mux.HandleFunc("GET /api/v2/integrations/i", func(w http.ResponseWriter, r *http.Request) {
				fmt.Fprintf(w, `{"id":"i","name":"S3","integrationType":{"id":%q},"intendedState":%q,"reportedState":{"code":%q}}`, c.kind, c.state, c.reported)
			})
			mux.HandleFunc("GET /api/v2/integrations/i/config/current", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, c.config) })
			server := httptest.NewServer(mux)
			defer server.Close()
			client, err := genesys.New(genesys.Config{
				Region: "ap-northeast-1", APIURL: server.URL, LoginURL: server.URL, ClientID: "a", ClientSecret: "s", RequestsPerMinute: 600_000, Now: time.Now,
			})
			if err != nil {
				t.Fatal(err)
			}
			err = CheckIntegration(t.Context(), client, "i", "exit")
			if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("error is %v, want %q", err, c.says)
			}
			if err := CheckIntegration(t.Context(), client, "j", "exit"); err == nil || !strings.Contains(err.Error(), "none of that id") {
				t.Errorf("error is %v", err)
			}
		})
	}
}
