package dataset

import (
	"encoding/json"
	"strings"

	"exitplan/exporter"
	"exitplan/internal/genesys"
)

// aggregate is one family of the platform's aggregates: all its metrics, by the
// dimensions that reports usually have. A test holds both against the API
// definition.
type aggregate struct {
	of, permission, groupBy, metrics, about string
	// sdk: the definition names no metrics; these are those of the public Java
	// SDK (MyPureCloud/platform-client-sdk-java, build/docs).
	sdk bool
}

const granularityPlace = "{granularity}"

// listing asks for one UTC day, which is cut where the platform finds it too large.
func (a aggregate) listing() listing {
	body, _ := json.Marshal(map[string]any{ // text cannot fail
		"interval": "{interval}", "granularity": granularityPlace,
		"groupBy": strings.Fields(a.groupBy), "metrics": strings.Fields(a.metrics),
	})
	return listing{
		name: "analytics." + a.of + ".aggregates", path: "/api/v2/analytics/" + a.of + "/aggregates/query",
		style: genesys.Unpaged, array: "results", body: string(body), class: exporter.Metrics, group: analyticsGroup, every: 1,
		permissions: []string{a.permission}, about: "Metrics of " + a.about + ", by " + strings.Join(strings.Fields(a.groupBy), ", "),
	}
}

// GroupBy are the dimensions of a dataset of aggregates; nil for any other.
func GroupBy(name string) []string {
	for _, a := range aggregates {
		if a.listing().name == name {
			return strings.Fields(a.groupBy)
		}
	}
	return nil
}

// Metrics are stamped when they were emitted, so that days do not overlap.
var aggregates = []aggregate{
	{of: "conversations", permission: "analytics:conversationAggregate:view", groupBy: "direction mediaType queueId userId wrapUpCode",
		about: "conversations",
		metrics: "nBlindTransferred nBotInteractions nCobrowseSessions nConnected nConsult nConsultTransferred nError nOffered " +
			"nOutbound nOutboundAbandoned nOutboundAttempted nOutboundConnected nOverSla nStateTransitionError nTransferred " +
			"oAudioMessageCount oExternalAudioMessageCount oExternalMediaCount oMediaCount oMessageCount " +
			"oMessageSegmentCount oMessageTurn oServiceLevel oServiceTarget tAbandon tAcd tActiveCallback " +
			"tActiveCallbackComplete tAcw tAgentResponseTime tAgentVideoConnected tAlert tAnswered " +
			"tAverageAgentResponseTime tAverageCustomerResponseTime tBarging tCoaching tCoachingComplete tConnected " +
			"tContacting tDialing tFirstConnect tFirstDial tFirstEngagement tFirstResponse tFlowOut tHandle tHeld " +
			"tHeldComplete tIvr tMonitoring tMonitoringComplete tNotResponding tPark tParkComplete tShortAbandon tTalk " +
			"tTalkComplete tUserResponseTime tVoicemail tWait"},
	{of: "users", permission: "analytics:userAggregate:view", groupBy: "userId",
		about:   "the states of users",
		metrics: "tAgentRoutingStatus tOrganizationPresence tSystemPresence"},
	{of: "flows", permission: "analytics:flowAggregate:view", groupBy: "flowId flowMilestoneId flowOutcomeId flowType mediaType",
		about: "flows",
		metrics: "nFlow nFlowMilestone nFlowOutcome nFlowOutcomeFailed oFlowMilestone tFlow tFlowDisconnect tFlowExit " +
			"tFlowOutcome"},
	{of: "flowexecutions", permission: "analytics:flowExecutionAggregate:view", groupBy: "divisionId flowId flowVersion",
		about:   "executions of flows",
		metrics: "nFlowExecutions"},
	{of: "evaluations", permission: "analytics:evaluationAggregate:view", groupBy: "evaluatorId formId mediaType queueId userId",
		about:   "evaluations",
		metrics: "nEvaluations nEvaluationsDeleted nEvaluationsRescored oTotalCriticalScore oTotalScore"},
	{of: "surveys", permission: "analytics:surveyAggregate:view", groupBy: "mediaType queueId surveyFormId surveyStatus userId",
		about: "surveys",
		metrics: "nSurveyErrors nSurveyFullResponses nSurveyNpsDetractors nSurveyNpsPromoters nSurveyNpsResponses " +
			"nSurveyPartialResponses nSurveyQuestionGroupResponses nSurveyQuestionResponses nSurveyResponses " +
			"nSurveysAbandoned nSurveysDeleted nSurveysExpired nSurveysSent nSurveysStarted nVoiceSurveys nWebSurveys " +
			"oSurveyQuestionGroupScore oSurveyQuestionScore oSurveyTotalScore"},
	{of: "transcripts", permission: "analytics:speechAndTextAnalyticsAggregates:view", groupBy: "categoryId mediaType queueId topicId userId",
		about: "transcripts: sentiment, topics, silence",
		metrics: "nSpeechTextAnalyzedConversations nTopicCommunications oCustomerSentiment oOverTalkSpeechInstances " +
			"oSentimentScore tAgentSpeech tCustomerSpeech tOtherAudio tOverTalkSpeech tSilence tTotalSpeechAndSilence"},
	{of: "journeys", permission: "analytics:journeyAggregate:view", groupBy: "journeyActionMapId journeyOutcomeId journeySegmentId journeySessionType",
		about: "journeys of web visitors",
		metrics: "nDistinctJourneyActions nDistinctJourneySessions nJourneyActionsBlocked nJourneyOutcomesAchieved " +
			"nJourneyOutcomesAttributed nJourneySegmentsAssigned nJourneySessions nWebActionsAbandoned nWebActionsAccepted " +
			"nWebActionsEngaged nWebActionsErrored nWebActionsFrequencyCapReached nWebActionsIgnored nWebActionsOffered " +
			"nWebActionsOfferedOutsideSchedule nWebActionsQualified nWebActionsQualifiedOutsideSchedule nWebActionsRejected " +
			"nWebActionsStarted nWebActionsTimedout oJourneyOutcomeTouchpointValue oJourneyOutcomeValue"},
	{of: "bots", permission: "analytics:botAggregate:view", groupBy: "botId botIntent botResult mediaType",
		about: "bots",
		metrics: "nBotSessionTurns nBotSessions oBotIntent oBotSessionCollection oBotSessionCollectionSelfServed " +
			"oBotSessionQuery oBotSessionQuerySelfServed oBotSessionTurn oBotSlot tBotDisconnect tBotExit " +
			"tBotRecognitionFailure tBotSession"},
	{of: "knowledge", permission: "analytics:knowledgeAggregate:view", groupBy: "knowledgeBaseId queryType queueId userId",
		about: "the use of knowledge bases",
		metrics: "nDistinctKnowledgeSessions nKnowledgeDocumentCopied nKnowledgeDocumentFeedback nKnowledgeDocumentPresented " +
			"nKnowledgeDocumentSurfaced nKnowledgeDocumentViewed nKnowledgeSearch nKnowledgeSearchAnswered " +
			"nKnowledgeSearchFeedback nKnowledgeSearchUnanswered nKnowledgeSessions oKnowledgeDocumentQuery " +
			"oKnowledgeDocumentQuerySelfServed oKnowledgeSearch"},
	{of: "taskmanagement", permission: "analytics:taskManagementAggregate:view", groupBy: "queueId statusId typeId userId workbinId",
		about: "work items",
		metrics: "nWorkitemsAcdCancelled nWorkitemsAcdExpired nWorkitemsAcdStarted nWorkitemsAgentTransferred nWorkitemsCreated " +
			"nWorkitemsDeclined nWorkitemsDeleted nWorkitemsDisconnected nWorkitemsOffered nWorkitemsOverSla " +
			"nWorkitemsPurged nWorkitemsQueueTransferred nWorkitemsStatusChanged nWorkitemsTerminated nWorkitemsTimedout " +
			"nWorkitemsTransferred nWorkitemsWrapupAdded nWorkitemsWrapupRemoved oWorkitemsServiceLevel " +
			"tWorkitemsAgentFocusComplete tWorkitemsAlert tWorkitemsAnswered tWorkitemsDirectAnswered tWorkitemsFocus " +
			"tWorkitemsFocusComplete tWorkitemsHandled tWorkitemsHeld tWorkitemsHeldComplete tWorkitemsNotResponding " +
			"tWorkitemsParked tWorkitemsQueueAnswered tWorkitemsStatus"},
	{of: "resolutions", permission: "analytics:resolutionAggregate:view", groupBy: "mediaType queueId userId",
		about:   "resolutions",
		metrics: "nNextContactAvoided"},
	{of: "actions", permission: "integrations:action:view", groupBy: "actionId errorType integrationId responseStatus",
		about:   "data actions",
		metrics: "tTotalExecution"},
	{of: "agentcopilots", permission: "analytics:agentCopilotAggregate:view", groupBy: "agentAssistantId mediaType queueId suggestionType userId",
		about: "what copilots of agents suggested",
		metrics: "nCannedResponseSuggestions nDistinctSuggestions nKnowledgeArticleSuggestions nKnowledgeSearchSuggestions " +
			"nScriptSuggestions"},
	{of: "summaries", permission: "analytics:summaryAggregate:view", groupBy: "mediaType queueId triggerSourceType userId",
		about:   "summaries of conversations",
		metrics: "nConversationSummaries nConversationSummaryEngagements tConversationSummary"},
	{of: "copilots", permission: "analytics:copilotsAggregate:view", groupBy: "agentId toolType userId",
		about: "copilots", sdk: true,
		metrics: "nCopilotMessages nCopilotSessions nCopilotToolInvocations nCopilotUsers"},
	{of: "casemanagement", permission: "analytics:caseManagementAggregate:view", groupBy: "caseplanId ownerId stageId status",
		about: "cases", sdk: true,
		metrics: "nCaseAssociationsCreated nCasesDeleted nCasesOpened nCasesOverSla nCasesPurged nCasesStatusChanged " +
			"nCasesTerminated oCasesServiceLevel tCasesResolved tCasesStatus"},
	{of: "agentutilizations", permission: "analytics:agentUtilizationAggregate:view", groupBy: "mediaType userId",
		about: "the utilization of agents", sdk: true,
		metrics: "oAgentAvailableUtilization oAgentMaxUtilization oAgentUtilizationPercentage"},
	{of: "ratelimits", permission: "analytics:rateLimitAggregate:view", groupBy: "limitName namespace userId",
		about:   "the limits of the API that were reached",
		metrics: "oRateLimitRecorded"},
}
