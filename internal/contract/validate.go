package contract

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// problem is what is wrong with one field of one extension.
type problem struct {
	extension   int
	field, text string
}

func (p problem) String() string {
	return fmt.Sprintf("extensions[%d].%s: %s", p.extension, p.field, p.text)
}

// Validate reports everything that is wrong with the terms: one error each,
// joined ([errors.Join]), each starting with the field's name as in
// exitplan.yaml, and each on one line. Where it reports nothing, every
// extension that is granted has opened something.
func (t Terms) Validate() error {
	var lines []string
	report := func(format string, args ...any) {
		if line := fmt.Sprintf(format, args...); !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	if t.Zone == nil {
		report("time_zone: is missing; write the contract's IANA zone, such as Asia/Tokyo")
	}
	if t.SubscriptionStart.IsZero() {
		report("subscription_start: is missing; write the date on which the subscription began")
	}
	if t.Termination.IsZero() {
		report("termination_date: is missing; write the last day of the contract")
	}
	if t.Cause != Notice && t.Cause != Expiry {
		report("cause: %q is unknown; write notice or expiry", string(t.Cause))
	}
	if dated := !t.Termination.IsZero() && !t.SubscriptionStart.IsZero(); dated && !t.SubscriptionStart.Before(t.Termination) {
		report("termination_date: %s is not after subscription_start, %s", t.show(t.Termination), t.show(t.SubscriptionStart))
	}
	if !t.ExitStarted.IsZero() {
		if !t.Termination.IsZero() && t.ExitStarted.After(t.Termination) {
			if t.Cause == Expiry {
				report("exit_started: %s is after expiry, %s; for cause expiry leave it empty, or give the expiry", t.show(t.ExitStarted), t.show(t.Termination))
			} else {
				report("exit_started: %s is after termination, %s; notice is received before the contract ends", t.show(t.ExitStarted), t.show(t.Termination))
			}
		}
		if t.ExitStarted.Before(t.SubscriptionStart) {
			report("exit_started: %s is before subscription_start, %s", t.show(t.ExitStarted), t.show(t.SubscriptionStart))
		}
	}
	for i, e := range t.Extensions {
		for _, p := range t.flaws(i) {
			report("%s", p)
		}
		if slices.Contains(e.Classes, Metrics) && t.exitStart().IsZero() {
			report("exit_started: is missing, but extensions[%d] extends metrics; write when notice was received", i)
		}
	}
	for _, class := range []string{Metrics, Recordings, Configuration} {
		_, problems := t.walk(class, t.opening(class))
		for _, p := range problems {
			report("%s", p)
		}
	}
	errs := make([]error, len(lines))
	for i, line := range lines {
		errs[i] = errors.New(line)
	}
	return errors.Join(errs...)
}

// flaws are what is wrong with an extension whatever came before it.
func (t Terms) flaws(i int) (problems []problem) {
	e := t.Extensions[i]
	report := func(field, format string, args ...any) {
		problems = append(problems, problem{i, field, fmt.Sprintf(format, args...)})
	}
	if e.Requested.IsZero() {
		report("requested", "is missing; write when the extension was requested")
	} else if e.Requested.Before(t.SubscriptionStart) {
		report("requested", "%s is before subscription_start, %s", t.show(e.Requested), t.show(t.SubscriptionStart))
	}
	if !e.Granted.IsZero() && e.Granted.Before(e.Requested) {
		report("granted", "%s is before the request, %s", t.show(e.Granted), t.show(e.Requested))
	}
	switch {
	case e.Until.IsZero():
		report("until", "is missing; write the last day of the extension")
	case !e.Until.After(t.Termination):
		report("until", "%s must be after termination, %s", t.show(e.Until), t.show(t.Termination))
	case !e.Until.After(latest(e.Requested, e.Granted)):
		report("until", "%s is over before the extension was requested and granted", t.show(e.Until))
	}
	if len(e.Classes) == 0 {
		report("classes", "is empty; write which of metrics, recordings, configuration are extended")
	}
	for j, class := range e.Classes {
		switch class {
		case Metrics, Recordings, Configuration:
			if slices.Contains(e.Classes[:j], class) {
				report("classes", "%s is named twice", class)
			}
		case Excluded:
			report("classes", "excluded data is not part of the exit plan, no extension opens it")
		default:
			report("classes", "%q is unknown; write metrics, recordings or configuration", class)
		}
	}
	return problems
}

// show prints an instant as the contract's reader sees it on a clock.
func (t Terms) show(at time.Time) string {
	if at.IsZero() {
		return "(not given)"
	}
	if t.Zone != nil {
		at = at.In(t.Zone)
	}
	return at.Format(time.RFC3339Nano)
}
