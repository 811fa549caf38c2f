package simulator

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

const (
	bulkMessages = "conversations/messages/{conversationId}/messages/bulk"
	messageNeeds = "conversation:message:view conversation:webmessaging:view"
)

// The parameter useNormalizedMessage takes textBody away, which the definition
// requires: it is not known here.
var messageOperations = []belonging{
	{path: "conversations/messages/{conversationId}/messages/{messageId}", needs: messageNeeds, none: "not.found", pieces: messages},
}

// messengers, and how normalized messages spell them.
var messengers = [...][2]string{{"sms", "Sms"}, {"facebook", "Facebook"}, {"whatsapp", "Whatsapp"}, {"webmessaging", "WebMessaging"}, {"open", "Open"}}

func (o *org) messengerNumber(c conversation) int {
	return int(hash(o.cfg.Seed, 'w', uint64(c.day), uint64(c.index)) % uint64(len(messengers)))
}

func (o *org) messenger(c conversation) string { return messengers[o.messengerNumber(c)][0] }

func messages(s *Server, c conversation) (list []piece) {
	for _, l := range s.letters(c, "message") {
		list = append(list, piece{s.org.under(c, l.id), func(w *record) { w.message(l) }})
	}
	return list
}

// message writes a MessageData, which has its files twice.
func (w *record) message(l letter) {
	w.draw(l.c, 'm', uint64(l.n))
	customer, platform := w.r.below(10_000), messengers[w.o.messengerNumber(l.c)]
	direction, status := [2]string{"inbound", "Inbound"}, "received"
	if !l.inbound {
		direction, status = [2]string{"outbound", "Outbound"}, []string{"delivery-success", "read", "sent", "delivery-failed"}[w.r.below(4)]
	}
	addresses := func(from, to func(), names [2]string, end string) {
		if !l.inbound {
			from, to = to, from
		}
		w.raw(`,"`).raw(names[0]).raw(`":`)
		from()
		w.raw(end).raw(`,"`).raw(names[1]).raw(`":`)
		to()
		w.raw(end)
	}
	text := oddText[w.r.below(len(oddText))]
	w.raw(`{"id":`).id(l.id).raw(`,"providerMessageId":"wamid.`).int(w.r.below(1_000_000)).raw(`","timestamp":`).instant(l.at)
	addresses(func() { w.customerAddress("message", customer) }, func() { w.raw(`"simulated"`) }, [2]string{"fromAddress", "toAddress"}, "")
	w.raw(`,"direction":"`).raw(direction[0]).raw(`","messengerType":"`).raw(platform[0]).raw(`","textBody":`).raw(text)
	w.raw(`,"status":"`).raw(status).raw(`","media":[`)
	w.media(l)
	w.raw(`],"normalizedMessage":{"id":`).id(l.id).raw(`,"channel":{"platform":"`).raw(platform[1]).raw(`","type":"Private"`)
	addresses(func() { w.raw(`{"id":`).customerAddress("message", customer) }, func() { w.raw(`{"id":"simulated"`) }, [2]string{"from", "to"}, `}`)
	w.raw(`,"time":`).instant(l.at).raw(`},"type":"`).raw([]string{"Text", "Structured"}[min(len(l.files), 1)]).raw(`","text":`).raw(text)
	w.raw(`,"content":[`)
	w.attachments(l)
	w.raw(`],"direction":"`).raw(direction[1]).raw(`"}`)
	if !l.inbound {
		sender := agents(w.o.people(l.c))
		w.raw(`,"createdBy":`)
		w.reference("users", sender[l.sender%len(sender)].user, true)
	}
	w.raw(`,"conversationId":`).id(w.o.conversationID(l.c))
	w.future().self("conversations/messages", w.o.conversationID(l.c), "messages", l.id)
	w.raw(`}`)
}

// media writes the items of an array of MessageMedia.
func (w *record) media(l letter) {
	for i, e := range l.files {
		w.item(i).raw(`{"id":`).id(e.id)
		w.enclosed(e, "mediaType", "contentLengthBytes", "url", "messages")
		w.raw(`}`)
	}
}

// attachments writes the same as content of a normalized message.
func (w *record) attachments(l letter) {
	for i, e := range l.files {
		kind := map[string]string{"image": "Image", "audio": "Audio", "video": "Video", "application": "File"}[strings.Split(e.contentType, "/")[0]]
		w.item(i).raw(`{"contentType":"Attachment","attachment":{"id":`).id(e.id).raw(`,"mediaType":"`).raw(kind)
		w.raw(`","filename":`).raw(e.name).raw(`,"mime":"`).raw(e.contentType).raw(`","contentSizeBytes":`).int(e.size)
		if e.linked {
			w.linkTo("url", "messages", e.file)
		}
		w.raw(`}}`)
	}
}

// bulkMessages answers the messages of a conversation that the body names, in
// their own order, each once. Ids that it does not have are left out.
func (s *Server) bulkMessages(w http.ResponseWriter, r *http.Request, _ caller) {
	c, ok := s.org.findConversation(r.PathValue("conversationId"))
	if !ok {
		conversationNotFound(w, r)
		return
	}
	var ids []string
	if err := json.NewDecoder(r.Body).Decode(&ids); err != nil {
		badRequest(w, r, "the body is not an array of ids: "+err.Error())
		return
	}
	if !onlyParameters(w, r, "") {
		return
	}
	pieces := slices.DeleteFunc(messages(s, c), func(p piece) bool { return !slices.Contains(ids, p.ids[1]) })
	answer := s.record(true)
	answer.belonging(belonging{array: "entities"}, nil, pieces, nil)
	answer.send(w)
}
