package simulator

import "net/http"

const (
	orphanListing = "orphanrecordings"
	orphanMedia   = "orphanrecordings/{orphanId}/media"
	orphanFiles   = "orphans"
)

func (s *Server) orphanRoutes() []route {
	needs := []string{"recording:orphan:view"}
	return []route{
		{"GET " + apiBase + orphanListing, needs, s.listOrphans},
		{"GET " + apiBase + orphanMedia, needs, s.serveOrphanMedia},
	}
}

var orphanHoldings = []holding{
	{apiBase + orphanListing, func(s *Server, yield func(Held) bool) {
		for i := range s.cfg.Orphans {
			if !yield(s.heldRecord(nil, func(w *record) { w.orphan(s.org.orphan(i)) })) {
				return
			}
		}
	}},
	{apiBase + orphanMedia, func(s *Server, yield func(Held) bool) {
		for i := range s.cfg.Orphans {
			o := s.org.orphan(i)
			if !yield(s.heldRecord([]string{o.id.String()}, func(w *record) { w.orphanRecording(o, true) })) {
				return
			}
		}
	}},
}

// orphan is a recording that no conversation leads to, though the platform may
// have found out which one it was of.
type orphan struct {
	id, recording identity
	number        int
	screen, known bool
	c             conversation
	created       int64
}

func (o *org) orphan(number int) orphan {
	at := conversation{index: number}
	r := random{hash(o.cfg.Seed, 'O', uint64(number))}
	found := orphan{id: o.contentID(at, orphanContent, 0), recording: o.contentID(at, orphanContent, 1), number: number}
	found.screen, found.known = r.chance(0.3), r.chance(0.4) && o.cfg.Days*o.cfg.ConversationsPerDay > 0
	found.created = o.from + int64(r.below(max(o.cfg.Days, 1)*dayMillis))
	if found.known {
		found.c = o.conversation(r.below(o.cfg.Days), r.below(o.cfg.ConversationsPerDay))
	}
	return found
}

func (o *org) findOrphan(id string) (orphan, bool) {
	k, day, index, sub, ok := o.ids.parse(id)
	if !ok || k != kindContent || day != 0 || sub != orphanContent<<8 || index >= o.cfg.Orphans {
		return orphan{}, false
	}
	return o.orphan(index), true
}

func (f orphan) file() string {
	if f.screen {
		return f.recording.String() + ".webm"
	}
	return f.recording.String() + ".wav"
}

// orphan writes an OrphanRecording.
func (w *record) orphan(f orphan) {
	w.draw(conversation{}, 'O', uint64(f.number))
	media, provider, status := "CALL", "EDGE", []string{"NO_CONVERSATION", "UNKNOWN_CONVERSATION"}
	if f.screen {
		media, provider = "SCREEN", "SCREEN_RECORDING"
	}
	if f.known {
		status = []string{"CONVERSATION_NOT_COMPLETE", "CONVERSATION_NOT_EVALUATED"}
	}
	made, _ := w.s.sample(f.file())
	w.raw(`{"id":`).id(f.id).raw(`,"name":`).text().raw(`,"createdTime":`).instant(f.created).raw(`,"recoveredTime":`).instant(f.created + dayMillis)
	w.raw(`,"providerType":"`).raw(provider).raw(`","mediaSizeBytes":`).int(len(made.body)).raw(`,"mediaType":"`).raw(media)
	w.raw(`","fileState":"AVAILABLE","recording":`)
	w.orphanRecording(f, false)
	w.raw(`,"orphanStatus":"`).raw(status[w.r.below(2)]).raw(`","sourceOrphaningId":`).id(f.recording).raw(`,"region":"`).raw(w.o.cfg.Region).raw(`"`)
	w.future().self(orphanListing, f.id)
	w.raw(`}`)
}

// orphanRecording writes the Recording of one, with its media or without.
func (w *record) orphanRecording(f orphan, media bool) {
	w.raw(`{"id":`).id(f.recording)
	if f.known {
		w.raw(`,"conversationId":`).id(w.o.conversationID(f.c))
	}
	w.raw(`,"startTime":`).instant(f.created).raw(`,"media":"`).raw(map[bool]string{true: "screen", false: "audio"}[f.screen]).raw(`","fileState":"AVAILABLE"`)
	if media {
		w.raw(`,"mediaUris":{"0":{`)
		w.linkTo("mediaUri", orphanFiles, f.file())
		w.raw(`}},"estimatedTranscodeTimeMs":0`)
	}
	w.raw(`,"recordingFileRole":"CUSTOMER_EXPERIENCE"}`)
}

// listOrphans filters only by what is asked for: hasConversation=false means all.
func (s *Server) listOrphans(w http.ResponseWriter, r *http.Request, _ caller) {
	if !onlyParameters(w, r, "pageSize pageNumber hasConversation media") {
		return
	}
	query := r.URL.Query()
	shown := func(f orphan) bool {
		return (query.Get("hasConversation") != "true" || f.known) && (!query.Has("media") || (query.Get("media") == "Screen") == f.screen)
	}
	s.answerPage(w, r, 100, func(yield func(func(*record)) bool) {
		for i := range s.cfg.Orphans {
			if f := s.org.orphan(i); shown(f) && !yield(func(w *record) { w.orphan(f) }) {
				return
			}
		}
	})
}

// serveOrphanMedia says first that the media is being transcoded, which it is not:
// every format gives the file as it is.
func (s *Server) serveOrphanMedia(w http.ResponseWriter, r *http.Request, _ caller) {
	if !onlyParameters(w, r, "formatId emailFormatId chatFormatId messageFormatId download fileName locale mediaFormats") {
		return
	}
	f, ok := s.org.findOrphan(r.PathValue("orphanId"))
	switch {
	case !ok:
		notFound(w, r)
	case !s.isPrepared(r, r.URL.Path):
		w.WriteHeader(http.StatusAccepted)
	default:
		answer := s.record(true)
		answer.orphanRecording(f, true)
		answer.send(w)
	}
}
