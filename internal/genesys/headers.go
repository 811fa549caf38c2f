package genesys

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// A longer Retry-After than this is no pacing but a mistake, and is treated
// as if it were absent.
const maxRetryAfter = 24 * time.Hour

// retryAfter reads a Retry-After header: whole seconds as the platform sends
// them, or a date as RFC 9110 section 10.2.3 allows, which is measured
// against the answer's own Date (or now, where it has none). ok is false for
// anything that cannot be acted upon.
func retryAfter(h http.Header, now time.Time) (wait time.Duration, ok bool) {
	value := strings.TrimSpace(h.Get("Retry-After"))
	if value == "" {
		return 0, false
	}
	if seconds, err := strconv.ParseInt(value, 10, 64); err == nil {
		if seconds < 0 || seconds > int64(maxRetryAfter/time.Second) {
			return 0, false
		}
		return time.Duration(seconds) * time.Second, true
	}
	// Gateways have been seen to send fractions; rounding up is safe.
	if seconds, err := strconv.ParseFloat(value, 64); err == nil {
		if !(seconds >= 0 && seconds <= maxRetryAfter.Seconds()) {
			return 0, false
		}
		return time.Duration(seconds*float64(time.Second)) + 1, true
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0, false
	}
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		now = date
	}
	wait = at.Sub(now)
	if wait > maxRetryAfter {
		return 0, false
	}
	return max(wait, 0), true
}

// rateState is what the inin-ratelimit headers of one answer say about the
// token's current window: count requests of allowed were made, and the window
// ends after reset.
type rateState struct {
	count, allowed int
	reset          time.Duration
}

// readRate reads the inin-ratelimit headers. The platform announced in 2021
// that it would drop them, and they may describe another limit than the
// token's, so their absence and nonsense are both normal.
func readRate(h http.Header) (s rateState, ok bool) {
	var numbers [3]int
	for i, name := range []string{"Inin-Ratelimit-Count", "Inin-Ratelimit-Allowed", "Inin-Ratelimit-Reset"} {
		n, err := strconv.Atoi(strings.TrimSpace(h.Get(name)))
		if err != nil || n < 0 || n > 10_000_000 {
			return rateState{}, false
		}
		numbers[i] = n
	}
	const hour = 3600 // a longer window, or an epoch instead of seconds left, is not a rate per minute
	if numbers[1] == 0 || numbers[2] > hour {
		return rateState{}, false
	}
	return rateState{numbers[0], numbers[1], time.Duration(numbers[2]) * time.Second}, true
}
