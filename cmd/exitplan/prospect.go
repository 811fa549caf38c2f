package main

import (
	"context"
	"slices"
	"time"

	"exitplan/internal/config"
	"exitplan/internal/dataset"
	"exitplan/internal/forecast"
	"exitplan/internal/journal"
)

// prospect is the forecast of an export that has begun, from the journal alone.
type prospect struct {
	loads    []forecast.Load
	supply   forecast.Supply
	forecast forecast.Forecast
	// known is false as long as too little was done to go by; unsure says that
	// nothing tells yet how much will be discovered.
	known, unsure bool
	untaken       *untaken
}

// The budget of calls, where the configuration has none.
const usualBudget = 240

// foresee forecasts from what is left, by datasets, and from how quickly runs
// got on while they were at work.
func foresee(ctx context.Context, cfg config.Config, j *journal.Journal, tally journal.Tally, now time.Time) (m prospect, err error) {
	history, err := j.History(ctx)
	if err != nil {
		return m, err
	}
	known, stored, err := j.Told(ctx, dataset.RecordingsName)
	if err != nil {
		return m, err
	}
	progress := progressOf(cfg, tally)
	for i := range progress {
		p := &progress[i]
		c := tally.Datasets[p.Dataset]
		told := tally.Datasets[dataset.RetentionName]
		if p.Dataset != dataset.RecordingsName || known == 0 || told.Done == 0 || told.Pending+told.Running > 0 {
			continue
		}
		for _, n := range c.Exceptions {
			stored += n
		}
		p.Share = float64(min(stored, known)) / float64(known)
	}
	m.loads = forecast.Remaining(progress, 0)
	perMinute := float64(cfg.Source.RequestsPerMinute) * (1 - cfg.Source.Headroom) * float64(1+len(cfg.Source.Clients))
	if perMinute <= 0 {
		perMinute = usualBudget
	}
	prior := forecast.Supply{CallsPerMinute: forecast.Estimate{Mid: perMinute, Spread: budgetSpread}}
	spans, units, active := spansOf(history, progress, tally)
	m.supply = forecast.Measured(spans, prior, m.loads)
	m.forecast = forecast.Run(now, m.loads, m.supply, cfg.Contract)
	m.unsure = untold(progress)
	m.known = len(progress) > 0 && len(m.loads) == 0 || units >= leastUnit && active >= leastSpan
	m.untaken, err = untakenDays(ctx, cfg, j, now)
	return m, err
}

// untold says whether nothing has told yet how much will be discovered: no day's
// details, nor, where they are not exported, what looks into them; or nothing is
// even planned.
func untold(progress []forecast.Progress) bool {
	if len(progress) == 0 {
		return true
	}
	reads := slices.ContainsFunc(progress, func(p forecast.Progress) bool { return p.Dataset == dataset.DetailsName })
	return slices.ContainsFunc(progress, func(p forecast.Progress) bool {
		looks := p.Dataset == dataset.DetailsName || !reads && p.FoundBy == dataset.DetailsName && p.Share == 0
		return looks && p.Done == 0 && p.Left+p.Running > 0
	})
}

// progressOf is how far the datasets of an export have come.
func progressOf(cfg config.Config, tally journal.Tally) (list []forecast.Progress) {
	for _, info := range dataset.Catalogue() {
		c, ok := tally.Datasets[info.Name]
		if !ok {
			continue
		}
		list = append(list, forecast.Progress{
			Dataset: info.Name, Class: info.Class, Priority: dataset.PriorityOf(info.Name),
			Done: c.Done + c.Failed, Running: c.Running, Left: c.Pending, FoundBy: info.FoundBy,
			UnitCalls: dataset.UnitCalls(info.Name, cfg.Recordings.Metadata), Bytes: mediaBytes(info.Name, c),
		})
		if info.Name == dataset.RetentionName && c.Done > 0 { // one unit, as long as its list
			list[len(list)-1].UnitCalls = float64(c.Records) / float64(c.Done) / dataset.RetentionRows
		}
	}
	return list
}

// mediaBytes are those of recordings: what else there is comes with calls.
func mediaBytes(name string, c journal.Counts) int64 {
	if name == dataset.RecordingsName {
		return c.Bytes
	}
	return 0
}

// spansOf is the history of a run as a forecast takes it: the calls of a unit are
// those of the catalogue, the bytes of a recordings unit those of all of them in
// the middle. Stretches without a process are left out, and those in which one
// got nowhere are not.
func spansOf(h journal.History, progress []forecast.Progress, tally journal.Tally) (spans []forecast.Span, units int64, active time.Duration) {
	type each struct{ calls, bytes float64 }
	unit, foundBy := map[string]each{}, map[string]string{}
	for _, p := range progress {
		foundBy[p.Dataset] = p.FoundBy
		e := each{calls: p.UnitCalls}
		if c := tally.Datasets[p.Dataset]; p.Bytes > 0 && c.Done > 0 {
			e.bytes = float64(p.Bytes) / float64(c.Done)
		}
		unit[p.Dataset] = e
	}
	next := 0
	for _, run := range h.Runs {
		width := h.Width.Milliseconds()
		for at := time.UnixMilli(run.From.UnixMilli() / width * width).UTC(); at.Before(run.To); at = at.Add(h.Width) {
			from, to := latestOf(at, run.From), at.Add(h.Width)
			if run.To.Before(to) {
				to = run.To
			}
			span := forecast.Span{Active: to.Sub(from)}
			for next < len(h.Buckets) && h.Buckets[next].At.Before(at) {
				next++
			}
			if next < len(h.Buckets) && h.Buckets[next].At.Equal(at) {
				finished := h.Buckets[next].Finished
				for name, n := range finished {
					units += n
					n -= min(n, finished[foundBy[name]]) // what a day has settled took no call
					span.Calls += float64(n) * unit[name].calls
					span.Bytes += float64(n) * unit[name].bytes
				}
				next++
			}
			spans, active = append(spans, span), active+span.Active
		}
	}
	if n := len(spans) - 1; n >= 0 { // units in hand, too
		for _, p := range progress {
			spans[n].Calls += float64(p.Running) / 2 * p.UnitCalls
			spans[n].Bytes += float64(p.Running) / 2 * unit[p.Dataset].bytes
		}
	}
	return spans, units, active
}

// told is the forecast, nil where there is no ground for one.
func (m prospect) told() *forecast.Forecast {
	if !m.known {
		return nil
	}
	return &m.forecast
}
