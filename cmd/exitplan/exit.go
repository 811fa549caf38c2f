package main

import (
	"context"
	"errors"

	"exitplan/exporter"
	"exitplan/internal/config"
	"exitplan/internal/genesys"
	"exitplan/internal/ledger"
	"exitplan/internal/sink"
)

// The exit codes that scripts rely on. 2 is left to the Go runtime.
const (
	exitComplete    = 0
	exitFailed      = 1
	exitMissing     = 3
	exitWindow      = 4
	exitVerify      = 5
	exitCredentials = 6
	exitForecast    = 7
	exitMoreToCome  = 8
	exitUsage       = 64
	exitInterrupted = 130
)

var (
	errUsage      = errors.New("usage")
	errMissing    = errors.New("finished, but something is missing")
	errVerify     = errors.New("verification failed")
	errTooLate    = errors.New("the request comes too late")
	errForecast   = errors.New("the window closes before the export is done")
	errMoreToCome = errors.New("everything available is exported; later days are still to come")
	errUnfinished = errors.New("the export is not finished")
	errUnsealed   = errors.New("sealing is not finished")
	errStoppedNow = errors.New("stopped")
)

// exitCode is the one place where errors become exit codes; the first row
// that fits counts.
func exitCode(err error) int {
	if err == nil {
		return exitComplete
	}
	for _, row := range []struct {
		err  error
		code int
	}{
		{errStoppedNow, exitInterrupted},
		{exporter.ErrInterrupted, exitInterrupted},
		{ledger.ErrTampered, exitVerify},
		{exporter.ErrWindowClosed, exitWindow},
		{errTooLate, exitWindow},
		{exporter.ErrStoppedEarly, exitWindow},
		{errVerify, exitVerify},
		{exporter.ErrLost, exitVerify},
		{errUsage, exitUsage},
		{config.ErrConfig, exitUsage},
		{sink.ErrDestination, exitUsage},
		{sink.ErrNoBucket, exitUsage},
		{sink.ErrRegion, exitUsage},
		{genesys.ErrCredentials, exitCredentials},
		{genesys.ErrPermission, exitCredentials},
		{sink.ErrNoCredentials, exitCredentials},
		{sink.ErrAccess, exitCredentials},
		{errMissing, exitMissing},
		{errForecast, exitForecast},
		{errMoreToCome, exitMoreToCome},
		{errUnfinished, exitMoreToCome},
		{errUnsealed, exitMoreToCome},
		{context.Canceled, exitInterrupted},
	} {
		if errors.Is(err, row.err) {
			return row.code
		}
	}
	return exitFailed
}

// said is an error that was told already, in more words than one line: it
// only carries the exit code.
type said struct{ error }

func (said) Error() string   { return "" }
func (s said) Unwrap() error { return s.error }

// usageError marks an error that the caller of the program made.
type usageError struct{ error }

func (u usageError) Unwrap() error      { return u.error }
func (usageError) Is(target error) bool { return target == errUsage }

func usage(err error) error { return usageError{err} }
