package exporter

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
}
