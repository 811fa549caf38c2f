package dataset

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"sync"

	"exitplan/exporter"
	"exitplan/internal/genesys"
)

// transfer stores what a batch request brought, one recording after another
// in the shared pool, and returns the recordings to ask for again. In the
// last round nothing is asked again, and doubtful bytes are taken as they
// are, with an exception: better an odd file than none.
func (r *recordingsRun) transfer(ctx context.Context, results []batchResult, last bool) ([]batchItem, error) {
	var (
		mu    sync.Mutex
		again []batchItem
	)
	group := r.out.Transfers(ctx)
	for _, of := range byRecording(results) {
		it := item(of[0].ConversationID, of[0].RecordingID)
		conversation, ours := r.convs[of[0].ConversationID]
		if !ours {
			continue
		}
		mu.Lock()
		done, has := r.done[it], r.stored[it]
		mu.Unlock()
		if !done {
			var err error
			if done, err = r.beside(ctx, conversation, of[0].RecordingID, has, int64(len(of))); err != nil {
				return nil, errors.Join(err, group.Wait())
			}
		}
		if done {
			continue
		}
		refusal, reason := refused(of)
		if refusal != "" {
			mu.Lock()
			r.failed[it] = exception{reason: reason, detail: refusal}
			first := of[0].RecordingID != "" && !r.refused[it] && reason == exporter.FailedItem
			if first {
				r.refused[it] = true // asked for once more, and no more
				again = append(again, batchItem{of[0].ConversationID, of[0].RecordingID})
			}
			mu.Unlock()
			if first || !slices.ContainsFunc(of, hasURL) {
				continue
			}
		}
		ok := group.Go(func(ctx context.Context) error {
			doubt, err := r.recording(ctx, conversation, of, last)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				r.stored[it], r.done[it] = int64(len(of)), true
				delete(r.failed, it)
				if why := cmp.Or(refusal, doubt); why != "" {
					r.failed[it] = exception{reason: reason, detail: why}
				}
				return nil
			case !errors.Is(err, errAskAgain):
				return fmt.Errorf("recording %s: %w", it, err)
			}
			r.failed[it] = exception{reason: exporter.FailedItem, detail: err.Error()}
			again = append(again, batchItem{of[0].ConversationID, of[0].RecordingID})
			return nil
		})
		if !ok {
			break
		}
	}
	err := group.Wait() // before again is read
	return again, err
}

// beside says whether so many media of a recording are stored, by this unit or
// another, and a sidecar with them.
func (r *recordingsRun) beside(ctx context.Context, c recorded, id string, has, media int64) (bool, error) {
	if max(has, r.listed[item(c.ID, id)].Stored) < media {
		return false, nil
	}
	return r.out.Vouched(ctx, r.base(c, id)+sidecarSuffix)
}

// byRecording groups results, since one recording can have several; repeats
// of one URL count once.
func byRecording(results []batchResult) [][]batchResult {
	index := map[string]int{}
	var groups [][]batchResult
	for _, b := range results {
		key := item(b.ConversationID, b.RecordingID)
		i, ok := index[key]
		if !ok {
			i = len(groups)
			index[key] = i
			groups = append(groups, nil)
		}
		if !slices.ContainsFunc(groups[i], func(o batchResult) bool { return o.URL == b.URL && o.Error == b.Error }) {
			groups[i] = append(groups[i], b)
		}
	}
	return groups
}

func hasURL(b batchResult) bool { return b.URL != "" }

// refused is why a recording's results are not all to be had, or not as they
// were recorded; with the reason also where they are.
func refused(of []batchResult) (detail string, reason exporter.Reason) {
	for _, b := range of {
		switch {
		case b.redacted():
			return "batch request: " + b.Error + "; what was given is stored under a name of its own", exporter.Redacted
		case b.URL != "":
		case b.Error == "":
			return "batch request: a result without URL and without error", exporter.FailedItem
		case withheld(b.Error):
			return "batch request: " + b.Error, exporter.SensitiveExcluded
		default:
			return "batch request: " + b.Error, exporter.FailedItem
		}
	}
	return "", exporter.FailedItem
}

// redacted says that there is media, which is not what was recorded.
func (b batchResult) redacted() bool { return b.URL != "" && withheld(b.Error) }

// errTaken: the same bytes lie there already, under the platform's own name.
var errTaken = errors.New("taken before")

// brought says whether a recording job brought media of that digest.
func (r *recordingsRun) brought(it, digest string) bool {
	_, taken := r.taken.Load(it + " " + digest)
	return taken
}

// errAskAgain: these URLs bring nothing more, a new batch request may.
var errAskAgain = errors.New("the transfer failed")

const sidecarSuffix = "_metadata.json"

// base is how the names of a recording's files begin.
func (r *recordingsRun) base(c recorded, recording string) string {
	return r.d.directory(c) + "/" + exporter.SafeName(recording)
}

// recording stores the media of one recording, as many as come, and its
// sidecar. What the platform says of a recording is stored beside its media at
// the same time; a derived sidecar, which tells of the files, once they are all
// there or no further round follows. Whatever was stored is committed, also
// where something else failed, so that no object lies in a bag unknown to its
// manifest.
func (r *recordingsRun) recording(ctx context.Context, c recorded, of []batchResult, last bool) (doubt string, err error) {
	id := of[0].RecordingID
	name := r.base(c, id)
	var (
		side      *exporter.Artifact
		sideErr   error
		beside    sync.WaitGroup
		artifacts []exporter.Artifact
		files     []mediaEntry
		missing   int64 // results without URL
		had       int64 // that a recording job had brought
		broken    error // why media are to be asked for again
		failed    error // why the unit cannot go on
	)
	m, listed := r.meta[item(c.ID, id)]
	if listed {
		beside.Go(func() { side, sideErr = r.putSidecar(ctx, name, m.raw) })
	}
	for _, b := range of {
		if !hasURL(b) {
			missing++
			continue
		}
		a, odd, err := r.media(ctx, b, name, len(of) > 1 || b.redacted(), last)
		if errors.Is(err, errTaken) {
			had++
			continue
		}
		if errors.Is(err, errAskAgain) {
			broken = err
			continue
		}
		if failed = err; failed != nil {
			break
		}
		// What is in doubt meets no expectation: a later run fetches it again.
		records := int64(1)
		if odd != "" {
			doubt, records = odd, 0
		}
		if b.redacted() { // nor does this; the original may be had later
			records = 0
		}
		if slices.ContainsFunc(artifacts, func(o exporter.Artifact) bool { return o.Path == a.Path }) {
			continue // the same bytes under two URLs
		}
		a.Dataset, a.Item, a.Records, a.Source = RecordingsName, item(c.ID, id), records, bare(b.URL)
		artifacts = append(artifacts, a)
		files = append(files, mediaEntry{a.Path, a.Bytes, a.SHA256, b.ContentType})
	}
	if beside.Wait(); !listed && failed == nil && len(files) > 0 && (broken == nil || last) {
		var text []byte
		if text, sideErr = derived(c, id, files); sideErr == nil {
			side, sideErr = r.putSidecar(ctx, name, text)
		}
	}
	failed = cmp.Or(failed, sideErr)
	receipt := exporter.Receipt{Unit: r.unit.Key, Artifacts: artifacts}
	if side != nil {
		receipt.Artifacts = append(receipt.Artifacts, *side)
	}
	if len(receipt.Artifacts) == 0 {
		return "", cmp.Or(failed, broken)
	}
	if broken != nil { // one more at least
		missing++
	}
	if failed == nil && len(artifacts) > 0 {
		receipt.Expected = []exporter.Expectation{{
			Dataset: RecordingsName, Item: item(c.ID, id), Count: int64(len(artifacts)) + missing + had, Source: "batch-request", At: c.Start,
		}}
	}
	if err := r.out.Save(ctx, receipt); err != nil {
		return "", errors.Join(failed, err)
	}
	return doubt, cmp.Or(failed, broken)
}

// putSidecar stores the sidecar of a recording; nil where it is there already.
func (r *recordingsRun) putSidecar(ctx context.Context, name string, text []byte) (*exporter.Artifact, error) {
	path := name + sidecarSuffix
	if there, err := r.out.Vouched(ctx, path); there || err != nil {
		return nil, err
	}
	if _, twice := r.sided.LoadOrStore(path, true); twice || r.has(path) {
		return nil, nil
	}
	side, err := r.out.Put(ctx, exporter.Object{
		Path: path, Size: int64(len(text)), ContentType: "application/json",
	}, bytes.NewReader(text))
	if err != nil {
		r.sided.Delete(path)
		return nil, err
	}
	side.Dataset, side.Source = RecordingsName, r.d.Metadata+" metadata"
	return &side, nil
}

// has says whether an earlier run of the unit committed that path.
func (r *recordingsRun) has(path string) bool {
	return slices.ContainsFunc(r.unit.Stored, func(a exporter.Artifact) bool { return a.Path == path })
}

// A URL that is alive is tried so often before a new one is asked for.
const triesPerURL = 4

// media stores one media object. What arrives broken is fetched again from
// the same URL while that lives.
func (r *recordingsRun) media(ctx context.Context, b batchResult, name string, several, last bool) (a exporter.Artifact, doubt string, err error) {
	for try := 1; try <= triesPerURL; try++ {
		a, doubt, err = r.fetch(ctx, b, name, several, last && try == triesPerURL)
		if !errors.Is(err, errAskAgain) || errors.Is(err, genesys.ErrURLExpired) {
			break
		}
	}
	return a, doubt, err
}

// fetch stores one media object. Where a recording has several, each is named
// by its digest, because the platform promises no order; so is one in doubt,
// which leaves the plain name to the whole one that a later run may get.
func (r *recordingsRun) fetch(ctx context.Context, b batchResult, name string, several, last bool) (exporter.Artifact, string, error) {
	media, err := r.d.API[0].Media(ctx, b.URL)
	if err != nil {
		if ctx.Err() != nil {
			return exporter.Artifact{}, "", context.Cause(ctx)
		}
		return exporter.Artifact{}, "", fmt.Errorf("%w: %w", errAskAgain, err)
	}
	defer media.Body.Close()
	check := newMediaCheck(media.Body, b.ContentType, media.ContentType, last)
	ext := extension(b.ContentType)
	object := exporter.Object{Path: name + ext, Size: media.Size, ContentType: b.ContentType}
	var body io.Reader = check
	if several || last {
		spool, err := r.out.Spool()
		if err != nil {
			return exporter.Artifact{}, "", err
		}
		defer spool.Close()
		sum := sha256.New()
		if object.Size, err = io.Copy(io.MultiWriter(spool, sum), check); err != nil {
			return exporter.Artifact{}, "", received(ctx, check, err)
		}
		if digest := hex.EncodeToString(sum.Sum(nil)); r.brought(item(b.ConversationID, b.RecordingID), digest) {
			return exporter.Artifact{}, "", errTaken
		}
		if _, err := spool.Seek(0, io.SeekStart); err != nil {
			return exporter.Artifact{}, "", err
		}
		if several || check.doubt != "" {
			object.Path = name + "_" + hex.EncodeToString(sum.Sum(nil)[:8]) + ext
		}
		body = spool
	}
	a, err := r.out.Put(ctx, object, body)
	if err != nil {
		return a, "", received(ctx, check, err)
	}
	return a, check.doubt, nil
}

// received tells a broken source (ask again) from a broken destination.
func received(ctx context.Context, check *mediaCheck, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if check.err != nil || errors.Is(err, exporter.ErrUnverified) || errors.Is(err, genesys.ErrURLExpired) {
		return fmt.Errorf("%w: %w", errAskAgain, err)
	}
	return err
}

// bare is a URL without its signature.
func bare(signed string) string {
	u, err := url.Parse(signed)
	if err != nil {
		return ""
	}
	u.RawQuery, u.User, u.Fragment = "", nil, ""
	return u.String()
}
