package sink

import "errors"

// Finding is one thing that Probe found out about a destination.
type Finding struct {
	// Check names what was looked at: bucket, region, write, read, digest,
	// immutable, encryption, owner, versioning, lock, delete, directory.
	Check  string `json:"check"`
	Status Status `json:"status"`
	Detail string `json:"detail"`         // what was found
	Hint   string `json:"hint,omitempty"` // what to do about it
	// Err is the cause of a failure; it may wrap ErrNoBucket and the like.
	Err error `json:"-"`
}

// Status says how good a finding is.
type Status string

const (
	OK      Status = "ok"
	Warning Status = "warning" // the export works, with a limit that Detail states
	Failed  Status = "failed"  // the export would not work
)

func failed(check string, err error) Finding {
	return Finding{Check: check, Status: Failed, Detail: err.Error(), Hint: hint(err), Err: err}
}

// hint says in one line what to do about an error.
func hint(err error) string {
	switch {
	case errors.Is(err, ErrNoBucket):
		return "make the bucket, or correct destination.url"
	case errors.Is(err, ErrAccess):
		return "give this user permission to write and read the destination"
	case errors.Is(err, ErrNoCredentials):
		return "set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or log in (aws sso login)"
	case errors.Is(err, ErrRegion):
		return "set destination.region to the bucket's"
	case errors.Is(err, ErrFull):
		return "make room"
	}
	return ""
}
