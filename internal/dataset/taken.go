package dataset

import (
	"context"
	"errors"
	"fmt"
	"path"
	"sync"

	"exitplan/exporter"
)

// take stores what recording jobs wrote of the unit's conversations, by copies
// inside the bucket, and gives what is left to ask for: all of a conversation of
// which nothing is known, and each recording that is known and was not written.
// One that cannot be taken is left to batch requests too.
func (r *recordingsRun) take(ctx context.Context, conversations []recorded) (ask []batchItem, err error) {
	bucket, ok := r.out.Neighbour()
	if !ok {
		return nil, fmt.Errorf("%w: recordings.method bulk needs the bucket into which the platform writes as destination", exporter.ErrFatal)
	}
	found, err := r.d.Jobs.read(ctx, bucket, conversations)
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	group := r.out.Transfers(ctx)
	for _, c := range conversations {
		if found[c.ID] == nil {
			continue
		}
		for id, w := range found[c.ID].Recordings {
			it := item(c.ID, id)
			mu.Lock()
			stored := r.stored[it]
			mu.Unlock()
			if len(w.Media) == 0 || stored >= int64(len(w.Media)) && r.has(r.base(c, id)+sidecarSuffix) {
				continue
			}
			if !group.Go(func(ctx context.Context) error {
				err := r.takeOne(ctx, bucket, c, id, w)
				if err != nil {
					if ctx.Err() != nil || errors.Is(err, exporter.ErrConflict) {
						return err
					}
					return nil // batch requests may still bring it
				}
				mu.Lock()
				defer mu.Unlock()
				r.stored[it], r.done[it] = int64(len(w.Media)), true
				return nil
			}) {
				break
			}
		}
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for _, c := range conversations {
		known := false
		for it := range r.stored {
			conversation, _ := ids(it)
			known = known || conversation == c.ID
		}
		for it, k := range r.listed {
			conversation, recording := ids(it)
			if conversation != c.ID || recording == "" {
				continue
			}
			if known = true; r.stored[it] == 0 && k.Stored == 0 {
				ask = append(ask, batchItem{conversation, recording})
			}
		}
		if !known {
			ask = append(ask, batchItem{ConversationID: c.ID})
		}
	}
	return ask, nil
}

// takeOne takes the media of one recording, and the sidecar that the platform
// wrote beside it; without one it is derived.
func (r *recordingsRun) takeOne(ctx context.Context, bucket exporter.Neighbour, c recorded, id string, w *written) error {
	receipt := exporter.Receipt{Unit: r.unit.Key}
	var files []mediaEntry
	for _, from := range w.Media {
		a, err := r.out.Take(ctx, from, exporter.Object{Path: r.d.besides(c, from), Size: from.Bytes})
		if err != nil {
			return err
		}
		a.Dataset, a.Item, a.Records, a.Source = RecordingsName, item(c.ID, id), 1, "s3://"+bucket.Bucket()+"/"+from.Key
		receipt.Artifacts = append(receipt.Artifacts, a)
		files = append(files, mediaEntry{a.Path, a.Bytes, a.SHA256, ""})
	}
	side := r.base(c, id) + sidecarSuffix
	switch {
	case r.has(side):
	case len(w.Sidecars) > 0:
		from := w.Sidecars[0]
		a, err := r.out.Take(ctx, from, exporter.Object{Path: side, Size: from.Bytes, ContentType: "application/json"})
		if err != nil {
			return err
		}
		a.Dataset, a.Source = RecordingsName, "s3://"+bucket.Bucket()+"/"+from.Key
		receipt.Artifacts = append(receipt.Artifacts, a)
	default:
		text, err := derived(c, id, files)
		if err != nil {
			return err
		}
		a, err := r.putSidecar(ctx, r.base(c, id), text)
		if err != nil {
			return err
		}
		if a != nil {
			receipt.Artifacts = append(receipt.Artifacts, *a)
		}
	}
	receipt.Expected = []exporter.Expectation{{
		Dataset: RecordingsName, Item: item(c.ID, id), Count: int64(len(w.Media)), Source: jobSource, At: c.Start,
	}}
	return r.out.Save(ctx, receipt)
}

const jobSource = "recording-job"

// besides is where an object that the platform wrote is stored: under the name
// that it has there.
func (d *Recordings) besides(c recorded, from exporter.Foreign) string {
	return d.directory(c) + "/" + exporter.SafeName(path.Base(from.Key))
}
