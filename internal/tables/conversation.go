package tables

import "slices"

// The records of the API that are tables, by their names in its definition; a
// test holds each against that. What people look for first stands first.

// AnalyticsConversation
var conversation = slices.Concat(
	of(text, "conversationId"),
	of(instant, "conversationStart", "conversationEnd"),
	of(text, "originatingDirection", "conversationInitiator", "externalTag", "associatedConversationId"),
	of(flag, "customerParticipation", "selfServed", "originatingSocialMediaPublic"),
	of(instant, "conferenceStart", "inactivityTimeout"),
	of(number, "mediaStatsMinConversationMos", "mediaStatsMinConversationRFactor"),
	of(texts, "divisionIds", "knowledgeBaseIds", "accessAttributes", "consultationConversationIds"),
	many("evaluations", evaluation),
	many("surveys", survey),
	many("resolutions", resolution),
	many("participants", participant),
)

// AnalyticsParticipant
var participant = slices.Concat(
	of(text, "participantId", "purpose", "participantName", "userId", "teamId",
		"externalContactId", "externalOrganizationId", "flaggedReason"),
	of(flag, "screenRecording"),
	of(raw, "attributes"),
	many("sessions", session),
)

// AnalyticsSession
var session = slices.Concat(
	of(text, "sessionId", "mediaType", "direction", "provider", "ani", "dnis", "sessionDnis"),
	of(flag, "recording", "snippetRecording"),
	of(text, "addressFrom", "addressTo", "addressSelf", "addressOther", "remote", "remoteNameDisplayable",
		"messageType", "protocolCallId", "peerId", "edgeId", "flowInType", "flowOutType", "scriptId",
		"outboundCampaignId", "outboundContactId", "outboundContactListId",
		"dispositionAnalyzer", "dispositionName", "deliveryStatus", "extendedDeliveryStatus",
		"agentAssistantId", "assignerId", "selectedAgentId", "skillExpressionId",
		"bargedParticipantId", "coachedParticipantId", "monitoredParticipantId", "screenMonitoredUserId",
		"callbackUserName", "cobrowseRole", "cobrowseRoomId", "engagementSource",
		"journeyActionId", "journeyActionMapId", "journeyCustomerId", "journeyCustomerIdType",
		"journeyCustomerSessionId", "journeyCustomerSessionIdType",
		"mediaBridgeId", "roomId", "routingRule", "routingRuleType", "usedRouting",
		"screenShareAddressSelf", "screenShareRoomId", "videoAddressSelf", "videoRoomId"),
	of(flag, "acwSkipped", "agentOwned", "authenticated", "cleared", "deliveryPushed", "sharingScreen", "skipEnabled"),
	of(whole, "agentBullseyeRing", "journeyActionMapVersion", "mediaCount", "routingRing", "selectedAgentRank", "timeoutSeconds"),
	of(instant, "callbackScheduledTime", "deliveryStatusChangeDate", "detectedSpeechStart", "detectedSpeechEnd"),
	of(texts, "activeSkillIds", "removedSkillIds", "requestedRoutings", "callbackNumbers", "destinationAddresses", "cc", "bcc"),
	of(wholes, "eligibleAgentCounts", "waitingInteractionCounts"),
	many("agentGroups", slices.Concat(of(text, "agentGroupId", "agentGroupType"))),
	many("proposedAgents", slices.Concat(of(text, "proposedAgentId"), of(whole, "agentRank"))),
	many("mediaEndpointStats", mediaEndpointStat),
	one("flow", flow),
	many("metrics", slices.Concat(of(text, "name"), of(whole, "value"), of(instant, "emitDate"))),
	many("segments", segment),
)

// AnalyticsConversationSegment
var segment = slices.Concat(
	of(text, "segmentType"),
	of(instant, "segmentStart", "segmentEnd"),
	of(text, "queueId", "groupId", "wrapUpCode", "wrapUpNote", "disconnectType", "errorCode", "subject", "requestedLanguageId",
		"sourceConversationId", "sourceSessionId", "destinationConversationId", "destinationSessionId"),
	of(flag, "conference", "audioMuted", "videoMuted"),
	of(texts, "wrapUpTags", "requestedRoutingSkillIds", "requestedRoutingUserIds"),
	of(wholes, "q850ResponseCodes", "sipResponseCodes"),
	many("scoredAgents", slices.Concat(of(text, "scoredAgentId"), of(whole, "agentScore"))),
	many("properties", of(text, "property", "propertyType", "value")),
)

// AnalyticsEvaluation
var evaluation = slices.Concat(
	of(text, "evaluationId", "evaluationStatus", "evaluatorId", "userId", "queueId", "formId", "formName", "contextId", "assigneeId", "calibrationId"),
	of(instant, "eventTime"),
	of(flag, "assigneeApplicable", "deleted", "released", "rescored", "systemSubmitted"),
	of(whole, "oTotalScore", "oTotalCriticalScore"),
)

// AnalyticsSurvey
var survey = slices.Concat(
	of(text, "surveyId", "surveyStatus", "surveyType", "surveyFormId", "surveyFormName", "surveyFormContextId", "queueId", "userId"),
	of(instant, "eventTime", "surveyCompletedDate"),
	of(flag, "surveyPartialResponse"),
	of(whole, "oSurveyTotalScore", "surveyPromoterScore"),
)

// AnalyticsResolution
var resolution = slices.Concat(
	of(text, "queueId", "userId"),
	of(instant, "eventTime"),
	of(whole, "nNextContactAvoided"),
)

// AnalyticsMediaEndpointStat
var mediaEndpointStat = slices.Concat(
	of(instant, "eventTime"),
	of(texts, "codecs"),
	of(number, "minMos", "minRFactor"),
	of(whole, "maxLatencyMs", "receivedPackets", "discardedPackets", "duplicatePackets", "invalidPackets", "overrunPackets", "underrunPackets"),
)

// AnalyticsFlow
var flow = slices.Concat(
	of(text, "flowId", "flowName", "flowType", "flowVersion", "entryType", "entryReason", "exitReason",
		"transferType", "transferTargetName", "transferTargetAddress",
		"startingLanguage", "endingLanguage", "recognitionFailureReason"),
	of(flag, "issuedCallback"),
	many("outcomes", slices.Concat(
		of(text, "flowOutcomeId", "flowOutcome", "flowOutcomeValue"),
		of(instant, "flowOutcomeStartTimestamp", "flowOutcomeEndTimestamp"),
	)),
)

// RecordingMetadata
var recordingMetadata = slices.Concat(
	of(text, "id", "conversationId", "sessionId", "media", "mediaSubtype", "mediaSubject", "fileState", "name", "path",
		"startTime", "endTime", "archiveMedium", "region", "selfUri"),
	of(instant, "archiveDate", "deleteDate", "exportDate", "exportedDate", "restoreExpirationTime"),
	of(whole, "maxAllowedRestorationsForOrg", "remainingRestorationsAllowedForOrg"),
	of(raw, "annotations"),
)
