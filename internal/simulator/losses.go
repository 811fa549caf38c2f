package simulator

import "time"

// screenSub is the number of the recording of an agent's screen.
const screenSub = 2

// lateness is how long after the end of its conversation a delayed recording comes.
const lateness = 30 * time.Hour

const notAuthorized = "You are not authorized to view this recording"

// lose decides of what kind a recording is. A draw of its own falls into one of
// the shares, which lie one after another; a new kind goes to the end.
func (o *org) lose(rec *recording, h uint64) {
	share, at := mix(h+2), 0.0
	in := func(of float64) bool { at += of; return below(share, at) }
	switch {
	case rec.conversation.denied:
		rec.results, rec.errorMsg, rec.fate = 0, notAuthorized, "denied"
	case in(o.cfg.ErrorShare):
		rec.results, rec.errorMsg, rec.fate = 0, "An error occurred while retrieving the recording", "no-url-error"
		if h%2 == 0 {
			rec.fileState = "ERROR"
		}
	case in(o.cfg.ArchivedShare):
		rec.fileState, rec.fate = "ARCHIVED", "archived"
		rec.archived = rec.conversation.end + 30*dayMillis
	case in(o.cfg.DeletedShare):
		rec.results, rec.fileState, rec.fate = 0, "DELETED", "deleted"
	case in(o.cfg.UploadingShare):
		rec.results, rec.fileState, rec.fate = 0, "UPLOADING", "uploading"
	case in(o.cfg.UnretainedShare):
		rec.unretained = true
	case in(o.cfg.VanishedShare):
		rec.results, rec.fileState, rec.fate = 0, "DELETED", "vanished"
	case in(o.cfg.SensitiveShare):
		rec.sensitive = true
		if rec.redaction = o.redaction(h); rec.redaction != "" {
			rec.fate = "sensitive"
		}
	case in(o.cfg.DelayedShare):
		rec.ready = rec.conversation.end + lateness.Milliseconds()
	case in(o.cfg.DuplicateShare):
		rec.duplicate = true
	}
}

// deletes is when retention deletes a recording.
func (o *org) deletes(rec recording) int64 {
	c := rec.conversation
	h := hash(o.cfg.Seed, 't', uint64(c.day), uint64(c.index), uint64(rec.sub))
	short := hash(o.cfg.Seed, gaps, 't', uint64(c.day), uint64(c.index), uint64(rec.sub))
	switch {
	case rec.fate == "deleted":
		return c.end + dayMillis
	case rec.screen():
		return c.end + 30*dayMillis
	case o.cfg.ShortRetentionShare > 0 && below(short, o.cfg.ShortRetentionShare):
		return c.end + (10+int64(mix(short)%31))*dayMillis
	}
	return c.end + (90+int64(h%1000))*dayMillis
}

// age changes a recording to what it is by now.
func (o *org) age(rec *recording) {
	if rec.archived == 0 && rec.ready == 0 && !o.cfg.Retention {
		return
	}
	now := o.cfg.Now().UnixMilli()
	switch {
	case o.cfg.Retention && rec.fileState != "DELETED" && now >= rec.deletes && !o.protectedBefore(*rec):
		rec.results, rec.fileState = 0, "DELETED"
		if !rec.conversation.denied {
			rec.errorMsg, rec.fate = "", "deleted"
		}
	case rec.archived != 0:
		o.unarchive(rec, now)
	case now < rec.ready:
		rec.results, rec.fileState, rec.fate = 0, "UPLOADING", "delayed"
	}
}

// unarchive changes an archived recording to what its restoration made of it.
func (o *org) unarchive(rec *recording, now int64) {
	asked, ok := o.custody.restoration(rec.id)
	switch {
	case !ok || now >= asked.until:
		rec.results, rec.errorMsg = 0, "Recording is archived and has to be restored first"
	case time.Now().Before(asked.ready):
		rec.results, rec.errorMsg, rec.fileState, rec.archived = 0, "Recording is being restored", "RESTORING", asked.until
	default:
		rec.fileState, rec.fate, rec.archived = "RESTORED", "", asked.until
	}
}

// protectedBefore says whether a recording was protected before it was to be
// deleted. What is deleted does not come back.
func (o *org) protectedBefore(rec recording) bool {
	at, ok := o.custody.since(o.conversationID(rec.conversation))
	return ok && at < rec.deletes
}

// deleteDate is false where nothing will delete a recording.
func (o *org) deleteDate(rec recording) (ms int64, ok bool) {
	if rec.fate == "vanished" {
		const minute = 60_000
		return (o.cfg.Now().UnixMilli()/minute - 1) * minute, true
	}
	if rec.fileState != "DELETED" {
		if _, protected := o.custody.since(o.conversationID(rec.conversation)); protected {
			return 0, false
		}
	}
	return rec.deletes, true
}
