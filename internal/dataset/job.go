package dataset

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"exitplan/exporter"
	"exitplan/internal/genesys"
)

const detailsJobs = "/api/v2/analytics/conversations/details/jobs"

// detailsRun is one run of a details unit, or of one that only finds the
// recorded conversations of an interval.
type detailsRun struct {
	d      *Details
	unit   exporter.Unit
	p      detailsParams
	out    *exporter.Output
	client *genesys.Client
	find   bool // nothing is stored

	recordings bool       // are searched for
	contents   []*Listing // and these

	at    detailsCheckpoint
	total int64 // conversations counted by the details query; 0 if not asked
	rows  int64 // committed so far, in this run and before
	open  int64 // not committed yet
	seen  seen
	part  part
}

// detailsCheckpoint is where a repeat goes on: parts end at page boundaries,
// so a cursor and the number of the next part say it all.
type detailsCheckpoint struct {
	Client  string     `json:"client"`
	Job     string     `json:"job,omitempty"`
	Cursor  string     `json:"cursor,omitempty"`
	Part    int        `json:"part"`
	Batch   int        `json:"batch"`
	Waiting []recorded `json:"waiting,omitempty"` // recorded conversations of no batch yet
	Screens []recorded `json:"screens,omitempty"` // likewise, with screens, which go first
	// Content is what waits for other datasets, by name.
	Content map[string]*waiting `json:"content,omitempty"`
	// Unended are the conversations to be read once more.
	Unended []unended `json:"unended,omitempty"`
	// SearchedFor are the datasets for which every row stored so far was searched.
	SearchedFor []string `json:"searched_for,omitempty"`
	Counted     bool     `json:"counted,omitempty"`
	Total       int64    `json:"total,omitempty"`
}

// errJobGone: the job, or its cursor, is of no more use; another may be.
var errJobGone = errors.New("the details job is gone")

// job pages one job to its end, and again another where it expires: what was
// seen before is dropped.
func (r *detailsRun) job(ctx context.Context) error {
	const patience = 5
	for try := 1; ; try++ {
		err := r.submit(ctx)
		if err == nil {
			err = r.await(ctx)
		}
		if err == nil {
			err = r.pages(ctx)
		}
		if !errors.Is(err, errJobGone) || try == patience {
			return err
		}
		r.at.Job, r.at.Cursor = "", ""
	}
}

// submit makes the job unless there is one, and saves its id before anything
// depends on it.
func (r *detailsRun) submit(ctx context.Context) error {
	if r.at.Job != "" {
		return nil
	}
	query := map[string]any{
		"interval":                   exporter.Interval{From: r.p.From, To: r.p.To}.String(),
		"order":                      "asc",
		"orderBy":                    "conversationStart",
		"startOfDayIntervalMatching": true,
	}
	if r.p.Sweep != nil {
		query["conversationFilters"] = r.p.Sweep.filter()
	}
	answer, err := r.client.Post(ctx, detailsJobs, query)
	if err != nil {
		return fmt.Errorf("submit a details job: %w", err)
	}
	var job struct {
		JobID string `json:"jobId"`
	}
	if err := json.Unmarshal(answer, &job); err != nil || job.JobID == "" {
		return fmt.Errorf("submit a details job: no jobId in the answer %.200q", answer)
	}
	r.at.Job, r.at.Cursor = job.JobID, ""
	// With a part open, the checkpoint must stay at the end of the part
	// before it: a repeat finds the old job gone and comes here again.
	if r.open > 0 {
		return nil
	}
	return r.save(ctx, exporter.Receipt{})
}

// await polls until the job is fulfilled.
func (r *detailsRun) await(ctx context.Context) error {
	if r.at.Cursor != "" {
		return nil
	}
	err := r.d.pace.poll(ctx, func(ctx context.Context) (bool, error) {
		answer, err := r.client.Get(ctx, detailsJobs+"/"+url.PathEscape(r.at.Job), nil)
		if err != nil {
			return false, gone(err)
		}
		var status struct {
			State        string `json:"state"`
			ErrorMessage string `json:"errorMessage"`
		}
		if err := json.Unmarshal(answer, &status); err != nil {
			return false, fmt.Errorf("state of details job %s: %w", r.at.Job, err)
		}
		switch status.State {
		case "FULFILLED":
			return true, nil
		case "EXPIRED", "CANCELLED":
			return false, fmt.Errorf("%w: job %s is %s", errJobGone, r.at.Job, status.State)
		case "FAILED":
			return false, fmt.Errorf("%w: job %s failed on the platform: %s", errJobGone, r.at.Job, status.ErrorMessage)
		}
		return false, nil
	})
	if errors.Is(err, errStuck) {
		return fmt.Errorf("%w: job %s: %w", errJobGone, r.at.Job, err)
	}
	return err
}

// pages reads result pages from the cursor to the end.
func (r *detailsRun) pages(ctx context.Context) error {
	size := pageRows
	if r.d.PageRows > 0 {
		size = r.d.PageRows
	}
	idle, turns := map[string]bool{}, 0 // cursors since the last page with anything new
	for {
		q := url.Values{"pageSize": {strconv.Itoa(size)}}
		if r.at.Cursor != "" {
			q.Set("cursor", r.at.Cursor)
		}
		before := r.open
		fields, err := r.client.Page(ctx, detailsJobs+"/"+url.PathEscape(r.at.Job)+"/results", q, "conversations", r.row)
		if errors.Is(err, genesys.ErrTooLarge) && size > 1 {
			size /= 2
			continue
		}
		if err != nil {
			return gone(fmt.Errorf("results of details job %s: %w", r.at.Job, err))
		}
		var cursor string
		if raw, ok := fields["cursor"]; ok {
			if err := json.Unmarshal(raw, &cursor); err != nil {
				return fmt.Errorf("cursor of details job %s: %w", r.at.Job, err)
			}
		}
		if cursor == "" {
			return nil
		}
		// A page may come twice; cursors that lead in a circle and bring
		// nothing new lead nowhere.
		switch {
		case r.open > before:
			clear(idle)
			turns = 0
		case idle[cursor]:
			if turns++; turns >= 5 {
				return fmt.Errorf("%w: the results of %s lead in a circle", errJobGone, r.at.Job)
			}
		}
		idle[cursor] = true
		r.at.Cursor = cursor
		if r.part.bytes >= r.partBytes() || r.find && r.plenty() {
			if err := r.flush(ctx); err != nil {
				return err
			}
		}
	}
}

func (r *detailsRun) partBytes() int64 {
	if r.d.PartBytes > 0 {
		return r.d.PartBytes
	}
	return partBytes
}

// row takes one conversation as the API sent it. Rows may come more than
// once: after a broken answer the page is read again.
func (r *detailsRun) row(raw json.RawMessage) error {
	c := readConversation(raw)
	if !r.p.holds(c) {
		return nil
	}
	if !r.seen.add(c.identity(raw)) {
		return nil
	}
	if !r.find {
		if err := r.part.write(r.out, raw); err != nil {
			return fmt.Errorf("write a part of %s: %w", r.unit.Key, err)
		}
	}
	r.open++
	r.look(c)
	r.unended(c)
	return nil
}

// flush stores the part, and commits it together with the cursor that follows
// it and the units of other datasets that it discovered.
func (r *detailsRun) flush(ctx context.Context) (err error) {
	if r.open == 0 {
		return nil
	}
	var receipt exporter.Receipt
	if !r.find {
		dir := r.d.Layout.DayPath(analyticsGroup, DetailsName, r.p.From)
		name := fmt.Sprintf("part-%s%05d", r.p.Part, r.at.Part)
		if r.p.Sweep != nil {
			name = fmt.Sprintf("%s-%s%05d", r.p.Sweep.name(), r.p.Part, r.at.Part)
		}
		tables, err := r.tables(ctx, name)
		if err != nil {
			return err
		}
		artifact, err := r.part.store(ctx, r.out, dir+"/"+name+packedSuffix)
		if err != nil {
			return err
		}
		if artifact.Dataset = DetailsName; r.p.Sweep == nil { // newer rows of what is counted already
			artifact.Item = r.item()
		}
		artifact.Source = detailsJobs + "/" + r.at.Job + "/results"
		receipt.Artifacts = append(tables, artifact)
		r.at.Part++
	}
	r.rows, r.open = r.rows+r.open, 0
	if receipt.Discovered, err = r.discover(ctx, false); err != nil {
		return err
	}
	return r.save(ctx, receipt)
}

func (r *detailsRun) save(ctx context.Context, receipt exporter.Receipt) error {
	checkpoint, err := json.Marshal(r.at)
	if err != nil {
		return err
	}
	receipt.Unit, receipt.Checkpoint = r.unit.Key, checkpoint
	return r.out.Save(ctx, receipt)
}

// item names the expectation that all parts of a day meet together, and all of
// a sweep.
func (r *detailsRun) item() string {
	if r.p.Sweep != nil {
		return r.p.name()
	}
	return r.p.From.Format(time.DateOnly)
}

func (r *detailsRun) expected() []exporter.Expectation {
	if r.find || r.p.Sweep != nil || !r.at.Counted {
		return nil
	}
	return []exporter.Expectation{{
		Dataset: DetailsName, Item: r.item(), Count: r.total, Source: "details-query", At: r.p.From.Truncate(24 * time.Hour),
	}}
}

// finish stores the last part and hands in the receipt.
func (r *detailsRun) finish(ctx context.Context) (exporter.Receipt, error) {
	if err := r.flush(ctx); err != nil {
		return exporter.Receipt{}, err
	}
	units, err := r.discover(ctx, true)
	if err != nil {
		return exporter.Receipt{}, err
	}
	sweeps, err := r.sweeps()
	if err != nil {
		return exporter.Receipt{}, err
	}
	units = append(units, sweeps...)
	receipt := exporter.Receipt{Outcome: exporter.Done, Discovered: units, Expected: r.expected(), Settled: r.settled()}
	if r.rows < r.total {
		receipt.Exceptions = []exporter.Exception{{
			Dataset: r.unit.Dataset, Unit: r.unit.Key, Item: r.item(), Reason: exporter.FailedItem,
			Detail:   fmt.Sprintf("%s: %d conversations are expected, two details jobs gave %d", r.p.words(), r.total, r.rows),
			Attempts: r.unit.Attempts + 1,
		}}
	}
	r.cleanUp(ctx)
	// Should another run open the unit again, it asks for a new job.
	r.at.Job, r.at.Cursor = "", ""
	if receipt.Checkpoint, err = json.Marshal(r.at); err != nil {
		return exporter.Receipt{}, err
	}
	return receipt, nil
}

// cleanUp deletes the finished job: a courtesy to the organization's limits,
// so its failure is no matter.
func (r *detailsRun) cleanUp(ctx context.Context) {
	if r.at.Job != "" {
		_ = r.client.Delete(ctx, detailsJobs+"/"+url.PathEscape(r.at.Job))
	}
}

// gone turns "not found" and "no longer" of a job into errJobGone.
func gone(err error) error {
	var api *genesys.Error
	if errors.Is(err, genesys.ErrNotFound) || errors.As(err, &api) && (api.Status == 410 || api.Status == 400 && !errors.Is(err, genesys.ErrTooLarge)) {
		return fmt.Errorf("%w: %w", errJobGone, err)
	}
	return err
}
