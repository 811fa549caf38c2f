package notify

import "time"

// The kinds of events.
const (
	OnTime   = "on-time"        // again
	AtRisk   = "at-risk"        // the window may not last
	WillMiss = "will-miss"      // the window will probably not last
	Stalled  = "stalled"        // nothing has moved for a while
	Closing  = "window-closing" // soon
	Finished = "finished"       // the run has ended, however
	Paused   = "paused"
	Resumed  = "resumed"
)

// Event is what a receiver is told, and the body of a webhook's request. Its
// JSON form is documented in docs/notify.md; members are only ever added.
type Event struct {
	// ID is the same for each delivery of one event.
	ID   string    `json:"id"`
	Kind string    `json:"event"`
	Time time.Time `json:"time"` // UTC, by the trusted clock
	// Text is all that matters in one sentence.
	Text         string       `json:"text"`
	Organization Organization `json:"organization"`
	ExportID     string       `json:"export_id"`
	Customer     string       `json:"customer,omitempty"`
	Run          string       `json:"run"`                 // the same for all events of one run
	Rehearsal    string       `json:"rehearsal,omitempty"` // its date; empty for the export itself
	Outcome      string       `json:"outcome,omitempty"`   // of a run that has ended
	ExitCode     *int         `json:"exit_code,omitempty"` // likewise
	Classes      []Class      `json:"classes"`
	Counts       Counts       `json:"counts"`
}

// Organization is whose data is exported.
type Organization struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Class is how one class of data stands against its window.
type Class struct {
	Class   string    `json:"class"`
	Verdict string    `json:"verdict"` // on-time, at-risk, will-miss or unknown
	P50     time.Time `json:"p50,omitzero"`
	P90     time.Time `json:"p90,omitzero"`
	Closes  time.Time `json:"closes,omitzero"`
}

// Counts are how far the export is.
type Counts struct {
	Done       int64 `json:"units_done"`
	Left       int64 `json:"units_left"`
	Failed     int64 `json:"units_failed"`
	Records    int64 `json:"records"`
	Files      int64 `json:"files"`
	Bytes      int64 `json:"bytes"`
	Exceptions int64 `json:"exceptions"`
}
