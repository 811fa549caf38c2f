package dataset

import (
	"exitplan/exporter"
	"exitplan/internal/genesys"
)

// filed are the datasets whose point is their files.
var filed = []listing{
	{name: "voicemail.queues.media", path: "/api/v2/voicemail/messages/{messageId}/media", style: genesys.Single, query: "formatId=WAV", parent: "voicemail.queues",
		file: &reference{must: true, urls: []string{"mediaFileUri"}}, about: "The sound of the voicemail messages of queues"},
	{name: "voicemail.groups.media", path: "/api/v2/voicemail/messages/{messageId}/media", style: genesys.Single, query: "formatId=WAV", parent: "voicemail.groups",
		file: &reference{must: true, urls: []string{"mediaFileUri"}}, about: "The sound of the voicemail messages of groups"},
	{name: "voicemail.users.media", path: "/api/v2/voicemail/messages/{messageId}/media", style: genesys.Single, query: "formatId=WAV", parent: "voicemail.users",
		file: &reference{must: true, urls: []string{"mediaFileUri"}}, about: "The sound of the voicemail messages of users"},
	{name: "contentmanagement.documents.content", path: "/api/v2/contentmanagement/documents/{documentId}/content", style: genesys.Single, parent: "contentmanagement.documents",
		job: &job{status: "/api/v2/contentmanagement/documents/{documentId}/content"}, file: &reference{must: true, urls: []string{"contentLocationUri"}},
		permissions: []string{"content_management_user"}, about: "The content of documents"},
	{name: "responses.assets", path: "/api/v2/responsemanagement/responseassets/search", style: genesys.BodyNumbered, array: "results", body: `{"query":[]}`,
		file:        &reference{urls: []string{"contentLocation"}, name: "name", kindAt: "contentType", sizeAt: "contentLength"},
		permissions: []string{"responseAssets:asset:view"}, about: "Assets of canned responses: pictures and files"},
	{name: "recordings.orphans", grows: true, path: "/api/v2/orphanrecordings", class: exporter.Recordings, group: "orphans",
		permissions: []string{"recording:orphan:view"}, about: "Recordings that belong to no conversation"},
	{name: "recordings.orphans.media", path: "/api/v2/orphanrecordings/{orphanId}/media", style: genesys.Single, parent: "recordings.orphans", class: exporter.Recordings, group: "orphans",
		job: &job{status: "/api/v2/orphanrecordings/{orphanId}/media"}, file: &reference{must: true, urls: []string{"mediaUris/*/mediaUri"}},
		permissions: []string{"recording:orphan:view"}, about: "Their media"},
	{name: RetentionName, grows: true, expects: retained, path: "/api/v2/recordings/retention/query", style: genesys.NextURI, size: 500, query: "retentionThresholdDays=0", class: exporter.Recordings, group: "orphans",
		permissions: []string{"recording:recording:view"}, about: "Every recording that there is, with the dates of its deletion, archival and export"},
	{name: "quality.evaluations.search", grows: true, path: "/api/v2/quality/evaluations/search", style: genesys.BodyNumbered, array: "results", body: `{}`,
		permissions: []string{"quality:evaluation:searchAny"}, about: "Every evaluation that there is, in short"},
	{name: "quality.evaluations.search.system", grows: true, path: "/api/v2/quality/evaluations/search", style: genesys.BodyNumbered, array: "results", body: `{"systemSubmitted":true}`,
		permissions: []string{"quality:evaluation:searchAny"}, about: "Every evaluation that the system submitted, in short"},
	// By evaluator: what is never released is left out where only an agent is named (genesys-api.md §9).
	{name: "quality.evaluations.evaluators", grows: true, path: "/api/v2/quality/evaluations/query", query: "evaluatorUserId={id}&includeDeletedUsers=true&expandAnswerTotalScores=true", parent: "directory.users",
		permissions: []string{"quality:evaluation:view"}, about: "The evaluations of each evaluator, should the search over all not be had"},
}
