package simulator

import (
	"cmp"
	"slices"
)

// Evaluations and surveys of a conversation are in its row and behind operations
// of their own; both are made from what is here.

const (
	evaluatedShare = 0.25 // of conversations; their agent must be a user that there is
	surveyedShare  = 0.12
)

// evaluation is one of a conversation's.
type evaluation struct {
	c         conversation
	id        identity
	key       uint64
	n         int
	agent     person
	evaluator int // number of a user
	form      int // number of a form
	status    int // in evaluationStatuses
	created   int64
	score     int
	never     bool // is never released
	automatic bool // submitted by the system
}

// evaluationStatuses, as analytics and as the quality API spell them.
var evaluationStatuses = [...][2]string{
	{"Finished", "FINISHED"}, {"Finished", "FINISHED"}, {"Finished", "FINISHED"}, {"Pending", "PENDING"},
	{"InProgress", "INPROGRESS"}, {"InReview", "INREVIEW"}, {"Retracted", "RETRACTED"},
}

func (e evaluation) finished() bool   { return evaluationStatuses[e.status][0] == "Finished" }
func (e evaluation) released() bool   { return e.finished() && !e.never && e.key%4 != 0 }
func (e evaluation) submitted() int64 { return e.created + 3600_000 }

func (o *org) evaluated(c conversation) bool {
	return below(hash(o.cfg.Seed, 'v', uint64(c.day), uint64(c.index)), evaluatedShare)
}

// evaluations of a conversation between people.
func (o *org) evaluations(c conversation, people []person) (list []evaluation) {
	if !o.evaluated(c) {
		return nil
	}
	for n, agent := range agents(people) {
		if agent.user >= o.users {
			continue
		}
		r := random{hash(o.cfg.Seed, 'v', uint64(c.day), uint64(c.index), uint64(n))}
		e := evaluation{c: c, n: n, id: o.contentID(c, evaluationContent, n), agent: agent, key: r.next()}
		e.evaluator, e.form, e.status = r.below(o.users), r.below(max(o.forms, 1)), r.below(len(evaluationStatuses))
		e.created = c.end + int64(r.below(3*dayMillis))
		e.score, e.never, e.automatic = r.below(101), r.chance(0.15), r.chance(0.1)
		list = append(list, e)
	}
	return list
}

// evaluationsOf reads the people off the row.
func (o *org) evaluationsOf(c conversation) []evaluation {
	if !o.evaluated(c) {
		return nil
	}
	return o.evaluations(c, o.people(c))
}

// survey is the one of a conversation, if it has one.
type survey struct {
	c      conversation
	id     identity
	agent  person
	form   int
	status string
	kind   string
	score  int
}

var surveyStatuses = [...]string{"Finished", "Finished", "Finished", "Sent", "Pending", "InProgress", "OptOut", "Error", "Expired"}

func (v survey) finished() bool   { return v.status == "Finished" }
func (v survey) completed() int64 { return v.c.end + 3600_000 }
func (v survey) promoter() int    { return v.score / 10 }

func (o *org) surveyed(c conversation) bool {
	return below(hash(o.cfg.Seed, 'y', uint64(c.day), uint64(c.index)), surveyedShare)
}

func (o *org) surveys(c conversation, people []person) []survey {
	if !o.surveyed(c) {
		return nil
	}
	r := random{hash(o.cfg.Seed, 'y', uint64(c.day), uint64(c.index), 1)}
	v := survey{c: c, id: o.contentID(c, surveyContent, 0), agent: agents(people)[0]}
	v.form, v.status = r.below(max(o.surveyForms, 1)), surveyStatuses[r.below(len(surveyStatuses))]
	v.kind, v.score = []string{"Web", "Voice"}[r.below(2)], r.below(101)
	return []survey{v}
}

// surveysOf reads the people off the row.
func (o *org) surveysOf(c conversation) []survey {
	if !o.surveyed(c) {
		return nil
	}
	return o.surveys(c, o.people(c))
}

// assessments writes the evaluations and surveys of a conversation's row; members
// without any are left out.
func (w *row) assessments() {
	if list := w.o.evaluations(w.c, w.people); len(list) > 0 {
		w.raw(`,"evaluations":[`)
		for i, e := range list {
			w.item(i).evaluation(e)
		}
		w.raw(`]`)
	}
	for _, v := range w.o.surveys(w.c, w.people) {
		w.raw(`,"surveys":[`).survey(v)
		w.raw(`]`)
	}
}

func (w *row) evaluation(e evaluation) {
	w.raw(`{"evaluationId":`).id(e.id).raw(`,"evaluationStatus":"`).raw(evaluationStatuses[e.status][0])
	w.raw(`","formId":`).id(w.o.entityID(evaluationForms, e.form)).raw(`,"formName":`).entityName(evaluationForms, e.form)
	w.raw(`,"evaluatorId":`).id(w.o.ids.make(kindUser, 0, e.evaluator, 0)).assessed(e.agent, e.created)
	w.raw(`,"released":`).bool(e.released()).raw(`,"rescored":false,"deleted":false,"systemSubmitted":`).bool(e.automatic)
	if e.finished() {
		w.raw(`,"oTotalScore":`).int(e.score).raw(`,"oTotalCriticalScore":`).int(e.score)
	}
	w.raw(`}`)
}

func (w *row) survey(v survey) {
	w.raw(`{"surveyId":`).id(v.id).raw(`,"surveyStatus":"`).raw(v.status).raw(`","surveyType":"`).raw(v.kind)
	w.raw(`","surveyFormId":`).id(w.o.entityID(surveyForms, v.form)).raw(`,"surveyFormName":`).entityName(surveyForms, v.form)
	w.assessed(v.agent, w.c.end+60_000)
	if v.finished() {
		w.raw(`,"surveyCompletedDate":`).instant(v.completed()).raw(`,"surveyPromoterScore":`).int(v.promoter())
		w.raw(`,"oSurveyTotalScore":`).int(v.score)
	}
	w.raw(`}`)
}

func (w *row) assessed(agent person, at int64) {
	w.raw(`,"userId":`).id(w.o.ids.make(kindUser, 0, agent.user, 0))
	w.raw(`,"queueId":`).id(w.o.ids.make(kindQueue, 0, agent.queue, 0)).raw(`,"eventTime":`).instant(at)
}

const (
	evaluationForms = "quality/forms"
	surveyForms     = "quality/forms/surveys"
)

// listed counts the entities of a listing without parents, as configured.
func listed(cfg Config, path string) int {
	if slices.Contains(cfg.Without, apiBase+path) {
		return 0
	}
	if n, ok := cfg.Entities[apiBase+path]; ok {
		return n
	}
	at := slices.IndexFunc(listings, func(l listing) bool { return l.path == path })
	return cmp.Or(listings[at].rows, defaultRows)
}

// entityID is that of an entity of a listing without parents.
func (o *org) entityID(path string, ordinal int) identity {
	return o.ids.make(kindEntity, collectionNumber(path), ordinal, 0)
}

func (w *row) entityName(path string, ordinal int) *row {
	w.name(w.o.entityKey(collectionNumber(path), ordinal), ordinal)
	return w
}
