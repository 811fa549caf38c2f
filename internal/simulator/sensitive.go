package simulator

import "slices"

const viewSensitive = "recording:recording:viewSensitiveData"

// What [Config].Redaction may be: one of redactions, or any of them.
const (
	redactionSilent   = "exclude-silently"
	redactionExcludes = "exclude"
	redactionShortens = "redact"
	redactionMixed    = "mixed"
)

var redactions = []string{redactionSilent, redactionExcludes, redactionShortens}

const (
	excludedMsg = "Missing permission " + viewSensitive + " for a recording with sensitive data"
	redactedMsg = "Sensitive data was redacted: missing permission " + viewSensitive
)

// firstRedacted is the number of the first redacted media object of a recording.
const firstRedacted = 8

// redaction is what becomes of a sensitive recording, by its hash.
func (o *org) redaction(h uint64) string {
	if o.cfg.Redaction != redactionMixed {
		return o.cfg.Redaction
	}
	return redactions[hash(h, gaps)%3]
}

func (c *Client) may(permission string) bool {
	return c.Permissions == nil || slices.Contains(c.Permissions, permission)
}

// shown is a recording as a client gets it. It is false where the client does not
// learn of it.
func (rec recording) shown(to *Client) (recording, bool) {
	if rec.redaction == "" || to.may(viewSensitive) {
		return rec, true
	}
	switch {
	case rec.redaction == redactionSilent:
		return rec, false
	case rec.results == 0: // it has met with something worse
	case rec.redaction == redactionExcludes:
		rec.results, rec.errorMsg = 0, excludedMsg
	default:
		rec.redacted = true
	}
	return rec, true
}

// shownTo lists a conversation's recordings for a client, duplicates twice,
// without those that are gone without a trace.
func (o *org) shownTo(to *Client, c conversation) (list []recording) {
	for _, rec := range o.listed(c) {
		if rec, ok := rec.shown(to); ok && rec.fate != "vanished" {
			list = append(list, rec)
		}
	}
	return list
}

// has says whether a recording has a media object of a number for anybody.
func (rec recording) has(number int) bool {
	return number >= 0 && number < rec.results ||
		rec.redaction == redactionShortens && number >= firstRedacted && number < firstRedacted+rec.results
}
