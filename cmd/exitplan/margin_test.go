package main

import (
	"encoding/json"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"exitplan/internal/genesys"
	"exitplan/internal/journal"
	"exitplan/internal/simulator"
)

func TestAMarginStopsAnExportBeforeTheClose(t *testing.T) {
	for _, how := range []string{"drain", "cut"} {
		t.Run(how, func(t *testing.T) {
			var asked atomic.Int64
			w := newWorld(t, slowly(&asked, 100*time.Millisecond))
			closes := time.Now().Add(time.Hour)
			w.set(t, "contract.termination_date", closes.Format(time.RFC3339))
			margin := time.Until(closes) - 3500*time.Millisecond
			code, stdout, stderr := exitplan(t, w.args("export", "--json", "--stop-before", margin.String(), "--at-close", how)...)
			var sum struct {
				ExitCode     int   `json:"exit_code"`
				Requests     int64 `json:"api_requests"`
				Outcome      string
				Next         string
				Closed       []any
				StoppedEarly []struct{ Class string } `json:"stopped_early"`
			}
			if err := json.Unmarshal([]byte(stdout), &sum); err != nil || code != exitWindow || sum.ExitCode != exitWindow {
				t.Fatalf("exit code %d, %v\n%s%s", code, err, stdout, tail(stderr))
			}
			if len(sum.StoppedEarly) != 2 || sum.Closed != nil || sum.Requests < 4 ||
				!strings.Contains(sum.Outcome, "stopped early, by the margin") || !strings.Contains(sum.Next, "smaller --stop-before goes on") {
				t.Errorf("%+v\n%s", sum, stderr)
			}
			// Inside of the margin nothing but the time is asked for.
			before := asked.Load()
			if stderr := w.export(t, exitWindow, "--stop-before", "2h"); asked.Load()-before > 2 || !strings.Contains(stderr, "--stop-before 2h stopped it") {
				t.Errorf("%d requests\n%s", asked.Load()-before, stderr)
			}
			w.export(t, exitComplete, "--stop-before", "10s")
			if absent := w.matches(t, read(t, w.store(t))); len(absent) > 0 {
				t.Errorf("absent: %v", absent)
			}
		})
	}
}

func TestMarginsThatAreNone(t *testing.T) {
	w := newWorld(t, simulator.Config{})
	for _, flags := range [][]string{{"--stop-before", "-1m"}, {"--stop-before", "30"}, {"--at-close", "wait"}} {
		w.export(t, exitUsage, flags...)
	}
}

// Media come no faster than the line may carry them, however many at once; the
// tolerance is wide, since the line is not tested here but that it is heeded.
func TestTheBandwidthIsHeeded(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 30, MediaBytes: 200 << 10})
	w.set(t, "pace.bandwidth", "8Mbit/s")
	begun := time.Now()
	w.export(t, exitComplete)
	took := time.Since(begun)
	var media int64
	for truth := range w.sim.Truth().Recordings() {
		for _, m := range truth.Results {
			media += m.Bytes
		}
	}
	if least := time.Duration(float64(media) / 1e6 * 0.8 * float64(time.Second)); took < least {
		t.Errorf("%d bytes in %v, at least %v were due", media, took, least)
	}
	if absent := w.matches(t, read(t, w.store(t))); len(absent) > 0 {
		t.Errorf("absent: %v", absent)
	}
}

// In hours in which nothing is taken an export waits, and ends when it is told.
func TestAnExportWaitsForTheLiveOperationToEnd(t *testing.T) {
	var asked atomic.Int64
	w := newWorld(t, slowly(&asked, 0))
	w.set(t, "pace.live_operation.hours", "Mon-Sun 00:00-24:00", "pace.live_operation.requests_per_minute", "0")
	p := w.begin(t)
	p.when(t, "it waits", func() bool { return strings.Contains(p.said(), "office hours: waiting (Mon-Sun 00:00-24:00 Etc/UTC)") })
	time.Sleep(300 * time.Millisecond)
	if n := asked.Load(); n > 0 {
		t.Errorf("%d requests", n)
	}
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.ends(t, exitInterrupted, 5*time.Second)
}

// In the hours of live operation fewer requests are sent; outside of them as
// many as ever.
func TestRequestsOfLiveHours(t *testing.T) {
	now := time.Now().UTC()
	for live, within := range map[bool]string{
		true:  "Mon-Sun 00:00-24:00",
		false: now.AddDate(0, 0, 3).Format("Mon") + " 00:00-24:00",
	} {
		var asked atomic.Int64
		w := newWorld(t, slowly(&asked, 0))
		w.set(t, "pace.live_operation.hours", within, "pace.live_operation.requests_per_minute", "60")
		p := w.begin(t)
		time.Sleep(3 * time.Second)
		if n := asked.Load(); live && (n > 12 || n < 1) || !live && n < 20 {
			t.Errorf("%s: %d requests in three seconds", within, n)
		}
		_ = p.Process.Kill()
	}
}

func TestProgressSaysWhyNothingMoves(t *testing.T) {
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	still, slower := "", ""
	p := &progress{progressConfig: progressConfig{
		Tally:  func() (journal.Tally, error) { return tallied(journal.Counts{Pending: 9}, journal.Counts{}), nil },
		Calls:  func() genesys.Stats { return genesys.Stats{} },
		Closes: func() (time.Time, time.Time) { return now, now.Add(50 * time.Hour) },
		Margin: 3 * time.Hour,
		Still:  func() string { return still }, Slower: func() string { return slower },
	}}
	p.look(now, true)
	for _, test := range []struct{ still, slower, want string }{
		{"", "", "0 of 9 units, stops in 1 d 23 h, 0 calls, 1,234,567 records, 98.7 GB, estimating"},
		{"", "office hours: 60/min", "0 of 9 units, stops in 1 d 23 h, office hours: 60/min, 0 calls, 1,234,567 records, 98.7 GB, estimating"},
		{"paused", "", "0 of 9 units, stops in 1 d 23 h, 0 calls, 1,234,567 records, 98.7 GB, paused"},
	} {
		still, slower = test.still, test.slower
		if got := strings.Join(p.fields(now, " of "), ", "); got != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
	}
	if got := strings.Join([]string{plainly(30 * time.Minute), plainly(2 * time.Hour), plainly(90 * time.Second), plainly(0)}, " "); got != "30m 2h 1m30s 0s" {
		t.Error(got)
	}
}

// On a slow line URLs expire before their turn. As long as each round brings
// something, what is left is asked for again.
func TestASlowLineCostsNoRecording(t *testing.T) {
	begun := time.Now()
	w := newWorld(t, simulator.Config{
		Days: 1, ConversationsPerDay: 60, RecordedShare: 1, MediaBytes: 40 << 10, URLTTL: 3 * time.Second,
		Now: func() time.Time { return begun.Add(8 * time.Since(begun)) }, // so that a second is soon over
	})
	w.set(t, "pace.bandwidth", "8Mbit/s", "concurrency.transfers", "2")
	w.export(t, exitComplete)
	if absent := w.matches(t, read(t, w.store(t))); len(absent) > 0 {
		t.Errorf("absent: %v", absent)
	}
}
