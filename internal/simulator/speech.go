package simulator

const notFoundHere = "resource.not.found"

// speech is what speech and text analytics, and copilots, found out about a
// conversation. Most conversations have only some of it.
var speech = []belonging{
	{path: "speechandtextanalytics/conversations/{conversationId}", needs: "recording:recording:view speechAndTextAnalytics:data:view", all: true, none: notFoundHere, pieces: speechMetrics},
	{path: "speechandtextanalytics/conversations/{conversationId}/categories", needs: "speechAndTextAnalytics:data:view", takes: "pageSize pageNumber", array: "entities", most: 50, pieces: speechCategories},
	{path: "speechandtextanalytics/conversations/{conversationId}/sentiments", needs: "speechAndTextAnalytics:sentimentData:view", none: notFoundHere, pieces: sentiments},
	{path: "speechandtextanalytics/conversations/{conversationId}/summaries", needs: "speechAndTextAnalytics:aiSummary:view recording:recording:view recording:recording:viewSensitiveData", all: true, array: "entities", none: "summaries.not.found", pieces: speechSummaries},
	{path: "conversations/{conversationId}/summaries", needs: "conversation:summary:view", none: notFoundHere, pieces: copilotSummary},
	{path: "conversations/{conversationId}/customattributes", needs: "conversation:customAttributes:view", array: "results", pieces: customAttributes},
}

// analysed says whether a conversation has one of these: what was recorded, or
// written, by the share.
func (o *org) analysed(c conversation, what byte, share float64) bool {
	switch o.medium(c) {
	case "callback":
		return false
	case "voice":
		if !c.flagged || len(o.recordings(c)) == 0 {
			return false
		}
	}
	return below(hash(o.cfg.Seed, 'n', uint64(what), uint64(c.day), uint64(c.index)), share)
}

func speechMetrics(s *Server, c conversation) []piece {
	if !s.org.analysed(c, 'm', 0.6) {
		return nil
	}
	return []piece{{s.org.under(c), func(w *record) {
		w.draw(c, 'M')
		w.raw(`{"conversation":`).conversationRef().raw(`,"sentimentScore":-0.`).int(10 + w.r.below(90)).raw(`0000000000000001,"sentimentTrend":`).int(w.r.below(2)).raw(`.0`)
		w.raw(`,"sentimentTrendClass":"`).raw([]string{"NotCalculated", "Declining", "NoChange", "Improving"}[w.r.below(4)]).raw(`","empathyScores":[`)
		for i, p := range agents(w.o.people(c)) {
			w.item(i).raw(`{"score":`).int(w.r.below(100)).raw(`.5,"userId":`).id(w.o.ids.make(kindUser, 0, p.user, 0)).raw(`}`)
		}
		w.raw(`],"participantMetrics":{"agentDurationPercentage":`).int(w.r.below(50)).raw(`.25,"customerDurationPercentage":`).int(w.r.below(50))
		w.raw(`.0,"silenceDurationPercentage":0.0,"overtalkCount":`).int(w.r.below(9)).raw(`}`).future().raw(`}`)
	}}}
}

// speechCategories are some of those that the organization defined; now and then
// all of them.
func speechCategories(s *Server, c conversation) (list []piece) {
	defined := s.entities.byPath["speechandtextanalytics/categories"].count
	if defined == 0 || !s.org.analysed(c, 'c', 0.5) {
		return nil
	}
	r := random{hash(s.org.cfg.Seed, 'C', uint64(c.day), uint64(c.index))}
	first, count := r.below(defined), 1+r.below(min(4, defined))
	if r.chance(0.05) {
		count = defined
	}
	for i := range count {
		list = append(list, piece{s.org.under(c), func(w *record) {
			const categories = "speechandtextanalytics/categories"
			category := (first + i) % defined
			w.draw(c, 'C', uint64(i))
			w.raw(`{"id":`).id(w.o.entityID(categories, category)).raw(`,"name":`).entityName(categories, category).raw(`,"description":`).text()
			w.raw(`,"interactionType":"`).raw([]string{"Voice", "Digital", "All"}[w.r.below(3)]).raw(`","criteria":{"type":"Term","occurrence":`).int(w.r.below(5))
			w.raw(`,"inverted":false,"term":{"word":`).text().raw(`,"participantType":"Both"}}`).future().raw(`}`)
		}})
	}
	return list
}

func sentiments(s *Server, c conversation) []piece {
	if !s.org.analysed(c, 's', 0.3) {
		return nil
	}
	return []piece{{s.org.under(c), func(w *record) {
		w.draw(c, 'S')
		w.raw(`{"insights":{"positiveSentimentReasons":[{"title":`).text().raw(`,"description":`).text()
		w.raw(`}],"negativeSentimentReasons":[]}`).future().raw(`}`)
	}}}
}

// summaryMedia are the words of both APIs for a medium.
var summaryMedia = map[string][2]string{"voice": {"Call", "Call"}, "email": {"Email", "Email"}, "message": {"Message", "Message"}, "chat": {"Unknown", "Chat"}}

func speechSummaries(s *Server, c conversation) (list []piece) {
	if !s.org.analysed(c, 'u', 0.3) {
		return nil
	}
	for i, kind := range []string{"Conversation", "Agent", "VirtualAgent"}[:1+c.index%3] {
		list = append(list, piece{s.org.under(c), func(w *record) {
			w.draw(c, 'U', uint64(i))
			w.raw(`{"summaryType":"`).raw(kind).raw(`","mediaType":"`).raw(summaryMedia[w.o.medium(c)][0]).raw(`","language":"ja-JP","sourceId":`)
			w.id(w.o.contentID(c, summaryContent, i)).raw(`,"summary":`).text().raw(`,"generated":true,"dateCreated":`).instant(c.end + 90_000)
			w.future().raw(`}`)
		}})
	}
	return list
}

func copilotSummary(s *Server, c conversation) []piece {
	if !s.org.analysed(c, 'k', 0.3) {
		return nil
	}
	return []piece{{s.org.under(c), func(w *record) {
		w.draw(c, 'K')
		summary := func(n int) {
			w.raw(`{"id":`).id(w.o.contentID(c, summaryContent, n)).raw(`,"text":`).text().raw(`,"status":"Completed","mediaType":"`)
			w.raw(summaryMedia[w.o.medium(c)][1]).raw(`","language":"ja-JP","confidence":0.`).int(w.r.below(100)).raw(`,"dateCreated":`).instant(c.end + 60_000)
			w.raw(`,"reason":{"text":`).text().raw(`,"confidence":1.0}`)
		}
		w.raw(`{"conversation":`).conversationRef().raw(`,"summary":`)
		summary(3)
		w.raw(`},"sessionSummaries":[`)
		for i, p := range agents(w.o.people(c)) {
			w.item(i)
			summary(4 + i)
			w.raw(`,"communication":{"id":`).id(p.session).raw(`}}`)
		}
		w.raw(`]`).future().raw(`}`)
	}}}
}

func customAttributes(s *Server, c conversation) (list []piece) {
	if !below(hash(s.org.cfg.Seed, 'b', uint64(c.day), uint64(c.index)), 0.2) {
		return nil
	}
	for i := range 1 + c.index%2 {
		list = append(list, piece{s.org.under(c), func(w *record) {
			w.draw(c, 'B', uint64(i))
			w.raw(`{"id":`).id(w.o.contentID(c, attributesContent, i)).raw(`,"conversationId":`).id(w.o.conversationID(c))
			w.raw(`,"customAttributes":{"件数_integer":`).int(w.r.below(1000)).raw(`,"顧客区分_text":`).text().raw(`},"version":`).int(1 + w.r.below(3))
			w.raw(`,"dateCreated":`).instant(c.start).raw(`,"dateModified":`).instant(c.end).future().raw(`}`)
		}})
	}
	return list
}
