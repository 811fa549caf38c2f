package simulator

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"
)

// Bulk configures bulk recording jobs, which write recordings into a bucket of
// the customer's through an integration. Without a Bucket there is no such
// integration, and no job can export.
//
// Shares are of recordings and lie in [0, 1]; the same ones are hit in every job.
// A server that is started again knows no jobs of the one before.
type Bulk struct {
	Bucket    string
	Endpoint  string // as in http://127.0.0.1:9000; default: AWS's own of the Region
	Region    string // default us-east-1
	AccessKey string
	Secret    string
	PathStyle bool

	// Integrations are further ones, most of which no job can use; see
	// [Server.IntegrationOf].
	Integrations []BulkIntegration

	// Latency passes until a job is READY, and again until one that is executed is
	// over; default 50ms.
	Latency time.Duration
	// Landing is how long after a job's end the last of its objects lies in the
	// bucket: they come one after another, in no order. Without it all of them are
	// there before the job is FULFILLED.
	Landing      time.Duration
	SidecarFirst bool // a recording's metadata lands before its media

	LostShare   float64 // counted as processed, but never written
	FailedShare float64 // counted as failed, and not written
	FailJobs    int     // of the jobs that are executed, so many first ones FAIL
	ExpireReady int     // of all jobs, so many first ones are CANCELLED once they were seen READY
	// Busy is how many of the two jobs that an organization may have at a time are
	// somebody else's for the first BusyFor.
	Busy    int
	BusyFor time.Duration
	// Strangers are objects in the bucket, placed like those of recordings, that are
	// of no recording the organization knows. They come with the first job executed.
	Strangers int
}

// BulkJob is a recording job that a client made.
type BulkJob struct {
	ID       string    `json:"id"`
	Client   string    `json:"client"`
	Action   string    `json:"action"`
	Interval string    `json:"interval"` // as it was asked for
	State    string    `json:"state"`
	Created  time.Time `json:"created"`
}

// BulkJobs gives every recording job that was made, in that order.
func (t *Truth) BulkJobs() (list []BulkJob) {
	b := &t.s.bulk
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, j := range b.jobs {
		if !j.foreign {
			t.s.settle(j)
			list = append(list, BulkJob{j.id, j.user, j.query.Action, j.query.interval(), j.state, j.created})
		}
	}
	return list
}

const (
	jobPending    = "PENDING"
	jobReady      = "READY"
	jobProcessing = "PROCESSING"
	jobFulfilled  = "FULFILLED"
	jobFailed     = "FAILED"
	jobCancelled  = "CANCELLED"
)

// bulkSlots is how many jobs of an organization may be on their way.
const bulkSlots = 2

// bulk holds the recording jobs, from the first to the last, and what they do
// behind the API.
type bulk struct {
	ctx     context.Context // of all that writes
	stop    context.CancelFunc
	running sync.WaitGroup
	strange sync.Once // writes the strangers

	mu       sync.Mutex
	jobs     []*bulkJob // those of others included
	executed int
	over     bool // nothing starts any more
}

// bulkJob is one recording job. The mutex of bulk guards what changes.
type bulkJob struct {
	id, user string
	foreign  bool // somebody else's, that nobody here made
	query    bulkQuery
	echo     json.RawMessage // the query as it was sent
	plan     bulkPlan
	created  time.Time
	elapsed  time.Duration // the server's, at submission

	state        string
	errorMessage string
	expires      bool // is CANCELLED after it was seen READY
	seen         bool
	begun        time.Duration // the server's time when it was executed
	stop         context.CancelFunc
}

func (j *bulkJob) active() bool {
	return j.state == jobPending || j.state == jobReady || j.state == jobProcessing
}

// startBulk makes the jobs of others.
func (s *Server) startBulk() {
	b := &s.bulk
	b.ctx, b.stop = context.WithCancel(context.Background())
	for range min(s.cfg.Bulk.Busy, bulkSlots) {
		j := &bulkJob{
			foreign: true, user: s.org.ids.make(kindUser, 0, 1, 0).String(), state: jobProcessing, created: s.cfg.Now().Add(-time.Hour), elapsed: s.elapsed(),
			query: bulkQuery{Action: "DELETE"}, echo: json.RawMessage(`{"action":"DELETE","actionAge":3000}`),
		}
		s.bulk.add(s.org, j)
	}
}

// stopBulk ends what is written, and lets nothing more start.
func (s *Server) stopBulk() {
	s.bulk.mu.Lock()
	defer s.bulk.mu.Unlock()
	s.bulk.over = true
	s.bulk.stop()
}

// add gives a job its id; the mutex is held, or not needed yet.
func (b *bulk) add(o *org, j *bulkJob) {
	b.jobs = append(b.jobs, j)
	j.id = o.ids.make(kindBatch, 1, len(b.jobs), 0).String() // a batch request's has day 0
}

// find gives the job with an id; the mutex is held.
func (b *bulk) find(id string) *bulkJob {
	at := slices.IndexFunc(b.jobs, func(j *bulkJob) bool { return j.id == id })
	if at < 0 {
		return nil
	}
	return b.jobs[at]
}

// settle brings a job to the state that it has by now; the mutex is held.
func (s *Server) settle(j *bulkJob) {
	switch waited := s.elapsed() - j.elapsed; {
	case j.foreign && j.state == jobProcessing && waited >= s.cfg.Bulk.BusyFor:
		j.state = jobFulfilled
	case j.state == jobPending && waited >= s.cfg.Bulk.Latency:
		j.state = jobReady
	case j.state == jobReady && j.expires && j.seen:
		j.state = jobCancelled
	}
}

// activeJobs counts those on their way; the mutex is held.
func (s *Server) activeJobs() (n int) {
	for _, j := range s.bulk.jobs {
		if s.settle(j); j.active() {
			n++
		}
	}
	return n
}

// jobBody is a RecordingJob; the mutex is held.
func (s *Server) jobBody(j *bulkJob) map[string]any {
	s.settle(j)
	path := apiBase + bulkJobs + "/" + j.id
	body := map[string]any{
		"id": j.id, "state": j.state, "dateCreated": j.created.UTC().Format(millis), "recordingJobsQuery": j.echo,
		"user": map[string]string{"id": j.user, "selfUri": apiBase + "users/" + j.user}, "selfUri": path,
	}
	if j.state == jobPending {
		return body
	}
	p := j.plan
	body["totalConversations"], body["totalRecordings"] = p.conversations, p.recordings()
	percent := 0
	switch {
	case j.state == jobProcessing && j.foreign:
		percent = 40
	case j.state == jobProcessing:
		percent = int(min(99, 100*(s.elapsed()-j.begun)/s.cfg.Bulk.Latency))
	case j.state == jobFulfilled:
		percent = 100
	case j.state == jobFailed:
		body["errorMessage"] = j.errorMessage
	}
	body["percentProgress"] = percent
	if percent > 0 {
		body["totalProcessedRecordings"] = len(p.processed) * percent / 100
		body["totalSkippedRecordings"] = p.skipped * percent / 100
		body["totalFailedRecordings"] = len(p.failed) * percent / 100
		body["failedRecordings"] = path + "/failedrecordings"
	}
	return body
}
