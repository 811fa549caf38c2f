package main

import (
	"encoding/json"
	"strings"

	"exitplan/internal/simulator"
)

// least is the smallest number of API calls by which all that an organization
// has can be read, by route: from what the simulator holds and how large its
// pages may be, not from what the exporter does.
func least(sim *simulator.Server, days int) map[string]int64 {
	truth := sim.Truth()
	calls := map[string]int64{}
	list := map[string]simulator.Listing{}
	for _, l := range truth.Listings() {
		list[l.Pattern] = l
	}
	ids := map[string][]string{}
	for _, l := range truth.Listings() {
		for _, parent := range parentsOf(truth, list, ids, l) {
			n := 0
			for range truth.Listing(l.Pattern, parent) {
				n++
			}
			pages := 1
			if l.Most > 0 {
				pages = max(1, (n+l.Most-1)/l.Most)
			}
			calls[l.Method+" "+l.Pattern] += int64(pages)
		}
	}
	conversations(truth, calls, days)
	return calls
}

// parentsOf are the ids for which a listing has to be asked.
func parentsOf(truth *simulator.Truth, list map[string]simulator.Listing, ids map[string][]string, l simulator.Listing) []string {
	if l.Parent == "" {
		return []string{""}
	}
	if known, ok := ids[l.Parent]; ok {
		return known
	}
	found := []string{}
	for _, above := range parentsOf(truth, list, ids, list[l.Parent]) {
		for row := range truth.Listing(l.Parent, above) {
			var record struct {
				ID string `json:"id"`
			}
			if json.Unmarshal(row, &record) == nil && record.ID != "" {
				found = append(found, record.ID)
			}
		}
	}
	ids[l.Parent] = found
	return found
}

// Rows of a page of job results, and conversations of a batch request, at most.
const (
	resultsPage = 1000
	batchMost   = 100
)

// conversations counts what details, recordings and the content of conversations
// cost.
func conversations(truth *simulator.Truth, calls map[string]int64, days int) {
	const v2 = "/api/v2/"
	perDay, recorded := map[string]int64{}, map[string]int64{}
	for c := range truth.Conversations() {
		day := c.Day.Format("2006-01-02")
		perDay[day]++
		if c.Recorded {
			recorded[day]++
			calls["GET "+v2+"conversations/{conversationId}/recordingmetadata"]++
		}
		calls["GET "+v2+"conversations/{conversationId}/summaries"]++
		calls["GET "+v2+"conversations/{conversationId}/customattributes"]++
		r := readRow(c.Row)
		calls["GET "+v2+"quality/conversations/{conversationId}/evaluations/{evaluationId}"] += int64(len(r.Evaluations))
		if len(r.Surveys) > 0 {
			calls["GET "+v2+"quality/conversations/{conversationId}/surveys"]++
		}
		media := map[string]bool{}
		for _, p := range r.Participants {
			for _, s := range p.Sessions {
				media[s.MediaType] = true
				if s.Recording {
					calls["GET "+v2+"speechandtextanalytics/conversations/{conversationId}/communications/{communicationId}/transcripturls"]++
				}
			}
		}
		if c.Recorded || media["email"] || media["message"] || media["chat"] {
			for _, what := range []string{"", "/categories", "/sentiments", "/summaries"} {
				calls["GET "+v2+"speechandtextanalytics/conversations/{conversationId}"+what]++
			}
		}
		if media["email"] {
			calls["GET "+v2+"conversations/emails/{conversationId}/messages"]++
		}
		if media["message"] {
			calls["GET "+v2+"conversations/{conversationId}"]++
			calls["POST "+v2+"conversations/messages/{conversationId}/messages/bulk"]++
		}
	}
	const jobs = v2 + "analytics/conversations/details/jobs"
	calls["POST "+jobs] += int64(days)
	calls["GET "+jobs+"/{jobId}"] += int64(days)
	for day, n := range perDay {
		calls["GET "+jobs+"/{jobId}/results"] += (n + resultsPage - 1) / resultsPage
		batches := (recorded[day] + batchMost - 1) / batchMost
		calls["POST "+v2+"recording/batchrequests"] += batches
		calls["GET "+v2+"recording/batchrequests/{jobId}"] += batches
	}
}

// row is what says of which kind a conversation is.
type row struct {
	Evaluations, Surveys []json.RawMessage
	Participants         []struct {
		Sessions []struct {
			MediaType string
			Recording bool
		}
	}
}

func readRow(raw json.RawMessage) (r row) {
	_ = json.Unmarshal(raw, &r) // the simulator's own
	return r
}

// jobs says what the routes of a platform's job cost at least, by the POST that
// submits it: each submission one look at its state, and one at its results.
func jobsOf(routes map[string]int64) map[string]int64 {
	calls := map[string]int64{}
	for route, n := range routes {
		method, path, _ := strings.Cut(route, " ")
		if method != "POST" {
			continue
		}
		for other := range routes {
			if rest, ok := strings.CutPrefix(other, "GET "+path+"/{"); ok {
				if _, after, _ := strings.Cut(rest, "}"); after == "" || after == "/results" {
					calls[other] = n
				}
			}
		}
		if _, polled := routes["GET "+path]; polled {
			calls["GET "+path] = n
		}
	}
	return calls
}
