package config

import (
	"time"

	"exitplan/internal/contract"
	"exitplan/internal/pace"
)

// The values of keys that have a fixed set of them.
const (
	MethodPull = "pull" // recordings.method: batch download requests
	MethodBulk = "bulk" // recording jobs; the platform writes to the bucket

	MetadataFull    = "full"    // recordings.metadata: one call per conversation
	MetadataDerived = "derived" // from conversation details and the retention query

	SSES3  = "AES256"  // destination.sse
	SSEKMS = "aws:kms" // with destination.kms_key_id
)

// Config is the checked configuration.
type Config struct {
	// File is the exitplan.yaml that was read, or "" if there was none.
	File     string
	Contract contract.Terms
	// Seeds are the extensions that the configuration has. Those of Contract
	// are the same until the ledger's are put in their place.
	Seeds []contract.Extension
	// Dates are the dates of the contract as they were written.
	Dates       []Date
	Source      Source
	ExportID    string // "" means the organization id
	Recordings  Recordings
	Destination Destination
	State       string // directory of the journal
	Concurrency Concurrency
	Pace        Pace
	Notify      Notify
}

// Date is a date of the contract, and what it means.
type Date struct {
	Key     string // such as contract.termination_date
	Written string
	At      time.Time
}

// Written is a date as it was written, "" where it is not set.
func (c Config) Written(key string) string {
	for _, d := range c.Dates {
		if d.Key == key {
			return d.Written
		}
	}
	return ""
}

// Source is the organization that is exported, and how hard it is asked.
type Source struct {
	Region            string // AWS region or the platform's host
	ClientID          string
	ClientSecret      Secret
	APIURL, LoginURL  string // override Region where set
	Interval          Interval
	Datasets          []string // names, globs or classes; a leading - excludes
	Granularity       string   // of aggregates, an ISO 8601 period
	RequestsPerMinute int      // per client
	Headroom          float64  // share of it that stays free, in [0, 1)
	Clients           []Client // further ones, each with a budget of its own
}

// Client is an OAuth client of the organization.
type Client struct {
	ID     string
	Secret Secret
}

// Interval is the half-open range [From, To) of UTC instants to export. A
// zero To means the close of the window.
type Interval struct {
	From, To time.Time
}

// Recordings says how recordings are fetched.
type Recordings struct {
	Method        string // MethodPull or MethodBulk
	Metadata      string // MetadataFull or MetadataDerived
	IntegrationID string // for MethodBulk
	// Sensitive has recording jobs include what holds sensitive data, which
	// the platform refuses clients that may not see it.
	Sensitive bool
}

// Destination is where the export goes.
type Destination struct {
	URL                 string // s3://bucket/prefix or file:///directory
	Region              string
	AllowCrossRegion    bool // write although the organization lives in another region
	Endpoint            string
	PathStyle           bool
	SSE                 string // SSES3 or SSEKMS
	KMSKeyID            string
	ExpectedBucketOwner string
	StorageClass        string
	ObjectLock          ObjectLock
}

// ObjectLock protects stored objects against deletion.
type ObjectLock struct {
	Mode        string    // "", GOVERNANCE or COMPLIANCE
	RetainUntil time.Time // UTC, exclusive; zero for Mode ""
}

// Pace is what the export leaves to others who use the same line and the same
// organization.
type Pace struct {
	Bandwidth int64 // bytes per second of media from the platform; 0 for no cap
	Live      Live
}

// Live is what holds in the hours of live operation.
type Live struct {
	Hours             pace.Hours
	RequestsPerMinute int   // per client; 0 for no less than usual
	Bandwidth         int64 // bytes per second; 0 for no less than usual
	Still             bool  // nothing at all is taken in these hours
}

// Concurrency bounds what runs at once.
type Concurrency struct {
	API       int // API requests
	Transfers int // media transfers
}
