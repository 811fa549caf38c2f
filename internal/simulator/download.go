package simulator

import (
	"net/http"
)

// downloads are the files that lie behind /downloads, and whose they are, in an
// order that must not change, for ids hang on it.
var downloads = []struct{ kind, listing string }{
	{"contactlists", "outbound/contactlists"}, {"dnclists", "outbound/dnclists"}, {"datatables", "flows/datatables"},
}

// downloadURI is that of a file in the API, which needs the token.
func (s *Server) downloadURI(listing string, ordinal int, stale bool) string {
	sub := 0
	for i, d := range downloads {
		if d.listing == listing {
			sub = 2 * i
		}
	}
	if stale {
		sub++
	}
	return s.URL() + "/api/v2/downloads/" + s.org.ids.make(kindOther, collectionNumber("downloads"), ordinal, sub).String()
}

// download leads to the signed URL of a file: by a redirect, to which a client
// must not carry its token, or, with issueRedirect=false, by telling it.
func (s *Server) download(w http.ResponseWriter, r *http.Request, _ caller) {
	k, day, ordinal, sub, ok := s.org.ids.parse(r.PathValue("downloadId"))
	if !ok || k != kindOther || day != collectionNumber("downloads") || sub/2 >= len(downloads) {
		notHere(w, r, caller{})
		return
	}
	d := downloads[sub/2]
	name := s.entities.id(s.entities.byPath[d.listing], ordinal).String()
	if sub%2 == 1 {
		name += staleSuffix
	}
	signed := s.fileURL(d.kind, name+".csv")
	if r.URL.Query().Get("issueRedirect") == "false" {
		reply(w, http.StatusOK, map[string]string{"url": signed})
		return
	}
	redirect(w, signed)
}

func redirect(w http.ResponseWriter, to string) {
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusTemporaryRedirect)
}
