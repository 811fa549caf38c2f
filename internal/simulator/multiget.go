package simulator

import (
	"net/http"
	"strings"
)

// The ids that one request may name.
const maxDetailIDs = 100

// detailsByID answers with those of the named conversations that analytics has.
func (s *Server) detailsByID(w http.ResponseWriter, r *http.Request, _ caller) {
	ids := strings.Split(r.URL.Query().Get("id"), ",")
	if len(ids) > maxDetailIDs || ids[0] == "" {
		badRequest(w, r, "id must name 1 to 100 conversations")
		return
	}
	body, n := []byte(`{"conversations":[`), 0
	for _, id := range ids {
		c, ok := s.org.findConversation(id)
		if !ok {
			continue
		}
		if n++; n > 1 {
			body = append(body, ',')
		}
		body = s.org.appendConversation(body, c, false)
	}
	body = append(body, "]}"...)
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(body)
}
