package simulator

import (
	"net/http"
)

// writeServerError answers one of the 5xx that a platform behind a load balancer
// gives, some of them not as JSON.
func writeServerError(w http.ResponseWriter, r *http.Request, h uint64) {
	switch h % 4 {
	case 0:
		fail(w, r, http.StatusInternalServerError, "internal.server.error", "The server encountered an unexpected condition which prevented it from fulfilling the request.")
	case 1:
		fail(w, r, http.StatusServiceUnavailable, "service.unavailable", "Service Unavailable - The server is currently unavailable (because it is overloaded or down for maintenance).")
	case 2:
		fail(w, r, http.StatusGatewayTimeout, "gateway.timeout", "The request timed out.")
	default:
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusBadGateway)
		_, _ = w.Write([]byte("<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n"))
	}
}

// writeHTML is what a proxy in front shows instead of an answer, with status 200.
func writeHTML(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write([]byte("<!DOCTYPE html>\n<html><head><title>Service temporarily unavailable</title></head>\n<body><h1>We'll be right back</h1><p>Please try again in a few minutes.</p></body></html>\n"))
}

// tornWriter keeps the start of an answer, and lets the connection break off
// inside it. The handler does not notice: what it did is done.
type tornWriter struct {
	http.ResponseWriter
	status int
	kept   []byte
	whole  int
}

const tornKeeps = 64 << 10

func (t *tornWriter) WriteHeader(status int) {
	if t.status == 0 {
		t.status = status
	}
}

func (t *tornWriter) Write(b []byte) (int, error) {
	t.WriteHeader(http.StatusOK)
	t.whole += len(b)
	t.kept = append(t.kept, b[:min(len(b), tornKeeps-len(t.kept))]...)
	return len(b), nil
}

// tear sends up to half of the answer and closes the connection.
func (t *tornWriter) tear() {
	if t.whole > 0 {
		t.ResponseWriter.WriteHeader(max(t.status, http.StatusOK))
		_, _ = t.ResponseWriter.Write(t.kept[:min(len(t.kept), t.whole/2)])
		_ = http.NewResponseController(t.ResponseWriter).Flush()
	}
	panic(http.ErrAbortHandler)
}
