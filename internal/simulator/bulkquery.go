package simulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// bulkQuery is a RecordingJobsQuery.
type bulkQuery struct {
	Action           string             `json:"action"`
	ActionDate       *time.Time         `json:"actionDate"`
	ActionAge        *int               `json:"actionAge"`
	ScreenActionDate *time.Time         `json:"screenRecordingActionDate"`
	ScreenActionAge  *int               `json:"screenRecordingActionAge"`
	IntegrationID    string             `json:"integrationId"`
	Sensitive        bool               `json:"includeRecordingsWithSensitiveData"`
	Screen           *bool              `json:"includeScreenRecordings"`
	PolicyBased      *bool              `json:"includePolicyBasedRecordings"`
	Snippets         *bool              `json:"includeSnippetRecordings"`
	ClearExport      bool               `json:"clearExport"`
	Conversations    *conversationQuery `json:"conversationQuery"`
	Aged             string             `json:"agedConversationInterval"`

	sel selection
	to  BulkIntegration // of an export
}

func (q bulkQuery) interval() string {
	if q.Conversations != nil {
		return q.Conversations.Interval
	}
	return q.Aged
}

func (q bulkQuery) screen() bool { return q.Screen == nil || *q.Screen }

// due is when a recording is to be exported.
func (q bulkQuery) due(rec recording) time.Time {
	date, age := q.ActionDate, q.ActionAge
	if isScreen(rec) && (q.ScreenActionDate != nil || q.ScreenActionAge != nil) {
		date, age = q.ScreenActionDate, q.ScreenActionAge
	}
	if date != nil {
		return *date
	}
	created := time.UnixMilli(rec.conversation.end) // as the retention query says
	if age == nil {
		return created
	}
	return created.AddDate(0, 0, *age)
}

const yearsOfQuery = 5 // that a conversationQuery reaches back

// readBulkQuery gives what is wrong with a query, or nothing.
func (s *Server) readBulkQuery(raw []byte) (q bulkQuery, problem string) {
	d := json.NewDecoder(bytes.NewReader(raw))
	if err := d.Decode(&q); err != nil {
		return q, "the body is not a query of recordings: " + err.Error()
	}
	no := func(include *bool) bool { return include != nil && !*include }
	switch {
	case q.Action != "EXPORT" && q.Action != "DELETE" && q.Action != "ARCHIVE":
		return q, fmt.Sprintf("the action %q is none of ARCHIVE, DELETE and EXPORT", q.Action)
	case (q.ActionDate == nil) == (q.ActionAge == nil):
		return q, "either actionDate or actionAge is required"
	case q.ActionAge != nil && *q.ActionAge < 0:
		return q, "actionAge must not be negative"
	case (q.ScreenActionDate != nil || q.ScreenActionAge != nil) && !q.screen():
		return q, "dates of screen recordings need includeScreenRecordings"
	case q.ClearExport && q.Action != "DELETE":
		return q, "clearExport is for the action DELETE"
	case (q.Conversations == nil) == (q.Aged == ""):
		return q, "either conversationQuery or agedConversationInterval is required"
	case no(q.PolicyBased) || no(q.Snippets):
		return q, "the simulator does not tell recordings of policies, or snippets, from others"
	}
	if q.Action == "EXPORT" {
		if q.to, problem = s.integrationForExport(q.IntegrationID); problem != "" {
			return q, problem
		}
	} else if q.IntegrationID != "" {
		return q, "integrationId is for the action EXPORT"
	}
	oldest := s.cfg.Now().AddDate(-yearsOfQuery, 0, 0)
	if q.Conversations == nil {
		return q, q.readAged(oldest)
	}
	var err error
	if q.sel, err = q.Conversations.selection(); err != nil {
		return q, err.Error()
	}
	switch {
	case q.Conversations.Limit != 0 || q.Conversations.Paging != nil:
		return q, "the simulator exports all that a query matches"
	case time.UnixMilli(q.sel.from).Before(oldest):
		return q, fmt.Sprintf("conversationQuery must not reach back over %d years: use agedConversationInterval", yearsOfQuery)
	}
	if q.Conversations.StartOfDayIntervalMatching {
		q.sel.startedSince = floorDay(q.sel.from)
	}
	q.sel.available = s.available().UnixMilli() // a job finds what details jobs find
	return q, ""
}

// readAged reads the interval of conversations that are older than queries reach.
func (q *bulkQuery) readAged(oldest time.Time) string {
	from, to, err := parseInterval(q.Aged)
	switch {
	case err != nil:
		return err.Error()
	case to.After(oldest):
		return fmt.Sprintf("agedConversationInterval must end over %d years ago: use conversationQuery", yearsOfQuery)
	case to.After(from.AddDate(0, 6, 0)):
		return "agedConversationInterval must not be longer than 6 months"
	}
	q.sel = selection{from: from.UnixMilli(), to: to.UnixMilli()}
	return ""
}

// isSensitive says whether a recording holds sensitive data, which a job leaves
// out unless it is told not to.
func isSensitive(rec recording) bool { return rec.sensitive }

// isScreen says whether a recording is of a screen.
func isScreen(rec recording) bool { return rec.screen() }

// bulkFate is what becomes of a recording that a job comes across.
type bulkFate string

const (
	fateLanded  bulkFate = "landed"
	fateLost    bulkFate = "lost"    // counted as processed
	fateFailed  bulkFate = "failed"  // listed among the failed ones
	fateSkipped bulkFate = "skipped" // sensitive
	fateUnseen  bulkFate = "unseen"  // not counted at all
)

func (s *Server) fateOf(rec recording, sensitive, screen bool) bulkFate {
	c := rec.conversation
	hit := func(what byte, share float64) bool {
		return share > 0 && below(hash(s.cfg.Seed, 'B', uint64(what), uint64(c.day), uint64(c.index), uint64(rec.sub)), share)
	}
	switch {
	case rec.fileState == "DELETED", isScreen(rec) && !screen:
		return fateUnseen
	case isSensitive(rec) && !sensitive:
		return fateSkipped
	case rec.errorMsg != "", rec.results == 0, hit('f', s.cfg.Bulk.FailedShare):
		return fateFailed
	case hit('l', s.cfg.Bulk.LostShare):
		return fateLost
	}
	return fateLanded
}

// BulkFate says what a bulk job that asks for as little as it can does with a
// recording: landed, lost, failed, skipped, or unseen; "" for an unknown id.
func (t *Truth) BulkFate(recordingID string) string {
	rec, ok := t.s.org.findRecording(recordingID)
	if !ok {
		return ""
	}
	return string(t.s.fateOf(rec, false, true))
}

// bulkItem names a recording in few bytes.
type bulkItem struct {
	day, index int32
	sub        uint8
	lost       bool
}

func itemOf(rec recording) bulkItem {
	return bulkItem{day: int32(rec.conversation.day), index: int32(rec.conversation.index), sub: uint8(rec.sub)}
}

func (i bulkItem) recording(o *org) recording {
	for _, rec := range o.recordings(o.conversation(int(i.day), int(i.index))) {
		if rec.sub == int(i.sub) {
			return rec
		}
	}
	panic("simulator: a job holds a recording that is not there")
}

// bulkPlan is what a job found.
type bulkPlan struct {
	conversations     int
	skipped           int
	processed, failed []bulkItem
}

func (p bulkPlan) recordings() int { return p.skipped + len(p.processed) + len(p.failed) }

func (s *Server) planBulk(q bulkQuery) (p bulkPlan) {
	for c, at, ok := q.sel.next(s.org, q.sel.first(s.org)); ok; c, at, ok = q.sel.next(s.org, at) {
		before := p.recordings()
		for _, rec := range s.org.recordings(c) {
			item := itemOf(rec)
			switch s.fateOf(rec, q.Sensitive, q.screen()) {
			case fateSkipped:
				p.skipped++
			case fateFailed:
				p.failed = append(p.failed, item)
			case fateLost:
				item.lost = true
				p.processed = append(p.processed, item)
			case fateLanded:
				p.processed = append(p.processed, item)
			}
		}
		if p.recordings() > before {
			p.conversations++
		}
	}
	return p
}
