package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"exitplan/internal/simulator"
	"exitplan/internal/sink/s3server"
)

// onS3 sends a world's export to a real S3 server.
func (w *world) onS3(t *testing.T) *s3server.Server {
	t.Helper()
	server := startS3(t, filepath.Join(w.dir, "s3"))
	w.set(t, "destination.url", server.URL()+"/genesys", "destination.endpoint", server.Endpoint,
		"destination.path_style", "true", "destination.region", server.Region)
	return server
}

func TestAnExportHoldsExactlyWhatTheOrganizationHolds(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		s3   bool
		sim  simulator.Config
		set  []string
		code int
	}{
		{name: "directory"},
		{name: "S3", s3: true},
		{name: "derived metadata", set: []string{"recordings.metadata", "derived"}},
		{name: "large and huge", s3: true, sim: simulator.Config{
			ConversationsPerDay: 20, LargeMediaBytes: 70 << 20, LargeMediaEvery: 10, HugeRecordBytes: 20 << 20, HugeRecordEvery: 15}},
		{name: "days that must be split", sim: simulator.Config{MaxRowsPerJob: 60}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, tt.sim)
			if tt.s3 {
				w.onS3(t)
			}
			w.set(t, tt.set...)
			w.export(t, tt.code)
			if absent := w.matches(t, read(t, w.store(t))); len(absent) > 0 {
				t.Errorf("%d items are absent, e.g. %s", len(absent), absent[0])
			}
			code, stdout, stderr := exitplan(t, w.args("verify", w.root())...)
			if code != exitComplete {
				t.Errorf("verify: exit code %d\n%s%s", code, stdout, stderr)
			}
		})
	}
}

// The export of issue size: 30 days of 2,000 conversations, to both kinds of
// destination.
func TestAMonthOfTwoThousandConversationsADay(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("60,000 conversations: left out with -short")
	}
	for _, s3 := range []bool{false, true} {
		w := newWorld(t, simulator.Config{Days: 30, ConversationsPerDay: 2000, RecordedShare: 0.15, MediaBytes: 8 << 10})
		if s3 {
			w.onS3(t)
		}
		w.export(t, exitComplete)
		if absent := w.matches(t, read(t, w.store(t))); len(absent) > 0 {
			t.Errorf("%d items are absent, e.g. %s", len(absent), absent[0])
		}
		code, stdout, stderr := exitplan(t, w.args("verify", w.root())...)
		if code != exitComplete {
			t.Errorf("verify: exit code %d\n%s%s", code, stdout, stderr)
		}
		if s3 {
			continue
		}
		stockTools(t, filepath.Join(w.dir, "export", "x"))
	}
}

// stockTools checks an export as VERIFY.txt says, without this program.
func stockTools(t *testing.T, root string) {
	t.Helper()
	if _, err := exec.LookPath("sha256sum"); err != nil {
		t.Skip("no sha256sum on this machine")
	}
	script := `set -e
sha256sum --quiet -c BAGS.sha256
for bag in bags/* root; do (cd "$bag" && sha256sum --quiet -c tagmanifest-sha256.txt && sha256sum --quiet -c manifest-sha256.txt); done`
	cmd := exec.Command("sh", "-c", script)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("sha256sum disagrees: %v\n%s", err, out)
	}
}

func TestAFinishedExportHasNothingLeftToDo(t *testing.T) {
	w := newWorld(t, simulator.Config{ConversationsPerDay: 30})
	w.export(t, exitComplete)
	before := w.sim.Counts()
	w.export(t, exitComplete)
	after := w.sim.Counts()
	if after.Jobs != before.Jobs || after.MediaStarted != before.MediaStarted || after.Batches != before.Batches {
		t.Errorf("the second run made %d jobs, %d batch requests, %d transfers",
			after.Jobs-before.Jobs, after.Batches-before.Batches, after.MediaStarted-before.MediaStarted)
	}
}

// Calls are what an export has too few of: none may be wasted.
func TestAnExportAsksNoMoreThanItMust(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 4, ConversationsPerDay: 250, JobLatency: 30 * time.Millisecond, BatchLatency: 30 * time.Millisecond})
	w.set(t, "recordings.metadata", "derived")
	w.export(t, exitComplete)
	counts := w.sim.Counts()
	if counts.Jobs != 4 || counts.Batches != 4 {
		t.Errorf("%d details jobs and %d batch requests for 4 days of 100 recorded conversations", counts.Jobs, counts.Batches)
	}
	for object, n := range counts.Media {
		if n.Started != 1 {
			t.Errorf("media %s was fetched %d times", object, n.Started)
		}
	}
}

func TestDaysThatAreNotAvailableYetComeLater(t *testing.T) {
	from := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	w := newWorld(t, simulator.Config{ConversationsPerDay: 30, Available: from.AddDate(0, 0, 2).Add(5 * time.Hour)})
	stderr := w.export(t, exitMoreToCome)
	if !strings.Contains(stderr, "Later days are still to come") {
		t.Errorf("the summary does not say so:\n%s", stderr)
	}
	w.sim.SetAvailable(from.AddDate(0, 0, 9))
	w.export(t, exitComplete)
	if absent := w.matches(t, read(t, w.store(t))); len(absent) > 0 {
		t.Errorf("%d items are absent, e.g. %s", len(absent), absent[0])
	}
}

func TestWhatCannotBeHadIsListedWithItsReason(t *testing.T) {
	t.Parallel()
	for _, metadata := range []string{"full", "derived"} {
		t.Run(metadata, func(t *testing.T) {
			w := newWorld(t, simulator.Config{ArchivedShare: 0.1, DeletedShare: 0.1, UploadingShare: 0.1, ErrorShare: 0.1, NoRecordingShare: 0.1})
			w.set(t, "recordings.metadata", metadata)
			stderr := w.export(t, exitMissing)
			if !strings.Contains(stderr, "Missing, by reason") {
				t.Errorf("the summary names no reasons:\n%s", stderr)
			}
			absent := w.matches(t, read(t, w.store(t)))
			if len(absent) < 20 {
				t.Fatalf("only %d items absent: the test shows nothing", len(absent))
			}
			reasons, states := w.excepted(t), map[string]string{}
			for r := range w.sim.Truth().Recordings() {
				states[r.ConversationID+"/"+r.ID] = r.FileState
			}
			for _, item := range absent {
				conversation, _, _ := strings.Cut(item, "/")
				// A second one that was deleted before, only the metadata tell of.
				if reasons[item] == "" && reasons[conversation] == "" && (metadata == "full" || states[item] != "DELETED") {
					t.Errorf("%s is absent without a reason", item)
				}
			}
		})
	}
}
