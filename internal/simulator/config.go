package simulator

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Config describes the organization and how the platform in front of it
// behaves. The zero value is a small, well-behaved organization.
//
// Shares lie in [0, 1]. Where a share has a default other than zero, a negative
// value means none.
type Config struct {
	Seed uint64 // everything the organization holds derives from it

	From                time.Time // first UTC day; default 2026-03-01
	Days                int       // default 3
	ConversationsPerDay int       // default 200, exactly that many on every day
	RecordedShare       float64   // of conversations, exact to one per day; default 0.4

	MediaBytes        int64 // mean size of one recording's media, which varies from half to one and a half of it; default 32 KiB
	LargeMediaBytes   int64 // size of every LargeMediaEvery-th recorded conversation's media, to reach multipart uploads
	LargeMediaEvery   int   // 0: none
	HugeRecordBytes   int   // size of an attribute of every HugeRecordEvery-th conversation
	HugeRecordEvery   int   // 0: none
	OrgID, OrgName    string
	Region            string // AWS region that recordings name; default ap-northeast-1
	Clients           []Client
	TokenTTL          time.Duration // default 24h
	URLTTL            time.Duration // of signed media URLs; default 60m
	JobTTL            time.Duration // of jobs, batch requests, and files that were made ready; default 24h
	JobLatency        time.Duration // until a job is done, or a file is made ready; default 50ms
	BatchLatency      time.Duration // until a batch request is Completed; default 50ms
	RequestsPerMinute int           // per token; default 300; negative: unlimited

	// Entities says how many a listing has, by its path pattern as in
	// /api/v2/groups/{groupId}/members; under each parent, where it has one, and at
	// most as many as there are where it is a choice of another listing's.
	// Default: 20 users, 6 queues, and some of everything; see listingtable.go.
	Entities map[string]int
	// Without lists path patterns that answer 404, as where the organization has
	// not bought a feature. Other listings of the same entities are then empty.
	Without []string

	// OperationalDays is how long the store of conversations remembers one after its
	// end. Default: for ever.
	OperationalDays int

	// MaxRowsPerJob, when positive, is the largest number of conversations that
	// a details job may match. A submission over it answers 400
	// response.entity.too.large, and the client has to split the interval.
	MaxRowsPerJob int
	// MaxAggregateValues, when positive, is the largest number of values that an
	// aggregates query may answer with. One over it is refused in the same way.
	MaxAggregateValues int

	// ExtractionFiles counts the files of data extraction; default 5; negative: the
	// organization has not enabled it.
	ExtractionFiles int

	// Available is the dataAvailabilityDate: details jobs hold nothing that
	// started at or after it. Default: one day after the end of the last day.
	Available time.Time

	SecondRecordingShare float64 // recorded conversations with two recordings; default 0.05
	SeveralResultsShare  float64 // recordings whose batch request yields two or three results; default 0.03
	ErrorShare           float64 // recordings for which a batch request gives errorMsg and no URL
	ArchivedShare        float64 // fileState ARCHIVED: metadata lists them, a batch request gives errorMsg
	DeletedShare         float64 // fileState DELETED: metadata lists them, a batch request gives nothing
	UploadingShare       float64 // fileState UPLOADING: metadata lists them, a batch request gives nothing
	NoRecordingShare     float64 // conversations flagged as recorded that have no recording at all

	// What the sources of recordings disagree on. The kinds from ErrorShare to
	// UploadingShare and from UnretainedShare to DuplicateShare divide the recordings
	// among them, in that order: each is of one kind at most.
	UnretainedShare float64 // the retention query leaves them out
	VanishedShare   float64 // deleted since they were listed: only the retention query still has them
	SensitiveShare  float64 // with sensitive data, on which Redaction acts
	DelayedShare    float64 // UPLOADING until 30 hours after the conversation's end
	DuplicateShare  float64 // come twice in every list

	UnflaggedShare      float64 // voice conversations not flagged as recorded that have a recording all the same
	ForgottenRecordings int     // recordings of conversations that analytics knows nothing of
	DeniedShare         float64 // recorded conversations in a division that no client may read
	ScreenShare         float64 // recorded conversations with a recording of an agent's screen, too
	ShortRetentionShare float64 // recordings to be deleted 10 to 40 days after the conversation's end
	// Retention deletes what has reached its deleteDate by the clock, unless the
	// conversation is protected.
	Retention bool
	// Redaction is what a client without recording:recording:viewSensitiveData gets
	// of sensitive recordings: exclude-silently, exclude, redact, or mixed, which is
	// a third of each. Empty: everything.
	Redaction string

	Restorations   int           // that the organization may ask for; default 600, negative: none
	RestoreLatency time.Duration // until what is being restored can be had; default 50ms

	Orphans          int     // recordings that are listed as orphans; default 30, negative: none
	ContactsPerList  int     // in an export of a contact list or do-not-call list; default 50, negative: none
	PartialKnowledge float64 // knowledge bases whose export ends as PartialCompleted, without the last document

	// OpenShare is the share of conversations that have no conversationEnd until
	// the clock reaches OpenUntil (zero: for ever).
	OpenShare float64
	OpenUntil time.Time

	Listen, MediaListen string // default 127.0.0.1:0
	Faults              Faults

	// Now is the platform's clock, which the Date header shows and tokens, URLs,
	// jobs and rate windows expire by. Default: the machine's clock. Latencies
	// pass in real time whatever Now says.
	Now func() time.Time

	// CountMedia counts the transfers of each media object, for [Counts].Media:
	// the only memory that grows with the organization, but for the items that
	// faults have hit.
	CountMedia bool

	// Log receives one JSON line for each request, written after it was answered.
	Log io.Writer

	// Middleware wraps the API and the login (not the media), inside the faults:
	// it sees every request and answer whole.
	Middleware func(http.Handler) http.Handler
}

// Client is an OAuth client with the client-credentials grant.
type Client struct {
	ID, Secret string
	// Permissions that its roles grant; nil means all that the simulator knows.
	Permissions []string
}

func (c Config) withDefaults() (Config, error) {
	if c.From.IsZero() {
		c.From = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	}
	c.From = c.From.UTC()
	if c.From != c.From.Truncate(24*time.Hour) {
		return c, fmt.Errorf("simulator: From %s is not midnight UTC", c.From.Format(time.RFC3339))
	}
	def(&c.Days, 3)
	def(&c.ConversationsPerDay, 200)
	def(&c.RequestsPerMinute, 300)
	def(&c.RecordedShare, 0.4)
	def(&c.SecondRecordingShare, 0.05)
	def(&c.SeveralResultsShare, 0.03)
	def(&c.ContactsPerList, 50)
	def(&c.Orphans, 30)
	def(&c.Restorations, 600)
	c.ContactsPerList, c.Orphans, c.Restorations = max(c.ContactsPerList, 0), max(c.Orphans, 0), max(c.Restorations, 0)
	def(&c.MediaBytes, 32<<10)
	def(&c.ExtractionFiles, 5)
	def(&c.TokenTTL, 24*time.Hour)
	def(&c.URLTTL, 60*time.Minute)
	def(&c.JobTTL, 24*time.Hour)
	def(&c.JobLatency, 50*time.Millisecond)
	def(&c.BatchLatency, 50*time.Millisecond)
	def(&c.RestoreLatency, 50*time.Millisecond)
	def(&c.Listen, "127.0.0.1:0")
	def(&c.MediaListen, "127.0.0.1:0")
	def(&c.Region, "ap-northeast-1")
	for _, share := range []*float64{&c.RecordedShare, &c.SecondRecordingShare, &c.SeveralResultsShare} {
		*share = min(max(*share, 0), 1)
	}
	if c.Days < 0 || c.Days >= maxDays || c.ConversationsPerDay < 0 || c.ConversationsPerDay > maxPerDay {
		return c, fmt.Errorf("simulator: %d days of %d conversations: at most %d days of %d", c.Days, c.ConversationsPerDay, maxDays-1, maxPerDay)
	}
	if c.ForgottenRecordings < 0 || c.ForgottenRecordings > maxPerDay-c.ConversationsPerDay || c.ForgottenRecordings > 0 && c.Days == 0 {
		return c, fmt.Errorf("simulator: %d forgotten recordings on %d days: at most %d, and a day at least", c.ForgottenRecordings, c.Days, maxPerDay-c.ConversationsPerDay)
	}
	if !slices.Contains(append(redactions, "", redactionMixed), c.Redaction) {
		return c, fmt.Errorf("simulator: Redaction %q: it is one of %s, %s, or empty", c.Redaction, strings.Join(redactions, ", "), redactionMixed)
	}
	if c.Available.IsZero() {
		c.Available = c.From.AddDate(0, 0, c.Days+1)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Clients == nil {
		c.Clients = []Client{{ID: "demo-client", Secret: "demo-secret"}}
	}
	for _, cl := range c.Clients {
		if cl.ID == "" || cl.Secret == "" {
			return c, errors.New("simulator: a client needs an ID and a Secret")
		}
	}
	ids := newIdentities(c.Seed)
	def(&c.OrgID, ids.make(kindOrg, 0, 0, 0).String())
	def(&c.OrgName, fmt.Sprintf("Simulated KK %d", c.Seed))
	return c, nil
}

func def[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
