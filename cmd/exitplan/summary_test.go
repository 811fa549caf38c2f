package main

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"exitplan/exporter"
	"exitplan/internal/config"
	"exitplan/internal/contract"
	"exitplan/internal/journal"
	"exitplan/internal/simulator"
)

func says(t *testing.T, text string, wanted ...string) {
	t.Helper()
	for _, want := range wanted {
		want, unwanted := strings.CutPrefix(want, "not:")
		if strings.Contains(text, want) == unwanted {
			t.Errorf("%q: wanted is %v\n%s", want, !unwanted, tail(text))
		}
	}
}

// Gaps, and days that are still to come: nothing is sealed, so that no
// exceptions.jsonl exists.
func TestGapsBeforeTheEndPointToNoFile(t *testing.T) {
	from := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	w := newWorld(t, simulator.Config{ConversationsPerDay: 60, ArchivedShare: 0.3, Available: from.AddDate(0, 0, 2)})
	says(t, w.export(t, exitMissing), "items are missing. Later days are still to come", "exitplan status --exceptions", "not:exceptions.jsonl", "not:Finished")
	w.sim.SetAvailable(from.AddDate(0, 0, 9))
	says(t, w.export(t, exitMissing), "Finished, but", "root/data/exceptions.jsonl")
}

// A unit that fails stands for all that it would have exported.
func TestAFailedUnitSaysWhatItCovers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 20, RecordedShare: 1, Middleware: func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/batchrequests") {
				http.Error(rw, `{"message": "no", "code": "conflict", "status": 409}`, http.StatusConflict)
				return
			}
			h.ServeHTTP(rw, r)
		})
	}})
	says(t, w.export(t, exitMissing), "1 unit of work (20 conversations) is missing", "recordings: failed, 1 unit of work (20 conversations)")
	for item, reason := range w.excepted(t) {
		if !strings.HasPrefix(reason, "failed: recordings of 20 conversations, e.g. ") {
			t.Errorf("%s: %s", item, reason)
		}
	}
	_, stdout, _ := exitplan(t, w.args("--json", "status", "--exceptions")...)
	says(t, stdout, `"covers": 20`)
}

func TestWhatIsNotOpenYetNeedsNoExtension(t *testing.T) {
	w := newWorld(t, simulator.Config{ConversationsPerDay: 20})
	w.set(t, "contract.exit_started", "2098-01-01")
	says(t, w.export(t, exitWindow), "metrics: not open yet", "metrics can be exported from 2098-01-01T00:00:00Z", "not:exitplan extension", "not:recordings: open")
}

func TestTheNextStepFitsTheWindows(t *testing.T) {
	at := time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC)
	ended := contract.Decision{Class: "recordings", Closes: at}
	later := contract.Decision{Class: "metrics", Closes: at, Next: at.Add(-time.Hour)}
	over := contract.Decision{Class: "metrics", Closes: at}
	never := contract.Decision{Class: "metrics"}
	for _, tt := range []struct {
		closed []contract.Decision
		want   []string
	}{
		{[]contract.Decision{ended}, []string{"recordings ended at 2026-12-31T00:00:00Z: only an extension that was requested before then", "exitplan extension request --classes recordings --until DATE", "exitplan extension grant", "exitplan export --seal"}},
		{[]contract.Decision{later}, []string{"metrics can be exported from 2026-12-30T23:00:00Z", "not:extension"}},
		{[]contract.Decision{over}, []string{"metrics ended at 2026-12-31T00:00:00Z: an extension that reaches beyond now", "exitplan extension request --classes metrics", "not:only"}},
		{[]contract.Decision{never}, []string{"For metrics, correct contract", "not:extension"}},
		{[]contract.Decision{later, ended}, []string{"metrics can be exported from", "recordings ended at", "exitplan extension request"}},
		{nil, []string{"Run the same command again", "not:extension"}},
	} {
		sum := &summary{runErr: exporter.ErrWindowClosed, Closed: tt.closed}
		_, next := sum.words()
		says(t, next, tt.want...)
	}
}

func TestVerdicts(t *testing.T) {
	stop := errors.New("stop")
	for _, tt := range []struct {
		counts     journal.Counts
		exceptions int64
		more       bool
		err        error
		uncounted  bool
		want       string
	}{
		{journal.Counts{}, 0, false, stop, false, "incomplete"},
		{journal.Counts{}, 0, true, nil, false, "incomplete"},
		{journal.Counts{Pending: 3}, 0, false, nil, false, "incomplete"},
		{journal.Counts{Done: 3, Pending: 1}, 2, false, nil, false, "incomplete"},
		{journal.Counts{Done: 3}, 0, false, stop, false, "complete so far"},
		{journal.Counts{Done: 3}, 0, true, nil, false, "complete so far"},
		{journal.Counts{Done: 3}, 2, false, nil, false, "complete-with-exceptions"},
		{journal.Counts{Done: 3}, 0, false, nil, false, "complete"},
		{journal.Counts{Done: 3}, 0, false, nil, true, "unverifiable"},
		{journal.Counts{Done: 3}, 2, false, nil, true, "complete-with-exceptions"},
		{journal.Counts{Done: 3}, 0, true, nil, true, "complete so far"},
	} {
		if got := (&summary{more: tt.more, runErr: tt.err}).verdict(tt.counts, tt.exceptions, tt.uncounted); got != tt.want {
			t.Errorf("%+v: %s", tt, got)
		}
	}
}

func TestTheReportNamesWhatIsExcluded(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 5})
	w.export(t, exitComplete)
	says(t, string(slurp(t, w.store(t), "root/data/report.txt")), "platform and troubleshooting logs", "(AppFoundry) applications",
		"not part of the exit plan", "[exit plan: exclusions]", "not:left its region")
}

func TestTheReportSaysWhereDataLeftItsRegion(t *testing.T) {
	for _, bucket := range []string{"ap-northeast-1", "eu-west-1"} {
		s := &session{clock: exporter.NewClock(time.Now, time.Time{}), cfg: config.Config{
			Source:      config.Source{Region: "ap-northeast-1"},
			Destination: config.Destination{URL: "s3://acme/x", AllowCrossRegion: true},
		}}
		if err := s.residency(bucket); err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		if err := s.report(t.Context(), &text, &summary{}); err != nil {
			t.Fatal(err)
		}
		want := "lives in ap-northeast-1, the bucket in eu-west-1: the data left its region"
		if bucket == "ap-northeast-1" {
			want = "not:left its region"
		}
		says(t, text.String(), want)
	}
}
