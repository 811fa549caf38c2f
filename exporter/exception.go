package exporter

import "time"

// Reason says why something that should exist does not.
type Reason string

// The reasons of an exception. Scripts and reports rely on the spelling.
const (
	DeletedByRetention  Reason = "deleted-by-retention"
	DeletedDuringExport Reason = "deleted-during-export"
	SensitiveExcluded   Reason = "sensitive-excluded"
	Redacted            Reason = "redacted"
	Orphan              Reason = "orphan"
	Archived            Reason = "archived"
	StillProcessing     Reason = "still-processing"
	NoMedia             Reason = "no-media"
	PermissionDenied    Reason = "permission-denied"
	NotExportable       Reason = "not-exportable"
	WindowClosed        Reason = "window-closed"
	// FailedItem is the reason of last resort: Detail has the API's error.
	FailedItem Reason = "failed"
)

// Retryable says whether a later run of the same command may find the item
// after all, so that its unit is opened again.
func (r Reason) Retryable() bool {
	switch r {
	case StillProcessing, PermissionDenied, WindowClosed, FailedItem:
		return true
	}
	return false
}

// Exception is something that should exist and does not, with the evidence.
type Exception struct {
	Dataset string `json:"dataset"`
	Unit    string `json:"unit,omitempty"` // the unit's key
	Item    string `json:"item"`           // as in [Expectation]
	Reason  Reason `json:"reason"`
	// Detail is the evidence in words: the API's error code and message.
	Detail        string `json:"detail,omitempty"`
	CorrelationID string `json:"correlation_id,omitempty"`
	Attempts      int    `json:"attempts,omitempty"`
	// At is when the unit said so (UTC).
	At time.Time `json:"at,omitzero"`
	// Day is the UTC day that the item belongs to (2026-03-04), as its
	// expectation has it; empty where nobody knows.
	Day string `json:"day,omitempty"`
	// Covers is how many conversations an exception of a whole unit (whose
	// Item is the unit's key) stands for; 0 where nobody knows.
	Covers int64 `json:"covers,omitempty"`
}

// OfUnit says that the exception stands for all that its unit would export.
func (e Exception) OfUnit() bool { return e.Item == e.Unit }

// Describer is a Dataset that can say what a unit covers, for people who read
// of one that failed: in words, and how many conversations, 0 if that is not
// known.
type Describer interface {
	Describe(u Unit) (words string, conversations int64)
}

// UnitException stands for a unit of d that was not done, and says what that
// unit covers.
func UnitException(d Dataset, u Unit, reason Reason, detail string) Exception {
	e := Exception{Dataset: u.Dataset, Unit: u.Key, Item: u.Key, Reason: reason, Detail: detail, Attempts: u.Attempts}
	if describer, ok := d.(Describer); ok {
		words, n := describer.Describe(u)
		e.Detail, e.Covers = words+": "+detail, n
	}
	return e
}
