package config_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"exitplan/internal/config"
)

const office = "pace:\n  live_operation: {hours: Mon-Fri 08:00-20:00"

func TestPace(t *testing.T) {
	for _, test := range []struct {
		text      string
		bandwidth int64
		live      config.Live // without hours
	}{
		{"pace: {bandwidth: 200Mbit/s}", 25_000_000, config.Live{}},
		{office + ", requests_per_minute: 60, bandwidth: 50Mbit/s}", 0, config.Live{RequestsPerMinute: 60, Bandwidth: 6_250_000}},
		{office + ", requests_per_minute: 0}", 0, config.Live{Still: true}},
		{office + ", bandwidth: 0}", 0, config.Live{Still: true}},
	} {
		cfg := load(t, write(t, example+"\n"+test.text+"\n"), nil, nil)
		got := cfg.Pace.Live
		hours := got.Hours
		if got.Hours = test.live.Hours; cfg.Pace.Bandwidth != test.bandwidth || !reflect.DeepEqual(got, test.live) {
			t.Errorf("%s: %+v", test.text, cfg.Pace)
		}
		// In the contract's zone.
		eight := time.Date(2026, 3, 2, 8, 0, 0, 0, time.FixedZone("", 9*3600))
		if want := strings.Contains(test.text, "hours"); hours.Live(eight) != want || hours.Live(eight.Add(-time.Second)) {
			t.Errorf("%s: %v", test.text, hours)
		}
		settings, err := cfg.SettingsYAML()
		if err != nil {
			t.Fatal(err)
		}
		again := load(t, write(t, string(settings)), nil, nil, config.NeedContract, config.NeedDestination)
		if !reflect.DeepEqual(again.Pace, cfg.Pace) {
			t.Errorf("%s is written as %+v", test.text, again.Pace)
		}
	}
	cfg := load(t, write(t, example), []string{"EXITPLAN_PACE_LIVE_OPERATION_HOURS=Sat 00:00-24:00", "EXITPLAN_PACE_LIVE_OPERATION_BANDWIDTH=0"},
		map[string]string{"pace.live_operation.time_zone": "Etc/UTC"})
	if !cfg.Pace.Live.Hours.Live(time.Date(2026, 3, 7, 0, 0, 0, 0, time.UTC)) || !cfg.Pace.Live.Still {
		t.Errorf("%+v", cfg.Pace)
	}
}

func TestPaceThatIsNone(t *testing.T) {
	for text, want := range map[string]string{
		"pace: {bandwidth: 50}":                              `pace.bandwidth: "50" is not a bandwidth; write one such as 50Mbit/s`,
		"pace: {bandwidth: 0}":                               `pace.bandwidth: "0" is not a bandwidth`,
		"pace: {bandwith: 50Mbit/s}":                         "pace.bandwith: unknown key; did you mean pace.bandwidth?",
		office + "}":                                         "pace.live_operation.hours: has no effect",
		office + ", requests_per_minute: few}":               `pace.live_operation.requests_per_minute: "few" is not a whole number`,
		office + ", requests_per_minute: -1}":                "pace.live_operation.requests_per_minute: -1 is out of range",
		office + ", bandwidth: 10kbit/s}":                    "pace.live_operation.bandwidth: \"10kbit/s\" is too little",
		office + ", bandwidth: 0, time_zone: X}":             `pace.live_operation.time_zone: "X" is not an IANA time zone`,
		"pace: {live_operation: {hours: Mon, bandwidth: 0}}": `pace.live_operation.hours: "Mon" is not days and times`,
		"pace: {live_operation: {bandwidth: 0}}":             "pace.live_operation.hours: is missing",
	} {
		lines := problemsOf(t, write(t, example+"\n"+text+"\n"), nil, nil)
		if len(lines) != 1 || !strings.HasPrefix(lines[0], want) {
			t.Errorf("%s:\n%s\nwant %s", text, strings.Join(lines, "\n"), want)
		}
	}
}
