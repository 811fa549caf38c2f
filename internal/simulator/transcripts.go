package simulator

import (
	"slices"
	"strings"
)

// transcripts are those of recorded sessions, and what is noted on recordings.
var transcripts = []belonging{
	{path: "speechandtextanalytics/conversations/{conversationId}/communications/{communicationId}/transcripturls", needs: "recording:recording:view recording:recordingSegment:view",
		array: "urls", none: notFoundHere, pieces: transcriptURLs, head: func(w *record, ids []string) {
			w.raw(`"conversation":{"id":"`).raw(ids[0]).raw(`"},"communicationId":"`).raw(ids[1]).raw(`",`)
		}},
	{path: "speechandtextanalytics/conversations/{conversationId}/communications/{communicationId}/transcripturl", needs: "recording:recording:view speechAndTextAnalytics:data:view", all: true,
		none: notFoundHere, pieces: firstTranscriptURL},
	{path: "conversations/{conversationId}/recordings/{recordingId}/annotations", needs: "recording:annotation:view", array: "[]", pieces: annotations,
		lacks: func(o *org, ids []string) string {
			if rec, ok := o.findRecording(ids[1]); !ok || rec.fate == "vanished" || o.conversationID(rec.conversation).String() != ids[0] {
				return "recording.recording.not.found"
			}
			return ""
		}},
}

const transcriptsKind = "transcripts"

// transcribed: a transcript dies with its recording, and not all have one. Speech
// analytics hears what analytics says was recorded.
func (o *org) transcribed(rec recording) bool {
	return rec.conversation.flagged && !rec.conversation.denied && !rec.screen() && rec.fileState != "DELETED" && rec.fileState != "UPLOADING" &&
		below(hash(o.cfg.Seed, 't', 'r', uint64(rec.conversation.day), uint64(rec.conversation.index), uint64(rec.sub)), 0.8)
}

func transcriptURLs(s *Server, c conversation) (list []piece) {
	for _, rec := range s.org.recordings(c) {
		if !s.org.transcribed(rec) {
			continue
		}
		list = append(list, piece{s.org.under(c, s.org.recordedSession(rec)), func(w *record) {
			w.raw(`{"recording":{"id":`).id(rec.id).raw(`}`)
			w.linkTo("url", transcriptsKind, rec.id.String()+".json")
			w.raw(`}`)
		}})
	}
	return list
}

// firstTranscriptURL knows one transcript of each session.
func firstTranscriptURL(s *Server, c conversation) (list []piece) {
	for _, rec := range s.org.recordings(c) {
		ids := s.org.under(c, s.org.recordedSession(rec))
		if !s.org.transcribed(rec) || slices.ContainsFunc(list, func(p piece) bool { return slices.Equal(p.ids, ids) }) {
			continue
		}
		list = append(list, piece{ids, func(w *record) {
			w.raw(`{`)
			w.linkTo("url", transcriptsKind, rec.id.String()+".json")
			w.raw(`}`)
		}})
	}
	return list
}

// transcriptFile is a transcript as JSON, of the shape that speech analytics
// writes; the definition says nothing of it.
func (s *Server) transcriptFile(name string) (file, bool) {
	id, ok := strings.CutSuffix(name, ".json")
	rec, found := s.org.findRecording(id)
	if !ok || !found || !s.org.transcribed(rec) {
		return file{}, false
	}
	w := row{o: s.org}
	w.draw(rec.conversation, 'T', uint64(rec.sub))
	w.raw(`{"organizationId":"`).raw(s.cfg.OrgID).raw(`","conversationId":`).id(s.org.conversationID(rec.conversation))
	w.raw(`,"communicationId":`).id(s.org.recordedSession(rec)).raw(`,"recordingId":`).id(rec.id).raw(`,"mediaType":"call","startTime":`).int(int(rec.conversation.start))
	w.raw(`,"transcripts":[{"language":"ja-jp","phrases":[`)
	for i := range 1 + w.r.below(30) {
		w.raw([]string{"\n", ",\n"}[min(i, 1)]).raw(`  {"text": `).text().raw(`, "startTimeMs": `).int(i * 4000).raw(`, "confidence": 0.`).int(w.r.below(1000))
		w.raw(`, "participantPurpose": "`).raw([]string{"internal", "external"}[i%2]).raw(`"}`)
	}
	w.raw(`]}]}`)
	return file{"application/json", w.b}, true
}

func annotations(s *Server, c conversation) (list []piece) {
	for _, rec := range s.org.recordings(c) {
		if c.denied || rec.fate == "vanished" {
			continue
		}
		r := random{hash(s.cfg.Seed, 'a', 'n', uint64(c.day), uint64(c.index), uint64(rec.sub))}
		for i := range max(r.below(6)-3, 0) {
			list = append(list, piece{s.org.under(c, rec.id), func(w *record) {
				w.draw(c, 'A', uint64(rec.sub), uint64(i))
				w.raw(`{"id":`).id(w.o.contentID(c, annotationContent, rec.sub<<4|i)).raw(`,"type":"`).raw([]string{"bookmark", "pause"}[i%2])
				w.raw(`","location":`).int(w.r.below(20_000)).raw(`,"durationMs":`).int(w.r.below(5000))
				if i%2 == 1 {
					w.raw(`,"reason":"SecurePause"`)
				} else {
					w.raw(`,"description":`).text().raw(`,"user":`)
					w.reference("users", agents(w.o.people(c))[0].user, true)
				}
				w.raw(`,"realtimeLocation":`).int(w.r.below(20_000)).future().raw(`}`)
			}})
		}
	}
	return list
}
