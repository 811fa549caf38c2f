package dataset

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"exitplan/exporter"
)

const (
	january  = "2026-01-01T00:00:00.000Z/2026-02-01T00:00:00.000Z"
	february = "2026-02-01T00:00:00.000Z/2026-03-01T00:00:00.000Z"
	march    = "2026-03-01T00:00:00.000Z/2026-04-01T00:00:00.000Z"
)

func done(t *testing.T, e *jobExport) map[string]JobOutcome {
	t.Helper()
	outcomes, err := e.run(t, t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return outcomes
}

var allThere = JobOutcome{
	Fulfilled: true, Totals: JobTotals{4, jobRecordings + jobFailures + 1, 1, jobFailures, jobRecordings},
	Listed: jobFailures, Landed: jobRecordings, Ended: true,
}

func TestJobsOfMonths(t *testing.T) {
	for _, numbered := range []bool{false, true} {
		e := newJobExport(t, "2026-01-01", "2026-04-01")
		e.platform.numbered = numbered
		outcomes := done(t, e)
		for _, key := range []string{"recordings/jobs/2026-01-01-2026-02-01", "recordings/jobs/2026-02-01-2026-03-01", "recordings/jobs/2026-03-01-2026-04-01"} {
			if outcomes[key] != allThere {
				t.Errorf("numbered %v: %s: %+v", numbered, key, outcomes[key])
			}
		}
		if got := e.platform.intervals(); !slices.Equal(got, []string{january, february, march}) {
			t.Errorf("jobs for %q", got)
		}
	}
}

// Whatever request a run is killed at, whether that took effect or not, the
// next one goes on, and makes no second job.
func TestKilledJobsGoOn(t *testing.T) {
	e := newJobExport(t, "2026-01-01", "2026-03-01")
	done(t, e)
	requests := e.platform.calls
	for _, fault := range []jobFault{lostBefore, lostBehind} {
		for at := 1; at <= requests; at++ {
			t.Run(fmt.Sprint(fault, "-", at), func(t *testing.T) {
				t.Parallel()
				e := newJobExport(t, "2026-01-01", "2026-03-01")
				ctx, kill := context.WithCancel(t.Context())
				e.platform.fault = func(n int, r *http.Request) jobFault {
					if n != at {
						return noFault
					}
					kill()
					return fault
				}
				if _, err := e.run(t, ctx); err == nil && e.platform.calls > at {
					t.Error("it was not killed")
				}
				done(t, e)
				if got := e.platform.intervals(); !slices.Equal(got, []string{january, february}) {
					t.Errorf("jobs for %q", got)
				}
			})
		}
	}
}

func TestJobsKilledWhileTheirRecordingsLand(t *testing.T) {
	e := newJobExport(t, "2026-01-01", "2026-02-01")
	e.platform.lost = 1 // so that it goes on looking
	ctx, kill := context.WithCancel(t.Context())
	e.platform.bucket.listed = func(n int) {
		if n == 40 {
			kill()
		}
	}
	if _, err := e.run(t, ctx); err == nil {
		t.Fatal("it was not killed")
	}
	calls := e.platform.calls
	if got := done(t, e)["recordings/jobs/2026-01-01-2026-02-01"]; !got.Ended || got.Landed != jobRecordings-1 {
		t.Errorf("%+v", got)
	}
	if e.platform.calls != calls {
		t.Errorf("%d more requests: all that the platform says was known", e.platform.calls-calls)
	}
}

// Lost answers are repeated by the client, but for the one that makes a job.
func TestJobsWhoseAnswersAreLost(t *testing.T) {
	for _, fault := range []jobFault{lostBefore, lostBehind} {
		e := newJobExport(t, "2026-01-01", "2026-03-01")
		seen := map[string]bool{}
		e.platform.fault = func(n int, r *http.Request) jobFault {
			if key := r.Method + r.URL.RequestURI(); !seen[key] {
				seen[key] = true
				return fault
			}
			return noFault
		}
		for key, o := range done(t, e) {
			if o != allThere {
				t.Errorf("%s: %+v", key, o)
			}
		}
		if got := e.platform.intervals(); !slices.Equal(got, []string{january, february}) {
			t.Errorf("jobs for %q", got)
		}
	}
}

func TestJobsWaitForAPlace(t *testing.T) {
	e := newJobExport(t, "2026-01-01", "2026-02-01")
	e.platform.others = 20 // each look or request takes one off
	if got := done(t, e)["recordings/jobs/2026-01-01-2026-02-01"]; got != allThere {
		t.Errorf("%+v", got)
	}
	if e.platform.posts < 5 {
		t.Errorf("%d requests for a job: it did not have to wait", e.platform.posts)
	}
}

// A job that comes to nothing is made anew once; then the recordings are left to
// batch requests.
func TestJobsThatComeToNothing(t *testing.T) {
	for _, c := range []struct {
		name, first, second string
		why                 string // empty: fulfilled
		dropped             bool   // the first job has gone when it is asked for
	}{
		{"failed once", "FAILED", "FULFILLED", "", false},
		{"cancelled once", "CANCELLED", "FULFILLED", "", false},
		{"stuck once", "STUCK", "FULFILLED", "", false},
		{"failed twice", "FAILED", "FAILED", "job-2 is FAILED", false},
		{"stuck twice", "STUCK", "STUCK", "job-2 is PENDING", false},
		{"gone once", "FULFILLED", "FULFILLED", "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := newJobExport(t, "2026-01-01", "2026-02-01")
			e.platform.ends = map[int]string{1: c.first, 2: c.second}
			e.change = func(j *RecordingJobs) { j.stuck = 50 * j.pause }
			if c.dropped {
				e.platform.fault = func(n int, r *http.Request) jobFault {
					if strings.HasSuffix(r.URL.Path, "/job-1") {
						e.platform.jobs[0].id, e.platform.jobs[0].query["integrationId"] = "gone", "gone"
					}
					return noFault
				}
			}
			got := done(t, e)["recordings/jobs/2026-01-01-2026-02-01"]
			switch {
			case c.why == "" && got != allThere:
				t.Errorf("%+v", got)
			case c.why != "" && (got.Fulfilled || !got.Ended || !strings.Contains(got.Why, c.why) || got.Totals != JobTotals{}):
				t.Errorf("%+v", got)
			}
			if n := len(e.platform.jobs); n != 2 {
				t.Errorf("%d jobs", n)
			}
			for _, j := range e.platform.jobs {
				if j.state == "PENDING" && j.id != "gone" {
					t.Errorf("%s is left %s, and takes a place", j.id, j.state)
				}
			}
		})
	}
}

func TestRefusedJobs(t *testing.T) {
	e := newJobExport(t, "2026-01-01", "2026-02-01")
	e.change = func(j *RecordingJobs) { j.Integration = "another" }
	got := done(t, e)["recordings/jobs/2026-01-01-2026-02-01"]
	if got.Fulfilled || !got.Ended || !strings.Contains(got.Why, "bad.request") || e.platform.posts != 2 {
		t.Errorf("%+v after %d requests", got, e.platform.posts)
	}
}

// What is processed and never lands is waited for, and then no longer.
func TestRecordingsThatNeverLand(t *testing.T) {
	e := newJobExport(t, "2026-01-01", "2026-02-01")
	e.platform.lost = 2
	got := done(t, e)["recordings/jobs/2026-01-01-2026-02-01"]
	if !got.Fulfilled || !got.Ended || got.Landed != jobRecordings-2 || e.platform.bucket.lists < 2*31 {
		t.Errorf("%+v after %d lists", got, e.platform.bucket.lists)
	}
}

// All recordings are there before the last of their media is: while something
// comes, it is waited for.
func TestFurtherMediaAreWaitedFor(t *testing.T) {
	e := newJobExport(t, "2026-01-01", "2026-02-01")
	b, held := e.platform.bucket, map[string]int64{}
	b.listed = func(n int) {
		switch n {
		case 1:
			for key, size := range b.objects {
				if strings.Contains(key, "-1.ogg") {
					held[key] = size
					delete(b.objects, key)
				}
			}
		case 32: // days, so that this is the second look
			maps.Copy(b.objects, held)
		}
	}
	if got := done(t, e)["recordings/jobs/2026-01-01-2026-02-01"]; got != allThere || len(held) == 0 {
		t.Errorf("%+v, %d came late", got, len(held))
	}
	if b.lists != 3*31 {
		t.Errorf("%d lists, want three looks: the last saw nothing new", b.lists)
	}
}

// A job is executed by the client that made it; if that is not configured any
// more, another makes its own.
func TestJobsOfAClientThatLeft(t *testing.T) {
	for _, c := range []struct {
		clients []string
		jobs    int
	}{{[]string{"b", "c", "a", "d"}, 1}, {[]string{"b"}, 2}} {
		e := newJobExport(t, "2026-01-01", "2026-02-01")
		ctx, kill := context.WithCancel(t.Context())
		e.platform.fault = func(n int, r *http.Request) jobFault {
			if r.Method == http.MethodPut && ctx.Err() == nil {
				kill()
				return lostBefore
			}
			return noFault
		}
		if _, err := e.run(t, ctx); err == nil {
			t.Fatal("it was not killed")
		}
		e.clients = c.clients
		if got := done(t, e)["recordings/jobs/2026-01-01-2026-02-01"]; got != allThere {
			t.Errorf("%+v", got)
		}
		if n := len(e.platform.jobs); n != c.jobs {
			t.Errorf("clients %q: %d jobs, want %d", c.clients, n, c.jobs)
		}
		if c.jobs == 2 && e.platform.jobs[0].state != "READY" {
			t.Errorf("the job of the client that left is %s", e.platform.jobs[0].state)
		}
	}
}

// The border of what is aged may lie in a piece.
func TestJobsOfAgedConversations(t *testing.T) {
	border := agedBefore(newJobExport(t, "2026-01-01", "2026-02-01").now)
	from := border.AddDate(0, 0, -10).Format("2006-01-02")
	to := border.AddDate(0, 0, 10).Format("2006-01-02")
	e := newJobExport(t, from, to)
	for key, o := range done(t, e) {
		if !o.Fulfilled || !o.Ended {
			t.Errorf("%s: %+v", key, o)
		}
	}
	aged, young := 0, 0
	for _, j := range e.platform.jobs {
		iv := strings.Split(j.interval(), "/")
		start, end := date(iv[0][:10]), date(iv[1][:10])
		if _, ok := j.query["agedConversationInterval"]; ok {
			if aged++; end.After(border) {
				t.Errorf("aged: %s", j.interval())
			}
		} else if young++; start.Before(border) {
			t.Errorf("young: %s", j.interval())
		}
	}
	if aged == 0 || young == 0 {
		t.Errorf("%d aged and %d younger jobs", aged, young)
	}
}

func TestJobsNeedABucket(t *testing.T) {
	if err := CheckFolder(t.Context(), struct{ exporter.Sink }{}, "org"); err == nil || !strings.Contains(err.Error(), "destination.url") {
		t.Errorf("error is %v", err)
	}
	if err := CheckFolder(t.Context(), newJobPlatform(t).bucket, "org"); err != nil {
		t.Error(err)
	}
}
