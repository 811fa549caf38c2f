package simulator

import (
	"net/http"
	"slices"
	"strconv"
)

const (
	integrationsPath = "integrations"
	configPath       = "integrations/{integrationId}/config/current"
	// bulkType is that of integrations through which recording jobs export.
	bulkType = "aws-s3-recording-bulk-actions-integration"
)

// BulkIntegration is an integration through which recording jobs may export, or
// are meant to find out that they cannot.
type BulkIntegration struct {
	Type          string // default: the one that jobs need
	Bucket        string // default: Bulk.Bucket
	Disabled      bool
	NoCredentials bool
}

// integrations are all that the organization has for recording jobs.
func (b Bulk) integrations() []BulkIntegration {
	if b.Bucket == "" {
		return nil
	}
	list := append([]BulkIntegration{{}}, b.Integrations...)
	for i := range list {
		def(&list[i].Type, bulkType)
		def(&list[i].Bucket, b.Bucket)
	}
	return list
}

// Integration is the id of the integration that writes into [Bulk].Bucket; "" if
// there is none.
func (s *Server) Integration() string { return s.IntegrationOf(-1) }

// IntegrationOf is the id of one of [Bulk].Integrations.
func (s *Server) IntegrationOf(number int) string {
	cat := s.entities
	if number+1 >= len(cat.bulk) {
		return ""
	}
	c := cat.byPath[integrationsPath]
	return cat.id(c, c.count-len(cat.bulk)+number+1).String()
}

// addIntegrations puts those of recording jobs behind the others.
func (cat *catalogue) addIntegrations(cfg Config) {
	if c := cat.byPath[integrationsPath]; !slices.Contains(cfg.Without, c.pattern) {
		cat.bulk = cfg.Bulk.integrations()
		c.count += len(cat.bulk)
	}
}

// bulkIntegration is one of those by its ordinal among all integrations.
func (cat *catalogue) bulkIntegration(ordinal int) (BulkIntegration, bool) {
	at := ordinal - (cat.byPath[integrationsPath].count - len(cat.bulk))
	if at < 0 || at >= len(cat.bulk) {
		return BulkIntegration{}, false
	}
	return cat.bulk[at], true
}

// integrationForExport finds the one that a job names, or says why it is none to
// export through. Whether it can write shows when the job is executed.
func (s *Server) integrationForExport(id string) (BulkIntegration, string) {
	if id == "" {
		return BulkIntegration{}, "integrationId is required for the action EXPORT"
	}
	ordinal, ok := s.entities.find(s.entities.byPath[integrationsPath], id)
	if !ok {
		return BulkIntegration{}, "there is no integration " + id
	}
	to, ok := s.entities.bulkIntegration(ordinal)
	switch {
	case !ok || to.Type != bulkType:
		return BulkIntegration{}, "the integration " + id + " is not of the type " + bulkType
	case to.Disabled:
		return BulkIntegration{}, "the integration " + id + " is not enabled"
	}
	return to, ""
}

// integration serves a row of the listing by itself.
func (s *Server) integration(w http.ResponseWriter, r *http.Request, _ caller) {
	c := s.entities.byPath[integrationsPath]
	ordinal, ok := s.entities.find(c, r.PathValue("integrationId"))
	if !ok {
		notHere(w, r, caller{})
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(s.entities.appendEntity(nil, c, 0, ordinal, shape{}))
}

// forBulk writes the row of an integration of recording jobs, or its
// configuration. It is false, and writes nothing, for any other row.
func (w *entity) forBulk() bool {
	if len(w.cat.bulk) == 0 || w.c.path != integrationsPath && w.c.path != configPath {
		return false
	}
	to, ok := w.cat.bulkIntegration(w.ordinal)
	if !ok {
		return false
	}
	integrations := w.cat.byPath[integrationsPath]
	if w.c.path == configPath {
		w.bulkConfig(to)
		return true
	}
	w.raw(`{"id":`)
	w.ownID(integrations, w.ordinal)
	w.raw(`,"name":`)
	w.name(w.key, w.ordinal)
	w.raw(`,"integrationType":{"id":`).quoted(to.Type)
	w.raw(`,"name":"AWS S3 recording bulk actions","description":"Exports recordings to a bucket","provider":"clientapps"}`)
	w.raw(`,"notes":"","intendedState":`)
	if to.Disabled {
		w.raw(`"DISABLED","reportedState":{"code":"INACTIVE","effective":"Inactive"}`)
	} else {
		w.raw(`"ENABLED","reportedState":{"code":"ACTIVE","effective":"Active"}`)
	}
	w.raw(`,"attributes":{},"selfUri":`)
	w.self(integrations, w.ordinal)
	w.raw(`}`)
	return true
}

// bulkConfig writes an IntegrationConfiguration. The names of its properties and
// of its credentials are unverified.
func (w *entity) bulkConfig(to BulkIntegration) {
	id := func(sub int) identity { return w.o.ids.make(kindOther, w.c.number, w.ordinal, sub) }
	w.raw(`{"id":`).id(id(0)).raw(`,"name":`)
	w.name(w.cat.key(w.cat.byPath[integrationsPath], w.ordinal), w.ordinal)
	w.raw(`,"version":1,"properties":{"bucketName":`).quoted(to.Bucket)
	w.raw(`,"roleARN":"arn:aws:iam::123456789012:role/recordings"},"advanced":{},"notes":"","credentials":{`)
	if !to.NoCredentials {
		w.raw(`"awsIamRole":{"id":`).id(id(1)).raw(`,"name":"role","type":{"id":`).id(id(2)).raw(`,"name":"awsIamRole"}}`)
	}
	w.raw(`},"selfUri":`)
	w.scalar("self", 0)
	w.raw(`}`)
}

// quoted writes a plain string.
func (w *row) quoted(s string) *row {
	w.b = strconv.AppendQuote(w.b, s)
	return w
}
