package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"exitplan/exporter"
	"exitplan/internal/forecast"
	"exitplan/internal/simulator"
)

func lettered(t *testing.T, w *world, flags ...string) (l letterJSON) {
	t.Helper()
	code, stdout, stderr := exitplan(t, w.args(append([]string{"extension", "letter", "--json", "--no-sample"}, flags...)...)...)
	if err := json.Unmarshal([]byte(stdout), &l); code != exitComplete || err != nil {
		t.Fatalf("%d, %v\n%s%s", code, err, stdout, stderr)
	}
	return l
}

func TestLetterForPrograms(t *testing.T) {
	w := overdue(t)
	l := lettered(t, w)
	if !l.Needed || l.Extension == nil || l.Extension.Reason != forForecast {
		t.Fatalf("%+v", l)
	}
	says(t, l.Letter, "Dear Sir or Madam", "cannot be completed by", "14 March 2026 to 16 March 2026 (UTC) only after", "about ")
	given := lettered(t, w, "--until", "2026-05-31")
	if n := given.Extension; n.UntilDay != "2026-05-31" || n.Days != 76 || strings.Contains(given.Letter, "to spare") {
		t.Errorf("%+v\n%s", n, given.Letter)
	}
	says(t, given.Letter, "until and including 31 May 2026", "76 days more")
	for _, until := range []string{"2026-03-16", "soon"} {
		if code, _, stderr := exitplan(t, w.args("extension", "letter", "--no-sample", "--until", until)...); code != exitUsage || !strings.Contains(stderr, "--until") {
			t.Errorf("%s: %d\n%s", until, code, stderr)
		}
	}
	fits := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 5, Middleware: none})
	if l := lettered(t, fits); l.Needed || l.Letter != "" || l.Extension != nil {
		t.Errorf("%+v", l)
	}
}

// What half of the cases do is not what cannot be done.
func TestLetterOfAPlanThatMayFit(t *testing.T) {
	closes := when("2026-03-16T15:00:00Z")
	p := &plan{At: when("2026-03-01T00:00:00Z"), Inventory: &inventory{Conversations: forecast.Estimate{Mid: 123456, Spread: 2}}}
	p.setZone(time.UTC)
	p.Endings = []ending{{Class: exporter.Recordings, Begins: p.At, Closes: closes, P50: closes.Add(-time.Hour), P90: closes.Add(time.Hour)}}
	p.Extension = &need{Classes: []string{exporter.Recordings}, Reason: forForecast, RequestBy: closes, Until: closes.AddDate(0, 0, 4)}
	for language, facts := range map[string][2]string{"en": {"not certain to be completed", "cannot be completed"}, "ja": {"完了できない可能性", "困難な見通し"}} {
		text, err := p.letter(language, p.At)
		if err != nil || !strings.Contains(text, facts[0]) || strings.Contains(text, facts[1]) {
			t.Errorf("%v\n%s", err, text)
		}
	}
	if text, _ := p.letter("en", p.At); !strings.Contains(text, "about 123,000") {
		t.Errorf("%s", text)
	}
	p.Endings[0].P50 = closes
	if text, _ := p.letter("en", p.At); !strings.Contains(text, "cannot be completed") {
		t.Errorf("%s", text)
	}
}

// What is in time is not said to be late, but for the days before the close.
func TestLetterForTheLastDays(t *testing.T) {
	w := roomy(t, 50)
	n := planJSON(t, w, exitComplete, "--no-sample").Extension
	until := n.Until.Add(-1).In(time.FixedZone("JST", 9*3600))
	for language, facts := range map[string][]string{
		"en": {"in time", "14 March 2026 to 16 March 2026", "48 hours", "16 March 2026,", until.Format("2 January 2006")},
		"ja": {"2026年3月14日から2026年3月16日まで", "48 時間", until.Format("2006年1月2日") + "まで"},
	} {
		code, stdout, stderr := exitplan(t, w.args("extension", "letter", "--no-sample", "--language", language)...)
		if code != exitComplete {
			t.Fatalf("%s: %d\n%s", language, code, stderr)
		}
		says(t, stdout, facts...)
		for _, wrong := range []string{"cannot be completed", "困難な見通し", "<no value>", "0001"} {
			if strings.Contains(stdout, wrong) {
				t.Errorf("%s: says %q:\n%s", language, wrong, stdout)
			}
		}
	}
}

// After the close there is no forecast, and still something to ask for.
func TestLetterAfterTheClose(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 5})
	w.set(t, "contract.termination_date", "2026-03-05")
	code, stdout, stderr := exitplan(t, w.args("extension", "letter")...)
	if code != exitComplete {
		t.Fatalf("%d\n%s", code, stderr)
	}
	says(t, stdout, "our contract has ended", "reporting metrics", "ended on 5 March 2026", "make an\nexception", "including "+blank)
	ja := lettered(t, w, "--language", "ja", "--until", "2099-01-31")
	if n := ja.Extension; !ja.Needed || n.Reason != forClosed || n.UntilDay != "2099-01-31" || len(n.Classes) != 2 {
		t.Errorf("%+v", ja)
	}
	says(t, ja.Letter, "2099年1月31日まで", "例外としてのご承認", "録音・録画データ")
	code, _, stderr = exitplan(t, w.args("plan")...)
	if code != exitWindow {
		t.Errorf("plan: %d", code)
	}
	says(t, stderr, "exitplan extension letter")
	code, stdout, _ = exitplan(t, w.args("check")...)
	if code != exitWindow {
		t.Errorf("check: %d", code)
	}
	says(t, stdout, "extension request --classes metrics", "only an extension that was requested before then", "grant. Once it is granted, run the same command again")
	w.set(t, "source.datasets", "[configuration]")
	if _, stdout, _ := exitplan(t, w.args("extension", "letter")...); strings.Contains(stdout, "exception") || strings.Contains(stdout, "recordings") {
		t.Errorf("%s", stdout)
	}
	if n := w.sim.Counts().Logins; n > 0 {
		t.Errorf("%d logins", n)
	}
}

// Where nobody knows whether it fits, there is no letter, nor is none needed.
func TestNoLetterOfWhatNobodyKnows(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 1})
	file := filepath.Join(t.TempDir(), "plan.json")
	overwrite(t, file, []byte(`{"at":"2026-03-01T00:00:00Z","time_zone":"Etc/UTC","classes":[{"class":"metrics","fits":true}],"fits":false}`))
	code, stdout, stderr := exitplan(t, w.args("extension", "letter", "--plan", file)...)
	if code != exitForecast || stdout != "" || !strings.Contains(stderr, "NOT KNOWN") {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
}
