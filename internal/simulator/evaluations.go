package simulator

import (
	"encoding/json"
	"iter"
	"net/http"
)

const (
	evaluationSearch = "quality/evaluations/search"
	evaluationQuery  = "quality/evaluations/query"
	mostEvaluations  = 100 // on a page
)

func (s *Server) evaluationRoutes() []route {
	return []route{
		{"POST " + apiBase + evaluationSearch, []string{"quality:evaluation:searchAny"}, s.searchEvaluations},
		{"GET " + apiBase + evaluationQuery, []string{"quality:evaluation:view"}, s.queryEvaluations},
	}
}

// evaluationHoldings hold all evaluations behind both operations, and with the
// scores.
var evaluationHoldings = []holding{
	{apiBase + evaluationSearch, holdEvaluations((*record).foundEvaluation)},
	{apiBase + evaluationQuery, holdEvaluations(func(w *record, e evaluation) { w.listedEvaluation(e, true) })},
}

func holdEvaluations(write func(*record, evaluation)) func(*Server, func(Held) bool) {
	return func(s *Server, yield func(Held) bool) {
		for e := range s.org.evaluationsIn(s.org.all()) {
			if !yield(s.heldRecord(nil, func(w *record) { write(w, e) })) {
				return
			}
		}
	}
}

func (o *org) evaluationsIn(conversations iter.Seq[conversation]) iter.Seq[evaluation] {
	return func(yield func(evaluation) bool) {
		for c := range conversations {
			for _, e := range o.evaluationsOf(c) {
				if !yield(e) {
					return
				}
			}
		}
	}
}

// foundEvaluation writes the row of a search, whose form has no name.
func (w *record) foundEvaluation(e evaluation) {
	w.assessment(e, nil)
	w.raw(`,"evaluationForm":{"id":`).id(w.o.entityID(evaluationForms, e.form)).raw(`,"published":true,"latestVersionFormName":`).entityName(evaluationForms, e.form)
	w.raw(`}`)
	if e.finished() {
		w.raw(`,"answers":{`).totals(e)
		w.raw(`}`)
	}
	w.future().raw(`}`)
}

// listedEvaluation writes the row of a query.
func (w *record) listedEvaluation(e evaluation, scores bool) {
	w.assessment(e, nil)
	w.raw(`,"evaluationForm":`).form(evaluationForms, e.form)
	w.raw(`,"questionGroups":[]}`)
	if scores && e.finished() {
		w.raw(`,"answers":{`).totals(e)
		w.raw(`}`)
	}
	w.future().self("quality/conversations", w.o.conversationID(e.c), "evaluations", e.id)
	w.raw(`}`)
}

// userDeleted says whether the directory has a user as deleted.
func (s *Server) userDeleted(user int) bool {
	hiding := s.entities.byPath["users"].hiding
	return hiding.classAt(user) == hiding.classes-1
}

// searchEvaluations knows those of deleted users too. What the system submitted
// is a search of its own: the definition calls systemSubmitted a filter that is
// false by default. A page past the end is empty, and nothing says how many rows
// there are.
func (s *Server) searchEvaluations(w http.ResponseWriter, r *http.Request, _ caller) {
	var q struct {
		postedPage
		Query, Aggregations []json.RawMessage
		SortBy, SortOrder   string
		SystemSubmitted     bool
	}
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		badRequest(w, r, "the body is not a search: "+err.Error())
		return
	}
	first, size, number, problem := q.place(mostEvaluations)
	switch {
	case problem != "":
		badRequest(w, r, problem)
		return
	case len(q.Query)+len(q.Aggregations) > 0 || q.SortBy != "" && q.SortBy != "conversationDate" || q.SortOrder == "DESC":
		badRequest(w, r, "the simulator knows a search without criteria and aggregations only, by conversationDate")
		return
	}
	answer := s.record(true)
	answer.raw(`{"pageSize":`).int(size).raw(`,"pageNumber":`).int(number).raw(`,"results":`)
	answer.page(first, size, func(yield func(func(*record)) bool) {
		for e := range s.org.evaluationsIn(s.org.all()) {
			if e.automatic == q.SystemSubmitted && !yield(func(w *record) { w.foundEvaluation(e) }) {
				return
			}
		}
	})
	answer.raw(`}`)
	answer.send(w)
}

// queryEvaluations hides those of deleted users unless it is asked for them, and,
// where only an agent is asked about, what is never released. Nobody is an
// assignee.
func (s *Server) queryEvaluations(w http.ResponseWriter, r *http.Request, _ caller) {
	q := r.URL.Query()
	conversationID, agent, evaluator := q.Get("conversationId"), q.Get("agentUserId"), q.Get("evaluatorUserId")
	if !onlyParameters(w, r, "pageSize pageNumber conversationId agentUserId evaluatorUserId assigneeUserId includeDeletedUsers expandAnswerTotalScores") {
		return
	}
	if conversationID == "" && agent == "" && evaluator == "" && q.Get("assigneeUserId") == "" {
		fail(w, r, http.StatusBadRequest, "quality.query.spec.one.of.agent.or.evaluator.or.assignee.or.conversation",
			"Quality query needs one agent, evaluator, or assignee, or conversation.")
		return
	}
	for _, id := range []string{agent, evaluator, q.Get("assigneeUserId")} {
		if _, ok := s.entities.find(s.entities.byPath["users"], id); id != "" && !ok {
			fail(w, r, http.StatusBadRequest, "quality.query.invalid.user", "User does not exist")
			return
		}
	}
	conversations := s.org.all()
	if conversationID != "" {
		c, ok := s.org.findConversation(conversationID)
		if !ok {
			invalidConversation(w, r)
			return
		}
		conversations = func(yield func(conversation) bool) { yield(c) }
	}
	is := func(wanted string, user int) bool {
		return wanted == "" || wanted == s.org.ids.make(kindUser, 0, user, 0).String()
	}
	shown := func(e evaluation) bool {
		return is(agent, e.agent.user) && is(evaluator, e.evaluator) && q.Get("assigneeUserId") == "" &&
			(q.Get("includeDeletedUsers") == "true" || !s.userDeleted(e.agent.user) && !s.userDeleted(e.evaluator)) &&
			(!e.never || conversationID != "" || evaluator != "")
	}
	scores := q.Get("expandAnswerTotalScores") == "true"
	s.answerPage(w, r, mostEvaluations, func(yield func(func(*record)) bool) {
		for e := range s.org.evaluationsIn(conversations) {
			if shown(e) && !yield(func(w *record) { w.listedEvaluation(e, scores) }) {
				return
			}
		}
	})
}
