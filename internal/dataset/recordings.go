package dataset

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"exitplan/exporter"
	"exitplan/internal/genesys"
)

// RecordingsName is the dataset of recordings with their metadata.
const RecordingsName = "recordings"

// A batch request takes at most so many items (API definition,
// batch.download.too.many.items).
const batchSize = 100

// The ways to obtain a recording's sidecar.
const (
	MetadataFull    = "full"    // one call for each conversation
	MetadataDerived = "derived" // from conversation details, without calls
)

// Recordings exports the media of recorded conversations through batch
// download requests, each with a metadata sidecar beside it.
//
// Which conversations were recorded, their details say. Where these are
// exported as well, their units discover the batches; otherwise (details are
// not selected, or their window is closed while that of recordings is open)
// units of this dataset read them for that alone.
type Recordings struct {
	API      Clients
	Layout   exporter.Layout
	Metadata string   // MetadataFull or MetadataDerived
	Details  *Details // reads conversation details

	pace pace
}

// A unit either finds the recorded conversations of an interval or exports
// the recordings of some.
type recordingsParams struct {
	Find          *detailsParams `json:"find,omitempty"`
	Conversations []recorded     `json:"conversations,omitempty"`
}

// Info describes the dataset.
func (d *Recordings) Info() exporter.Info {
	return exporter.Info{
		Name: RecordingsName, Class: exporter.Recordings, Group: "recordings", FoundBy: DetailsName, ByDay: true,
		Permissions: []string{DetailsPermission, "recording:recording:view", "recording:recordingSegment:view"},
		Method:      "batch download requests of 100 conversations, media streamed from signed URLs",
		Cost:        "about 4 calls for 100 recorded conversations; with full metadata 1 more for each; without conversation details also the calls of those",
		Description: "Recorded calls, screens and messages in their original format, with a metadata sidecar each",
	}
}

// Plan gives one unit for each UTC day, which finds what was recorded on it.
func (d *Recordings) Plan(_ context.Context, iv exporter.Interval) iter.Seq2[exporter.Unit, error] {
	return planDays(iv, func(p detailsParams) (exporter.Unit, error) { return d.Details.findUnit(RecordingsName, p) })
}

// unit is the n-th batch of an interval. Its key also tells of which
// conversations, so that whoever finds them once more asks for nothing twice,
// and one that was found late is not taken for another.
func (d *Recordings) unit(p detailsParams, n int, conversations []recorded) (exporter.Unit, error) {
	params, err := json.Marshal(recordingsParams{Conversations: conversations})
	sum := sha256.New()
	for _, c := range conversations {
		fmt.Fprintln(sum, c.ID)
	}
	return exporter.Unit{
		Dataset: RecordingsName, Key: fmt.Sprintf("%s/%05d-%x", findKey(RecordingsName, p), n, sum.Sum(nil)[:8]), Params: params,
	}, err
}

// Describe says of which conversations, or of which interval, a unit exports
// the recordings.
func (d *Recordings) Describe(u exporter.Unit) (words string, conversations int64) {
	var p recordingsParams
	switch err := json.Unmarshal(u.Params, &p); {
	case err != nil:
		return "recordings", 0
	case p.Find != nil:
		return "all recordings of " + p.Find.words(), 0
	case len(p.Conversations) == 1:
		return "recordings of conversation " + p.Conversations[0].ID, 1
	case len(p.Conversations) == 0:
		return "recordings", 0
	}
	return fmt.Sprintf("recordings of %d conversations, e.g. %s", len(p.Conversations), p.Conversations[0].ID), int64(len(p.Conversations))
}

// recordingsRun is one run of a unit.
type recordingsRun struct {
	d       *Recordings
	unit    exporter.Unit
	out     *exporter.Output
	at      recordingsCheckpoint
	convs   map[string]recorded
	meta    map[string]metadata  // by item; what the platform's metadata lists
	read    map[string]bool      // conversations whose metadata was asked for
	denied  map[string]error     // and those of them that did not get it, or not whole
	stored  map[string]int64     // sound media results stored, by item
	done    map[string]bool      // items of which this run stored all
	failed  map[string]exception // why an item is not stored, by item; last word wins
	sided   sync.Map             // paths of sidecars stored in this run
	refused map[string]bool      // items for which the platform gave an error once
}

type exception struct {
	reason exporter.Reason
	detail string
}

// recordingsCheckpoint is the batch request in progress. Its results are
// readable only by the client that submitted it.
type recordingsCheckpoint struct {
	Client string `json:"client"`
	Batch  string `json:"batch,omitempty"`
}

// Rounds of batch requests for one unit. The first asks for whole
// conversations, the others for single recordings whose URL expired or whose
// transfer failed.
const rounds = 5

// Run finds the recorded conversations of an interval, or exports the
// recordings of up to 100.
func (d *Recordings) Run(ctx context.Context, u exporter.Unit, out *exporter.Output) (exporter.Receipt, error) {
	r, err := d.run(ctx, u, out)
	return denied(d, u, r, err)
}

func (d *Recordings) run(ctx context.Context, u exporter.Unit, out *exporter.Output) (exporter.Receipt, error) {
	var p recordingsParams
	if err := json.Unmarshal(u.Params, &p); err != nil {
		return exporter.Receipt{}, fmt.Errorf("parameters of %s: %w", u.Key, err)
	}
	if p.Find != nil {
		return d.Details.run(ctx, u, *p.Find, out, true)
	}
	r := &recordingsRun{
		d: d, unit: u, out: out,
		convs: map[string]recorded{}, meta: map[string]metadata{}, read: map[string]bool{}, denied: map[string]error{},
		stored: map[string]int64{}, done: map[string]bool{}, failed: map[string]exception{}, refused: map[string]bool{},
	}
	if len(u.Checkpoint) > 0 {
		if err := json.Unmarshal(u.Checkpoint, &r.at); err != nil {
			return exporter.Receipt{}, fmt.Errorf("checkpoint of %s: %w", u.Key, err)
		}
	}
	for _, c := range p.Conversations {
		r.convs[c.ID] = c
	}
	for _, a := range u.Stored {
		r.stored[a.Item] += a.Records
	}
	ask := make([]batchItem, 0, len(p.Conversations))
	for _, c := range p.Conversations {
		ask = append(ask, batchItem{ConversationID: c.ID})
	}
	for round := 0; len(ask) > 0 && round < rounds; round++ {
		var again []batchItem
		// 100 conversations may have more recordings than that.
		for some := range slices.Chunk(ask, batchSize) {
			more, err := r.exchange(ctx, some, round)
			if err != nil {
				return exporter.Receipt{}, err
			}
			again = append(again, more...)
		}
		if ask = again; round == 0 {
			ask = append(ask, r.unanswered()...)
		}
	}
	return r.finish(p.Conversations)
}

// The status of a request that the platform will not take as it is.
const badRequest = 400

// exchange has one batch request made and its results transferred, and returns
// what to ask for again. A request that is refused is asked in halves, so that
// one odd conversation costs no other.
func (r *recordingsRun) exchange(ctx context.Context, ask []batchItem, round int) (again []batchItem, err error) {
	results, err := r.batch(ctx, ask, round == 0 && len(ask) == len(r.convs))
	var api *genesys.Error
	switch refused := errors.As(err, &api) && api.Status == badRequest; {
	case refused && len(ask) > 1:
		for half := range slices.Chunk(ask, (len(ask)+1)/2) {
			more, err := r.exchange(ctx, half, round)
			if err != nil {
				return nil, err
			}
			again = append(again, more...)
		}
		return again, nil
	case refused:
		it := item(ask[0].ConversationID, ask[0].RecordingID)
		r.failed[it] = exception{reason: exporter.FailedItem, detail: err.Error()}
		return nil, nil
	case err != nil:
		return nil, fatal(err)
	}
	return r.transfer(ctx, results, round == rounds-1)
}

// unanswered are the recordings that the platform lists as there, and that
// the batch request said nothing of.
func (r *recordingsRun) unanswered() []batchItem {
	var ask []batchItem
	for it, m := range r.meta {
		if _, failed := r.failed[it]; !failed && r.stored[it] == 0 && !m.gone() {
			ask = append(ask, batchItem{m.ConversationID, m.ID})
		}
	}
	slices.SortFunc(ask, func(a, b batchItem) int {
		return cmp.Or(cmp.Compare(a.ConversationID, b.ConversationID), cmp.Compare(a.RecordingID, b.RecordingID))
	})
	return ask
}

// The platform may take so long until a recording can be had
// (genesys-api.md §5.4).
const settling = 48 * time.Hour

// lag says why a conversation's recordings may still come; empty once they
// should be there.
func (r *recordingsRun) lag(conversation string) string {
	c := r.convs[conversation]
	last, err := time.Parse(time.RFC3339Nano, c.End)
	switch {
	case c.End == "":
		return "the conversation was still open"
	case err != nil:
		last = c.Start
	}
	if ready := last.Add(settling); r.out.Now().Before(ready) {
		return "the platform may need until " + ready.UTC().Format(time.RFC3339)
	}
	return ""
}

// item names a recording in expectations and exceptions; escaped, so that the
// slash between the ids is the only one.
func item(conversation, recording string) string {
	return url.PathEscape(conversation) + "/" + url.PathEscape(recording)
}

// whole names all that a conversation has.
func whole(conversation string) string { return url.PathEscape(conversation) }

// finish states what is expected, and why anything of it is absent. An
// exception of a whole conversation goes without an expectation: which
// recordings it has is not known, so none would meet it later.
func (r *recordingsRun) finish(conversations []recorded) (exporter.Receipt, error) {
	// Should a later run open the unit again, it asks the platform anew.
	checkpoint, err := json.Marshal(recordingsCheckpoint{Client: r.at.Client})
	if err != nil {
		return exporter.Receipt{}, err
	}
	receipt := exporter.Receipt{Outcome: exporter.Done, Checkpoint: checkpoint}
	except := func(item string, e exception) {
		receipt.Exceptions = append(receipt.Exceptions, exporter.Exception{
			Dataset: RecordingsName, Unit: r.unit.Key, Item: item, Reason: e.reason,
			Detail: e.detail, Attempts: r.unit.Attempts + 1,
		})
	}
	expect := func(item, source string) {
		receipt.Expected = append(receipt.Expected, exporter.Expectation{
			Dataset: RecordingsName, Item: item, Count: 1, Source: source,
		})
	}
	found := map[string]bool{} // conversations of which something is known
	for item := range r.stored {
		conversation, _, _ := strings.Cut(item, "/")
		found[conversation] = true
	}
	for item, m := range r.meta {
		found[whole(m.ConversationID)] = true
		expect(item, "recording-metadata")
		if _, failed := r.failed[item]; !failed && r.stored[item] == 0 {
			r.failed[item] = m.absence(r.lag(m.ConversationID))
		}
	}
	for item, e := range r.failed {
		conversation, recording, _ := strings.Cut(item, "/")
		found[conversation] = true
		m, listed := r.meta[item]
		switch {
		case recording == "": // the request failed for the whole conversation
			item = conversation
		case !listed:
			expect(item, "batch-request")
		case m.gone():
			e = m.absence("")
		}
		except(item, e)
	}
	for _, c := range conversations {
		denied := r.denied[c.ID]
		switch {
		case !found[whole(c.ID)] && c.Unsure && denied == nil && r.d.Metadata != MetadataDerived:
			// Asked to be safe, and the platform says that there is none.
		case !found[whole(c.ID)]:
			e := exception{reason: exporter.NoMedia, detail: "flagged as recorded, but the platform lists no recording"}
			if late := r.lag(c.ID); late != "" {
				e = exception{exporter.StillProcessing, e.detail + "; " + late}
			}
			if denied != nil {
				e.detail += "; its metadata: " + denied.Error()
			}
			if errors.Is(denied, genesys.ErrPermission) {
				e.reason = exporter.PermissionDenied // media may have been kept from us alike
			}
			except(whole(c.ID), e)
		case denied != nil:
			e := exception{reason: exporter.FailedItem, detail: "the sidecars are derived, and whether these are all recordings is not known, " +
				"since the recording metadata could not be had: " + denied.Error()}
			if errors.Is(denied, genesys.ErrPermission) {
				e.reason = exporter.PermissionDenied
			}
			except(whole(c.ID), e)
		}
	}
	slices.SortFunc(receipt.Exceptions, func(a, b exporter.Exception) int { return cmp.Compare(a.Item, b.Item) })
	slices.SortFunc(receipt.Expected, func(a, b exporter.Expectation) int { return cmp.Compare(a.Item, b.Item) })
	return receipt, nil
}
