package config

// document is exitplan.yaml as it is written: text where the file holds text,
// so that dates, ids and the like stay what was typed. Its yaml tags are the
// one list of valid keys, from which the environment variables follow.
type document struct {
	Contract    contractDoc    `yaml:"contract"`
	Source      sourceDoc      `yaml:"source"`
	ExportID    string         `yaml:"export_id"`
	Recordings  recordingsDoc  `yaml:"recordings"`
	Destination destinationDoc `yaml:"destination"`
	State       string         `yaml:"state,omitempty"`
	Concurrency concurrencyDoc `yaml:"concurrency"`
	Pace        paceDoc        `yaml:"pace"`
	Notify      notifyDoc      `yaml:"notify,omitempty"`
}

type contractDoc struct {
	Customer          string         `yaml:"customer"`
	TimeZone          string         `yaml:"time_zone"`
	SubscriptionStart string         `yaml:"subscription_start"`
	ExitStarted       string         `yaml:"exit_started"`
	Cause             string         `yaml:"cause"`
	TerminationDate   string         `yaml:"termination_date"`
	ExtensionNotice   int            `yaml:"extension_notice"`
	Extensions        []extensionDoc `yaml:"extensions"`
}

type extensionDoc struct {
	Requested string   `yaml:"requested"`
	Granted   string   `yaml:"granted,omitempty"`
	Until     string   `yaml:"until"`
	Classes   []string `yaml:"classes,flow"`
	Reference string   `yaml:"reference,omitempty"`
	Approver  string   `yaml:"approver,omitempty"`
}

type sourceDoc struct {
	Region            string      `yaml:"region"`
	ClientID          string      `yaml:"client_id"`
	ClientSecretFile  string      `yaml:"client_secret_file,omitempty"`
	APIURL            string      `yaml:"api_url"`
	LoginURL          string      `yaml:"login_url"`
	Interval          intervalDoc `yaml:"interval"`
	Datasets          []string    `yaml:"datasets,flow"`
	Granularity       string      `yaml:"granularity"`
	RequestsPerMinute int         `yaml:"requests_per_minute"`
	Headroom          string      `yaml:"headroom"`
	Clients           []clientDoc `yaml:"clients"`
}

type intervalDoc struct {
	From string `yaml:"from"`
	To   string `yaml:"to"`
}

type clientDoc struct {
	ClientID         string `yaml:"client_id"`
	ClientSecretFile string `yaml:"client_secret_file,omitempty"`
}

type recordingsDoc struct {
	Method        string `yaml:"method"`
	Metadata      string `yaml:"metadata"`
	IntegrationID string `yaml:"integration_id"`
	Sensitive     bool   `yaml:"sensitive"`
}

type destinationDoc struct {
	URL                 string        `yaml:"url"`
	Region              string        `yaml:"region"`
	AllowCrossRegion    bool          `yaml:"allow_cross_region"`
	Endpoint            string        `yaml:"endpoint"`
	PathStyle           bool          `yaml:"path_style"`
	SSE                 string        `yaml:"sse"`
	KMSKeyID            string        `yaml:"kms_key_id"`
	ExpectedBucketOwner string        `yaml:"expected_bucket_owner"`
	StorageClass        string        `yaml:"storage_class"`
	ObjectLock          objectLockDoc `yaml:"object_lock"`
}

type objectLockDoc struct {
	Mode        string `yaml:"mode"`
	RetainUntil string `yaml:"retain_until"`
}

type concurrencyDoc struct {
	API       int `yaml:"api"`
	Transfers int `yaml:"transfers"`
}

type paceDoc struct {
	Bandwidth     string  `yaml:"bandwidth"`
	LiveOperation liveDoc `yaml:"live_operation"`
}

type liveDoc struct {
	Hours             string `yaml:"hours"`
	TimeZone          string `yaml:"time_zone"`
	RequestsPerMinute string `yaml:"requests_per_minute"`
	Bandwidth         string `yaml:"bandwidth"`
}

type notifyDoc struct {
	Webhook       string `yaml:"webhook"`
	SecretFile    string `yaml:"secret_file"`
	Command       string `yaml:"command"`
	ClosingWithin string `yaml:"closing_within"`
	StalledAfter  string `yaml:"stalled_after"`
}

// defaults are what holds for a key that no layer sets, or that is set to "".
func defaults() document {
	return document{
		Contract: contractDoc{Cause: "notice"},
		Source: sourceDoc{
			Datasets:          []string{"all"},
			RequestsPerMinute: 300,
			Granularity:       "PT30M",
			Headroom:          "20%",
		},
		Recordings:  recordingsDoc{Method: MethodPull, Metadata: MetadataFull, Sensitive: true},
		Destination: destinationDoc{SSE: SSES3},
		State:       ".exitplan",
		Concurrency: concurrencyDoc{API: 8, Transfers: 32},
		Notify:      notifyDoc{ClosingWithin: "72h", StalledAfter: "30m"},
	}
}
