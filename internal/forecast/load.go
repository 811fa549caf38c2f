package forecast

import "time"

// Estimate is a quantity that is not known exactly: half of the cases lie below
// Mid, and a tenth above Mid x Spread and below Mid / Spread each.
type Estimate struct {
	Mid    float64 `json:"mid"`
	Spread float64 `json:"spread"` // at least 1, which is exact; 0 is read as 1
}

// Exactly is a quantity that was counted.
func Exactly(n float64) Estimate { return Estimate{n, 1} }

// Load is what one dataset, or a family of them, has left to do, by what it
// takes: API calls, and bytes of media, which are no API calls.
type Load struct {
	Dataset string `json:"dataset"`
	Class   string `json:"class"`
	// Priority orders loads that share the budget: lower goes first, as units do.
	Priority int      `json:"priority"`
	Records  Estimate `json:"records"` // conversations, recordings, rows: for people
	Calls    Estimate `json:"calls"`
	Bytes    Estimate `json:"bytes"`
	// Daily is what each further day of live operation adds to it, until the
	// interval's end: for Run it is no part of the amounts above.
	Daily Arrival `json:"daily,omitzero"`
}

// Arrival is what a day adds as it becomes available.
type Arrival struct {
	Records float64 `json:"records"`
	Calls   float64 `json:"calls"`
	Bytes   float64 `json:"bytes"`
	// From and Until are the days that are not available yet, [From, Until) in UTC.
	From  time.Time `json:"from,omitzero"`
	Until time.Time `json:"until,omitzero"`
}

// days is how many they are.
func (a Arrival) days() float64 { return max(0, a.Until.Sub(a.From).Hours()/24) }

// calls and bytes are what a load takes in all, the days to come included.
func (l Load) calls() float64 { return l.Calls.Mid + max(0, l.Daily.Calls*l.Daily.days()) }
func (l Load) bytes() float64 { return l.Bytes.Mid + max(0, l.Daily.Bytes*l.Daily.days()) }

// Supply is what there is to do it with.
type Supply struct {
	// CallsPerMinute is the budget of all OAuth clients together, less the
	// headroom.
	CallsPerMinute Estimate `json:"calls_per_minute"`
	// BytesPerSecond is what the media transfers reach together; a Mid of 0 says
	// that nobody knows, and then only calls count.
	BytesPerSecond Estimate `json:"bytes_per_second"`
	// TransferShare is the part of the time in which media may be transferred
	// (office hours are left free); 0 is read as 1.
	TransferShare float64 `json:"transfer_share,omitempty"`
}
