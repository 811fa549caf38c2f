package dataset

import (
	"context"
	"io"
	"time"

	"golang.org/x/sync/errgroup"

	"exitplan/internal/genesys"
)

// Transferred is what a sample of recordings told. Nothing of it is kept.
type Transferred struct {
	Conversations int           `json:"conversations"` // asked for
	Results       int           `json:"results"`       // media that the platform gave for them
	Bytes         int64         `json:"bytes"`         // of all results
	Read          int64         `json:"read"`          // bytes that were read in Took
	Took          time.Duration `json:"took_ns"`       // by Together transfers at once
	Together      int           `json:"together"`
}

// TryTransfers has the recordings of some conversations made ready, and reads
// them for a while to see how large they are and how fast they come.
func TryTransfers(ctx context.Context, c *genesys.Client, conversations []string, together int, within time.Duration, now func() time.Time) (t Transferred, err error) {
	var items []batchItem
	for _, id := range conversations[:min(len(conversations), batchSize)] {
		items = append(items, batchItem{ConversationID: id})
	}
	t.Conversations, t.Together = len(items), together
	id, err := submitBatch(ctx, c, items)
	if err != nil {
		return t, err
	}
	d := &Recordings{API: Clients{c}}
	d.pace.patience = within
	ready, cancel := context.WithTimeout(ctx, within)
	results, err := (&recordingsRun{d: d}).awaitBatch(ready, c, id)
	cancel()
	if err != nil {
		return t, err
	}
	begun := now()
	ctx, cancel = context.WithTimeout(ctx, within)
	defer cancel()
	type one struct{ size, read int64 }
	all := make([]one, len(results))
	group := errgroup.Group{}
	group.SetLimit(together)
	for i, result := range results {
		if !hasURL(result) {
			continue
		}
		group.Go(func() error {
			m, err := c.Media(ctx, result.URL)
			if err != nil {
				return nil // what cannot be had tells nothing
			}
			defer m.Body.Close()
			n, _ := io.Copy(io.Discard, m.Body) // cut short: as far as it came
			all[i] = one{max(m.Size, n), n}
			return nil
		})
	}
	_ = group.Wait()
	t.Took = now().Sub(begun)
	for _, o := range all {
		if o.size > 0 {
			t.Results++
		}
		t.Bytes, t.Read = t.Bytes+o.size, t.Read+o.read
	}
	return t, nil
}
