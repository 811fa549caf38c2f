package forecast

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"exitplan/internal/contract"
)

// run is one way in which the export may go, as a fluid: calls and bytes drain
// at their rates, the first load that may and can be worked on first. Times are
// seconds from now.
type run struct {
	calls, bytes float64 // a second
	loads        []tank
	classes      map[string]*gates
}

type tank struct {
	class        string
	priority     int
	calls, bytes float64
	begun        bool // some of its calls are made, so that media flow
	arrivals     []arrival
}

// add puts another load into the tank. Days of the same instant are one arrival.
func (t *tank) add(calls, bytes float64, days []arrival) {
	t.calls, t.bytes = t.calls+calls, t.bytes+bytes
	if len(t.arrivals) == len(days) && (len(days) == 0 || t.arrivals[0].at == days[0].at) {
		for i, d := range days {
			t.arrivals[i].calls, t.arrivals[i].bytes = t.arrivals[i].calls+d.calls, t.arrivals[i].bytes+d.bytes
		}
		return
	}
	t.arrivals = append(t.arrivals, days...)
	slices.SortStableFunc(t.arrivals, func(a, b arrival) int { return cmp.Compare(a.at, b.at) })
}

type arrival struct{ at, calls, bytes float64 }

// gates are the windows of a class, from now on.
type gates struct {
	windows []gate
	extend  float64 // after the last close it may go on: when that is
}

type gate struct{ opens, closes float64 }

func draw(now time.Time, loads []Load, supply Supply, terms contract.Terms, rnd *rand.Rand) *run {
	// What slows down calls slows down media: in a run, where one of the two
	// waits for the other, they are the same.
	weather := rnd.NormFloat64()
	r := &run{
		calls:   max(supply.CallsPerMinute.at(weather)/60, 1e-9),
		bytes:   supply.BytesPerSecond.at(weather) * share(supply),
		classes: map[string]*gates{},
	}
	// A part of what is not known of the amounts they have in common.
	common := rnd.NormFloat64()
	// Half of the days are complete after half of the lag, a tenth only after it.
	lag := time.Duration(min(1, max(0, (rnd.Float64()-0.1)/0.8)) * float64(Lag))
	for _, l := range loads {
		if r.classes[l.Class] == nil {
			r.classes[l.Class] = gatesOf(terms, l.Class, now)
		}
		z := (common + rnd.NormFloat64()) / math.Sqrt2
		calls, bytes := l.Calls.at(z), 0.0
		if r.bytes > 0 {
			bytes = l.Bytes.at(z)
		}
		// The days to come are as unsure as those that are there.
		daily := l.Daily
		daily.Calls = Estimate{daily.Calls, l.Calls.Spread}.at(z)
		daily.Bytes = Estimate{daily.Bytes, l.Bytes.Spread}.at(z)
		if r.bytes <= 0 { // nobody knows: calls alone count
			daily.Bytes = 0
		}
		// What has the same class and priority drains as one.
		if n := len(r.loads) - 1; n >= 0 && r.loads[n].class == l.Class && r.loads[n].priority == l.Priority {
			r.loads[n].add(calls, bytes, arrivals(daily, now, lag))
			continue
		}
		r.loads = append(r.loads, tank{class: l.Class, priority: l.Priority, calls: calls, bytes: bytes, arrivals: arrivals(daily, now, lag)})
	}
	return r
}

// arrivals are the days to come, each when it is complete.
func arrivals(daily Arrival, now time.Time, lag time.Duration) (list []arrival) {
	const day = 24 * time.Hour
	if !(daily.Calls > 0 || daily.Bytes > 0) {
		return nil
	}
	for at := daily.From; at.Before(daily.Until) && len(list) < mostDays; at = at.Add(day) {
		list = append(list, arrival{max(0, at.Add(day+lag).Sub(now).Seconds()), daily.Calls, daily.Bytes})
	}
	return list
}

func gatesOf(terms contract.Terms, class string, now time.Time) *gates {
	g := &gates{}
	if terms.Zone == nil {
		return g
	}
	for _, w := range terms.Windows(class) {
		if w.Closes.After(now) {
			g.windows = append(g.windows, gate{max(0, w.Opens.Sub(now).Seconds()), w.Closes.Sub(now).Seconds()})
			g.extend = w.Closes.Sub(now).Seconds()
		}
	}
	return g
}

// open says whether work goes on at t, and when that changes next.
func (g *gates) open(t float64) (open bool, until float64) {
	for _, w := range g.windows {
		switch {
		case t < w.opens:
			return false, w.opens
		case t < w.closes:
			return true, w.closes
		}
	}
	return t >= g.extend, math.Inf(1)
}

// What nobody plans takes no longer to compute.
const steps, mostDays = 10_000, 2_000

// work lets it happen, and says when each class is done: what is there and every
// day to come, as it arrives.
func (r *run) work() map[string]float64 {
	done, left := map[string]float64{}, map[string]bool{}
	t := 0.0
	for range steps {
		next := math.Inf(1) // something changes
		callsAt, bytesAt := -1, -1
		clear(left)
		for i := range r.loads {
			l := &r.loads[i]
			for len(l.arrivals) > 0 && l.arrivals[0].at <= t {
				l.calls, l.bytes = l.calls+l.arrivals[0].calls, l.bytes+l.arrivals[0].bytes
				l.arrivals = l.arrivals[1:]
			}
			if len(l.arrivals) > 0 {
				next, left[l.class] = min(next, l.arrivals[0].at-t), true
			}
			if l.calls <= 0 && l.bytes <= 0 {
				continue
			}
			left[l.class] = true
			open, until := r.classes[l.class].open(t)
			next = min(next, until-t)
			if !open {
				continue
			}
			if callsAt < 0 && l.calls > 0 {
				callsAt, l.begun = i, true
			}
			if bytesAt < 0 && l.bytes > 0 && (l.begun || l.calls <= 0) {
				bytesAt = i
			}
		}
		for class := range r.classes {
			if _, was := done[class]; !was && !left[class] {
				done[class] = t
			}
		}
		if len(done) == len(r.classes) || t > century.Seconds() {
			break
		}
		if callsAt >= 0 {
			next = min(next, r.loads[callsAt].calls/r.calls)
		}
		if bytesAt >= 0 {
			next = min(next, r.loads[bytesAt].bytes/r.bytes)
		}
		if math.IsInf(next, 1) {
			break
		}
		if callsAt >= 0 {
			r.loads[callsAt].calls = drain(r.loads[callsAt].calls, r.calls*next)
		}
		if bytesAt >= 0 {
			r.loads[bytesAt].bytes = drain(r.loads[bytesAt].bytes, r.bytes*next)
		}
		t += next
	}
	for class := range r.classes {
		if _, ok := done[class]; !ok {
			done[class] = century.Seconds()
		}
	}
	return done
}

// drain takes some away; what rounding leaves is nothing.
func drain(from, amount float64) float64 {
	if from-amount <= 1e-6*from+1e-9 {
		return 0
	}
	return from - amount
}
