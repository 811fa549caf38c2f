package dataset

import "exitplan/exporter"

// notExported is what an exit cannot take along, with the reason and what to
// do instead, so that nobody wonders: what the exit plan excludes, and what the
// platform gives no way to export (genesys-api.md §4, §5.5).
var notExported = []exporter.Info{
	{Name: "platform.logs", Class: exporter.Excluded,
		Description: "Platform and troubleshooting logs are no part of the exit plan; audits are what is kept of who did what"},
	{Name: "appfoundry", Class: exporter.Excluded,
		Description: "Data of third-party (AppFoundry) applications is no part of the exit plan; ask each vendor for its export"},
	{Name: "collaborate.chat", Class: exporter.NotHad,
		Description: "The platform has no export of an organization's collaborate chat; a GDPR request for a user gives that one's messages, and takes days"},
	{Name: "analytics.queues.observations", Class: exporter.NotHad,
		Description: "Observations are the state of queues at this moment and are kept nowhere; aggregates have their history"},
	{Name: "analytics.users.observations", Class: exporter.NotHad,
		Description: "Observations are the state of users at this moment and are kept nowhere; users details have their history"},
	{Name: "analytics.flows.observations", Class: exporter.NotHad,
		Description: "Observations are the state of flows at this moment and are kept nowhere; flow aggregates have their history"},
	{Name: "oauth.clients.secrets", Class: exporter.NotHad,
		Description: "The platform never shows the secret of an OAuth client again; new clients are made at the new place"},
	{Name: "recording.keys.material", Class: exporter.NotHad,
		Description: "Key material never leaves the platform; recordings are exported decrypted, before keys are torn down"},
	{Name: "telephony.sippcap", Class: exporter.NotHad,
		Description: "Captures of SIP traffic are kept for 21 days for troubleshooting, and are no customer record"},
	{Name: "fax.documents", Class: exporter.NotHad,
		Description: "Faxes belong to single users, and the API shows them to that user alone; each can download them before the end"},
	{Name: "userrecordings", Class: exporter.NotHad,
		Description: "Ad-hoc recordings belong to single users, and the API shows them to that user alone; each can download them before the end"},
	{Name: "workforcemanagement.schedules", Class: exporter.NotHad,
		Description: "exitplan does not read schedules, forecasts and time-off requests, whose calls the public definition at hand leaves out; export them from the workforce management views"},
	{Name: "directory.greetings.media", Class: exporter.NotHad,
		Description: "The public definition at hand has no call for the sound of greetings; record them anew, or download them in the client"},
}
