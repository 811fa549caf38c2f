package pace_test

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"exitplan/internal/pace"
)

func hours(t *testing.T, text, zone string) pace.Hours {
	t.Helper()
	loc, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	h, err := pace.ParseHours(text, loc)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func at(t *testing.T, text string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestHoursOnTheWall(t *testing.T) {
	const office = "Mon-Fri 08:00-20:00, Sat 09:00-13:00"
	for _, test := range []struct {
		name, text, zone, at string
		live                 bool
		until                string
	}{
		{"a second before", office, "Asia/Tokyo", "2026-03-02T07:59:59+09:00", false, "2026-03-02T08:00:00+09:00"},
		{"begin", office, "Asia/Tokyo", "2026-03-02T08:00:00+09:00", true, "2026-03-02T20:00:00+09:00"},
		{"last second", office, "Asia/Tokyo", "2026-03-06T19:59:59+09:00", true, "2026-03-06T20:00:00+09:00"},
		{"end", office, "Asia/Tokyo", "2026-03-06T20:00:00+09:00", false, "2026-03-07T09:00:00+09:00"},
		{"Saturday", office, "Asia/Tokyo", "2026-03-07T12:00:00+09:00", true, "2026-03-07T13:00:00+09:00"},
		{"over the weekend", office, "Asia/Tokyo", "2026-03-07T13:00:00+09:00", false, "2026-03-09T08:00:00+09:00"},
		{"Monday here, Sunday in UTC", office, "Asia/Tokyo", "2026-03-01T23:30:00Z", true, "2026-03-02T20:00:00+09:00"},
		{"over midnight, evening", "Fri 22:00-06:00", "Etc/UTC", "2026-03-06T23:00:00Z", true, "2026-03-07T06:00:00Z"},
		{"over midnight, morning", "Fri 22:00-06:00", "Etc/UTC", "2026-03-07T05:59:00Z", true, "2026-03-07T06:00:00Z"},
		{"over midnight, not the morning before", "Fri 22:00-06:00", "Etc/UTC", "2026-03-06T05:00:00Z", false, "2026-03-06T22:00:00Z"},
		{"over the end of the week", "Sat 22:00-06:00", "Etc/UTC", "2026-03-08T05:00:00Z", true, "2026-03-08T06:00:00Z"},
		{"days over the end of the week", "Fri-Mon 10:00-11:00", "Etc/UTC", "2026-03-08T10:30:00Z", true, "2026-03-08T11:00:00Z"},
		{"whole days join", "Sat-Sun 00:00-24:00", "Etc/UTC", "2026-03-07T10:00:00Z", true, "2026-03-09T00:00:00Z"},
		{"spans join", "Mon 08:00-12:00, Mon 12:00-18:00", "Etc/UTC", "2026-03-02T09:00:00Z", true, "2026-03-02T18:00:00Z"},
		{"always", "Mon-Sun 00:00-24:00", "Etc/UTC", "2026-03-02T09:00:00Z", true, ""},
		{"never", "", "Etc/UTC", "2026-03-02T09:00:00Z", false, ""},
		// Berlin skips 02:00 to 03:00 on 2026-03-29, and shows it twice on 2026-10-25.
		{"day of a skipped hour", "Sun 01:00-08:00", "Europe/Berlin", "2026-03-29T01:59:00+01:00", true, "2026-03-29T08:00:00+02:00"},
		{"end in the skipped hour", "Sun 01:00-02:30", "Europe/Berlin", "2026-03-29T01:30:00+01:00", true, "2026-03-29T03:00:00+02:00"},
		{"begin in the skipped hour", "Sun 02:30-04:00", "Europe/Berlin", "2026-03-29T01:30:00+01:00", false, "2026-03-29T03:00:00+02:00"},
		{"only the skipped hour", "Sun 02:00-03:00", "Europe/Berlin", "2026-03-29T01:30:00+01:00", false, "2026-04-05T02:00:00+02:00"},
		{"doubled hour, first time", "Sun 02:00-03:00", "Europe/Berlin", "2026-10-25T02:30:00+02:00", true, "2026-10-25T03:00:00+01:00"},
		{"doubled hour, second time", "Sun 02:00-03:00", "Europe/Berlin", "2026-10-25T02:30:00+01:00", true, "2026-10-25T03:00:00+01:00"},
		{"end in the doubled hour", "Sun 01:00-02:30", "Europe/Berlin", "2026-10-25T02:40:00+02:00", false, "2026-10-25T02:00:00+01:00"},
		{"the week after", "Mon 08:00-20:00", "Europe/Berlin", "2026-10-26T08:00:00+01:00", true, "2026-10-26T20:00:00+01:00"},
		{"half an hour off", "Mon 08:00-20:00", "Asia/Kolkata", "2026-03-02T02:30:00Z", true, "2026-03-02T14:30:00Z"},
		// Apia had no 2011-12-30, a Friday.
		{"a day that was skipped", "Fri 00:00-24:00", "Pacific/Apia", "2011-12-30T09:00:00Z", false, "2012-01-05T10:00:00Z"},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := hours(t, test.text, test.zone)
			if got := h.Live(at(t, test.at)); got != test.live {
				t.Errorf("live: %t", got)
			}
			until, ok := h.Until(at(t, test.at))
			if ok != (test.until != "") || ok && !until.Equal(at(t, test.until)) {
				t.Errorf("until %v, %t; want %s", until, ok, test.until)
			}
		})
	}
}

func TestHoursThatAreNone(t *testing.T) {
	for text, want := range map[string]string{
		"Mon-Fri":                      "days and times",
		"08:00-20:00":                  "days and times",
		"Mon-Fri 08:00-20:00,":         "days and times",
		"Mon - Fri 08:00-20:00":        "days and times",
		"mon 08:00-20:00":              `"mon" is not a day of the week`,
		"Monday 08:00-20:00":           `"Monday" is not a day of the week`,
		"Mon-Fri-Sun 08:00-20:00":      `"Fri-Sun" is not a day of the week`,
		"Mon 8:00-20:00":               `"8:00" is not a time of day`,
		"Mon 08:00-24:01":              `"24:01" is not a time of day`,
		"Mon 08:60-20:00":              `"08:60" is not a time of day`,
		"Mon +8:00-20:00":              `"+8:00" is not a time of day`,
		"Mon 08:00":                    "has no end",
		"Mon 24:00-06:00":              "begins at 24:00",
		"Mon 08:00-08:00":              "no time at all",
		"Mon 08:00-20:00 Tue 08:00-20": "days and times",
	} {
		if h, err := pace.ParseHours(text, time.UTC); err == nil || !strings.Contains(err.Error(), want) || h.Live(time.Unix(0, 0)) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// The instant before a change is what the instant before it was, and Until
// never skips a change, around every turn of a clock.
func TestUntilIsTheNextChange(t *testing.T) {
	for _, zone := range []string{"Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Tokyo"} {
		h := hours(t, "Mon-Fri 08:00-20:00, Sun 01:45-02:15, Sat 23:30-00:30", zone)
		for now := at(t, "2018-01-01T00:00:00Z"); now.Before(at(t, "2018-12-31T00:00:00Z")); {
			next, ok := h.Until(now)
			if !ok || !next.After(now) || h.Live(next) == h.Live(now) || h.Live(next.Add(-time.Nanosecond)) != h.Live(now) {
				t.Fatalf("%s: after %v comes %v, %t", zone, now, next, ok)
			}
			now = next
		}
	}
}

func TestBandwidth(t *testing.T) {
	for text, want := range map[string]int64{
		"50Mbit/s": 6_250_000, "1.5 Mbit/s": 187_500, "1Gbit/s": 125_000_000, "8000kbit/s": 1_000_000, "6MB/s": 6_000_000, "0.5GB/s": 500_000_000,
	} {
		if got, err := pace.ParseBandwidth(text); err != nil || got != want {
			t.Errorf("%q: %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "50", "50Mbit", "50Mbps", "50mbit/s", "-1Mbit/s", "0Mbit/s", "999kbit/s", "1e3Mbit/s", "9999999GB/s", "NaNMbit/s", "50 MiB/s"} {
		if got, err := pace.ParseBandwidth(text); err == nil {
			t.Errorf("%q: %d", text, got)
		}
	}
}

func FuzzHours(f *testing.F) {
	f.Add("Mon-Fri 08:00-20:00, Sat 09:00-13:00", int64(1_800_000_000))
	f.Add("Sat 22:00-06:00", int64(0))
	f.Fuzz(func(t *testing.T, text string, second int64) {
		h, err := pace.ParseHours(text, time.UTC)
		if err != nil || len(text) > 200 {
			return
		}
		again, err := pace.ParseHours(h.Text(), time.UTC)
		now := time.Unix(second%4_000_000_000, 0)
		if err != nil || again.Live(now) != h.Live(now) {
			t.Errorf("%q is not read back: %v", text, err)
		}
	})
}
