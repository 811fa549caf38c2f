package main

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"text/tabwriter"
	"time"

	"exitplan/internal/contract"
	"exitplan/internal/forecast"
)

// organizationSize is an export whose forecasts are held against what happens.
type organizationSize struct {
	name          string
	conversations float64
	days          int
	perMinute     float64 // budget of calls
	mediaBytes    float64
	bandwidth     float64 // bytes a second; 0: never the bottleneck
}

var forecastSizes = []organizationSize{
	{"50,000 conversations", 50e3, 60, 240, 300e3, 0},
	{"1 M conversations", 1e6, 365, 240, 500e3, 0},
	{"1 M, slow network", 1e6, 365, 240, 1e6, 4e6},
	{"20 M conversations", 20e6, 1826, 240, 500e3, 0},
	{"20 M, 6 clients", 20e6, 1826, 1440, 500e3, 0},
}

// weather is what a run meets and no forecast knows: the share of the rate that
// can be had in each minute.
type weather struct {
	rnd      *rand.Rand
	level    float64 // of the calls, until the next change
	network  float64 // of the bandwidth
	daily    float64 // taken at the busiest hour of a working day
	drift    float64 // over the whole run, a day
	outage   float64 // minutes that are left of it
	phase    float64 // minutes after midnight at the start
	minute   float64
	duration float64 // minutes, about
}

func newWeather(rnd *rand.Rand, duration float64) *weather {
	return &weather{
		rnd: rnd, level: 0.85 + 0.15*rnd.Float64(), network: 0.8 + 0.2*rnd.Float64(),
		daily: 0.15 * rnd.Float64(), drift: 0.2*rnd.Float64() - 0.1, phase: 1440 * 7 * rnd.Float64(), duration: duration,
	}
}

// next is the weather of the next minutes: factors of calls and of bytes.
func (w *weather) next(minutes float64) (calls, bytes float64) {
	w.minute += minutes
	happens := func(every float64) bool { return w.rnd.Float64() < 1-math.Exp(-minutes/every) }
	if happens(2 * 1440) {
		w.level = 0.85 + 0.15*w.rnd.Float64()
	}
	if happens(360) {
		w.network = 0.8 + 0.2*w.rnd.Float64()
	}
	up := 1.0
	if w.outage > 0 {
		up = max(0, 1-w.outage/minutes)
		w.outage -= minutes
	} else if happens(4 * 1440) {
		w.outage = min(360, 20*math.Exp(w.rnd.NormFloat64())) // half of them under 20 minutes
	}
	at := math.Mod(w.phase+w.minute, 7*1440)
	busy := 0.0
	if hour := math.Mod(at, 1440) / 60; at < 5*1440 && hour > 8 && hour < 20 {
		busy = math.Sin((hour - 8) / 12 * math.Pi)
	}
	calls = w.level * (1 - w.daily*busy) * (1 + w.drift*min(1, w.minute/w.duration)) * up
	return calls, w.network * (1 - w.daily*busy) * up
}

// voyage is one run in virtual time: days are read, oldest first, and as each
// is, its recordings. Nothing of it is known to the forecast but what a journal
// would say.
type voyage struct {
	size  organizationSize
	days  []float64 // recorded conversations of each day
	told  float64   // how much of what is ahead the retention query knows
	spans []forecast.Span
	made  float64 // calls
	bytes float64

	read int       // days
	done int64     // units of recordings
	rest []float64 // recorded conversations of units that are known and not done
}

const (
	perUnit      = 100 // conversations of a batch request
	detailsCalls = 4
)

// dayCalls are the calls of reading a day.
func dayCalls(recorded float64) float64 { return detailsCalls + math.Ceil(recorded/0.4/1000) }

func newVoyage(size organizationSize, rnd *rand.Rand) *voyage {
	v := &voyage{size: size, told: 0.96 + 0.06*rnd.Float64()}
	mean := size.conversations / float64(size.days) * 0.4
	growth := 0.3*rnd.Float64() - 0.1 // from the first day to the last
	for i := range size.days {
		week := []float64{1.2, 1.15, 1.1, 1.1, 1.15, 0.4, 0.3}[i%7] / 0.914
		n := mean * week * (1 + growth*(float64(i)/float64(size.days)-0.5)) * math.Exp(0.15*rnd.NormFloat64())
		v.days = append(v.days, max(1, math.Round(n)))
	}
	return v
}

func (v *voyage) total() (calls, bytes float64) {
	for _, n := range v.days {
		calls += dayCalls(n) + n + 2.2*math.Ceil(n/perUnit) // a second look now and then
		bytes += n * v.mediaBytes()
	}
	return calls, bytes
}

func (v *voyage) mediaBytes() float64 { return 1.05 * v.size.mediaBytes } // of a conversation

// sail runs it to the end; at a tenth of the work it asks for a forecast.
func (v *voyage) sail(rnd *rand.Rand) (took time.Duration, at time.Duration, f forecast.Forecast) {
	calls, bytes := v.total()
	expected := calls / v.size.perMinute
	if v.size.bandwidth > 0 {
		expected = max(expected, bytes/v.size.bandwidth/60)
	}
	w := newWeather(rnd, expected)
	step := min(10, max(0.1, expected/5000)) // minutes
	start := time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)
	var minute, debt float64 // debt: calls of the unit in hand
	var span forecast.Span
	asked := false
	debt = dayCalls(v.days[0])
	reading := true
	for {
		c, b := w.next(step)
		minute += step
		budget, room := v.size.perMinute*c*step, math.Inf(1)
		if v.size.bandwidth > 0 {
			room = v.size.bandwidth * b * step * 60
		}
		madeBefore, bytesBefore := v.made, v.bytes
		over := false
		for budget > 0 && room > 0 && !over {
			n := min(budget, debt)
			if !reading {
				flow := v.rest[0] * v.mediaBytes() / (v.rest[0] + 2.2) // bytes with each call
				n = min(n, room/flow)
				room, v.bytes = room-n*flow, v.bytes+n*flow
			}
			budget, debt, v.made = budget-n, debt-n, v.made+n
			if debt > 1e-9 {
				break
			}
			if reading {
				for left := v.days[v.read]; left > 0; left -= perUnit {
					v.rest = append(v.rest, min(left, perUnit))
				}
				v.read++
			} else {
				v.rest = v.rest[1:]
				v.done++
			}
			switch {
			case len(v.rest) > 0:
				reading, debt = false, v.rest[0]+2.2
			case v.read < len(v.days):
				reading, debt = true, dayCalls(v.days[v.read])
			default:
				over = true
			}
		}
		span.Active += time.Duration(step * float64(time.Minute))
		span.Calls, span.Bytes = span.Calls+v.made-madeBefore, span.Bytes+v.bytes-bytesBefore
		if span.Active >= time.Duration(max(10, expected/200)*float64(time.Minute)) || expected < 200 {
			v.spans, span = append(v.spans, span), forecast.Span{}
		}
		if !asked && max(v.made/calls, v.bytes/bytes) >= 0.1 {
			asked, at = true, time.Duration(minute*float64(time.Minute))
			f = v.ask(start.Add(at))
		}
		if over {
			return time.Duration(minute * float64(time.Minute)), at, f
		}
	}
}

// ask forecasts as status does, from what a journal knows.
func (v *voyage) ask(now time.Time) forecast.Forecast {
	// The retention query tells how many recordings there are, but for some.
	var all, left float64
	for i, n := range v.days {
		all += n
		if i >= v.read {
			left += n
		}
	}
	for _, n := range v.rest {
		left += n
	}
	done := all - left
	running := int64(min(1, len(v.rest)))
	progress := []forecast.Progress{
		{Dataset: "recordings", Class: contract.Recordings, Priority: 0, Done: v.done, FoundBy: "details",
			// One stands ready for each day that was not read.
			Left: int64(len(v.rest)) - running + int64(len(v.days)-v.read), Running: running, UnitCalls: 2 + perUnit, Share: done / (done + v.told*left), Bytes: int64(v.bytes)},
		{Dataset: "details", Class: contract.Metrics, Priority: 1, Done: int64(v.read), Left: int64(len(v.days) - v.read),
			UnitCalls: detailsCalls + 3},
	}
	progress[0].Done += int64(v.read) // those that stood ready were settled
	loads := forecast.Remaining(progress, v.made)
	supply := forecast.Supply{CallsPerMinute: forecast.Estimate{Mid: v.size.perMinute, Spread: 1.1}}
	supply = forecast.Measured(v.spans, supply, loads)
	return forecast.Run(now, loads, supply, contract.Terms{})
}

// scored is how the forecasts of one size did.
type scored struct {
	runs, within, withinLeft, covered int
	errors                            []float64 // of the P50, in shares of the whole duration
	bias                              float64
	took                              []float64 // hours
	wide                              []float64 // P90 beyond P50, in shares of the whole
}

func scoreForecasts(size organizationSize, runs int, seed uint64) (s scored) {
	start := time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)
	for i := range runs {
		rnd := rand.New(rand.NewPCG(seed, uint64(i)))
		took, at, f := newVoyage(size, rnd).sail(rnd)
		off := f.P50.Sub(start.Add(took)).Hours() / took.Hours()
		s.runs++
		s.bias += off / float64(runs)
		if math.Abs(off) <= 0.1 {
			s.within++
		}
		if math.Abs(f.P50.Sub(start.Add(took)).Hours()) <= 0.1*(took-at).Hours() {
			s.withinLeft++
		}
		if !f.P90.Before(start.Add(took)) {
			s.covered++
		}
		s.errors = append(s.errors, math.Abs(off))
		s.took = append(s.took, took.Hours())
		s.wide = append(s.wide, f.P90.Sub(f.P50).Hours()/took.Hours())
	}
	return s
}

func middle(list []float64) float64 {
	list = slices.SortedFunc(slices.Values(list), cmp.Compare[float64])
	return list[len(list)/2]
}

// printForecasts is the benchmark of forecasts.
func printForecasts(out io.Writer, runs int, seed uint64) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "organization\truns\tmedian duration\tP50 within 10 %\tof what was left\tP90 covers\tmedian error\tmedian P90 - P50\tmean error")
	for _, size := range forecastSizes {
		s := scoreForecasts(size, runs, seed)
		percent := func(n int) string { return fmt.Sprintf("%.0f %%", 100*float64(n)/float64(s.runs)) }
		fmt.Fprintf(w, "%s\t%d\t%.1f h\t%s\t%s\t%s\t%.1f %%\t%.1f %%\t%.1f %%\n", size.name, s.runs, middle(s.took),
			percent(s.within), percent(s.withinLeft), percent(s.covered), 100*middle(s.errors), 100*middle(s.wide), 100*s.bias)
	}
	return w.Flush()
}
