// Package ledger is the record of extensions: who asked for more time, who
// granted it and who took it back, when, and by which document.
//
// It is one file of JSON Lines that is only ever appended to. Each entry names
// the digest of the one before, like the events of the journal, and the head
// (number and digest of the last entry) is kept in places of its own, so that
// an entry that was changed, moved or dropped, also the last, is noticed.
package ledger

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"exitplan/internal/chain"
	"exitplan/internal/contract"
)

// The file in the state directory and, with the same name, in the destination.
const (
	File = "extensions.jsonl"
	Head = "extensions.head"
)

// The actions of an entry.
const (
	Requested = "requested"
	Granted   = "granted"
	Withdrawn = "withdrawn"
)

// The sources of an entry.
const (
	Command       = "command"
	Configuration = "configuration"
)

// LocalClock: of the machine on which an entry was recorded.
const LocalClock = "local"

// ErrTampered: the ledger is not what was recorded.
var ErrTampered = errors.New("the ledger of extensions was tampered with")

// Entry is one line of the ledger. Hash is made of all other members, see
// package chain.
type Entry struct {
	Seq      int       `json:"seq"`      // from 1
	Recorded time.Time `json:"recorded"` // in UTC, see Clock
	// Clock is empty where Recorded is the platform's time, and LocalClock where
	// nobody could be asked: then Recorded proves nothing about the time.
	Clock     string `json:"clock,omitempty"`
	Action    string `json:"action"`
	Reference string `json:"reference"` // the extension's identity
	// What is asked for, or granted. A withdrawal repeats what it takes back.
	Requested Date      `json:"requested"`
	Granted   *Date     `json:"granted,omitempty"`
	Until     Date      `json:"until"`
	Zone      string    `json:"zone"` // in which dates are read
	Classes   []string  `json:"classes"`
	Source    string    `json:"source"` // Command or Configuration
	By        string    `json:"by"`
	Approver  string    `json:"approver,omitempty"`
	Document  *Document `json:"document,omitempty"`
	Note      string    `json:"note,omitempty"`
	Prev      string    `json:"prev"`
	Hash      string    `json:"hash,omitempty"`
}

// Date is a date as it was written, and the instant that it meant when it was
// recorded.
type Date struct {
	Written string    `json:"written"`
	At      time.Time `json:"at"`
}

// Document is what proves an entry; the ledger holds its digest alone.
type Document struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
	Bytes  int64  `json:"bytes"`
}

// digest is what Hash must be.
func (e Entry) digest() (string, error) {
	e.Hash = ""
	e.Recorded = e.Recorded.UTC()
	return chain.Digest(e)
}

// resolve reads the dates again, by the rules of time zones of today.
func (e Entry) resolve() (Entry, error) {
	zone, err := contract.LoadZone(e.Zone)
	if err != nil {
		return e, err
	}
	var errs [3]error
	e.Requested.At, errs[0] = contract.ParseStart(e.Requested.Written, zone)
	e.Until.At, errs[1] = contract.ParseEnd(e.Until.Written, zone)
	if e.Granted != nil {
		granted := *e.Granted
		granted.At, errs[2] = contract.ParseGrant(granted.Written, zone, e.Requested.At)
		e.Granted = &granted
	}
	return e, errors.Join(errs[:]...)
}

// Resolve fills in the instants of an entry that is to be recorded.
func (e Entry) Resolve() (Entry, error) { return e.resolve() }

// extension is what the entry says as the contract's rules see it.
func (e Entry) extension() contract.Extension {
	x := contract.Extension{Requested: e.Requested.At, Until: e.Until.At, Classes: e.Classes, Reference: e.Reference, Approver: e.Approver}
	if e.Granted != nil {
		x.Granted = e.Granted.At
	}
	return x
}

// Says whether two entries say the same of an extension, whoever says it.
func (e Entry) Says(other Entry) bool {
	a, b := e.extension(), other.extension()
	sorted := func(list []string) []string { return slices.Sorted(slices.Values(list)) }
	return e.Action == other.Action && e.Reference == other.Reference && a.Requested.Equal(b.Requested) && a.Granted.Equal(b.Granted) &&
		a.Until.Equal(b.Until) && slices.Equal(sorted(a.Classes), sorted(b.Classes)) && (a.Approver == b.Approver || b.Approver == "")
}

// Late is how many days after its own date an entry was recorded.
func (e Entry) Late() int {
	at := e.Requested.At
	if e.Action == Granted && e.Granted != nil {
		at = e.Granted.At
	}
	zone, err := contract.LoadZone(e.Zone)
	if err != nil || e.Action == Withdrawn {
		return 0
	}
	day := func(t time.Time) time.Time {
		y, m, d := t.In(zone).Date()
		return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	}
	return max(0, int(day(e.Recorded).Sub(day(at)).Hours()/24))
}

// Moved lists the dates of the entries that mean another instant than when
// they were recorded, because the rules of their time zone have changed.
func Moved(entries []Entry) (lines []string) {
	for _, e := range entries {
		now, err := e.resolve()
		if err != nil {
			continue
		}
		say := func(name string, was, is Date) {
			if !was.At.Equal(is.At) {
				lines = append(lines, fmt.Sprintf("extension %s: %s %s in %s was %s when it was recorded and is %s now", e.Reference, name,
					was.Written, e.Zone, was.At.UTC().Format(time.RFC3339), is.At.UTC().Format(time.RFC3339)))
			}
		}
		say("requested", e.Requested, now.Requested)
		say("until", e.Until, now.Until)
		if e.Granted != nil {
			say("granted", *e.Granted, *now.Granted)
		}
	}
	return lines
}

// String is the entry in a line for people.
func (e Entry) String() string {
	s := fmt.Sprintf("%s %s for %s", e.Reference, e.Action, strings.Join(e.Classes, ", "))
	if e.Action != Withdrawn {
		s += " until " + e.Until.Written
	}
	return s
}
