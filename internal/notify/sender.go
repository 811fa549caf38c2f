package notify

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Config says who is told, and how.
type Config struct {
	Webhook string // URL; empty for none
	Secret  string // signs the webhook's requests; empty for no signature
	Command string // see [Split]; empty for none
	Agent   string // as the requests' User-Agent

	Now func() time.Time // dates the signatures
	// Failed is told of each event that a receiver did not get. It must be safe
	// for concurrent use.
	Failed func(e Event, err error)
	// Told is told of each event that a receiver got, likewise; nil for nobody.
	Told func(e Event)

	WebhookTimeout time.Duration   // of one request; default 10 s
	CommandTimeout time.Duration   // default 30 s
	Pauses         []time.Duration // before the repetitions of a request; default 1, 5 and 20 s
	HTTP           *http.Transport // default one that trusts the system's roots
}

// Sender tells of events in the background, each receiver in their order.
type Sender struct {
	cfg    Config
	cancel context.CancelCauseFunc
	routes []chan Event
	ended  sync.WaitGroup

	mu     sync.Mutex
	closed bool
}

// So many events may wait for one receiver.
const waiting = 64

var (
	errTooMany = errors.New("too many earlier notifications are still waiting")
	errClosed  = errors.New("the run has ended")
)

// New checks the configuration; nil where nobody is to be told.
func New(cfg Config) (*Sender, error) {
	if cfg.Webhook == "" && cfg.Command == "" {
		return nil, nil
	}
	cfg.defaults()
	s := &Sender{cfg: cfg}
	var tell []func(context.Context, Event) error
	if cfg.Webhook != "" {
		w, err := newWebhook(cfg)
		if err != nil {
			return nil, err
		}
		tell = append(tell, w.tell)
	}
	if cfg.Command != "" {
		c, err := newCommand(cfg)
		if err != nil {
			return nil, err
		}
		tell = append(tell, c.tell)
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	s.cancel = cancel
	for _, one := range tell {
		route := make(chan Event, waiting)
		s.routes = append(s.routes, route)
		s.ended.Go(func() { s.work(ctx, route, one) })
	}
	return s, nil
}

func (cfg *Config) defaults() {
	if cfg.WebhookTimeout <= 0 {
		cfg.WebhookTimeout = 10 * time.Second
	}
	if cfg.CommandTimeout <= 0 {
		cfg.CommandTimeout = 30 * time.Second
	}
	if cfg.Pauses == nil {
		cfg.Pauses = []time.Duration{time.Second, 5 * time.Second, 20 * time.Second}
	}
	if cfg.Failed == nil {
		cfg.Failed = func(Event, error) {}
	}
}

// Send hands an event over; it never waits. A nil Sender tells nobody.
func (s *Sender) Send(e Event) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, route := range s.routes {
		if s.closed {
			s.cfg.Failed(e, errClosed)
			continue
		}
		select {
		case route <- e:
		default:
			s.cfg.Failed(e, errTooMany)
		}
	}
}

// Close waits until everybody was told, but no longer than until ctx ends.
func (s *Sender) Close(ctx context.Context) {
	if s == nil {
		return
	}
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		for _, route := range s.routes {
			close(route)
		}
	}
	s.mu.Unlock()
	defer context.AfterFunc(ctx, func() { s.cancel(errClosed) })()
	s.ended.Wait()
	s.cancel(errClosed)
}

func (s *Sender) work(ctx context.Context, route <-chan Event, tell func(context.Context, Event) error) {
	for e := range route {
		if err := tell(ctx, e); err != nil {
			s.cfg.Failed(e, err)
		} else if s.cfg.Told != nil {
			s.cfg.Told(e)
		}
	}
}

// pause waits before a repetition; false if there is no time for it.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// cut says why something was given up, where the sender was closed meanwhile.
func cut(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return fmt.Errorf("%w, and the receiver had not answered (%w)", cause, err)
	}
	return err
}
