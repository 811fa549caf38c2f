package simulator_test

import (
	"bytes"
	"encoding/json"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"exitplan/internal/simulator"
)

// What expand asks for is there, nothing else is, and the rest of a row is the
// same either way.
func TestUsersAreExpanded(t *testing.T) {
	c := start(t, simulator.Config{}).demo()
	plain := slices.Collect(c.s.Truth().Listing(api+"users", ""))
	whole := slices.Collect(c.s.Truth().Expanded(api+"users", ""))
	l := c.listing("users")
	all := "routingStatus,presence,station,authorization,lasttokenissued,team,groups,profileSkills,certifications,locations,skills," +
		"languages,languagePreference,employerInfo,biography,outOfOffice,dateLastLogin,dateWelcomeSent"
	for query, want := range map[string][]json.RawMessage{
		"state=any": plain,
		"state=any&expand=" + url.QueryEscape(all):                               whole,
		"state=any&expand=" + strings.ReplaceAll(all, ",", "&expand="):           whole,
		"state=any&expand=geolocation,conversationSummary,workPlanBidRanks,team": nil,
	} {
		got := c.listed(l, api+"users?"+query)
		if want != nil && !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %d users differ from %d", query, len(got), len(want))
		}
		if row := c.object(got[0]); want == nil && (row["team"] == nil || row["groups"] != nil) {
			t.Errorf("%s: %s", query, got[0])
		}
	}
	some := 0
	for i, row := range whole {
		less := c.object(row)
		for name := range strings.SplitSeq(all, ",") {
			if name == "lasttokenissued" {
				name = "lastTokenIssued"
			}
			value, ok := less[name]
			if !ok {
				t.Fatalf("user %d has no %s: %s", i, name, row)
			}
			if list, ok := value.([]any); ok && len(list) > 0 {
				some++
			}
			delete(less, name)
		}
		if !reflect.DeepEqual(less, c.object(plain[i])) {
			t.Errorf("user %d: %v is not %s", i, less, plain[i])
		}
	}
	if some < 20 {
		t.Errorf("%d lists of users hold something", some)
	}
}

func TestDocumentsAreExpanded(t *testing.T) {
	c := start(t, simulator.Config{}).demo()
	l := c.listing("knowledge/knowledgebases/{knowledgeBaseId}/documents/{documentId}")
	pattern := l.Pattern
	different := 0
	for _, path := range paths(t, c.s, l) {
		plain, whole := slices.Collect(c.s.Truth().Listing(pattern, path[1])), slices.Collect(c.s.Truth().Expanded(pattern, path[1]))
		if got := c.listed(l, path[0]+"?expand=category,labels,variations"); !reflect.DeepEqual(got, whole) || len(got) != 1 {
			t.Fatalf("%s: %s is not %s", path[0], got, whole)
		}
		if got := c.object(c.listed(l, path[0]+"?expand=labels")[0]); got["labels"] == nil || got["category"] != nil {
			t.Errorf("%s: %v", path[0], got)
		}
		if !bytes.Equal(plain[0], whole[0]) {
			different++
		}
	}
	if different == 0 {
		t.Error("no document has more than its listing shows")
	}
}
