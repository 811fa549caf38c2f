package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"exitplan/internal/simulator"
)

// overdue is an organization too large for its window, on 2026-03-11.
func overdue(t *testing.T) *world {
	t.Helper()
	now := when("2026-03-11T12:00:00Z")
	w := newWorld(t, simulator.Config{
		Days: 60, ConversationsPerDay: 100_000, Now: func() time.Time { return now }, From: when("2026-01-01T00:00:00Z"), Available: when("2026-03-11T00:00:00Z"),
	})
	w.set(t, "contract.termination_date", "2026-03-16", "contract.extension_notice", "2", "contract.time_zone", "Asia/Tokyo",
		"source.interval.to", "", "source.requests_per_minute", "300")
	return w
}

// The letter of a saved plan asks nobody, and says what the plan says.
func TestLetterSaysWhatThePlanSays(t *testing.T) {
	w := overdue(t)
	code, saved, stderr := exitplan(t, w.args("plan", "--json", "--no-sample")...)
	if code != exitForecast {
		t.Fatalf("%d\n%s", code, stderr)
	}
	var p plan
	if err := json.Unmarshal([]byte(saved), &p); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "plan.json")
	if err := os.WriteFile(file, []byte(saved), 0o600); err != nil {
		t.Fatal(err)
	}
	before := w.sim.Counts().Requests["api"]
	until := p.Extension.Until.Add(-1).In(time.FixedZone("JST", 9*3600))
	for language, facts := range map[string][]string{
		"en": {"11 March 2026", "Example KK", p.Organization.ID, "by 16 March 2026", "due by 14 March 2026", until.Format("2 January 2006"),
			"recordings, with their metadata", "API calls", "one metadata call for each of", "dates are those of Asia/Tokyo"},
		"ja": {"2026年3月11日", "Example KK", p.Organization.ID, "2026年3月16日までに", "申請期限は2026年3月14日", until.Format("2006年1月2日") + "まで",
			"録音・録画データ", "拝啓", "敬具", "記", "以上"},
	} {
		code, stdout, stderr := exitplan(t, w.args("extension", "letter", "--language", language, "--plan", file)...)
		if code != exitComplete {
			t.Fatalf("%s: %d\n%s", language, code, stderr)
		}
		says(t, stdout, facts...)
		if strings.Contains(stdout, "<no value>") || strings.Contains(stdout, "0001") {
			t.Errorf("%s: something is not filled in:\n%s", language, stdout)
		}
	}
	if n := w.sim.Counts().Requests["api"] - before; n > 0 {
		t.Errorf("%d requests for letters of a saved plan", n)
	}
	if code, live, _ := exitplan(t, w.args("extension", "letter", "--no-sample")...); code != exitComplete || !strings.Contains(live, "14 March 2026") {
		t.Errorf("live: %d\n%s", code, live)
	}
}

func TestLetterNeedsAPlanThatMisses(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 5, Middleware: func(h http.Handler) http.Handler { return h }})
	code, stdout, stderr := exitplan(t, w.args("extension", "letter")...)
	if code != exitComplete || stdout != "" {
		t.Errorf("%d %q", code, stdout)
	}
	says(t, stderr, "no extension to ask for")
	for _, args := range [][]string{{"--language", "fr"}, {"--plan", "absent.json"}, {"--plan", w.config}} {
		if code, _, stderr := exitplan(t, w.args(append([]string{"extension", "letter"}, args...)...)...); code != exitUsage {
			t.Errorf("%v: %d\n%s", args, code, stderr)
		}
	}
	if code, _, _ := exitplan(t, w.args("extension", "beg")...); code != exitUsage {
		t.Errorf("an unknown subcommand: %d", code)
	}
}
