package dataset

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"exitplan/internal/genesys"
)

const recordingJobs = "/api/v2/recording/jobs"

// recordingJob is a job as the platform describes it.
type recordingJob struct {
	ID           string    `json:"id"`
	State        string    `json:"state"`
	Created      time.Time `json:"dateCreated"`
	Percent      int       `json:"percentProgress"`
	ErrorMessage string    `json:"errorMessage"`
	JobTotals
	Query struct {
		Integration   string `json:"integrationId"`
		Aged          string `json:"agedConversationInterval"`
		Conversations struct {
			Interval string `json:"interval"`
		} `json:"conversationQuery"`
	} `json:"recordingJobsQuery"`
}

// moved changes whenever the job gets on.
func (j recordingJob) moved() string { return fmt.Sprint(j.State, j.Percent, j.JobTotals) }

// answers says whether the job was made for a query.
func (j recordingJob) answers(q jobQuery, integration string) bool {
	text := j.Query.Conversations.Interval
	if q.Aged {
		text = j.Query.Aged
	}
	from, to, _ := strings.Cut(text, "/")
	f, err1 := time.Parse(time.RFC3339Nano, from)
	t, err2 := time.Parse(time.RFC3339Nano, to)
	return err1 == nil && err2 == nil && f.Equal(q.From) && t.Equal(q.To) && j.Query.Integration == integration
}

// read asks how a job stands; errJobGone where there is none.
func (r *jobRun) read(ctx context.Context, path string) (job recordingJob, err error) {
	answer, err := r.client.Get(ctx, path, nil)
	if err != nil {
		return job, gone(err)
	}
	if err := json.Unmarshal(answer, &job); err != nil {
		return job, fmt.Errorf("state of recording job %s: %w", r.at.Job, err)
	}
	return job, nil
}

// The platform's clock and what it takes for a job's creation may differ so
// much.
const jobClockSlack = 2 * time.Minute

// A request for a job whose outcome nobody knows is repeated so often.
const unknownTries = 10

// ask makes the query's job, unless there is one. It looks before it asks: a
// run that was killed behind the request may have left a job whose id nobody
// wrote down, and a second one would do everything twice and take another's
// place.
func (r *jobRun) ask(ctx context.Context, q jobQuery) error {
	if r.at.Job != "" {
		return nil
	}
	pauses := r.j.pauses(time.Minute)
	var waited time.Duration
	for unknown, refused := 0, 0; ; {
		id, err := r.look(ctx, q)
		if err == nil && id == "" {
			id, err = r.submit(ctx, q)
		}
		switch {
		case err == nil:
			r.at.Job = id
			return r.save(ctx)
		case errors.Is(err, genesys.ErrUnknown):
			if unknown++; unknown >= unknownTries {
				return err
			}
			r.orphaned = true // the next turn looks
		case isRefusal(err):
			// No code is documented for too many jobs; and one of them may just
			// have ended.
			busy, busyErr := r.busy(ctx, "PENDING", "READY", "PROCESSING")
			if busyErr != nil {
				return busyErr
			}
			if refused++; busy >= JobsAtOnce {
				refused = 0
			}
			if refused >= 2 || waited >= placePatience {
				return fmt.Errorf("%w: %w", errRefused, err)
			}
			w, err := pauses.wait(ctx)
			if err != nil {
				return err
			}
			waited += w
		default:
			return err
		}
	}
}

// isRefusal says whether the platform does not take a request as it is. That
// it does not know the client is no refusal of the request.
func isRefusal(err error) bool {
	var api *genesys.Error
	return errors.As(err, &api) && slices.Contains([]int{400, 403, 404, 409, 422, 501}, api.Status) && !errors.Is(err, genesys.ErrCredentials)
}

// submit makes a job.
func (r *jobRun) submit(ctx context.Context, q jobQuery) (id string, err error) {
	answer, err := r.client.PostOnce(ctx, recordingJobs, r.j.body(q, r.out.Now()))
	if err != nil {
		return "", fmt.Errorf("submit a recording job: %w", err)
	}
	if id = text(answer, "id"); id == "" {
		return "", fmt.Errorf("submit a recording job: %w: no id in the answer %.200q", genesys.ErrUnknown, answer)
	}
	return id, nil
}

// The list of jobs may be so far behind.
const listLag = 2 * time.Minute

// look finds the job of a query. Where one may have been made that nobody wrote
// down, it looks for as long as the list may be behind.
func (r *jobRun) look(ctx context.Context, q jobQuery) (id string, err error) {
	lag, pauses := listLag, r.j.pauses(10*time.Second)
	if r.j.Patience > 0 {
		lag = min(lag, r.j.Patience)
	}
	for waited := time.Duration(0); ; {
		if id, err = r.find(ctx, q); err != nil || id != "" || !r.orphaned || waited >= lag {
			r.orphaned = r.orphaned && err != nil
			return id, err
		}
		w, err := pauses.wait(ctx)
		if err != nil {
			return "", err
		}
		waited += w
	}
}

// find looks for the job of a query that this client made since the export
// began, or since the query was asked; the newest, should there be several.
func (r *jobRun) find(ctx context.Context, q jobQuery) (id string, err error) {
	var found recordingJob
	since := r.at.Asked
	if !r.j.Since.IsZero() && r.j.Since.Before(since) {
		since = r.j.Since
	}
	err = r.jobs(ctx, url.Values{"showOnlyMyJobs": {"true"}, "jobType": {"EXPORT"}}, func(job recordingJob) {
		late := !job.Created.Before(since.Add(-jobClockSlack))
		if late && job.ID != "" && job.answers(q, r.j.Integration) && !slices.Contains(r.at.Dead, job.ID) && !job.Created.Before(found.Created) {
			found = job
		}
	})
	return found.ID, err
}

// jobs lists jobs; one may come twice.
func (r *jobRun) jobs(ctx context.Context, query url.Values, each func(recordingJob)) error {
	_, err := r.list(ctx, recordingJobs, query, 0, func(raw json.RawMessage) error {
		var job recordingJob
		if err := json.Unmarshal(raw, &job); err != nil {
			return fmt.Errorf("%w: %.200q", err, raw)
		}
		each(job)
		return nil
	})
	return err
}

// list reads a listing to its end, and counts its rows. Without totals the
// platform pages it by links; where these end before the count that somebody
// states, it is read once more by page numbers.
func (r *jobRun) list(ctx context.Context, path string, query url.Values, expected int64, each func(json.RawMessage) error) (int64, error) {
	linked := maps.Clone(query)
	linked.Set("includeTotal", "false")
	rows := seen{}
	for _, l := range []genesys.Listing{{Path: path, Style: genesys.NextURI, Query: linked}, {Path: path, Style: genesys.Numbered, Query: query}} {
		l.Counted = func(total int64) { expected = max(expected, total) }
		for raw, err := range r.client.Rows(ctx, l) {
			if err == nil {
				rows.add(raw)
				err = each(raw)
			}
			if err != nil {
				return 0, fmt.Errorf("list %s: %w", path, err)
			}
		}
		if int64(len(rows)) >= expected {
			break
		}
	}
	return int64(len(rows)), nil
}

// busy counts the organization's jobs in some states.
func (r *jobRun) busy(ctx context.Context, states ...string) (int, error) {
	ids := map[string]bool{}
	for _, state := range states {
		err := r.jobs(ctx, url.Values{"state": {state}}, func(job recordingJob) {
			if job.State == state {
				ids[job.ID] = true
			}
		})
		if err != nil {
			return 0, err
		}
	}
	return len(ids), nil
}

// place waits until the organization has a place for a job. One that somebody
// made and never executes is not known to take one: whether it does, the
// platform says when it is asked.
func (r *jobRun) place(ctx context.Context) error {
	pauses := r.j.pauses(time.Minute)
	for waited := time.Duration(0); ; {
		busy, err := r.busy(ctx, "PENDING", "PROCESSING")
		if err != nil || busy < JobsAtOnce {
			return err
		}
		if waited >= cmp.Or(r.j.stuck, placePatience) {
			return fmt.Errorf("%w: %d others are not ended after %s", errRefused, busy, waited.Round(time.Minute))
		}
		w, err := pauses.wait(ctx)
		if err != nil {
			return err
		}
		waited += w
	}
}

// A place for a job, and any progress of one, is waited for so long: without it
// there are still batch requests.
const placePatience = 24 * time.Hour

// pauses are waits that grow with what was waited already.
type pauses struct{ waited, first, most time.Duration }

func (j *RecordingJobs) pauses(most time.Duration) *pauses {
	return &pauses{first: min(firstPoll, cmp.Or(j.pause, firstPoll)), most: cmp.Or(j.pause, most)}
}

func (p *pauses) wait(ctx context.Context) (time.Duration, error) {
	d := min(max(p.first, p.waited/4), p.most)
	p.waited += d
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return d, nil
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
}
