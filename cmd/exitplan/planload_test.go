package main

import (
	"math"
	"testing"
	"time"

	"exitplan/internal/config"
	"exitplan/internal/pace"
)

// What is left to the live operation is not there for the export.
func TestSupplyHeedsOfficeHours(t *testing.T) {
	hours, err := pace.ParseHours("Mon-Fri 08:00-20:00", time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	const office = 60. / 168
	for name, tt := range map[string]struct {
		live            config.Live
		cap             int64
		calls, transfer float64
	}{
		"always":   {config.Live{}, 0, 240, 0},
		"fewer":    {config.Live{Hours: hours, RequestsPerMinute: 60}, 0, office*60 + (1-office)*240, 0},
		"no fewer": {config.Live{Hours: hours, RequestsPerMinute: 250}, 0, 240, 0},
		"none":     {config.Live{Hours: hours, Still: true}, 0, (1 - office) * 240, 1 - office},
		"slower":   {config.Live{Hours: hours, Bandwidth: 100}, 1000, 240, office*0.1 + 1 - office},
	} {
		sc := scenario{clients: 1, faster: 1}
		sc.cfg.Source.RequestsPerMinute, sc.cfg.Source.Headroom = 300, 0.2
		sc.cfg.Pace = config.Pace{Live: tt.live, Bandwidth: tt.cap}
		got := sc.supply(&inventory{}, 0)
		if math.Abs(got.CallsPerMinute.Mid-tt.calls) > 0.01 || math.Abs(got.TransferShare-tt.transfer) > 0.001 || got.BytesPerSecond.Mid != float64(tt.cap) {
			t.Errorf("%s: %+v, want %.1f calls and %.3f of the time", name, got, tt.calls, tt.transfer)
		}
	}
}
