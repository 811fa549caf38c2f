package forecast_test

import (
	"math"
	"testing"
	"time"

	"exitplan/internal/contract"
	"exitplan/internal/forecast"
)

var (
	now   = time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	tokyo = must(contract.LoadZone("Asia/Tokyo"))
	terms = contract.Terms{
		Zone: tokyo, SubscriptionStart: time.Date(2021, 4, 1, 0, 0, 0, 0, tokyo),
		ExitStarted: time.Date(2026, 11, 1, 0, 0, 0, 0, tokyo), Termination: time.Date(2027, 1, 1, 0, 0, 0, 0, tokyo), Cause: contract.Notice,
	}
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func load(class string, priority int, calls, spread float64) forecast.Load {
	return forecast.Load{Dataset: class + ".x", Class: class, Priority: priority, Calls: forecast.Estimate{Mid: calls, Spread: spread}}
}

func calls(perMinute float64) forecast.Supply {
	return forecast.Supply{CallsPerMinute: forecast.Exactly(perMinute)}
}

func hours(t *testing.T, f forecast.Forecast, class string, want float64) {
	t.Helper()
	c, ok := f.Of(class)
	if got := c.P50.Sub(f.At).Hours(); !ok || math.Abs(got-want) > 0.01*want+0.01 {
		t.Errorf("%s: half of the cases within %.2f h, want %.2f", class, got, want)
	}
}

func TestClassesShareTheBudgetInTheOrderOfTheirPriority(t *testing.T) {
	loads := []forecast.Load{load(contract.Metrics, 1, 6000, 1), load(contract.Recordings, 0, 12000, 1)}
	f := forecast.Run(now, loads, calls(100), contract.Terms{})
	hours(t, f, contract.Recordings, 2)
	hours(t, f, contract.Metrics, 3)
	if f.Verdict != forecast.OnTrack || f.Critical.Resource != forecast.Calls || f.Critical.Dataset != "recordings.x" {
		t.Errorf("%+v", f)
	}
}

func TestMediaCountWhereTheyTakeLongerThanCalls(t *testing.T) {
	l := load(contract.Recordings, 0, 6000, 1)
	l.Bytes = forecast.Exactly(36e9)
	s := calls(100)
	hours(t, forecast.Run(now, []forecast.Load{l}, s, contract.Terms{}), contract.Recordings, 1)
	s.BytesPerSecond = forecast.Exactly(1e6)
	f := forecast.Run(now, []forecast.Load{l}, s, contract.Terms{})
	hours(t, f, contract.Recordings, 10)
	if f.Critical.Resource != forecast.Bytes {
		t.Errorf("%+v", f.Critical)
	}
	s.TransferShare = 0.5
	hours(t, forecast.Run(now, []forecast.Load{l}, s, contract.Terms{}), contract.Recordings, 20)
}

func TestAClosedWindowIsWaitedFor(t *testing.T) {
	before := time.Date(2026, 10, 31, 0, 0, 0, 0, tokyo) // a day before the exit starts
	f := forecast.Run(before, []forecast.Load{load(contract.Metrics, 0, 6000, 1)}, calls(100), terms)
	hours(t, f, contract.Metrics, 25)
	if f.Critical.Resource != forecast.Days {
		t.Errorf("%+v", f.Critical)
	}
}

func TestTheVerdictFollowsTheClose(t *testing.T) {
	left := terms.Termination.Sub(now).Minutes()
	for _, tt := range []struct {
		share float64 // of what the window has time for
		want  forecast.Verdict
	}{{0.5, forecast.OnTrack}, {0.9, forecast.AtRisk}, {1.1, forecast.WillMiss}} {
		f := forecast.Run(now, []forecast.Load{load(contract.Recordings, 0, tt.share*left*100, 1.3)}, calls(100), terms)
		if f.Verdict != tt.want {
			t.Errorf("%.1f of what there is time for: %s, want %s (%+v)", tt.share, f.Verdict, tt.want, f.Range)
		}
	}
	over := terms.Termination
	if f := forecast.Run(over, []forecast.Load{load(contract.Recordings, 0, 1, 1)}, calls(100), terms); f.Verdict != forecast.WillMiss {
		t.Errorf("at the close something is left: %s", f.Verdict)
	}
	if f := forecast.Run(now, nil, calls(100), terms); f.Verdict != forecast.OnTrack || len(f.Classes) != 0 {
		t.Errorf("nothing is left: %+v", f)
	}
	never := terms
	never.ExitStarted = time.Time{}
	if f := forecast.Run(now, []forecast.Load{load(contract.Metrics, 0, 1, 1)}, calls(100), never); f.Verdict != forecast.WillMiss {
		t.Errorf("a class that never opens: %s", f.Verdict)
	}
}

func TestDaysToComeAreWaitedForAsTheyBecomeAvailable(t *testing.T) {
	l := load(contract.Metrics, 0, 60, 1)
	l.Daily = forecast.Arrival{Calls: 100 * 60 * 10, From: now, Until: now.AddDate(0, 0, 10)}
	f := forecast.Run(now, []forecast.Load{l}, calls(100), contract.Terms{})
	c, _ := f.Of(contract.Metrics)
	if h := c.P50.Sub(l.Daily.Until).Hours(); math.Abs(h-24-10) > 5 { // half of the lag, and the work of a day
		t.Errorf("done %.1f hours after the last day", h)
	}
	if h := c.P90.Sub(l.Daily.Until).Hours(); math.Abs(h-48-10) > 1 {
		t.Errorf("done %.1f hours after the last day in nine of ten cases", h)
	}
	if f.Critical.Resource != forecast.Days || c.Calls != 60+100*60*10*10 {
		t.Errorf("%+v", f)
	}
	l.Calls.Mid, l.Daily.Calls = 0, 100*60*30 // each day brings more than a day's work, and nothing is there yet
	f = forecast.Run(now, []forecast.Load{l}, calls(100), terms)
	c, _ = f.Of(contract.Metrics)
	if d := c.P50.Sub(now).Hours() / 24; d < 1+12.5 || d > 1+12.5+2 {
		t.Errorf("done after %.1f days, want the 10 x 1.25 of work, and the first to come", d)
	}
	if f.Critical.Resource != forecast.Calls || f.Verdict != forecast.OnTrack {
		t.Errorf("%+v", f)
	}
	l.Bytes, l.Daily.Bytes = forecast.Exactly(1), 1 // at a speed that nobody knows
	if g := forecast.Run(now, []forecast.Load{l}, calls(100), terms); g.P90.Sub(f.P90).Abs() > time.Minute {
		t.Errorf("%s, and %s with bytes of which nobody knows the speed", f.P90, g.P90)
	}
}

func TestWhatWasReachedCountsMoreThanTheBudget(t *testing.T) {
	prior := calls(300)
	left := []forecast.Load{load(contract.Recordings, 0, 1e6, 1)}
	var spans []forecast.Span
	for range 60 {
		spans = append(spans, forecast.Span{Active: time.Minute, Calls: 100})
	}
	got := forecast.Measured(spans, prior, left).CallsPerMinute
	if got.Mid < 100 || got.Mid > 105 {
		t.Errorf("%+v, want about the 100 of an hour", got)
	}
	steady := got.Spread
	for i := range spans { // by fits and starts
		spans[i].Calls = 200 * float64(i/15%2)
	}
	if got := forecast.Measured(spans, prior, left).CallsPerMinute; got.Spread < 1.5*steady-0.5 || got.Spread <= steady {
		t.Errorf("an uneven past is as sure (%.2f) as a steady one (%.2f)", got.Spread, steady)
	}
	if got := forecast.Measured(nil, prior, left); got != prior {
		t.Errorf("without a past: %+v", got)
	}
}

func TestWhatIsLeftHoldsWhatWillBeDiscovered(t *testing.T) {
	list := []forecast.Progress{
		{Dataset: "recordings", Class: contract.Recordings, Done: 10 + 40, Left: 90, FoundBy: "details", UnitCalls: 100, Bytes: 40e6},
		{Dataset: "details", Class: contract.Metrics, Priority: 1, Done: 10, Left: 90, UnitCalls: 5},
	}
	loads := forecast.Remaining(list, 0)
	if len(loads) != 2 || loads[0].Calls.Mid != 360*100 || loads[0].Bytes.Mid != 360e6 || loads[1].Calls.Mid != 450 {
		t.Errorf("ten days discovered 40 units, and 90 are to be read: %+v", loads)
	}
	list[0].Share = 40. / (40 + 180) // the days ahead are half as busy
	if loads := forecast.Remaining(list, 0); math.Abs(loads[0].Calls.Mid-180*100) > 1 {
		t.Errorf("%+v", loads[0])
	}
	if loads := forecast.Remaining(list, 2*(40*100+50)); loads[0].Calls.Mid < 1.9*180*100 {
		t.Errorf("units that took twice as many calls as the catalogue says: %+v", loads[0])
	}
}

func FuzzRun(f *testing.F) {
	f.Add(1000.0, 1.5, 100.0, 1e9, 1e6, 3.0, int64(40))
	f.Add(0.0, 0.0, 0.0, -1.0, math.Inf(1), math.NaN(), int64(-1))
	f.Fuzz(func(t *testing.T, mid, spread, rate, bytes, speed, daily float64, days int64) {
		l := load(contract.Recordings, 0, mid, spread)
		l.Bytes = forecast.Estimate{Mid: bytes, Spread: spread}
		l.Daily = forecast.Arrival{Calls: daily, Bytes: daily, From: now, Until: now.AddDate(0, 0, int(days%1000))}
		s := forecast.Supply{CallsPerMinute: forecast.Estimate{Mid: rate, Spread: spread}, BytesPerSecond: forecast.Exactly(speed), TransferShare: daily}
		got := forecast.Run(now, []forecast.Load{l, load(contract.Metrics, 1, daily, spread)}, s, terms)
		for _, c := range got.Classes {
			if c.P10.Before(now) || c.P50.Before(c.P10) || c.P90.Before(c.P50) || c.Verdict == "" {
				t.Fatalf("%+v", c)
			}
		}
	})
}
