package dataset

import (
	"slices"

	"exitplan/exporter"
	"exitplan/internal/genesys"
)

const (
	analyticsGroup    = "analytics"
	interactionsGroup = "interactions"
)

// contents are the listings for single conversations.
var contents = []listing{
	{name: "interactions.summaries", path: "/api/v2/conversations/{conversationId}/summaries", style: genesys.Single,
		among: eachConversation, sparse: true,
		permissions: []string{"conversation:summary:view"}, about: "Summaries of conversations by copilots and virtual agents"},
	{name: "interactions.customattributes", path: "/api/v2/conversations/{conversationId}/customattributes", style: genesys.Unpaged, array: "results",
		among: eachConversation, sparse: true,
		permissions: []string{"conversation:customAttributes:view"}, about: "Custom attributes of conversations"},
	{name: "interactions.emails", path: "/api/v2/conversations/emails/{conversationId}/messages", style: genesys.Unpaged,
		among: ofMedia("email"), about: "The e-mails of each e-mail conversation, in short"},
	{name: "interactions.emails.messages", path: "/api/v2/conversations/emails/{conversationId}/messages/{messageId}", style: genesys.Single,
		parent: "interactions.emails", file: &reference{urls: []string{"attachments/contentUri"}, name: "name", kindAt: "contentType", sizeAt: "contentLength"},
		about: "Each e-mail with its text, addresses and attachments"},
	{name: "interactions.messages.conversations", path: "/api/v2/conversations/{conversationId}", style: genesys.Single,
		among:       ofMedia("message"),
		file:        &reference{urls: []string{"participants/messages/messages/media/url", "participants/messages/messages/stickers/url"}, name: "name"},
		permissions: []string{"conversation:communication:view"}, about: "Message conversations as the operational store has them, which names their messages and has their stickers"},
	{name: "interactions.messages", path: "/api/v2/conversations/messages/{conversationId}/messages/bulk", style: genesys.Unpaged, body: "{ids}", bulk: 50,
		parent: "interactions.messages.conversations", of: messageIDs,
		file:        &reference{urls: []string{"media/url", "normalizedMessage/content/attachment/url"}, name: "name", kindAt: "mediaType", sizeAt: "contentLengthBytes"},
		permissions: []string{"conversation:message:view"}, about: "The messages of each message conversation, with their media"},
	{name: "interactions.transcripts", path: "/api/v2/speechandtextanalytics/conversations/{conversationId}/communications/{communicationId}/transcripturls",
		style: genesys.Unpaged, array: "urls", among: recordedSessions, sparse: true, class: exporter.Recordings,
		file:        &reference{must: true, urls: []string{"url"}, name: "recording/id", kind: "application/json", inline: true},
		permissions: []string{"recording:recording:view"}, about: "Transcripts of recorded sessions, one for each recording"},
	{name: "interactions.analytics", path: "/api/v2/speechandtextanalytics/conversations/{conversationId}", style: genesys.Single,
		among: analysed, sparse: true,
		permissions: []string{"recording:recording:view", "speechAndTextAnalytics:data:view"},
		about:       "Speech and text analytics of conversations: sentiment, empathy, and what participants did"},
	{name: "interactions.categories", path: "/api/v2/speechandtextanalytics/conversations/{conversationId}/categories",
		among: analysed, sparse: true,
		permissions: []string{"speechAndTextAnalytics:data:view"}, about: "Categories that speech and text analytics found"},
	{name: "interactions.sentiments", path: "/api/v2/speechandtextanalytics/conversations/{conversationId}/sentiments", style: genesys.Single,
		among: analysed, sparse: true,
		permissions: []string{"speechAndTextAnalytics:sentimentData:view"}, about: "Sentiments that speech and text analytics found"},
	{name: "interactions.insights", path: "/api/v2/speechandtextanalytics/conversations/{conversationId}/summaries", style: genesys.Unpaged,
		among: analysed, sparse: true,
		permissions: []string{"speechAndTextAnalytics:aiSummary:view", "recording:recording:view", "recording:recording:viewSensitiveData"},
		about:       "Summaries that speech and text analytics made"},
	{name: "quality.evaluations", path: "/api/v2/quality/conversations/{conversationId}/evaluations/{evaluationId}", style: genesys.Single,
		among:       evaluations,
		permissions: []string{"quality:evaluation:view"}, about: "Evaluations with their answers"},
	{name: "quality.surveys", path: "/api/v2/quality/conversations/{conversationId}/surveys", style: genesys.Unpaged, array: genesys.Bare,
		among:       surveys,
		permissions: []string{"quality:survey:view"}, about: "Surveys with their answers"},
}

// The rows above have a few things in common.
func init() {
	for i := range contents {
		contents[i].group = interactionsGroup
		if contents[i].parent == "" {
			contents[i].parent = DetailsName
		}
	}
}

func eachConversation(c conversation) [][]string { return [][]string{{c.ID}} }

// ofMedia are the conversations with a session of that medium, and those of
// which not everything could be read.
func ofMedia(medium string) func(conversation) [][]string {
	return func(c conversation) [][]string {
		if c.unsure || slices.Contains(c.media(), medium) {
			return eachConversation(c)
		}
		return nil
	}
}

// analysed are those that speech and text analytics may know: what was
// recorded, and what was written.
func analysed(c conversation) [][]string {
	if c.recorded() || slices.ContainsFunc(c.media(), func(m string) bool { return m == "email" || m == "message" || m == "chat" }) {
		return eachConversation(c)
	}
	return nil
}

func (c conversation) media() (kinds []string) {
	for _, p := range c.Participants {
		for _, s := range p.Sessions {
			kinds = append(kinds, s.MediaType)
		}
	}
	return kinds
}

// recordedSessions are communications in the terms of speech analytics.
func recordedSessions(c conversation) (ids [][]string) {
	for _, p := range c.Participants {
		for _, s := range p.Sessions {
			if s.ID != "" && s.Recording {
				ids = append(ids, []string{c.ID, s.ID})
			}
		}
	}
	return ids
}

func evaluations(c conversation) (ids [][]string) {
	for _, e := range c.Evaluations {
		if e.ID != "" {
			ids = append(ids, []string{c.ID, e.ID})
		}
	}
	return ids
}

func surveys(c conversation) [][]string {
	if len(c.Surveys) > 0 || c.unsure {
		return eachConversation(c)
	}
	return nil
}
