package main

import (
	"fmt"
	"slices"
	"time"

	"exitplan/internal/dataset"
)

// lateDays are days that the platform may complete only after the close, or so
// shortly before it that their work is not done by then.
type lateDays struct {
	From    time.Time `json:"from"` // UTC days
	To      time.Time `json:"to"`   // exclusive
	Days    int       `json:"days"`
	Classes []string  `json:"classes"` // that have data by day
	Done    time.Time `json:"done_by"` // when they are exported, if a window is open
}

// unavailable cuts off the days that the platform, which may take two days for
// them, completes too late for the work of a day to be done before the last
// close.
func (s *session) unavailable(inv *inventory, sc scenario, limit int) *lateDays {
	if !s.byDay() || !inv.Available.Before(inv.To) || s.cfg.Contract.Zone == nil {
		return nil
	}
	late := &lateDays{To: inv.To}
	var closes time.Time
	for _, class := range s.classes() {
		d := s.cfg.Contract.Decide(class, s.clock.Now())
		closes = latestOf(closes, d.Closes)
		if !d.Closes.IsZero() && byDayClass(s.names, class) {
			late.Classes = append(late.Classes, class)
		}
	}
	work := sc.dayTakes(inv, limit, s.clock.Now())
	late.From = latestOf(closes.Add(-lag-work).UTC().Truncate(oneDay), latestOf(inv.Available, inv.From))
	if !late.From.Before(inv.To) || len(late.Classes) == 0 {
		return nil
	}
	late.Days, late.Done = int(late.To.Sub(late.From)/oneDay), late.To.Add(lag+work).Truncate(time.Second)
	inv.cut(late.From)
	return late
}

// byDayClass says whether anything of a class that is selected is taken by the day.
func byDayClass(names []string, class string) bool {
	for _, info := range dataset.Catalogue() {
		if (info.ByDay || info.Name == dataset.RecordingsName) && info.Class == class && contains(names, info.Name) {
			return true
		}
	}
	return false
}

// dayTakes is how long the work of one day takes, in nine of ten cases. Days that
// take longer than a day pile up, which is for the forecast to tell.
func (sc scenario) dayTakes(inv *inventory, limit int, now time.Time) time.Duration {
	loads, _ := sc.loads(inv, now)
	calls, bytes := 0.0, 0.0
	for _, l := range loads {
		calls, bytes = calls+l.Daily.Calls*max(1, l.Calls.Spread), bytes+l.Daily.Bytes*max(1, l.Bytes.Spread)
	}
	sup := sc.supply(inv, limit)
	took := seconds(calls / max(1, sup.CallsPerMinute.Mid/sup.CallsPerMinute.Spread) * 60)
	if speed := sup.BytesPerSecond.Mid; speed > 0 {
		took = max(took, seconds(bytes*sup.BytesPerSecond.Spread/speed))
	}
	return min(took, oneDay)
}

// of says whether a class has such days.
func (l *lateDays) of(class string) bool { return l != nil && slices.Contains(l.Classes, class) }

// words are "3 days (12-24 to 12-26)".
func (l *lateDays) words() string {
	const day = "01-02"
	from, to := l.From.Format(day), l.To.Add(-1).Format(day)
	if from == to {
		return fmt.Sprintf("1 day (%s)", from)
	}
	return fmt.Sprintf("%s (%s to %s)", plural(int64(l.Days), "day", "days"), from, to)
}
