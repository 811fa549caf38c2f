package simulator

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"
)

const rateLimitKey = "client.credentials.token.rate.per.minute"

// window counts a token's requests in fixed minutes, the first of which starts
// with the first request.
type window struct {
	mu      sync.Mutex
	started time.Time
	count   int
}

// take counts a request. left is the time until the window ends. A refused
// request is not counted.
func (w *window) take(now time.Time, allowed int) (count int, left time.Duration, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.started.IsZero() || now.Sub(w.started) >= time.Minute || now.Before(w.started) {
		w.started, w.count = now, 0
	}
	left = w.started.Add(time.Minute).Sub(now)
	if allowed >= 0 && w.count >= allowed {
		return w.count, left, false
	}
	w.count++
	return w.count, left, true
}

// allow answers 429 and is false when the token's rate is used up. Either of the
// platform's two codes is used, both with Retry-After.
func (s *Server) allow(w http.ResponseWriter, r *http.Request, tok *token) bool {
	count, left, ok := tok.window.take(s.cfg.Now(), s.cfg.RequestsPerMinute)
	seconds := int((left + time.Second - 1) / time.Second)
	allowed := s.cfg.RequestsPerMinute
	if allowed < 0 {
		allowed = 1_000_000
	}
	h := w.Header()
	h["inin-ratelimit-count"] = []string{strconv.Itoa(count)}
	h["inin-ratelimit-allowed"] = []string{strconv.Itoa(allowed)}
	h["inin-ratelimit-reset"] = []string{strconv.Itoa(seconds)}
	if ok {
		return true
	}
	s.counts.rateLimited()
	tooMany(w, r, seconds, hash(s.cfg.Seed, uint64(left))%2 == 0, s.cfg.RequestsPerMinute)
	return false
}

// tooMany answers 429; without Retry-After when seconds is 0.
func tooMany(w http.ResponseWriter, r *http.Request, seconds int, plain bool, allowed int) {
	code, message := "too.many.requests.retry.after", fmt.Sprintf("Rate limit exceeded. Retry the request in [%d] seconds", seconds)
	if plain || seconds == 0 {
		code, message = "too.many.requests", fmt.Sprintf("Rate limit exceeded the maximum [%d] requests within [60] seconds", allowed)
	}
	if seconds > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(seconds))
	}
	body := errorBody(r, http.StatusTooManyRequests, code, message)
	body["limit"] = map[string]any{"key": rateLimitKey, "namespace": "platform.api", "value": allowed}
	reply(w, http.StatusTooManyRequests, body)
}
