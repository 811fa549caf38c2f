package dataset

import (
	"context"
	"encoding/json"
	"slices"

	"exitplan/exporter"
)

// waiting are what conversations have for a listing, and no unit of it yet.
type waiting struct {
	Parents [][]string `json:"parents,omitempty"`
	Units   int        `json:"units,omitempty"` // made so far
}

// seekers are the datasets whose units are discovered in conversation details.
func (d *Details) seekers() []string {
	var names []string
	if d.Recordings != nil {
		names = append(names, RecordingsName)
	}
	for _, c := range d.Contents {
		names = append(names, c.name)
	}
	return names
}

// The first seeker's units that find come before all others', so that each
// does the work of the others of its day, and settles them.
const findPriority = contentPriority

// findUnit finds what a dataset has of an interval. It waits for the details of
// the same interval, which settle it.
func (d *Details) findUnit(name string, p detailsParams) (exporter.Unit, error) {
	details, err := d.unit(p)
	if err != nil {
		return exporter.Unit{}, err
	}
	after := details.Key
	if d.alone {
		after = details.After
	}
	params, err := json.Marshal(struct {
		Find *detailsParams `json:"find"`
	}{&p})
	return exporter.Unit{
		Dataset: name, Key: findKey(name, p), After: after, Params: params,
		Priority: findPriority + max(slices.Index(d.seekers(), name), 0),
	}, err
}

func findKey(name string, p detailsParams) string { return name + "/" + p.name() }

// search begins a run with what is to be found in it: everything, unless rows
// that are stored already were searched for less.
func (r *detailsRun) search() {
	now := r.d.seekers()
	if len(r.unit.Stored) > 0 {
		now = slices.DeleteFunc(now, func(name string) bool { return !slices.Contains(r.at.SearchedFor, name) })
	}
	r.at.SearchedFor = now
	if r.find {
		// What was seen is not stored, so that the job is read from its start;
		// what was discovered comes again under the same keys.
		r.at.Cursor, r.at.Waiting, r.at.Screens, r.at.Unended, r.at.Batch, r.at.Content = "", nil, nil, nil, 0, nil
	}
	if r.at.Content == nil {
		r.at.Content = map[string]*waiting{}
	}
	r.recordings = slices.Contains(now, RecordingsName)
	r.contents = slices.DeleteFunc(slices.Clone(r.d.Contents), func(c *Listing) bool { return !slices.Contains(now, c.name) })
}

// look notes what a conversation has for the other datasets.
func (r *detailsRun) look(c conversation) {
	switch {
	case r.recordings && c.screen():
		r.at.Screens = append(r.at.Screens, c.summary())
	case r.recordings && c.recorded():
		r.at.Waiting = append(r.at.Waiting, c.summary())
	}
	if c.ID == "" {
		return
	}
	for _, content := range r.contents {
		if ids := content.among(c); len(ids) > 0 {
			w := r.at.Content[content.name]
			if w == nil {
				w = &waiting{}
				r.at.Content[content.name] = w
			}
			w.Parents = append(w.Parents, ids...)
		}
	}
}

// plenty says whether so much was found that it should not be kept waiting.
func (r *detailsRun) plenty() bool {
	if len(r.at.Waiting) >= batchSize || len(r.at.Screens) >= batchSize {
		return true
	}
	for _, w := range r.at.Content {
		if len(w.Parents) >= parentsPerUnit {
			return true
		}
	}
	return false
}

// discover cuts what was found into full units; at the end the rest makes
// smaller ones.
func (r *detailsRun) discover(ctx context.Context, rest bool) ([]exporter.Unit, error) {
	var units []exporter.Unit
	for _, waiting := range []*[]recorded{&r.at.Screens, &r.at.Waiting} {
		for len(*waiting) >= batchSize || rest && len(*waiting) > 0 {
			n := min(batchSize, len(*waiting))
			u, err := r.d.Recordings.unit(r.p, r.at.Batch, (*waiting)[:n])
			if err == nil {
				u.Due, err = urgent(ctx, r.out, (*waiting)[:n])
			}
			if err != nil {
				return nil, err
			}
			units = append(units, u)
			*waiting = (*waiting)[n:]
			r.at.Batch++
		}
	}
	for _, content := range r.contents {
		w := r.at.Content[content.name]
		for w != nil && (len(w.Parents) >= parentsPerUnit || rest && len(w.Parents) > 0) {
			n := min(parentsPerUnit, len(w.Parents))
			u, err := content.unit(r.p.name(), w.Units, listingParams{Parents: w.Parents[:n], From: r.p.From, To: r.p.To})
			if err != nil {
				return nil, err
			}
			units = append(units, u)
			w.Parents = w.Parents[n:]
			w.Units++
		}
	}
	return units, nil
}

// settled names the units that would look for what this one has found, or
// handed over.
func (r *detailsRun) settled() []string {
	var keys []string
	for _, name := range r.at.SearchedFor {
		if key := findKey(name, r.p); key != r.unit.Key {
			keys = append(keys, key)
		}
	}
	return keys
}

// pieces makes the units of one piece of a split interval.
func (r *detailsRun) pieces(p detailsParams) (units []exporter.Unit, err error) {
	var names []string
	if r.find {
		names = []string{r.unit.Dataset} // it does the work of the others
	} else {
		u, err := r.d.unit(p)
		if err != nil {
			return nil, err
		}
		units, names = append(units, u), r.at.SearchedFor
	}
	for _, name := range names {
		u, err := r.d.findUnit(name, p)
		if err != nil {
			return nil, err
		}
		units = append(units, u)
	}
	return units, nil
}
