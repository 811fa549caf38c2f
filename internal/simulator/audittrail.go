package simulator

import (
	"encoding/json"
	"math"
)

// trail is what is audited of one service, or of interactions, whose entries name
// one of several services. It has some entries on each of the organization's days.
type trail struct {
	service      string // "": interactions
	entities     []audited
	most         int    // entries a day, at most; 0: none ever
	number       uint64 // tells its entries from others'
	spelling     spelling
	levels, ends []string
}

// audited is a kind of entity, with what is done to it.
type audited struct {
	name    string
	actions []string
}

// spelling is how one of the audit APIs calls the same things.
type spelling struct{ ips, message string }

var changes = []string{"Create", "Update", "Delete"}

// workService is where the simulator audits what it is asked to do; see audited.
const workService = "Analytics"

// serviceTrails are in an order that must not change, for entries hang on it.
var serviceTrails = func() (all []*trail) {
	for i, t := range []trail{
		{service: workService, entities: []audited{{"Job", []string{"Create"}}, {"ReportingSetting", changes}}, most: 3},
		{service: "Architect", entities: []audited{{"Flow", []string{"Create", "CheckIn", "Publish"}}, {"UserPrompt", changes}}, most: 9},
		{service: "ContactCenter", entities: []audited{{"Queue", []string{"Create", "MemberAdd", "MemberRemove"}}, {"WrapupCode", changes}}, most: 12},
		{service: "Directory", entities: []audited{{"User", changes}, {"Group", changes}}, most: 5},
		{service: "Gamification", entities: []audited{{"Profile", changes}}},
		{service: "Integrations", entities: []audited{{"Integration", changes}}, most: 1},
		{service: "Learning", entities: []audited{{"Module", changes}}},
		{service: "Outbound", entities: []audited{{"Campaign", changes}, {"ContactList", []string{"Create", "Update", "Export"}}}, most: 7},
		{service: "PeoplePermissions", entities: []audited{{"Role", changes}, {"RoleAssignment", []string{"Assign", "Unassign"}}}, most: 4},
		{service: "Quality", entities: []audited{{"Evaluation", changes}, {"Recording", []string{"Read", "Export", "Delete"}}}, most: 20},
	} {
		t.number, t.spelling = uint64(i), spelling{ips: "remoteIp", message: "message"}
		t.levels, t.ends = []string{"USER", "SYSTEM"}, []string{"SUCCESS", "FAILURE", "WARNING"}
		all = append(all, &t)
	}
	return all
}()

// interactionTrail holds who listened to, evaluated or changed an interaction.
var interactionTrail = &trail{
	entities: []audited{
		{"Recording", []string{"Read", "Export", "Download", "ApplyProtection"}}, {"Evaluation", changes},
		{"ScreenRecording", []string{"Read", "Delete"}}, {"Annotation", []string{"Create"}},
	},
	most: 15, number: uint64(len(serviceTrails)), spelling: spelling{ips: "remoteIps", message: "messageInfo"},
	levels: []string{"User", "System"}, ends: []string{"Success", "Failure", "Warning"},
}

var interactionServices = [...]string{"RecordingService", "RecordingPlaybackService", "QualityService", "HorusService"}

// perDay counts the entries of a day.
func (t *trail) perDay(o *org, day int) int {
	if t.most == 0 {
		return 0
	}
	return int(hash(o.cfg.Seed, 'y', t.number, uint64(day)) % uint64(t.most+1))
}

// auditRows are a trail's entries of an interval: those of the organization's days,
// and behind them, as if on one day more, what the simulator was asked to do.
type auditRows struct {
	s        *Server
	t        *trail
	from, to int64
	made     int  // how much it was asked to do before the query
	expand   bool // users by name
}

// allAudits gives whatever a trail has by now.
func (s *Server) allAudits(t *trail) auditRows {
	return auditRows{s: s, t: t, from: math.MinInt64 / 2, to: math.MaxInt64 / 2, made: s.work.count()}
}

func (a auditRows) first() position {
	return position{day: min(max(a.s.org.dayOf(a.from), 0), a.s.cfg.Days)}
}

func (a auditRows) next(p position) (at, after position, ok bool) {
	within := func(ms int64) bool { return ms >= a.from && ms < a.to }
	for ; p.day < a.s.cfg.Days; p = (position{day: p.day + 1}) {
		for ; p.index < a.t.perDay(a.s.org, p.day); p.index++ {
			if within(a.when(p)) {
				return p, position{p.day, p.index + 1}, true
			}
		}
	}
	for ; a.t.service == workService && p.index < a.made; p.index++ {
		if done, kept := a.s.work.get(p.index); kept && within(done.at.UnixMilli()) {
			return p, position{p.day, p.index + 1}, true
		}
	}
	return p, p, false
}

// when is the date of an entry of the organization's days; they are in order.
func (a auditRows) when(p position) int64 {
	o := a.s.org
	slot := dayMillis / int64(a.t.perDay(o, p.day))
	return o.dayStart(p.day) + int64(p.index)*slot + int64(hash(o.cfg.Seed, 'z', a.t.number, uint64(p.day), uint64(p.index))%uint64(slot))
}

func (a auditRows) append(b []byte, p position) []byte {
	w := auditRow{row: row{o: a.s.org, b: b}, auditRows: a, p: p}
	if p.day == a.s.cfg.Days {
		done, _ := a.s.work.get(p.index)
		w.work(done)
	} else {
		w.r = random{hash(w.o.cfg.Seed, 'w', a.t.number, uint64(p.day), uint64(p.index))}
		w.change()
	}
	return w.b
}

// auditRow writes one entry.
type auditRow struct {
	row
	auditRows
	p position
}

// begin writes what every entry starts with.
func (w *auditRow) begin(service string, at int64) {
	index := w.p.day<<16 | w.p.index&0xffff
	w.raw(`{"id":`).id(w.o.ids.make(kindOther, collectionNumber(auditsQuery), index, int(w.t.number)))
	w.raw(`,"userHomeOrgId":"` + w.o.cfg.OrgID + `","serviceName":"` + service + `","eventDate":`).instant(at)
}

// change writes what somebody did on one of the organization's days.
func (w *auditRow) change() {
	service := w.t.service
	if service == "" {
		service = interactionServices[w.r.below(len(interactionServices))]
	}
	w.begin(service, w.when(w.p))
	users := w.s.entities.byPath["users"]
	level := w.t.levels[w.r.below(2)]
	w.raw(`,"level":"` + level + `"`)
	if user := w.r.below(1000); level == w.t.levels[0] && users.count > 0 {
		w.user(users, user%users.count)
	}
	w.raw(`,"` + w.t.spelling.ips + `":["192.0.2.`).int(w.r.below(256)).raw(`"]`)
	entity := w.t.entities[w.r.below(len(w.t.entities))]
	action := entity.actions[w.r.below(len(entity.actions))]
	w.raw(`,"action":"` + action + `","entityType":"` + entity.name + `","entity":{"id":`)
	w.id(w.o.ids.make(kindOther, collectionNumber(entity.name), w.r.below(100), 0)).raw(`,"name":`).raw(oddText[w.r.below(len(oddText))])
	w.raw(`},"status":"` + w.t.ends[max(w.r.below(12)-9, 0)] + `"`)
	w.message(entity.name, action)
	w.raw(`,"propertyChanges":[`)
	for i := range w.r.below(3) {
		w.raw([]string{``, `,`}[i]).raw(`{"property":`).raw(oddKeys[w.r.below(len(oddKeys))])
		w.raw(`,"oldValues":[`).raw(oddText[w.r.below(len(oddText))]).raw(`],"newValues":[`).raw(oddText[w.r.below(len(oddText))]).raw(`]}`)
	}
	w.raw(`],"context":{`)
	if n := w.o.cfg.ConversationsPerDay; w.t == interactionTrail && n > 0 {
		w.raw(`"conversationId":`).id(w.o.conversationID(conversation{day: w.p.day, index: w.r.below(n)})).raw(`,`)
	}
	w.raw(oddKeys[w.r.below(len(oddKeys))]).raw(`:`).raw(oddText[w.r.below(len(oddText))]).raw(`}`)
	if w.r.chance(0.1) {
		w.raw(`,"futureField":[null,`).int(w.r.below(9)).raw(`.0]`)
	}
	w.raw(`}`)
}

func (w *auditRow) user(users *collection, ordinal int) {
	e := entity{row: w.row, cat: w.s.entities, c: users}
	e.raw(`,"user":{"id":`)
	e.ownID(users, ordinal)
	if w.expand {
		e.raw(`,"name":`)
		e.name(e.cat.key(users, ordinal), ordinal)
	}
	e.raw(`,"selfUri":`)
	e.self(users, ordinal)
	e.raw(`}`)
	w.b = e.b
}

func (w *auditRow) message(entity, action string) {
	w.raw(`,"` + w.t.spelling.message + `":{"message":"` + entity + ` ` + action + `","messageWithParams":"` + entity + ` {action}","messageParams":{"action":"` + action + `"}}`)
}

// work writes that the simulator was asked to do something.
func (w *auditRow) work(done work) {
	w.begin(w.t.service, done.at.UnixMilli())
	w.raw(`,"level":"` + w.t.levels[0] + `","client":{"id":` + quoted(done.client) + `},"action":"Create","entityType":"Job"`)
	w.raw(`,"entity":{"id":"` + done.id + `","name":` + quoted(done.path) + `},"status":"` + w.t.ends[0] + `"`)
	w.message("Job", "Create")
	w.raw(`}`)
}

// unquoted is the text of a JSON string that this package wrote.
func unquoted(literal string) (text string) {
	_ = json.Unmarshal([]byte(literal), &text)
	return text
}

func quoted(text string) string {
	raw, _ := json.Marshal(text) // a string cannot fail
	return string(raw)
}
