package forecast

import (
	"math"
	"slices"
)

// Progress is how far a run has come with one family of datasets, by its units
// of work.
type Progress struct {
	Dataset  string
	Class    string
	Priority int
	Done     int64 // units that ended, those given up included
	Running  int64 // units in hand, each half done on average
	Left     int64 // units that are known and have not begun
	// FoundBy is the dataset whose units discover this one's; of each of them
	// that has not ended one unit stands ready here already.
	FoundBy string
	// Share of the whole dataset that the units which ended have dealt with, where
	// something tells how large it is (recordings: the retention query); else 0.
	Share float64
	// UnitCalls is what a unit costs by the catalogue; Calls says what was made
	// in all, so that the unit's real cost follows.
	UnitCalls float64
	Bytes     int64 // of media, stored so far
}

// Remaining is what a run has left to do, from how it went so far: units that
// are known, those that will probably be discovered, and what a unit has cost.
// calls is the number of all calls that were made for what is done; 0 for
// unknown.
func Remaining(list []Progress, calls float64) []Load {
	list = slices.Clone(list)
	of := map[string]Progress{}
	byCatalogue := 0.0
	for _, p := range list {
		of[p.Dataset] = p
	}
	for i, p := range list {
		if by, ok := of[p.FoundBy]; ok { // what stood ready was settled, and stands ready now
			p.Done, p.Left = max(0, p.Done-by.Done), max(0, p.Left-by.Left-by.Running)
			list[i] = p
		}
		byCatalogue += p.done() * p.UnitCalls
	}
	scale := 1.0
	if calls > 0 && byCatalogue > 0 {
		// Few units say little; ten calls' worth of them weigh as the catalogue.
		w := byCatalogue / (byCatalogue + 10)
		scale = math.Exp(w * math.Log(calls/byCatalogue))
	}
	var loads []Load
	for _, p := range list {
		left, spread := float64(p.Left)+float64(p.Running)/2, 1.0
		if by, ok := of[p.FoundBy]; ok && by.Left+by.Running > 0 {
			found, unsure := discovered(p, by, left)
			left += found
			if left > 0 {
				spread = 1 + (unsure-1)*found/left
			}
		}
		if left == 0 {
			continue
		}
		l := Load{Dataset: p.Dataset, Class: p.Class, Priority: p.Priority,
			Records: Estimate{left, spread}, Calls: Estimate{left * p.UnitCalls * scale, spread}}
		if p.done() > 0 && p.Bytes > 0 {
			l.Bytes = Estimate{left * float64(p.Bytes) / p.done(), spread * (1 + 0.5/math.Sqrt(p.done()))}
		}
		loads = append(loads, l)
	}
	return loads
}

// Days differ: what one of them discovers has this spread, and what all of them
// have in common that no past shows, some more. Units differ less.
const (
	dayVaries   = 0.6
	unitVaries  = 0.3
	trendVaries = 0.04
)

func (p Progress) done() float64 { return float64(p.Done) + float64(p.Running)/2 }

// discovered is how many units the rest of those that discover will add to those
// that are left, and how sure that is.
func discovered(p, by Progress, left float64) (n, spread float64) {
	units, few := float64(by.Done), dayVaries
	switch {
	case p.Share > 0 && p.done() > 0:
		n = max(0, p.done()*(1/p.Share-1)-left)
		units, few = p.done(), unitVaries
	case by.Done == 0:
		return 0, 2
	default:
		n = (float64(by.Left) + float64(by.Running)) / units * float64(p.Done+p.Running+p.Left)
	}
	few /= math.Sqrt(units)
	return n, math.Exp(tenth * math.Sqrt(few*few+trendVaries*trendVaries))
}
