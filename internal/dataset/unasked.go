package dataset

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"exitplan/exporter"
	"exitplan/internal/genesys"
)

const unaskedPrefix = RecordingsName + "/unasked-"

// UnaskedKey is the key of the unit that looks for the recordings of an interval
// which only the retention query lists.
func UnaskedKey(iv exporter.Interval) string {
	return unaskedPrefix + detailsParams{From: iv.From, To: iv.To}.name()
}

// unaskedUnit looks, after all others, for what the retention query lists of an
// interval and no conversation led to. A later run, which has more days, has one
// of its own.
func unaskedUnit(p detailsParams) (exporter.Unit, error) {
	params, err := json.Marshal(recordingsParams{Unasked: &p})
	return exporter.Unit{
		Dataset: RecordingsName, Key: UnaskedKey(exporter.Interval{From: p.From, To: p.To}), Params: params, Priority: exporter.Last,
	}, err
}

// A conversation rarely lasts longer: what was created so long after the
// interval is not looked up.
const overlap = 4 * 24 * time.Hour

// unasked discovers the units of recordings that nobody has asked for yet. They
// belong to the export where their conversation started in its interval, or,
// where analytics knows no such conversation, where they were created.
//
// In a sample of days those around a day are not in it: only what was created on
// that day is looked up.
func (d *Recordings) unasked(ctx context.Context, u exporter.Unit, p detailsParams, out *exporter.Output) (exporter.Receipt, error) {
	receipt := exporter.Receipt{Outcome: exporter.Done}
	late := p.To.Add(overlap)
	if d.Sampled {
		late = p.To
	}
	asked, err := givenUp(ctx, out)
	if err != nil {
		return receipt, err
	}
	for from := ""; ; {
		created, orphans, last, err := nobodyAsked(ctx, out, from, p, late, asked)
		if err != nil {
			return exporter.Receipt{}, err
		}
		for _, it := range orphans {
			receipt.Exceptions = append(receipt.Exceptions, exporter.Exception{
				Dataset: RecordingsName, Unit: u.Key, Item: it, Reason: exporter.Orphan, Attempts: u.Attempts + 1,
				Detail: "the retention query lists it without a conversation: see recordings.orphans",
			})
		}
		conversations, err := d.lookUp(ctx, created, p)
		if err != nil {
			return exporter.Receipt{}, err
		}
		if len(conversations) > 0 {
			found, err := d.unit(p, 0, conversations)
			if err == nil {
				found.Key = unaskedPrefix + strings.TrimPrefix(found.Key, RecordingsName+"/")
				found.Due, err = urgent(ctx, out, conversations)
			}
			if err == nil {
				err = out.Save(ctx, exporter.Receipt{Unit: u.Key, Discovered: []exporter.Unit{found}})
			}
			if err != nil {
				return exporter.Receipt{}, err
			}
		}
		if from = last; from == "" {
			return receipt, nil
		}
	}
}

// givenUp are the conversations of units that failed, which a later run asks
// for again.
func givenUp(ctx context.Context, out *exporter.Output) (map[string]bool, error) {
	asked := map[string]bool{}
	for u, err := range out.Failed(ctx, RecordingsName) {
		if err != nil {
			return nil, err
		}
		var p recordingsParams
		if err := json.Unmarshal(u.Params, &p); err != nil {
			return nil, fmt.Errorf("parameters of %s: %w", u.Key, err)
		}
		for _, c := range p.Conversations {
			asked[c.ID] = true
		}
	}
	return asked, nil
}

// nobodyAsked reads on from an item until a batch is full: when the recordings
// of each conversation were created first, what has no conversation, and where
// to read on; empty at the end.
func nobodyAsked(ctx context.Context, out *exporter.Output, from string, p detailsParams, late time.Time, asked map[string]bool) (created map[string]time.Time, orphans []string, next string, err error) {
	created = map[string]time.Time{}
	for k, err := range out.Known(ctx, RecordingsName, from, "", true) {
		if err != nil {
			return nil, nil, "", err
		}
		conversation, recording := ids(k.Item)
		if k.Count > 0 || k.Source == "" || recording == "" || asked[conversation] || k.At.Before(p.From) && !k.At.IsZero() || !k.At.Before(late) {
			continue // somebody answers for it, or it is of another time
		}
		if conversation == "" {
			orphans = append(orphans, k.Item)
			continue
		}
		first, seen := created[conversation]
		if !seen && len(created) == batchSize {
			return created, orphans, k.Item, nil
		}
		if !seen || k.At.Before(first) {
			created[conversation] = k.At
		}
	}
	return created, orphans, "", nil
}

// byID asks for the details of conversations; of those that analytics does not
// know, or not for this client, there are none. A request that is refused is
// asked in halves, so that one odd id costs no other.
func (d *Recordings) byID(ctx context.Context, ids []string) ([]json.RawMessage, error) {
	answer, err := d.API.of("").Get(ctx, "/api/v2/analytics/conversations/details", url.Values{"id": {strings.Join(ids, ",")}})
	if lasting(err) && !errors.Is(err, genesys.ErrPermission) && len(ids) > 1 {
		first, err := d.byID(ctx, ids[:len(ids)/2])
		if err != nil {
			return nil, err
		}
		second, err := d.byID(ctx, ids[len(ids)/2:])
		return append(first, second...), err
	}
	if lasting(err) {
		return nil, nil
	}
	var details struct {
		Conversations []json.RawMessage `json:"conversations"`
	}
	if err == nil {
		err = json.Unmarshal(answer, &details)
	}
	return details.Conversations, err
}

// lookUp asks analytics when conversations started, and leaves out those of
// another time.
func (d *Recordings) lookUp(ctx context.Context, created map[string]time.Time, p detailsParams) ([]recorded, error) {
	if len(created) == 0 {
		return nil, nil
	}
	rows, err := d.byID(ctx, slices.Sorted(maps.Keys(created)))
	if err != nil {
		return nil, fmt.Errorf("details of conversations that only the retention query lists: %w", fatal(err))
	}
	var list []recorded
	for _, raw := range rows {
		c := readConversation(raw)
		_, wanted := created[c.ID]
		if _, ok := c.start(); !wanted || !ok {
			continue
		}
		if delete(created, c.ID); p.holds(c) {
			list = append(list, c.summary())
		}
	}
	iv := exporter.Interval{From: p.From, To: p.To}
	for id, at := range created {
		if at.IsZero() || iv.Contains(at) {
			at = at.UTC()
			list = append(list, recorded{ID: id, Start: at, End: at.Format(time.RFC3339Nano)})
		}
	}
	slices.SortFunc(list, func(a, b recorded) int { return strings.Compare(a.ID, b.ID) })
	return list, nil
}
