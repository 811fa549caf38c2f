package main

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"testing"
	"time"

	"exitplan/internal/journal"
	"exitplan/internal/notify"
)

// mayTakeBack says whether an opening is the last extension's: none that follows
// was requested in its time.
func (s *schedule) mayTakeBack(opens time.Time) bool {
	if len(s.extensions) == 0 {
		return false
	}
	last := s.extensions[len(s.extensions)-1]
	at := opens.Add(10 * time.Second)
	return last.granted.at.Equal(opens) && slices.ContainsFunc(s.classes, func(class string) bool {
		return slices.Contains(last.classes, class) && s.open(class, at)
	})
}

// takeBack withdraws the last extension while an export goes by it: when it is
// paused before its first request, when it is paused between two of them, or
// while one is answered.
func (s *schedule) takeBack(t *testing.T, at time.Time, requests int64) (code int) {
	t.Helper()
	s.set(t, append(s.settings(at), "concurrency.api", "1", "concurrency.transfers", "1")...)
	s.calendar.set(at)
	last := len(s.extensions) - 1
	tell := func(args ...string) {
		if code := s.run(t, args...); code != exitComplete {
			t.Errorf("%v: exit code %d\n%v", args, code, s.treaty)
		}
	}
	withdraw := func() {
		tell("extension", "withdraw", "--reference", fmt.Sprintf("SO-%d", last))
		s.extensions[last].withdrawn = s.platform()
		s.taken.Add(1)
	}
	how, pauses := s.rnd.IntN(3), s.pauses(t)
	s.passes.Store(0)
	switch how {
	case 0:
		tell("pause")
	case 1:
		s.then = func() { tell("pause") }
	case 2:
		s.then = withdraw
	}
	s.countdown.Store(1 + s.rnd.Int64N(requests))
	ended := make(chan int)
	go func() { ended <- s.run(t, "export") }()
	for waiting := how < 2; waiting; {
		select {
		case code = <-ended: // before so many requests
			waiting = false
			ended = nil
		case <-time.After(20 * time.Millisecond):
			if s.pauses(t) > pauses {
				withdraw()
				tell("resume")
				waiting = false
			}
		}
	}
	if ended != nil {
		code = <-ended
	}
	tell("resume") // whatever had ended before it heeded the pause
	s.countdown.Store(0)
	s.then = nil
	s.hold(t, code, at, true)
	return code
}

// pauses are those that exports have heeded so far.
func (s *schedule) pauses(t *testing.T) (n int) {
	j, err := journal.Open(t.Context(), s.values["state"], journal.Options{ReadOnly: true})
	if errors.Is(err, fs.ErrNotExist) {
		return 0
	}
	if err != nil {
		t.Error(err)
		return 0
	}
	defer j.Close()
	for e, err := range j.Events(t.Context()) {
		if err != nil {
			t.Error(err)
		}
		if e.Kind == notify.Paused {
			n++
		}
	}
	return n
}
