package contract

import "time"

// RequestBy is until when (exclusive) an extension may be requested of what
// ends at an instant: the end of the local day that is NoticeDays before the
// last one, or the end itself where no notice is asked for.
func (t Terms) RequestBy(end time.Time) time.Time {
	if t.NoticeDays == 0 || end.IsZero() {
		return end
	}
	zone := t.Zone
	if zone == nil {
		zone = time.UTC
	}
	last := end.Add(-1).In(zone)
	day := time.Date(last.Year(), last.Month(), last.Day()-t.NoticeDays, 0, 0, 0, 0, time.UTC)
	by, err := ParseEnd(day.Format(time.DateOnly), zone)
	if err != nil { // before any contract
		return time.Time{}
	}
	return by
}
