package contract

import "time"

// The classes of data that an exit plan tells apart.
const (
	Metrics       = "metrics"       // reporting metrics: every analytics dataset
	Recordings    = "recordings"    // recordings, their metadata, transcripts
	Configuration = "configuration" // all else that the customer entered or that was generated for it
	Excluded      = "excluded"      // platform logs, data of third-party applications
)

// Cause is what ends the contract.
type Cause string

// The causes.
const (
	Notice Cause = "notice" // formal notice of termination
	Expiry Cause = "expiry" // the subscription term ran out
)

// Terms are what the contract says about the exit. A zero time means "not
// given"; all ends are exclusive.
type Terms struct {
	Customer string
	// Zone is where the contract's dates are read, see [LoadZone].
	Zone              *time.Location
	SubscriptionStart time.Time
	// ExitStarted is when notice was received, or expiry. If it is not given,
	// the exit starts at Termination for cause [Expiry], and has not started
	// for cause [Notice].
	ExitStarted time.Time
	// Termination is when the contract ends: the effective date of a
	// termination, or expiry.
	Termination time.Time
	Cause       Cause
	// NoticeDays is how many days before an end the contract asks for the
	// request that extends it; 0: any time before.
	NoticeDays int
	Extensions []Extension
}

// Extension is a request for more time, and the answer to it.
type Extension struct {
	// Requested is when the request was made. Read from a date, it is the
	// beginning of that day: a request on the last day is in time.
	Requested time.Time
	// Granted is when it was agreed to, see [ParseGrant]; zero as long as it
	// is only requested, and then it opens nothing.
	Granted time.Time
	// Withdrawn is when it was taken back, zero if it was not. It ends there
	// what the grant opened, and undoes nothing.
	Withdrawn time.Time
	Until     time.Time
	Classes   []string // any of [Metrics], [Recordings], [Configuration]
	// Reference and Approver are kept for the record: the order that grants
	// it, and who agreed.
	Reference string
	Approver  string
}

// Window is the half-open range [Opens, Closes) in which a class may be
// exported: an export may begin at Opens, and not at Closes.
type Window struct {
	Opens, Closes time.Time
}

// Contains says whether the window is open at t.
func (w Window) Contains(t time.Time) bool {
	return !t.Before(w.Opens) && t.Before(w.Closes)
}

// exitStart is the instant at which the exit starts, or zero if it has not.
func (t Terms) exitStart() time.Time {
	if t.ExitStarted.IsZero() && t.Cause == Expiry {
		return t.Termination
	}
	return t.ExitStarted
}

// opening is the instant at which a class first opens, or zero for never.
func (t Terms) opening(class string) time.Time {
	switch class {
	case Metrics:
		return t.exitStart()
	case Recordings, Configuration:
		return t.SubscriptionStart
	}
	return time.Time{}
}

// ends is where an extension ends, as far as was known at an instant.
func (e Extension) ends(at time.Time) time.Time {
	if e.Withdrawn.IsZero() || at.Before(e.Withdrawn) || e.Until.Before(e.Withdrawn) {
		return e.Until
	}
	return e.Withdrawn
}
