package main

import "strings"

const tooLate = " that the platform may complete only after the close"

// verdict is how a class stands to its window, in a few words.
func (p *plan) verdict(e ending) string {
	switch {
	case e.Shut != "":
		return e.Shut
	case e.P90.IsZero() && !e.Fits:
		return "IN DANGER"
	case e.P90.IsZero():
		return "no rate yet"
	case e.Begins.IsZero():
		return "WINDOW IS CLOSED"
	case e.Fits && p.Unavailable.of(e.Class):
		return "fits, but for " + p.Unavailable.words() + tooLate
	case e.Fits && e.Closes.IsZero():
		return "fits"
	case e.Fits:
		return "fits, with " + span(e.Closes.Sub(e.P90)) + " to spare"
	case e.misses():
		return "DOES NOT FIT: " + span(e.P90.Sub(e.Closes)) + " too late"
	}
	return "MAY NOT FIT: up to " + span(e.P90.Sub(e.Closes)) + " too late"
}

// misses: more likely than not it is done too late.
func (e ending) misses() bool { return !e.Fits && !e.P50.Before(e.Closes) }

// headline is the whole of it on one line.
func (p *plan) headline() string {
	if p.Untaken != nil && len(p.Untaken.Closed) > 0 {
		return p.Untaken.words()
	}
	if len(p.Endings) == 0 && p.Fits {
		if p.Measured {
			return "Fits: nothing is left of what is available by now"
		}
		return "Fits: there is nothing to export"
	}
	var late, fit, shut []string
	worst := "MAY NOT FIT: "
	for _, e := range p.Endings {
		switch {
		case e.Shut != "":
			shut = append(shut, e.Class)
		case e.Fits:
			fit = append(fit, e.Class)
		case e.P90.IsZero():
			late = append(late, e.Class+" in danger")
		case e.Begins.IsZero():
			worst = "DOES NOT FIT: "
			late = append(late, e.Class+" closed for good")
		case e.misses():
			worst = "DOES NOT FIT: "
			late = append(late, e.Class+" "+span(e.P90.Sub(e.Closes))+" too late")
		default:
			late = append(late, e.Class+" up to "+span(e.P90.Sub(e.Closes))+" too late")
		}
	}
	line := worst + strings.Join(late, ", ")
	switch {
	case len(late) == 0 && !p.Fits:
		return "NOT KNOWN: the export does not tell yet how much there is, and the platform could not be asked"
	case len(late) == 0 && len(fit) > 0:
		line = "Fits: " + p.spares(fit)
		if p.Unavailable != nil {
			line = "Fits, but for " + p.Unavailable.words() + tooLate + ": " + p.spares(fit)
		}
	case len(late) == 0: // nothing has a window yet
		return "Nothing to hold it against: " + strings.Join(shut, ", ") + " have no window yet"
	case len(fit) == 1 && fit[0] != "metrics" && fit[0] != "recordings":
		line += "; " + fit[0] + " fits"
	case len(fit) > 0:
		line += "; " + strings.Join(fit, ", ") + " fit"
	}
	if len(shut) > 0 {
		line += "; no window yet: " + strings.Join(shut, ", ")
	}
	if p.Unavailable != nil && len(late) > 0 {
		line += "; the platform may complete " + p.Unavailable.words() + " only after the close"
	}
	return line
}

// spares says of classes that fit how much time is left in the end.
func (p *plan) spares(fit []string) string {
	var list []string
	for _, e := range p.Endings {
		switch {
		case !contains(fit, e.Class):
		case e.Closes.IsZero() || e.P90.IsZero():
			list = append(list, e.Class)
		default:
			list = append(list, e.Class+" with "+span(e.Closes.Sub(e.P90))+" to spare")
		}
	}
	return strings.Join(list, ", ")
}
