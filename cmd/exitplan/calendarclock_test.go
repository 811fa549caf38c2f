package main

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"exitplan/exporter"
)

// calendar is a clock that can be set, for the platform and, off by its skew,
// this machine. Between two settings it goes on as all clocks do.
type calendar struct {
	offset, skew atomic.Int64 // nanoseconds
	slept        atomic.Int64 // of which this machine's monotonic clock knows nothing
	wrong        atomic.Int64 // by which this machine's date was set
	countdown    atomic.Int64 // API requests until time passes at once
	passes       atomic.Int64 // so much of it
	then         func()       // what else happens then
}

// middleware lets time pass while a request is answered.
func (c *calendar) middleware(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodHead && c.countdown.Add(-1) == 0 {
			c.offset.Add(c.passes.Load())
			if c.then != nil {
				c.then()
			}
		}
		h.ServeHTTP(w, r)
	})
}

func (c *calendar) set(now time.Time) { c.offset.Store(int64(time.Until(now))) }
func (c *calendar) platform() time.Time {
	return time.Now().Round(0).Add(time.Duration(c.offset.Load() + c.slept.Load()))
}
func (c *calendar) local() time.Time {
	return asleep(time.Now().Add(time.Duration(c.offset.Load()+c.skew.Load())), time.Duration(c.slept.Load()+c.wrong.Load()))
}
func (c *calendar) setMachine(by time.Duration) { c.wrong.Store(int64(by)) }

// What may happen to a clock while an export runs.
func TestClocksThatLeapInMidRun(t *testing.T) {
	t.Setenv(secretVariable, "demo-secret")
	want, _, _ := undisturbed(t, 7, core)
	// A header of a second before would mean this one, too: what begins two seconds
	// before the full one has a part of a second left.
	full := treatyStart.Add(12 * time.Hour)
	closes := full.Add(300 * time.Millisecond)
	for name, test := range map[string]struct {
		begin time.Duration // before the full second of the close
		// change is what happens while the n-th API request is answered.
		change func(a *appointment, n int64, h http.Header)
		code   int
	}{
		"the machine sleeps across the close": {time.Hour, func(a *appointment, n int64, _ http.Header) {
			if n == 12 {
				a.slept.Store(int64(2 * time.Hour))
			}
		}, exitWindow},
		"the machine sleeps, and wakes before the close": {time.Hour, func(a *appointment, n int64, _ http.Header) {
			if n == 12 {
				a.slept.Store(int64(50 * time.Minute))
			}
		}, exitComplete},
		"this machine is set ahead beyond the close": {time.Hour, func(a *appointment, n int64, _ http.Header) {
			if n == 12 {
				a.setMachine(24 * time.Hour)
			}
		}, exitComplete},
		"this machine is set back": {1950 * time.Millisecond, func(a *appointment, n int64, _ http.Header) {
			if n == 5 {
				a.setMachine(-24 * time.Hour)
			}
			time.Sleep(20 * time.Millisecond)
		}, exitWindow},
		"one header is broken": {time.Hour, func(a *appointment, n int64, h http.Header) {
			if n == 12 {
				h.Set("Date", a.platform().AddDate(1, 0, 0).UTC().Format(http.TimeFormat))
			}
		}, exitComplete},
		"the platform's clock was behind, and is set": {time.Hour, func(a *appointment, n int64, h http.Header) {
			if n >= 12 {
				h.Set("Date", a.platform().Add(2*time.Hour).UTC().Format(http.TimeFormat))
			}
		}, exitWindow},
		"the platform's clock is set back": {1950 * time.Millisecond, func(a *appointment, n int64, h http.Header) {
			if n >= 5 {
				h.Set("Date", a.platform().Add(-24*time.Hour).UTC().Format(http.TimeFormat))
			}
			time.Sleep(20 * time.Millisecond)
		}, exitWindow},
		"the machine sleeps across the close, and nobody tells the time": {time.Hour, func(a *appointment, n int64, _ http.Header) {
			if n == 12 {
				a.slept.Store(int64(3 * time.Hour))
			}
		}, exitWindow},
	} {
		t.Run(name, func(t *testing.T) {
			var a *appointment
			var n atomic.Int64
			var extended atomic.Bool
			a = newAppointment(t, 7, core, func(h http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					switch {
					case r.Method == http.MethodHead && a.slept.Load() == int64(3*time.Hour) && !extended.Load():
						panic(http.ErrAbortHandler)
					case r.Method != http.MethodHead && !extended.Load():
						test.change(a, n.Add(1), w.Header())
					}
					h.ServeHTTP(w, r)
				})
			})
			// One after the other: what is on its way as the machine falls asleep
			// arrives when it wakes.
			a.set(t, "contract.termination_date", closes.Format(time.RFC3339Nano), "contract.exit_started", "2026-03-01",
				"concurrency.api", "1", "concurrency.transfers", "1")
			a.calendar.set(full.Add(-test.begin))
			code := a.run(t, "export")
			stored := a.stored(t)
			if code != test.code || (code == exitComplete) != (len(stored) == len(want)) {
				t.Errorf("exit code %d, want %d; %d of %d files are stored", code, test.code, len(stored), len(want))
			}
			requests, times := a.log.take(t)
			for _, r := range requests {
				if !r.Time.Before(closes) {
					t.Errorf("%s %s at %v, after the close", r.Method, r.Path, r.Time)
				}
			}
			t.Logf("%d requests, %d questions for the time, %d files", len(requests), times, len(stored))
			if code == exitComplete {
				return
			}
			if len(requests) < 5 {
				t.Errorf("only %d requests: it did not happen in mid-run", len(requests))
			}
			a.set(t, "contract.extensions", "[{requested: 2026-03-20, granted: 2026-03-25, until: 2026-06-30, classes: ["+exporter.Metrics+", "+exporter.Recordings+"], reference: SO-1}]")
			extended.Store(true)
			a.calendar.set(closes.AddDate(0, 0, 3))
			if code := a.run(t, "export"); code != exitComplete || len(a.stored(t)) != len(want) {
				t.Errorf("after the extension: exit code %d, %d of %d files", code, len(a.stored(t)), len(want))
			}
		})
	}
}
