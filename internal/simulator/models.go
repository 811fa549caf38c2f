package simulator

// models says, for each model of the public definition that a listing holds,
// which fields its rows have and what they hold; a variant of a model follows a
// slash. A field is name=type; types are
//
//	id ver domain            the row's own id, as UUID, version number, or domain
//	uuid @listing #listing   some other id; an existing entity as reference (with
//	                         its version: @listing!); an existing entity's id
//	@own #own #up            the same of the row's own entity, and its parent's id
//	nth dated                its place under its parent, from 1; see [catalogue.dated]
//	name text email phone lang digits uri self time date local int num bool
//	one|other =only          a value of an enumeration
//	class(a,b,c)             by how the row is hidden, see [hiding]
//	turn(a,b,c)              by its place, in turn
//	file(ending)             the signed URL of a file; only in answers, see [shape]
//	{field=type ...} [type]  an object, an array of up to three, [+type] of at least one
//
// field?=type is there where a request asks for it with expand; #listing=type is a
// field for each entity of a listing, named by its id; and +Model begins one with
// all that another has.
var models = map[string]string{
	"AttemptLimits": `id=id name=name dateCreated=time dateModified=time version=int maxAttemptsPerContact=int maxAttemptsPerNumber=int timeZoneId=uuid
		resetPeriod=NEVER|TODAY|DAYS_2|DAYS_3 selfUri=self`,
	"AuthzDivision": `id=id name=name description=text homeDivision=bool selfUri=self`,
	"BenefitAssessment": `id=id kpiAssessments=[{kpi=text assessmentResult=NotSupported|High|Low|Error}] state=Created|Finished|Failed jobId=uuid dateCreated=time
		dateModified=time selfUri=self`,
	"Calibration": `id=id name=name calibrator=@users! agent=@users! conversation={id=uuid} evaluationForm={id=uuid name=name modifiedDate=time published=bool
		questionGroups=[]} contextId=uuid averageScore=int highScore=int lowScore=int selfUri=self`,
	"Campaign": `id=id name=name dateCreated=time dateModified=time version=int contactList=@outbound/contactlists queue=@routing/queues
		dialingMode=agentless|preview|power|predictive script=@scripts site=@telephony/providers/edges/sites phoneColumns=[{columnName=text type=text}]
		callerName=text callerAddress=text division=@authorization/divisions selfUri=self`,
	"CampaignRule": `id=id name=name dateCreated=time dateModified=time version=int campaignRuleEntities={} campaignRuleConditions=[{id=uuid
		parameters={operator=equals|greaterThan|greaterThanEqualTo|lessThan value=text}
		conditionType=campaignProgress|campaignAgents|campaignRecordsAttempted|campaignContactsMessaged}] campaignRuleActions=[{id=uuid
		actionType=turnOnCampaign|turnOffCampaign|turnOnSequence|turnOffSequence campaignRuleActionEntities={useTriggeringEntity=bool}}]
		matchAnyConditions=bool enabled=bool selfUri=self`,
	"CampaignSequence": `id=id name=name dateCreated=time dateModified=time version=int campaigns=[] currentCampaign=int status=on|off|complete stopMessage=text repeat=bool
		selfUri=self`,
	"CategoryResponse": `id=id name=name description=text externalId=uuid dateCreated=time dateModified=time parentCategory={id=uuid name=name parentCategory={id=uuid
		name=name}} documentCount=int knowledgeBase={id=uuid languageCode=en-US|en-UK|en-AU|en-CA} selfUri=self`,
	"ContactList": `id=id name=name dateCreated=time dateModified=time version=int division=@authorization/divisions columnNames=[+name] phoneColumns=[{columnName=text
		type=text}] emailColumns=[{columnName=text type=text}] whatsAppColumns=[{columnName=text type=text}] selfUri=self`,
	"ContactListFilter": `id=id name=name dateCreated=time dateModified=time version=int contactList=@outbound/contactlists sourceType=ContactList|ContactListTemplate
		clauses=[{filterType=AND|OR}] filterType=AND|OR selfUri=self`,
	"Coretype": `id=id name=name version=int dateCreated=time schema={title=name description=text type=[text] items={type=text pattern=text}} current=bool
		validationFields=[text] validationLimits={minLength={min=int max=int} maxLength={min=int max=int} minItems={min=int max=int} maxItems={min=int
		max=int}} itemValidationFields=[text] itemValidationLimits={minLength={min=int max=int} maxLength={min=int max=int}} selfUri=self`,
	"DID": `id=id name=name division=@authorization/divisions description=text version=int dateCreated=time dateModified=time modifiedBy=#users createdBy=#users
		state==active selfUri=self`,
	"DIDPool": `id=id name=name division=@authorization/divisions description=text version=int dateCreated=time dateModified=time modifiedBy=#users createdBy=#users
		state==active startPhoneNumber=phone endPhoneNumber=phone selfUri=self`,
	"DataSchema": `id=id name=name version=int appliesTo=[CONTACT|CONVERSATION|EXTERNAL_ORGANIZATION|OPEN_ACTION] enabled=bool createdBy=@users dateCreated=time
		jsonSchema={id=uuid $schema=text title=name description=text} selfUri=self`,
	"DataSchema/version": `id=#up name=name version=nth appliesTo=[CONTACT|CONVERSATION|EXTERNAL_ORGANIZATION|OPEN_ACTION] enabled=bool createdBy=@users dateCreated=time
		jsonSchema={id=uuid $schema=text title=name description=text} selfUri=self`,
	"DataTable": `id=id name=name division=@authorization/divisions description=text schema={id=uuid $schema=text title=name description=text} selfUri=self`,
	"DncList": `id=id name=name dateCreated=time dateModified=time version=int importStatus={state=IN_PROGRESS|FAILED totalRecords=int completedRecords=int
		percentComplete=int} size=int dncSourceType=turn(rds,rds_custom,rds,gryphon) contactMethod=Email|Phone|Any|WhatsApp loginId=uuid
		division=@authorization/divisions selfUri=self`,
	"Document": `id=id name=name changeNumber=int dateCreated=time dateModified=time dateUploaded=time contentUri=uri createdBy=@users sharingUri=uri contentType=text
		selfUri=self`,
	"DocumentVariationResponse": `id=id dateCreated=time dateModified=time contexts=[{context={id=uuid} values=[]}] document={id=uuid knowledgeBase={id=uuid
		languageCode=en-US|en-UK|en-AU|en-CA}} priority=int name=name body={blocks=[]} selfUri=self`,
	"DomainEntity": `id=id name=name selfUri=self`,
	"DomainOrganizationRole": `id=id name=name description=text defaultRoleId=uuid permissions=[text] unusedPermissions=[text] permissionPolicies=[{domain=text entityName=text}]
		userCount=int roleNeedsUpdate=bool base=bool selfUri=self`,
	"EmergencyGroup": `id=id name=name division=@authorization/divisions description=text version=int dateCreated=time dateModified=time modifiedBy=#users createdBy=#users
		state==active selfUri=self`,
	"EncryptionKey": `id=id name=name createDate=time keydataSummary=text user=@users! keyConfigurationType=KmsSymmetric|LocalKeyManager|Native|None kmsKeyArn=text selfUri=self`,
	"DataTableImportJob": `id=id name=name owner={id=#users} status=WaitingForUpload|Processing|Failed|Succeeded dateCreated=time importMode=ReplaceAll|Append
		countRecordsUpdated=int selfUri=self`,
	"DependencyType":             `id=id name=name versioned=bool selfUri=self`,
	"DomainPermissionCollection": `id=id name=name domain=text permissionMap={} selfUri=self`,
	"RecordingJob": `id=id state=FULFILLED|CANCELLED|FAILED dateCreated=time totalConversations=int totalRecordings=int percentProgress=int
		user={id=#users} selfUri=self`,
	"ReportingExportJobResponse": `id=id name=name runId=uuid status=COMPLETED|FAILED timeZone==Etc/UTC exportFormat=CSV|PDF
		interval==2026-03-01T00:00:00.000Z/2026-03-02T00:00:00.000Z viewType=QUEUE_PERFORMANCE_SUMMARY_VIEW|API_USAGE_VIEW period==P1D filter={} read=bool
		createdDateTime=time modifiedDateTime=time locale=lang percentageComplete=num selfUri=self`,
	"EvaluationFormResponse": `id=id name=name modifiedDate=time published=bool contextId=uuid weightMode=SCALED|OFF
		evaluationSettings={revisionsEnabled=bool disputesEnabled=bool disputesAllowedPerEvaluation=int} publishedVersions={pageSize=int pageNumber=int
		total=int previousUri=uri} aiScoring={id=uuid} selfUri=self`,
	"EventDefinition": `id=id name=name description=text`,
	"EventLog": `id=id name=name timestamp=time level=INFO|WARNING|ERROR category=CALLBACK|CALL_RESTRICTION|CALL_RULE|CAMPAIGN correlationId=uuid
		eventMessage={code=ACTIVE_CAMPAIGNS_LIMIT_EXCEEDED|ALL_CAMPAIGNS_BLACKLISTED|ANOTHER_CAMPAIGN_STARTING|APPROACHING_CONTACT_LIMIT message=text
		messageWithParams=text documentationUri=uri} selfUri=self`,
	"ExpandableWebDeployment": `id=id name=name description=text allowAllDomains=bool allowedDomains=[text] supportedContent={id=uuid name=name} snippet=text dateCreated=time
		dateModified=time flow={id=uuid name=name flowDescription=text publishVersion={id=uuid name=name dateCreated=int}} configuration={id=uuid name=name
		version=digits headlessMode={enabled=bool} description=text dateCreated=time dateModified=time} selfUri=self`,
	"Extension": `id=id name=name division=@authorization/divisions description=text version=int dateCreated=time dateModified=time modifiedBy=#users createdBy=#users
		state==active selfUri=self`,
	"ExtensionPool": `id=id name=name division=@authorization/divisions description=text version=int dateCreated=time dateModified=time modifiedBy=#users createdBy=#users
		state==active selfUri=self`,
	"ExternalContact": `id=id division=@authorization/divisions firstName=name middleName=text lastName=name salutation=text title=name workPhone={display=text extension=int
		acceptsSMS=bool normalizationCountryCode=text} cellPhone={display=text extension=int acceptsSMS=bool normalizationCountryCode=text}
		homePhone={display=text extension=int acceptsSMS=bool normalizationCountryCode=text} selfUri=self`,
	"ExternalOrganization": `id=id name=name division=@authorization/divisions companyType=text industry=text address={address1=text address2=text city=text state=text}
		phoneNumber={display=text extension=int acceptsSMS=bool normalizationCountryCode=text} faxNumber={display=text extension=int acceptsSMS=bool
		normalizationCountryCode=text} employeeCount=int revenue=int selfUri=self`,
	"FileSpecificationTemplate": `id=id name=name dateCreated=time dateModified=time version=int description=text format=FixedLength|Delimited numberOfHeadingLinesSkipped=int
		numberOfTrailingLinesSkipped=int header=bool selfUri=self`,
	"Flow": `id=id name=name division=@authorization/divisions description=text type=BOT|COMMONMODULE|DIGITALBOT|INBOUNDCALL lockedUser=@users! active=bool
		system=bool deleted=class(false,true) publishedVersion={id=uuid name=name commitVersion=text configurationVersion=text dateCreated=int} selfUri=self`,
	"FlowMilestone": `id=id name=name division=@authorization/divisions description=text selfUri=self`,
	"FlowOutcome": `id=id name=name division=@authorization/divisions description=text currentOperation={id=uuid complete=bool user=@users! errorMessage=text}
		selfUri=self`,
	"FlowVersion": `id=ver name=name commitVersion=text configurationVersion=text type=PUBLISH|CHECKIN|SAVE secure=bool debug=bool createdBy=@users! configurationUri=uri
		dateCreated=int selfUri=self`,
	"GDPRRequest": `id=id name=name createdBy=@users replacementTerms=[{type=NAME|ADDRESS|PHONE|EMAIL existingValue=text}] requestType=GDPR_EXPORT|GDPR_UPDATE|GDPR_DELETE
		createdDate=time status=INITIATED|SEARCHING|UPDATING|DELETING subject={name=name userId=#users externalContactId=uuid dialerContactId={id=uuid
		contactListId=uuid}} resultsUrl=uri selfUri=self`,
	"Grammar": `id=id name=name description=text languages=[+{id=uuid grammarId=#own language=lang voiceFileUrl?=file(grxml) dtmfFileUrl?=file(gram)}] selfUri=self`,
	"Group": `id=id name=name description=text dateModified=time memberCount=int state==active version=int type=official|social images=[{resolution=text
		imageUri=uri}] addresses=[{address=text extension=digits type=GROUPRING|GROUPPHONE mediaType==PHONE}] rulesVisible=bool
		visibility=public|owners|members selfUri=self`,
	"IVR": `id=id name=name division=@authorization/divisions description=text version=int dateCreated=time dateModified=time modifiedBy=#users createdBy=#users
		state==active selfUri=self`,
	"InboundDomain": `id=domain name=name mxRecordStatus=VALID|INVALID|NOT_AVAILABLE subDomain=bool mailFromSettings={status=FAILED|PENDING|VERIFIED|UNKNOWN
		mailFromDomain=text} selfUri=self imapSettings={status=Active|AwaitingFolders|Error|Inactive errorInfo={message=text code=text}}
		graphApiSettings={status=Active|Error|Inactive|IntegrationDeleted errorInfo={message=text code=text}} emailSetting={id=uuid name=name}`,
	"Integration": `id=id name=name integrationType={id=uuid name=name description=text provider=text} notes=text intendedState=ENABLED|DISABLED|DELETED|RESTORED
		config={current={id=uuid name=name version=int properties={} advanced={} notes=text credentials={}}}
		reportedState={code=ACTIVE|ACTIVATING|INACTIVE|DEACTIVATING effective=text detail={localizableMessageCode=text message=text} lastUpdated=time}
		attributes={customField=text} selfUri=self`,
	"KnowledgeBase": `id=id name=name description=text coreLanguage=en-US|en-UK|en-AU|en-CA dateCreated=time dateModified=time faqCount=int dateDocumentLastModified=time
		articleCount=int published=bool selfUri=self`,
	"KnowledgeDocumentResponse": `id=id title=name visible=bool alternatives=[{phrase=text autocomplete=bool}] state=class(Published,Draft) dateCreated=time dateModified=time
		dateImported=time lastPublishedVersionNumber=int datePublished=time selfUri=self`,
	"KnowledgeDocumentVersion": `id=id datePublished=time document={id=uuid title=name visible=bool state=Draft|Published|Archived dateCreated=time dateModified=time}
		restoreFromVersionId=uuid versionNumber=nth dateExpires=time selfUri=self`,
	"LabelResponse": `id=id name=name color=text dateCreated=time dateModified=time documentCount=int externalId=uuid selfUri=self`,
	"Language":      `id=id name=name dateModified=time state==active version=digits selfUri=self`,
	"Library": `id=id name=name version=int createdBy=@users! dateCreated=time responseType=MessagingTemplate|CampaignSmsTemplate|CampaignEmailTemplate|Footer
		selfUri=self division=@authorization/divisions`,
	"LicenseDefinition": `id=id description=text permissions={ids=[text]} prerequisites=[{id=uuid}] comprises=[{id=#license/definitions}] selfUri=self`,
	"ListedProgram":     `id=id name=name description=text published=bool topicsCount=int tags=[text] modifiedBy={id=#users} dateModified=time selfUri=self`,
	"ListedTopic": `id=id name=name description=text published=bool strictness=1|55|65|72 programsCount=int tags=[text] dialect=lang participants=External|Internal|All
		phrasesCount=int dateModified=time selfUri=self`,
	"LocationDefinition": `id=id name=name emergencyNumber={e164=text number=phone type=default|elin} address={city=text country=text countryName=text state=text} state==active
		notes=text version=int path=[text] profileImage=[{resolution=text imageUri=uri}] floorplanImage=[{resolution=text imageUri=uri}] selfUri=self`,
	"MessagingCampaign": `id=id name=name dateCreated=time dateModified=time version=int division=@authorization/divisions campaignStatus=on|stopping|off|complete
		contactList=@outbound/contactlists alwaysRunning=bool contactSorts=[{fieldName=text direction=ASC|DESC}] messagesPerMinute=int selfUri=self`,
	"Note": `id=id division=@authorization/divisions entityId=uuid entityType=contact|organization noteText=text modifyDate=time createDate=time createdBy=@users!
		externalDataSources=[{platform==SALESFORCE url=text}] selfUri=self`,
	"OAuthClientListing": `id=id name=name description=text registeredRedirectUri=[uri] roleIds=[text] dateCreated=time dateModified=time createdBy=@users modifiedBy=@users
		scope=[text] state=active|disabled selfUri=self`,
	"OrganizationPresence": `id=id name=name languageLabels={customField=text} systemPresence=text deactivated=class(false,true) primary=bool createdBy=@users! createdDate=time
		modifiedBy=@users! modifiedDate=time selfUri=self`,
	"OrganizationPresenceDefinition": `id=id name=name type=System|User languageLabels={customField=text} systemPresence=Available|Away|Busy|Offline divisionId=uuid deactivated=class(false,true)
		selfUri=self`,
	"Phone": `id=id name=name division=@authorization/divisions description=text version=int dateCreated=time dateModified=time modifiedBy=#users createdBy=#users
		state==active site=@telephony/providers/edges/sites phoneBaseSettings={id=uuid name=name} lines=[{id=uuid name=name division=@authorization/divisions
		description=text version=int dateCreated=time dateModified=time state==active}] selfUri=self`,
	"Policy": `id=id name=name modifiedDate=time createdDate=time order=int description=text enabled=bool conditions={forUsers=[@users!]
		directions=[INBOUND|OUTBOUND] dateRanges=[time] mediaTypes=[CALL|CHAT]} actions={retainRecording=bool deleteRecording=bool alwaysDelete=bool
		initiateScreenRecording={recordACW=bool}} selfUri=self`,
	"Predictor": `id=id queues=[] kpi=text routingTimeoutSeconds=int schedule={scheduleType=HourOnHourOff|OngoingValueMonitoring dateStarted=time}
		state=Created|Error|Active dateCreated=time dateModified=time workloadBalancingConfig={enabled=bool minimumOccupancy=int maximumOccupancy=int}
		errorCode=text selfUri=self`,
	"Prompt": `id=id name=name description=text resources=[{id=uuid name=name}] currentOperation={id=uuid complete=bool user=@users! errorMessage=text} selfUri=self`,
	"PromptAsset": `id=id name=name promptId=#up language=lang mediaUri=file(wav) ttsString=text text=text uploadStatus=created|uploaded|transcoded|transcodeFailed
		uploadUri=uri languageDefault=bool selfUri=self`,
	"Queue": `id=id name=name division=@authorization/divisions description=text dateCreated=time dateModified=time modifiedBy=#users createdBy=#users
		memberCount=int userMemberCount=int selfUri=self`,
	"QueueMember": `id=id name=name user=@own! ringNumber=int joined=bool memberBy=user|group routingStatus={userId=#own status=OFF_QUEUE|IDLE|INTERACTING|NOT_RESPONDING
		startTime=time} selfUri=self`,
	"RecordingEncryptionConfiguration": `id=id url=text apiId=uuid keyConfigurationType=KmsSymmetric|LocalKeyManager|Native|None lastError={message=text code=text status=int entityId=uuid}
		selfUri=self`,
	"Relationship": `id=id division=@authorization/divisions user=@users! externalOrganization=@externalcontacts/organizations relationship=text
		externalDataSources=[{platform==SALESFORCE url=text}] selfUri=self`,
	"Response": `id=id name=name version=int libraries=[] texts=[{content=text type=body|subject}] createdBy=@users! dateCreated=time
		interactionType=chat|email|twitter substitutions=[{id=uuid description=text}] substitutionsSchema={id=uuid $schema=text title=name description=text}
		selfUri=self`,
	"ResponseSet": `id=id name=name dateCreated=time dateModified=time version=int responses={} beepDetectionEnabled=bool amdSpeechDistinguishEnabled=bool
		liveSpeakerDetectionMode=Disabled|Low|Medium|High selfUri=self`,
	"RoutingSkill": `id=id name=name dateModified=time state==active version=digits selfUri=self`,
	"RuleSet": `id=id name=name dateCreated=time dateModified=time version=int contactList=@outbound/contactlists queue=@routing/queues rules=[{id=uuid name=name
		category=DIALER_PRECALL|DIALER_WRAPUP conditions=[]}] selfUri=self`,
	"Schedule": `id=id name=name division=@authorization/divisions description=text version=int dateCreated=time dateModified=time modifiedBy=#users createdBy=#users
		state==active start=local end=local selfUri=self`,
	"ScheduleGroup": `id=id name=name division=@authorization/divisions description=text version=int dateCreated=time dateModified=time modifiedBy=#users createdBy=#users
		state==active selfUri=self`,
	"ScimV2Group": `id=id schemas=[=urn:ietf:params:scim:schemas:core:2.0:Group] displayName=name externalId=uuid members=[{type=User|Group|ServiceProviderConfig|ResourceType value=text}]
		meta={resourceType=User|Group|ServiceProviderConfig|ResourceType lastModified=time location=uri version=digits}`,
	"ScimV2User": `id=id schemas=[=urn:ietf:params:scim:schemas:core:2.0:User] active=class(true,false,false) userName=email displayName=name title=name phoneNumbers=[{value=text type=work|work2|work3|work4}]
		emails=[{value=text type=work|other}] externalId=uuid groups=[{type=User|Group|ServiceProviderConfig|ResourceType value=text}]`,
	"Script": `id=id name=name division=@authorization/divisions versionId=uuid createdDate=time modifiedDate=time publishedDate=time versionDate=time
		startPageId=uuid startPageName=text selfUri=self`,
	"Site": `id=id name=name division=@authorization/divisions description=text version=int dateCreated=time dateModified=time modifiedBy=#users createdBy=#users
		state==active location=@locations selfUri=self`,
	"SkillGroupDefinition": `id=id name=name division=@authorization/divisions description=text memberCount=int dateModified=time dateCreated=time selfUri=self`,
	"SmsPhoneNumber": `id=id name=name phoneNumber=phone phoneNumberType=local|mobile|tollfree|shortcode provisionedThroughPureCloud=bool
		phoneNumberStatus=INVALID|ACTIVE|PORTING|PENDING capabilities=[sms|mms|voice] countryCode=text dateCreated=time dateModified=time version=int
		selfUri=self`,
	"StaCategory": `id=id name=name description=text interactionType=Voice|Digital|All criteria={type=Term|Topic|OperandGroup occurrence=int inverted=bool term={word=text
		participantType=Internal|External|Both}} createdBy={id=#users} dateCreated=time modifiedBy={id=#users} dateModified=time selfUri=self`,
	"SurveyForm": `id=id name=name modifiedDate=time published=bool disabled=bool contextId=uuid language=lang header=text footer=text
		selfUri=self`,
	"SystemPrompt": `id=id name=name description=text resources=[{id=uuid name=name language=lang}] selfUri=self`,
	"SystemPromptAsset": `id=id name=name promptId=#up language=lang durationSeconds=num mediaUri=file(wav) ttsString=text text=text uploadUri=uri
		uploadStatus=created|uploaded|transcoded|transcodeFailed selfUri=self`,
	"Team": `id=id name=name division=@authorization/divisions description=text dateCreated=time dateModified=time memberCount=int selfUri=self`,
	"Trunk": `id=id name=name division=@authorization/divisions description=text version=int dateCreated=time dateModified=time modifiedBy=#users createdBy=#users
		state==active selfUri=self`,
	"TrunkBase": `id=id name=name division=@authorization/divisions description=text version=int dateCreated=time dateModified=time modifiedBy=#users createdBy=#users
		state==active trunkMetabase={id=uuid} trunkType=EXTERNAL|PHONE|EDGE selfUri=self`,
	"User": `id=id name=name division=@authorization/divisions chat={jabberId=uuid} department=text email=email primaryContactInfo=[{address=text display=text}]
		addresses=[{address=text display=text}] state=class(active,inactive,deleted) title=name version=int selfUri=self
		routingStatus?={userId=#own status=OFF_QUEUE|IDLE|INTERACTING|NOT_RESPONDING startTime=time} presence?={id=uuid source==PURECLOUD primary=bool
		presenceDefinition={id=#presencedefinitions systemPresence=Available|Away|Busy|Offline} message=text modifiedDate=time}
		station?={associatedStation={id=uuid name=name type=inin_webrtc_softphone|inin_remote} defaultStation={id=uuid name=name}}
		authorization?={roles=[{id=#authorization/roles name=name}] permissions=[text] permissionPolicies=[{id=uuid domain=text entityName=text actionSet=[text]}]}
		lastTokenIssued?={dateIssued=time} team?=@teams groups?=[{id=#groups name=name type=official|social rulesVisible=bool visibility=public|owners|members}]
		profileSkills?=[text] certifications?=[text] locations?=[{id=uuid notes=text locationDefinition=@locations}]
		skills?=[{id=#routing/skills name=name proficiency=num state==active skillUri=uri}]
		languages?=[{id=#routing/languages name=name proficiency=num state==active languageUri=uri}] languagePreference?=lang
		employerInfo?={officialName=name employeeId=digits employeeType=text dateHire=date} biography?={biography=text interests=[text] hobbies=[text]}
		outOfOffice?={id=uuid startDate=time endDate=time active=bool indefinite=bool} dateLastLogin?=time dateWelcomeSent?=time`,
	"UserLicenses": `id=id licenses=[text] selfUri=self`,
	"UserQueue": `id=id name=name division=@authorization/divisions description=text dateCreated=time dateModified=time modifiedBy=#users createdBy=#users
		memberCount=int userMemberCount=int joined=class(true,false) selfUri=self`,
	"UserRoutingSkill": `id=id name=name proficiency=num state==active skillUri=uri selfUri=self`,
	"VoicemailMessage": `id=id conversation={id=uuid name=name externalTag=text startTime=time participants=[] state=alerting|dialing|contacting|offering} read=bool
		audioRecordingDurationSeconds=int audioRecordingSizeBytes=int transcription=text createdDate=time modifiedDate=time deletedDate=time
		callerAddress=text deleted=bool selfUri=self`,
	"WebDeploymentConfigurationVersion": `id=id name=name version=digits headlessMode={enabled=bool} description=text languages=[text] defaultLanguage=text customI18nLabels=[{language=lang}]
		messenger={enabled=bool styles={primaryColor=text} launcherButton={visibility=On|Off|OnDemand} fileUpload={enableAttachments=bool}}
		position={alignment=Auto|Left|Right sideSpace=int bottomSpace=int} dateCreated=time dateModified=time selfUri=self`,
	"Workbin":        `id=id name=name division=@authorization/divisions description=text dateCreated=time dateModified=time modifiedBy={id=#users} selfUri=self`,
	"WorkbinVersion": `id=id name=name division=@authorization/divisions description=text dateCreated=time dateModified=time modifiedBy={id=#users} version=nth selfUri=self`,
	"WorkitemStatus": `id=id name=name category=Open|InProgress|Waiting|Closed destinationStatuses=[{id=uuid name=name}] description=text defaultDestinationStatus={id=uuid
		name=name} statusTransitionDelaySeconds=int worktype={id=uuid name=name} autoTerminateWorkitem=bool selfUri=self`,
	"WorkitemsChangeWorkbinDelta": `version=nth modifiedBy={id=#users} delta={name={newValue=text oldValue=text} description={newValue=text oldValue=text} dateModified={newValue=time
		oldValue=time} modifiedBy={newValue=text oldValue=text}}`,
	"WorkitemsChangeWorktypeDelta": `version=nth modifiedBy={id=#users} delta={name={newValue=text oldValue=text} description={newValue=text oldValue=text} defaultWorkbinId={newValue=text
		oldValue=text} defaultDurationSeconds={newValue=int oldValue=int} dateModified={newValue=time oldValue=time}}`,
	"Workspace": `id=id name=name type=USER|GROUP isCurrentUserWorkspace=bool user=@users bucket=text dateCreated=time dateModified=time summary={totalDocumentCount=int
		totalDocumentByteCount=int} acl=[text] description=text selfUri=self`,
	"Worktype": `id=id name=name division=@authorization/divisions description=text dateCreated=time dateModified=time defaultWorkbin={id=uuid name=name}
		defaultStatus={id=uuid name=name} statuses=[{id=uuid name=name description=text}] defaultDurationSeconds=int selfUri=self`,
	"WorktypeVersion": `id=id name=name division=@authorization/divisions description=text dateCreated=time dateModified=time defaultWorkbin={id=uuid name=name}
		defaultStatus={id=uuid name=name} statuses=[{id=uuid name=name description=text}] defaultDurationSeconds=int version=nth selfUri=self`,
	"WrapupCode": `id=id name=name division=@authorization/divisions description=text dateCreated=time dateModified=time createdBy=#users modifiedBy=#users selfUri=self`,
	"DependencyStatus": `id=id name=name client={id=uuid name=name} buildId=uuid dateStarted=time dateCompleted=time
		status=OPERATIONAL|OPERATIONALNEEDSREBUILD|BUILDINCOMPLETE failedObjects=[{id=uuid version=digits name=name errorCode=text}] selfUri=self`,
	"FlowConfiguration": `id=id name=name description=text defaultLanguage=lang supportedLanguages=[{tag=lang isDefault=bool}] initialSequence=uuid nextTrackingNumber=int
		variables=[{__type==StringVariable id=uuid name=name description=text isInput=bool}] flowSequenceItemList=[{__type==ReusableTask id=uuid name=name
		actionList=[{__type==PlayAudioAction id=uuid trackingId=int name=name 音声_text=text}]}] manifest={queue=[@routing/queues] userPrompt=[@architect/prompts]}`,
	"IntegrationConfiguration": `id=uuid name=name version=int properties={url=uri 件名=text} advanced={note=text} notes=text
		credentials={basicAuth={id=uuid name=name createdDate=time type={id=uuid name=name}}} selfUri=self`,
	"KnowledgeDocumentResponse/whole": `+KnowledgeDocumentResponse category?={id=uuid name=name description=text} labels?=[{id=uuid name=name color=text}]
		variations?=[{id=uuid dateCreated=time dateModified=time contexts=[] priority=int name=name body={blocks=[]}}]`,
	"OutboundSettings": `id=uuid name=name dateCreated=time dateModified=time version=int maxCallsPerAgent=int maxCallsPerAgentDecimal=num maxConfigurableCallsPerAgent=int
		maxLineUtilization=num abandonSeconds=num complianceAbandonRateDenominator=ALL_CALLS|CALLS_THAT_REACHED_QUEUE
		automaticTimeZoneMapping={callableWindows=[{mapped={earliestCallableTime==09:00 latestCallableTime==21:00}}] supportedCountries=[JP|US]}
		rescheduleTimeZoneSkippedContacts=bool selfUri=self`,
	"WrapUpCodeMapping": `id=uuid name=name dateCreated=time dateModified=time version=int defaultSet=[RIGHT_PARTY_CONTACT|BUSINESS_NEUTRAL]
		mapping={#routing/wrapupcodes=[CONTACT_UNCALLABLE|NUMBER_UNCALLABLE|RIGHT_PARTY_CONTACT|BUSINESS_SUCCESS|BUSINESS_FAILURE|BUSINESS_NEUTRAL]} selfUri=self`,
	"EvaluationFormResponse/whole": `+EvaluationFormResponse questionGroups=[{id=uuid contextId=uuid name=name type=text defaultAnswersToHighest=bool defaultAnswersToNA=bool naEnabled=bool
		weight=num manualWeight=bool questions=[{id=uuid contextId=uuid text=text helpText=text type=multipleChoiceQuestion|freeTextQuestion naEnabled=bool
		commentsRequired=bool answerOptions=[{id=uuid text=text value=int}] isKill=bool isCritical=bool}]}]`,
	"SurveyForm/whole": `+SurveyForm questionGroups=[{id=uuid name=name type=text naEnabled=bool questions=[{id=uuid text=text helpText=text
		type=multipleChoiceQuestion|freeTextQuestion|npsQuestion naEnabled=bool answerOptions=[{id=uuid text=text value=int}] maxResponseCharacters=int
		explanationPrompt=text}]}]`,
	"KeyRotationSchedule": `id=uuid name=name period=DISABLED|DAILY|WEEKLY|MONTHLY|YEARLY selfUri=self`,
	"RoutingSettings":     `resetAgentScoreOnPresenceChange=bool`,
	"UtilizationResponse": `utilization={call={maximumCapacity=int interruptableMediaTypes=[] includeNonAcd=bool} chat={maximumCapacity=int
		interruptableMediaTypes=[call|callback] includeNonAcd=bool} email={maximumCapacity=int interruptableMediaTypes=[call|chat|message] includeNonAcd=bool}}
		labelUtilizations={} maxInboundCalls=int`,
	"Script/whole": `+Script features={} variables={customerName={type==string value=text}} customActions={} pages=[{id=uuid name=name versionId=uuid createdDate=time
		modifiedDate=time rootContainer={type==verticalStackContainer children=[{type==text 本文=text}]} properties={background=text}}]`,
	"SchemaQuantityLimits": `id=uuid name=name minFieldNameCharacters=int maxFieldNameCharacters=int minFieldDescriptionCharacters=int maxFieldDescriptionCharacters=int
		minSchemaNameCharacters=int maxSchemaNameCharacters=int minSchemaDescriptionCharacters=int maxSchemaDescriptionCharacters=int
		maxNumberOfSchemasPerOrg=int maxNumberOfFieldsPerSchema=int maxNumberOfFieldsPerOrg=int selfUri=self`,
	"LimitChangeRequestDetails": `id=id key=text namespace=platform.api|outbound|analytics|recording requestedValue=num description=text supportCaseUrl=uri
		status=Approved|Rejected|Open|ChangeImplemented currentValue=num dateCreated=dated rejectReason=IncreaseNotRequired|OtherReason selfUri=self
		statusHistory?=[{dateStatusChanged=time status=Approved|Open previousStatus==Pending message=text}]`,
	"ReportingExportMetadataJobResponse": `id=id name=name viewType=QUEUE_PERFORMANCE_SUMMARY_VIEW|AGENT_PERFORMANCE_DETAIL_VIEW|API_USAGE_VIEW dateLimitations=text
		requiredFilters=[text] supportedFilters=[text] requiredColumnIds=[text] dependentColumnIds={column=[text]} availableColumnIds=[text] selfUri=self`,
	"Workitem":        `+Workitem/common id=id selfUri=self`,
	"WorkitemVersion": `+Workitem/common id=#up version=nth selfUri=self`,
	"WorkitemWrapup":  `workitem={id=#up} wrapupCode={id=#routing/wrapupcodes name=name} modifiedBy={id=#users} user={id=#users} dateModified=time`,
	"WorkitemsChangeWorkitemDelta": `version=nth modifiedBy={id=#users} delta={name={newValue=text oldValue=text} description={newValue=text oldValue=text} priority={newValue=int
		oldValue=int} statusId={newValue=uuid oldValue=uuid} dateDue={newValue=time oldValue=time} assigneeId={newValue=uuid oldValue=uuid}}`,
	"Workitem/common": `name=name division=@authorization/divisions type=@taskmanagement/worktypes/query description=text language={id=#routing/languages} priority=int
		dateCreated=time dateModified=time dateDue=time dateExpires=time durationSeconds=int ttl=int status={id=uuid name=name}
		statusCategory=Open|InProgress|Waiting|Closed dateClosed=time workbin=@taskmanagement/workbins/query reporter=@users assignee=@users
		externalContact={id=#externalcontacts/contacts} externalTag=text modifiedBy={id=#users} queue=@routing/queues
		assignmentState=Connected|Disconnected|Terminated|Parked dateAssignmentStateChanged=time alertTimeoutSeconds=int skills=[{id=#routing/skills}]
		preferredAgents=[{id=#users}] autoStatusTransition=bool schema={id=#taskmanagement/workitems/schemas version=int}
		customFields={顧客区分_text=text 件数_integer=int open_checkbox=bool} scoredAgents=[{agent={id=#users} score=int}]`,
	"SubjectDivisionGrants": `id=id name=name divisions=[@authorization/divisions] type==PC_USER selfUri=self`,
	"AuthzSubject": `id=id name=name grants=[{subjectId=#own division=@authorization/divisions role={id=#authorization/roles name=name description=text default=bool}
		grantMadeAt=time}] version=int selfUri=self`,
	"CampaignSchedule":     `id=id name=name dateCreated=time dateModified=time version=int intervals=[{start=time end=time}] timeZone==Asia/Tokyo campaign=@outbound/campaigns selfUri=self`,
	"SmsAddress":           `id=id name=name street=text city=text region=text postalCode=digits countryCode=JP|US validated=bool selfUri=self`,
	"BusinessUnitListItem": `id=id name=name authorized=bool division=@authorization/divisions selfUri=self`,
	"BusinessUnitActivityCode": `id=id name=name active=bool defaultCode=bool category=OnQueueWork|Break|Meal|Meeting|OffQueueWork|TimeOff|Training|Unavailable|Unscheduled
		lengthInMinutes=int countsAsPaidTime=bool countsAsWorkTime=bool agentTimeOffSelectable=bool countsTowardShrinkage=bool plannedShrinkage=bool
		interruptible=bool metadata={version=int modifiedBy={id=#users} dateModified=time} selfUri=self`,
	"ManagementUnit": `id=id name=name businessUnit=@workforcemanagement/businessunits division=@authorization/divisions version=int modifiedBy={id=#users} dateModified=time selfUri=self`,
	"PlanningGroup": `id=id name=name serviceGoalTemplate={id=uuid} routePaths=[{queue={id=#routing/queues} mediaType=Voice|Chat|Email|Callback|Message
		language={id=#routing/languages} skills=[{id=#routing/skills}]}] metadata={version=int modifiedBy={id=#users} dateModified=time} selfUri=self`,
	"ServiceGoalTemplate": `id=id name=name serviceLevel={include=bool percent=int seconds=int} averageSpeedOfAnswer={include=bool seconds=int}
		abandonRate={include=bool percent=int} metadata={version=int modifiedBy={id=#users} dateModified=time} selfUri=self`,
	"TimeOffLimit":  `id=id granularity==Daily defaultLimitMinutes=int metadata={version=int modifiedBy={id=#users} dateModified=time} selfUri=self`,
	"UserReference": `id=id selfUri=self`,
	"WorkPlanListItemResponse": `id=id name=name enabled=bool valid=bool constrainWeeklyPaidTime=bool flexibleWeeklyPaidTime=bool weeklyExactPaidMinutes=int
		constrainPaidTimeGranularity=bool paidTimeGranularityMinutes=int maximumDays=int shifts=[] agents=[] metadata={version=int modifiedBy={id=#users} dateModified=time} selfUri=self`,
}
