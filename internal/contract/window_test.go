package contract_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"exitplan/internal/contract"
)

var classes = []string{contract.Metrics, contract.Recordings, contract.Configuration, contract.Excluded, "no such class"}

// terms are those of the design's example, without the extension: in Tokyo,
// from 2021-04-01, notice on 2026-11-01, ending with 2026-12-31.
func terms(t testing.TB, extensions ...contract.Extension) contract.Terms {
	t.Helper()
	loc := zone(t, "Asia/Tokyo")
	return contract.Terms{
		Customer:          "Example KK",
		Zone:              loc,
		SubscriptionStart: at(t, "2021-04-01T00:00:00+09:00"),
		ExitStarted:       at(t, "2026-11-01T00:00:00+09:00"),
		Termination:       at(t, "2027-01-01T00:00:00+09:00"),
		Cause:             contract.Notice,
		Extensions:        extensions,
	}
}

// ext is an extension as the configuration would read it; granted may be "".
func ext(t testing.TB, requested, granted, until string, classes ...string) contract.Extension {
	t.Helper()
	loc := zone(t, "Asia/Tokyo")
	e := contract.Extension{Classes: classes, Reference: "SO-" + until}
	var err error
	if e.Requested, err = contract.ParseStart(requested, loc); err != nil {
		t.Fatal(err)
	}
	if granted != "" {
		if e.Granted, err = contract.ParseGrant(granted, loc, e.Requested); err != nil {
			t.Fatal(err)
		}
	}
	if e.Until, err = contract.ParseEnd(until, loc); err != nil {
		t.Fatal(err)
	}
	return e
}

// show writes windows as dates of the clock in Tokyo, "opens..closes".
func show(t testing.TB, windows []contract.Window) string {
	loc := zone(t, "Asia/Tokyo")
	day := func(at time.Time) string { return strings.TrimSuffix(at.In(loc).Format("2006-01-02T15:04"), "T00:00") }
	var s []string
	for _, w := range windows {
		s = append(s, day(w.Opens)+".."+day(w.Closes))
	}
	return strings.Join(s, " ")
}

func TestRules(t *testing.T) {
	const m, r, c, x = contract.Metrics, contract.Recordings, contract.Configuration, contract.Excluded
	const (
		baseM = "2026-11-01..2027-01-01"
		baseR = "2021-04-01..2027-01-01"
	)
	noExit := func(tm *contract.Terms) { tm.ExitStarted = time.Time{} }
	expiry := func(tm *contract.Terms) { tm.ExitStarted, tm.Cause = time.Time{}, contract.Expiry }
	for _, test := range []struct {
		name       string
		change     func(*contract.Terms)
		extensions []contract.Extension
		class      string
		want       string
		invalid    bool // Validate objects
	}{
		{"metrics open at exit start and close at termination", nil, nil, m, baseM, false},
		{"recordings open at subscription start and close at termination", nil, nil, r, baseR, false},
		{"configuration opens at subscription start and closes at termination", nil, nil, c, baseR, false},
		{"excluded data never opens", nil, nil, x, "", false},
		{"an unknown class never opens", nil, nil, "logs", "", false},
		{"without notice metrics stay shut", noExit, nil, m, "", false},
		{"without notice recordings are open all the same", noExit, nil, r, baseR, false},
		{"metrics at expiry open and close at once", expiry, nil, m, "", false},
		{"expiry closes recordings", expiry, nil, r, baseR, false},
		{"an extension opens metrics after expiry", expiry,
			[]contract.Extension{ext(t, "2026-12-10", "2026-12-15", "2027-01-31", m)}, m, "2027-01-01..2027-02-01", false},

		{"a granted extension moves the close", nil,
			[]contract.Extension{ext(t, "2026-12-10", "2026-12-15", "2027-01-31", m, r)}, r, "2021-04-01..2027-02-01", false},
		{"a granted extension moves the close of metrics", nil,
			[]contract.Extension{ext(t, "2026-12-10", "2026-12-15", "2027-01-31", m, r)}, m, "2026-11-01..2027-02-01", false},
		{"an extension is for the classes it names", nil,
			[]contract.Extension{ext(t, "2026-12-10", "2026-12-15", "2027-01-31", m, r)}, c, baseR, false},
		{"a requested extension opens nothing", nil,
			[]contract.Extension{ext(t, "2026-12-10", "", "2027-01-31", m, r, c)}, r, baseR, false},

		{"metrics requested after termination open with the grant", nil,
			[]contract.Extension{ext(t, "2027-01-10", "2027-01-15", "2027-01-31", m)}, m, baseM + " 2027-01-15..2027-02-01", false},
		{"configuration requested after termination opens with the grant", nil,
			[]contract.Extension{ext(t, "2027-01-10", "2027-01-15", "2027-01-31", c)}, c, baseR + " 2027-01-15..2027-02-01", false},
		{"recordings requested after termination stay shut", nil,
			[]contract.Extension{ext(t, "2027-01-10", "2027-01-15", "2027-01-31", r)}, r, baseR, true},
		{"a late request still counts for its other classes", nil,
			[]contract.Extension{ext(t, "2027-01-10", "2027-01-15", "2027-01-31", m, r)}, m, baseM + " 2027-01-15..2027-02-01", true},
		{"recordings requested at termination are too late", nil,
			[]contract.Extension{ext(t, "2027-01-01T00:00:00+09:00", "2027-01-15", "2027-01-31", r)}, r, baseR, true},
		{"recordings requested just before termination are in time", nil,
			[]contract.Extension{ext(t, "2026-12-31T23:59:59.999999999+09:00", "2026-12-31", "2027-01-31", r)}, r, "2021-04-01..2027-02-01", false},
		{"a date as request counts from the beginning of its day", nil,
			[]contract.Extension{ext(t, "2026-12-31", "2026-12-31", "2027-01-31", r)}, r, "2021-04-01..2027-02-01", false},
		{"the day after the last is too late", nil,
			[]contract.Extension{ext(t, "2027-01-01", "2027-01-01", "2027-01-31", r)}, r, baseR, true},
		{"recordings requested in time and granted late have a gap", nil,
			[]contract.Extension{ext(t, "2026-12-20", "2027-01-05", "2027-01-31", r)}, r, baseR + " 2027-01-05..2027-02-01", false},
		{"a grant at termination leaves no gap", nil,
			[]contract.Extension{ext(t, "2026-12-20", "2027-01-01", "2027-01-31", r)}, r, "2021-04-01..2027-02-01", false},

		{"an extension of an extension", nil,
			[]contract.Extension{ext(t, "2026-12-10", "2026-12-15", "2027-01-31", r), ext(t, "2027-01-20", "2027-01-25", "2027-02-28", r)},
			r, "2021-04-01..2027-03-01", false},
		{"requested before the end of the extension that it follows, granted after", nil,
			[]contract.Extension{ext(t, "2026-12-10", "2026-12-15", "2027-01-31", r), ext(t, "2027-01-31", "2027-02-05", "2027-02-28", r)},
			r, "2021-04-01..2027-02-01 2027-02-05..2027-03-01", false},
		{"requested after the end of the extension that it follows", nil,
			[]contract.Extension{ext(t, "2026-12-10", "2026-12-15", "2027-01-31", r), ext(t, "2027-02-01", "2027-02-05", "2027-02-28", r)},
			r, "2021-04-01..2027-02-01", true},
		{"an extension that was only requested cannot be followed", nil,
			[]contract.Extension{ext(t, "2026-12-10", "", "2027-01-31", r), ext(t, "2027-01-20", "2027-01-25", "2027-02-28", r)},
			r, baseR, true},
		{"one that was granted after the request cannot be followed either", nil,
			[]contract.Extension{ext(t, "2026-12-10", "2027-01-10", "2027-01-31", r), ext(t, "2027-01-05", "2027-01-12", "2027-02-28", r)},
			r, baseR + " 2027-01-10..2027-02-01", true},
		{"an extension of other classes cannot be followed", nil,
			[]contract.Extension{ext(t, "2026-12-10", "2026-12-15", "2027-01-31", m), ext(t, "2027-01-20", "2027-01-25", "2027-02-28", r)},
			r, baseR, true},
		{"one that broke the rule cannot be followed", nil,
			[]contract.Extension{ext(t, "2027-01-02", "2027-01-03", "2027-01-31", r), ext(t, "2027-01-20", "2027-01-25", "2027-02-28", r)},
			r, baseR, true},
		{"metrics with two gaps", nil,
			[]contract.Extension{ext(t, "2027-01-02", "2027-01-05", "2027-01-31", m), ext(t, "2027-02-10", "2027-02-12", "2027-02-28", m)},
			m, baseM + " 2027-01-05..2027-02-01 2027-02-12..2027-03-01", false},
		{"the order in the list does not matter", nil,
			[]contract.Extension{ext(t, "2027-01-20", "2027-01-25", "2027-02-28", r), ext(t, "2026-12-10", "2026-12-15", "2027-01-31", r)},
			r, "2021-04-01..2027-03-01", false},

		{"an extension that ends with the contract adds nothing", nil,
			[]contract.Extension{ext(t, "2026-12-10", "2026-12-15", "2026-12-31", r)}, r, baseR, true},
		{"an extension that ends with the one before adds nothing", nil,
			[]contract.Extension{ext(t, "2026-12-10", "2026-12-15", "2027-01-31", r), ext(t, "2026-12-11", "2026-12-16", "2027-01-31", r)},
			r, "2021-04-01..2027-02-01", true},
		{"an extension granted before it was requested opens nothing", nil,
			[]contract.Extension{ext(t, "2026-12-10", "2026-12-09", "2027-01-31", r)}, r, baseR, true},
		{"an extension over before its grant opens nothing", nil,
			[]contract.Extension{ext(t, "2027-01-10", "2027-03-01", "2027-01-31", m)}, m, baseM, true},
		{"excluded data cannot be extended", nil,
			[]contract.Extension{ext(t, "2026-12-10", "2026-12-15", "2027-01-31", x)}, x, "", true},
		{"an extension of metrics is no notice", noExit,
			[]contract.Extension{ext(t, "2026-12-10", "2026-12-15", "2027-01-31", m)}, m, "", true},
		{"without a termination date nothing opens", func(tm *contract.Terms) { tm.Termination = time.Time{} }, nil, r, "", true},
		{"without a subscription start recordings stay shut", func(tm *contract.Terms) { tm.SubscriptionStart = time.Time{} }, nil, r, "", true},
		{"a contract that ends before it starts", func(tm *contract.Terms) { tm.Termination = at(t, "2021-03-31T00:00:00+09:00") }, nil, r, "", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			tm := terms(t, test.extensions...)
			if test.change != nil {
				test.change(&tm)
			}
			if got := show(t, tm.Windows(test.class)); got != test.want {
				t.Errorf("%s: %q, want %q", test.class, got, test.want)
			}
			if err := tm.Validate(); (err != nil) != test.invalid {
				t.Errorf("Validate: %v", err)
			}
		})
	}
}

func TestAnExportMayStartAtOpensAndNotAtCloses(t *testing.T) {
	tm := terms(t, ext(t, "2027-01-10", "2027-01-15", "2027-01-31", contract.Metrics))
	for s, want := range map[string]string{
		"2026-10-31T23:59:59.999999999+09:00": "",
		"2026-11-01T00:00:00+09:00":           "2027-01-01T00:00:00+09:00",
		"2026-12-31T23:59:59.999999999+09:00": "2027-01-01T00:00:00+09:00",
		"2027-01-01T00:00:00+09:00":           "",
		"2027-01-14T23:59:59.999999999+09:00": "",
		"2027-01-15T00:00:00+09:00":           "2027-02-01T00:00:00+09:00",
		"2027-01-31T23:59:59.999999999+09:00": "2027-02-01T00:00:00+09:00",
		"2027-02-01T00:00:00+09:00":           "",
	} {
		closes, open := tm.Until(contract.Metrics, at(t, s))
		if open != (want != "") || (open && !closes.Equal(at(t, want))) {
			t.Errorf("%s: %v %v, want %q", s, closes, open, want)
		}
	}
}

func TestTermsThatSayNothingOpenNothing(t *testing.T) {
	for _, class := range classes {
		for _, cause := range []contract.Cause{"", contract.Notice, contract.Expiry} {
			tm := contract.Terms{Cause: cause}
			if got := tm.Windows(class); len(got) != 0 {
				t.Errorf("%s: %v", class, got)
			}
			if d := tm.Decide(class, at(t, "2026-12-01T00:00:00Z")); d.Open || d.Reason == "" {
				t.Errorf("%s: %+v", class, d)
			}
		}
	}
	if lines := problems(contract.Terms{}); len(lines) != 4 {
		t.Errorf("%q", lines)
	}
}

func problems(tm contract.Terms) []string {
	err := tm.Validate()
	if err == nil {
		return nil
	}
	var lines []string
	for _, e := range err.(interface{ Unwrap() []error }).Unwrap() {
		lines = append(lines, e.Error())
	}
	return lines
}

func TestValidateReportsEverythingOnceAndByField(t *testing.T) {
	tm := terms(t,
		ext(t, "2026-12-10", "2026-12-09", "2027-01-31", contract.Recordings),
		ext(t, "2027-01-10", "", "2027-01-31", contract.Recordings),
		ext(t, "2026-12-10", "2026-12-15", "2026-12-20", contract.Metrics, contract.Recordings, contract.Metrics, "logs", contract.Excluded),
		contract.Extension{},
		ext(t, "2020-12-10", "", "2027-01-31", contract.Configuration),
	)
	tm.ExitStarted = at(t, "2027-06-01T00:00:00+09:00")
	tm.Cause = "anger"
	lines := problems(tm)
	var fields []string
	for _, line := range lines {
		field, _, _ := strings.Cut(line, ": ")
		fields = append(fields, field)
		if strings.Contains(line, "\n") {
			t.Errorf("not one line: %q", line)
		}
	}
	want := []string{"cause", "exit_started", "extensions[0].granted", "extensions[2].until",
		"extensions[2].classes", "extensions[2].classes", "extensions[2].classes",
		"extensions[3].requested", "extensions[3].until", "extensions[3].classes", "extensions[4].requested", "extensions[1].requested"}
	if !slices.Equal(fields, want) {
		t.Errorf("got  %q\nwant %q\n%s", fields, want, strings.Join(lines, "\n"))
	}

	tm = terms(t)
	tm.Cause, tm.ExitStarted = contract.Expiry, at(t, "2027-06-01T00:00:00+09:00")
	if lines := problems(tm); len(lines) != 1 || !strings.Contains(lines[0], "after expiry") {
		t.Errorf("%q", lines)
	}
	tm.ExitStarted = tm.Termination
	if lines := problems(tm); lines != nil {
		t.Errorf("an exit that starts at expiry: %q", lines)
	}
	tm.ExitStarted = at(t, "2021-03-31T00:00:00+09:00")
	if lines := problems(tm); len(lines) != 1 || !strings.Contains(lines[0], "before subscription_start") {
		t.Errorf("%q", lines)
	}
}

func TestDecideSaysWhy(t *testing.T) {
	late := ext(t, "2027-01-10", "2027-01-15", "2027-01-31", contract.Metrics)
	pending := ext(t, "2026-12-10", "", "2027-06-30", contract.Recordings)
	tm := terms(t, late, pending)
	expiry := terms(t)
	expiry.Cause, expiry.ExitStarted = contract.Expiry, time.Time{}
	noNotice := terms(t)
	noNotice.ExitStarted = time.Time{}
	for _, test := range []struct {
		terms      contract.Terms
		class, now string
		open       bool
		next       string
		words      []string
	}{
		{tm, contract.Metrics, "2026-10-01T00:00:00Z", false, "2026-11-01T00:00:00+09:00",
			[]string{"not open yet", "opens at 2026-11-01T00:00:00+09:00", "exit start (notice received)", "[exit plan: reporting metrics]"}},
		{tm, contract.Metrics, "2026-12-01T00:00:00Z", true, "",
			[]string{"open since 2026-11-01T00:00:00+09:00, exit start", "until 2027-01-01T00:00:00+09:00, termination"}},
		{tm, contract.Metrics, "2027-01-05T00:00:00Z", false, "2027-01-15T00:00:00+09:00",
			[]string{"closed since 2027-01-01T00:00:00+09:00, termination", "opens at 2027-01-15T00:00:00+09:00, grant of extension SO-2027-01-31"}},
		{tm, contract.Metrics, "2027-01-20T00:00:00Z", true, "", []string{"grant of extension SO-2027-01-31", "end of extension SO-2027-01-31"}},
		{tm, contract.Metrics, "2027-02-20T00:00:00Z", false, "",
			[]string{"closed since 2027-02-01T00:00:00+09:00, end of extension SO-2027-01-31", "may still be requested"}},
		{tm, contract.Recordings, "2026-12-20T00:00:00Z", true, "", []string{"subscription start", "[exit plan: recordings]"}},
		{tm, contract.Recordings, "2027-02-20T00:00:00Z", false, "",
			[]string{"closed since 2027-01-01T00:00:00+09:00, termination", "had to be requested before", "extension SO-2027-06-30 is requested, which opens nothing until it is granted"}},
		{tm, contract.Excluded, "2026-12-20T00:00:00Z", false, "", []string{"not part of the exit plan", "[exit plan: exclusions]"}},
		{tm, "logs", "2026-12-20T00:00:00Z", false, "", []string{`"logs" is not a class of the exit plan`}},
		{expiry, contract.Metrics, "2026-12-20T00:00:00Z", false, "", []string{"exit starts with expiry, 2027-01-01T00:00:00+09:00", "extension"}},
		{expiry, contract.Recordings, "2027-12-20T00:00:00Z", false, "", []string{"closed since 2027-01-01T00:00:00+09:00, expiry"}},
		{noNotice, contract.Metrics, "2026-12-20T00:00:00Z", false, "", []string{"no notice of termination is recorded"}},
	} {
		d := test.terms.Decide(test.class, at(t, test.now))
		if d.Open != test.open || d.Class != test.class {
			t.Errorf("%s at %s: %+v", test.class, test.now, d)
		}
		if got := d.Next.IsZero(); got != (test.next == "") || (!got && !d.Next.Equal(at(t, test.next))) {
			t.Errorf("%s at %s: next %v, want %s", test.class, test.now, d.Next, test.next)
		}
		for _, words := range test.words {
			if !strings.Contains(d.Reason, words) {
				t.Errorf("%s at %s: %q does not say %q", test.class, test.now, d.Reason, words)
			}
		}
	}
}

// An example of use, for whoever reads the documentation.
func ExampleTerms_Decide() {
	loc, _ := contract.LoadZone("Asia/Tokyo")
	start, _ := contract.ParseStart("2021-04-01", loc)
	notice, _ := contract.ParseStart("2026-11-01", loc)
	end, _ := contract.ParseEnd("2026-12-31", loc)
	terms := contract.Terms{Zone: loc, SubscriptionStart: start, ExitStarted: notice, Termination: end, Cause: contract.Notice}
	fmt.Println(terms.Decide(contract.Recordings, end).Reason)
	// Output: closed since 2027-01-01T00:00:00+09:00, termination; an extension of the subscription term had to be requested before that [exit plan: recordings]
}
