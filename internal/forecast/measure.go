package forecast

import (
	"math"
	"time"
)

// Span is a stretch of time in which a run was at work: what it did in it.
// Stretches in which no process ran are none.
type Span struct {
	Active time.Duration
	Calls  float64
	Bytes  float64 // of media
}

// What is believed before anything was measured, and beside it: the budget
// counts as so much measured time, and no past tells the future better than the
// drift.
const (
	priorTime = time.Minute
	drift     = 0.045
	// Of work that lasts for hours, nobody has seen a night and a weekend yet;
	// the long run differs by this from a short past, less as the past grows.
	unseen     = 0.06
	unseenTime = 6 * time.Hour
)

// Where so much of the budget of calls is used, calls are what the run waits
// for, and media keep pace with them.
const usedUp = 0.8

// Measured is the supply of a run, by what it has reached so far: the prior
// where there is nothing yet. The more of the loads is left, the more ups and
// downs cancel out.
func Measured(spans []Span, prior Supply, left []Load) Supply {
	var calls, bytes float64
	for _, l := range left {
		calls, bytes = calls+l.Calls.Mid, bytes+l.Bytes.Mid
	}
	budget := prior.CallsPerMinute.Mid
	prior.CallsPerMinute = reached(spans, func(s Span) float64 { return s.Calls }, prior.CallsPerMinute, time.Minute, calls)
	if prior.CallsPerMinute.Mid >= usedUp*budget {
		prior.BytesPerSecond = Estimate{}
		return prior
	}
	prior.BytesPerSecond = reached(spans, func(s Span) float64 { return s.Bytes }, prior.BytesPerSecond, time.Second, bytes)
	return prior
}

// reached is the rate, in units of per, with its spread over what is left.
func reached(spans []Span, of func(Span) float64, prior Estimate, per time.Duration, left float64) Estimate {
	var done float64
	var active time.Duration
	for _, s := range spans {
		done, active = done+of(s), active+s.Active
	}
	if active <= 0 || done <= 0 {
		return prior
	}
	rate := done / active.Seconds() // a second
	if before := prior.Mid / per.Seconds(); before > 0 {
		w := priorTime.Seconds() / (priorTime + active).Seconds()
		rate = 1 / ((1-w)/rate + w/before)
	}
	past, future := active.Seconds(), max(1, left/rate)
	long := longVariance(spans, of, done/active.Seconds())
	short := unseenTime.Seconds() / (unseenTime.Seconds() + past)
	variance := long/past + long/future + drift*drift + unseen*unseen*short
	return Estimate{rate * per.Seconds(), math.Exp(tenth * math.Sqrt(variance))}
}

// A past is looked at in so many blocks at most.
const mostBlocks = 32

// longVariance is the variance of the relative rate over one second, such that
// its mean over T seconds varies by this / T: the most that blocks of spans of
// any length show, since outages and slow hours last.
func longVariance(spans []Span, of func(Span) float64, mean float64) float64 {
	most := 0.0
	for size := 1; len(spans)/size >= 4; size *= 2 {
		if len(spans)/size > mostBlocks { // what ends in lumps is no ups and downs
			continue
		}
		var sum, seconds float64
		n := 0
		for i := 0; i+size <= len(spans); i += size {
			var done, active float64
			for _, s := range spans[i : i+size] {
				done, active = done+of(s), active+s.Active.Seconds()
			}
			if active <= 0 {
				continue
			}
			off := done/active/mean - 1
			sum, seconds, n = sum+off*off, seconds+active, n+1
		}
		if n > 1 {
			most = max(most, sum/float64(n-1)*seconds/float64(n))
		}
	}
	return most
}
