package simulator

import (
	"net/http"
	"slices"
	"strings"
)

// assessed are evaluations and surveys, one by one.
var assessed = []belonging{
	{path: "quality/conversations/{conversationId}/evaluations/{evaluationId}", needs: "quality:evaluation:view quality:evaluation:assign quality:evaluation:release",
		takes: "expand", none: "not.found", pieces: wholeEvaluations},
	{path: "quality/conversations/{conversationId}/surveys", needs: "quality:survey:view", array: "[]", lost: invalidConversation, pieces: surveyPieces(func(o *org, v survey) []string { return o.under(v.c) })},
	{path: "quality/surveys/{surveyId}", needs: "quality:survey:view", none: "not.found", owner: (*org).surveyOwner, lost: notFound,
		pieces: surveyPieces(func(_ *org, v survey) []string { return []string{v.id.String()} })},
}

func (o *org) surveyOwner(id string) (conversation, bool) {
	c, _, ok := o.findContent(id, surveyContent)
	return c, ok
}

func invalidConversation(w http.ResponseWriter, r *http.Request) {
	fail(w, r, http.StatusBadRequest, "quality.query.invalid.conversation", "Quality query has invalid conversation.")
}

func surveyPieces(ids func(*org, survey) []string) func(*Server, conversation) []piece {
	return func(s *Server, c conversation) (list []piece) {
		for _, v := range s.org.surveysOf(c) {
			list = append(list, piece{ids(s.org, v), func(w *record) { w.wholeSurvey(v) }})
		}
		return list
	}
}

func wholeEvaluations(s *Server, c conversation) (list []piece) {
	for _, e := range s.org.evaluationsOf(c) {
		list = append(list, piece{s.org.under(c, e.id), func(w *record) {
			expand := strings.Split(w.query.Get("expand"), ",")
			w.assessment(e, expand)
			w.raw(`,"evaluationForm":`).form(evaluationForms, e.form)
			if slices.Contains(expand, "evaluationForm") {
				r := w.r
				w.r = random{w.o.entityKey(collectionNumber(evaluationForms), e.form)} // the form's own
				w.raw(`,"questionGroups":[`)
				w.questions(e, false)
				w.raw(`]`)
				w.r = r
			}
			w.raw(`}`)
			if e.finished() {
				w.raw(`,"answers":{`).totals(e)
				w.raw(`,"questionGroupScores":[`)
				w.questions(e, true)
				w.raw(`],"anyFailedKillQuestions":false,"comments":`).text().raw(`,"agentComments":`).text().raw(`}`)
			}
			w.future().self("quality/conversations", w.o.conversationID(c), "evaluations", e.id)
			w.raw(`}`)
		}})
	}
	return list
}

// qualityMedia are the quality API's words for media.
var qualityMedia = map[string]string{"voice": "CALL", "email": "EMAIL", "message": "MESSAGE", "chat": "CHAT", "callback": "CALLBACK"}

// assessment opens an evaluation, with what each of the API's shapes has of it.
func (w *record) assessment(e evaluation, expand []string) {
	w.draw(e.c, 'E', uint64(e.n))
	w.raw(`{"id":`).id(e.id).raw(`,"conversation":`).conversationRef().raw(`,"status":"`).raw(evaluationStatuses[e.status][1]).raw(`"`)
	for _, one := range []struct {
		role string
		user int
	}{{"evaluator", e.evaluator}, {"agent", e.agent.user}} {
		w.raw(`,"`).raw(one.role).raw(`":`)
		if slices.Contains(expand, one.role) {
			w.reference("users", one.user, true)
			continue
		}
		user := w.o.ids.make(kindUser, 0, one.user, 0)
		w.raw(`{"id":`).id(user).raw(`,"version":`).int(w.r.below(100)).self("users", user)
		w.raw(`}`)
	}
	queue := w.o.ids.make(kindQueue, 0, e.agent.queue, 0)
	w.raw(`,"queue":{"id":`).id(queue).self("routing/queues", queue)
	w.raw(`},"mediaType":["`).raw(qualityMedia[w.o.medium(e.c)]).raw(`"],"conversationDate":`).instant(e.c.start)
	if !w.o.isOpen(e.c) {
		w.raw(`,"conversationEndDate":`).instant(e.c.end)
	}
	w.raw(`,"createdDate":`).instant(e.created).raw(`,"assignedDate":`).instant(e.created)
	if e.finished() {
		w.raw(`,"submittedDate":`).instant(e.submitted())
	}
	if e.released() {
		w.raw(`,"releaseDate":`).instant(e.submitted() + 60_000)
	}
	w.raw(`,"neverRelease":`).bool(e.never).raw(`,"agentHasRead":`).bool(w.r.chance(0.5))
	w.raw(`,"rescore":false,"divisionIds":[`).id(w.o.ids.make(kindDivision, 0, 0, 0)).raw(`]`)
}

// form opens a form.
func (w *row) form(path string, ordinal int) {
	id := w.o.entityID(path, ordinal)
	w.raw(`{"id":`).id(id).raw(`,"name":`).entityName(path, ordinal).raw(`,"published":true`).self(path, id)
}

// totals are the members that tell of a score.
func (w *row) totals(e evaluation) {
	w.raw(`"totalScore":`).int(e.score).raw(`.0,"totalCriticalScore":`).int(e.score).raw(`.50`)
}

// questions writes the groups of an evaluation form, or what was answered to
// them.
func (w *record) questions(e evaluation, scores bool) {
	number := 0
	id := func() identity {
		number++
		return w.o.ids.make(kindOther, collectionNumber(evaluationForms), e.form, number)
	}
	for group := range 2 {
		w.item(group)
		if scores {
			w.raw(`{"questionGroupId":`).id(id()).raw(`,"totalScore":`).int(e.score / 2).raw(`.0,"maxTotalScore":50.0,"markedNA":false,"questionScores":[`)
		} else {
			w.raw(`{"id":`).id(id()).raw(`,"name":`).text().raw(`,"type":"questionGroup","weight":1.0,"questions":[`)
		}
		for question := range 2 + group {
			w.item(question)
			if scores {
				w.raw(`{"questionId":`).id(id()).raw(`,"score":`).int(w.r.below(11)).raw(`,"markedNA":false,"comments":`).text().raw(`}`)
				continue
			}
			w.raw(`{"id":`).id(id()).raw(`,"text":`).text().raw(`,"type":"multipleChoiceQuestion","naEnabled":true}`)
		}
		w.raw(`]}`)
	}
}

// wholeSurvey writes a Survey with its answers.
func (w *record) wholeSurvey(v survey) {
	w.draw(v.c, 'Y')
	w.raw(`{"id":`).id(v.id).raw(`,"conversation":`).conversationRef().raw(`,"surveyForm":`).form(surveyForms, v.form)
	w.raw(`,"contextId":`).id(w.o.entityID(surveyForms, v.form)).raw(`,"language":"ja-JP"},"agent":`)
	w.reference("users", v.agent.user, false)
	queue := w.o.ids.make(kindQueue, 0, v.agent.queue, 0)
	w.raw(`,"status":"`).raw(v.status).raw(`","queue":{"id":`).id(queue).self("routing/queues", queue)
	w.raw(`},"surveyType":"`).raw(v.kind).raw(`"`)
	if v.finished() {
		w.raw(`,"completedDate":`).instant(v.completed()).raw(`,"answers":{"totalScore":`).int(v.score).raw(`.0,"npsScore":`).int(v.promoter())
		w.raw(`,"questionGroupScores":[{"questionGroupId":`).id(w.o.ids.make(kindOther, collectionNumber(surveyForms), v.form, 1))
		w.raw(`,"totalScore":`).int(v.score).raw(`.0,"markedNA":false,"questionScores":[{"questionId":`).id(w.o.ids.make(kindOther, collectionNumber(surveyForms), v.form, 2))
		w.raw(`,"score":`).int(v.promoter()).raw(`,"freeTextAnswer":`).text().raw(`}]}]}`)
	}
	w.future().self("quality/surveys", v.id)
	w.raw(`}`)
}
