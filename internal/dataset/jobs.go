package dataset

import (
	"encoding/json"

	"exitplan/exporter"
	"exitplan/internal/genesys"
)

// A month or so: the platform's queries by interval take no more of it
// (genesys-api.md §8; 30 days for audits is unverified).
const queryDays = 30

// worked are the datasets for which the platform has to work first: queries
// over an interval, and exports.
var worked = []listing{
	{name: "analytics.users.details", path: "/api/v2/analytics/users/details/jobs/{job}/results", style: genesys.Cursor, array: "userDetails", sizeParam: "pageSize", size: 1000,
		body: `{"interval":"{interval}"}`, class: exporter.Metrics, group: analyticsGroup, every: 1,
		job: &job{submit: "/api/v2/analytics/users/details/jobs", id: "jobId", status: "/api/v2/analytics/users/details/jobs/{job}",
			state: "state", done: "FULFILLED", failed: "FAILED CANCELLED EXPIRED"},
		permissions: []string{"analytics:userDetail:view"}, about: "The presence and routing status of every user, by the second"},
	{name: "analytics.dataextraction", path: "/api/v2/analytics/dataextraction/downloads/metadata", style: genesys.NextURI, size: 200,
		class: exporter.Metrics, group: "warehouse",
		permissions: []string{"analytics:datawarehouse:view"}, about: "The files of data extraction, where the organization has it enabled"},
	{name: "analytics.dataextraction.files", path: "/api/v2/analytics/dataextraction/downloads/bulk", style: genesys.Unpaged, body: `{"files":{ids}}`,
		parent: "analytics.dataextraction", bulk: parentsPerUnit, class: exporter.Metrics, group: "warehouse",
		file:        &reference{must: true, urls: []string{"signedUrl"}},
		permissions: []string{"analytics:datawarehouse:view"}, about: "The content of these files"},

	{name: "audits.services", path: "/api/v2/audits/query/servicemapping", style: genesys.Unpaged, array: "services",
		group: "audits", every: queryDays, tail: true,
		permissions: []string{"audits:audit:view"}, about: "The services that are audited; asked for again with each month of audits"},
	{name: "audits", path: "/api/v2/audits/query/{job}/results", style: genesys.Cursor, sizeParam: "pageSize", size: 500,
		body: `{"interval":"{interval}","serviceName":"{id}"}`, parent: "audits.services", of: ownName, group: "audits", every: queryDays, tail: true,
		job: &job{submit: "/api/v2/audits/query", id: "id", status: "/api/v2/audits/query/{job}",
			state: "state", done: "Succeeded", failed: "Failed Cancelled"},
		permissions: []string{"audits:audit:view"}, about: "Who changed what: the audits of each service, first and last of all that is exported"},
	{name: "quality.audits", path: "/api/v2/quality/conversations/audits/query/{job}/results", style: genesys.Cursor, sizeParam: "pageSize", size: 500,
		body: `{"interval":"{interval}","filters":[]}`, group: "audits", every: queryDays,
		job: &job{submit: "/api/v2/quality/conversations/audits/query", id: "id", status: "/api/v2/quality/conversations/audits/query/{job}",
			state: "state", done: "Succeeded", failed: "Failed Cancelled"},
		permissions: []string{"audits:interactionDetails:view"}, about: "Who listened to, evaluated or changed an interaction"},

	{name: "usage.api", path: "/api/v2/usage/query/{job}/results", array: "results", style: genesys.Unpaged,
		body: `{"interval":"{interval}","granularity":"Day","metrics":["Status200","Status300","Status400","Status500","Status429","Requests"],` +
			`"groupBy":["OAuthClientId","TemplateUri","HttpMethod"]}`, group: "usage", every: queryDays,
		job: &job{submit: "/api/v2/usage/query", id: "executionId", status: "/api/v2/usage/query/{job}/results",
			state: "queryStatus", done: "Complete", failed: "Failed"},
		permissions: []string{"usage:organization:view"}, about: "Requests to the API by client, path and day"},
	{name: "usage.platforms", path: "/api/v2/usage/aggregates/query/jobs/{job}", style: genesys.NextURI, size: 1000,
		body: `{"interval":"{closed}","granularity":"Day"}`, group: "usage", every: queryDays, keeps: 364,
		job: &job{submit: "/api/v2/usage/aggregates/query/jobs", id: "id", status: "/api/v2/usage/aggregates/query/jobs/{job}",
			state: "queryStatus", done: "Succeeded", failed: "Failed Cancelled"},
		permissions: []string{"usage:organization:view"}, about: "Requests to the API by platform, as far back as a year"},
	{name: "usage.events", path: "/api/v2/usage/events/query", style: genesys.NextURI, size: 200,
		body: `{"interval":"{interval}"}`, group: "usage", every: queryDays, sparse: true,
		permissions: []string{"usage:events:view"}, about: "Operational events, as far back as the platform keeps them"},
	{name: "usage.billing", path: "/api/v2/billing/reports/billableusage", style: genesys.Single,
		query: "startDate={from}&endDate={to}", group: "usage", every: queryDays, sparse: true,
		job:         &job{status: "/api/v2/billing/reports/billableusage", state: "status", done: "Complete"},
		permissions: []string{"billing:subscription:view"}, about: "Billable usage"},

	{name: "architect.flows.exports", path: "/api/v2/flows/export/jobs/{job}", style: genesys.Single, query: "expand=messages",
		body: `{"flows":[{"flow":{"id":"{id}"},"exportType":"Yaml"}]}`, parent: "architect.flows",
		job: &job{submit: "/api/v2/flows/export/jobs", id: "id", status: "/api/v2/flows/export/jobs/{job}",
			state: "status", done: "Success", failed: "Failure"},
		file:        &reference{must: true, urls: []string{"downloadUrl"}, kind: "application/yaml"},
		permissions: []string{"architect:jobExport:create", "architect:jobExport:view"}, about: "Each flow as YAML, for Archy"},
	{name: "outbound.contactlists.contacts", path: "/api/v2/outbound/contactlists/{contactListId}/export", style: genesys.Single, parent: "outbound.contactlists",
		job: &job{submit: "/api/v2/outbound/contactlists/{contactListId}/export", status: "/api/v2/outbound/contactlists/{contactListId}/export",
			fresh: "exportTimestamp"},
		file:        &reference{must: true, urls: []string{"uri"}, kind: "text/csv"},
		permissions: []string{"outbound:contact:view", "outbound:contactList:view"}, about: "The contacts of each contact list, as CSV"},
	{name: "outbound.dnclists.numbers", path: "/api/v2/outbound/dnclists/{dncListId}/export", style: genesys.Single, parent: "outbound.dnclists", of: keptHere,
		job: &job{submit: "/api/v2/outbound/dnclists/{dncListId}/export", status: "/api/v2/outbound/dnclists/{dncListId}/export",
			fresh: "exportTimestamp"},
		file:        &reference{must: true, urls: []string{"uri"}, kind: "text/csv"},
		permissions: []string{"outbound:dnc:view", "outbound:dncList:view"}, about: "The numbers of each do-not-call list, as CSV, but for those that a third party keeps"},
	{name: "knowledge.exports", path: "/api/v2/knowledge/knowledgebases/{knowledgeBaseId}/export/jobs/{job}", style: genesys.Single,
		body: `{"exportFilter":{"versionFilter":"All"},"fileType":"Json","jsonFileVersion":3}`, parent: "knowledge.bases",
		job: &job{submit: "/api/v2/knowledge/knowledgebases/{knowledgeBaseId}/export/jobs", id: "id",
			status: "/api/v2/knowledge/knowledgebases/{knowledgeBaseId}/export/jobs/{job}",
			state:  "status", done: "Completed", partly: "PartialCompleted", failed: "Failed Aborted ValidationFailed"},
		file:        &reference{must: true, urls: []string{"downloadURL"}, kind: "application/json"},
		permissions: []string{"knowledge:exportJob:add", "knowledge:exportJob:view"}, about: "Each knowledge base whole, for import elsewhere"},
	{name: "scripts.exports", path: "/api/v2/scripts/{scriptId}/export", style: genesys.Single, body: "{}", parent: "scripts",
		file:        &reference{must: true, urls: []string{"url"}},
		permissions: []string{"scripter:script:view"}, about: "Each script as a file, for import elsewhere"},
}

// keptHere are do-not-call lists whose numbers the platform has: those of others
// are with them, and are refused with 501 (API definition).
func keptHere(raw json.RawMessage) []string {
	switch text(raw, "dncSourceType") {
	case "dnc.com", "gryphon":
		return nil
	}
	return ownID(raw)
}

func ownName(raw json.RawMessage) []string { return []string{text(raw, "name")} }

// messageIDs are those that a message conversation names.
func messageIDs(raw json.RawMessage) (ids []string) {
	var record any
	if json.Unmarshal(raw, &record) != nil {
		return nil
	}
	for _, id := range places(record, "participants/messages/messages/messageId") {
		if id, ok := id.(string); ok {
			ids = append(ids, id)
		}
	}
	return ids
}
