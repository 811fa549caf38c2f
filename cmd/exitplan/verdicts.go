package main

import (
	"time"

	"exitplan/internal/contract"
	"exitplan/internal/forecast"
	"exitplan/internal/notify"
)

// The verdicts about a class.
const (
	onTime   = notify.OnTime
	atRisk   = notify.AtRisk
	willMiss = notify.WillMiss
	unknown  = "unknown"
)

// classVerdict says whether a class will be done before its window closes: it
// will miss it where the likely end comes too late, and is at risk where the
// cautious one does.
type classVerdict struct {
	Class    string
	Verdict  string
	P50, P90 time.Time
	Closes   time.Time
}

// verdicts judges each of the classes by the forecast.
func (m prospect) verdicts(terms contract.Terms, classes []string, now time.Time) (list []classVerdict) {
	for _, class := range classes {
		v := classVerdict{Class: class, Verdict: onTime, Closes: terms.Decide(class, now).Closes}
		c, left := m.forecast.Of(class)
		switch {
		case !left:
		case closed(terms, class, now):
			v.Verdict = willMiss
		case !m.known, m.unsure && c.Verdict == forecast.OnTrack:
			v.Verdict = unknown
		default:
			v.P50, v.P90 = c.P50, c.P90
			v.Verdict = map[forecast.Verdict]string{forecast.OnTrack: onTime, forecast.AtRisk: atRisk, forecast.WillMiss: willMiss}[c.Verdict]
		}
		list = append(list, v)
	}
	return list
}
