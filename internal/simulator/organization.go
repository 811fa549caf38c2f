package simulator

import (
	"encoding/json"
	"net/http"
	"time"
)

func (s *Server) organization(w http.ResponseWriter, _ *http.Request, _ caller) {
	reply(w, http.StatusOK, s.aboutOrganization())
}

func (s *Server) aboutOrganization() map[string]any {
	return map[string]any{
		"id": s.cfg.OrgID, "name": s.cfg.OrgName, "defaultLanguage": "ja", "defaultCountryCode": "JP",
		"thirdPartyOrgName": "simulated", "domain": "simulated.example", "version": 7, "state": "active",
		"voicemailEnabled": false, "productPlatform": "GenesysCloud",
		"features": map[string]bool{"realtimeCIC": true, "purecloud": true, "directory": true},
		"selfUri":  s.URL() + "/api/v2/organizations/" + s.cfg.OrgID,
	}
}

// eachOf is the one object of an operation.
func eachOf(object func(*Server) map[string]any) func(*Server, func(Held) bool) {
	return func(s *Server, yield func(Held) bool) {
		record, _ := json.Marshal(object(s)) // maps of plain values cannot fail
		yield(Held{Record: record})
	}
}

var organizationHoldings = []holding{
	{"/api/v2/organizations/me", eachOf((*Server).aboutOrganization)},
	{"/api/v2/recording/settings", eachOf((*Server).settingsOfRecording)},
}

func (s *Server) tokenInfo(w http.ResponseWriter, _ *http.Request, c caller) {
	org := map[string]string{"id": s.cfg.OrgID, "name": s.cfg.OrgName}
	reply(w, http.StatusOK, map[string]any{
		"organization": org, "homeOrganization": org, "authorizedScope": []string{},
		"OAuthClient": map[string]any{
			"id": c.client.ID, "name": c.client.ID, "authorizedGrantType": "CLIENT-CREDENTIALS", "state": "active",
			"scope": []string{}, "roleDivisions": s.roleDivisions(c.client), "organization": org,
			"dateCreated": s.cfg.From.Format(time.RFC3339),
		},
	})
}

// limitNamespaces lists those in which limits answers with something. The
// definition says nothing of this answer; its shape is the other listings'.
func (s *Server) limitNamespaces(w http.ResponseWriter, _ *http.Request, _ caller) {
	namespaces := []string{"analytics", "platform.api", "recording"}
	reply(w, http.StatusOK, map[string]any{"entities": namespaces, "pageSize": 100, "pageNumber": 1, "total": len(namespaces), "pageCount": 1})
}

func (s *Server) limits(w http.ResponseWriter, r *http.Request, _ caller) {
	type limit struct {
		Key       string `json:"key"`
		Namespace string `json:"namespace"`
		Value     int64  `json:"value"`
	}
	perMinute := int64(s.cfg.RequestsPerMinute)
	if perMinute < 0 {
		perMinute = 1_000_000
	}
	all := []limit{
		{rateLimitKey, "platform.api", perMinute},
		{"token.rate.per.minute", "platform.api", perMinute},
		{"request.bytes.max", "platform.api", maxRequestBytes},
		{"conversation.details.jobs.concurrent.access.max", "analytics", 10},
		{"conversation.details.jobs.rate.per.second", "analytics", 10},
		{"batch.download.items.max", "recording", maxBatchItems},
	}
	entities := []limit{}
	for _, l := range all {
		if l.Namespace == r.PathValue("namespaceName") {
			entities = append(entities, l)
		}
	}
	reply(w, http.StatusOK, map[string]any{"entities": entities})
}
