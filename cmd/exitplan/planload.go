package main

import (
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"exitplan/exporter"
	"exitplan/internal/config"
	"exitplan/internal/dataset"
	"exitplan/internal/forecast"
	"exitplan/internal/pace"
)

// planned is what one dataset takes.
type planned struct {
	forecast.Load
	// Assumed: nobody was asked how much there is of it.
	Assumed bool    `json:"assumed,omitempty"`
	Hours   float64 `json:"hours"` // for its calls alone, by the budget
}

// What is spread more widely the less is known.
const (
	assumedSpread = 3.0 // of a listing that was not counted
	budgetSpread  = 1.1 // answers that are refused, repeated or late
	speedSpread   = 2.0 // of a network that was tried for seconds
)

// scenario is a way to do it: as configured, or with something changed.
type scenario struct {
	cfg     config.Config
	names   []string
	clients int
	faster  float64 // than the transfers that were tried
}

func (s *session) asConfigured() scenario {
	return scenario{cfg: s.cfg, names: s.names, clients: len(s.clients), faster: 1}
}

// loads are what a scenario has to do, by dataset.
func (sc scenario) loads(inv *inventory, now time.Time) (list []forecast.Load, assumed map[string]bool) {
	costs := dataset.Costs(sc.names, inv.amounts(sc.cfg, now))
	assumed = map[string]bool{}
	byDay := map[string]bool{dataset.RecordingsName: true}
	for _, info := range dataset.Catalogue() {
		byDay[info.Name] = byDay[info.Name] || info.ByDay
	}
	for _, name := range slices.Sorted(maps.Keys(costs)) {
		cost := costs[name]
		l := forecast.Load{Dataset: name, Class: dataset.ClassOf(name), Priority: dataset.PriorityOf(name)}
		wide := inv.spreadOf(name)
		if cost.Assumed {
			wide, assumed[name] = assumedSpread, true
		}
		if name == dataset.DetailsName && !contains(sc.names, name) {
			l.Class = exporter.Recordings // read to find what conversations have
		}
		l.Records, l.Calls = forecast.Estimate{Mid: cost.Records, Spread: wide}, forecast.Estimate{Mid: cost.Calls, Spread: wide}
		if each := inv.BytesPerRecording; name == dataset.RecordingsName && each != nil && sc.cfg.Recordings.Method != config.MethodBulk {
			l.Bytes = forecast.Estimate{Mid: cost.Records * each.Mid, Spread: both(wide, each.Spread)}
		}
		if byDay[name] {
			l.Daily = inv.arrival(l)
		}
		list = append(list, l)
	}
	return list, assumed
}

// arrival takes the days that are still to come out of a load.
func (inv *inventory) arrival(l forecast.Load) (a forecast.Arrival) {
	if !inv.Available.Before(inv.To) || inv.Days == 0 {
		return a
	}
	days := float64(inv.Days)
	return forecast.Arrival{
		Records: l.Records.Mid / days, Calls: l.Calls.Mid / days, Bytes: l.Bytes.Mid / days,
		From: latestOf(inv.Available, inv.From), Until: inv.To,
	}
}

// spreadOf is how far off the amounts of a dataset may be.
func (inv *inventory) spreadOf(name string) float64 {
	switch {
	case name == dataset.RecordingsName || name == dataset.RetentionName:
		return max(inv.Recordings.Spread, 1)
	case name == dataset.DetailsName:
		return max(inv.Conversations.Spread, 1)
	case inv.perConversation[name] > 0:
		return both(inv.Conversations.Spread, 1.1)
	case inv.asked[name] > 0:
		_, off := inv.sample.Per(name)
		return both(inv.Conversations.Spread, spreadOf(off))
	}
	return 1.05
}

// supply is what a scenario has to do it with: limit is how many requests a
// minute the organization allows each client, 0 where it does not tell.
func (sc scenario) supply(inv *inventory, limit int) forecast.Supply {
	perMinute := sc.cfg.Source.RequestsPerMinute
	if limit > 0 {
		perMinute = min(perMinute, limit)
	}
	office := sc.cfg.Pace.Live
	slow := officeShare(office.Hours)
	allowed := float64(perMinute) * (1 - sc.cfg.Source.Headroom)
	switch live := float64(office.RequestsPerMinute); {
	case office.Still:
		allowed *= 1 - slow
	case live > 0 && live < allowed:
		allowed = slow*live + (1-slow)*allowed
	}
	sup := forecast.Supply{CallsPerMinute: forecast.Estimate{Mid: allowed * float64(sc.clients), Spread: budgetSpread}}
	if t := inv.Transfer; t != nil && t.Took > 0 && t.Read > 0 {
		// More transfers at once than were tried are quicker, but not as much.
		more := math.Sqrt(max(1, float64(sc.cfg.Concurrency.Transfers)/float64(t.Together)))
		sup.BytesPerSecond = forecast.Estimate{Mid: float64(t.Read) / t.Took.Seconds() * more * sc.faster, Spread: speedSpread}
	}
	if cap := float64(sc.cfg.Pace.Bandwidth) * sc.faster; cap > 0 && (sup.BytesPerSecond.Mid == 0 || sup.BytesPerSecond.Mid > cap) {
		sup.BytesPerSecond = forecast.Estimate{Mid: cap, Spread: budgetSpread}
	}
	if speed, live := sup.BytesPerSecond.Mid, float64(office.Bandwidth); office.Still {
		sup.TransferShare = 1 - slow
	} else if live > 0 && speed > live {
		sup.TransferShare = slow*live/speed + 1 - slow
	}
	return sup
}

// officeShare is the part of a week that hours take.
func officeShare(hours pace.Hours) float64 {
	const step = 15 * time.Minute
	begin, live, all := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC), 0, 0
	for at := begin; at.Before(begin.AddDate(0, 0, 7)); at = at.Add(step) {
		if all++; hours.Live(at) {
			live++
		}
	}
	return float64(live) / float64(all)
}

// without leaves datasets out.
func (sc scenario) without(prefix string) scenario {
	sc.names = slices.DeleteFunc(slices.Clone(sc.names), func(name string) bool { return strings.HasPrefix(name, prefix) })
	return sc
}

func latestOf(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
