package dataset

// Feature is an entry of the platform's public list of data retention and export
// by feature, and where its data is to be found.
type Feature struct {
	Name     string
	Datasets []string // of the catalogue, what cannot be had too
}

// Features are those of the list as far as it could be read
// (help.mypurecloud.com/articles/data-retention-periods-by-feature up to
// customer audit data, and the shorter list that came before it up to
// transcripts), then what an organization has besides.
var Features = []Feature{
	{"Agent evaluation data", []string{"quality.evaluations", "quality.evaluations.search", "quality.evaluations.evaluators", "analytics.evaluations.aggregates"}},
	{"Agent performance data", []string{"analytics.users.details", "analytics.users.aggregates", "analytics.agentutilizations.aggregates"}},
	{"AppFoundry data", []string{"appfoundry"}},
	{"Call flows", []string{"architect.flows.exports", "architect.flows.configuration", "architect.flows.versions"}},
	{"Collaborate chat", []string{"collaborate.chat"}},
	{"Configuration objects", []string{"routing.queues", "directory.users", "authorization.roles", "architect.schedules", "integrations.config"}},
	{"Contact lists", []string{"outbound.contactlists", "outbound.contactlists.contacts"}},
	{"Contacts: curated contacts", []string{"externalcontacts.contacts", "externalcontacts.organizations"}},
	{"Contacts: ephemeral contacts", []string{"externalcontacts.contacts"}},
	{"Conversation data", []string{DetailsName, "analytics.conversations.aggregates"}},
	{"Customer audit data", []string{"audits", "quality.audits"}},
	{"Documents", []string{"contentmanagement.documents", "contentmanagement.documents.content"}},
	{"Recordings", []string{RecordingsName, "recordings.orphans.media"}},
	{"Screen recordings", []string{RecordingsName}},
	{"SIP diagnostics", []string{"telephony.sippcap"}},
	{"Transcripts", []string{"interactions.transcripts"}},
	{"Canned responses", []string{"responses.responses", "responses.assets"}},
	{"Data tables", []string{"architect.datatables", "architect.datatables.rows"}},
	{"Do-not-call lists", []string{"outbound.dnclists", "outbound.dnclists.numbers"}},
	{"E-mail content", []string{"interactions.emails.messages"}},
	{"Journeys of web visitors", []string{"analytics.journeys.aggregates"}},
	{"Knowledge bases", []string{"knowledge.exports", "knowledge.documents.variations"}},
	{"Message content", []string{"interactions.messages"}},
	{"Platform and troubleshooting logs", []string{"platform.logs"}},
	{"Prompts", []string{"architect.prompts.resources"}},
	{"Scripts", []string{"scripts.exports", "scripts.whole"}},
	{"Speech and text analytics", []string{"interactions.analytics", "interactions.categories", "interactions.sentiments", "analytics.transcripts.aggregates"}},
	{"Surveys", []string{"quality.surveys", "analytics.surveys.aggregates"}},
	{"Usage", []string{"usage.api", "usage.platforms", "usage.events", "usage.billing"}},
	{"Voicemail", []string{"voicemail.queues.media", "voicemail.groups.media", "voicemail.users.media"}},
	{"Work items", []string{"taskmanagement.workitems", "analytics.taskmanagement.aggregates"}},
	{"Workforce management", []string{"workforcemanagement.businessunits", "workforcemanagement.workplans", "workforcemanagement.schedules"}},
}
