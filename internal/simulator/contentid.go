package simulator

import "iter"

// What a kindContent id names, above its number within the conversation.
const (
	messageContent = iota
	emailContent
	enclosureContent
	evaluationContent
	surveyContent
	annotationContent
	summaryContent
	attributesContent
	orphanContent // of no conversation: day 0, and its own index
	assetContent  // likewise
)

func (o *org) contentID(c conversation, what, n int) identity {
	return o.ids.make(kindContent, c.day, c.index, what<<8|n)
}

// findContent is false for an id that names nothing of that sort of a
// conversation of this organization. The number is not looked at.
func (o *org) findContent(id string, what int) (c conversation, n int, ok bool) {
	k, day, index, sub, ok := o.ids.parse(id)
	if !ok || k != kindContent || sub>>8 != what || !o.exists(day, index) {
		return conversation{}, 0, false
	}
	return o.conversation(day, index), sub & 0xff, true
}

// all gives every conversation in order of its start.
func (o *org) all() iter.Seq[conversation] {
	return func(yield func(conversation) bool) {
		for day := range o.cfg.Days {
			for index := range o.cfg.ConversationsPerDay {
				if !yield(o.conversation(day, index)) {
					return
				}
			}
		}
	}
}

// under gives the ids of a path that begins with a conversation.
func (o *org) under(c conversation, ids ...identity) []string {
	list := []string{o.conversationID(c).String()}
	for _, id := range ids {
		list = append(list, id.String())
	}
	return list
}
