package simulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

func isoTime(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z") }

// metadata is a RecordingMetadata; selfUri starts with base.
func (o *org) metadata(rec recording, base string) json.RawMessage {
	raw, err := json.Marshal(o.described(rec, base))
	if err != nil {
		panic(err) // strings and numbers only
	}
	return raw
}

func (o *org) described(rec recording, base string) map[string]any {
	c := rec.conversation
	h := hash(o.cfg.Seed, 't', uint64(c.day), uint64(c.index), uint64(rec.sub))
	m := map[string]any{
		"id":                                 rec.id.String(),
		"conversationId":                     o.conversationID(c).String(),
		"path":                               "",
		"startTime":                          isoTime(c.start + 5000),
		"endTime":                            isoTime(c.end),
		"media":                              "audio",
		"mediaSubtype":                       []string{"Trunk", "Consult", "Screen"}[rec.sub],
		"annotations":                        []any{},
		"fileState":                          rec.fileState,
		"maxAllowedRestorationsForOrg":       o.cfg.Restorations,
		"remainingRestorationsAllowedForOrg": o.cfg.Restorations - o.custody.restorations(),
		"sessionId":                          o.recordedSession(rec).String(),
		"region":                             o.cfg.Region,
		"selfUri":                            fmt.Sprintf("%s/api/v2/conversations/%s/recordings/%s", base, o.conversationID(c), rec.id),
		"futureField":                        map[string]any{"tier": h % 3},
	}
	if rec.screen() {
		m["media"] = "screen"
	}
	if at, ok := o.deleteDate(rec); ok {
		m["deleteDate"] = isoTime(at)
	}
	if rec.archived != 0 && rec.fileState != "DELETED" {
		m["archiveDate"], m["archiveMedium"] = isoTime(rec.archived), "CLOUDARCHIVE"
	}
	if rec.fileState == "RESTORED" {
		m["restoreExpirationTime"] = isoTime(rec.archived)
	}
	return m
}

func (s *Server) listRecordingMetadata(w http.ResponseWriter, r *http.Request, by caller) {
	c, ok := s.org.findRecorded(r.PathValue("conversationId"))
	switch {
	case !ok:
		conversationNotFound(w, r)
		return
	case c.denied:
		deniedDivision(w, r, "recording:recording:view")
		return
	}
	list := []json.RawMessage{}
	for _, rec := range s.org.shownTo(by.client, c) {
		list = append(list, s.org.metadata(rec, s.URL()))
	}
	reply(w, http.StatusOK, list)
}

func (s *Server) getRecordingMetadata(w http.ResponseWriter, r *http.Request, by caller) {
	rec, ok := s.recordingOf(r)
	rec, shown := rec.shown(by.client)
	switch {
	case !ok:
		fail(w, r, http.StatusNotFound, "recording.recording.not.found", "Recording with recordingId was not found.")
	case rec.conversation.denied:
		deniedDivision(w, r, "recording:recording:view")
	case !shown:
		fail(w, r, http.StatusForbidden, "recording.recording.view.permission.check.failed", "Failed to verify recording view permission.")
	default:
		reply(w, http.StatusOK, s.org.metadata(rec, s.URL()))
	}
}

// recordingOf finds what a path names by conversation and recording, unless it
// has vanished.
func (s *Server) recordingOf(r *http.Request) (recording, bool) {
	rec, ok := s.org.findRecording(r.PathValue("recordingId"))
	return rec, ok && rec.fate != "vanished" && s.org.conversationID(rec.conversation).String() == r.PathValue("conversationId")
}

func deniedDivision(w http.ResponseWriter, r *http.Request, permission string) {
	fail(w, r, http.StatusForbidden, "missing.division.permission",
		"Unable to perform the requested action. You are missing the following permission '"+permission+"' in the provided division(s).", "permission", permission)
}
