package dataset

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"exitplan/exporter"
	"exitplan/internal/genesys"
)

// DetailsName is the dataset of conversation details.
const DetailsName = "analytics.conversations.details"

// DetailsPermission lets a client read conversation details.
const DetailsPermission = "analytics:conversationDetail:view"

const (
	// Rows that one unit keeps track of; a busier interval is split.
	maxRows = 250_000
	// Uncompressed bytes after which a part ends at the next page boundary.
	partBytes = 64 << 20
	// Rows of a page of job results (genesys-api.md §4).
	pageRows = 1000
	// A shorter interval is not split further.
	shortest = time.Minute
)

// Details exports conversation details by asynchronous jobs, one unit for
// each UTC day on which conversations started.
//
// A job returns every conversation with activity in its interval, so jobs of
// neighbouring days overlap. A conversation belongs to the unit in whose
// interval it started; what started elsewhere is dropped, and so are repeats
// inside a unit.
type Details struct {
	API    Clients
	Layout exporter.Layout
	// Recordings makes each unit discover the batch requests of its recorded
	// conversations, and so settle the unit that would look for them; nil when
	// recordings are not exported.
	Recordings *Recordings
	// Contents are the listings for conversations, whose units are discovered
	// and settled likewise.
	Contents []*Listing
	// Counted are the conversations of days that were counted a moment ago, by
	// the start of each.
	Counted map[time.Time]int64

	alone     bool  // only what conversations have is exported, not their details
	MaxRows   int   // default 250,000
	PartBytes int64 // default 64 MiB
	PageRows  int   // default 1,000

	pace      pace
	converter converter
}

type detailsParams struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	// Part prefixes the names of parts where a day was split.
	Part string `json:"part,omitempty"`
	// Sweep: only these conversations, once more.
	Sweep *sweep `json:"sweep,omitempty"`
}

// Info describes the dataset.
func (d *Details) Info() exporter.Info {
	return exporter.Info{
		Name: DetailsName, Class: exporter.Metrics, Group: analyticsGroup, ByDay: true,
		Permissions: []string{DetailsPermission},
		Method:      "asynchronous details job for each UTC day",
		Cost:        "3 calls a day, and 1 for each 1,000 conversations",
		Description: "Every conversation with participants, sessions, segments, metrics and attributes",
	}
}

// Plan gives one unit for each UTC day.
func (d *Details) Plan(_ context.Context, iv exporter.Interval) iter.Seq2[exporter.Unit, error] {
	return planDays(iv, d.unit)
}

// planDays makes a unit of each UTC day.
func planDays(iv exporter.Interval, unit func(detailsParams) (exporter.Unit, error)) iter.Seq2[exporter.Unit, error] {
	return func(yield func(exporter.Unit, error) bool) {
		for _, day := range iv.Days() {
			p := detailsParams{From: day.From, To: day.To}
			if !wholeDay(p) { // its parts must not take the names of the whole day's
				p.Part = p.From.Format("150405") + "-" + p.To.Format("20060102T150405") + "-"
			}
			u, err := unit(p)
			if !yield(u, err) {
				return
			}
		}
	}
}

// unit waits until it is known what is deleted when, where recordings hang on it.
func (d *Details) unit(p detailsParams) (exporter.Unit, error) {
	params, err := json.Marshal(p)
	u := exporter.Unit{Dataset: DetailsName, Key: DetailsName + "/" + p.name(), Priority: promptPriority, Params: params}
	if d.Recordings != nil {
		u.After = retentionKey
	}
	return u, err
}

// Describe names the interval of a unit.
func (d *Details) Describe(u exporter.Unit) (words string, conversations int64) {
	var p detailsParams
	if json.Unmarshal(u.Params, &p) != nil {
		return "conversation details", 0
	}
	return "conversation details of " + p.words(), 0
}

// words are the interval for people.
func (p detailsParams) words() string {
	if p.Sweep != nil {
		n := len(p.Sweep.IDs)
		p.Sweep = nil
		return fmt.Sprintf("%d conversations that were still open, of %s", n, p.words())
	}
	if wholeDay(p) {
		return p.From.Format(time.DateOnly) + " (UTC)"
	}
	const minute = "2006-01-02 15:04"
	return p.From.Format(minute) + " up to " + p.To.Format(minute) + " (UTC)"
}

// name tells intervals apart: by their start, and those that are no whole day
// also by their end.
func (p detailsParams) name() string {
	if p.Sweep != nil {
		name := p.Sweep.name()
		p.Sweep = nil
		return p.name() + "." + name
	}
	if wholeDay(p) {
		return p.From.Format(time.DateOnly)
	}
	return p.From.Format("2006-01-02T150405") + "-" + p.To.Format("20060102T150405")
}

// holds says whether a conversation belongs to the interval: it does where it
// started. One whose start cannot be read belongs to the first part of its day.
func (p detailsParams) holds(c conversation) bool {
	start, ok := c.start()
	if !ok {
		return p.From.Equal(p.From.Truncate(24 * time.Hour))
	}
	return exporter.Interval{From: p.From, To: p.To}.Contains(start)
}

func wholeDay(p detailsParams) bool {
	return p.From.Equal(p.From.Truncate(24*time.Hour)) && p.To.Equal(p.From.Add(24*time.Hour))
}

func (d *Details) maxRows() int {
	if d.MaxRows > 0 {
		return d.MaxRows
	}
	return maxRows
}

// Run exports one interval.
func (d *Details) Run(ctx context.Context, u exporter.Unit, out *exporter.Output) (exporter.Receipt, error) {
	var p detailsParams
	if err := json.Unmarshal(u.Params, &p); err != nil {
		return exporter.Receipt{}, fmt.Errorf("parameters of %s: %w", u.Key, err)
	}
	return d.run(ctx, u, p, out, false)
}

// run exports one interval, or only finds what its conversations have.
func (d *Details) run(ctx context.Context, u exporter.Unit, p detailsParams, out *exporter.Output, find bool) (exporter.Receipt, error) {
	r, err := d.read(ctx, u, p, out, find)
	return denied(d, u, r, err)
}

func (d *Details) read(ctx context.Context, u exporter.Unit, p detailsParams, out *exporter.Output, find bool) (exporter.Receipt, error) {
	run, err := d.begin(ctx, u, p, out, find)
	if err != nil {
		return exporter.Receipt{}, err
	}
	defer run.part.discard()
	if run.total > int64(d.maxRows()) && p.Sweep == nil && p.To.Sub(p.From) > shortest && !find { // which remembers less
		pieces := int(run.total/int64(d.maxRows())) + 1
		return split(run, p, pieces)
	}
	// A second job is asked only if the first gave less than is counted.
	for range 2 {
		err := run.job(ctx)
		// Nothing is stored yet; what the open part has comes again.
		if errors.Is(err, genesys.ErrTooLarge) && p.Sweep == nil && p.To.Sub(p.From) > shortest && run.rows == 0 {
			return split(run, p, 2)
		}
		if err != nil {
			return exporter.Receipt{}, fatal(err)
		}
		if run.have() >= run.total {
			break
		}
		run.at.Job, run.at.Cursor = "", ""
	}
	return run.finish(ctx)
}

// have is how many conversations the unit has: committed, or in the open part.
func (r *detailsRun) have() int64 { return r.rows + r.open }

// begin picks up the checkpoint, and what the platform's own count says.
func (d *Details) begin(ctx context.Context, u exporter.Unit, p detailsParams, out *exporter.Output, find bool) (*detailsRun, error) {
	run := &detailsRun{d: d, unit: u, p: p, out: out, find: find, seen: seen{}}
	if len(u.Checkpoint) > 0 {
		if err := json.Unmarshal(u.Checkpoint, &run.at); err != nil {
			return nil, fmt.Errorf("checkpoint of %s: %w", u.Key, err)
		}
	}
	run.client = d.API.of(run.at.Client)
	if run.client.ID() != run.at.Client {
		run.at.Job, run.at.Cursor = "", "" // another client's job is not readable
	}
	run.at.Client = run.client.ID()
	run.search()
	for _, a := range u.Stored {
		if !strings.HasSuffix(a.Path, packedSuffix) {
			continue // the same rows as tables
		}
		run.rows += a.Records
		if err := run.recall(ctx, a.Path); err != nil {
			return nil, fmt.Errorf("read back %s: %w", a.Path, err)
		}
	}
	switch {
	case p.Sweep != nil:
		run.total = int64(len(p.Sweep.IDs))
	case run.at.Counted:
		run.total = run.at.Total
	case wholeDay(p):
		total, known := d.Counted[p.From.UTC()]
		if !known {
			var err error
			if total, err = CountStarted(ctx, run.client, exporter.Interval{From: p.From, To: p.To}); err != nil {
				return nil, fatal(fmt.Errorf("count conversations of %s: %w", u.Key, err))
			}
		}
		run.total, run.at.Total, run.at.Counted = total, total, true
	}
	return run, nil
}

// closed is an interval of whole days for the details query, which takes whole
// days touched by its interval, so that it has to end inside the last.
func closed(days exporter.Interval) exporter.Interval {
	return exporter.Interval{From: days.From, To: days.To.Add(-time.Millisecond)}
}

// CountStarted asks how many conversations started on whole UTC days, of which
// the details query takes 31 at most.
func CountStarted(ctx context.Context, c *genesys.Client, day exporter.Interval) (int64, error) {
	answer, err := c.Post(ctx, "/api/v2/analytics/conversations/details/query", map[string]any{
		"interval": closed(day).String(),
		"paging":   map[string]int{"pageSize": 1, "pageNumber": 1},
	})
	if err != nil {
		return 0, err
	}
	var counted struct {
		TotalHits *int64 `json:"totalHits"`
	}
	if err := json.Unmarshal(answer, &counted); err != nil {
		return 0, fmt.Errorf("answer of the details query: %w", err)
	}
	if counted.TotalHits == nil {
		return 0, fmt.Errorf("answer of the details query: no totalHits in %.200q", answer)
	}
	return *counted.TotalHits, nil
}

// split hands the interval over to smaller units, and with it the search for
// what its conversations have. The count stays with this one: all parts of a day
// meet the same expectation.
func split(run *detailsRun, p detailsParams, pieces int) (exporter.Receipt, error) {
	length := (p.To.Sub(p.From)/time.Duration(pieces) + time.Minute - 1).Truncate(time.Minute)
	length = max(length, shortest)
	r := exporter.Receipt{Outcome: exporter.Done, Expected: run.expected(), Settled: run.settled()}
	if run.find {
		// The parts have no count, and store nothing that could be counted.
		r.Exceptions = []exporter.Exception{{
			Dataset: run.unit.Dataset, Unit: run.unit.Key, Item: run.item(), Reason: exporter.FailedItem,
			Detail: fmt.Sprintf("the platform gave this interval in parts only: whether they held all of its %d conversations, and so all "+
				"that belongs to them, is not known; exporting %s with it tells", run.total, DetailsName),
			Attempts: run.unit.Attempts + 1,
		}}
	}
	for from := p.From; from.Before(p.To); from = from.Add(length) {
		to := from.Add(length)
		if to.After(p.To) {
			to = p.To
		}
		piece := detailsParams{From: from, To: to, Part: from.Format("150405") + "-"}
		units, err := run.pieces(piece)
		if err != nil {
			return exporter.Receipt{}, err
		}
		r.Discovered = append(r.Discovered, units...)
	}
	return r, nil
}
