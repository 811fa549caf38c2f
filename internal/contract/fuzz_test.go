package contract_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"exitplan/internal/contract"
)

// termsOf makes terms of bytes, each a number of days (or half a day, to hit
// instants besides dates) after the first of 2026. Most are nonsense.
func termsOf(data []byte) contract.Terms {
	next := func() byte {
		if len(data) == 0 {
			return 0
		}
		b := data[0]
		data = data[1:]
		return b
	}
	day := func() time.Time {
		b := next()
		if b == 0 {
			return time.Time{}
		}
		return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(b) * 12 * time.Hour)
	}
	tm := contract.Terms{Zone: time.UTC, SubscriptionStart: day(), ExitStarted: day(), Termination: day()}
	tm.Cause = []contract.Cause{contract.Notice, contract.Expiry, "?"}[next()%3]
	for len(data) > 0 && len(tm.Extensions) < 6 {
		e := contract.Extension{Requested: day(), Granted: day(), Until: day()}
		which := next()
		for i, class := range classes {
			if which&(1<<i) != 0 {
				e.Classes = append(e.Classes, class)
			}
		}
		if which&(1<<7) != 0 {
			e.Withdrawn = day()
		}
		tm.Extensions = append(tm.Extensions, e)
	}
	return tm
}

// instants are all those at which an answer could change, and their
// neighbours.
func instants(tm contract.Terms) []time.Time {
	all := []time.Time{tm.SubscriptionStart, tm.ExitStarted, tm.Termination}
	for _, e := range tm.Extensions {
		all = append(all, e.Requested, e.Granted, e.Withdrawn, e.Until)
	}
	for _, at := range slices.Clone(all) {
		all = append(all, at.Add(-1), at.Add(1), at.Add(6*time.Hour))
	}
	return all
}

// checkTerms states what holds for all terms, sensible or not.
func checkTerms(t *testing.T, tm contract.Terms) {
	t.Helper()
	valid := tm.Validate() == nil
	for _, class := range classes {
		windows := tm.Windows(class)
		for i, w := range windows {
			if !w.Opens.Before(w.Closes) {
				t.Fatalf("%s: an empty window in %v", class, windows)
			}
			if i > 0 && !windows[i-1].Closes.Before(w.Opens) {
				t.Fatalf("%s: not sorted, disjoint and apart: %v", class, windows)
			}
		}
		if (class == contract.Excluded || class == classes[4]) && len(windows) > 0 {
			t.Fatalf("%s opens", class)
		}
		for _, now := range instants(tm) {
			holding := 0
			for _, w := range windows {
				if !now.Before(w.Opens) && now.Before(w.Closes) {
					holding++
				}
			}
			closes, open := tm.Until(class, now)
			d := tm.Decide(class, now)
			if open != (holding == 1) || holding > 1 || d.Open != open || (open && !d.Closes.Equal(closes)) || d.Reason == "" {
				t.Fatalf("%s at %v: %d windows, Until %v %v, Decide %+v", class, now, holding, closes, open, d)
			}
			if open && (!now.Before(closes) || now.Before(d.Opens)) {
				t.Fatalf("%s at %v: open outside of %v..%v", class, now, d.Opens, closes)
			}
			if !d.Next.IsZero() && !now.Before(d.Next) {
				t.Fatalf("%s at %v: opens next in the past, %v", class, now, d.Next)
			}
			if open != oracle(tm, class, now) && valid {
				t.Fatalf("%s at %v: open is %v, the rules say otherwise: %+v", class, now, open, tm)
			}
		}
	}
}

// oracle applies the rules to one instant of valid terms in the most direct
// way: open from the opening to termination, or under a granted extension.
// After a gap an extension runs from its grant; before termination, the
// opening still has to be waited for.
func oracle(tm contract.Terms, class string, now time.Time) bool {
	var opens time.Time
	switch class {
	case contract.Metrics:
		if opens = tm.ExitStarted; opens.IsZero() && tm.Cause == contract.Expiry {
			opens = tm.Termination
		}
	case contract.Recordings, contract.Configuration:
		opens = tm.SubscriptionStart
	}
	if opens.IsZero() || now.Before(opens) {
		return false
	}
	if now.Before(tm.Termination) {
		return true
	}
	for _, e := range tm.Extensions {
		if slices.Contains(e.Classes, class) && !e.Granted.IsZero() && !now.Before(e.Granted) && now.Before(e.Until) &&
			(e.Withdrawn.IsZero() || now.Before(e.Withdrawn)) {
			return true
		}
	}
	return false
}

// checkMore states how windows change with the list of extensions.
func checkMore(t *testing.T, tm contract.Terms) {
	t.Helper()
	n := len(tm.Extensions)
	if n == 0 {
		return
	}
	fewer, turned, asked := tm, tm, tm
	fewer.Extensions = tm.Extensions[:n-1]
	turned.Extensions = slices.Clone(tm.Extensions)
	slices.Reverse(turned.Extensions)
	asked.Extensions = slices.Clone(tm.Extensions)
	asked.Extensions[n-1].Granted = time.Time{}
	for _, class := range classes {
		if a, b := tm.Windows(class), turned.Windows(class); !slices.Equal(a, b) {
			t.Fatalf("%s: the order of the list matters: %v, %v", class, a, b)
		}
		if a, b := fewer.Windows(class), asked.Windows(class); !slices.Equal(a, b) {
			t.Fatalf("%s: a request opens something: %v, %v", class, a, b)
		}
		for _, now := range instants(tm) {
			before, was := fewer.Until(class, now)
			after, is := tm.Until(class, now)
			if was && (!is || after.Before(before)) {
				t.Fatalf("%s at %v: one more extension closes earlier: %v, then %v %v", class, now, before, after, is)
			}
		}
	}
}

func FuzzTerms(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{1, 50, 100, 0, 90, 95, 120, 7})
	f.Add([]byte{1, 50, 100, 0, 110, 115, 120, 7, 118, 125, 140, 3})
	f.Add([]byte{1, 0, 100, 1, 100, 100, 101, 5, 99, 100, 120, 2, 120, 121, 130, 2})
	f.Add([]byte{100, 50, 1, 2, 255, 1, 2, 31})
	f.Add([]byte{1, 50, 100, 0, 90, 95, 140, 0x87, 110, 92, 96, 120, 7})
	f.Fuzz(func(t *testing.T, data []byte) {
		tm := termsOf(data)
		checkTerms(t, tm)
		checkMore(t, tm)
	})
}

// The same over terms that are mostly valid, so that the oracle is asked.
func TestWindowsOfManyTerms(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	asked := 0
	for range 4_000 {
		data := []byte{1, byte(rnd.IntN(60)), byte(60 + rnd.IntN(40)), byte(rnd.IntN(2))}
		from := 40 + rnd.IntN(60)
		for range rnd.IntN(4) {
			requested := from + rnd.IntN(20)
			granted := requested + rnd.IntN(15)
			until := max(granted, from) + 1 + rnd.IntN(40)
			if rnd.IntN(4) == 0 {
				granted = 0
			}
			which := 1 + rnd.IntN(7)
			data = append(data, byte(requested), byte(granted), byte(until), byte(which))
			if rnd.IntN(5) == 0 {
				data[len(data)-1] |= 1 << 7
				data = append(data, byte(from+rnd.IntN(60)))
			}
			from = until - 10
		}
		tm := termsOf(data)
		checkTerms(t, tm)
		checkMore(t, tm)
		if tm.Validate() == nil && len(tm.Extensions) > 1 {
			asked++
		}
	}
	if asked < 100 {
		t.Errorf("only %d of the terms were valid with several extensions", asked)
	}
}
