package main

import (
	"slices"
	"time"

	"exitplan/internal/contract"
	"exitplan/internal/journal"
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

// A cautious estimate takes so much more of the time that is left.
const caution = 0.25

// verdicts judges each of the classes by the slowest of its datasets.
func verdicts(terms contract.Terms, classes []string, tally journal.Tally, activity journal.Activity, now time.Time) []classVerdict {
	outlooks := lookAhead(terms, tally, activity, now)
	var list []classVerdict
	for _, class := range classes {
		v := classVerdict{Class: class, Verdict: unknown}
		for _, o := range outlooks {
			if o.Class != class {
				continue
			}
			next := classVerdict{Class: class, Verdict: unknown, P50: o.ETA, Closes: o.Closes}
			if took := o.ETA.Sub(now); !o.ETA.IsZero() {
				next.P90 = o.ETA.Add(time.Duration(float64(took) * caution))
			}
			switch {
			case o.AtRisk:
				next.Verdict = willMiss
			case !next.P90.IsZero() && !o.Closes.IsZero() && next.P90.After(o.Closes):
				next.Verdict = atRisk
			case o.Left == 0 || !o.ETA.IsZero():
				next.Verdict = onTime
			}
			v = worse(v, next)
		}
		list = append(list, v)
	}
	return list
}

// worse is what counts of two verdicts about one class.
func worse(a, b classVerdict) classVerdict {
	order := []string{unknown, onTime, atRisk, willMiss}
	switch i, k := slices.Index(order, a.Verdict), slices.Index(order, b.Verdict); {
	case k > i, k == i && b.P50.After(a.P50):
		return b
	}
	return a
}
