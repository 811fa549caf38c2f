package dataset

import "exitplan/exporter"

// The priorities of most units, lower first. What takes hours comes before what
// takes months, since a window may close on the rest: the organization's
// configuration, without which no record can be understood, and its metrics.
// Then what retention may delete before what stays.
const (
	expectPriority  = -3 // what tells of recordings, and when they are deleted
	promptPriority  = -2 // configuration, metrics, and the details that tell of everything else
	screenPriority  = -1 // kept for a short time, whatever else is kept
	firstPriority   = 0  // recordings
	contentPriority = 2  // of single conversations
	listingPriority = 3  // what grows with the traffic, and what is listed for it
)

// priorities are those of the declared datasets' units.
func priorities() map[string]int {
	of := map[string]int{}
	for _, row := range declared() { // parents come before their children
		of[row.name] = row.priority(of[row.parent])
	}
	return of
}

func (d listing) priority(ofParent int) int {
	switch {
	case d.expects != nil:
		return expectPriority
	case d.among != nil:
		return contentPriority
	case d.class == exporter.Recordings:
		return firstPriority
	case d.grows:
		return listingPriority
	case ofParent >= contentPriority:
		return ofParent
	}
	return promptPriority
}

// Waits implements [exporter.Waiter]: the platform makes its results in jobs.
func (d *Details) Waits() bool { return true }

// Waits implements [exporter.Waiter].
func (d *Listing) Waits() bool { return d.job != nil }

// PriorityOf is that of most units of a dataset.
func PriorityOf(name string) int {
	switch name {
	case DetailsName:
		return promptPriority
	case RecordingsName:
		return firstPriority
	}
	return priorities()[name]
}
