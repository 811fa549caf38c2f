package genesys

import (
	"net/http"
	"testing"
	"time"
)

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		value, date string
		want        time.Duration
		ok          bool
	}{
		{"", "", 0, false},
		{"0", "", 0, true},
		{"7", "", 7 * time.Second, true},
		{" 61 ", "", 61 * time.Second, true},
		{"7200", "", 2 * time.Hour, true},
		{"86400", "", 24 * time.Hour, true},
		{"86401", "", 0, false},
		{"1795521600", "", 0, false},
		{"99999999999999999999", "", 0, false},
		{"-1", "", 0, false},
		{"1.5", "", 1500*time.Millisecond + 1, true},
		{"NaN", "", 0, false},
		{"Inf", "", 0, false},
		{"soon", "", 0, false},
		{"Tue, 24 Nov 2026 12:00:30 GMT", "", 30 * time.Second, true},
		{"Tue, 24 Nov 2026 12:00:30 GMT", "Tue, 24 Nov 2026 12:00:20 GMT", 10 * time.Second, true},
		{"Tue, 24 Nov 2026 11:00:00 GMT", "", 0, true},
		{"Tue, 24 Nov 2037 12:00:00 GMT", "", 0, false},
	} {
		h := http.Header{}
		h.Set("Retry-After", tc.value)
		if tc.date != "" {
			h.Set("Date", tc.date)
		}
		if got, ok := retryAfter(h, now); got != tc.want || ok != tc.ok {
			t.Errorf("%q (Date %q) is %s, %v", tc.value, tc.date, got, ok)
		}
	}
	if _, ok := retryAfter(nil, now); ok {
		t.Error("no headers, and yet a Retry-After")
	}
}

func TestRateHeaders(t *testing.T) {
	for _, tc := range []struct {
		count, allowed, reset string
		want                  rateState
		ok                    bool
	}{
		{"5", "180", "61", rateState{5, 180, 61 * time.Second}, true},
		{"0", "1", "0", rateState{0, 1, 0}, true},
		{"", "180", "61", rateState{}, false},
		{"5", "0", "61", rateState{}, false},
		{"-5", "180", "61", rateState{}, false},
		{"5", "180", "1795521600", rateState{}, false},
		{"5", "180", "x", rateState{}, false},
		{"5", "99999999999999999999", "3", rateState{}, false},
	} {
		h := http.Header{}
		h.Set("inin-ratelimit-count", tc.count)
		h.Set("inin-ratelimit-allowed", tc.allowed)
		h.Set("inin-ratelimit-reset", tc.reset)
		if got, ok := readRate(h); got != tc.want || ok != tc.ok {
			t.Errorf("%s of %s, reset %s is %+v, %v", tc.count, tc.allowed, tc.reset, got, ok)
		}
	}
}

func FuzzHeaders(f *testing.F) {
	f.Add("7", "Tue, 24 Nov 2026 12:00:20 GMT", "5", "300", "60")
	f.Add("Tue, 24 Nov 2026 12:00:30 GMT", "", "-1", "1e9", "NaN")
	f.Fuzz(func(t *testing.T, after, date, count, allowed, reset string) {
		h := http.Header{
			"Retry-After": {after}, "Date": {date}, "Inin-Ratelimit-Count": {count},
			"Inin-Ratelimit-Allowed": {allowed}, "Inin-Ratelimit-Reset": {reset},
		}
		wait, ok := retryAfter(h, time.Unix(1795521600, 0))
		if wait < 0 || wait > maxRetryAfter+1 || !ok && wait != 0 {
			t.Errorf("Retry-After %q is %s, %v", after, wait, ok)
		}
		if s, ok := readRate(h); ok && (s.count < 0 || s.allowed < 1 || s.reset < 0 || s.reset > time.Hour) {
			t.Errorf("rate is %+v", s)
		}
	})
}
