package genesys_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"exitplan/internal/genesys"
)

// The login host may send browsers elsewhere; its own Date is all that counts.
func TestTheTimeOfAHostThatRedirects(t *testing.T) {
	at := time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	login := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			t.Error("the time was asked with credentials")
		}
		w.Header().Set("Date", at.Format(http.TimeFormat))
		http.Redirect(w, r, "https://192.0.2.1/elsewhere", http.StatusFound)
	}))
	t.Cleanup(login.Close)
	var observed time.Time
	c, err := genesys.New(genesys.Config{
		Region: "ap-northeast-1", APIURL: login.URL, LoginURL: login.URL, ClientID: "id", ClientSecret: "hush",
		Now: time.Now, Observe: func(t time.Time) { observed = t },
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := c.Time(t.Context()); err != nil || !got.Equal(at) || !observed.Equal(at) {
		t.Errorf("Time: %v, %v; observed %v", got, err, observed)
	}
}
