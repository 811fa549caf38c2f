package ledger

import (
	"fmt"
	"slices"
	"time"

	"exitplan/internal/contract"
)

// life is an extension from its request on. A reference may have another one
// after a withdrawal.
type life struct {
	last      Entry // the last word, withdrawals included
	said      Entry // the last that is no withdrawal
	granted   bool
	withdrawn time.Time
}

// lives follows the entries, oldest first.
func lives(entries []Entry) (list []*life) {
	for _, e := range entries {
		if now, err := e.resolve(); err == nil {
			e = now
		}
		l := last(list, e.Reference)
		if l == nil || !l.withdrawn.IsZero() {
			l = &life{}
			list = append(list, l)
		}
		switch l.last = e; e.Action {
		case Withdrawn:
			l.withdrawn = e.Recorded
		default:
			l.said, l.granted = e, e.Action == Granted
		}
	}
	return list
}

func last(list []*life, reference string) *life {
	for _, l := range slices.Backward(list) {
		if l.said.Reference == reference {
			return l
		}
	}
	return nil
}

// Last is the last word on an extension, by the rules of time zones of today,
// and whether there is any.
func Last(entries []Entry, reference string) (Entry, bool) {
	if l := last(lives(entries), reference); l != nil {
		return l.last, true
	}
	return Entry{}, false
}

// Extensions are what the entries amount to, for the contract's terms. A
// request that was taken back leaves nothing; a grant opened what it opened.
func Extensions(entries []Entry) (list []contract.Extension) {
	for _, l := range lives(entries) {
		if !l.withdrawn.IsZero() && !l.granted {
			continue
		}
		x := l.said.extension()
		x.Withdrawn = l.withdrawn
		list = append(list, x)
	}
	return list
}

// AsOf are the entries as they are to be read at an instant: what this machine's
// clock alone has dated later was recorded by then all the same.
func AsOf(entries []Entry, now time.Time) []Entry {
	entries = slices.Clone(entries)
	for i := range entries {
		if e := &entries[i]; e.Clock == LocalClock && e.Recorded.After(now) {
			e.Recorded = now.UTC()
		}
	}
	return entries
}

// Proven is the latest instant that the entries prove to be past; zero for none.
func Proven(entries []Entry) (at time.Time) {
	for _, e := range entries {
		if e.Clock != LocalClock && e.Recorded.After(at) {
			at = e.Recorded
		}
	}
	return at
}

// Seed is an extension that the configuration has: its entries, of which the
// last is a grant where it is granted. The instants are resolved.
type Seed []Entry

// Merge holds what the configuration has against the ledger. It returns the
// entries that are to be appended, recorded at an instant, and where the two
// differ and the ledger wins. See docs/decisions.md for the rule.
func Merge(entries []Entry, seeds []Seed, at time.Time) (more []Entry, differ []string) {
	list := lives(entries)
	seeded := map[string]bool{}
	appendAll := func(words ...Entry) {
		for _, e := range words {
			e.Source, e.By, e.Recorded = Configuration, Configuration, at
			more = append(more, e)
		}
	}
	for _, seed := range seeds {
		want := seed[len(seed)-1]
		seeded[want.Reference] = true
		l := last(list, want.Reference)
		switch {
		case l == nil:
			appendAll(seed...)
		case l.last.Says(want):
		case l.last.Source == Command && l.last.Action != Withdrawn && said(entries, want):
			// The ledger has gone on from what the configuration still has.
		case l.last.Source == Command:
			differ = append(differ, fmt.Sprintf("extension %s: the configuration says %s, the ledger's line %d says %s, and counts", want.Reference, want, l.last.Seq, l.last))
		case want.Action == Granted && l.last.Says(seed[0]):
			appendAll(want)
		case l.granted && l.withdrawn.IsZero() && want.Action == Requested:
			taken := l.said
			taken.Action = Withdrawn
			appendAll(append([]Entry{taken}, seed...)...)
		default:
			appendAll(seed...)
		}
	}
	for i, l := range list {
		taken := l.said
		if seeded[taken.Reference] || !l.withdrawn.IsZero() || l.last.Source == Command || last(list[i:], taken.Reference) != l {
			continue
		}
		taken.Action, taken.Document, taken.Note = Withdrawn, nil, "no longer in the configuration"
		appendAll(taken)
	}
	return more, differ
}

// said says whether an entry says the same already.
func said(entries []Entry, want Entry) bool {
	return slices.ContainsFunc(entries, func(e Entry) bool {
		now, err := e.resolve()
		return err == nil && now.Says(want)
	})
}
