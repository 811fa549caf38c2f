package contract

import (
	"cmp"
	"slices"
	"time"
)

// Windows are the ranges of time in which a class may be exported: sorted,
// disjoint, none of them empty and none touching the next. There is more than
// one where an extension was granted only after the end that it follows.
//
// Extensions that are not granted, or that break a rule (see
// [Terms.Validate]), add nothing.
func (t Terms) Windows(class string) []Window {
	windows, _ := t.walk(class, t.opening(class))
	return windows
}

// Until says whether a class may be exported at an instant, and if so, until
// when (exclusive).
func (t Terms) Until(class string, now time.Time) (closes time.Time, open bool) {
	for _, w := range t.Windows(class) {
		if w.Contains(now) {
			return w.Closes, true
		}
	}
	return time.Time{}, false
}

// walk follows the extensions of a class in the order in which they were
// granted, and returns the windows together with what is wrong with the
// extensions as far as this class goes.
func (t Terms) walk(class string, opens time.Time) (windows []Window, problems []problem) {
	if opens.IsZero() || t.Termination.IsZero() {
		return nil, nil
	}
	if opens.Before(t.Termination) {
		windows = append(windows, Window{opens, t.Termination})
	}
	var granted []Extension
	for _, i := range t.order(class) {
		e := t.Extensions[i]
		// The answer must not change when another extension is granted
		// later, so only what was in force at the time of the request counts.
		if end := t.endAt(granted, e.Requested); class == Recordings && !e.Requested.Before(end) {
			problems = append(problems, problem{i, "requested", "is too late for recordings: the request had to be made before " +
				t.show(end) + "; without it the window stays closed, so take recordings out of classes"})
			continue
		}
		follows := t.endAt(granted, e.Granted)
		if e.Granted.IsZero() {
			follows = t.endAt(granted, e.Requested)
		}
		if !e.Until.After(follows) {
			problems = append(problems, problem{i, "until", "must be after the end that it extends, " + t.show(follows)})
		}
		if e.Granted.IsZero() {
			continue
		}
		granted = append(granted, e)
		windows = add(windows, Window{latest(opens, e.Granted), e.ends(e.Until)})
	}
	return windows, problems
}

// order lists the extensions of a class that are complete in themselves: the
// granted ones by grant, then the others by request.
func (t Terms) order(class string) []int {
	var order []int
	for i, e := range t.Extensions {
		if slices.Contains(e.Classes, class) && len(t.flaws(i)) == 0 {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(i, j int) int {
		a, b := t.Extensions[i], t.Extensions[j]
		if a.Granted.IsZero() != b.Granted.IsZero() {
			if a.Granted.IsZero() {
				return 1
			}
			return -1
		}
		return cmp.Or(a.Granted.Compare(b.Granted), a.Requested.Compare(b.Requested))
	})
	return order
}

// endAt is the end that was in force at an instant: that of the last extension
// granted by then, or termination.
func (t Terms) endAt(granted []Extension, at time.Time) time.Time {
	end := t.Termination
	for _, e := range granted {
		if !e.Granted.After(at) {
			end = latest(end, e.ends(at))
		}
	}
	return end
}

// add unites windows with one that opens no earlier than the last.
func add(windows []Window, w Window) []Window {
	if !w.Opens.Before(w.Closes) {
		return windows
	}
	if n := len(windows); n > 0 && !windows[n-1].Closes.Before(w.Opens) {
		windows[n-1].Closes = latest(windows[n-1].Closes, w.Closes)
		return windows
	}
	return append(windows, w)
}

// RequestBefore is the end before which an extension of a class has to be
// requested, as it stands at an instant; zero where it may be requested at any
// time.
func (t Terms) RequestBefore(class string, at time.Time) time.Time {
	if class != Recordings {
		return time.Time{}
	}
	_, problems := t.walk(class, t.opening(class))
	var granted []Extension
	for _, i := range t.order(class) {
		refused := slices.ContainsFunc(problems, func(p problem) bool { return p.extension == i && p.field == "requested" })
		if e := t.Extensions[i]; !refused && !e.Granted.IsZero() {
			granted = append(granted, e)
		}
	}
	return t.endAt(granted, at)
}

func latest(t time.Time, others ...time.Time) time.Time {
	for _, o := range others {
		if o.After(t) {
			t = o
		}
	}
	return t
}
