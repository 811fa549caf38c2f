package exporter

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"
)

// The classes of the exit plan. The class of a dataset decides its window.
const (
	Metrics       = "metrics"
	Recordings    = "recordings"
	Configuration = "configuration"
	Excluded      = "excluded"
	// NotHad is no class of the exit plan: the platform gives no way to export
	// it.
	NotHad = "not-exportable"
)

var (
	// ErrWindowClosed: the exit plan does not allow this class to be exported
	// at this instant.
	ErrWindowClosed = errors.New("the export window is closed")
	// ErrStoppedEarly: the window is open, but closes within the margin that
	// was asked for.
	ErrStoppedEarly = errors.New("stopped by the margin before the close")
	// ErrConflict: an object of that path holds other bytes already.
	// Artifacts are immutable, so this is never resolved by overwriting.
	ErrConflict = errors.New("the destination holds a different object of that name")
	// ErrInterrupted: somebody asked the run to stop.
	ErrInterrupted = errors.New("interrupted")
	// ErrFatal marks an error that no retry of the unit can mend, such as
	// wrong credentials: the run stops, and the unit stays to be done.
	ErrFatal = errors.New("the run cannot go on")
	// ErrUnverified: the bytes that arrived are not what they should be
	// (length, kind or digest), so nothing was stored.
	ErrUnverified = errors.New("the bytes received are not what was announced")
)

// Info describes a dataset to people and to the scheduler.
type Info struct {
	Name        string   `json:"name"`
	Class       string   `json:"class"`
	Group       string   `json:"group"` // first half of its bags' names
	Permissions []string `json:"permissions,omitempty"`
	Method      string   `json:"method,omitempty"` // how it is read, in words
	Cost        string   `json:"cost,omitempty"`   // API calls, in words
	Description string   `json:"description"`
	// FoundBy is the dataset whose units discover most of this one's.
	FoundBy string `json:"found_by,omitempty"`
	// ByDay: it is taken as far as the platform's data is complete, and more of
	// it comes with each day.
	ByDay bool `json:"by_day,omitempty"`
	// Grows: more of it may be there later, and nothing tells since when.
	Grows bool `json:"grows,omitempty"`
}

// Dataset is one kind of customer data.
type Dataset interface {
	Info() Info
	// Plan splits an interval into units. A dataset whose units are only
	// discovered by another's plans nothing.
	Plan(ctx context.Context, iv Interval) iter.Seq2[Unit, error]
	// Run does one unit, starting at its checkpoint. It returns the last
	// receipt (Done), or an error, after which the unit is run again. It must
	// stop soon after ctx ends and then return the context's cause.
	Run(ctx context.Context, u Unit, out *Output) (Receipt, error)
}

// Waiter is a dataset whose units may mostly wait for work of the platform, and
// then use none of its rate limit: no more than half of the units that run at
// once are of such datasets, as long as there are others.
type Waiter interface{ Waits() bool }

// Object says what is about to be stored.
type Object struct {
	// Path is relative to the export's root and uses [A-Za-z0-9._=/-] only.
	Path string
	// Size in bytes where known, else -1. A body of another size is an error
	// that wraps ErrUnverified, and nothing is stored.
	Size        int64
	ContentType string
	// Replace says whether an object of that path whose bytes differ may be
	// overwritten, and is asked only when there is one: for objects that no
	// committed receipt vouches for (a part whose run was killed before its
	// commit) and for control files. Where it is nil or says no, a difference
	// is ErrConflict.
	Replace func(context.Context) (bool, error)
}

// Always lets an object be replaced, whatever is there.
func Always(context.Context) (bool, error) { return true, nil }

// Replaceable asks Replace.
func (o Object) Replaceable(ctx context.Context) (bool, error) {
	if o.Replace == nil {
		return false, nil
	}
	return o.Replace(ctx)
}

// Sink stores objects. Implementations are safe for concurrent use.
type Sink interface {
	// Put stores body under obj.Path and returns Path, Bytes, SHA256 and
	// Attest. It is durable on return, and nothing is visible before. An
	// existing object with the same bytes counts as stored. Where body fits
	// io.Seeker it is rewound for a retry; otherwise it is read once.
	Put(ctx context.Context, obj Object, body io.Reader) (Artifact, error)
}

// Journal is the durable record of units and receipts. Implementations are
// safe for concurrent use.
type Journal interface {
	// Add records units; those whose key is known already are left alone.
	Add(ctx context.Context, units []Unit) error
	// Next hands out a pending unit, lowest priority value first, then by
	// key, leaving out whatever waits for a unit of another dataset
	// ([Unit].After); io.EOF when none is pending now. Datasets named in busy
	// are passed over for now, those named in skip as if they had no units.
	// A unit that was handed out is handed out again only after Release, or in
	// the next process.
	Next(ctx context.Context, busy []string, skip ...string) (Unit, error)
	// Touch says that something is about to be stored at a path, durable on
	// return: if no receipt follows, the bag is still looked through when bags
	// are sealed.
	Touch(ctx context.Context, path string) error
	// Commit records a receipt in one transaction, durable on return. An
	// artifact whose path is known with other bytes is ErrConflict, unless it
	// was merely found there.
	Commit(ctx context.Context, r Receipt) error
	// Vouched says whether a committed receipt of a run has an artifact of that
	// path; what was merely found there ([FoundSource]) does not count.
	Vouched(ctx context.Context, path string) (bool, error)
	// Release gives back a unit that was not finished; its last checkpoint
	// stays.
	Release(ctx context.Context, unit string) error
	// Wake makes pending what may be run by now: units whose NotBefore has
	// come, and done ones whose Again has; all of both for the datasets in
	// early. It returns how many there were, and when the next one is to be
	// woken; zero for none.
	Wake(ctx context.Context, now time.Time, early ...string) (n int, next time.Time, err error)
	// Failed yields the units of a dataset that were given up in this run.
	Failed(ctx context.Context, dataset string) iter.Seq2[Unit, error]
	// Known yields what is known of a dataset, in the order of the items, with
	// from <= item < to bytewise; empty for no bound. With unmet set it leaves
	// out what is stored, and what an exception names.
	Known(ctx context.Context, dataset, from, to string, unmet bool) iter.Seq2[Known, error]
}

// Gate says whether a class may be exported at an instant: until when it may
// (open), or that it may not. Windows are half-open: at closes it is shut.
type Gate interface {
	Until(class string, now time.Time) (closes time.Time, open bool)
}
