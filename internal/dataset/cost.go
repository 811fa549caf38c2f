package dataset

import (
	"math"
	"time"

	"exitplan/exporter"
	"exitplan/internal/genesys"
)

// Amounts are how much there is of what calls are made for.
type Amounts struct {
	Interval      exporter.Interval // the days that are exported
	Now           time.Time
	Conversations float64 // that started in the interval
	Recorded      float64 // of them
	Recordings    float64 // that the retention query lists
	// Asked are the questions about single conversations, by dataset.
	Asked map[string]float64
	// Rows are the records of listings, by dataset; the others are assumed.
	Rows map[string]float64

	Metadata string // of recordings
	Bulk     bool   // recordings come by the platform's jobs
}

// Cost is what one dataset takes.
type Cost struct {
	Records float64
	Calls   float64
	// Assumed: of what it hangs on nobody was asked.
	Assumed bool
}

// What is assumed of a listing of which nothing is known.
const (
	assumedRows     = 20
	assumedChildren = 5 // of each record of its parent
)

// So many calls one recording job takes: made, looked at, executed, looked at
// again until it is fulfilled, and its failures listed.
const jobCalls = 20

// StartCalls are those of a run before its first unit: which organization this
// is, how fast it may be asked, what the token may see, with a role at least, and
// until when the platform's data is complete.
const StartCalls = 5

// Costs says what the datasets of those names take, by how they run.
func Costs(names []string, a Amounts) map[string]Cost {
	c := costs{a, map[string]Cost{}}
	list := map[string]bool{}
	for _, name := range names {
		list[name] = true
	}
	byConversation := list[RecordingsName]
	for _, row := range declared() {
		if list[row.name] {
			c.of[row.name] = c.listing(row)
			byConversation = byConversation || row.among != nil
		}
	}
	if list[RecordingsName] {
		c.of[RecordingsName] = c.recordings()
	}
	switch {
	case list[DetailsName]:
		c.of[DetailsName] = c.details()
	case byConversation: // read, though not exported
		found := c.details()
		found.Records = 0
		c.of[DetailsName] = found
	}
	return c.of
}

type costs struct {
	Amounts
	of map[string]Cost
}

func (c costs) days() float64 { return float64(len(c.Interval.Days())) }

// details: for each day a count, a job, a poll and its deletion, and the pages,
// each of which begins with the last row of the one before.
func (c costs) details() Cost {
	days := c.days()
	if days == 0 {
		return Cost{}
	}
	return Cost{Records: c.Conversations, Calls: days * (4 + pages(c.Conversations/days-1, pageRows-1))}
}

// recordings: for each 100 recorded conversations of a day a batch request and
// a poll, and for each its metadata. Jobs come on top: batch requests tell
// whether they brought everything.
func (c costs) recordings() Cost {
	cost := Cost{Records: c.Recordings}
	if c.Bulk {
		cost.Calls = jobCalls * float64(len(jobPieces(c.Interval, c.Now)))
	}
	if days := c.days(); days > 0 && c.Recorded > 0 {
		cost.Calls += 2 * days * pages(c.Recorded/days, batchSize)
	}
	if c.Metadata != MetadataDerived {
		cost.Calls += c.Recorded
	}
	return cost
}

// listing: pages of records, of each piece of the interval, or of each parent.
func (c costs) listing(row listing) (cost Cost) {
	asks := 1.0
	rows, known := c.Rows[row.name]
	switch {
	case row.name == RetentionName:
		rows, known = c.Recordings, true
	case row.among != nil:
		n := c.Asked[row.name]
		return Cost{Records: n, Calls: n}
	case row.parent != "":
		above := c.of[row.parent]
		cost.Assumed = above.Assumed
		asks = above.Records
		if !known {
			rows = asks * row.perParent()
		}
		if row.bulk > 0 {
			asks = pages(asks, row.bulk)
		}
	case row.every > 0:
		asks = c.pieces(row)
		if !known && row.body == "" {
			rows = asks * assumedRows
		}
	case !known:
		rows, cost.Assumed = assumedRows, row.style != genesys.Single && row.style != genesys.Unpaged
	}
	if row.parent != "" && row.every > 0 { // its parent is asked for each piece, and names the same
		rows = max(rows, asks)
	}
	cost.Records = rows
	each := 1.0
	if asks > 0 && row.style != genesys.Single && row.style != genesys.Unpaged {
		each = pages(rows/asks, row.pageSize())
	}
	cost.Calls = asks * (each + row.overhead())
	return cost
}

// perParent is how many records are assumed of each parent.
func (d *listing) perParent() float64 {
	if d.style == genesys.Single {
		return 1
	}
	return assumedChildren
}

// overhead are the calls of a job before there is an answer: it is made, and
// looked at once.
func (d *listing) overhead() float64 {
	switch {
	case d.job == nil:
		return 0
	case d.job.submit == "":
		return 0 // the answer is what is looked at
	case d.job.status == d.path || d.job.fresh != "":
		return 1
	}
	return 2
}

// pieces are those of the interval, as far back as the platform answers.
func (c costs) pieces(row listing) float64 {
	days := c.days()
	if row.keeps > 0 {
		days = min(days, float64(row.keeps))
	}
	n := math.Ceil(days / float64(row.every))
	if row.tail {
		n++
	}
	return n
}

// pages hold so many rows: one, where there are none.
func pages(rows float64, size int) float64 {
	return max(1, math.Ceil(rows/float64(size)-1e-9))
}

// RetentionRows are those of a page of the retention query.
const RetentionRows = 500

// UnitCalls is what a unit of a dataset takes in the middle: a batch of recorded
// conversations, a day of conversation details, some parents of a listing.
func UnitCalls(name, metadata string) float64 {
	switch {
	case name == RecordingsName && metadata == MetadataDerived:
		return 2
	case name == RecordingsName:
		return 2 + batchSize
	case name == DetailsName:
		return 7
	}
	for _, row := range declared() {
		if row.name == name && row.parent != "" {
			return parentsPerUnit
		}
	}
	return 2
}
