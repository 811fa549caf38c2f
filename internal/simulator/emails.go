package simulator

var emailOperations = []belonging{
	{path: "conversations/emails/{conversationId}/messages", array: "entities", none: "not.found", pieces: emailPreviews},
	{path: "conversations/emails/{conversationId}/messages/{messageId}", none: "not.found", pieces: emails},
}

// subject of an e-mail conversation, as JSON.
func (o *org) subject(c conversation) string {
	return oddText[hash(o.cfg.Seed, 'u', uint64(c.day), uint64(c.index))%uint64(len(oddText))]
}

func emailPreviews(s *Server, c conversation) (list []piece) {
	for _, l := range s.letters(c, "email") {
		list = append(list, piece{s.org.under(c), func(w *record) {
			w.emailHead(l, "")
			w.raw(`,"textBodyPreview":`).text()
			w.emailEnd(l)
		}})
	}
	return list
}

func emails(s *Server, c conversation) (list []piece) {
	for _, l := range s.letters(c, "email") {
		list = append(list, piece{s.org.under(c, l.id), func(w *record) {
			w.emailHead(l, "contentUri")
			w.raw(`,"textBody":`).text()
			if w.r.chance(0.7) {
				w.raw(`,"htmlBody":"<html><body><p>`).int(w.r.below(100)).raw(` \u0026amp; &lt;営業部&gt; \"quoted\"<\/p>\r\n</body></html>"`)
			}
			w.emailEnd(l)
		}})
	}
	return list
}

// emailHead is what a preview has as well. Only the e-mail itself says, by a
// member of that name, where most of its attachments are.
func (w *record) emailHead(l letter, place string) {
	w.draw(l.c, 'm', uint64(l.n))
	number := w.r.below(10_000)
	customer := func() { w.customerAddress("email", number) }
	support := func() { w.raw(`"support@simulated.example"`) }
	from, to := customer, support
	if !l.inbound {
		from, to = support, customer
	}
	w.raw(`{"id":`).id(l.id).raw(`,"to":[{"email":`)
	to()
	w.raw(`,"name":`).text().raw(`}],"cc":[],"bcc":[],"from":{"email":`)
	from()
	w.raw(`},"subject":`).raw(w.o.subject(l.c)).raw(`,"attachments":[`)
	for i, e := range l.files {
		w.item(i)
		w.raw(`{"attachmentId":`).id(e.id)
		w.enclosed(e, "contentType", "contentLength", place, "attachments")
		w.raw(`,"inlineImage":`).bool(e.contentType == "image/png").raw(`}`)
	}
	w.raw(`],"time":`).instant(l.at).raw(`,"historyIncluded":`).bool(l.n > 0 && w.r.chance(0.5))
}

func (w *record) emailEnd(l letter) {
	w.future().self("conversations/emails", w.o.conversationID(l.c), "messages", l.id)
	w.raw(`}`)
}
