package simulator

import (
	"context"
	"net/http"
	"time"
)

// exchange is one request and what came of it, for log and counts.
type exchange struct {
	kind        string // api, login or media
	route       string // the pattern that served it
	correlation string
	client      string
	token       string
	fault       string
}

func (x *exchange) note(k fault) {
	switch {
	case k == none:
	case x.fault == "":
		x.fault = faultNames[k]
	default:
		x.fault += "," + faultNames[k]
	}
}

type exchangeKey struct{}

func exchangeOf(r *http.Request) *exchange {
	x, ok := r.Context().Value(exchangeKey{}).(*exchange)
	if !ok {
		return &exchange{} // a handler that was called without its server
	}
	return x
}

// exchange serves a request with what every answer carries, and records it, also
// when the connection breaks.
func (s *Server) exchange(w http.ResponseWriter, r *http.Request, kind string, serve http.HandlerFunc) {
	number := s.counts.begin()
	x := &exchange{kind: kind, correlation: s.org.ids.make(kindOther, 0, int(number&(maxPerDay-1)), 0).String()}
	r = r.WithContext(context.WithValue(r.Context(), exchangeKey{}, x))
	answer := &answerWriter{ResponseWriter: w}
	started, now := s.elapsed(), s.cfg.Now()
	h := w.Header()
	h["Date"] = []string{now.UTC().Format(http.TimeFormat)}
	if kind == "media" {
		h["x-amz-request-id"] = []string{x.correlation}
	} else {
		h["ININ-Correlation-Id"] = []string{x.correlation}
	}
	defer func() {
		s.counts.end(x, answer.status)
		s.log.add(Request{
			Time: now, Kind: kind, Method: r.Method, Path: r.URL.Path, Status: answer.status, Bytes: answer.bytes,
			Client: x.client, Token: x.token, Fault: x.fault, CorrelationID: x.correlation,
			Millis: float64((s.elapsed()-started)/time.Microsecond) / 1000,
		})
	}()
	serve(answer, r)
}

// answerWriter notes status and size. A status of 0 is a connection that was
// closed before any answer.
type answerWriter struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (a *answerWriter) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answerWriter) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	n, err := a.ResponseWriter.Write(b)
	a.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (a *answerWriter) Unwrap() http.ResponseWriter { return a.ResponseWriter }
