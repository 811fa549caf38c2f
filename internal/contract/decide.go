package contract

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Decision is the answer for one class at one instant, with the reason.
type Decision struct {
	Class  string `json:"class"`
	Clause string `json:"clause"` // of the exit plan, in our words
	Open   bool   `json:"open"`
	// Opens and Closes are the window that the decision is about: the one
	// that is open, else the next one, else the last one; zero if there is
	// none at all.
	Opens  time.Time `json:"opens,omitzero"`
	Closes time.Time `json:"closes,omitzero"`
	// Next is when a closed class opens (again), as far as the terms say;
	// zero if it does not.
	Next time.Time `json:"next,omitzero"`
	// Reason says all this in a sentence for people.
	Reason string `json:"reason"`
}

// Decide says whether a class may be exported at an instant, and why.
func (t Terms) Decide(class string, now time.Time) Decision {
	d := Decision{Class: class, Clause: clause(class)}
	t.fill(&d, t.Windows(class), now)
	return d
}

// Rehearsal says whether the export of a class may be rehearsed at an instant:
// on the customer's own data, and so from the start of the subscription for
// every class that is exported at all, before the exit starts too. Where the
// class is closed after that, so is its rehearsal.
func (t Terms) Rehearsal(class string, now time.Time) Decision {
	d := Decision{Class: class, Clause: clause(class)}
	var windows []Window
	if slices.Contains([]string{Metrics, Recordings, Configuration}, class) {
		windows, _ = t.walk(class, t.SubscriptionStart)
	}
	t.fill(&d, windows, now)
	d.Reason = "rehearsal: " + d.Reason
	return d
}

// fill decides by windows.
func (t Terms) fill(d *Decision, windows []Window, now time.Time) {
	class := d.Class
	i := slices.IndexFunc(windows, func(w Window) bool { return now.Before(w.Closes) })
	switch {
	case len(windows) == 0:
		d.Reason = "closed: " + t.never(class)
	case i < 0:
		last := windows[len(windows)-1]
		d.Opens, d.Closes = last.Opens, last.Closes
		d.Reason = fmt.Sprintf("closed since %s, %s; %s", t.show(last.Closes), t.nameEnd(last.Closes), t.remedy(class))
	case windows[i].Contains(now):
		d.Open, d.Opens, d.Closes = true, windows[i].Opens, windows[i].Closes
		d.Reason = fmt.Sprintf("open since %s, %s, until %s, %s",
			t.show(d.Opens), t.nameStart(class, d.Opens), t.show(d.Closes), t.nameEnd(d.Closes))
	default:
		d.Opens, d.Closes, d.Next = windows[i].Opens, windows[i].Closes, windows[i].Opens
		state := "not open yet"
		if i > 0 {
			over := windows[i-1].Closes
			state = fmt.Sprintf("closed since %s, %s", t.show(over), t.nameEnd(over))
		}
		d.Reason = fmt.Sprintf("%s: opens at %s, %s", state, t.show(d.Next), t.nameStart(class, d.Next))
	}
	if ref := t.pending(class); !d.Open && ref != "" {
		d.Reason += fmt.Sprintf(" (%s is requested, which opens nothing until it is granted)", ref)
	}
	if d.Clause != "" {
		d.Reason += " [" + d.Clause + "]"
	}
}

// clause names the part of the exit plan that a class falls under.
func clause(class string) string {
	switch class {
	case Metrics:
		return "exit plan: reporting metrics"
	case Recordings:
		return "exit plan: recordings"
	case Configuration:
		return "exit plan: other customer data"
	case Excluded:
		return "exit plan: exclusions"
	}
	return ""
}

// never says why a class has no window at all.
func (t Terms) never(class string) string {
	switch {
	case class == Excluded:
		return "platform and troubleshooting logs and the data of third-party (AppFoundry) applications are not part of the exit plan"
	case clause(class) == "":
		return fmt.Sprintf("%q is not a class of the exit plan", class)
	case t.Termination.IsZero():
		return "the terms have no termination date"
	case class == Metrics && t.exitStart().IsZero():
		return "the exit has not started, no notice of termination is recorded"
	case t.opening(class).IsZero():
		return "the terms have no subscription start"
	case class == Metrics && t.Cause == Expiry:
		return "the exit starts with expiry, " + t.show(t.exitStart()) + ", so that only a granted service extension period opens it"
	}
	return "the contract ended before this class opened"
}

// remedy says what is left to do once a class is closed for good.
func (t Terms) remedy(class string) string {
	if class == Recordings {
		return "an extension of the subscription term had to be requested before that"
	}
	return "a service extension period may still be requested, and opens it when granted"
}

func (t Terms) nameStart(class string, at time.Time) string {
	switch {
	case class == Metrics && at.Equal(t.SubscriptionStart) && !at.Equal(t.exitStart()): // of a rehearsal
		return "subscription start"
	case !at.Equal(t.opening(class)):
	case class != Metrics:
		return "subscription start"
	case t.Cause == Expiry:
		return "exit start (expiry)"
	default:
		return "exit start (notice received)"
	}
	for i, e := range t.Extensions {
		if e.Granted.Equal(at) {
			return "grant of " + t.nameExtension(i)
		}
	}
	return "start of the extension"
}

func (t Terms) nameEnd(at time.Time) string {
	if at.Equal(t.Termination) {
		if t.Cause == Expiry {
			return "expiry"
		}
		return "termination"
	}
	for i, e := range t.Extensions {
		switch {
		case e.Granted.IsZero() || !e.ends(e.Until).Equal(at):
		case e.Until.Equal(at):
			return "end of " + t.nameExtension(i)
		default:
			return "withdrawal of " + t.nameExtension(i)
		}
	}
	return "end of the extension"
}

func (t Terms) nameExtension(i int) string {
	if ref := t.Extensions[i].Reference; ref != "" {
		return "extension " + ref
	}
	return fmt.Sprintf("extension %d", i+1)
}

// pending names the extensions of a class that nobody has granted yet and
// that would count if somebody did.
func (t Terms) pending(class string) string {
	_, problems := t.walk(class, t.opening(class))
	var names []string
	for _, i := range t.order(class) {
		refused := slices.ContainsFunc(problems, func(p problem) bool { return p.extension == i })
		if e := t.Extensions[i]; e.Granted.IsZero() && e.Withdrawn.IsZero() && !refused {
			names = append(names, t.nameExtension(i))
		}
	}
	return strings.Join(names, ", ")
}
