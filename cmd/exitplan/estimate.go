package main

import (
	"fmt"
	"time"
)

// A rate is taken over at least so much time and so many units.
const (
	rateSpan  = 3 * time.Minute
	rateUnits = leastUnit
)

// tempo is the recent rate of something that is counted. Its window reaches
// back far enough to hold some units, so that the rate falls, and what is left
// takes longer, for as long as nothing moves.
type tempo struct {
	marks []mark
}

type mark struct {
	at   time.Time
	done int64
}

// note takes a reading. Those that no rate will need again are dropped.
func (p *tempo) note(now time.Time, done int64) {
	n := len(p.marks)
	if n == 0 || done != p.marks[n-1].done {
		p.marks = append(p.marks, mark{now, done})
	}
	for len(p.marks) > 1 && now.Sub(p.marks[1].at) >= rateSpan && done-p.marks[1].done >= rateUnits {
		p.marks = p.marks[1:]
	}
}

// perSecond is the rate; ok says that there is ground for it.
func (p *tempo) perSecond(now time.Time) (rate float64, ok bool) {
	if len(p.marks) == 0 {
		return 0, false
	}
	done, span := p.marks[len(p.marks)-1].done-p.marks[0].done, now.Sub(p.marks[0].at)
	if done < leastUnit || span < leastSpan {
		return 0, false
	}
	return float64(done) / span.Seconds(), true
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
