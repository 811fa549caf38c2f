package sinktest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"sync"

	"exitplan/exporter"
)

// ErrInjected is the cause of every failure that a [Failing] makes up.
var ErrInjected = errors.New("injected failure")

// When says at which point a Put fails.
type When int

const (
	// Before: nothing is stored, and no byte of the body is read.
	Before When = iota
	// After: the object is stored, but the answer is lost.
	After
	// AtByte: the store breaks off after Fault.Byte bytes of the body;
	// nothing is stored.
	AtByte
)

// Fault is one kind of failure.
type Fault struct {
	// Path is a pattern of [path.Match] on the object's path or on its last
	// element; empty for every object.
	Path  string
	When  When
	Byte  int64 // of AtByte
	Times int   // how often it happens; 0 for always
	Err   error // default ErrInjected
}

// Failing is a destination that fails on demand. It is safe for concurrent
// use.
type Failing struct {
	Destination

	mu     sync.Mutex
	faults []Fault
	puts   map[string]int
}

// NewFailing passes everything on to a destination, but for the faults.
func NewFailing(to Destination, faults ...Fault) *Failing {
	return &Failing{Destination: to, faults: faults, puts: map[string]int{}}
}

// Fail adds a fault from now on.
func (f *Failing) Fail(fault Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults = append(f.faults, fault)
}

// Heal ends every fault.
func (f *Failing) Heal() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults = nil
}

// Puts says how often an object was put, failed or not.
func (f *Failing) Puts(path string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.puts[path]
}

// Put implements [exporter.Sink].
func (f *Failing) Put(ctx context.Context, obj exporter.Object, body io.Reader) (exporter.Artifact, error) {
	fault := f.next(obj.Path)
	if fault == nil {
		return f.Destination.Put(ctx, obj, body)
	}
	fail := fmt.Errorf("store %s: %w", obj.Path, fault.Err)
	switch fault.When {
	case Before:
		return exporter.Artifact{}, fail
	case AtByte:
		// The sink below meets a body that breaks, and must store nothing.
		body = io.MultiReader(io.LimitReader(body, fault.Byte), broken{fault.Err})
		if _, err := f.Destination.Put(ctx, obj, body); err == nil {
			return exporter.Artifact{}, fmt.Errorf("store %s: half a body was stored", obj.Path)
		}
		return exporter.Artifact{}, fail
	}
	if _, err := f.Destination.Put(ctx, obj, body); err != nil {
		return exporter.Artifact{}, err
	}
	return exporter.Artifact{}, fail
}

func (f *Failing) next(object string) *Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.puts[object]++
	for i := range f.faults {
		fault := &f.faults[i]
		if fault.Times < 0 || !matches(fault.Path, object) {
			continue
		}
		if fault.Times == 1 {
			fault.Times = -1 // used up
		} else if fault.Times > 1 {
			fault.Times--
		}
		happens := *fault
		if happens.Err == nil {
			happens.Err = ErrInjected
		}
		return &happens
	}
	return nil
}

func matches(pattern, object string) bool {
	if pattern == "" {
		return true
	}
	whole, _ := path.Match(pattern, object)
	name, _ := path.Match(pattern, path.Base(object))
	return whole || name
}

type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }
