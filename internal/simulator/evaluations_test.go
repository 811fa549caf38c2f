package simulator_test

import (
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"exitplan/internal/simulator"
)

const (
	search = api + "quality/evaluations/search"
	query  = api + "quality/evaluations/query"
)

// evaluation is what the tests read of one.
type evaluation struct {
	ID               string
	Conversation     struct{ ID string }
	Agent, Evaluator struct{ ID, Name string }
	EvaluationForm   m
	NeverRelease     bool
	Answers          m
}

func readEvaluation(t *testing.T, raw json.RawMessage) (e evaluation) {
	t.Helper()
	if err := json.Unmarshal(raw, &e); err != nil || e.ID == "" {
		t.Fatalf("%v: %s", err, raw)
	}
	return e
}

// searched pages a search to its end, which only an empty page shows.
func (c *client) searched(body m) (rows []json.RawMessage) {
	c.t.Helper()
	for number := 1; ; number++ {
		body["pageSize"], body["pageNumber"] = 7, number
		_, raw := c.do(c.request(http.MethodPost, search, body))
		page := c.array(raw, "results")
		if len(page) == 0 {
			return rows
		}
		rows = append(rows, page...)
	}
}

// Rows of details name every evaluation and survey that there is, and no other.
func TestDetailsNameAssessments(t *testing.T) {
	c := start(t, simulator.Config{Seed: 6}).demo()
	want := map[string]bool{}
	for _, path := range []string{"quality/conversations/{conversationId}/evaluations/{evaluationId}", "quality/surveys/{surveyId}"} {
		for one := range c.s.Truth().Held(api + path) {
			want[one.Parent[len(one.Parent)-1]] = true
		}
	}
	named := 0
	for one := range c.s.Truth().Conversations() {
		var row struct {
			Evaluations []struct{ EvaluationID string }
			Surveys     []struct{ SurveyID string }
		}
		if err := json.Unmarshal(one.Row, &row); err != nil {
			t.Fatal(err)
		}
		for _, e := range row.Evaluations {
			if named++; !want[e.EvaluationID] {
				t.Errorf("there is no evaluation %s", e.EvaluationID)
			}
		}
		for _, v := range row.Surveys {
			if named++; !want[v.SurveyID] {
				t.Errorf("there is no survey %s", v.SurveyID)
			}
		}
	}
	if named != len(want) || named < 10 {
		t.Errorf("%d are named, %d there", named, len(want))
	}
}

func TestSearchOfEvaluations(t *testing.T) {
	c := start(t, simulator.Config{Seed: 6}).demo()
	automatic, others := c.searched(m{"systemSubmitted": true}), c.searched(m{"query": []any{}})
	if len(automatic) == 0 || len(others) == 0 {
		t.Fatalf("%d by the system, %d others", len(automatic), len(others))
	}
	all := map[string]json.RawMessage{}
	for _, row := range append(automatic, others...) {
		all[readEvaluation(t, row).ID] = row
	}
	count := 0
	for one := range c.s.Truth().Held(search) {
		count++
		c.holds(search, all[readEvaluation(t, one.Record).ID], one)
	}
	if count != len(automatic)+len(others) {
		t.Errorf("%d and %d rows of %d", len(automatic), len(others), count)
	}
	for _, body := range []m{
		{"query": []m{{"type": "EXACT", "field": "agentId", "value": "x"}}}, {"sortBy": "releaseDate"},
		{"pageSize": 101}, {"pageSize": 0}, {"pageNumber": 0},
	} {
		c.refused(400, "bad.request", http.MethodPost, search, body)
	}
}

// users gives the ids of all users, and which of them are deleted.
func (c *client) users() (ids []string, deleted map[string]bool) {
	c.t.Helper()
	deleted = map[string]bool{}
	for row := range c.s.Truth().Listing(api+"users", "") {
		id := entityID(c.t, row)
		ids = append(ids, id)
		deleted[id] = strings.Contains(string(row), `"state":"deleted"`)
	}
	return ids, deleted
}

// A query about agents shows what is released now or ever, and what is not of
// deleted users unless it is asked for them; scores too are to be asked for.
func TestQueryOfEvaluations(t *testing.T) {
	c := start(t, simulator.Config{Seed: 6, ConversationsPerDay: 400}).demo()
	users, deleted := c.users()
	want := map[string]simulator.Held{}
	for one := range c.s.Truth().Held(query) {
		want[readEvaluation(t, one.Record).ID] = one
	}
	ask := func(user, more string) map[string]json.RawMessage {
		rows := map[string]json.RawMessage{}
		for _, row := range c.everyRow(query+"?pageSize=5&"+user+more, "entities") {
			rows[readEvaluation(t, row).ID] = row
		}
		return rows
	}
	const whole = "&includeDeletedUsers=true&expandAnswerTotalScores=true"
	found, never, hidden := 0, 0, 0
	for _, user := range users {
		byAgent, byEvaluator := ask("agentUserId="+user, whole), ask("evaluatorUserId="+user, whole)
		brief := ask("evaluatorUserId="+user, "")
		for id, one := range want {
			e := readEvaluation(t, one.Record)
			if row, ok := byAgent[id]; ok != (e.Agent.ID == user && !e.NeverRelease) {
				t.Fatalf("agent %s has %s: %v", user, one.Record, ok)
			} else if ok {
				c.holds(id, row, one)
				found++
			}
			row, ok := byEvaluator[id]
			if ok != (e.Evaluator.ID == user) {
				t.Fatalf("evaluator %s has %s: %v", user, one.Record, ok)
			}
			if !ok {
				continue
			}
			c.holds(id, row, one)
			if e.NeverRelease {
				never++
			}
			row, ok = brief[id]
			if gone := deleted[e.Agent.ID] || deleted[e.Evaluator.ID]; ok == gone {
				t.Fatalf("of a deleted user: %v, shown: %v", gone, ok)
			} else if gone {
				hidden++
			} else if strings.Contains(string(row), "answers") {
				t.Fatalf("scores that nobody asked for: %s", row)
			}
		}
	}
	if found+never != len(want) || never == 0 || hidden == 0 {
		t.Errorf("%d by agent and %d never released of %d, %d of deleted users", found, never, len(want), hidden)
	}
	for id, one := range want {
		if got := ask("conversationId="+readEvaluation(t, one.Record).Conversation.ID, whole); got[id] == nil {
			t.Fatalf("%s is not its conversation's", id)
		}
	}
	if len(ask("assigneeUserId="+users[0], whole)) > 0 {
		t.Error("somebody is an assignee")
	}
	c.refused(400, "quality.query.spec.one.of.agent.or.evaluator.or.assignee.or.conversation", http.MethodGet, query+"?pageSize=5", nil)
	c.refused(400, "quality.query.invalid.user", http.MethodGet, query+"?agentUserId="+unknown, nil)
	c.refused(400, "quality.query.invalid.conversation", http.MethodGet, query+"?conversationId="+unknown, nil)
	c.refused(400, "bad.request", http.MethodGet, query+"?agentTeamId="+unknown+"&agentUserId="+users[0], nil)
}

// An evaluation names users and form; what they are has to be asked for.
func TestExpandedEvaluation(t *testing.T) {
	c := start(t, simulator.Config{Seed: 6}).demo()
	const pattern = api + "quality/conversations/{conversationId}/evaluations/{evaluationId}"
	finished := 0
	for one := range c.s.Truth().Held(pattern) {
		at := filled(pattern, one.Parent...)
		plain := readEvaluation(t, one.Record)
		_, raw := c.do(c.request(http.MethodGet, at+"?expand=agent,evaluationForm", nil))
		e := readEvaluation(t, raw)
		if plain.Agent.Name != "" || plain.EvaluationForm["questionGroups"] != nil || e.Agent.Name == "" || e.Evaluator.Name != "" || e.EvaluationForm["questionGroups"] == nil {
			t.Fatalf("%s, expanded %s", one.Record, raw)
		}
		if groups, ok := plain.Answers["questionGroupScores"].([]any); ok && len(groups) > 0 {
			finished++
			if !reflect.DeepEqual(plain.Answers, e.Answers) {
				t.Errorf("expanded it has other answers: %v, %v", plain.Answers, e.Answers)
			}
			asked := e.EvaluationForm["questionGroups"].([]any)
			if !slices.EqualFunc(groups, asked, func(score, group any) bool { return score.(m)["questionGroupId"] == group.(m)["id"] }) {
				t.Errorf("%v is answered, %v asked", groups, asked)
			}
		}
	}
	if finished == 0 {
		t.Error("no evaluation has answers")
	}
}
