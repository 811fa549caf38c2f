package simulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// recording is one recording of a conversation, and what becomes of it when a
// batch request asks for it.
type recording struct {
	conversation conversation
	sub          int
	id           identity
	fileState    string
	results      int    // media objects that a batch request gives
	errorMsg     string // one result with this message instead
}

func (o *org) recordings(c conversation) []recording {
	seed, day, index := o.cfg.Seed, uint64(c.day), uint64(c.index)
	if !c.flagged || o.cfg.NoRecordingShare > 0 && below(hash(seed, 'n', day, index), o.cfg.NoRecordingShare) {
		return nil
	}
	list := []recording{o.recording(c, 0)}
	if below(hash(seed, '2', day, index), o.cfg.SecondRecordingShare) {
		list = append(list, o.recording(c, 1))
	}
	return list
}

func (o *org) recording(c conversation, sub int) recording {
	h := hash(o.cfg.Seed, 'r', uint64(c.day), uint64(c.index), uint64(sub))
	rec := recording{conversation: c, sub: sub, fileState: "AVAILABLE", results: 1, id: o.ids.make(kindRecording, c.day, c.index, sub)}
	if below(mix(h+1), o.cfg.SeveralResultsShare) {
		rec.results = 2 + int(h%2)
	}
	share, at := mix(h+2), 0.0
	in := func(of float64) bool { at += of; return below(share, at) }
	switch {
	case in(o.cfg.ErrorShare):
		rec.results, rec.errorMsg = 0, "An error occurred while retrieving the recording"
		if h%2 == 0 {
			rec.fileState = "ERROR"
		}
	case in(o.cfg.ArchivedShare):
		rec.results, rec.fileState, rec.errorMsg = 0, "ARCHIVED", "Recording is archived and has to be restored first"
	case in(o.cfg.DeletedShare):
		rec.results, rec.fileState = 0, "DELETED"
	case in(o.cfg.UploadingShare):
		rec.results, rec.fileState = 0, "UPLOADING"
	}
	return rec
}

// findRecording is false for an id that names no recording of this organization.
func (o *org) findRecording(id string) (recording, bool) {
	k, day, index, sub, ok := o.ids.parse(id)
	if !ok || k != kindRecording || !o.exists(day, index) {
		return recording{}, false
	}
	for _, rec := range o.recordings(o.conversation(day, index)) {
		if rec.sub == sub {
			return rec, true
		}
	}
	return recording{}, false
}

// object is the media of a recording's result, numbered from 0.
func (o *org) object(rec recording, number int) media {
	c := rec.conversation
	key := hash(o.cfg.Seed, 'a', uint64(c.day), uint64(c.index), uint64(rec.sub), uint64(number))
	name := rec.id.String() + "-" + strconv.Itoa(number)
	if n := o.cfg.LargeMediaEvery; n > 0 && rec.sub == 0 && number == 0 {
		if ordinal := c.day*o.recordedBefore(o.cfg.ConversationsPerDay) + o.recordedBefore(c.index); ordinal%n == n-1 {
			return o.media.newWAV(o.cfg.LargeMediaBytes, name, key)
		}
	}
	size := o.cfg.MediaBytes/2 + int64(mix(key)%uint64(o.cfg.MediaBytes+1))
	if key%2 == 0 {
		return o.media.newWAV(size, name, key)
	}
	return o.media.newOgg(size, name, key)
}

func (o *org) deleteDate(rec recording) int64 {
	c := rec.conversation
	if rec.fileState == "DELETED" {
		return c.end + dayMillis
	}
	return c.end + (90+int64(hash(o.cfg.Seed, 't', uint64(c.day), uint64(c.index), uint64(rec.sub))%1000))*dayMillis
}

// metadata is a RecordingMetadata; selfUri starts with base.
func (o *org) metadata(rec recording, base string) json.RawMessage {
	c := rec.conversation
	h := hash(o.cfg.Seed, 't', uint64(c.day), uint64(c.index), uint64(rec.sub))
	iso := func(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z") }
	m := map[string]any{
		"id":                                 rec.id.String(),
		"conversationId":                     o.conversationID(c).String(),
		"path":                               "",
		"startTime":                          iso(c.start + 5000),
		"endTime":                            iso(c.end),
		"media":                              "audio",
		"mediaSubtype":                       []string{"Trunk", "Consult"}[min(rec.sub, 1)],
		"annotations":                        []any{},
		"fileState":                          rec.fileState,
		"deleteDate":                         iso(o.deleteDate(rec)),
		"maxAllowedRestorationsForOrg":       600,
		"remainingRestorationsAllowedForOrg": 600,
		"sessionId":                          o.recordedSession(rec).String(),
		"region":                             o.cfg.Region,
		"selfUri":                            fmt.Sprintf("%s/api/v2/conversations/%s/recordings/%s", base, o.conversationID(c), rec.id),
		"futureField":                        map[string]any{"tier": h % 3},
	}
	if rec.fileState == "ARCHIVED" {
		m["archiveDate"], m["archiveMedium"] = iso(c.end+30*dayMillis), "CLOUDARCHIVE"
	}
	if dates, ok := o.exported.of(rec); ok {
		m["exportDate"], m["exportedDate"] = iso(dates.due), iso(dates.done)
	}
	raw, err := json.Marshal(m)
	if err != nil {
		panic(err) // strings and numbers only
	}
	return raw
}

func (s *Server) listRecordingMetadata(w http.ResponseWriter, r *http.Request, _ caller) {
	c, ok := s.org.findConversation(r.PathValue("conversationId"))
	if !ok {
		conversationNotFound(w, r)
		return
	}
	list := []json.RawMessage{}
	for _, rec := range s.org.recordings(c) {
		list = append(list, s.org.metadata(rec, s.URL()))
	}
	reply(w, http.StatusOK, list)
}

func (s *Server) getRecordingMetadata(w http.ResponseWriter, r *http.Request, _ caller) {
	rec, ok := s.org.findRecording(r.PathValue("recordingId"))
	if !ok || s.org.conversationID(rec.conversation).String() != r.PathValue("conversationId") {
		fail(w, r, http.StatusNotFound, "recording.recording.not.found", "Recording with recordingId was not found.")
		return
	}
	reply(w, http.StatusOK, s.org.metadata(rec, s.URL()))
}

func (s *Server) recordingSettings(w http.ResponseWriter, _ *http.Request, _ caller) {
	reply(w, http.StatusOK, s.settingsOfRecording())
}

func (s *Server) settingsOfRecording() map[string]any {
	minutes := min(max(int(s.cfg.URLTTL/time.Minute), 2), 60)
	return map[string]any{
		"maxSimultaneousStreams":                1,
		"maxConfigurableScreenRecordingStreams": 4,
		"regionalRecordingStorageEnabled":       true,
		"recordingPlaybackUrlTtl":               minutes,
		"recordingBatchDownloadUrlTtl":          minutes,
	}
}
