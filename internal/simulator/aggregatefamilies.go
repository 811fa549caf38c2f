package simulator

import "strings"

// family is one kind of aggregates: what its values can be grouped by, and its
// metrics.
type family struct {
	name                       string
	needs, dimensions, metrics []string
	number                     uint64 // tells its values from others'
}

// families in the table's order.
var families = func() (all []*family) {
	for i, f := range familyTable {
		all = append(all, &family{f.name, strings.Fields(f.needs), strings.Fields(f.dimensions), strings.Fields(f.metrics), uint64(i)})
	}
	return all
}()

// familyTable lists the families of aggregates in an order that must not change,
// for their values hang on it. What values can be grouped by, and the metrics, are
// the definition's, see TestFamiliesAreAsDefined; where it names none, they are the
// public Java SDK's (MyPureCloud/platform-client-sdk-java, build/docs).
var familyTable = []struct{ name, needs, dimensions, metrics string }{
	{
		name: "conversations", needs: "analytics:conversationAggregate:view",
		dimensions: "activeRouting activeSkillId addressFrom addressTo agentAssistantId agentBullseyeRing agentOwned agentRank agentScore ani assignerId " +
			"authenticated conversationId conversationInitiator convertedFrom convertedTo customerParticipation deliveryStatus destinationAddress " +
			"direction disconnectType divisionId dnis edgeId eligibleAgentCount errorCode extendedDeliveryStatus externalContactId externalMediaCount " +
			"externalOrganizationId externalTag firstQueue flaggedReason flowInType flowOutType groupId interactionType journeyActionId " +
			"journeyActionMapId journeyActionMapVersion journeyCustomerId journeyCustomerIdType journeyCustomerSessionId journeyCustomerSessionIdType " +
			"knowledgeBaseId mediaCount mediaType messageType originatingDirection originatingSocialMediaPublic outboundCampaignId outboundContactId " +
			"outboundContactListId participantName peerId proposedAgentId provider purpose queueId remote removedSkillId requestedLanguageId " +
			"requestedRouting requestedRoutingSkillId roomId routingPriority routingRing routingRule routingRuleType scoredAgentId selectedAgentId " +
			"selectedAgentRank selfServed sessionDnis sessionId stationId teamId usedRouting userId videoPresent waitingInteractionCount wrapUpCode",
		metrics: "nBlindTransferred nBotInteractions nCobrowseSessions nConnected nConsult nConsultTransferred nError nOffered nOutbound nOutboundAbandoned " +
			"nOutboundAttempted nOutboundConnected nOverSla nStateTransitionError nTransferred oAudioMessageCount oExternalAudioMessageCount " +
			"oExternalMediaCount oMediaCount oMessageCount oMessageSegmentCount oMessageTurn oServiceLevel oServiceTarget tAbandon tAcd tActiveCallback " +
			"tActiveCallbackComplete tAcw tAgentResponseTime tAgentVideoConnected tAlert tAnswered tAverageAgentResponseTime " +
			"tAverageCustomerResponseTime tBarging tCoaching tCoachingComplete tConnected tContacting tDialing tFirstConnect tFirstDial " +
			"tFirstEngagement tFirstResponse tFlowOut tHandle tHeld tHeldComplete tIvr tMonitoring tMonitoringComplete tNotResponding tPark " +
			"tParkComplete tShortAbandon tTalk tTalkComplete tUserResponseTime tVoicemail tWait",
	},
	{
		name: "users", needs: "analytics:userAggregate:view",
		dimensions: "userId",
		metrics:    "tAgentRoutingStatus tOrganizationPresence tSystemPresence",
	},
	{
		name: "flows", needs: "analytics:flowAggregate:view",
		dimensions: "activeRouting activeSkillId addressFrom addressTo agentAssistantId agentBullseyeRing agentOwned agentRank agentScore ani assignerId " +
			"authenticated conversationId conversationInitiator convertedFrom convertedTo customerParticipation deliveryStatus destinationAddress " +
			"direction disconnectType divisionId dnis edgeId eligibleAgentCount endingLanguage entryReason entryType errorCode exitReason " +
			"extendedDeliveryStatus externalContactId externalMediaCount externalOrganizationId externalTag firstQueue flaggedReason flowId flowInType " +
			"flowMilestoneId flowName flowOutType flowOutcome flowOutcomeId flowOutcomeValue flowSubType flowType flowVersion groupId interactionType " +
			"journeyActionId journeyActionMapId journeyActionMapVersion journeyCustomerId journeyCustomerIdType journeyCustomerSessionId " +
			"journeyCustomerSessionIdType knowledgeBaseId mediaCount mediaType messageType originatingDirection outboundCampaignId outboundContactId " +
			"outboundContactListId participantName peerId proposedAgentId provider purpose queueId recognitionFailureReason remote removedSkillId " +
			"requestedLanguageId requestedRouting requestedRoutingSkillId roomId routingPriority routingRing routingRule routingRuleType scoredAgentId " +
			"selectedAgentId selectedAgentRank selfServed sessionDnis sessionId startingLanguage stationId teamId transferTargetAddress " +
			"transferTargetName transferType usedRouting userId videoPresent waitingInteractionCount wrapUpCode",
		metrics: "nFlow nFlowMilestone nFlowOutcome nFlowOutcomeFailed oFlowMilestone tFlow tFlowDisconnect tFlowExit tFlowOutcome",
	},
	{
		name: "flowexecutions", needs: "analytics:flowExecutionAggregate:view",
		dimensions: "divisionId flowId flowObjectId flowVersion",
		metrics:    "nFlowExecutions",
	},
	{
		name: "evaluations", needs: "analytics:evaluationAggregate:view",
		dimensions: "assigneeApplicable assigneeId calibrationId contextId conversationId divisionId evaluationContextId evaluationId evaluatorId formId " +
			"mediaType queueId released rescored systemSubmitted teamId userId",
		metrics: "nEvaluations nEvaluationsDeleted nEvaluationsRescored oTotalCriticalScore oTotalScore",
	},
	{
		name: "surveys", needs: "analytics:surveyAggregate:view",
		dimensions: "conversationId divisionId externalContactId mediaType queueId requestedLanguageId requestedRoutingSkillId surveyAnswerId surveyErrorReason " +
			"surveyFormContextId surveyFormId surveyFormName surveyId surveyPartialResponse surveyPreviousStatus surveyPromoterScore " +
			"surveyQuestionGroupId surveyQuestionId surveyStatus surveyType teamId userId wrapUpCode",
		metrics: "nSurveyErrors nSurveyFullResponses nSurveyNpsDetractors nSurveyNpsPromoters nSurveyNpsResponses nSurveyPartialResponses " +
			"nSurveyQuestionGroupResponses nSurveyQuestionResponses nSurveyResponses nSurveysAbandoned nSurveysDeleted nSurveysExpired nSurveysSent " +
			"nSurveysStarted nVoiceSurveys nWebSurveys oSurveyQuestionGroupScore oSurveyQuestionScore oSurveyTotalScore",
	},
	{
		name: "transcripts", needs: "analytics:speechAndTextAnalyticsAggregates:view",
		dimensions: "addressFrom addressTo ani categoryId channel conversationId direction divisionId dnis flowId flowVersion mediaType messageType queueId " +
			"teamId topicId userId wrapUpCode",
		metrics: "nSpeechTextAnalyzedConversations nTopicCommunications oCustomerSentiment oOverTalkSpeechInstances oSentimentScore tAgentSpeech " +
			"tCustomerSpeech tOtherAudio tOverTalkSpeech tSilence tTotalSpeechAndSilence",
	},
	{
		name: "journeys", needs: "analytics:journeyAggregate:view",
		dimensions: "containsAllCondition containsAnyCondition endsWithCondition equalCondition journeyActionId journeyActionMapId journeyActionMapVersion " +
			"journeyActionMediaType journeyActionTargetId journeyActionTemplateId journeyBlockingActionMapId journeyBlockingEmergencyScheduleGroupId " +
			"journeyBlockingReason journeyBlockingScheduleGroupId journeyDeviceCategory journeyDeviceType journeyFrequencyCapReason " +
			"journeyIpGeolocationCountry journeyOutcomeId journeySegmentAssignmentState journeySegmentId journeySessionId journeySessionSegmentId " +
			"journeySessionType notContainsAllCondition notContainsAnyCondition notEqualCondition startsWithCondition touchpointActionMapId " +
			"touchpointAgentId touchpointAttributionScope touchpointChannelMessageType touchpointChannelPlatform touchpointChannelType " +
			"touchpointConversationId touchpointInteractionType touchpointQueueId touchpointRequestedRouting touchpointUsedRouting touchpointWrapupCode",
		metrics: "nDistinctJourneyActions nDistinctJourneySessions nJourneyActionsBlocked nJourneyOutcomesAchieved nJourneyOutcomesAttributed " +
			"nJourneySegmentsAssigned nJourneySessions nWebActionsAbandoned nWebActionsAccepted nWebActionsEngaged nWebActionsErrored " +
			"nWebActionsFrequencyCapReached nWebActionsIgnored nWebActionsOffered nWebActionsOfferedOutsideSchedule nWebActionsQualified " +
			"nWebActionsQualifiedOutsideSchedule nWebActionsRejected nWebActionsStarted nWebActionsTimedout oJourneyOutcomeTouchpointValue " +
			"oJourneyOutcomeValue",
	},
	{
		name: "bots", needs: "analytics:botAggregate:view",
		dimensions: "askActionId askActionResult askActionType botFinalIntent botFlowSubType botFlowType botId botIntent botName botProduct botProvider " +
			"botRecognitionFailureReason botResult botSessionId botSlot botSlotMechanism botVersion conversationId externalContactId " +
			"intermediateIntentName knowledgeBaseId languageCode lastActionId lastInputActionId mediaType messageType previewMode selfServed",
		metrics: "nBotSessionTurns nBotSessions oBotIntent oBotSessionCollection oBotSessionCollectionSelfServed oBotSessionQuery oBotSessionQuerySelfServed " +
			"oBotSessionTurn oBotSlot tBotDisconnect tBotExit tBotRecognitionFailure tBotSession",
	},
	{
		name: "knowledge", needs: "analytics:knowledgeAggregate:view",
		dimensions: "agentAssistantId appDeploymentId appType botFlowId conversationChannelType conversationId documentEngagementType externalContactId " +
			"feedbackCategory feedbackId feedbackRating feedbackRatingType feedbackRatingValue feedbackReason feedbackType hasComment hasSearch " +
			"knowledgeBaseDocumentId knowledgeBaseDocumentVariationId knowledgeBaseDocumentVersionId knowledgeBaseId languageCode mediaType messageType " +
			"presentedDocumentsCount queryType queueId searchId searchQuery selfServed sessionId surfacingMethod userId",
		metrics: "nDistinctKnowledgeSessions nKnowledgeDocumentCopied nKnowledgeDocumentFeedback nKnowledgeDocumentPresented nKnowledgeDocumentSurfaced " +
			"nKnowledgeDocumentViewed nKnowledgeSearch nKnowledgeSearchAnswered nKnowledgeSearchFeedback nKnowledgeSearchUnanswered nKnowledgeSessions " +
			"oKnowledgeDocumentQuery oKnowledgeDocumentQuerySelfServed oKnowledgeSearch",
	},
	{
		name: "taskmanagement", needs: "analytics:taskManagementAggregate:view",
		dimensions: "assigneeId divisionId externalTag queueId reporterId requestedLanguageId requestedRouting requestedRoutingSkillId statusCategory statusId " +
			"typeId usedRouting userId workbinId workitemId wrapUpCode",
		metrics: "nWorkitemsAcdCancelled nWorkitemsAcdExpired nWorkitemsAcdStarted nWorkitemsAgentTransferred nWorkitemsCreated nWorkitemsDeclined " +
			"nWorkitemsDeleted nWorkitemsDisconnected nWorkitemsOffered nWorkitemsOverSla nWorkitemsPurged nWorkitemsQueueTransferred " +
			"nWorkitemsStatusChanged nWorkitemsTerminated nWorkitemsTimedout nWorkitemsTransferred nWorkitemsWrapupAdded nWorkitemsWrapupRemoved " +
			"oWorkitemsServiceLevel tWorkitemsAgentFocusComplete tWorkitemsAlert tWorkitemsAnswered tWorkitemsDirectAnswered tWorkitemsFocus " +
			"tWorkitemsFocusComplete tWorkitemsHandled tWorkitemsHeld tWorkitemsHeldComplete tWorkitemsNotResponding tWorkitemsParked " +
			"tWorkitemsQueueAnswered tWorkitemsStatus",
	},
	{
		name: "resolutions", needs: "analytics:resolutionAggregate:view",
		dimensions: "conversationId externalContactId mediaType queueId requestedRouting usedRouting userId",
		metrics:    "nNextContactAvoided",
	},
	{
		name: "actions", needs: "integrations:action:view bridge:actions:view",
		dimensions: "actionCategory actionId actionName correlationId errorType integrationId integrationName responseStatus",
		metrics:    "tTotalExecution",
	},
	{
		name: "agentcopilots", needs: "analytics:agentCopilotAggregate:view",
		dimensions: "agentAssistantId cannedResponseId cannedResponseLibraryId conversationId engagementType externalContactId feedbackRating " +
			"hasAnswerHighlight knowledgeBaseDocumentId knowledgeBaseDocumentVersionId mediaType messageId queueId scriptId scriptPageId searchId state " +
			"suggestionId suggestionType triggerType userId utteranceId",
		metrics: "nCannedResponseSuggestions nDistinctSuggestions nKnowledgeArticleSuggestions nKnowledgeSearchSuggestions nScriptSuggestions",
	},
	{
		name: "summaries", needs: "analytics:summaryAggregate:view",
		dimensions: "conversationId copied editedField errorType language mediaType messageType presented queueId summaryGenerated summaryId summaryRating " +
			"triggerSourceId triggerSourceOutcome triggerSourceType userId wrapUpCodeRating wrapUpCodeSuggestionSelected wrapupCodesGenerated",
		metrics: "nConversationSummaries nConversationSummaryEngagements tConversationSummary",
	},
	{
		name: "copilots", needs: "analytics:copilotsAggregate:view",
		dimensions: "agentId divisionId sessionId toolId toolStatus toolType userId",
		metrics:    "nCopilotMessages nCopilotSessions nCopilotToolInvocations nCopilotUsers",
	},
	{
		name: "casemanagement", needs: "analytics:caseManagementAggregate:view",
		dimensions: "associationType caseId caseplanId conversationId customerIntentId divisionId ownerId priority stageId status stepId workitemId",
		metrics: "nCaseAssociationsCreated nCasesDeleted nCasesOpened nCasesOverSla nCasesPurged nCasesStatusChanged nCasesTerminated oCasesServiceLevel " +
			"tCasesResolved tCasesStatus",
	},
	{
		name: "agentutilizations", needs: "analytics:agentUtilizationAggregate:view",
		dimensions: "mediaType userId",
		metrics:    "oAgentAvailableUtilization oAgentMaxUtilization oAgentUtilizationPercentage",
	},
	{
		name: "ratelimits", needs: "analytics:rateLimitAggregate:view",
		dimensions: "correlationId entityId limitName max namespace timeUnit userId",
		metrics:    "oRateLimitRecorded",
	},
}
