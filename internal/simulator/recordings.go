package simulator

import (
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
	fate         string // see [Recording]

	deletes, archived int64 // archived: 0, never
	ready             int64 // when a delayed one comes

	unretained, duplicate, sensitive bool
	redaction                        string // what clients get of it that may not see sensitive data
	redacted                         bool   // this client gets it so
}

func (rec recording) screen() bool { return rec.sub == screenSub }

// recordings are all that a conversation ever had.
func (o *org) recordings(c conversation) []recording {
	seed, day, index := o.cfg.Seed, uint64(c.day), uint64(c.index)
	switch {
	case c.unflagged, c.forgotten:
		return []recording{o.recording(c, 0)}
	case !c.flagged, o.cfg.NoRecordingShare > 0 && below(hash(seed, 'n', day, index), o.cfg.NoRecordingShare):
		return nil
	}
	list := []recording{o.recording(c, 0)}
	if below(hash(seed, '2', day, index), o.cfg.SecondRecordingShare) {
		list = append(list, o.recording(c, 1))
	}
	if c.screened {
		list = append(list, o.recording(c, screenSub))
	}
	return list
}

// listed are the recordings of a conversation as lists have them: duplicates come
// twice.
func (o *org) listed(c conversation) (list []recording) {
	for _, rec := range o.recordings(c) {
		list = append(list, rec)
		if rec.duplicate {
			list = append(list, rec)
		}
	}
	return list
}

func (o *org) recording(c conversation, sub int) recording {
	h := hash(o.cfg.Seed, 'r', uint64(c.day), uint64(c.index), uint64(sub))
	rec := recording{conversation: c, sub: sub, fileState: "AVAILABLE", results: 1, id: o.ids.make(kindRecording, c.day, c.index, sub)}
	if below(mix(h+1), o.cfg.SeveralResultsShare) {
		rec.results = 2 + int(h%2)
	}
	o.lose(&rec, h)
	rec.deletes = o.deletes(rec)
	o.age(&rec)
	return rec
}

// findRecording is false for an id that names no recording of this organization.
func (o *org) findRecording(id string) (recording, bool) {
	k, day, index, sub, ok := o.ids.parse(id)
	if !ok || k != kindRecording || day >= o.cfg.Days || index >= o.indexes(day) {
		return recording{}, false
	}
	for _, rec := range o.recordings(o.conversation(day, index)) {
		if rec.sub == sub {
			return rec, true
		}
	}
	return recording{}, false
}

// object is the media of a recording's result, numbered from 0; redacted it is
// shorter, of the same format, and its number starts at firstRedacted.
func (o *org) object(rec recording, number int) media {
	c := rec.conversation
	redacted := number >= firstRedacted
	if redacted {
		number -= firstRedacted
	}
	key := hash(o.cfg.Seed, 'a', uint64(c.day), uint64(c.index), uint64(rec.sub), uint64(number))
	name := rec.id.String() + "-" + strconv.Itoa(number)
	size := o.cfg.MediaBytes/2 + int64(mix(key)%uint64(o.cfg.MediaBytes+1))
	large := false
	if n := o.cfg.LargeMediaEvery; n > 0 && rec.sub == 0 && number == 0 && c.flagged {
		ordinal := c.day*o.recordedBefore(o.cfg.ConversationsPerDay) + o.recordedBefore(c.index)
		if large = ordinal%n == n-1; large {
			size = o.cfg.LargeMediaBytes
		}
	}
	from := key // where in the material it begins
	if redacted {
		size, from = size*2/3, mix(key)
	}
	switch {
	case rec.screen():
		return o.media.newWebM(size, name, from)
	case large || key%2 == 0:
		return o.media.newWAV(size, name, from)
	}
	return o.media.newOgg(size, name, from)
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
