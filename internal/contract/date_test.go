package contract_test

import (
	"strings"
	"testing"
	"time"

	"exitplan/internal/contract"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := contract.LoadZone(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func at(t testing.TB, s string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestADateEndsWithTheFirstInstantOfTheNextLocalDay(t *testing.T) {
	for _, test := range []struct{ name, zone, date, want string }{
		{"plain day", "Asia/Tokyo", "2026-12-31", "2026-12-31T15:00:00Z"},
		{"west of Greenwich", "America/New_York", "2026-12-31", "2027-01-01T05:00:00Z"},
		{"half an hour off", "Asia/Kolkata", "2026-06-30", "2026-06-30T18:30:00Z"},
		{"UTC", "UTC", "2026-06-30", "2026-07-01T00:00:00Z"},
		{"leap day", "UTC", "2028-02-29", "2028-03-01T00:00:00Z"},
		{"day before a leap day", "UTC", "2028-02-28", "2028-02-29T00:00:00Z"},
		{"end of February", "UTC", "2026-02-28", "2026-03-01T00:00:00Z"},
		{"month of 30 days", "Europe/Berlin", "2026-04-30", "2026-04-30T22:00:00Z"},
		{"day of 23 hours", "Europe/Berlin", "2026-03-29", "2026-03-29T22:00:00Z"},
		{"day of 25 hours", "Europe/Berlin", "2026-10-25", "2026-10-25T23:00:00Z"},

		{"midnight is missing", "America/Sao_Paulo", "2018-11-03", "2018-11-04T03:00:00Z"},
		{"midnight is missing", "America/Santiago", "2026-09-05", "2026-09-06T04:00:00Z"},
		{"midnight is missing", "Asia/Beirut", "2026-03-28", "2026-03-28T22:00:00Z"},
		{"the next day is missing", "Pacific/Apia", "2011-12-29", "2011-12-30T10:00:00Z"},
		{"the day itself is missing", "Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z"},
		{"the next day is missing", "Pacific/Kwajalein", "1993-08-20", "1993-08-21T12:00:00Z"},

		{"midnight is there twice", "America/Havana", "2026-10-31", "2026-11-01T04:00:00Z"},
		{"midnight is there twice", "Atlantic/Azores", "2026-10-24", "2026-10-25T00:00:00Z"},
		{"back over midnight, so it is there twice", "America/St_Johns", "2006-10-28", "2006-10-29T02:30:00Z"},
		{"back at midnight, so it is there once", "America/Sao_Paulo", "2018-02-17", "2018-02-18T03:00:00Z"},

		{"instant", "Asia/Tokyo", "2026-12-31T18:00:00+09:00", "2026-12-31T09:00:00Z"},
		{"instant with a fraction", "Asia/Tokyo", "2026-12-31T18:00:00.25Z", "2026-12-31T18:00:00.25Z"},
	} {
		loc := zone(t, test.zone)
		end, err := contract.ParseEnd(test.date, loc)
		if err != nil || !end.Equal(at(t, test.want)) || end.Location() != time.UTC {
			t.Errorf("%s, %s in %s: %v (%v), want %s", test.name, test.date, test.zone, end, err, test.want)
		}
		if strings.Contains(test.date, "T") {
			continue
		}
		day, err := time.Parse(time.DateOnly, test.date)
		if err != nil {
			t.Fatal(err)
		}
		next, err := contract.ParseStart(day.AddDate(0, 0, 1).Format(time.DateOnly), loc)
		if err != nil || !next.Equal(end) {
			t.Errorf("%s: the next day starts at %v (%v), not where the day ends, %v", test.date, next, err, end)
		}
	}
}

// oddZones have, between them, every kind of change of clocks.
var oddZones = []string{
	"UTC", "Asia/Tokyo", "Europe/London", "America/New_York", "America/Sao_Paulo", "America/Santiago", "America/Havana",
	"America/St_Johns", "America/Scoresbysund", "America/Asuncion", "Atlantic/Azores", "Africa/Cairo", "Africa/Casablanca", "Asia/Amman",
	"Asia/Beirut", "Asia/Gaza", "Asia/Tehran", "Asia/Kathmandu", "Asia/Pyongyang", "Australia/Lord_Howe", "Antarctica/Troll",
	"Pacific/Apia", "Pacific/Chatham", "Pacific/Kiritimati", "Pacific/Kwajalein", "America/Caracas", "Europe/Lisbon",
}

// Around every change of clocks: the answer is the first instant at which the
// calendar on the wall shows the day or a later one.
func TestTheStartOfADayIsTheFirstInstantTheCalendarShowsIt(t *testing.T) {
	for _, name := range oddZones {
		loc := zone(t, name)
		shows := func(at time.Time) string { return at.In(loc).Format(time.DateOnly) }
		changes := 0
		for change := at(t, "1970-06-01T00:00:00Z"); change.Year() < 2040; {
			changes++
			for shift := -1; shift <= 2; shift++ {
				day := change.In(loc).AddDate(0, 0, shift).Format(time.DateOnly)
				start, err := contract.ParseStart(day, loc)
				if err != nil {
					t.Fatal(err)
				}
				if got := shows(start); got < day {
					t.Fatalf("%s in %s: at %v it is still %s", day, name, start, got)
				}
				for back := time.Nanosecond; back < 30*time.Hour; back += 15 * time.Minute {
					if got := shows(start.Add(-back)); got >= day {
						t.Fatalf("%s in %s: %v before %v it is %s already", day, name, back, start, got)
					}
				}
			}
			_, change = change.In(loc).ZoneBounds()
			if change.IsZero() {
				break
			}
		}
		if changes == 0 {
			t.Errorf("%s: nothing was tested", name)
		}
	}
}

func TestDatesThatAreNone(t *testing.T) {
	loc := zone(t, "Asia/Tokyo")
	for _, s := range []string{
		"", " ", "2026", "2026-12", "2026-02-29", "2026-13-01", "2026-04-31", "2100-02-29", "31.12.2026", "12/31/2026", "2026-12-31 ",
		"2026-12-31T10:00:00", "2026-12-31 10:00:00Z", "2026-12-31T24:00:00Z", "tomorrow", "0001-01-01", "1969-12-31", "9999-12-31",
		"9999-12-31T23:59:59Z", "+2026-12-31", "2026-1-1", "２０２６-12-31",
	} {
		for name, parse := range map[string]func(string, *time.Location) (time.Time, error){"ParseStart": contract.ParseStart, "ParseEnd": contract.ParseEnd} {
			if got, err := parse(s, loc); err == nil || !got.IsZero() {
				t.Errorf("%s(%q) = %v, %v", name, s, got, err)
			}
		}
		if got, err := contract.ParseGrant(s, loc, time.Time{}); err == nil || !got.IsZero() {
			t.Errorf("ParseGrant(%q) = %v, %v", s, got, err)
		}
	}
	if _, err := contract.ParseEnd("2026-12-31", nil); err == nil {
		t.Error("no zone, no error")
	}
}

func TestAGrantOnTheDayOfTheRequestFollowsIt(t *testing.T) {
	loc := zone(t, "Asia/Tokyo")
	noon := at(t, "2026-12-10T12:00:00+09:00")
	for s, want := range map[string]string{
		"2026-12-10":                "2026-12-10T12:00:00+09:00",
		"2026-12-11":                "2026-12-11T00:00:00+09:00",
		"2026-12-09":                "2026-12-09T00:00:00+09:00", // wrong, and for Validate to say
		"2026-12-10T11:00:00+09:00": "2026-12-10T11:00:00+09:00", // likewise
		"2026-12-10T13:00:00+09:00": "2026-12-10T13:00:00+09:00",
	} {
		if got, err := contract.ParseGrant(s, loc, noon); err != nil || !got.Equal(at(t, want)) {
			t.Errorf("%s: %v (%v), want %s", s, got, err, want)
		}
	}
}

func TestZonesThatDependOnTheMachineAreRefused(t *testing.T) {
	for _, name := range []string{"", "Local", "Asia/Tokio", "../etc/passwd", "/etc/localtime", "JST-9", "Asia"} {
		if loc, err := contract.LoadZone(name); err == nil {
			t.Errorf("LoadZone(%q) = %v", name, loc)
		}
	}
}
