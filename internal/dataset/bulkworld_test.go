package dataset

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"exitplan/exporter"
	"exitplan/internal/genesys"
	"exitplan/internal/journal"
)

// jobPlatform is a platform that knows recording jobs and nothing else, and the
// bucket into which they write.
type jobPlatform struct {
	*httptest.Server
	bucket *fakeBucket
	// fault is asked about each request of the API; see there.
	fault func(n int, r *http.Request) jobFault
	// ends is the state of the n-th job, from 1, once it was executed; default
	// FULFILLED.
	ends map[int]string
	// others takes places for so many requests of jobs.
	others int
	// numbered pages by numbers, without links.
	numbered bool
	// lost are recordings that are processed and never land.
	lost int64

	mu    sync.Mutex
	calls int
	jobs  []*fakeJob
	posts int
}

type fakeJob struct {
	id, client, state string
	query             map[string]any
	created           time.Time
	looks             int
}

type jobFault int

const (
	noFault    jobFault = iota
	lostBefore          // the connection breaks, and nothing happens
	lostBehind          // it happens, and the answer is lost
)

// Each job is about so many recordings, of which the platform lists some as
// failed.
const (
	jobRecordings = 5
	jobFailures   = 3
)

func newJobPlatform(t *testing.T) *jobPlatform {
	p := &jobPlatform{bucket: &fakeBucket{objects: map[string]int64{}}, ends: map[int]string{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /oauth/token", func(w http.ResponseWriter, r *http.Request) {
		id, _, _ := r.BasicAuth()
		fmt.Fprintf(w, `{"access_token":%q,"token_type":"bearer","expires_in":3600}`, id)
	})
	mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.calls++
		fault := noFault
		if p.fault != nil {
			fault = p.fault(p.calls, r)
		}
		if fault == lostBefore {
			panic(http.ErrAbortHandler)
		}
		status, answer := p.serve(r)
		if fault == lostBehind {
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(status)
		if answer != nil {
			_ = json.NewEncoder(w).Encode(answer)
		}
	})
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

func refusal(status int, code string) (int, any) {
	return status, map[string]any{"status": status, "code": code, "message": code}
}

func (p *jobPlatform) serve(r *http.Request) (int, any) {
	client := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	id, rest, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, recordingJobs), "/"), "/")
	switch {
	case r.Method == http.MethodPost:
		return p.create(client, r)
	case id == "":
		return p.list(client, r)
	}
	i := slices.IndexFunc(p.jobs, func(j *fakeJob) bool { return j.id == id })
	if i < 0 {
		return refusal(404, "not.found")
	}
	job := p.jobs[i]
	switch {
	case rest == "failedrecordings":
		return p.page(r, jobFailures, func(n int) any {
			return map[string]any{"conversation": map[string]string{"id": "c"}, "recording": map[string]any{"id": n}}
		})
	case r.Method == http.MethodDelete:
		job.state = "CANCELLED"
		return 204, nil
	case r.Method == http.MethodPut && job.client != client:
		return refusal(403, "not.creator")
	case r.Method == http.MethodPut && job.state != "READY":
		return refusal(400, "not.ready")
	case r.Method == http.MethodPut:
		job.state, job.looks = "PROCESSING", 0
		return 200, p.describe(job)
	}
	job.looks++
	end := cmp.Or(p.ends[i+1], "FULFILLED")
	switch {
	case end == "STUCK" && job.state == "PENDING":
	case job.state == "PENDING" && job.looks > 1:
		job.state = "READY"
	case job.state == "PROCESSING" && job.looks > 1:
		if job.state = end; end == "FULFILLED" {
			p.bucket.write(job.interval(), jobRecordings-int(p.lost))
		}
	}
	return 200, p.describe(job)
}

func (p *jobPlatform) create(client string, r *http.Request) (int, any) {
	p.posts++
	busy := 0
	for _, j := range p.jobs {
		if j.state == "PENDING" || j.state == "READY" || j.state == "PROCESSING" {
			busy++
		}
	}
	if p.others > 0 {
		p.others--
		busy += 2
	}
	if busy >= 2 {
		return refusal(400, "too.many.jobs")
	}
	job := &fakeJob{id: fmt.Sprintf("job-%d", len(p.jobs)+1), client: client, state: "PENDING", created: time.Now()}
	if err := json.NewDecoder(r.Body).Decode(&job.query); err != nil || job.query["action"] != "EXPORT" || job.query["integrationId"] != "integration" {
		return refusal(400, "bad.request")
	}
	p.jobs = append(p.jobs, job)
	return 202, p.describe(job)
}

func (p *jobPlatform) list(client string, r *http.Request) (int, any) {
	q := r.URL.Query()
	var rows []any
	for _, j := range p.jobs {
		if (q.Get("state") == "" || q.Get("state") == j.state) && (q.Get("showOnlyMyJobs") != "true" || j.client == client) {
			rows = append(rows, p.describe(j))
		}
	}
	if s := q.Get("state"); p.others > 0 && s == "READY" {
		for i := range 2 {
			rows = append(rows, map[string]any{"id": fmt.Sprint("other-", i), "state": s})
		}
		p.others--
	}
	return p.page(r, len(rows), func(n int) any { return rows[n] })
}

// page answers two rows at a time.
func (p *jobPlatform) page(r *http.Request, n int, row func(int) any) (int, any) {
	const size = 2
	q := r.URL.Query()
	at := 0
	_, _ = fmt.Sscan(q.Get("cursor"), &at)
	answer := map[string]any{}
	if p.numbered {
		page := 1
		_, _ = fmt.Sscan(q.Get("pageNumber"), &page)
		at = (page - 1) * size
		answer["total"], answer["pageCount"] = n, (n+size-1)/size
	} else if at+size < n {
		answer["nextUri"] = fmt.Sprintf("%s?includeTotal=false&cursor=%d", r.URL.Path, at+size)
	}
	rows := []any{}
	for i := at; i < min(at+size, n); i++ {
		rows = append(rows, row(i))
	}
	answer["entities"] = rows
	return 200, answer
}

func (p *jobPlatform) describe(j *fakeJob) any {
	return map[string]any{
		"id": j.id, "state": j.state, "dateCreated": j.created.UTC().Format(time.RFC3339), "recordingJobsQuery": j.query,
		"user": map[string]string{"id": j.client}, "totalProcessedRecordings": jobRecordings, "totalFailedRecordings": jobFailures,
		"totalSkippedRecordings": 1, "totalConversations": 4, "totalRecordings": jobRecordings + jobFailures + 1,
	}
}

func (j *fakeJob) interval() string {
	if aged, ok := j.query["agedConversationInterval"].(string); ok {
		return aged
	}
	return j.query["conversationQuery"].(map[string]any)["interval"].(string)
}

// intervals are those of all jobs made, sorted.
func (p *jobPlatform) intervals() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []string
	for _, j := range p.jobs {
		all = append(all, j.interval())
	}
	slices.Sort(all)
	return all
}

func (p *jobPlatform) client(t *testing.T, id string) *genesys.Client {
	t.Helper()
	c, err := genesys.New(genesys.Config{
		Region: "ap-northeast-1", APIURL: p.URL, LoginURL: p.URL, ClientID: id, ClientSecret: "s", RequestsPerMinute: 600_000, Now: time.Now,
		Retry: genesys.Retry{Attempts: 4, Base: time.Millisecond, Max: time.Millisecond},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// fakeBucket is a bucket into which others write; the export stores nothing.
type fakeBucket struct {
	mu      sync.Mutex
	objects map[string]int64
	lists   int
	listed  func(n int) // is told of each listing
}

func (b *fakeBucket) Put(context.Context, exporter.Object, io.Reader) (exporter.Artifact, error) {
	return exporter.Artifact{}, errors.New("nothing is stored")
}

func (b *fakeBucket) Bucket() string { return "bucket" }

func (b *fakeBucket) Beside(_ context.Context, prefix string) iter.Seq2[exporter.Foreign, error] {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.lists++; b.listed != nil {
		b.listed(b.lists)
	}
	keys := slices.Sorted(maps.Keys(b.objects))
	return func(yield func(exporter.Foreign, error) bool) {
		for _, key := range keys {
			if strings.HasPrefix(key, prefix) && !yield(exporter.Foreign{Key: key, Bytes: 1, ETag: "e"}, nil) {
				return
			}
		}
	}
}

func (b *fakeBucket) OpenForeign(context.Context, exporter.Foreign) (io.ReadCloser, error) {
	return nil, errors.New("nothing is read")
}

func (b *fakeBucket) Take(context.Context, exporter.Foreign, exporter.Object) (exporter.Artifact, error) {
	return exporter.Artifact{}, errors.New("nothing is taken")
}

func uuid(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

// write lets the recordings of a job land on the first day of its interval: two
// media objects and a sidecar each.
func (b *fakeBucket) write(interval string, n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	y, m, d := interval[:4], interval[5:7], interval[8:10]
	for i := range n {
		folder := fmt.Sprintf("org/year=%s/month=%s/day=%s/hour=10/conversation_id=c%d/", y, m, d, i/2)
		for _, name := range []string{".ogg", "-1.ogg", "_metadata.json"} {
			b.objects[folder+uuid(i)+name] = 1
		}
	}
}

// pieces is a dataset of jobs alone.
type pieces struct {
	jobs     *RecordingJobs
	now      time.Time
	mu       sync.Mutex
	outcomes map[string]JobOutcome
}

func (d *pieces) Info() exporter.Info {
	return exporter.Info{Name: RecordingsName, Class: exporter.Recordings, Group: "recordings"}
}

func (d *pieces) Plan(_ context.Context, iv exporter.Interval) iter.Seq2[exporter.Unit, error] {
	return d.jobs.plan(iv, d.now)
}

func (d *pieces) Run(ctx context.Context, u exporter.Unit, out *exporter.Output) (exporter.Receipt, error) {
	var p struct {
		Job jobPiece `json:"job"`
	}
	if err := json.Unmarshal(u.Params, &p); err != nil {
		return exporter.Receipt{}, err
	}
	outcome, err := d.jobs.run(ctx, u, p.Job, out)
	if err != nil {
		return exporter.Receipt{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.outcomes[u.Key] = outcome
	return exporter.Receipt{Outcome: exporter.Done}, nil
}

// jobExport is an export by jobs, with a journal that outlives its runs.
type jobExport struct {
	platform *jobPlatform
	state    string
	interval exporter.Interval
	now      time.Time
	clients  []string
	change   func(*RecordingJobs)
}

func newJobExport(t *testing.T, from, to string) *jobExport {
	t.Helper()
	return &jobExport{platform: newJobPlatform(t), state: t.TempDir(), interval: exporter.Interval{From: date(from), To: date(to)}, now: time.Now(), clients: []string{"a"}}
}

func date(text string) time.Time {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return t
}

// run is one run of the command, in a process of its own.
func (e *jobExport) run(t *testing.T, ctx context.Context) (map[string]JobOutcome, error) {
	t.Helper()
	j, err := journal.Open(t.Context(), e.state, journal.Options{Now: time.Now, Command: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	jobs := &RecordingJobs{Integration: "integration", Organization: "org", Patience: 3 * time.Millisecond, pause: time.Millisecond}
	for _, id := range e.clients {
		jobs.API = append(jobs.API, e.platform.client(t, id))
	}
	if e.change != nil {
		e.change(jobs)
	}
	d := &pieces{jobs: jobs, now: e.now, outcomes: map[string]JobOutcome{}}
	err = exporter.Run(ctx, exporter.Config{
		Datasets: []exporter.Dataset{d}, Interval: e.interval, Journal: j, Sink: e.platform.bucket, Gate: open{},
		Clock: exporter.NewClock(time.Now, time.Time{}), Pause: time.Millisecond,
	})
	return d.outcomes, err
}
