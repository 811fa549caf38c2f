package dataset

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"sync"

	"exitplan/exporter"
)

// take stores what recording jobs wrote of the unit's conversations, by copies
// inside the bucket. Whether that is all, batch requests tell afterwards, and
// bring the rest.
func (r *recordingsRun) take(ctx context.Context, conversations []recorded) error {
	bucket, ok := r.out.Neighbour()
	if !ok {
		return fmt.Errorf("%w: recordings.method bulk needs the bucket into which the platform writes as destination", exporter.ErrFatal)
	}
	if r.d.Metadata != MetadataDerived {
		client := r.d.API.of(r.at.Client)
		for _, c := range conversations {
			if err := r.describe(ctx, client, c.ID); err != nil {
				return err
			}
		}
	}
	found, err := r.d.Jobs.read(ctx, bucket, conversations)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	group := r.out.Transfers(ctx)
	for _, c := range conversations {
		if found[c.ID] == nil {
			continue
		}
		for id, w := range found[c.ID].Recordings {
			it, n := item(c.ID, id), int64(len(w.Media))
			mu.Lock()
			has := r.stored[it]
			mu.Unlock()
			there, err := r.beside(ctx, c, id, has, max(n, 1))
			if err != nil {
				return errors.Join(err, group.Wait())
			}
			if there || n+int64(len(w.Encrypted)) == 0 {
				continue
			}
			if !group.Go(func(ctx context.Context) error {
				err := r.takeOne(ctx, bucket, c, id, w)
				if ctx.Err() != nil {
					return context.Cause(ctx)
				}
				mu.Lock()
				defer mu.Unlock()
				if err != nil { // a batch request may still bring it
					r.failed[it] = exception{reason: exporter.FailedItem, detail: "what the platform wrote into the bucket could not be taken: " + err.Error(), err: err}
					return nil
				}
				r.stored[it] = n
				return nil
			}) {
				break
			}
		}
	}
	return group.Wait()
}

// takeOne takes the media of one recording, and the sidecar that the platform
// wrote beside it.
func (r *recordingsRun) takeOne(ctx context.Context, bucket exporter.Neighbour, c recorded, id string, w *written) error {
	if len(w.Encrypted) > 0 {
		return fmt.Errorf("it is encrypted: %s", w.Encrypted[0].Key)
	}
	receipt := exporter.Receipt{Unit: r.unit.Key}
	var files []mediaEntry
	for _, from := range w.Media {
		a, err := r.takeMedia(ctx, bucket, c, from)
		if err != nil { // what was copied is in a bag by now, and meets nothing
			for i := range receipt.Artifacts {
				receipt.Artifacts[i].Records = 0
			}
			return errors.Join(err, r.out.Save(ctx, receipt))
		}
		a.Item, a.Records = item(c.ID, id), 1
		r.taken.Store(a.Item+" "+a.SHA256, true)
		receipt.Artifacts = append(receipt.Artifacts, a)
		files = append(files, mediaEntry{a.Path, a.Bytes, a.SHA256, ""})
	}
	side, err := r.takeSidecar(ctx, bucket, c, id, w, files)
	if side != nil {
		receipt.Artifacts = append(receipt.Artifacts, *side)
	}
	if err == nil {
		receipt.Expected = []exporter.Expectation{{
			Dataset: RecordingsName, Item: item(c.ID, id), Count: int64(len(w.Media)), Source: jobSource, At: c.Start,
		}}
	}
	return errors.Join(err, r.out.Save(ctx, receipt))
}

const (
	jobSource = "recording-job"
	// The sources of artifacts that lie in the bucket as the platform wrote them.
	takenSource = "s3://"
)

// takeMedia takes one object, if it begins like what its name says: one that is
// empty, or encrypted without saying so, is no recording.
func (r *recordingsRun) takeMedia(ctx context.Context, bucket exporter.Neighbour, c recorded, from exporter.Foreign) (exporter.Artifact, error) {
	body, err := bucket.OpenForeign(ctx, from)
	if err != nil {
		return exporter.Artifact{}, err
	}
	head := make([]byte, headBytes)
	n, err := io.ReadFull(body, head)
	body.Close()
	switch {
	case n == 0:
		return exporter.Artifact{}, fmt.Errorf("%s is empty: %w", from.Key, exporter.ErrUnverified)
	case err != nil && !errors.Is(err, io.ErrUnexpectedEOF):
		return exporter.Artifact{}, err
	case !slices.Contains(texts, path.Ext(from.Key)) && container(head[:n]) == "":
		return exporter.Artifact{}, fmt.Errorf("%s begins like no media that are known: %w", from.Key, exporter.ErrUnverified)
	}
	a, err := r.out.Take(ctx, from, exporter.Object{Path: r.d.besides(c, from), Size: from.Bytes})
	a.Dataset, a.Source = RecordingsName, takenSource+bucket.Bucket()+"/"+from.Key
	return a, err
}

// texts are the endings of recordings that are no media: e-mails, chats.
var texts = []string{".json", ".eml", ".txt", ".html", ".csv", ".xml"}

// takeSidecar takes the platform's sidecar, or makes one of what its API says of
// the recording, or of what details do; nil where there is one.
func (r *recordingsRun) takeSidecar(ctx context.Context, bucket exporter.Neighbour, c recorded, id string, w *written, files []mediaEntry) (*exporter.Artifact, error) {
	name := r.base(c, id)
	if there, err := r.out.Vouched(ctx, name+sidecarSuffix); there || err != nil {
		return nil, err
	}
	if len(w.Sidecars) > 0 {
		from := w.Sidecars[0]
		a, err := r.out.Take(ctx, from, exporter.Object{Path: name + sidecarSuffix, Size: from.Bytes, ContentType: "application/json"})
		if err != nil {
			return nil, err
		}
		a.Dataset, a.Source = RecordingsName, takenSource+bucket.Bucket()+"/"+from.Key
		return &a, nil
	}
	text, err := []byte(r.meta[item(c.ID, id)].raw), error(nil)
	if len(text) == 0 {
		text, err = derived(c, id, files)
	}
	if err != nil {
		return nil, err
	}
	return r.putSidecar(ctx, name, text)
}

// besides is where an object that the platform wrote is stored: under the name
// that it has there.
func (d *Recordings) besides(c recorded, from exporter.Foreign) string {
	return d.directory(c) + "/" + exporter.SafeName(path.Base(from.Key))
}
