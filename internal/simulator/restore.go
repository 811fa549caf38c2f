package simulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

const (
	mayView       = "recording:recording:view"
	mayEdit       = "recording:recording:editRetention"
	mayEditScreen = "recording:screenRecording:editRetention"
)

// changeRecording restores an archived recording until the archiveDate of the
// request, or moves that date. The platform changes other dates with it, too; the
// simulator does not.
func (s *Server) changeRecording(w http.ResponseWriter, r *http.Request, by caller) {
	if !onlyParameters(w, r, "clearExport") {
		return
	}
	rec, ok := s.recordingOf(r)
	if !ok {
		fail(w, r, http.StatusNotFound, "recording.not.archivable", "Recording is not achievable")
		return
	}
	edit := mayEdit
	if rec.screen() {
		edit = mayEditScreen
	}
	var body struct {
		ArchiveDate time.Time `json:"archiveDate"`
	}
	err := json.NewDecoder(r.Body).Decode(&body)
	switch {
	case rec.conversation.denied:
		deniedDivision(w, r, edit)
		return
	case !by.client.may(mayView) || !by.client.may(edit):
		if rec.archived != 0 {
			fail(w, r, http.StatusForbidden, "recording.recording.restore.permission.check.failed", "improper permissions found when attempting to restore recordings")
		} else {
			fail(w, r, http.StatusForbidden, "recording.recording.edit.retention.permission.check.failed", "Failed to verify recording edit retention permission.")
		}
		return
	case err != nil:
		fail(w, r, http.StatusBadRequest, "recording.invalid.json", "Recording request contains invalid JSON")
		return
	case rec.fileState == "DELETED" || rec.fileState == "UPLOADING":
		fail(w, r, http.StatusBadRequest, "recording.not.archivable", "Recording has been deleted or is still uploading")
		return
	case rec.archived == 0:
		badRequest(w, r, "the simulator changes the dates of archived recordings only")
		return
	case !body.ArchiveDate.After(s.cfg.Now()):
		badRequest(w, r, "archiveDate must lie in the future, for the recording is restored until then")
		return
	}
	if !s.org.restore(rec, body.ArchiveDate.UnixMilli()) {
		fail(w, r, http.StatusBadRequest, "recording.not.archivable",
			fmt.Sprintf("Recording cannot be restored: the organization has used all of its %d restorations", s.cfg.Restorations))
		return
	}
	rec, _ = s.org.findRecording(rec.id.String())
	answer := s.org.described(rec, s.URL())
	delete(answer, "region") // a Recording has none
	answer["creationTime"] = isoTime(rec.conversation.end)
	reply(w, http.StatusOK, answer)
}

// restore is false when the organization has no restoration left. What is being
// restored, or has been, costs none.
func (o *org) restore(rec recording, until int64) bool {
	return o.custody.restore(rec.id, restoration{ready: time.Now().Add(o.cfg.RestoreLatency), until: until}, o.cfg.Now().UnixMilli(), o.cfg.Restorations)
}
