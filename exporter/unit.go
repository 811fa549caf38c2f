package exporter

import (
	"encoding/json"
	"time"
)

// Unit is the smallest piece of work that is retried as a whole. It is plain
// serialisable data, so that a local pool and a cluster can run the same one.
type Unit struct {
	Dataset string `json:"dataset"`
	// Key is unique in the export and derived from identity alone, e.g.
	// "analytics.conversations.details/2026-03-04". Planning the same thing
	// again gives the same key.
	Key string `json:"key"`
	// Priority orders units: lower first, then by Due, then by Key bytewise.
	Priority int `json:"priority,omitempty"`
	// Due is when the platform begins to delete what the unit exports; zero
	// where nobody knows.
	Due time.Time `json:"due,omitzero"`
	// NotBefore is when there will be something to export; until then the unit
	// sleeps. See [Journal].
	NotBefore time.Time `json:"not_before,omitzero"`
	// After is the key of a unit that may settle this one (see [Receipt]): it
	// waits while that one is pending or running, unless that one's dataset may
	// not be exported now. Empty for none.
	After  string          `json:"after,omitempty"`
	Params json.RawMessage `json:"params,omitempty"`

	// The rest is what the journal knows of earlier runs of this unit.

	// Attempts counts the runs that were started before this one.
	Attempts int `json:"attempts,omitempty"`
	// Checkpoint is what the last saved receipt said about where to go on.
	Checkpoint json.RawMessage `json:"checkpoint,omitempty"`
	// Stored holds the artifacts that earlier runs of this unit committed, in
	// path order. A run skips them.
	Stored []Artifact `json:"stored,omitempty"`
}

// Last is the priority of a unit that waits until no other of a smaller
// priority, and of a dataset that may be exported now, is pending or running.
const Last = 200

// Outcome says how a run of a unit stands.
type Outcome string

const (
	// Partial: the unit goes on; what the receipt holds is safe already.
	Partial Outcome = ""
	// Done: nothing is left to do, though exceptions may say what is absent.
	Done Outcome = "done"
	// Failed: given up in this run; the next run of the export tries again.
	Failed Outcome = "failed"
)

// Receipt is what one run of a unit produced since its last receipt. Storing
// it is one journal transaction and safe to repeat.
type Receipt struct {
	Unit       string        `json:"unit"` // the unit's key
	Outcome    Outcome       `json:"outcome,omitempty"`
	Artifacts  []Artifact    `json:"artifacts,omitempty"`
	Expected   []Expectation `json:"expected,omitempty"`
	Discovered []Unit        `json:"discovered,omitempty"`
	// Settled are the keys of pending units whose work this unit has done as
	// well, so that they need no run; other keys are left alone.
	Settled []string `json:"settled,omitempty"`
	// Due is when the platform begins to delete what other units export, by
	// their keys, as far as this one has found out; unknown keys are left alone.
	Due map[string]time.Time `json:"due,omitempty"`
	// Again is when another run of the unit may find what its exceptions call
	// still processing; zero for no such time.
	Again time.Time `json:"again,omitzero"`
	// Exceptions belong to a Done or Failed receipt. Those of a Done one
	// replace whatever an earlier run of the unit said; those of a Failed one
	// are added to what is still absent.
	Exceptions []Exception `json:"exceptions,omitempty"`
	// Checkpoint is where a repeat goes on; nil keeps the one before.
	Checkpoint json.RawMessage `json:"checkpoint,omitempty"`
}

// Artifact is one object in the destination.
type Artifact struct {
	Dataset string `json:"dataset"`
	// Path is relative to the export's root, e.g.
	// "bags/recordings-2026-03/data/recordings/year=2026/.../<id>.ogg", and a
	// pure function of what the artifact holds.
	Path   string `json:"path"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"` // lower-case hex, of the stored bytes
	// Item is the expectation that this artifact meets; empty for none.
	Item string `json:"item,omitempty"`
	// Records is how many records of Item it holds (rows of a part; 1 for a
	// recording's media).
	Records int64 `json:"records,omitempty"`
	// Source is where the bytes came from, without signatures or secrets.
	Source string      `json:"source,omitempty"`
	Attest Attestation `json:"attest,omitzero"`
}

// Attestation is what the store itself said about an object when it was
// stored; it goes into the bag's attest.jsonl.
type Attestation struct {
	// Level is how far the store vouches for the bytes: full-sha256,
	// composite-sha256, crc64nvme, etag or none.
	Level     string `json:"level,omitempty"`
	Value     string `json:"value,omitempty"` // as the store printed it
	ETag      string `json:"etag,omitempty"`
	VersionID string `json:"version_id,omitempty"`
	PartSize  int64  `json:"part_size,omitempty"` // bytes; multipart only
	Parts     int    `json:"parts,omitempty"`
}

// Expectation is something that should exist in the destination, according to
// one source. It is met when the records of the artifacts with the same
// dataset and item add up to at least Count, or when an exception names it.
type Expectation struct {
	Dataset string `json:"dataset"`
	// Item identifies it inside the dataset, e.g. "<conversation>/<recording>";
	// what comes before the last slash is the item of which it is a part.
	Item string `json:"item"`
	// Count is how much of it there should be; 0 for what is merely known of,
	// until some unit finds out whether it belongs to the export.
	Count  int64  `json:"count"`
	Source string `json:"source,omitempty"` // who says so, e.g. "batch-request"
	// At is when it came to be (a recording: the start of its conversation, as
	// far as that is known); sums are by the UTC day of it.
	At time.Time `json:"at,omitzero"`
	// Due is when the platform deletes it; zero where nobody knows.
	Due time.Time `json:"due,omitzero"`
}

// Known is an expectation as the journal has it.
type Known struct {
	Expectation
	Stored int64 `json:"stored"` // records of it
}

// Interval is the half-open range [From, To) of UTC instants.
type Interval struct {
	From, To time.Time
}

// Days yields the parts of the interval that lie in one UTC day each; the
// first and the last may be shorter than a day.
func (iv Interval) Days() []Interval {
	var days []Interval
	for from := iv.From.UTC(); from.Before(iv.To); {
		next := time.Date(from.Year(), from.Month(), from.Day()+1, 0, 0, 0, 0, time.UTC)
		to := next
		if iv.To.Before(to) {
			to = iv.To.UTC()
		}
		days = append(days, Interval{from, to})
		from = next
	}
	return days
}

// Contains says whether t lies in [From, To).
func (iv Interval) Contains(t time.Time) bool {
	return !t.Before(iv.From) && t.Before(iv.To)
}

// String is the ISO 8601 form that the platform's queries take.
func (iv Interval) String() string {
	const layout = "2006-01-02T15:04:05.000Z"
	return iv.From.UTC().Format(layout) + "/" + iv.To.UTC().Format(layout)
}
