package main

import (
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"exitplan/exporter"
	"exitplan/internal/dataset"
	"exitplan/internal/simulator"
	"exitplan/internal/sink/s3server"
)

// newBulkWorld is an organization whose recording jobs write into the bucket of
// the export.
func newBulkWorld(t *testing.T, cfg simulator.Config) *world {
	t.Helper()
	return bulkWorldOf(t, startS3(t, filepath.Join(t.TempDir(), "s3")), cfg)
}

// bulkWorldOf is one whose bucket others may use as well.
func bulkWorldOf(t *testing.T, server *s3server.Server, cfg simulator.Config) *world {
	t.Helper()
	cfg.Bulk.Bucket, cfg.Bulk.Endpoint, cfg.Bulk.Region, cfg.Bulk.PathStyle = server.Bucket, server.Endpoint, server.Region, true
	cfg.Bulk.AccessKey, cfg.Bulk.Secret = server.AccessKey, server.SecretKey
	if cfg.Bulk.Latency == 0 {
		cfg.Bulk.Latency = 5 * time.Millisecond
	}
	w := newWorld(t, cfg)
	w.set(t, "destination.url", server.URL()+"/genesys", "destination.endpoint", server.Endpoint,
		"destination.path_style", "true", "destination.region", server.Region,
		"recordings.method", "bulk", "recordings.integration_id", w.sim.Integration())
	return w
}

// intervals are those of the jobs that were made, each as often as it was asked
// for.
func intervals(w *world) map[string]int {
	n := map[string]int{}
	for _, job := range w.sim.Truth().BulkJobs() {
		n[job.Interval]++
	}
	return n
}

// digests are those of all media, by recording.
func digests(t *testing.T, w *world) map[string][]string { return read(t, w.store(t)).media }

func reasonsOf(t *testing.T, w *world) map[string]exporter.Reason {
	got := map[string]exporter.Reason{}
	for item, e := range w.exceptions(t, dataset.RecordingsName) {
		got[item] = e.Reason
	}
	return got
}

func TestPullAndBulkGiveTheSame(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		sim  simulator.Config
		code int
	}{
		{"all of it", simulator.Config{}, exitComplete},
		{"late, and out of order", simulator.Config{Bulk: simulator.Bulk{Landing: 500 * time.Millisecond, SidecarFirst: true}}, exitComplete},
		{"some failed, some never landed: fetched by batch requests", simulator.Config{Bulk: simulator.Bulk{FailedShare: 0.2, LostShare: 0.2}}, exitComplete},
		{"not in the retention query, and some never landed", simulator.Config{UnretainedShare: 0.4, SecondRecordingShare: 0.5, Bulk: simulator.Bulk{LostShare: 0.3}}, exitComplete},
		{"the first job fails, the places are taken", simulator.Config{Bulk: simulator.Bulk{FailJobs: 1, Busy: 2, BusyFor: 300 * time.Millisecond}}, exitComplete},
		{"no job comes to anything", simulator.Config{Bulk: simulator.Bulk{FailJobs: 100}}, exitComplete},
		{"jobs are cancelled once", simulator.Config{Bulk: simulator.Bulk{ExpireReady: 1}}, exitComplete},
		{"losses", simulator.Config{
			ErrorShare: 0.05, ArchivedShare: 0.05, DeletedShare: 0.05, UploadingShare: 0.05, NoRecordingShare: 0.05, UnflaggedShare: 0.2,
			ForgottenRecordings: 10, VanishedShare: 0.05, DuplicateShare: 0.05, DeniedShare: 0.05, ScreenShare: 0.1, Bulk: simulator.Bulk{FailedShare: 0.1, LostShare: 0.1},
		}, exitMissing},
		{"sensitive", simulator.Config{SensitiveShare: 0.3, Redaction: "exclude", Clients: sensitiveBlind()}, exitMissing},
	} {
		if testing.Short() && tt.name != "losses" {
			continue
		}
		t.Run(tt.name, func(t *testing.T) {
			tt.sim.Days, tt.sim.ConversationsPerDay, tt.sim.RecordedShare, tt.sim.MediaBytes = 2, 60, 0.6, 2<<10
			w := newBulkWorld(t, tt.sim)
			pull := w.fork(t)
			pull.set(t, "recordings.method", "pull")
			pull.export(t, tt.code)
			w.export(t, tt.code)
			if got, want := digests(t, w), digests(t, pull); !reflect.DeepEqual(got, want) {
				for _, key := range slices.Sorted(maps.Keys(want)) {
					if !slices.Equal(got[key], want[key]) {
						t.Errorf("%s: bulk has %v, pull %v", key, got[key], want[key])
					}
				}
				for key := range got {
					if want[key] == nil {
						t.Errorf("%s: only bulk has it", key)
					}
				}
			}
			if got, want := reasonsOf(t, w), reasonsOf(t, pull); !reflect.DeepEqual(got, want) {
				t.Errorf("exceptions: bulk %v, pull %v", got, want)
			}
			if code, stdout, stderr := exitplan(t, w.args("verify", w.root())...); code != exitComplete {
				t.Errorf("verify: exit code %d\n%s%s", code, stdout, stderr)
			}
			failed := tt.sim.Bulk.FailJobs + tt.sim.Bulk.ExpireReady
			for interval, n := range intervals(w) {
				if n > 1+failed {
					t.Errorf("%d jobs for %s", n, interval)
				}
			}
			report := string(slurp(t, w.store(t), "root/data/report.txt"))
			if !strings.Contains(report, "Recording jobs of the platform") {
				t.Errorf("the report says nothing of the jobs:\n%s", report)
			}
			fetched := w.sim.Counts().MediaStarted
			t.Logf("%d media fetched by both; jobs %v", fetched, intervals(w))
		})
	}
}

func TestObjectsThatBelongToNothingAreReportedAndLeftAlone(t *testing.T) {
	w := newBulkWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 20, MediaBytes: 1 << 10, Bulk: simulator.Bulk{Strangers: 3}})
	w.export(t, exitMissing)
	for _, key := range w.sim.Truth().BulkStrangers() {
		found := false
		for item, e := range w.exceptions(t, dataset.RecordingsName) {
			found = found || e.Reason == exporter.Orphan && strings.Contains(e.Detail, key) && strings.HasPrefix(item, "object/")
		}
		if !found {
			t.Errorf("no word of %s", key)
		}
	}
	if n := len(w.exceptions(t, dataset.RecordingsName)); n != 3 {
		t.Errorf("%d exceptions for 3 objects", n)
	}
}

// organizationOf is the organization's id, as the platform's folder has it.
func organizationOf(t *testing.T, w *world) string {
	t.Helper()
	for _, key := range w.sim.Truth().BulkStrangers() {
		id, _, _ := strings.Cut(key, "/")
		return id
	}
	t.Fatal("no key names it")
	return ""
}

// What lies in the platform's folder under a recording's name, and is none, is
// fetched by a batch request.
func TestWhatIsNoRecordingIsNotTaken(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "s3")
	w := bulkWorldOf(t, startS3(t, dir), simulator.Config{
		Days: 1, ConversationsPerDay: 20, MediaBytes: 1 << 10, SeveralResultsShare: -1, Bulk: simulator.Bulk{LostShare: 1, Strangers: 1},
	})
	bodies := []struct{ ending, body string }{{".ogg", ""}, {".wav", "<Error>denied</Error>"}, {".ogg.pgp", "\x85\x01"}, {".ogg", "\x85\x01\x0c encrypted, and no word of it"}}
	n := 0
	for r := range w.sim.Truth().Recordings() {
		fake := bodies[n%len(bodies)]
		n++
		at := r.ConversationStart.UTC()
		folder := filepath.Join(dir, "exit", organizationOf(t, w), at.Format("year=2006/month=01/day=02/hour=15"), "conversation_id="+r.ConversationID)
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, r.ID+fake.ending), []byte(fake.body), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	w.export(t, exitMissing) // the stranger
	if n := len(w.exceptions(t, dataset.RecordingsName)); n != 1 {
		t.Errorf("%d exceptions: %v", n, w.exceptions(t, dataset.RecordingsName))
	}
	if absent := w.matches(t, read(t, w.store(t))); len(absent) > 0 {
		t.Errorf("%d absent, e.g. %s", len(absent), absent[0])
	}
}

// A day that was exported by a job is not exported again with the next.
func TestALongerIntervalMakesJobsForTheRestAlone(t *testing.T) {
	t.Parallel()
	w := newBulkWorld(t, simulator.Config{Days: 3, ConversationsPerDay: 20, MediaBytes: 1 << 10})
	w.set(t, "recordings.metadata", "derived") // sidecars are the platform's own
	for day := range 3 {
		w.sim.SetAvailable(w.cfg.From.AddDate(0, 0, day+1))
		exitplan(t, w.args("export")...)
	}
	w.sim.SetAvailable(w.cfg.From.AddDate(0, 0, 9))
	w.export(t, exitComplete)
	want := map[string]int{}
	for day := range 3 {
		want[exporter.Interval{From: w.cfg.From.AddDate(0, 0, day), To: w.cfg.From.AddDate(0, 0, day+1)}.String()] = 1
	}
	if got := intervals(w); !maps.Equal(got, want) {
		t.Errorf("jobs %v, want %v", got, want)
	}
	if absent := w.matches(t, read(t, w.store(t))); len(absent) > 0 {
		t.Errorf("%d absent, e.g. %s", len(absent), absent[0])
	}
}

func TestAnIntegrationThatCannotWriteIntoTheBucketIsRefused(t *testing.T) {
	w := newBulkWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 5, Bulk: simulator.Bulk{Integrations: []simulator.BulkIntegration{
		{Type: "embedded-client-app"}, {Bucket: "another"}, {NoCredentials: true}, {Disabled: true},
	}}})
	for i, want := range []string{"of type embedded-client-app", "writes into bucket another", "has no credentials", "is disabled"} {
		w.set(t, "recordings.integration_id", w.sim.IntegrationOf(i))
		if stderr := w.export(t, exitUsage); !strings.Contains(stderr, want) || strings.Count(stderr, "\n") > 2 {
			t.Errorf("want %q:\n%s", want, stderr)
		}
	}
	w.set(t, "recordings.integration_id", "5b0c4a4e-0000-4000-8000-000000000000")
	if stderr := w.export(t, exitUsage); !strings.Contains(stderr, "none of that id") {
		t.Error(stderr)
	}
	// Nothing was begun, so that another destination may be named.
	w.set(t, "recordings.integration_id", w.sim.Integration(), "destination.url", "file://"+filepath.ToSlash(filepath.Join(w.dir, "export")), "destination.endpoint", "")
	if stderr := w.export(t, exitUsage); !strings.Contains(stderr, "S3 bucket") {
		t.Error(stderr)
	}
	if jobs := w.sim.Truth().BulkJobs(); len(jobs) > 0 {
		t.Errorf("jobs were made all the same: %v", jobs)
	}
}
