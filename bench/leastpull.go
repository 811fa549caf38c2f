package main

import "exitplan/internal/simulator"

// Rows of a page of the retention query, at most.
const retentionPage = 500

// leastPull is the smallest number of API calls, by route, by which any program
// could get the details and the recordings of an organization by batch requests,
// and know that it has all of them:
//
//   - before it starts: which organization this is, how fast it may ask, what its
//     token may see, and until when the platform's data is complete;
//   - for each day a count to hold the details against, and a job: submitted,
//     looked at once when it is done, read in pages, and deleted;
//   - the retention query, in pages, which lists recordings that no conversation
//     leads to;
//   - for each 100 recorded conversations, of whatever days, a batch request, looked
//     at once when it is done.
//
// Nothing of it depends on how the exporter cuts its work.
func leastPull(truth *simulator.Truth, days int) map[string]int64 {
	const (
		v2      = "/api/v2/"
		jobs    = v2 + "analytics/conversations/details/jobs"
		batches = v2 + "recording/batchrequests"
	)
	calls := map[string]int64{
		"GET " + v2 + "organizations/me":                                1,
		"GET " + v2 + "organizations/limits/namespaces/{namespaceName}": 1,
		"GET " + v2 + "tokens/me":                                       1,
		"GET " + v2 + "authorization/roles/{roleId}":                    1,
		"GET " + jobs + "/availability":                                 1,
		"POST " + v2 + "analytics/conversations/details/query":          int64(days),
		"POST " + jobs:                int64(days),
		"GET " + jobs + "/{jobId}":    int64(days),
		"DELETE " + jobs + "/{jobId}": int64(days),
	}
	perDay, recorded := map[string]int64{}, int64(0)
	for c := range truth.Conversations() {
		perDay[c.Day.Format("2006-01-02")]++
		if c.Recorded {
			recorded++
		}
	}
	for _, n := range perDay {
		// Each page but the first begins with the last row of the one before.
		calls["GET "+jobs+"/{jobId}/results"] += pagesOf(n-1, resultsPage-1)
	}
	calls["POST "+batches] = (recorded + batchMost - 1) / batchMost
	calls["GET "+batches+"/{jobId}"] = calls["POST "+batches]
	retained := int64(0)
	for range truth.Held("/api/v2/recordings/retention/query") {
		retained++
	}
	calls["GET "+v2+"recordings/retention/query"] = pagesOf(retained, retentionPage)
	return calls
}

// pagesOf is how many pages hold so many rows: one, where there are none.
func pagesOf(rows, most int64) int64 { return max(1, (rows+most-1)/most) }
