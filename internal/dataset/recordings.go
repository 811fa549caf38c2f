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
	// Sensitive says whether the client sees sensitive recordings as they are.
	Sensitive Sensitive
	// Jobs have the platform write recordings into the bucket; nil where batch
	// requests bring all of them.
	Jobs *RecordingJobs
	// Restore asks the platform to restore what is archived.
	Restore      bool
	RestorePause time.Duration // before it is asked for again; default 10 minutes, doubled each time

	// Sampled: only some days are exported, not those around them.
	Sampled bool

	pace    pace
	restore restorations
}

// A unit finds the recorded conversations of an interval, finds what of it the
// retention query lists and nobody has asked for, or exports the recordings of
// some conversations.
type recordingsParams struct {
	Find          *detailsParams `json:"find,omitempty"`
	Unasked       *detailsParams `json:"unasked,omitempty"`
	Conversations []recorded     `json:"conversations,omitempty"`
	Job           *jobPiece      `json:"job,omitempty"`     // has the platform export an interval
	Written       *detailsParams `json:"written,omitempty"` // looks through what it wrote
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

// Plan gives one unit for each UTC day, which finds what was recorded on it, and
// one that looks last of all for what these did not find.
func (d *Recordings) Plan(_ context.Context, iv exporter.Interval) iter.Seq2[exporter.Unit, error] {
	return func(yield func(exporter.Unit, error) bool) {
		for u, err := range planDays(iv, func(p detailsParams) (exporter.Unit, error) { return d.Details.findUnit(RecordingsName, p) }) {
			if !yield(u, err) {
				return
			}
		}
		all := detailsParams{From: iv.From, To: iv.To}
		if !iv.From.Before(iv.To) || !yield(unaskedUnit(all)) || d.Jobs == nil {
			return
		}
		for u, err := range d.Jobs.plan(iv, d.Jobs.Now()) {
			if !yield(u, err) {
				return
			}
		}
		yield(lateUnit(all))
	}
}

// unit is the n-th batch of an interval. Its key also tells of which
// conversations, so that whoever finds them once more asks for nothing twice,
// and one that was found late is not taken for another.
func (d *Recordings) unit(p detailsParams, n int, conversations []recorded) (exporter.Unit, error) {
	params, err := json.Marshal(recordingsParams{Conversations: conversations})
	priority := firstPriority
	if conversations[0].Screen {
		priority = screenPriority
	}
	sum := sha256.New()
	for _, c := range conversations {
		fmt.Fprintln(sum, c.ID)
	}
	return exporter.Unit{
		Dataset: RecordingsName, Key: fmt.Sprintf("%s/%05d-%x", findKey(RecordingsName, p), n, sum.Sum(nil)[:8]),
		Params: params, Priority: priority, After: d.jobKey(p.From),
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
	case p.Job != nil:
		return p.Job.words(), 0
	case p.Written != nil:
		return "what recording jobs wrote of " + p.Written.words(), 0
	case p.Unasked != nil:
		return "recordings from " + p.Unasked.words() + " that only the retention query lists", 0
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
	listed  map[string]exporter.Known // by item; what is known from elsewhere
	asked   map[string]error          // why the metadata of single items could not be had
	again   time.Time                 // when what is still processing should be there
	meta    map[string]metadata       // by item; what the platform's metadata lists
	read    map[string]bool           // conversations whose metadata was asked for
	denied  map[string]error          // and those of them that did not get it, or not whole
	stored  map[string]int64          // sound media results stored, by item
	done    map[string]bool           // items of which this run stored all
	failed  map[string]exception      // why an item is not stored, by item; last word wins
	taken   sync.Map                  // item and digest of what recording jobs brought
	sided   sync.Map                  // paths of sidecars stored in this run
	refused map[string]bool           // items for which the platform gave an error once
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
	switch {
	case p.Find != nil:
		return d.Details.run(ctx, u, *p.Find, out, true)
	case p.Unasked != nil:
		return d.unasked(ctx, u, *p.Unasked, out)
	case p.Written != nil:
		return d.late(ctx, u, *p.Written, out)
	case p.Job != nil:
		return d.job(ctx, u, *p.Job, out)
	}
	r := &recordingsRun{
		d: d, unit: u, out: out, listed: map[string]exporter.Known{}, asked: map[string]error{},
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
		if a.Item != "" { // no sidecar
			r.stored[a.Item] += a.Records
		}
		if strings.HasPrefix(a.Source, takenSource) && a.Item != "" {
			r.taken.Store(a.Item+" "+a.SHA256, true)
		}
	}
	if err := r.listedNow(ctx); err != nil {
		return exporter.Receipt{}, err
	}
	ask := make([]batchItem, 0, len(p.Conversations))
	for _, c := range p.Conversations {
		ask = append(ask, batchItem{ConversationID: c.ID})
	}
	if d.Jobs != nil {
		if err := r.take(ctx, p.Conversations); err != nil {
			return exporter.Receipt{}, err
		}
	}
	for round, before := 0, -1; len(ask) > 0 && round < rounds; {
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
		// On a slow line URLs expire before their turn: the last round waits
		// until one has brought nothing.
		if round < rounds-2 || len(r.done) == before {
			round++
		}
		before = len(r.done)
	}
	if err := r.inquire(ctx); err != nil {
		return exporter.Receipt{}, err
	}
	receipt, err := r.finish(p.Conversations)
	if err != nil || !r.d.Restore {
		return receipt, err
	}
	return r.restoreArchived(ctx, receipt)
}

// job has the platform export a piece of the interval. Where it does not, its
// recordings are left to batch requests.
func (d *Recordings) job(ctx context.Context, u exporter.Unit, p jobPiece, out *exporter.Output) (exporter.Receipt, error) {
	if d.Jobs == nil { // the method was changed since
		return exporter.Receipt{Outcome: exporter.Done}, nil
	}
	_, err := d.Jobs.run(ctx, u, p, out)
	return exporter.Receipt{Outcome: exporter.Done}, err
}

// The status of a request that the platform will not take as it is.
const badRequest = 400

// exchange has one batch request made and its results transferred, and returns
// what to ask for again. A request that is refused is asked in halves, so that
// one odd conversation costs no other.
func (r *recordingsRun) exchange(ctx context.Context, ask []batchItem, round int) (again []batchItem, err error) {
	whole := !slices.ContainsFunc(ask, func(b batchItem) bool { return b.RecordingID != "" })
	results, err := r.batch(ctx, ask, round == 0 && whole && len(ask) == len(r.convs))
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
		r.failed[it] = exception{reason: exporter.FailedItem, detail: err.Error(), err: err}
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
	open := func(it string) bool {
		_, failed := r.failed[it]
		return !failed && r.stored[it] == 0
	}
	for it, m := range r.meta {
		if open(it) && !m.gone() {
			ask = append(ask, batchItem{m.ConversationID, m.ID})
		}
	}
	for it, k := range r.listed {
		conversation, recording := ids(it)
		if _, described := r.meta[it]; !described && open(it) && k.Stored == 0 && recording != "" {
			ask = append(ask, batchItem{conversation, recording})
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
	ready := r.settled(conversation)
	switch {
	case !r.out.Now().Before(ready):
		return ""
	case r.convs[conversation].End == "":
		return "the conversation was still open"
	}
	return "the platform may need until " + ready.UTC().Format(time.RFC3339)
}

// settled is when a conversation's recordings should all be there: 48 hours
// after its last activity.
func (r *recordingsRun) settled(conversation string) time.Time {
	c := r.convs[conversation]
	for _, last := range []string{c.End, c.LastActivity} {
		if at, err := time.Parse(time.RFC3339Nano, last); err == nil {
			return at.Add(settling)
		}
	}
	return c.Start.Add(settling)
}

// item names a recording in expectations and exceptions; escaped, so that the
// slash between the ids is the only one.
func item(conversation, recording string) string {
	return url.PathEscape(conversation) + "/" + url.PathEscape(recording)
}

// whole names all that a conversation has.
func whole(conversation string) string { return url.PathEscape(conversation) }

// ids undoes item; the recording is empty where all of a conversation is meant.
func ids(item string) (conversation, recording string) {
	c, r, _ := strings.Cut(item, "/")
	conversation, _ = url.PathUnescape(c) // item escaped it
	recording, _ = url.PathUnescape(r)
	return conversation, recording
}
