package dataset

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"exitplan/exporter"
	"exitplan/internal/genesys"
)

// errCameToNothing: the platform did the work that was asked for, and has
// nothing to show for it.
var errCameToNothing = errors.New("the platform's job came to nothing")

// A job that fails or is gone is asked for again, so often in all.
const jobTries = 3

// A job without a state shows by its files that it is done. One that has none
// looks the same as one that takes long.
const filesPatience = 5 * time.Minute

// jobRows has the platform do its work, and reads what came of it.
func (r *listingRun) jobRows(ctx context.Context, a ask) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		var err error
		for range jobTries {
			var rows iter.Seq2[json.RawMessage, error]
			if rows, err = r.work(ctx, a); err == nil {
				again := false
				for raw, rowErr := range rows {
					if errors.Is(rowErr, errJobGone) {
						err, again = rowErr, true
						break
					}
					if !yield(raw, rowErr) {
						return
					}
				}
				if !again {
					return
				}
			}
			if !errors.Is(err, errJobGone) && !errors.Is(err, errCameToNothing) {
				break
			}
		}
		if errors.Is(err, errJobGone) {
			err = fmt.Errorf("%w: %w", errCameToNothing, err)
		}
		yield(nil, err)
	}
}

// work submits a job, waits until it is done, and gives the rows of its answer.
func (r *listingRun) work(ctx context.Context, a ask) (iter.Seq2[json.RawMessage, error], error) {
	j, since := r.d.job, r.out.Now()
	id, err := r.submit(ctx, a)
	if err != nil {
		return nil, err
	}
	status, path := a.path(j.status, id), a.path(r.d.path, id)
	query := a.queryOf(r.d.query)
	if path == status && r.d.style == genesys.NextURI {
		query.Set("pageSize", strconv.Itoa(r.d.pageSize())) // the answer is the first page, too
	}
	var answer json.RawMessage
	look := func(ctx context.Context) (done bool, err error) {
		if answer, err = r.client.Get(ctx, status, query); err != nil {
			if j.submit != "" {
				err = gone(err)
			}
			return false, err
		}
		return r.ready(answer, since)
	}
	done := false
	if j.submit == "" { // the first look is what has it made
		done, err = look(ctx)
	}
	if !done && err == nil {
		err = r.d.pace.poll(ctx, look)
	}
	if errors.Is(err, errStuck) {
		if j.state == "" && j.fresh == "" && answer != nil {
			err = nil // what it says without files is the answer
		} else {
			err = fmt.Errorf("%w: %w", errJobGone, err)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("job of %s: %w", r.d.name, err)
	}
	if path != status || r.d.style == genesys.NextURI && text(answer, "nextUri") != "" {
		l, err := r.d.request(a)
		l.Path, l.Body = path, nil
		if path != status {
			l.Query = nil
		}
		return r.results(ctx, l), err
	}
	if r.d.style == genesys.Single {
		return listOf(answer), nil
	}
	array := cmp.Or(r.d.array, "entities")
	var fields map[string]json.RawMessage
	var rows []json.RawMessage
	if err := json.Unmarshal(answer, &fields); err == nil && fields[array] != nil {
		if err := json.Unmarshal(fields[array], &rows); err != nil {
			return nil, fmt.Errorf("%s of the answer of %s: %w", array, status, err)
		}
	}
	if raw := fields["cursors"]; len(raw) > 0 && string(raw) != "null" && string(raw) != "{}" {
		r.except(r.name, exporter.FailedItem, fmt.Sprintf("%s: there is more than one page, and no way to ask for it: cursors %.200s", a.item(r.name), raw))
	}
	return listOf(rows...), nil
}

// listOf are the rows of an answer that is there already.
func listOf(rows ...json.RawMessage) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		for _, raw := range rows {
			if raw != nil && !yield(compacted(raw), nil) {
				return
			}
		}
	}
}

// compacted is a record as one line.
func compacted(raw json.RawMessage) json.RawMessage {
	var line bytes.Buffer
	if json.Compact(&line, raw) != nil {
		return raw
	}
	return line.Bytes()
}

// results pages through what a job found; where the job has gone meanwhile,
// another is to be asked.
func (r *listingRun) results(ctx context.Context, l genesys.Listing) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		for raw, err := range r.client.Rows(ctx, l) {
			if err != nil {
				err = gone(err)
			}
			if !yield(raw, err) {
				return
			}
		}
	}
}

// submit starts a job, and gives its id where it has one.
func (r *listingRun) submit(ctx context.Context, a ask) (id string, err error) {
	j := r.d.job
	if j.submit == "" {
		return "", nil
	}
	body, err := a.bodyOf(r.d.body)
	if err != nil {
		return "", err
	}
	path := a.path(j.submit, "")
	answer, err := r.client.Post(ctx, path, body)
	if err != nil || j.id == "" {
		return "", err
	}
	if id = text(answer, j.id); id == "" {
		return "", fmt.Errorf("POST %s: no %s in the answer %.200q", path, j.id, answer)
	}
	return id, nil
}

// ready says whether a job is done, by what its status says.
func (r *listingRun) ready(answer json.RawMessage, since time.Time) (bool, error) {
	j := r.d.job
	state := text(answer, j.state)
	is := func(words string) bool { return state != "" && slices.Contains(strings.Fields(words), state) }
	switch {
	case j.fresh != "":
		made, err := time.Parse(time.RFC3339Nano, text(answer, j.fresh))
		// The platform's clock shows seconds.
		return err == nil && made.After(since.Add(-2*time.Second)), nil
	case j.state == "":
		return len(r.d.file.in(answer)) > 0, nil
	case is(j.failed):
		return false, fmt.Errorf("%w: it is %s: %.300s", errCameToNothing, state, answer)
	case is(j.partly):
		r.except(r.name, exporter.FailedItem, fmt.Sprintf("the platform's job is %s: %.300s", state, answer))
		return true, nil
	}
	return is(j.done), nil
}

// text is a field of a JSON object that is text; empty where it is not there.
func text(object json.RawMessage, field string) string {
	var fields map[string]json.RawMessage
	var value string
	if field == "" || json.Unmarshal(object, &fields) != nil || json.Unmarshal(fields[field], &value) != nil {
		return ""
	}
	return value
}
