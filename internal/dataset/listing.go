package dataset

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"slices"
	"strings"

	"exitplan/exporter"
	"exitplan/internal/genesys"
)

// Listing exports what one row of the table [listings] declares: a listing of
// the organization, or one for each record of another listing.
//
// Its records are packed as the API sent them, a line each. A record that was
// listed for another (a member of a queue) does not say for which: its line is
// {"parent": [ids, outermost first], "record": ...}.
type Listing struct {
	listing
	API      Clients
	Layout   exporter.Layout
	children []*Listing // selected ones
}

// A unit of a listing lists once; one of a child listing, for so many parents.
const parentsPerUnit = 50

// listingParams are the parents that a unit of a child listing lists, each
// with the ids of its own parents before it.
type listingParams struct {
	Parents [][]string `json:"parents,omitempty"`
}

// Info describes the dataset.
func (d *Listing) Info() exporter.Info {
	cost := fmt.Sprintf("1 call for each %d", d.pageSize())
	if d.style == genesys.Unpaged {
		cost = "1 call"
	}
	if d.parent != "" {
		cost += ", at least 1 for each of " + d.parent
	}
	return exporter.Info{
		Name: d.name, Class: exporter.Configuration, Group: configurationGroup, Permissions: d.permissions,
		Method: "GET " + d.path, Cost: cost, Description: d.about, FoundBy: d.parent,
	}
}

const configurationGroup = "configuration"

const notImplemented = 501 // RFC 9110, section 15.6.2

func (d *Listing) pageSize() int {
	if d.size > 0 {
		return d.size
	}
	return 100
}

// Plan gives the one unit of a listing; those of a child listing are
// discovered by its parents'.
func (d *Listing) Plan(context.Context, exporter.Interval) iter.Seq2[exporter.Unit, error] {
	return func(yield func(exporter.Unit, error) bool) {
		if d.parent == "" {
			yield(exporter.Unit{Dataset: d.name, Key: d.name + "/all", Priority: 3}, nil)
		}
	}
}

// Describe says what a unit covers.
func (d *Listing) Describe(u exporter.Unit) (words string, conversations int64) {
	var p listingParams
	if json.Unmarshal(u.Params, &p) == nil && len(p.Parents) > 0 {
		return fmt.Sprintf("%s of %d %s", d.name, len(p.Parents), d.parent), 0
	}
	return "all of " + d.name, 0
}

// Run lists the organization's records, or those of some parents.
func (d *Listing) Run(ctx context.Context, u exporter.Unit, out *exporter.Output) (exporter.Receipt, error) {
	p := listingParams{}
	if len(u.Params) > 0 {
		if err := json.Unmarshal(u.Params, &p); err != nil {
			return exporter.Receipt{}, fmt.Errorf("parameters of %s: %w", u.Key, err)
		}
	}
	_, item, _ := strings.Cut(u.Key, "/")
	r := &listingRun{d: d, unit: u, out: out, client: d.API.of(""), name: item, parents: seen{}}
	defer r.part.discard()
	if d.parent == "" {
		p.Parents = [][]string{nil}
	}
	for _, parent := range p.Parents {
		if err := r.list(ctx, parent); err != nil {
			return exporter.Receipt{}, err
		}
	}
	return r.finish(ctx)
}

// listingRun is one run of a unit. Nothing of it is committed before its end:
// a listing changes while it is read, so that no cursor is worth keeping.
type listingRun struct {
	d      *Listing
	unit   exporter.Unit
	out    *exporter.Output
	client *genesys.Client
	name   string // of the unit, within its dataset

	part     part
	parts    int
	expected int64 // records that the platform counts, or lists where it does not
	receipt  exporter.Receipt
	found    [][]string // records, with the ids of their parents before them
	parents  seen       // those in found
}

// list reads the listing of one parent to its end, and once more if there is
// less than the platform counts.
func (r *listingRun) list(ctx context.Context, parent []string) error {
	item := r.item(parent)
	var rows, total int64
	var known interface{ add([]byte) bool } = seen{}
	if r.d.style == genesys.Cursor {
		// It may have millions of records, is read once, and has no count that
		// a repeated one could falsify.
		known = &recent{most: 50_000}
	}
	for range 2 {
		total = -1
		l := r.d.request(parent)
		l.Counted = func(n int64) { total = n }
		for raw, err := range r.client.Rows(ctx, l) {
			if err != nil {
				return r.absent(ctx, item, err)
			}
			// Pages that move, and answers that broke off, bring a record
			// again; versions of one thing share its id and are none.
			if !known.add(raw) {
				continue
			}
			if err := r.write(ctx, parent, raw); err != nil {
				return err
			}
			rows++
			if len(r.d.children) > 0 {
				r.parentOf(parent, raw)
			}
		}
		if rows >= total {
			break
		}
	}
	r.expected += max(total, rows)
	if rows < total {
		r.except(r.name, exporter.FailedItem, fmt.Sprintf("%s: the platform counts %d, and lists %d", item, total, rows))
	}
	return nil
}

// item names what one listing holds.
func (r *listingRun) item(parent []string) string {
	if len(parent) == 0 {
		return r.name
	}
	escaped := make([]string, len(parent))
	for i, id := range parent {
		escaped[i] = url.PathEscape(id)
	}
	return strings.Join(escaped, "/")
}

// absent states why a listing could not be read, if that is for good; any
// other error is the unit's. An organization rarely has every feature.
func (r *listingRun) absent(ctx context.Context, item string, err error) error {
	var api *genesys.Error
	switch {
	case ctx.Err() != nil, errors.Is(err, genesys.ErrCredentials):
		return fatal(err)
	case errors.Is(err, genesys.ErrPermission):
		r.except(item, exporter.PermissionDenied, err.Error())
	case errors.Is(err, genesys.ErrNotFound), errors.As(err, &api) && api.Status == notImplemented:
		r.except(item, exporter.NotExportable, "this organization does not have it: "+err.Error())
	case errors.As(err, &api) && api.Status >= 400 && api.Status < 500:
		r.except(item, exporter.FailedItem, err.Error())
	default:
		return err
	}
	return nil
}

func (r *listingRun) except(item string, reason exporter.Reason, detail string) {
	r.receipt.Exceptions = append(r.receipt.Exceptions, exporter.Exception{
		Dataset: r.d.name, Unit: r.unit.Key, Item: item, Reason: reason, Detail: detail, Attempts: r.unit.Attempts + 1,
	})
}

// parentOf remembers a record for the child listings, once.
func (r *listingRun) parentOf(parent []string, raw json.RawMessage) {
	var record struct {
		ID string `json:"id"`
	}
	_ = json.Unmarshal(raw, &record) // one without an id has no children
	ids := append(slices.Clone(parent), record.ID)
	if record.ID != "" && r.parents.add([]byte(r.item(ids))) {
		r.found = append(r.found, ids)
	}
}

// write packs one record.
func (r *listingRun) write(ctx context.Context, parent []string, raw json.RawMessage) error {
	line := raw
	if len(parent) > 0 {
		ids, err := json.Marshal(parent)
		if err != nil {
			return err
		}
		line = slices.Concat([]byte(`{"parent":`), ids, []byte(`,"record":`), raw, []byte{'}'})
	}
	if err := r.part.write(r.out, line); err != nil {
		return fmt.Errorf("write a part of %s: %w", r.unit.Key, err)
	}
	if r.part.bytes < partBytes {
		return nil
	}
	return r.flush(ctx)
}

// flush stores the part. What it is called is a function of the unit, whose
// name tells of its parents.
func (r *listingRun) flush(ctx context.Context) error {
	if r.part.rows == 0 {
		return nil
	}
	path := fmt.Sprintf("%s/part-%s-%05d.jsonl.gz", r.d.Layout.Whole(configurationGroup, r.d.name), r.name, r.parts)
	artifact, err := r.part.store(ctx, r.out, path)
	if err != nil {
		return err
	}
	r.parts++
	artifact.Dataset, artifact.Item, artifact.Source = r.d.name, r.name, r.d.path
	r.receipt.Artifacts = append(r.receipt.Artifacts, artifact)
	return nil
}

// finish hands in the receipt, with the units of the child listings.
func (r *listingRun) finish(ctx context.Context) (exporter.Receipt, error) {
	if err := r.flush(ctx); err != nil {
		return exporter.Receipt{}, err
	}
	r.receipt.Outcome = exporter.Done
	r.receipt.Expected = []exporter.Expectation{{Dataset: r.d.name, Item: r.name, Count: r.expected, Source: "listing"}}
	for _, child := range r.d.children {
		n := 0
		for some := range slices.Chunk(r.found, parentsPerUnit) {
			u, err := child.unit(r.name, n, some)
			if err != nil {
				return exporter.Receipt{}, err
			}
			r.receipt.Discovered = append(r.receipt.Discovered, u)
			n++
		}
	}
	return r.receipt, nil
}

// unit is the n-th of a child listing that a unit of its parent discovered.
// Its key tells of which parents, as that of a batch of recordings does.
func (d *Listing) unit(of string, n int, parents [][]string) (exporter.Unit, error) {
	params, err := json.Marshal(listingParams{Parents: parents})
	sum := sha256.Sum256(params)
	return exporter.Unit{
		Dataset: d.name, Key: fmt.Sprintf("%s/%s.%05d-%x", d.name, of, n, sum[:8]), Priority: 3, Params: params,
	}, err
}

// request is the listing of one parent. The ids fill the path from the last
// place back, and the query, where a place is written {id}.
func (d *Listing) request(parent []string) genesys.Listing {
	path, ids := d.path, parent
	for len(ids) > 0 {
		from, to := strings.LastIndexByte(path, '{'), strings.LastIndexByte(path, '}')
		if from < 0 {
			break
		}
		path = path[:from] + url.PathEscape(ids[len(ids)-1]) + path[to+1:]
		ids = ids[:len(ids)-1]
	}
	query, err := url.ParseQuery(d.query)
	if err != nil {
		panic(err) // a test reads every row of the table
	}
	for _, values := range query {
		for i := range values {
			if values[i] == "{id}" && len(parent) > 0 {
				values[i] = parent[len(parent)-1]
			}
		}
	}
	return genesys.Listing{
		Path: path, Query: query, Style: d.style, Array: d.array, PageSize: d.pageSize(), SizeParam: d.sizeParam,
	}
}
