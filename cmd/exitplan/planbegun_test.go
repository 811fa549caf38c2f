package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"exitplan/internal/journal"
	"exitplan/internal/simulator"
)

// An export whose conversations have told nothing yet has only few units: that is
// no reason to say that it fits.
func TestABegunExportDoesNotFitBecauseItKnowsLittle(t *testing.T) {
	now := when("2026-03-11T12:00:00Z")
	w := newWorld(t, simulator.Config{
		Days: 60, ConversationsPerDay: 100_000, Now: func() time.Time { return now }, From: when("2026-01-01T00:00:00Z"), Available: when("2026-03-11T00:00:00Z"),
		JobLatency: time.Hour,
	})
	w.set(t, "contract.termination_date", "2026-03-16", "contract.extension_notice", "2", "contract.time_zone", "Asia/Tokyo",
		"source.interval.to", "", "source.requests_per_minute", "600", "source.datasets", "[analytics.conversations.details, recordings, interactions.summaries, routing.*]")
	asked := func(args ...string) (int, string) {
		t.Helper()
		code, stdout, stderr := exitplan(t, w.args(args...)...)
		return code, stdout + stderr
	}
	p := w.begin(t)
	p.when(t, "something is done", func() bool {
		code, said := asked("status")
		return code != exitUsage && strings.Contains(said, "routing.queues")
	})
	for _, args := range [][]string{{"plan", "--no-sample"}, {"status"}, {"extension", "letter", "--no-sample"}} {
		code, said := asked(args...)
		if args[0] == "plan" && (code != exitForecast || !strings.Contains(said, "DOES NOT FIT") || !strings.Contains(said, "An export has begun")) ||
			args[0] == "status" && (strings.Contains(said, "on track") || strings.Contains(said, "sure by")) ||
			args[0] == "extension" && (code != exitComplete || !strings.Contains(said, "We therefore request")) {
			t.Errorf("%v: exit code %d\n%s", args, code, said)
		}
	}
}

// A run that failed before it knew the organization has begun nothing.
func TestARunThatFailedAtOnceIsNoExport(t *testing.T) {
	w := overdue(t)
	cmd := command(t, w.args("export")...)
	cmd.Env = append(cmd.Env, secretVariable+"=wrong")
	if code, _, stderr := finish(t, cmd); code != exitCredentials {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	for _, name := range []string{"status", "report", "protect"} {
		if code, stdout, stderr := exitplan(t, w.args(name)...); code != exitUsage || !strings.Contains(stderr, "no export has begun") {
			t.Errorf("%s: exit code %d\n%s%s", name, code, stdout, stderr)
		}
	}
	if code, stdout, stderr := exitplan(t, w.args("plan", "--no-sample")...); code != exitForecast || !strings.Contains(stdout, "DOES NOT FIT") {
		t.Errorf("plan: exit code %d\n%s%s", code, stdout, stderr)
	}
}

// closing is an organization of five days, of which two are available before its
// window closes in a few seconds.
func closing(t *testing.T) (w *world, closes time.Time) {
	t.Helper()
	w = newWorld(t, simulator.Config{Days: 5, ConversationsPerDay: 5, Available: when("2026-03-03T00:00:00Z")})
	closes = time.Now().Add(8 * time.Second)
	w.set(t, "contract.termination_date", closes.UTC().Format(time.RFC3339))
	return w, closes
}

// Days that were still to come when the window closed are missing, and nobody
// should come back tomorrow for them.
func TestDaysThatNobodyTookAreMissingAfterTheClose(t *testing.T) {
	t.Parallel()
	w, closes := closing(t)
	if said := w.export(t, exitMoreToCome); !strings.Contains(said, "before "+closes.UTC().Format(time.RFC3339)) || strings.Contains(said, "tomorrow") {
		t.Errorf("before the close:\n%s", said)
	}
	if code, stdout, _ := exitplan(t, w.args("status")...); code != exitComplete || !strings.Contains(stdout, "Still to come") {
		t.Errorf("status before the close: exit code %d\n%s", code, stdout)
	}
	time.Sleep(time.Until(closes) + time.Second)
	for _, tt := range []struct {
		name string
		code int
		says string
	}{
		{"status", exitForecast, "MISSING: nothing of 2026-03-03 to 2026-03-05"},
		{"plan", exitForecast, "MISSING: nothing of 2026-03-03 to 2026-03-05"},
		{"report", exitWindow, "the window is closed"},
	} {
		code, stdout, stderr := exitplan(t, w.args(tt.name)...)
		if code != tt.code || !strings.Contains(stdout, tt.says) || strings.Contains(stdout, "tomorrow") {
			t.Errorf("%s: exit code %d\n%s%s", tt.name, code, stdout, stderr)
		}
	}
	if code, stdout, stderr := exitplan(t, w.args("extension", "letter")...); code != exitComplete || !strings.Contains(stdout, "reporting metrics") {
		t.Errorf("letter: exit code %d\n%s%s", code, stdout, stderr)
	}
	w.export(t, exitMissing, "--seal")
	if code, stdout, _ := exitplan(t, w.args("report")...); code != exitMissing || !strings.Contains(stdout, "Finished") {
		t.Errorf("report once it is sealed: exit code %d\n%s", code, stdout)
	}
}

// What a run only meant to plan when it was killed is not planned.
func TestARunThatWasKilledBeforeItPlannedHasTakenNothing(t *testing.T) {
	t.Parallel()
	w, closes := closing(t)
	w.export(t, exitMoreToCome)
	j, err := journal.Open(t.Context(), w.values["state"], journal.Options{Command: "export", Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	var started journal.Event
	for e, err := range j.Events(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Kind == "run-started" {
			started = journal.Event{Kind: e.Kind, Detail: e.Detail}
		}
	}
	started.Detail["until"] = "2026-03-06T00:00:00Z"
	if err := errors.Join(j.Record(t.Context(), started), j.Close()); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Until(closes) + time.Second)
	for name, want := range map[string]int{"status": exitForecast, "plan": exitForecast, "report": exitMoreToCome} {
		code, stdout, stderr := exitplan(t, w.args(name)...)
		if code != want || name != "report" && !strings.Contains(stdout, "MISSING: nothing of 2026-03-03 to 2026-03-05") {
			t.Errorf("%s: exit code %d\n%s%s", name, code, stdout, stderr)
		}
	}
}

// One killed before it has planned anything at all does not fit.
func TestARunThatHasPlannedNothingDoesNotFit(t *testing.T) {
	w := overdue(t)
	j, err := journal.Open(t.Context(), w.values["state"], journal.Options{Command: "export", Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(j.Freeze(t.Context(), map[string]string{"organization": "o"}), j.Close()); err != nil {
		t.Fatal(err)
	}
	if code, stdout, stderr := exitplan(t, w.args("plan", "--no-sample")...); code != exitForecast || !strings.Contains(stdout, "DOES NOT FIT") {
		t.Errorf("plan: exit code %d\n%s%s", code, stdout, stderr)
	}
	if code, stdout, _ := exitplan(t, w.args("report")...); code != exitMoreToCome || !strings.Contains(stdout, "Not finished yet") {
		t.Errorf("report: exit code %d\n%s", code, stdout)
	}
}

// Where one class is over and another goes on, export and report say both.
func TestDaysOfAClassThatIsOver(t *testing.T) {
	t.Parallel()
	w, closes := closing(t)
	w.granted(t, "SO-1", day(30*days), "recordings")
	w.export(t, exitMoreToCome)
	time.Sleep(time.Until(closes) + time.Second)
	for _, name := range []string{"export", "report"} {
		code, stdout, stderr := exitplan(t, w.args(name)...)
		if code != exitMoreToCome || !strings.Contains(stdout+stderr, "but not of metrics, whose window is closed") {
			t.Errorf("%s: exit code %d\n%s%s", name, code, stdout, stderr)
		}
	}
	w.set(t, "source.api_url", "http://127.0.0.1:9", "source.login_url", "http://127.0.0.1:9")
	if code, stdout, stderr := exitplan(t, w.args("plan")...); code != exitForecast || !strings.Contains(stdout, "MISSING") {
		t.Errorf("plan: exit code %d\n%s%s", code, stdout, stderr)
	}
	code, stdout, stderr := exitplan(t, w.args("extension", "letter")...)
	if code != exitComplete || !strings.Contains(stdout, "reporting metrics") || strings.Contains(stdout, "- recordings") {
		t.Errorf("letter: exit code %d\n%s%s", code, stdout, stderr)
	}
}
