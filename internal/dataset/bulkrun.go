package dataset

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"exitplan/exporter"
	"exitplan/internal/genesys"
)

// A query has so many jobs in all: one that fails is made anew once.
const jobChances = 2

// JobOutcome is what came of the jobs of a piece.
type JobOutcome struct {
	// Fulfilled: every job of the piece was. Otherwise Why says what became of
	// the last one that was not, and its recordings are to be had by batch
	// requests alone.
	Fulfilled bool      `json:"fulfilled"`
	Why       string    `json:"why,omitempty"`
	Totals    JobTotals `json:"totals"`
	// Listed is how many recordings the platform lists as failed.
	Listed int64 `json:"listed_failed"`
	// Landed is how many recordings of the piece have media in the bucket.
	Landed int64 `json:"landed"`
	// Ended: nothing more is waited for.
	Ended bool `json:"ended"`
}

// String is the outcome for people.
func (o JobOutcome) String() string {
	t := o.Totals
	text := fmt.Sprintf("%d recordings of %d conversations, %d processed, %d skipped, %d failed; %d have landed in the bucket",
		t.Recordings, t.Conversations, t.Processed, t.Skipped, t.Failed, o.Landed)
	if o.Why != "" {
		text += "; not all jobs were fulfilled: " + o.Why
	}
	if !o.Ended {
		text += "; not ended yet"
	}
	return text
}

// JobTotals are the platform's own counts, of all jobs of a piece.
type JobTotals struct {
	Conversations int64 `json:"totalConversations"`
	Recordings    int64 `json:"totalRecordings"`
	Skipped       int64 `json:"totalSkippedRecordings"`
	Failed        int64 `json:"totalFailedRecordings"`
	Processed     int64 `json:"totalProcessedRecordings"`
}

func (t *JobTotals) add(o JobTotals) {
	t.Conversations += o.Conversations
	t.Recordings += o.Recordings
	t.Skipped += o.Skipped
	t.Failed += o.Failed
	t.Processed += o.Processed
}

// jobCheckpoint is how far the jobs of a piece have come.
type jobCheckpoint struct {
	// Client made, or is about to make, the job. No other may execute it.
	Client string `json:"client,omitempty"`
	Begun  bool   `json:"begun,omitempty"`
	// Left are the queries that are not settled; the first is being worked on.
	Left []jobQuery `json:"left,omitempty"`
	// Asked is when that one's job was about to be asked for. With no Job, one
	// may have been made that nobody got to know of.
	Asked time.Time `json:"asked,omitzero"`
	Job   string    `json:"job,omitempty"`
	// Dead are jobs for the same query that came to nothing.
	Dead    []string   `json:"dead,omitempty"`
	Outcome JobOutcome `json:"outcome"`
}

// jobRun is one run of a unit with a piece.
type jobRun struct {
	j      *RecordingJobs
	unit   exporter.Unit
	out    *exporter.Output
	client *genesys.Client
	at     jobCheckpoint
	// orphaned: a job may have been made that nobody wrote down.
	orphaned bool
}

// run has the jobs of a piece made, executed and written, as far as they will
// be. Its checkpoint keeps the outcome: a further run only reads it.
func (j *RecordingJobs) run(ctx context.Context, u exporter.Unit, p jobPiece, out *exporter.Output) (JobOutcome, error) {
	bucket, ok := out.Neighbour()
	if !ok {
		return JobOutcome{}, fmt.Errorf("%w: recordings.method bulk needs the bucket into which the platform writes as destination", exporter.ErrFatal)
	}
	r := &jobRun{j: j, unit: u, out: out}
	if len(u.Checkpoint) > 0 {
		if err := json.Unmarshal(u.Checkpoint, &r.at); err != nil {
			return JobOutcome{}, fmt.Errorf("checkpoint of %s: %w", u.Key, err)
		}
	}
	r.client = j.API.of(r.at.Client)
	if r.client.ID() != r.at.Client {
		// Whose job it was is not configured any more; nobody else may execute it.
		r.at.Job, r.at.Asked, r.at.Client = "", time.Time{}, r.client.ID()
	}
	r.orphaned = !r.at.Asked.IsZero() && r.at.Job == ""
	if !r.at.Begun {
		r.at.Begun, r.at.Left, r.at.Outcome.Fulfilled = true, p.queries(out.Now()), true
	}
	for len(r.at.Left) > 0 {
		if err := r.settle(ctx); err != nil {
			return r.at.Outcome, fatal(err)
		}
	}
	if r.at.Outcome.Ended {
		return r.at.Outcome, nil
	}
	if err := r.land(ctx, bucket, exporter.Interval{From: p.From, To: p.To}); err != nil {
		return r.at.Outcome, err
	}
	r.at.Outcome.Ended = true
	return r.at.Outcome, r.save(ctx)
}

func (r *jobRun) save(ctx context.Context) error {
	checkpoint, err := json.Marshal(r.at)
	if err != nil {
		return err
	}
	return r.out.Save(ctx, exporter.Receipt{Unit: r.unit.Key, Checkpoint: checkpoint})
}

// errRefused: the platform takes no such job at all.
var errRefused = errors.New("the platform refuses the job")

// settle has the first query's job fulfilled, or gives the query up, and drops
// it from what is left. That a job is about to be asked for is saved first.
func (r *jobRun) settle(ctx context.Context) error {
	if r.at.Asked.IsZero() {
		if err := r.place(ctx); errors.Is(err, errRefused) {
			r.at.Outcome.Fulfilled, r.at.Outcome.Why = false, err.Error()
			return r.drop(ctx)
		} else if err != nil {
			return err
		}
		q, some := r.at.Left[0].from(r.out.Now())
		if !some {
			return r.drop(ctx)
		}
		r.at.Left[0], r.at.Asked = q, r.out.Now()
		if err := r.save(ctx); err != nil {
			return err
		}
	}
	err := r.ask(ctx, r.at.Left[0])
	if err == nil {
		var job recordingJob
		if job, err = r.await(ctx); err == nil {
			if err := r.account(ctx, job); err != nil {
				return err
			}
		}
	}
	given := errors.Is(err, errRefused)
	switch {
	case err == nil:
		return r.drop(ctx)
	case !given && !errors.Is(err, errJobGone):
		return err
	}
	if r.at.Job != "" {
		r.at.Dead = append(r.at.Dead, r.at.Job)
	}
	if given || len(r.at.Dead) >= jobChances {
		r.at.Outcome.Fulfilled, r.at.Outcome.Why = false, err.Error()
		return r.drop(ctx)
	}
	r.at.Job, r.at.Asked = "", time.Time{}
	return r.save(ctx)
}

// drop goes on to the next query.
func (r *jobRun) drop(ctx context.Context) error {
	r.at.Left = r.at.Left[1:]
	r.at.Job, r.at.Asked, r.at.Dead = "", time.Time{}, nil
	return r.save(ctx)
}

// await polls until the job is fulfilled, and has it executed once it is
// ready.
func (r *jobRun) await(ctx context.Context) (recordingJob, error) {
	path := recordingJobs + "/" + url.PathEscape(r.at.Job)
	polls := r.j.pauses(slowest)
	var last string // what the job said when it last moved
	var still time.Duration
	for refusals := 0; ; {
		waited, err := polls.wait(ctx)
		if err != nil {
			return recordingJob{}, err
		}
		job, err := r.read(ctx, path)
		if err != nil {
			return job, err
		}
		if still += waited; job.moved() != last {
			last, still = job.moved(), 0
		}
		switch job.State {
		case "FULFILLED":
			return job, nil
		case "FAILED", "CANCELLED":
			return job, fmt.Errorf("%w: recording job %s is %s: %s", errJobGone, r.at.Job, job.State, job.ErrorMessage)
		case "READY":
			_, err := r.client.Put(ctx, path, map[string]string{"state": "PROCESSING"})
			switch {
			case isRefusal(err): // it may run by now, if an answer was lost
				if refusals++; refusals >= 3 {
					return job, r.cancel(ctx, fmt.Errorf("%w: recording job %s: %w", errJobGone, r.at.Job, err))
				}
			case err != nil:
				return job, fmt.Errorf("execute recording job %s: %w", r.at.Job, gone(err))
			}
		}
		if still >= cmp.Or(r.j.stuck, placePatience) {
			return job, r.cancel(ctx, fmt.Errorf("%w: recording job %s is %s: %w", errJobGone, r.at.Job, job.State, errStuck))
		}
	}
}

// cancel gives up a job that takes one of the organization's places, and passes
// the reason on.
func (r *jobRun) cancel(ctx context.Context, why error) error {
	_ = r.client.Delete(ctx, recordingJobs+"/"+url.PathEscape(r.at.Job))
	return why
}

// account adds what the platform says of a fulfilled job.
func (r *jobRun) account(ctx context.Context, job recordingJob) error {
	path := recordingJobs + "/" + url.PathEscape(r.at.Job) + "/failedrecordings"
	var known []exporter.Expectation
	listed, err := r.list(ctx, path, url.Values{}, job.Failed, func(raw json.RawMessage) error {
		var failed struct {
			Conversation struct {
				ID string `json:"id"`
			} `json:"conversation"`
			Recording struct {
				ID string `json:"id"`
			} `json:"recording"`
		}
		if err := json.Unmarshal(raw, &failed); err != nil || failed.Conversation.ID == "" || failed.Recording.ID == "" {
			return nil // counted all the same
		}
		known = append(known, exporter.Expectation{
			Dataset: RecordingsName, Item: item(failed.Conversation.ID, failed.Recording.ID), Source: jobSource,
		})
		return nil
	})
	if err != nil && !errors.Is(gone(err), errJobGone) { // which names the recordings, but is not needed
		return err
	}
	if err := r.out.Save(ctx, exporter.Receipt{Unit: r.unit.Key, Expected: known}); err != nil {
		return err
	}
	r.at.Outcome.Totals.add(job.JobTotals)
	r.at.Outcome.Listed += listed
	return nil
}
