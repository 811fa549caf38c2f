package main

import (
	"fmt"
	"sort"
	"time"

	"exitplan/exporter"
	"exitplan/internal/config"
	"exitplan/internal/contract"
	"exitplan/internal/dataset"
)

// gain is what a change would bring.
type gain struct {
	Change string    `json:"change"` // what to set, or to have
	Loses  string    `json:"loses,omitempty"`
	Calls  float64   `json:"calls"` // that are then left
	P50    time.Time `json:"p50"`
	P90    time.Time `json:"p90"`
	Sooner float64   `json:"sooner_hours"` // by the P90 of everything
	Fits   bool      `json:"fits"`
}

// Nobody has more OAuth clients for this than so many, nor a network so much
// faster.
const (
	mostClients = 50
	mostFaster  = 64
)

// gains are changes that bring the end nearer, alone and together.
func (p *plan) gains(sc scenario, limit int) (list []gain) {
	_, before, _ := inAll(p.Endings)
	try := func(change, loses string, sc scenario) bool {
		g := gain{Change: change, Loses: loses}
		loads, _ := sc.loads(p.Inventory, p.At)
		for _, l := range loads {
			g.Calls += l.Calls.Mid
		}
		g.P50, g.P90, g.Fits = inAll(endings(sc.cfg.Contract, classes, loads, sc.supply(p.Inventory, limit), p.At))
		g.Sooner = before.Sub(g.P90).Hours()
		if before.Sub(g.P90) > max(before.Sub(p.At)/100, time.Minute) {
			list = append(list, g)
		}
		return g.Fits
	}
	// more looks for the clients that a change still needs to fit.
	more := func(change, loses string, sc scenario) {
		if try(change, loses, sc) || p.Fits {
			return
		}
		loads, _ := sc.loads(p.Inventory, p.At)
		begun := sc.clients
		fits := func(more int) bool {
			sc.clients = begun + more
			_, _, ok := inAll(endings(sc.cfg.Contract, classes, loads, sc.supply(p.Inventory, limit), p.At))
			return ok
		}
		n := 1 + sort.Search(mostClients-begun, func(i int) bool { return fits(1 + i) })
		if sc.clients = begun + n; sc.clients > mostClients {
			return
		}
		if change != "" {
			change += ", and "
		}
		try(fmt.Sprintf("%s%s (source.clients)", change, plural(int64(sc.clients-p.Settings.Clients), "more OAuth client", "more OAuth clients")), loses, sc)
	}
	if quick := max(limit, 0); quick > sc.cfg.Source.RequestsPerMinute {
		faster := sc
		faster.cfg.Source.RequestsPerMinute = quick
		try(fmt.Sprintf("source.requests_per_minute: %d, which the organization allows", quick), "", faster)
	}
	more("", "", sc)
	recordings := contains(sc.names, dataset.RecordingsName)
	derived := sc
	if recordings && sc.cfg.Recordings.Metadata != config.MetadataDerived {
		derived.cfg.Recordings.Metadata = config.MetadataDerived
		more("recordings.metadata: derived", "the platform's own metadata of each recording", derived)
	}
	if lean := derived.without("interactions."); len(lean.names) > 0 && len(lean.names) < len(sc.names) {
		change := `source.datasets without "interactions.*"`
		loses := "transcripts, e-mails, messages and what analytics found, of each conversation"
		if recordings && sc.cfg.Recordings.Metadata != config.MetadataDerived {
			change, loses = "recordings.metadata: derived, and "+change, "the platform's own metadata of each recording, "+loses
		}
		more(change, loses, lean)
	}
	if recordings && p.byBytes() {
		if sc.cfg.Recordings.Method != config.MethodBulk {
			bulk := sc
			bulk.cfg.Recordings.Method = config.MethodBulk
			try("recordings.method: bulk: the platform writes to the bucket, and nothing goes through this machine", "", bulk)
		}
		for factor := 2.0; factor <= mostFaster; factor *= 2 {
			faster := sc
			faster.faster = factor
			if try(fmt.Sprintf("a network %.0f times as fast (or this program nearer to the platform)", factor), "", faster) {
				break
			}
		}
	}
	return list
}

func (p *plan) byBytes() bool {
	for _, e := range p.Endings {
		if e.Class == exporter.Recordings && e.By == byBytes {
			return true
		}
	}
	return false
}

// need is the extension without which it does not fit, or the last days may be
// missing.
type need struct {
	Classes []string `json:"classes"`
	Reason  string   `json:"reason"` // forecast, days, or closed
	// RequestBy is the end (exclusive) of the last day on which it counts as
	// requested in time; LastDay is that day in the contract's zone.
	RequestBy time.Time `json:"request_by,omitzero"`
	LastDay   string    `json:"last_day,omitempty"`
	Late      bool      `json:"late"`
	// Until is the end (exclusive) that is enough: P90 and a margin, to the end of
	// a day; UntilDay is the last day of it.
	Until    time.Time `json:"until,omitzero"`
	UntilDay string    `json:"until_day,omitempty"`
	Days     int       `json:"days"` // longer than the window is
	Margin   float64   `json:"margin_days"`

	given bool // the date was chosen by somebody
}

// Why an extension is asked for.
const (
	forForecast = "forecast" // too late, in one case of ten or more
	forDays     = "days"     // in time, but for days that may be complete only after the close
	forClosed   = "closed"   // all is over, and nobody knows what is left
)

// An extension is asked for with a tenth more time than nine in ten cases need,
// and no less than the platform takes to complete its last day.
const leastMargin = lag + oneDay

func (p *plan) need(terms contract.Terms) *need {
	n := &need{Reason: forDays}
	var closes, p90 time.Time
	for _, e := range p.Endings {
		late := p.Unavailable.of(e.Class)
		if e.Fits && !late || e.Closes.IsZero() || e.Shut != "" {
			continue
		}
		if !e.Fits {
			n.Reason = forForecast
		}
		if late {
			p90 = latestOf(p90, p.Unavailable.Done)
		}
		n.Classes = append(n.Classes, e.Class)
		p90 = latestOf(p90, e.P90)
		// The first that may still be asked for in time; else the last that could.
		over, was := !p.At.Before(terms.RequestBy(e.Closes)), !p.At.Before(terms.RequestBy(closes))
		if closes.IsZero() || was && (!over || e.Closes.After(closes)) || !over && e.Closes.Before(closes) {
			closes = e.Closes
		}
	}
	if len(n.Classes) == 0 || p90.IsZero() {
		return nil
	}
	margin := max(leastMargin, p90.Sub(p.At)/10)
	n.Margin = margin.Hours() / 24
	n.RequestBy = terms.RequestBy(closes).UTC()
	n.LastDay = p.day(n.RequestBy.Add(-1))
	n.Late = !p.At.Before(n.RequestBy)
	until := p90.Add(margin).In(p.zone)
	if earliest := closes.In(p.zone); until.Before(earliest) {
		until = earliest
	}
	if end, err := contract.ParseEnd(until.Format(time.DateOnly), p.zone); err == nil {
		until = end
	}
	n.Until, n.UntilDay = until.UTC(), p.day(until.Add(-1))
	n.Days = daysBetween(closes.Add(-1).In(p.zone), until.Add(-1).In(p.zone))
	return n
}

// day is a date in the contract's zone.
func (p *plan) day(at time.Time) string { return at.In(p.zone).Format(time.DateOnly) }

// daysBetween counts calendar days, however long one is.
func daysBetween(a, b time.Time) int {
	date := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC) }
	return int(date(b).Sub(date(a)) / oneDay)
}
