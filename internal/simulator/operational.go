package simulator

// operational is what the store of conversations has, which forgets them.
var operational = []belonging{
	{path: "conversations/{conversationId}", needs: "conversation:communication:view", none: "conversation.not.found", pieces: remembered},
}

// remembered are the conversations that ended in the last OperationalDays.
func remembered(s *Server, c conversation) []piece {
	if days := s.cfg.OperationalDays; days > 0 && !s.org.isOpen(c) && c.end < s.cfg.Now().UnixMilli()-int64(days)*dayMillis {
		return nil
	}
	return []piece{{s.org.under(c), func(w *record) { w.wholeConversation(c) }}}
}

// wholeConversation writes a Conversation. Messages hang below who wrote them;
// the system repeats the first.
func (w *record) wholeConversation(c conversation) {
	w.draw(c, 'p')
	medium, open := w.o.medium(c), w.o.isOpen(c)
	w.raw(`{"id":`).id(w.o.conversationID(c)).raw(`,"startTime":`).instant(c.start)
	if !open {
		w.raw(`,"endTime":`).instant(c.end)
	}
	if w.r.chance(0.2) {
		w.raw(`,"externalTag":`).text()
	}
	w.raw(`,"participants":[`)
	people, letters := w.o.people(c), w.s.letters(c, medium)
	agent := 0
	for i, p := range people {
		w.item(i)
		var own []letter
		for _, l := range letters {
			switch {
			case p.purpose == "customer" && l.inbound, p.purpose == "acd" && l.n == 0,
				p.purpose == "agent" && !l.inbound && l.sender%len(agents(people)) == agent:
				own = append(own, l)
			}
		}
		if p.purpose == "agent" {
			agent++
		}
		w.participantOf(p, medium, own)
	}
	w.raw(`],"recordingState":"NONE","divisions":[{"division":`)
	w.reference("authorization/divisions", 0, false)
	w.raw(`,"entities":[]}],"securePause":false`).future().self("conversations", w.o.conversationID(c))
	w.raw(`}`)
}

// communications are the members of a Participant that hold its sessions.
var communications = map[string]string{"voice": "calls", "email": "emails", "message": "messages", "chat": "chats", "callback": "callbacks"}

func (w *record) participantOf(p person, medium string, own []letter) {
	w.raw(`{"id":`).id(p.id).raw(`,"startTime":`).instant(p.start).raw(`,"connectedTime":`).instant(p.start)
	over := p.end < w.c.end || !w.o.isOpen(w.c)
	if over {
		w.raw(`,"endTime":`).instant(p.end)
	}
	w.raw(`,"name":`).raw(p.name).raw(`,"queueId":`).id(w.o.ids.make(kindQueue, 0, p.queue, 0)).raw(`,"purpose":"`).raw(p.purpose).raw(`"`)
	if p.purpose == "agent" {
		user := w.o.ids.make(kindUser, 0, p.user, 0)
		w.raw(`,"userId":`).id(user).raw(`,"userUri":"/api/v2/users/`)
		w.b = user.append(w.b)
		w.raw(`","wrapupRequired":true,"wrapup":{"code":`).id(w.o.entityID("routing/wrapupcodes", w.r.below(max(w.s.entities.byPath["routing/wrapupcodes"].count, 1))))
		w.raw(`,"notes":`).text().raw(`,"durationSeconds":`).int(w.r.below(300)).raw(`}`)
	}
	if p.attributes != "" {
		w.raw(`,"attributes":`).raw(p.attributes)
	}
	w.raw(`,"`).raw(communications[medium]).raw(`":[{"id":`).id(p.session)
	w.raw(`,"state":"`).raw(map[bool]string{true: "disconnected", false: "connected"}[over])
	w.raw(`","direction":"`).raw(w.o.direction(w.c)).raw(`","provider":"`).raw(providers[medium]).raw(`"`)
	switch medium {
	case "voice":
		w.raw(`,"recording":`).bool(p.recorded)
	case "email":
		w.raw(`,"subject":`).raw(w.o.subject(w.c)).raw(`,"messagesSent":`).int(len(own))
	case "message":
		w.raw(`,"type":"`).raw(w.o.messenger(w.c)).raw(`","messages":[`)
		w.messageDetails(own)
		w.raw(`]`)
	case "chat":
		w.raw(`,"roomId":"room@conference.simulated.example"`)
	case "callback":
		w.raw(`,"callbackUserName":`).raw(p.name).raw(`,"skipEnabled":true,"timeoutSeconds":30`)
	}
	w.raw(`}]}`)
}

// messageDetails name the messages, and are the only ones that have stickers.
func (w *record) messageDetails(own []letter) {
	for i, l := range own {
		w.item(i).raw(`{"messageId":`).id(l.id).raw(`,"messageURI":"/api/v2/conversations/messages/`)
		w.b = append(w.o.conversationID(l.c).append(w.b), "/messages/"...)
		w.b = append(l.id.append(w.b), '"')
		w.raw(`,"messageStatus":"`).raw(map[bool]string{true: "received", false: "sent"}[l.inbound]).raw(`","messageTime":`).instant(l.at)
		w.raw(`,"media":[`)
		w.media(l)
		w.raw(`],"stickers":[`)
		if l.sticker {
			w.raw(`{"id":`).id(l.id)
			w.linkTo("url", "stickers", l.id.String()+".png")
			w.raw(`}`)
		}
		w.raw(`]}`)
	}
}
