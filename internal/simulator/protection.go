package simulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

const (
	deletionProtection = "recordings/deletionprotection"
	mostProtected      = 100 // conversations of a request

	mayProtect = "recording:deletionProtection:apply"
	mayRelease = "recording:deletionProtection:revoke"
)

// protectConversations keeps retention from the recordings of conversations, or
// no longer: of all that a request names, or of none.
func (s *Server) protectConversations(w http.ResponseWriter, r *http.Request, by caller) {
	if !onlyParameters(w, r, "protect") {
		return
	}
	protect := r.URL.Query().Get("protect")
	needs := map[string]string{"": mayProtect, "true": mayProtect, "false": mayRelease}[protect]
	switch {
	case needs == "":
		badRequest(w, r, "protect is true or false")
		return
	case !by.client.may(needs):
		fail(w, r, http.StatusForbidden, "missing.permissions",
			"Unable to perform the requested action. You are missing the following permission(s): "+needs, "permissions", needs)
		return
	}
	var body struct {
		ConversationIDs []string `json:"conversationIds"`
	}
	switch err := json.NewDecoder(r.Body).Decode(&body); {
	case errors.Is(err, io.EOF), err == nil && len(body.ConversationIDs) == 0:
		fail(w, r, http.StatusBadRequest, "recording.empty.payload", "Recording payload was empty.")
		return
	case err != nil:
		badRequest(w, r, "the body is not a list of conversations: "+err.Error())
		return
	case len(body.ConversationIDs) > mostProtected:
		badRequest(w, r, fmt.Sprintf("conversationIds has %d ids; it cannot exceed %d", len(body.ConversationIDs), mostProtected))
		return
	}
	var ids []identity
	for _, id := range body.ConversationIDs {
		c, ok := s.org.findRecorded(id)
		switch {
		case !ok:
			fail(w, r, http.StatusNotFound, "recording.conversation.not.found", "Recording conversation not found.")
			return
		case c.denied:
			deniedDivision(w, r, needs)
			return
		}
		ids = append(ids, s.org.conversationID(c))
	}
	if needs == mayRelease {
		s.org.custody.release(ids)
	} else {
		s.org.custody.protect(ids, s.cfg.Now().UnixMilli())
	}
	w.WriteHeader(http.StatusNoContent)
}
