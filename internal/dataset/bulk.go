package dataset

import (
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"time"

	"exitplan/exporter"
)

// RecordingJobs has the platform write recordings into the customer's bucket
// by itself: bulk recording jobs, one for each piece of the interval.
//
// A job is created, waited for, executed and waited for again. When it is
// fulfilled the platform has only begun to write: what it wrote is found by
// listing the bucket. What no job brings is left to batch requests.
type RecordingJobs struct {
	API          Clients
	Integration  string // id of the one that knows the bucket
	Organization string // id, which is the platform's folder in the bucket
	// Sensitive includes what the platform marks as sensitive; it refuses
	// clients without the permission recording:recording:viewSensitiveData.
	Sensitive bool
	// Now is the time by which pieces are planned.
	Now func() time.Time
	// Patience is how long nothing new may land in the bucket before the rest
	// is not waited for any longer; default one hour.
	Patience time.Duration

	// Since is when the export began: a job of the same query that this client
	// made since then is this export's, whatever the journal remembers.
	Since time.Time

	planned []jobPiece // by this run and those before

	stuck time.Duration // a job without progress for so long is given up; default a day
	pause time.Duration // the longest between two looks; default by what is waited for
}

// JobPermissions are what recording jobs need besides (API definition, the
// operations of /recording/jobs and /integrations).
var JobPermissions = []string{
	"recording:job:add", "recording:job:view", "recording:job:edit", "recording:job:delete",
	"recording:recording:editRetention", "recording:screenRecording:editRetention", "integrations:integration:view",
}

// jobPiece is the part of the interval that one unit exports by jobs.
type jobPiece struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	// Aged: older than the platform's conversation queries reach.
	Aged bool `json:"aged,omitempty"`
}

// Conversations older than that are asked for in another way (API definition,
// RecordingJobsQuery).
func agedBefore(now time.Time) time.Time { return now.UTC().AddDate(-5, 0, 0) }

// jobPieces cuts an interval at the starts of months; where it is aged, at
// those of half-years, which are the most that one job takes. A later run,
// whose interval is longer and whose border has moved on, so plans nearly the
// same pieces.
func jobPieces(iv exporter.Interval, now time.Time) []jobPiece {
	var pieces []jobPiece
	border := agedBefore(now)
	for from := iv.From.UTC(); from.Before(iv.To); {
		first := func(m time.Month) time.Time { return time.Date(from.Year(), m, 1, 0, 0, 0, 0, time.UTC) }
		to := first(from.Month() + 1)
		if half := first((from.Month()-1)/6*6 + 7); !half.After(border) {
			to = half
		}
		if to.After(iv.To) {
			to = iv.To.UTC()
		}
		pieces = append(pieces, jobPiece{From: from, To: to, Aged: !to.After(border)})
		from = to
	}
	return pieces
}

// JobsAtOnce is how many jobs of an organization the platform takes at a time.
const JobsAtOnce = 2

// Planned tells of a unit of an earlier run, by its parameters: what it exports
// is not exported again.
func (j *RecordingJobs) Planned(params []byte) error {
	var p recordingsParams
	if err := json.Unmarshal(params, &p); err != nil || p.Job == nil {
		return err
	}
	j.planned = append(j.planned, *p.Job)
	return nil
}

// plan gives one unit for each piece behind those of earlier runs. It waits for
// the one that is JobsAtOnce before it.
func (j *RecordingJobs) plan(iv exporter.Interval, now time.Time) iter.Seq2[exporter.Unit, error] {
	return func(yield func(exporter.Unit, error) bool) {
		var keys []string
		slices.SortFunc(j.planned, func(a, b jobPiece) int { return a.From.Compare(b.From) })
		for _, p := range j.planned {
			keys = append(keys, p.key())
			if p.To.After(iv.From) {
				iv.From = p.To
			}
		}
		pieces := jobPieces(iv, now)
		j.planned = append(j.planned, pieces...)
		for _, p := range pieces {
			params, err := json.Marshal(struct {
				Job *jobPiece `json:"job"`
			}{&p})
			u := exporter.Unit{Dataset: RecordingsName, Key: p.key(), Params: params}
			if n := len(keys); n >= JobsAtOnce {
				u.After = keys[n-JobsAtOnce]
			}
			keys = append(keys, u.Key)
			if !yield(u, err) {
				return
			}
		}
	}
}

// JobPrefix begins the keys of the units of recording jobs.
const JobPrefix = RecordingsName + "/jobs/"

func (p jobPiece) key() string {
	layout := time.DateOnly
	if !p.From.Equal(p.From.Truncate(24*time.Hour)) || !p.To.Equal(p.To.Truncate(24*time.Hour)) {
		layout = "20060102T150405"
	}
	return fmt.Sprintf("%s%s-%s", JobPrefix, p.From.Format(layout), p.To.Format(layout))
}

// words are the piece for people.
func (p jobPiece) words() string {
	return "recordings of " + detailsParams{From: p.From, To: p.To}.words() + ", by a job of the platform"
}

// jobQuery is what one job is asked for.
type jobQuery struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	Aged bool      `json:"aged,omitempty"`
}

func (q jobQuery) interval() exporter.Interval { return exporter.Interval{From: q.From, To: q.To} }

// queries are what a piece asks for: one thing, or two where the border of what
// is aged lies in it.
func (p jobPiece) queries(now time.Time) []jobQuery {
	border := agedBefore(now)
	if !p.To.After(border) {
		return []jobQuery{{p.From, p.To, true}}
	}
	var queries []jobQuery
	if p.From.Before(border) {
		queries = append(queries, jobQuery{p.From, border.Truncate(time.Minute), true})
	}
	return append(queries, jobQuery{From: p.From, To: p.To})
}

// The border moves while a job waits for its turn, and the platform may count
// five years in another way than the calendar does. What lies so close to it
// is left to batch requests.
const borderMargin = 2 * 24 * time.Hour

// from now is the query without what is too old for it by now; false where
// nothing is left.
func (q jobQuery) from(now time.Time) (jobQuery, bool) {
	if reach := agedBefore(now).Add(borderMargin).Truncate(24 * time.Hour); !q.Aged && q.From.Before(reach) {
		q.From = reach
	}
	return q, q.From.Before(q.To)
}

// body is the request for a job.
func (j *RecordingJobs) body(q jobQuery, now time.Time) map[string]any {
	body := map[string]any{
		"action":                             "EXPORT",
		"actionDate":                         now.UTC().Format("2006-01-02T15:04:05.000Z"),
		"integrationId":                      j.Integration,
		"includeRecordingsWithSensitiveData": j.Sensitive,
		"includeScreenRecordings":            true,
		"includePolicyBasedRecordings":       true,
		"includeSnippetRecordings":           true,
	}
	if q.Aged {
		body["agedConversationInterval"] = q.interval().String()
		return body
	}
	// A conversation belongs to the piece in which it started: without this, the
	// one after it would be counted with it.
	body["conversationQuery"] = map[string]any{
		"interval": q.interval().String(), "order": "asc", "orderBy": "conversationStart", "startOfDayIntervalMatching": true,
	}
	return body
}
