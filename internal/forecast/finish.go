package forecast

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"exitplan/internal/contract"
)

// Verdict is how the finish stands to the close of the window.
type Verdict string

// The verdicts. A class without a close is on track.
const (
	OnTrack  Verdict = "on track"  // 90 % sure before the close
	AtRisk   Verdict = "at risk"   // more likely than not before the close
	WillMiss Verdict = "will miss" // more likely than not after it
)

// Worse says whether v is worse than o.
func (v Verdict) Worse(o Verdict) bool {
	order := []Verdict{OnTrack, AtRisk, WillMiss}
	return slices.Index(order, v) > slices.Index(order, o)
}

// Range is when something is finished: a tenth of the cases before P10, half
// of them before P50, nine in ten before P90; UTC.
type Range struct {
	P10 time.Time `json:"p10,omitzero"`
	P50 time.Time `json:"p50,omitzero"`
	P90 time.Time `json:"p90,omitzero"`
}

// Class is the finish of one class of the exit plan: the instant at which all of
// it is done, what is available and the days that are still to come.
type Class struct {
	Class string `json:"class"`
	Range
	// Closes is the last instant, exclusive, at which the class may be
	// exported, later windows included; zero for none.
	Closes  time.Time `json:"closes,omitzero"`
	Verdict Verdict   `json:"verdict"`
	Calls   float64   `json:"calls"` // left, days to come included
	Bytes   float64   `json:"bytes,omitempty"`
}

// The resources that an export waits for.
const (
	Calls = "calls"
	Bytes = "bytes"
	Days  = "days" // to come, or a window that has to open
)

// Critical is what decides the finish.
type Critical struct {
	Resource string  `json:"resource"`
	Dataset  string  `json:"dataset"` // that takes most of it
	Share    float64 `json:"share"`   // of it, in [0, 1]
}

// Forecast is the finish of an export.
type Forecast struct {
	At time.Time `json:"at"`
	Range
	Verdict  Verdict  `json:"verdict"` // the worst of the classes
	Critical Critical `json:"critical,omitzero"`
	Classes  []Class  `json:"classes"`
}

// Of is the forecast of one class; ok is false where nothing of it is left.
func (f Forecast) Of(class string) (c Class, ok bool) {
	i := slices.IndexFunc(f.Classes, func(c Class) bool { return c.Class == class })
	if i < 0 {
		return Class{}, false
	}
	return f.Classes[i], true
}

const (
	draws   = 250
	century = 100 * 365 * 24 * time.Hour
)

// Lag is how long the platform may take to complete a day (genesys-api.md
// §5.4): what comes later than that before a close cannot be had in its window.
const Lag = 48 * time.Hour

// Run forecasts from now: it lets the export happen many times, each time with
// quantities drawn from the estimates. Classes share the budget of calls, the
// lower priority first; a class whose window is closed waits until it opens,
// and after its last close goes on as if it were extended, so that the finish
// tells how long an extension must be. terms without a zone have no windows.
func Run(now time.Time, loads []Load, supply Supply, terms contract.Terms) Forecast {
	f := Forecast{At: now.UTC(), Verdict: OnTrack}
	loads = slices.Clone(loads)
	slices.SortStableFunc(loads, func(a, b Load) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(a.Class, b.Class), a.Daily.From.Compare(b.Daily.From), a.Daily.Until.Compare(b.Daily.Until))
	})
	byClass := map[string][]float64{} // seconds from now
	for _, l := range loads {
		if _, ok := f.Of(l.Class); !ok {
			f.Classes = append(f.Classes, Class{Class: l.Class})
		}
		c := &f.Classes[slices.IndexFunc(f.Classes, func(c Class) bool { return c.Class == l.Class })]
		c.Calls, c.Bytes = c.Calls+l.calls(), c.Bytes+l.bytes()
	}
	for i := range f.Classes {
		c := &f.Classes[i]
		for _, w := range terms.Windows(c.Class) {
			c.Closes = w.Closes
		}
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	var all []float64
	for range draws {
		run := draw(now, loads, supply, terms, rnd)
		longest := 0.0
		for class, took := range run.work() {
			byClass[class] = append(byClass[class], took)
			longest = max(longest, took)
		}
		all = append(all, longest)
	}
	f.Range = ranged(now, all)
	for i := range f.Classes {
		c := &f.Classes[i]
		c.Range = ranged(now, byClass[c.Class])
		switch left := c.Calls+c.Bytes > 0; {
		case left && terms.Zone != nil && c.Closes.IsZero(): // it never opens
			c.Verdict = WillMiss
		case left:
			c.Verdict = judge(c.Range, c.Closes)
		default:
			c.Verdict = OnTrack
		}
		if c.Verdict.Worse(f.Verdict) {
			f.Verdict = c.Verdict
		}
	}
	f.Critical = critical(f, loads, supply)
	return f
}

func judge(r Range, closes time.Time) Verdict {
	switch {
	case closes.IsZero() || r.P90.Before(closes):
		return OnTrack
	case r.P50.Before(closes):
		return AtRisk
	}
	return WillMiss
}

func ranged(now time.Time, took []float64) Range {
	slices.Sort(took)
	at := func(q float64) time.Time {
		s := took[min(len(took)-1, int(q*float64(len(took))))]
		return now.Add(min(century, time.Duration(min(s, century.Seconds())*float64(time.Second)))).UTC().Truncate(time.Second).Add(time.Second)
	}
	if len(took) == 0 {
		return Range{}
	}
	return Range{at(0.1), at(0.5), at(0.9)}
}

// critical finds the resource that the median finish waits for.
func critical(f Forecast, loads []Load, supply Supply) (c Critical) {
	of := func(l Load, resource string) float64 {
		if resource == Bytes {
			return l.bytes()
		}
		return l.calls()
	}
	took := func(resource string, amount float64) float64 { // seconds
		switch {
		case resource == Calls:
			return amount / max(supply.CallsPerMinute.Mid/60, 1e-9)
		case supply.BytesPerSecond.Mid > 0:
			return amount / (supply.BytesPerSecond.Mid * share(supply))
		}
		return 0
	}
	total, day, last := map[string]float64{}, map[string]float64{}, time.Time{}
	for _, l := range loads {
		for _, resource := range []string{Calls, Bytes} {
			total[resource] += of(l, resource)
		}
		if l.Daily.days() > 0 {
			day[Calls], day[Bytes] = day[Calls]+l.Daily.Calls, day[Bytes]+l.Daily.Bytes
			if l.Daily.Until.After(last) {
				last = l.Daily.Until
			}
		}
	}
	c.Resource = Calls
	if took(Bytes, total[Bytes]) > took(Calls, total[Calls]) {
		c.Resource = Bytes
	}
	most := 0.0
	for _, l := range loads {
		if n := of(l, c.Resource); n > most {
			most, c.Dataset, c.Share = n, l.Dataset, n/total[c.Resource]
		}
	}
	if f.P50.Sub(f.At).Seconds() > 1.5*took(c.Resource, total[c.Resource])+60 {
		c.Resource = Days
		return c
	}
	// Whoever is done a day's work after the last of them has waited for it.
	if wait := f.P50.Sub(last.Add(Lag / 2)).Seconds(); !last.IsZero() && wait <= 1.5*took(c.Resource, day[c.Resource])+60 {
		c.Resource = Days
	}
	return c
}

func share(s Supply) float64 {
	if s.TransferShare <= 0 || s.TransferShare > 1 {
		return 1
	}
	return s.TransferShare
}

// at is the estimate so many standard deviations from its middle; what is no
// number counts as nothing.
func (e Estimate) at(z float64) float64 {
	v := e.Mid * math.Exp(z*math.Log(max(e.Spread, 1))/tenth)
	if !(v > 0) || math.IsInf(v, 1) {
		return 0
	}
	return v
}

// tenth is the standard normal's 90th percentile.
const tenth = 1.2815515655446004
