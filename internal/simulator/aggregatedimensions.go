package simulator

// dimensionListings says of which listing's entities a dimension holds ids.
var dimensionListings = map[string]string{
	"userId": "users", "agentId": "users", "assigneeId": "users", "assignerId": "users", "evaluatorId": "users", "ownerId": "users",
	"proposedAgentId": "users", "reporterId": "users", "scoredAgentId": "users", "selectedAgentId": "users", "touchpointAgentId": "users",
	"queueId": "routing/queues", "touchpointQueueId": "routing/queues",
	"wrapUpCode": "routing/wrapupcodes", "touchpointWrapupCode": "routing/wrapupcodes",
	"activeSkillId": "routing/skills", "removedSkillId": "routing/skills", "requestedRoutingSkillId": "routing/skills",
	"requestedLanguageId": "routing/languages", "divisionId": "authorization/divisions", "teamId": "teams", "groupId": "groups",
	"flowId": "flows", "botFlowId": "flows", "botId": "flows", "flowMilestoneId": "flows/milestones", "flowOutcomeId": "flows/outcomes",
	"externalContactId": "externalcontacts/contacts", "externalOrganizationId": "externalcontacts/organizations",
	"outboundCampaignId": "outbound/campaigns", "outboundContactListId": "outbound/contactlists",
	"formId": "quality/forms", "surveyFormId": "quality/forms/surveys", "integrationId": "integrations", "scriptId": "scripts",
	"knowledgeBaseId": "knowledge/knowledgebases", "cannedResponseLibraryId": "responsemanagement/libraries",
	"categoryId": "speechandtextanalytics/categories", "topicId": "speechandtextanalytics/topics",
	"typeId": "taskmanagement/worktypes/query", "workbinId": "taskmanagement/workbins/query", "workitemId": "taskmanagement/workitems/query",
}

const yesNo = "true false"

// dimensionWords says what words a dimension holds. One that is in neither table
// holds ids or numbers, as its name says, and else whatever text.
var dimensionWords = map[string]string{
	"mediaType": "voice chat email message callback", "messageType": "sms whatsapp webmessaging open",
	"direction": "inbound outbound", "originatingDirection": "inbound outbound", "purpose": "agent acd ivr customer",
	"disconnectType": "client peer transfer system", "flowType": "INBOUNDCALL BOT DIGITALBOT COMMONMODULE",
	"requestedRouting": "Standard Predictive Bullseye", "usedRouting": "Standard Predictive Bullseye",
	"surveyStatus": "Sent InProgress Finished Expired", "statusCategory": "Open InProgress Waiting Closed",
	"responseStatus": "200 404 500", "namespace": "platform.api analytics recording", "timeUnit": "MINUTE SECOND",
	"languageCode": "ja-JP en-US fr-CA de-DE", "language": "ja-JP en-US", "toolStatus": "success failure",
	"activeRouting": yesNo, "agentOwned": yesNo, "authenticated": yesNo, "customerParticipation": yesNo, "firstQueue": yesNo,
	"originatingSocialMediaPublic": yesNo, "remote": yesNo, "selfServed": yesNo, "videoPresent": yesNo, "released": yesNo,
	"rescored": yesNo, "systemSubmitted": yesNo, "assigneeApplicable": yesNo, "surveyPartialResponse": yesNo, "previewMode": yesNo,
	"hasComment": yesNo, "hasSearch": yesNo, "hasAnswerHighlight": yesNo, "copied": yesNo, "presented": yesNo, "summaryGenerated": yesNo,
}

// What users can be, as the public definition has it.
var (
	routingStatuses = [...]string{"OFF_QUEUE", "IDLE", "INTERACTING", "NOT_RESPONDING", "COMMUNICATING"}
	systemPresences = [...]string{"AVAILABLE", "AWAY", "BUSY", "OFFLINE", "IDLE", "ON_QUEUE", "MEAL", "TRAINING", "MEETING", "BREAK"}
)
