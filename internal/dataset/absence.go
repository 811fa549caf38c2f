package dataset

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"exitplan/exporter"
	"exitplan/internal/genesys"
)

// exception is why something is absent, with the evidence.
type exception struct {
	reason exporter.Reason
	detail string
	err    error // of the platform, if it gave one
}

// SensitivePermission lets a client have recordings with PCI or PII data as they
// are, where the organization redacts them (API definition, POST /recording/jobs).
const SensitivePermission = "recording:recording:viewSensitiveData"

// withheld recognises the platform's words for a recording with sensitive data.
func withheld(text string) bool {
	text = strings.ToLower(text)
	return strings.Contains(text, "viewsensitivedata") || strings.Contains(text, "sensitive data")
}

// absence is why a recording is not stored, by the best evidence there is.
func (r *recordingsRun) absence(it string) exception {
	e, failed := r.failed[it]
	m, described := r.meta[it]
	known, listed := r.listed[it]
	conversation, _ := ids(it)
	if all, refused := r.failed[item(conversation, "")]; refused && !failed {
		e, failed = all, true
	}
	if e.reason == exporter.Redacted || e.reason == exporter.SensitiveExcluded {
		return e
	}
	if described {
		late := ""
		if !failed {
			late = r.lag(m.ConversationID)
		}
		switch {
		case m.gone():
			e = m.absence("")
			if listed && e.reason == exporter.DeletedByRetention && known.Source == retentionSource {
				e.reason = exporter.DeletedDuringExport
			}
		case !failed:
			e = m.absence(late)
		}
		return e
	}
	asked := r.asked[it]
	dates := ""
	if listed && !known.Due.IsZero() {
		dates = ", deleteDate " + known.Due.Format(time.RFC3339)
	}
	const said = "the retention query lists it%s; "
	past := listed && !known.Due.IsZero() && !known.Due.After(r.out.Now())
	switch {
	case errors.Is(asked, genesys.ErrPermission) && r.denied[conversation] == nil && r.d.Sensitive == SensitiveHidden:
		return exception{exporter.SensitiveExcluded, fmt.Sprintf(said+"its metadata is refused, that of its conversation is not, "+
			"and the client lacks %s: %s", dates, SensitivePermission, asked), asked}
	case errors.Is(asked, genesys.ErrPermission), errors.Is(r.denied[conversation], genesys.ErrPermission):
		asked = cmp.Or(asked, r.denied[conversation])
		return exception{exporter.PermissionDenied, asked.Error(), asked}
	case failed && !errors.Is(asked, genesys.ErrNotFound):
		return e
	case past:
		return exception{exporter.DeletedDuringExport, fmt.Sprintf(said+"the platform has it no more: %v", dates, asked), asked}
	case listed && errors.Is(asked, genesys.ErrNotFound) && r.d.Sensitive == SensitiveHidden:
		return exception{exporter.SensitiveExcluded, fmt.Sprintf(said+"the platform shows it to this client in no other way, and the client lacks %s: %v",
			dates, SensitivePermission, asked), asked}
	case listed && asked != nil && r.lag(conversation) != "":
		return exception{exporter.StillProcessing, fmt.Sprintf(said+"asked for it, the platform knows nothing of it yet: %v; %s", dates, asked, r.lag(conversation)), asked}
	case listed && asked != nil:
		return exception{exporter.NoMedia, fmt.Sprintf(said+"asked for it, the platform knows nothing of it: %v", dates, asked), asked}
	case failed:
		return e
	}
	return exception{exporter.FailedItem, "the platform gave neither media nor a reason", asked}
}

// Sensitive says whether the client may have sensitive recordings as they are.
type Sensitive int

// The zero value is that nobody knows.
const (
	SensitiveUnknown Sensitive = iota
	SensitiveShown
	SensitiveHidden
)

// finish states what is expected, and why anything of it is absent. An
// exception of a whole conversation goes without an expectation: which
// recordings it has is not known, so none would meet it later.
func (r *recordingsRun) finish(conversations []recorded) (exporter.Receipt, error) {
	// Should a later run open the unit again, it asks the platform anew.
	checkpoint, err := json.Marshal(recordingsCheckpoint{Client: r.at.Client})
	if err != nil {
		return exporter.Receipt{}, err
	}
	s := statement{r: r, receipt: exporter.Receipt{Outcome: exporter.Done, Checkpoint: checkpoint}, about: map[string]bool{}}
	for it := range r.stored {
		s.about[it] = true
	}
	for it, k := range r.listed {
		s.expect(it, cmp.Or(k.Source, retentionSource))
	}
	for it := range r.meta {
		s.expect(it, "recording-metadata")
	}
	refused := map[string]exception{} // conversations, as such
	for it, e := range r.failed {
		if conversation, recording := ids(it); recording != "" {
			s.expect(it, "batch-request")
		} else {
			refused[conversation] = e
		}
	}
	for it := range s.about {
		_, failed := r.failed[it]
		if (failed || r.stored[it] == 0) && !r.elsewhere(it) {
			s.except(it, r.absence(it))
		}
	}
	found := map[string]bool{} // conversations of which something is known
	for it := range s.about {
		conversation, _ := ids(it)
		found[conversation] = true
	}
	for conversation, e := range refused {
		if found[conversation] {
			continue
		}
		found[conversation] = true
		if errors.Is(r.denied[conversation], genesys.ErrPermission) {
			e.reason = exporter.PermissionDenied
		}
		s.except(whole(conversation), e)
	}
	for _, c := range conversations {
		_, once := refused[c.ID]
		if e, absent := r.unknown(c, found[c.ID]); absent && !once {
			s.except(whole(c.ID), e)
		}
	}
	s.receipt.Again = r.again
	slices.SortFunc(s.receipt.Exceptions, func(a, b exporter.Exception) int { return cmp.Compare(a.Item, b.Item) })
	slices.SortFunc(s.receipt.Expected, func(a, b exporter.Expectation) int { return cmp.Compare(a.Item, b.Item) })
	return s.receipt, nil
}

// elsewhere says that another unit stored it.
func (r *recordingsRun) elsewhere(it string) bool {
	_, failed := r.failed[it]
	return !failed && r.listed[it].Stored > 0
}

// unknown is what can be said of a conversation of which no single recording
// is known, or not surely all.
func (r *recordingsRun) unknown(c recorded, found bool) (e exception, absent bool) {
	denied := r.denied[c.ID]
	switch {
	case !found && c.Unsure && denied == nil && r.read[c.ID]:
		return e, false // asked to be safe, and the platform says that there is none
	case !found:
		e := exception{reason: exporter.NoMedia, detail: "flagged as recorded, but the platform lists no recording", err: denied}
		if late := r.lag(c.ID); late != "" {
			e = exception{exporter.StillProcessing, e.detail + "; " + late, denied}
		}
		if denied != nil {
			e.detail += "; its metadata: " + denied.Error()
		}
		if errors.Is(denied, genesys.ErrPermission) {
			e.reason = exporter.PermissionDenied // media may have been kept from us alike
		}
		return e, true
	case denied != nil && !r.counted(c.ID):
		e := exception{exporter.FailedItem, "the sidecars are derived, and whether these are all recordings is not known, " +
			"since the recording metadata could not be had: " + denied.Error(), denied}
		if errors.Is(denied, genesys.ErrPermission) {
			e.reason = exporter.PermissionDenied
		}
		return e, true
	}
	return e, false
}

// counted says that the retention query lists recordings of a conversation.
func (r *recordingsRun) counted(conversation string) bool {
	for it, k := range r.listed {
		if k.Source == retentionSource && strings.HasPrefix(it, whole(conversation)+"/") {
			return true
		}
	}
	return false
}

// statement is the last receipt of a unit in the making.
type statement struct {
	r       *recordingsRun
	receipt exporter.Receipt
	about   map[string]bool // recordings of which something is known
}

func (s *statement) expect(it, source string) {
	if s.about[it] = true; slices.ContainsFunc(s.receipt.Expected, func(e exporter.Expectation) bool { return e.Item == it }) {
		return
	}
	conversation, _ := ids(it)
	s.receipt.Expected = append(s.receipt.Expected, exporter.Expectation{
		Dataset: RecordingsName, Item: it, Count: 1, Source: source, At: s.r.convs[conversation].Start,
	})
}

func (s *statement) except(it string, e exception) {
	conversation, _ := ids(it)
	made := exporter.Exception{
		Dataset: RecordingsName, Unit: s.r.unit.Key, Item: it, Reason: e.reason, Detail: e.detail, Attempts: s.r.unit.Attempts + 1,
	}
	if start := s.r.convs[conversation].Start; !start.IsZero() {
		made.Day = start.UTC().Format(time.DateOnly)
	}
	if api := (*genesys.Error)(nil); errors.As(e.err, &api) {
		made.CorrelationID = api.CorrelationID
	}
	s.receipt.Exceptions = append(s.receipt.Exceptions, made)
	if e.reason == exporter.StillProcessing {
		if last := s.r.settled(conversation); last.After(s.r.again) {
			s.r.again = last
		}
	}
}

// listedNow reads what is known of the conversations of the unit.
func (r *recordingsRun) listedNow(ctx context.Context) error {
	for id := range r.convs {
		list, err := listed(ctx, r.out, id)
		if err != nil {
			return err
		}
		for _, k := range list {
			r.listed[k.Item] = k
		}
	}
	return nil
}
