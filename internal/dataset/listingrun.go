package dataset

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"exitplan/exporter"
	"exitplan/internal/genesys"
)

// listingRun is one run of a unit. Records are committed at its end alone,
// since a listing changes while it is read, so that no cursor is worth
// keeping; files are committed one by one.
type listingRun struct {
	d      *Listing
	unit   exporter.Unit
	p      listingParams
	out    *exporter.Output
	client *genesys.Client
	name   string // of the unit, within its dataset

	part     part
	parts    int
	had      seen  // lines that an earlier run of the unit stored
	expected int64 // records that the platform counts, or lists where it does not
	receipt  exporter.Receipt
	found    map[string][][]string // ids of records with those of their parents before them, by child
	given    given                 // those of earlier runs, and in found
	files    map[string]bool
	known    []exporter.Expectation  // of another dataset, not committed yet
	due      map[time.Time]time.Time // when something of a UTC day is deleted first
}

// begin reads back what an earlier run of the unit stored: the unit was opened
// again because something was absent, and the rest may have changed since.
func (d *Listing) begin(ctx context.Context, u exporter.Unit, p listingParams, out *exporter.Output) (*listingRun, error) {
	r := &listingRun{d: d, unit: u, p: p, out: out, client: d.API.of(""), name: unitName(u), had: seen{}, found: map[string][][]string{}, given: given{},
		files: map[string]bool{}, due: map[time.Time]time.Time{}}
	if err := r.given.read(u.Checkpoint); err != nil {
		return nil, fmt.Errorf("checkpoint of %s: %w", u.Key, err)
	}
	for _, a := range u.Stored {
		if a.Item != r.name { // a file, or of no item: the same rows as a table
			r.files[a.Item] = true
			continue
		}
		r.parts++
		if err := r.recall(ctx, a.Path); err != nil {
			return nil, fmt.Errorf("read back %s: %w", a.Path, err)
		}
	}
	return r, nil
}

func (r *listingRun) recall(ctx context.Context, path string) error {
	for line, err := range storedLines(ctx, r.out, path) {
		if err != nil {
			return err
		}
		r.had.add(line)
	}
	return nil
}

// A question is repeated so often where its answer is short of what the
// platform counts, or its URLs have expired.
const (
	askAgain   = 2
	renewFiles = 4
)

// list reads the answer to one question to its end, and once more if there is
// less than the platform counts.
func (r *listingRun) list(ctx context.Context, a ask) error {
	item := a.item(r.name)
	var rows, total int64
	known, count := r.memory(), func() memory { return nil }
	if _, whole := known.(seen); whole {
		count = r.memory // a record that changes between two passes counts once in each
	}
	for try := 1; ; try++ {
		rows = 0
		pass := count()
		if total = -1; len(a.last) > 0 {
			total = int64(len(a.last))
		}
		stale := false
		for raw, err := range r.rows(ctx, a, &total) {
			if errors.Is(err, genesys.ErrTooLarge) && rows == 0 && try == 1 {
				if halves := r.d.halves(a); halves != nil {
					return r.both(ctx, halves)
				}
			}
			if err != nil {
				return r.absent(ctx, item, err)
			}
			r.d.refused.Store(0)
			refs := r.d.file.in(raw)
			// Pages that move, and answers that broke off, bring a record
			// again; versions of one thing share its id and are none.
			identity := unsigned(raw, refs)
			fresh := known.add(identity)
			if pass == nil && fresh || pass != nil && pass.add(identity) {
				rows++
			}
			if fresh && r.d.file.lacks(refs) {
				r.except(item, exporter.StillProcessing, fmt.Sprintf("the platform names no file: %.300s", raw))
			}
			if fresh && r.d.expects != nil {
				if err := r.expect(ctx, raw); err != nil {
					return err
				}
			}
			if fresh && !r.d.file.packs() {
				if err := r.write(ctx, a.parent, raw); err != nil {
					return err
				}
			}
			if fresh {
				r.parentOf(a.parent, raw)
			}
			expired, err := r.fetch(ctx, a, raw, refs, try == renewFiles)
			if err != nil {
				return err
			}
			stale = stale || expired
		}
		if rows >= total && !stale || !stale && try >= askAgain || try >= renewFiles {
			break
		}
	}
	if r.d.file.packs() {
		return nil // its files are counted, not what names them
	}
	r.expected += max(total, rows)
	if rows < total {
		r.except(r.name, exporter.FailedItem, fmt.Sprintf("%s: the platform counts %d, and lists %d", item, total, rows))
	}
	return nil
}

// memory tells records apart.
type memory interface{ add(identity []byte) bool }

// memory is of all records, or, where there may be millions, of the last alone: a
// listing by cursor is read once, and has no count that a repeated record could
// falsify.
func (r *listingRun) memory() memory {
	if r.d.style == genesys.Cursor || r.d.style == genesys.NextURI {
		return &recent{most: 10_000}
	}
	return seen{}
}

func (r *listingRun) both(ctx context.Context, asks []ask) error {
	for _, a := range asks {
		if err := r.list(ctx, a); err != nil {
			return err
		}
	}
	return nil
}

// rows asks, and waits for a job first where one is needed.
func (r *listingRun) rows(ctx context.Context, a ask, total *int64) iter.Seq2[json.RawMessage, error] {
	if r.d.job != nil {
		return r.jobRows(ctx, a)
	}
	return func(yield func(json.RawMessage, error) bool) {
		l, err := r.d.request(a)
		if err != nil {
			yield(nil, err)
			return
		}
		l.Counted = func(n int64) { *total = n }
		r.client.Rows(ctx, l)(yield)
	}
}

// absent states why a listing could not be read, if that is for good; any
// other error is the unit's. An organization rarely has every feature.
func (r *listingRun) absent(ctx context.Context, item string, err error) error {
	var api *genesys.Error
	switch {
	case ctx.Err() != nil, errors.Is(err, genesys.ErrCredentials):
		return fatal(err)
	case errors.Is(err, genesys.ErrPermission):
		if errors.As(err, &api); slices.Contains(lacking, api.Code) {
			r.d.refused.Add(1)
		}
		r.except(item, exporter.PermissionDenied, err.Error())
	case r.d.sparse && (errors.Is(err, genesys.ErrNotFound) || errors.As(err, &api) && strings.HasSuffix(api.Code, tooOld)):
	case errors.Is(err, genesys.ErrNotFound), errors.As(err, &api) && api.Status == notImplemented:
		who := "this organization"
		if r.d.parent != "" {
			who = "the platform"
		}
		r.except(item, exporter.NotExportable, who+" does not have it: "+err.Error())
	case errors.Is(err, errCameToNothing), errors.Is(err, genesys.ErrNoRequest), errors.As(err, &api) && api.Status >= 400 && api.Status < 500:
		r.except(item, exporter.FailedItem, err.Error())
	default:
		return err
	}
	return nil
}

const (
	notImplemented = 501        // RFC 9110, section 15.6.2
	tooOld         = ".too.old" // as in usage.events.too.old (API definition)
)

// A client whose roles lack a permission is refused whatever it asks for, unlike
// one that lacks it in some divisions (API definition, error codes of 403). After
// so many refusals in a row a unit asks once, and states the rest as one: what is
// not to be had must not use up a call for each of a million conversations.
const manyRefusals = 5

var lacking = []string{"missing.permissions", "missing.any.permissions"}

// rest stands for what a unit does not ask for any more.
func (r *listingRun) rest(u exporter.Unit) exporter.Exception {
	last := r.receipt.Exceptions[len(r.receipt.Exceptions)-1]
	u.Attempts++
	return exporter.UnitException(r.d, u, last.Reason, "and what comes after: "+last.Detail)
}

func (r *listingRun) except(item string, reason exporter.Reason, detail string) {
	r.receipt.Exceptions = append(r.receipt.Exceptions, exporter.Exception{
		Dataset: r.d.name, Unit: r.unit.Key, Item: item, Reason: reason, Detail: detail, Attempts: r.unit.Attempts + 1,
	})
}

// parentOf remembers a record for the child listings, once.
func (r *listingRun) parentOf(parent []string, raw json.RawMessage) {
	for _, child := range r.d.children {
		of := child.of
		if of == nil {
			of = ownID
		}
		for _, id := range of(raw) { // one without an id has no children
			ids := append(slices.Clone(parent), id)
			if id != "" && r.given.add(child.name, ids) {
				r.found[child.name] = append(r.found[child.name], ids)
			}
		}
	}
}

func ownID(raw json.RawMessage) []string {
	var record struct {
		ID string `json:"id"`
	}
	_ = json.Unmarshal(raw, &record) // an odd record is kept all the same
	return []string{record.ID}
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
	if r.had.has(line) {
		return nil
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
	name := fmt.Sprintf("part-%s-%05d", r.name, r.parts)
	tables, err := r.tables(ctx, name)
	if err != nil {
		return err
	}
	artifact, err := r.part.store(ctx, r.out, r.d.dir(r.p)+"/"+name+packedSuffix)
	if err != nil {
		return err
	}
	r.parts++
	_, source := r.d.operation()
	artifact.Dataset, artifact.Item, artifact.Source = r.d.name, r.name, source
	r.receipt.Artifacts = append(append(r.receipt.Artifacts, tables...), artifact)
	return nil
}

// finish hands in the receipt, with the units of the child listings.
func (r *listingRun) finish(ctx context.Context) (exporter.Receipt, error) {
	if err := r.flush(ctx); err != nil {
		return exporter.Receipt{}, err
	}
	r.receipt.Outcome = exporter.Done
	r.receipt.Expected, r.receipt.Due = append(r.receipt.Expected, r.known...), r.urgency()
	r.receipt.Expected = append(r.receipt.Expected,
		exporter.Expectation{Dataset: r.d.name, Item: r.name, Count: r.expected, Source: "listing"})
	for _, child := range r.d.children {
		n := 0
		for some := range child.chunks(r.found[child.name]) {
			u, err := child.unit(r.name, n, listingParams{Parents: some, From: r.p.From, To: r.p.To, Tail: r.p.Tail})
			if err != nil {
				return exporter.Receipt{}, err
			}
			r.receipt.Discovered = append(r.receipt.Discovered, u)
			n++
		}
	}
	var err error
	r.receipt.Checkpoint, err = r.given.checkpoint()
	return r.receipt, err
}
