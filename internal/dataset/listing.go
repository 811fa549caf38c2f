package dataset

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"exitplan/exporter"
	"exitplan/internal/genesys"
)

// Listing exports what one row of the tables of [listing] declares: records of
// the organization, of each record of another listing, of conversations, or of
// each day.
//
// Records are packed as the API sent them, a line each. A record that was
// listed for another (a member of a queue) does not say for which: its line is
// {"parent": [ids, outermost first], "record": ...}.
type Listing struct {
	listing
	API      Clients
	Layout   exporter.Layout
	Details  *Details   // finds what conversations have; nil where that is not asked for
	children []*Listing // selected ones
	rank     int        // priority of most units

	converter *converter // that of all datasets
	pace      pace
	refused   atomic.Int64 // answers in a row that lacked a permission
}

// A unit of a child listing lists so many parents.
const parentsPerUnit = 50

// listingParams are the parents that a unit of a child listing lists, each
// with the ids of its own parents before it, and the interval of what is kept
// by time.
type listingParams struct {
	// Find: the unit only finds the parents among the conversations of an interval.
	Find    *detailsParams `json:"find,omitempty"`
	Parents [][]string     `json:"parents,omitempty"`
	From    time.Time      `json:"from,omitzero"`
	To      time.Time      `json:"to,omitzero"`
	// Tail: from there to the end of the run.
	Tail bool `json:"tail,omitempty"`
}

// Info describes the dataset.
func (d *Listing) Info() exporter.Info {
	permissions := d.permissions
	if d.among != nil { // conversations have to be read for it
		permissions = append([]string{DetailsPermission}, permissions...)
	}
	return exporter.Info{
		Name: d.name, Class: d.classOf(), Group: d.groupOf(), Permissions: permissions,
		Method: d.method(), Cost: d.cost(), Description: d.about, FoundBy: d.parent, ByDay: d.every > 0 || d.among != nil, Grows: d.grows,
	}
}

const configurationGroup = "configuration"

func (d *listing) classOf() string {
	if d.class == "" {
		return exporter.Configuration
	}
	return d.class
}

func (d *listing) groupOf() string {
	if d.group == "" {
		return configurationGroup
	}
	return d.group
}

// operation is the one of the API that tells the dataset from others.
func (d *listing) operation() (method, path string) {
	switch {
	case d.job != nil && d.job.submit != "":
		return "POST", d.job.submit
	case d.body != "", d.style == genesys.BodyAfter, d.style == genesys.BodyNumbered, d.style == genesys.BodyPaging:
		return "POST", d.path
	}
	return "GET", d.path
}

func (d *listing) method() string {
	method, path := d.operation()
	text := method + " " + path
	if d.job != nil && d.job.submit != "" {
		text += ", a job"
	}
	if d.file != nil && !d.file.inline {
		text += ", and the files that it names"
	}
	return text
}

func (d *listing) cost() string {
	text := fmt.Sprintf("1 call for each %d", d.pageSize())
	switch {
	case d.job != nil && d.job.submit != "":
		text = "3 calls or more"
	case d.style == genesys.Unpaged, d.style == genesys.Single:
		text = "1 call"
	}
	switch {
	case d.bulk > 1:
		text += fmt.Sprintf(", for %d of %s", d.bulk, d.parent)
	case d.parent != "":
		text += ", at least 1 for each of " + d.parent
	}
	switch {
	case d.every == 1:
		text += " a day"
	case d.every > 1:
		text += fmt.Sprintf(" for each %d days", d.every)
	}
	return text
}

func (d *listing) pageSize() int {
	if d.size > 0 {
		return d.size
	}
	return 100
}

// Plan gives the one unit of a listing, or one for each piece of the interval;
// those of a child listing are discovered by its parents'.
func (d *Listing) Plan(_ context.Context, iv exporter.Interval) iter.Seq2[exporter.Unit, error] {
	switch {
	case d.among != nil:
		return planDays(iv, func(p detailsParams) (exporter.Unit, error) { return d.Details.findUnit(d.name, p) })
	case d.parent != "":
		return func(func(exporter.Unit, error) bool) {}
	case d.every == 0:
		return func(yield func(exporter.Unit, error) bool) {
			yield(exporter.Unit{Dataset: d.name, Key: d.name + "/all", Priority: d.rank}, nil)
		}
	}
	return d.pieces(iv)
}

// pieces cuts an interval at days that are the same for every export, so that
// a later run, which has more days, plans whole pieces under the same keys. The
// last one may be shorter; it is a unit of its own.
func (d *Listing) pieces(iv exporter.Interval) iter.Seq2[exporter.Unit, error] {
	return func(yield func(exporter.Unit, error) bool) {
		length := time.Duration(d.every) * 24 * time.Hour
		for from := iv.From; from.Before(iv.To); {
			to := from.Truncate(length).Add(length)
			if to.After(iv.To) {
				to = iv.To
			}
			if !yield(d.unitOf(listingParams{From: from, To: to})) {
				return
			}
			from = to
		}
		if d.tail {
			yield(d.unitOf(listingParams{From: iv.To, Tail: true}))
		}
	}
}

func (d *Listing) unitOf(p listingParams) (exporter.Unit, error) {
	params, err := json.Marshal(p)
	return exporter.Unit{Dataset: d.name, Key: d.name + "/" + p.name(), Priority: d.priorityOf(p), Params: params}, err
}

// priorityOf is that of a unit: a tail comes after everything else.
func (d *Listing) priorityOf(p listingParams) int {
	if p.Tail {
		return exporter.Last
	}
	return d.rank
}

// name tells the intervals of units apart.
func (p listingParams) name() string {
	if p.Tail {
		return "after-" + p.From.Format("2006-01-02T150405")
	}
	return detailsParams{From: p.From, To: p.To}.name()
}

// Describe says what a unit covers.
func (d *Listing) Describe(u exporter.Unit) (words string, conversations int64) {
	var p listingParams
	switch err := json.Unmarshal(u.Params, &p); {
	case err != nil || len(u.Params) == 0:
		return "all of " + d.name, 0
	case p.Find != nil:
		return "all " + d.name + " of " + p.Find.words(), 0
	case p.Tail:
		return fmt.Sprintf("%s from %s on", d.name, p.From.Format(time.DateOnly)), 0
	case len(p.Parents) > 0:
		return fmt.Sprintf("%s of %d %s", d.name, len(p.Parents), d.parent), 0
	}
	return d.name + " of " + detailsParams{From: p.From, To: p.To}.words(), 0
}

// chunks are the parents of one unit each. Those that one question is about stay
// together.
func (d *Listing) chunks(parents [][]string) iter.Seq[[][]string] {
	return func(yield func([][]string) bool) {
		for len(parents) > 0 {
			n := min(parentsPerUnit, len(parents))
			for d.bulk > 0 && n < min(parentsPerUnit+d.bulk, len(parents)) && sameAbove(parents[n-1], parents[n]) {
				n++
			}
			if !yield(parents[:n]) {
				return
			}
			parents = parents[n:]
		}
	}
}

// sameAbove says whether two parents differ in their last ids alone.
func sameAbove(a, b []string) bool { return slices.Equal(a[:len(a)-1], b[:len(b)-1]) }

// unit is the n-th of a child listing that a unit of its parent discovered.
// Its key tells of which parents, as that of a batch of recordings does.
func (d *Listing) unit(of string, n int, p listingParams) (exporter.Unit, error) {
	params, err := json.Marshal(p)
	sum := sha256.Sum256(params)
	return exporter.Unit{
		Dataset: d.name, Key: fmt.Sprintf("%s/%s.%05d-%x", d.name, of, n, sum[:8]), Priority: d.priorityOf(p), Params: params,
	}, err
}

// Run lists the organization's records, or those of some parents.
func (d *Listing) Run(ctx context.Context, u exporter.Unit, out *exporter.Output) (exporter.Receipt, error) {
	p := listingParams{}
	if len(u.Params) > 0 {
		if err := json.Unmarshal(u.Params, &p); err != nil {
			return exporter.Receipt{}, fmt.Errorf("parameters of %s: %w", u.Key, err)
		}
	}
	if p.Find != nil {
		return d.Details.run(ctx, u, *p.Find, out, true)
	}
	r, err := d.begin(ctx, u, p, out)
	if err != nil {
		return exporter.Receipt{}, err
	}
	defer r.part.discard()
	for _, a := range d.asks(p, out.Now()) {
		if len(r.receipt.Exceptions) > 0 && d.refused.Load() >= manyRefusals {
			r.receipt.Exceptions = append(r.receipt.Exceptions, r.rest(u))
			break
		}
		if err := r.list(ctx, a); err != nil {
			return exporter.Receipt{}, err
		}
	}
	return r.finish(ctx)
}

// asks are the questions of a unit, of some parents at once where the API
// takes so many.
func (d *Listing) asks(p listingParams, now time.Time) []ask {
	base := ask{iv: exporter.Interval{From: p.From, To: p.To}, now: now}
	if oldest := now.AddDate(0, 0, -d.keeps).UTC().Truncate(24 * time.Hour); d.keeps > 0 && base.iv.From.Before(oldest) {
		if base.iv.From = oldest; !oldest.Before(base.iv.To) {
			return nil // which was never kept so long
		}
	}
	timed := d.timed() // or it is asked once, whatever the time
	var pieces []ask
	for rest := base; ; {
		if !p.Tail || !timed {
			pieces = append(pieces, base)
			break
		}
		// The time since may be longer than one question may be about.
		if rest.iv.To = rest.iv.From.AddDate(0, 0, d.days()); rest.iv.To.After(now) {
			rest.iv.To = now
		}
		if rest.iv.From.Before(rest.iv.To) {
			pieces = append(pieces, rest)
		}
		if rest.iv.From = rest.iv.To; !rest.iv.From.Before(now) {
			break
		}
	}
	if d.parent == "" {
		return pieces
	}
	var list []ask
	for _, piece := range pieces {
		for i, parent := range p.Parents {
			piece.parent, piece.last = parent, nil
			if d.bulk > 0 {
				above := parent[:len(parent)-1]
				if n := len(list) - 1; i > 0 && len(list[n].last) < d.bulk && sameAbove(p.Parents[i-1], parent) {
					list[n].last = append(list[n].last, parent[len(parent)-1])
					continue
				}
				piece.parent, piece.last = above, parent[len(parent)-1:]
			}
			list = append(list, piece)
		}
	}
	return list
}

// days is how many days one question may be about.
func (d *listing) days() int { return max(d.every, 1) }

// dir is where the records of a unit lie.
func (d *Listing) dir(p listingParams) string {
	if p.From.IsZero() {
		return d.Layout.Whole(d.groupOf(), d.name)
	}
	return d.Layout.DayPath(d.group, d.name, p.From)
}

// unitName is the part of a unit's key that tells it from others of its dataset.
func unitName(u exporter.Unit) string {
	_, name, _ := strings.Cut(u.Key, "/")
	return name
}
