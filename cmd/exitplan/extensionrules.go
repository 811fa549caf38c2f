package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/urfave/cli/v2"

	"exitplan/internal/contract"
	"exitplan/internal/ledger"
)

// The rules of what may be recorded, given what was and the trusted time. Each
// returns the entry, or that the same is recorded already.

// recording is one command at work.
type recording struct {
	c       *cli.Context
	terms   contract.Terms // with everything that is recorded
	entries []ledger.Entry
	now     time.Time
	local   bool // now is this machine's alone
}

type rule func(recording) (e ledger.Entry, already bool, err error)

func (r recording) request() (e ledger.Entry, already bool, err error) {
	e = ledger.Entry{Action: ledger.Requested, Reference: r.c.String("reference"), Zone: r.terms.Zone.String(),
		Until: ledger.Date{Written: r.c.String("until")}, Classes: words(r.c.String("classes"))}
	if e.Until.Written == "" || len(e.Classes) == 0 {
		return e, false, usage(fmt.Errorf("request: say until when and for what: --until DATE --classes metrics,recordings,configuration"))
	}
	before, known := ledger.Last(r.entries, e.Reference)
	if e.Requested.Written = r.c.String("requested"); e.Requested.Written == "" {
		e.Requested.Written = r.instant()
		if known && before.Action != ledger.Withdrawn {
			e.Requested.Written, e.Zone = before.Requested.Written, before.Zone
		}
	}
	e.Approver = r.c.String("approver")
	if e, err = e.Resolve(); err != nil {
		return e, false, usage(fmt.Errorf("request: %w", err))
	}
	if known && before.Action != ledger.Withdrawn {
		asked := before // a grant tells what was asked for in an entry of its own
		for _, old := range r.entries {
			if old.Reference == e.Reference && old.Action == ledger.Requested {
				asked = old
			}
		}
		switch {
		case asked.Says(e) && r.sameProof(asked):
			return asked, true, nil
		case before.Action == ledger.Granted:
			return e, false, usage(fmt.Errorf("extension %s is granted already: use another --reference for a further one", e.Reference))
		case slices.Contains(asked.Classes, contract.Recordings) && !slices.Contains(e.Classes, contract.Recordings) && r.overForRecordings(e.Reference):
			return e, false, usage(fmt.Errorf("request: %s asks for recordings in time, which cannot be asked for any more, and this would take its place: "+
				"use another --reference (to give it up, record that it is withdrawn)", e.Reference))
		case !r.c.IsSet("requested") && !asked.Says(e): // asked for anew, and so now
			e.Requested.Written, e.Zone = r.instant(), r.terms.Zone.String()
			if e, err = e.Resolve(); err != nil {
				return e, false, err
			}
		}
	}
	if e.Requested.At.After(r.now) {
		return e, false, usage(fmt.Errorf("--requested %s lies in the future, it is %s now: record a request once it is made", e.Requested.Written, r.instant()))
	}
	e.Recorded = r.now
	backdated := slices.Contains(e.Classes, contract.Recordings) && r.c.IsSet("requested") && r.overForRecordings(e.Reference)
	if n := e.Late(); (n > 0 || backdated) && r.c.String("document") == "" && r.c.String("note") == "" {
		return e, false, usage(fmt.Errorf("--requested %s is %s ago: name what proves it with --document FILE, or say with --note TEXT how it was made",
			e.Requested.Written, plural(int64(n), "day", "days")))
	}
	if err := r.inTime(e); err != nil {
		return e, false, err
	}
	if r.local && slices.Contains(e.Classes, contract.Recordings) && r.c.String("document") == "" && r.c.String("note") == "" {
		return e, false, usage(errors.New("request: the platform did not tell the time, and recordings must be requested before the end: " +
			"name what proves that with --document FILE, or say with --note TEXT how it was made"))
	}
	return e, false, r.fits(e)
}

func (r recording) grant() (e ledger.Entry, already bool, err error) {
	before, known := ledger.Last(r.entries, r.c.String("reference"))
	if !known || before.Action == ledger.Withdrawn {
		return e, false, usage(fmt.Errorf("grant: no request of %s is recorded; record it first: exitplan extension request --reference %s --until %s --classes %s",
			r.c.String("reference"), quoted(r.c.String("reference")), cmp.Or(r.c.String("until"), "DATE"), cmp.Or(r.c.String("classes"), "LIST")))
	}
	e = before
	e.Action, e.Source, e.Document, e.Note = ledger.Granted, "", nil, ""
	if until := r.c.String("until"); until != "" {
		e.Until.Written = until
	}
	if list := words(r.c.String("classes")); len(list) > 0 {
		e.Classes = list
	}
	e.Approver = cmp.Or(r.c.String("approver"), before.Approver)
	switch granted := r.c.String("granted"); {
	case granted != "":
		e.Granted = &ledger.Date{Written: granted}
	case before.Granted == nil:
		e.Granted = &ledger.Date{Written: r.instant()}
	}
	if e, err = e.Resolve(); err != nil {
		return e, false, usage(fmt.Errorf("grant: %w", err))
	}
	if before.Says(e) && r.sameProof(before) {
		return before, true, nil
	}
	if e.Granted.At.After(r.now) {
		return e, false, usage(fmt.Errorf("--granted %s lies in the future, it is %s now: record a grant once it is given", e.Granted.Written, r.instant()))
	}
	if before.Action == ledger.Granted && e.Until.At.After(before.Until.At) && !r.now.Before(before.Until.At) {
		return e, false, usage(fmt.Errorf("grant: %s ended at %s: a longer one needs a request of its own, under another --reference",
			e.Reference, before.Until.Written))
	}
	asked := r.asked(e.Reference)
	for _, class := range e.Classes {
		if !slices.Contains(asked, class) {
			return e, false, usage(fmt.Errorf("grant: %s was not requested for %s, but for %s: a grant may be for fewer, never for more; record a request of its own for it",
				e.Reference, class, strings.Join(asked, ", ")))
		}
	}
	return e, false, r.fits(e)
}

func (r recording) withdraw() (e ledger.Entry, already bool, err error) {
	before, known := ledger.Last(r.entries, r.c.String("reference"))
	if !known {
		return e, false, usage(fmt.Errorf("withdraw: nothing is recorded of %s; see what is with: exitplan extension list", r.c.String("reference")))
	}
	if before.Action == ledger.Withdrawn {
		return before, true, nil
	}
	e = before
	e.Action, e.Document, e.Note = ledger.Withdrawn, nil, ""
	return e, false, nil
}

// asked are the classes of the latest request of a reference.
func (r recording) asked(reference string) (classes []string) {
	for _, e := range r.entries {
		if e.Reference == reference && e.Action == ledger.Requested {
			classes = e.Classes
		}
	}
	return classes
}

// sameProof says whether a repeated command brings nothing new to prove it.
func (r recording) sameProof(e ledger.Entry) bool {
	doc, err := documentOf(r.c.String("document"))
	note := r.c.String("note")
	return err == nil && (doc == nil || e.Document != nil && *doc == *e.Document) && (note == "" || note == e.Note)
}

// inTime refuses a request for recordings that comes too late, and says how the
// other classes may be asked for.
func (r recording) inTime(e ledger.Entry) error {
	if !slices.Contains(e.Classes, contract.Recordings) {
		return nil
	}
	terms := r.without(e.Reference)
	end := terms.RequestBefore(contract.Recordings, e.Requested.At)
	if e.Requested.At.Before(end) {
		return nil
	}
	local := func(t time.Time) time.Time { return t.In(r.terms.Zone) }
	text := fmt.Sprintf("an extension for recordings had to be requested before %s, by %s at the latest; this request is of %s [%s]",
		local(end).Format(time.RFC3339), local(end.Add(-1)).Format(time.DateOnly), local(e.Requested.At).Format(time.RFC3339),
		terms.Decide(contract.Recordings, e.Requested.At).Clause)
	others := slices.DeleteFunc(slices.Clone(e.Classes), func(class string) bool { return class == contract.Recordings })
	if len(others) > 0 {
		reference := e.Reference
		if _, known := ledger.Last(r.entries, reference); known { // what it asks for already stays
			reference += "-2"
		}
		text += fmt.Sprintf("\nNothing was recorded. For %s it is not too late: exitplan extension request --reference %s --until %s --classes %s",
			strings.Join(others, " and "), quoted(reference), e.Until.Written, strings.Join(others, ","))
	}
	return fmt.Errorf("%w: %s", errTooLate, text)
}

// overForRecordings says whether it is too late now to request recordings.
func (r recording) overForRecordings(reference string) bool {
	return !r.now.Before(r.without(reference).RequestBefore(contract.Recordings, r.now))
}

// without are the terms as if nothing were recorded of an extension.
func (r recording) without(reference string) contract.Terms {
	terms := r.terms
	terms.Extensions = ledger.Extensions(slices.DeleteFunc(slices.Clone(r.entries), func(e ledger.Entry) bool { return e.Reference == reference }))
	return terms
}

// fits holds an entry against the terms.
func (r recording) fits(e ledger.Entry) error {
	terms := r.without(e.Reference)
	terms.Extensions = append(terms.Extensions, ledger.Extensions([]ledger.Entry{e})...)
	joined, ok := terms.Validate().(interface{ Unwrap() []error })
	if !ok {
		return nil
	}
	at := fmt.Sprintf("extensions[%d]", len(terms.Extensions)-1)
	for _, err := range joined.Unwrap() {
		field, rest, _ := strings.Cut(err.Error(), ": ")
		switch name, mine := strings.CutPrefix(field, at+"."); {
		case mine && name == "requested" && strings.Contains(rest, "too late"):
			return fmt.Errorf("%w: %s %s", errTooLate, name, rest)
		case mine:
			return usage(fmt.Errorf("--%s: %s", name, rest))
		case strings.Contains(rest, at):
			return usage(fmt.Errorf("contract.%s: %s", field, strings.ReplaceAll(rest, at, "this extension")))
		}
	}
	return nil
}

// instant is the trusted time as it is written into the ledger.
func (r recording) instant() string {
	return r.now.In(r.terms.Zone).Truncate(time.Second).Format(time.RFC3339)
}

// words are the members of a list on the command line.
func words(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
}

// quoted is a word as a shell takes it.
func quoted(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-_./", r)
	}) {
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	return s
}

var (
	requestRule  rule = recording.request
	grantRule    rule = recording.grant
	withdrawRule rule = recording.withdraw
)
