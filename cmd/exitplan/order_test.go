package main

import (
	"slices"
	"strings"
	"testing"

	"exitplan/internal/simulator"
)

// A window may close on what takes months: what takes hours is asked for before
// it, and by a later run before whatever the earlier one has left.
func TestWhatIsQuickComesFirst(t *testing.T) {
	t.Setenv(secretVariable, "demo-secret")
	a := newAppointment(t, 7, "[analytics.conversations.details, analytics.users.aggregates, recordings, interactions.emails.messages, "+
		"routing.queues, routing.queues.members, externalcontacts.contacts]", nil)
	a.calendar.set(treatyStart)
	a.set(t, "concurrency.api", "1", "concurrency.transfers", "1")
	if code := a.run(t, "export"); code != exitComplete && code != exitMissing {
		t.Fatalf("exit code %d", code)
	}
	requests, _ := a.log.take(t)
	first := func(part string) int {
		return slices.IndexFunc(requests, func(r simulator.Request) bool { return strings.Contains(r.Path, part) })
	}
	last := func(part string) (at int) {
		for i, r := range requests {
			if strings.Contains(r.Path, part) {
				at = i
			}
		}
		return at
	}
	for _, quick := range []string{"/users/aggregates/query", "/details/jobs/", "/routing/queues", "/members"} {
		for _, slow := range []string{"/recordingmetadata", "/recording/batchrequests", "/messages", "/externalcontacts/"} {
			if a, b := last(quick), first(slow); a == 0 || b < 0 || a > b {
				t.Errorf("%s is request %d, %s request %d of %d", quick, a, slow, b, len(requests))
			}
		}
	}
}
