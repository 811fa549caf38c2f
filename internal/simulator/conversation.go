package simulator

import (
	"strconv"
	"time"
)

// appendConversation appends the row of one conversation: an
// AnalyticsConversation, or, without attributes, what the synchronous query
// returns. The same conversation always gives the same bytes (but for the end of
// an open one). Names that start with "future" stand for fields that the public
// definition does not know yet.
func (o *org) appendConversation(b []byte, c conversation, attributes bool) []byte {
	var crowd [mostPeople]person
	w := row{o: o, c: c, b: b, r: o.rowRandom(c), attributes: attributes, people: crowd[:0]}
	w.conversation()
	return w.b
}

// direction is the conversation's originatingDirection.
func (o *org) direction(c conversation) string {
	if hash(o.cfg.Seed, 'd', uint64(c.day), uint64(c.index))%5 == 0 {
		return "outbound"
	}
	return "inbound"
}

// mediaTypes by weight; a recorded conversation is always voice.
var mediaTypes = [...]string{"voice", "voice", "voice", "voice", "voice", "email", "chat", "message", "message", "callback"}

// rowRandom is the stream that a conversation's row draws from.
func (o *org) rowRandom(c conversation) random {
	return random{hash(o.cfg.Seed, 'c', uint64(c.day), uint64(c.index))}
}

// medium is the media type of all of a conversation's sessions.
func (o *org) medium(c conversation) string {
	r := o.rowRandom(c)
	if m := mediaTypes[r.below(len(mediaTypes))]; !c.flagged {
		return m
	}
	return "voice"
}

// row writes one conversation. The order of draws from r is part of the format:
// new fields draw last.
type row struct {
	o          *org
	c          conversation
	b          []byte
	r          random
	attributes bool

	media  string
	subs   int
	people []person
}

func (w *row) conversation() {
	c := w.c
	w.media = w.o.medium(c)
	w.r.next() // its draw
	w.raw(`{"conversationId":`).id(w.o.conversationID(c))
	w.raw(`,"conversationStart":`).instant(c.start)
	if !w.o.isOpen(c) {
		w.raw(`,"conversationEnd":`).instant(c.end)
	}
	w.raw(`,"conversationInitiator":"customer","customerParticipation":`).bool(w.r.chance(0.95))
	w.raw(`,"divisionIds":[`).id(w.o.ids.make(kindDivision, 0, 0, 0))
	if w.r.chance(0.1) {
		w.raw(`,`).id(w.o.ids.make(kindDivision, 0, 1, 0))
	}
	w.raw(`]`)
	if w.r.chance(0.2) {
		w.raw(`,"externalTag":`).raw(oddText[w.r.below(len(oddText))])
	}
	if w.media == "voice" {
		// Digits that a float64 or a rewriting encoder would lose.
		w.raw(`,"mediaStatsMinConversationMos":4.`).int(80 + w.r.below(19)).raw(`0000000000001`)
		w.raw(`,"mediaStatsMinConversationRFactor":`).int(85 + w.r.below(8)).raw(`.0`)
	}
	w.raw(`,"originatingDirection":"`).raw(w.o.direction(c)).raw(`","selfServed":`).bool(w.r.chance(0.1))
	w.raw(`,"participants":[`)
	w.customer()
	if w.r.chance(0.3) {
		w.raw(`,`)
		w.system("ivr", "system")
	}
	w.raw(`,`)
	w.system("acd", "interact")
	for range 1 + w.r.below(2) {
		w.raw(`,`)
		w.agent()
	}
	w.raw(`]`)
	w.assessments()
	w.raw(`,"futureInsights":{"score":0.`).int(w.r.below(100)).raw(`,"labels":["`).int(w.r.below(9)).raw(`",null,true]},"futureFlag":null}`)
}

func (w *row) customer() {
	w.participant("customer")
	if w.attributes {
		w.attributesAre(w.attributeMap)
	}
	w.raw(`,"sessions":[`)
	w.session(false)
	w.raw(`,"metrics":[{"emitDate":`).instant(w.c.start).raw(`,"name":"nConnected","value":1}]`)
	w.segments("interact", w.c.start, w.c.end, "peer")
	w.raw(`}]}`)
}

func (w *row) system(purpose, segment string) {
	w.participant(purpose)
	if w.attributes {
		w.raw(`,"attributes":{}`)
	}
	w.raw(`,"sessions":[`)
	w.session(false)
	w.raw(`,"metrics":[{"emitDate":`).instant(w.c.start + 900).raw(`,"name":"tAcd","value":`).int(w.r.below(90_000)).raw(`}]`)
	w.segments(segment, w.c.start, w.c.start+int64(1+w.r.below(15_000)), "transfer")
	w.raw(`}]}`)
}

func (w *row) agent() {
	w.participant("agent")
	w.person().user = w.r.below(50)
	w.raw(`,"userId":`).id(w.o.ids.make(kindUser, 0, w.person().user, 0))
	if w.c.screened && len(agents(w.people)) == 1 { // see recordedSession
		w.raw(`,"screenRecording":true`)
	}
	if w.attributes && w.r.chance(0.3) {
		w.attributesAre(func() { w.raw(`{"transferredFrom":`).raw(oddText[w.r.below(len(oddText))]).raw(`}`) })
	}
	w.raw(`,"sessions":[`)
	w.session(w.c.flagged)
	w.raw(`,"metrics":[{"emitDate":`).instant(w.c.end).raw(`,"name":"tHandle","value":`).int(int(w.c.end - w.c.start))
	w.raw(`},{"emitDate":`).instant(w.c.end).raw(`,"name":"tTalk","value":9007199254740993}]`) // 2^53+1: no float64
	w.segments("interact", w.c.start+5_000, w.c.end, "client")
	w.raw(`}]}`)
}

func (w *row) participant(purpose string) {
	p := person{purpose: purpose, id: w.sub(kindParticipant), name: oddText[w.r.below(len(oddText))]}
	w.people = append(w.people, p)
	w.raw(`{"participantId":`).id(p.id)
	w.raw(`,"participantName":`).raw(p.name)
	w.raw(`,"purpose":"`).raw(purpose).raw(`"`)
}

// providers of each media type are free text to the definition.
var providers = map[string]string{
	"voice": "Edge", "email": "PureCloud Email", "chat": "PureCloud Webchat v2", "message": "PureCloud Messaging", "callback": "PureCloud Callback",
}

// session leaves its object open.
func (w *row) session(recording bool) {
	p := w.person()
	p.session, p.recorded = w.sub(kindSession), recording
	w.raw(`{"sessionId":`).id(p.session)
	w.raw(`,"mediaType":"`).raw(w.media).raw(`","direction":"`).raw(w.o.direction(w.c)).raw(`","provider":"`).raw(providers[w.media]).raw(`"`)
	switch w.media {
	case "voice":
		w.raw(`,"ani":"tel:+8190`).int(10_000_000 + w.r.below(89_999_999)).raw(`","dnis":"tel:+81300000000","protocolCallId":`).id(w.sub(kindOther))
		w.raw(`,"recording":`).bool(recording)
		return
	case "callback":
		w.raw(`,"callbackNumbers":["+8190`).int(10_000_000 + w.r.below(10_000)).raw(`"],"callbackUserName":`).raw(p.name)
		w.raw(`,"callbackScheduledTime":`).instant(w.c.start + 600_000).raw(`,"skipEnabled":true,"timeoutSeconds":30`)
		return
	}
	customer := w.r.below(10_000)
	w.raw(`,"addressFrom":`).customerAddress(w.media, customer)
	switch w.media {
	case "email":
		w.raw(`,"addressTo":"support@simulated.example","addressOther":`).customerAddress(w.media, customer).raw(`,"addressSelf":"support@simulated.example"`)
	case "message":
		w.raw(`,"addressTo":"simulated","messageType":"`).raw(w.o.messenger(w.c)).raw(`"`)
	case "chat":
		w.raw(`,"roomId":"room-`).int(customer).raw(`@conference.simulated.example"`)
	}
}

func (w *row) customerAddress(media string, number int) *row {
	if media == "message" {
		return w.raw(`"+8190`).int(10_000_000 + number).raw(`"`)
	}
	return w.raw(`"customer`).int(number).raw(`@example.com"`)
}

func (w *row) segments(kind string, from, to int64, disconnect string) {
	p := w.person()
	p.start, p.end, p.queue = from, to, w.r.below(10)
	w.raw(`,"segments":[{"segmentStart":`).instant(from).raw(`,"segmentEnd":`).instant(from + 700)
	w.raw(`,"segmentType":"`).raw(map[bool]string{true: "system", false: "alert"}[kind == "system"])
	w.raw(`","conference":false},{"segmentStart":`).instant(from + 700)
	if !w.o.isOpen(w.c) || to < w.c.end {
		w.raw(`,"segmentEnd":`).instant(to)
		w.raw(`,"disconnectType":"`).raw(disconnect).raw(`"`)
	}
	w.raw(`,"segmentType":"`).raw(kind).raw(`","conference":false,"queueId":`).id(w.o.ids.make(kindQueue, 0, w.person().queue, 0))
	if w.media == "email" {
		w.raw(`,"subject":`).raw(w.o.subject(w.c))
	}
	if w.r.chance(0.1) {
		w.raw(`,"wrapUpNote":`).raw(oddText[w.r.below(len(oddText))])
	}
	w.raw(`}]`)
}

func (w *row) attributeMap() {
	w.raw(`{"customerNumber":"00`).int(w.r.below(100_000)).raw(`"`)
	for i := range 1 + w.r.below(4) {
		w.raw(`,`).raw(oddKeys[(i+w.r.below(2)*4)%len(oddKeys)]).raw(`:`).raw(oddText[w.r.below(len(oddText))])
	}
	if n := w.o.cfg.HugeRecordEvery; n > 0 && (w.c.day*w.o.cfg.ConversationsPerDay+w.c.index)%n == n-1 {
		w.raw(`,"transcript":"`)
		const line = "the same words again and again, as a bot writes them. "
		for left := w.o.cfg.HugeRecordBytes; left > 0; left -= len(line) {
			w.raw(line[:min(left, len(line))])
		}
		w.raw(`"`)
	}
	w.raw(`}`)
}

// oddKeys and oddText are JSON strings as the platform might spell them: every
// kind of character that a careless program loses, and every spelling that a
// rewriting one changes. Neighbouring keys differ.
var oddKeys = [...]string{`"顧客区分"`, `"a.b/c d"`, `"emoji\ud83d\udcde"`, `"quote\"d"`, `"__proto__"`, `"Ключ"`, `""`, `"line\u2028sep"`}

var oddText = [...]string{
	`"山田 太郎"`,
	`"O'Brien \"Bob\" \\ Ltd"`,
	"\"line\u2028separator\u2029raw\"",
	`"line\u2028separator\u2029escaped"`,
	`"📞 emoji, and escaped \ud83d\ude00"`,
	`"tab\tnewline\r\nslash\/ \b\f"`,
	`"<script>alert('&amp;')</script>"`,
	`"e\u0301 combining, zero\u200bwidth, \u0000 nul"`,
	"\"عربي \u202ertl\u202c\"",
	`"한국어 ภาษาไทย 𠮷野家"`,
	`""`,
	`"plain"`,
}

func (w *row) sub(k kind) identity {
	w.subs++
	return w.o.ids.make(k, w.c.day, w.c.index, w.subs)
}

func (w *row) raw(s string) *row {
	w.b = append(w.b, s...)
	return w
}

func (w *row) int(n int) *row {
	w.b = strconv.AppendInt(w.b, int64(n), 10)
	return w
}

func (w *row) bool(v bool) *row {
	w.b = strconv.AppendBool(w.b, v)
	return w
}

func (w *row) id(id identity) *row {
	w.b = append(id.append(append(w.b, '"')), '"')
	return w
}

func (w *row) instant(ms int64) *row {
	w.b = append(w.b, '"')
	w.b = time.UnixMilli(ms).UTC().AppendFormat(w.b, "2006-01-02T15:04:05.000Z")
	w.b = append(w.b, '"')
	return w
}
