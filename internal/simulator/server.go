package simulator

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// maxRequestBytes is the platform's request.bytes.max.
const maxRequestBytes = 512_000

// Server is a running simulator.
type Server struct {
	cfg      Config
	org      *org
	tokens   tokens
	jobs     jobs
	batches  batches
	prepared prepared
	exports  exports
	bulk     bulk
	dead     deadURLs
	faults   *injector
	entities *catalogue
	counts   *counter
	work     workLog
	reports  reports
	log      *requestLog
	secret   []byte // signs media URLs
	elapsed  func() time.Duration
	until    atomic.Int64 // dataAvailabilityDate, Unix milliseconds
	signed   atomic.Int64 // URLs of files

	known      []string // permissions
	router     *router
	handler    http.Handler // router behind the configured middleware
	api, media net.Listener
	servers    [2]*http.Server
	close      sync.Once
	closed     chan struct{}
	serving    sync.WaitGroup
}

// Start listens on both ports and serves until Close is called or ctx ends.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	started := time.Now()
	s := &Server{
		cfg:     cfg,
		org:     newOrg(cfg),
		tokens:  tokens{live: map[string]*token{}},
		jobs:    jobs{live: map[string]*job{}},
		batches: batches{live: map[string]*batch{}},
		dead:    deadURLs{until: map[string]time.Time{}},
		reports: reports{begun: map[string]time.Duration{}},
		faults:  newInjector(cfg.Seed, cfg.Faults),
		counts:  newCounter(cfg.CountMedia),
		log:     newRequestLog(cfg.Log),
		secret:  make([]byte, 32),
		elapsed: func() time.Duration { return time.Since(started) },
		closed:  make(chan struct{}),
	}
	_, _ = rand.Read(s.secret) // never fails
	s.SetAvailable(cfg.Available)
	if s.entities, err = newCatalogue(s.org); err != nil {
		return nil, err
	}
	s.router = s.routes()
	s.handler = s.router
	if cfg.Middleware != nil {
		s.handler = cfg.Middleware(s.router)
	}
	if s.api, err = net.Listen("tcp", cfg.Listen); err != nil {
		return nil, fmt.Errorf("simulator: API port: %w", err)
	}
	if s.media, err = net.Listen("tcp", cfg.MediaListen); err != nil {
		_ = s.api.Close()
		return nil, fmt.Errorf("simulator: media port: %w", err)
	}
	s.startBulk()
	s.serve(0, s.api, s.serveAPI)
	s.serve(1, s.media, func(w http.ResponseWriter, r *http.Request) { s.exchange(w, r, "media", s.mediaExchange) })
	s.serving.Go(func() {
		select {
		case <-ctx.Done():
			s.shut()
		case <-s.closed:
		}
	})
	return s, nil
}

func (s *Server) serve(i int, l net.Listener, h http.HandlerFunc) {
	s.servers[i] = &http.Server{Handler: h, ReadHeaderTimeout: 30 * time.Second}
	s.serving.Go(func() { _ = s.servers[i].Serve(l) })
}

// URL is the base of the API and of the login, as in http://127.0.0.1:1234.
func (s *Server) URL() string { return "http://" + s.api.Addr().String() }

// MediaURL is the base of signed media URLs.
func (s *Server) MediaURL() string { return "http://" + s.media.Addr().String() }

// Close ends connections at once and waits until both ports are free.
func (s *Server) Close() error {
	err := s.shut()
	s.serving.Wait()
	s.bulk.running.Wait()
	return err
}

func (s *Server) shut() (err error) {
	s.close.Do(func() {
		close(s.closed)
		s.stopBulk()
		err = errors.Join(s.servers[0].Close(), s.servers[1].Close())
	})
	return err
}

// SetFaults changes what goes wrong from now on.
func (s *Server) SetFaults(f Faults) { s.faults.use(f) }

// SetAvailable moves dataAvailabilityDate; jobs submitted before keep theirs.
func (s *Server) SetAvailable(t time.Time) { s.until.Store(t.UnixMilli()) }

func (s *Server) available() time.Time { return time.UnixMilli(s.until.Load()) }

type route struct {
	pattern     string
	permissions []string // any of which will do
	serve       func(http.ResponseWriter, *http.Request, caller)
}

func notHere(w http.ResponseWriter, r *http.Request, _ caller) {
	fail(w, r, http.StatusNotFound, "not.found", "The requested resource was not found.")
}

func (s *Server) routes() *router {
	details := []string{"analytics:conversationDetail:view", "analytics:agentConversationDetail:view"}
	recordings := []string{"recording:recording:view", "recording:recordingSegment:view"}
	t := &router{routes: map[string][]routed{}, none: func(w http.ResponseWriter, r *http.Request) { notHere(w, r, caller{}) }}
	t.handle("POST /oauth/token", s.login)
	routes := []route{
		{"GET /api/v2/organizations/me", nil, s.organization},
		{"GET /api/v2/tokens/me", nil, s.tokenInfo},
		{"GET /api/v2/organizations/limits/namespaces/{namespaceName}", nil, s.limits},
		{"GET /api/v2/organizations/limits/namespaces", nil, s.limitNamespaces},
		{"GET /api/v2/organizations/limits/namespaces/{namespaceName}/defaults", nil, s.limits},
		{"GET /api/v2/analytics/conversations/details", details, s.detailsByID},
		{"POST /api/v2/analytics/conversations/details/query", details, s.queryConversations},
		{"POST /api/v2/analytics/conversations/details/jobs", details, s.submitJob},
		{"GET /api/v2/analytics/conversations/details/jobs/availability", details[:1], s.jobsAvailability},
		{"GET /api/v2/analytics/conversations/details/jobs/{jobId}", details, s.jobStatus},
		{"DELETE /api/v2/analytics/conversations/details/jobs/{jobId}", details, s.deleteJob},
		{"GET /api/v2/analytics/conversations/details/jobs/{jobId}/results", details, s.jobResults},
		{"GET /api/v2/conversations/{conversationId}/recordingmetadata", recordings, s.listRecordingMetadata},
		{"GET /api/v2/conversations/{conversationId}/recordingmetadata/{recordingId}", recordings, s.getRecordingMetadata},
		{"POST /api/v2/recording/batchrequests", recordings, s.submitBatch},
		{"GET /api/v2/recording/batchrequests/{jobId}", nil, s.batchStatus},
		{"GET /api/v2/recording/settings", nil, s.recordingSettings},
	}
	routes = slices.Concat(routes, s.analyticsRoutes(), s.contentRoutes(), s.exportRoutes(), s.bulkRoutes(), s.grantRoutes())
	for _, c := range s.entities.all {
		if c.path == rolesListing {
			continue // see grantRoutes
		}
		routes = append(routes, route{c.method() + " " + c.pattern, strings.Fields(c.needs), s.serveListing(c)})
	}
	s.known = permissionsOf(routes)
	for _, route := range routes {
		if _, path, _ := strings.Cut(route.pattern, " "); slices.Contains(s.cfg.Without, path) {
			route.permissions, route.serve = nil, notHere
		}
		t.handle(route.pattern, s.authorized(route.permissions, s.audited(route)))
	}
	return t
}

func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request) {
	if s.inspect(w, r) {
		return
	}
	kind := "api"
	if r.URL.Path == "/oauth/token" {
		kind = "login"
	}
	s.exchange(w, r, kind, s.apiExchange)
}

func (s *Server) apiExchange(w http.ResponseWriter, r *http.Request) {
	x := exchangeOf(r)
	_, x.route = s.router.find(r)
	body, err := io.ReadAll(io.LimitReader(r.Body, maxRequestBytes+1))
	switch {
	case err != nil:
		badRequest(w, r, "the request body cannot be read")
		return
	case len(body) > maxRequestBytes:
		fail(w, r, http.StatusRequestEntityTooLarge, "request.entity.too.large",
			fmt.Sprintf("The request is over the size limit. Maximum bytes: %d", maxRequestBytes))
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	s.misbehave(w, r, body)
}

// misbehave serves a request, or not, as the faults want it.
func (s *Server) misbehave(w http.ResponseWriter, r *http.Request, body []byte) {
	x := exchangeOf(r)
	item := r.Method + " " + r.URL.RequestURI() + "\n" + string(body)
	// A route without items is the same item each time; see injector.pick.
	counted := len(body) == 0 && r.URL.RawQuery == "" && !strings.Contains(x.route, "{")
	kinds := []fault{tooManyRequests, tooManyRequestsBare, serverError, html200, revokedToken, dropJSON}
	if x.kind == "login" {
		counted, kinds = true, []fault{serverError, html200, dropJSON}
	}
	s.delay(r, item, counted)
	k := s.faults.pick(item, counted, kinds...)
	x.note(k)
	switch k {
	case tooManyRequests, tooManyRequestsBare:
		seconds := 0
		if k == tooManyRequests {
			seconds = int((s.faults.set.Load().RetryAfter + time.Second - 1) / time.Second)
		}
		tooMany(w, r, seconds, false, max(s.cfg.RequestsPerMinute, 0))
		return
	case serverError:
		writeServerError(w, r, hash(s.cfg.Seed, uint64(len(item)), uint64(s.elapsed())))
		return
	case html200:
		writeHTML(w)
		return
	case revokedToken:
		s.tokens.revoke(bearer(r))
	case dropJSON:
		torn := &tornWriter{ResponseWriter: w}
		s.handler.ServeHTTP(torn, r)
		torn.tear()
	}
	s.handler.ServeHTTP(w, r)
}

func (s *Server) mediaExchange(w http.ResponseWriter, r *http.Request) {
	s.delay(r, r.URL.Path, false)
	s.serveMedia(w, r)
}

func (s *Server) delay(r *http.Request, item string, counted bool) {
	if s.faults.pick("slow "+item, counted, slow) == none {
		return
	}
	exchangeOf(r).note(slow)
	timer := time.NewTimer(s.faults.set.Load().SlowFor)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
	case <-s.closed:
	}
}
