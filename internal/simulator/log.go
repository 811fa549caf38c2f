package simulator

import (
	"encoding/json"
	"io"
	"sync"
	"time"
)

// Request is one line of the log. Time is the platform's clock at the request's
// start. Status is 0 when the connection was closed without an answer.
type Request struct {
	Time          time.Time `json:"time"`
	Kind          string    `json:"kind"` // api, login or media
	Method        string    `json:"method"`
	Path          string    `json:"path"`
	Status        int       `json:"status"`
	Bytes         int64     `json:"bytes"`
	Millis        float64   `json:"millis"`
	Client        string    `json:"client,omitempty"`
	Token         string    `json:"token,omitempty"` // the start of it
	Fault         string    `json:"fault,omitempty"` // by its name in ParseFaults
	CorrelationID string    `json:"correlationId"`
}

// logKept is how many requests are kept for /_simulator/requests; the writer
// gets all of them.
const logKept = 10_000

type requestLog struct {
	mu   sync.Mutex
	to   io.Writer
	ring []Request
	next int
}

func newRequestLog(to io.Writer) *requestLog { return &requestLog{to: to} }

func (l *requestLog) add(r Request) {
	var line []byte
	if l.to != nil {
		line, _ = json.Marshal(r) // plain fields cannot fail
		line = append(line, '\n')
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.ring) < logKept {
		l.ring = append(l.ring, r)
	} else {
		l.ring[l.next] = r
		l.next = (l.next + 1) % logKept
	}
	if line != nil {
		_, _ = l.to.Write(line) // a full disk must not stop the platform
	}
}

// recent lists what is kept, oldest first.
func (l *requestLog) recent() []Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append(append([]Request(nil), l.ring[l.next:]...), l.ring[:l.next]...)
}
