package sink

import (
	"fmt"

	"exitplan/exporter"
)

// fatal is an error that no retry of a unit can mend: [exporter.ErrFatal].
type fatal string

func (f fatal) Error() string { return string(f) }

func (f fatal) Is(target error) bool { return target == exporter.ErrFatal }

// What the person must mend before an export can go on.
const (
	ErrNoBucket      = fatal("no such bucket")
	ErrAccess        = fatal("access denied")
	ErrNoCredentials = fatal("no valid AWS credentials")
	ErrRegion        = fatal("wrong region")
	ErrFull          = fatal("the destination is full")
	// ErrDestination: no destination can be meant by what was written.
	ErrDestination = fatal("not a usable destination")
	// ErrStore: the store does not do what an export needs.
	ErrStore = fatal("the store cannot be used")
)

// invalid is an [ErrDestination] that says all of it in its own words.
type invalid struct{ error }

func (i invalid) Unwrap() error { return i.error }

func (invalid) Is(target error) bool { return target == ErrDestination || target == exporter.ErrFatal }

func invalidf(format string, args ...any) error { return invalid{fmt.Errorf(format, args...)} }

// conflict is the error of an object that exists with other bytes.
func conflict(path string, detail string) error {
	return fmt.Errorf("store %s: %w: %s", path, exporter.ErrConflict, detail)
}

func wrongSize(path string, got, want int64) error {
	if got > want {
		return fmt.Errorf("store %s: %w: more than the announced %d bytes", path, exporter.ErrUnverified, want)
	}
	return fmt.Errorf("store %s: %w: %d of %d bytes", path, exporter.ErrUnverified, got, want)
}
