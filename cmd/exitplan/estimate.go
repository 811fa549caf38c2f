package main

import (
	"fmt"
	"time"

	"exitplan/internal/dataset"
	"exitplan/internal/journal"
)

// A rate is taken over at least so much time and so many units; below the
// least there is no ground for one.
const (
	rateSpan  = 3 * time.Minute
	rateUnits = leastUnit
	leastSpan = 30 * time.Second
	leastUnit = 5
)

// pace is the recent rate of something that is counted. Its window reaches
// back far enough to hold some units, so that the rate falls, and what is left
// takes longer, for as long as nothing moves.
type pace struct {
	marks []mark
}

type mark struct {
	at   time.Time
	done int64
}

// note takes a reading. Those that no rate will need again are dropped.
func (p *pace) note(now time.Time, done int64) {
	n := len(p.marks)
	if n == 0 || done != p.marks[n-1].done {
		p.marks = append(p.marks, mark{now, done})
	}
	for len(p.marks) > 1 && now.Sub(p.marks[1].at) >= rateSpan && done-p.marks[1].done >= rateUnits {
		p.marks = p.marks[1:]
	}
}

// perSecond is the rate; ok says that there is ground for it.
func (p *pace) perSecond(now time.Time) (rate float64, ok bool) {
	if len(p.marks) == 0 {
		return 0, false
	}
	done, span := p.marks[len(p.marks)-1].done-p.marks[0].done, now.Sub(p.marks[0].at)
	if done < leastUnit || span < leastSpan {
		return 0, false
	}
	return float64(done) / span.Seconds(), true
}

// folded puts what is kept for each dataset together by family: of one unit or
// a few each, most have no rate of their own.
func folded[V any](byDataset map[string]V, add func(sum, v V) V) map[string]V {
	sums := map[string]V{}
	for name, v := range byDataset {
		family := dataset.Family(name)
		sums[family] = add(sums[family], v)
	}
	return sums
}

func addCounts(sum, c journal.Counts) journal.Counts {
	sum.Add(c)
	return sum
}

// ahead is how many units each family of datasets has left: those that are
// known, and those that conversation details will discover if they go on as
// they did. unsure says that nothing tells how many those are.
func ahead(tally journal.Tally) (left map[string]float64, unsure bool) {
	left = map[string]float64{}
	for name, c := range folded(tally.Datasets, addCounts) {
		left[name] = float64(c.Pending + c.Running)
	}
	for _, info := range dataset.Catalogue() {
		by, own := tally.Datasets[info.FoundBy], tally.Datasets[info.Name]
		pending := by.Pending + by.Running
		switch {
		case info.FoundBy != dataset.DetailsName || own.Pending+own.Running == 0:
		case by.Done == 0:
			unsure = true
		case pending > 0:
			// One unit stands ready for each of theirs; the others are discovered.
			known := own.Pending + own.Running + own.Done + own.Failed - pending
			left[dataset.Family(info.Name)] += float64(pending) * max(0, float64(known)/float64(by.Done)-1)
		}
	}
	return left, unsure
}

// timeLeft is how long all of it takes at the datasets' rates, which hold for
// running side by side. ok is false as long as more than a tenth of the units
// belong to datasets without a rate.
func timeLeft(left map[string]float64, rate func(dataset string) (float64, bool)) (longest time.Duration, ok bool) {
	var all, blind float64
	for name, n := range left {
		if n == 0 {
			continue
		}
		all += n
		if r, ok := rate(name); ok {
			longest = max(longest, seconds(n/r))
		} else {
			blind += n
		}
	}
	return longest, all > 0 && blind <= all/10
}

// seconds is a duration that cannot overflow: a century is for ever.
func seconds(s float64) time.Duration {
	const century = 100 * 365 * 24 * 3600
	return time.Duration(min(s, century) * float64(time.Second))
}

// span prints a duration as people say it.
func span(d time.Duration) string {
	const day = 24 * time.Hour
	switch d = max(d, 0); {
	case d < time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < 10*time.Minute && d%time.Minute >= time.Second:
		return fmt.Sprintf("%d min %d s", d/time.Minute, d%time.Minute/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d < day:
		return fmt.Sprintf("%d h %d min", d/time.Hour, d%time.Hour/time.Minute)
	}
	return fmt.Sprintf("%s d %d h", count(int64(d/day)), d%day/time.Hour)
}
