package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"exitplan/internal/simulator"
	"exitplan/manifest"
)

// strip removes the files below root whose base name fits.
func strip(t *testing.T, root string, fits func(name string) bool) {
	t.Helper()
	if err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && fits(d.Name()) {
			err = os.Remove(path)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// An export without its root bag is never called valid, whether it was
// interrupted or somebody took the bag away.
func TestVerifyOfAnExportThatIsNotFinished(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 3, ConversationsPerDay: 40})
	w.sim.SetAvailable(w.cfg.From.AddDate(0, 0, 2))
	w.export(t, exitMoreToCome)
	root := filepath.Join(w.dir, "export", "x")
	try := func(what string, want int, says string) {
		t.Helper()
		code, stdout, stderr := exitplan(t, "verify", root)
		if code != want || !strings.Contains(stderr, says) || strings.Contains(stderr, ": valid") {
			t.Errorf("%s: exit code %d, want %d and %q\n%s%s", what, code, want, says, stdout, stderr)
		}
		code, stdout, stderr = exitplan(t, "--quiet", "verify", root)
		if code != want || stdout != "" || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s, quiet: exit code %d and not one line\n%s%s", what, code, stdout, stderr)
		}
	}
	try("later days to come", exitMoreToCome, "NOT FINISHED; 3 bags valid")

	code, stdout, _ := exitplan(t, "verify", "--json", root)
	var result struct {
		manifest.Result
		Verdict string
	}
	if err := json.Unmarshal([]byte(stdout), &result); err != nil || code != exitMoreToCome || result.Verdict != "not finished" {
		t.Errorf("JSON: exit code %d, %v\n%s", code, err, stdout)
	}
	if code, _, stderr := exitplan(t, "verify", filepath.Join(root, "bags", "recordings-2026-03")); code != exitComplete || !strings.Contains(stderr, ": valid") {
		t.Errorf("one of its bags: exit code %d\n%s", code, stderr)
	}

	recording := find(t, root, ".ogg", ".wav")
	undo := edit(t, recording, func(b []byte) []byte { b[len(b)/2] ^= 1; return b })
	try("one bit flipped", exitVerify, "NOT VALID; 1 finding")
	undo()

	if err := os.MkdirAll(filepath.Join(root, "bags", "recordings-2026-04", "data"), 0o755); err != nil {
		t.Fatal(err)
	}
	add(t, filepath.Join(root, "bags", "recordings-2026-04", "data", "r.ogg"))
	try("a bag without manifests", exitMoreToCome, "1 file in no manifest and so not verified")
	if _, stdout, _ := exitplan(t, "verify", root); !strings.Contains(stdout, "note         bags/recordings-2026-04  still being filled: 1 files without a manifest") {
		t.Errorf("no note:\n%s", stdout)
	}

	strip(t, root, func(name string) bool {
		return name == "BAGS.sha256" || name == "bagit.txt" || name == "bag-info.txt" || strings.Contains(name, "manifest-")
	})
	try("everything that could speak for it taken away", exitVerify, "nothing here could be verified")
}

func TestVerifyOfAFinishedExportIsQuiet(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 20})
	w.export(t, exitComplete)
	if code, stdout, stderr := exitplan(t, "verify", "-q", w.root()); code != exitComplete || stdout+stderr != "" {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
}

// --fast says how files were compared, and calls nothing valid that was not.
func TestVerifyFastSaysWhatItCompared(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 30})
	w.export(t, exitComplete)
	root := filepath.Join(w.dir, "export", "x")
	edit(t, find(t, root, ".ogg", ".wav"), func(b []byte) []byte { b[len(b)/2] ^= 1; return b })
	code, _, stderr := exitplan(t, "verify", "--fast", root)
	if code != exitUsage || strings.Contains(stderr, "valid") || !strings.Contains(stderr, "sizes agree") ||
		!strings.Contains(stderr, "files compared by size alone") || !strings.Contains(stderr, "leave out --fast") {
		t.Errorf("a directory: exit code %d\n%s", code, stderr)
	}
	s3 := w.fork(t)
	s3.onS3(t)
	s3.export(t, exitComplete)
	code, _, stderr = exitplan(t, s3.args("verify", "--fast", s3.root())...)
	if code != exitComplete || !strings.Contains(stderr, ": valid") || !strings.Contains(stderr, "by the store's own checksum") {
		t.Errorf("S3: exit code %d\n%s", code, stderr)
	}
}

func TestJudge(t *testing.T) {
	finished := manifest.Result{Export: true, Sealed: true, Bags: 2, Files: 3}
	with := func(change func(*manifest.Result)) manifest.Result {
		r := finished
		change(&r)
		return r
	}
	for _, tt := range []struct {
		name    string
		result  manifest.Result
		fast    bool
		verdict string
		code    int
		says    string
	}{
		{"read", with(func(r *manifest.Result) { r.Read = 3 }), false, "valid", exitComplete, ""},
		{"attested", with(func(r *manifest.Result) { r.Attested = 3 }), true, "valid", exitComplete, "3 files compared by the store's own checksum"},
		{"partly attested", with(func(r *manifest.Result) { r.Attested, r.SizeOnly = 2, 1 }), true, "sizes agree", exitComplete, "1 file compared by size alone"},
		{"not attested", with(func(r *manifest.Result) { r.SizeOnly = 3 }), true, "sizes agree", exitUsage, "leave out --fast"},
		{"nothing in it", with(func(r *manifest.Result) { r.Files = 0 }), true, "valid", exitComplete, ""},
		{"not attested, and damaged", with(func(r *manifest.Result) { r.SizeOnly, r.FindingCount = 3, 1 }), true, "NOT VALID", exitVerify, "1 finding"},
		{"not attested, not finished", with(func(r *manifest.Result) { r.SizeOnly, r.Sealed = 3, false }), true, "sizes agree", exitUsage, "no root bag says that it is"},
		{"attested, not finished", with(func(r *manifest.Result) { r.Attested, r.Sealed = 3, false }), true, "NOT FINISHED", exitMoreToCome, "2 bags valid"},
		{"not finished", with(func(r *manifest.Result) { r.Read, r.Sealed, r.Unverified = 3, false, 7 }), false, "NOT FINISHED", exitMoreToCome, "7 files in no manifest"},
		{"nothing verified", manifest.Result{Export: true, Unverified: 215}, false, "NOT FINISHED", exitVerify, "nothing here could be verified"},
		{"a bag", manifest.Result{Bags: 1, Files: 3, Read: 3}, false, "valid", exitComplete, "1 bag, 3 files"},
	} {
		j := judge(tt.result, tt.fast)
		if j.verdict != tt.verdict || exitCode(j.err) != tt.code || !strings.Contains(strings.Join(j.reasons, "; "), tt.says) {
			t.Errorf("%s: %+v, exit code %d", tt.name, j, exitCode(j.err))
		}
	}
	if errors.Is(errUnfinished, errMoreToCome) {
		t.Error("an unfinished export is not one that ran out of days")
	}
}

// Whatever lies in the working directory, the destination alone decides.
func TestVerifyDoesNotDependOnTheWorkingDirectory(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 20})
	w.export(t, exitComplete)
	onS3 := w.fork(t)
	server := onS3.onS3(t)
	onS3.export(t, exitComplete)
	flags := []string{"verify", "--endpoint", server.Endpoint, "--path-style", "--region", server.Region, onS3.root()}
	own := "destination: {url: " + onS3.values["destination.url"] + ", endpoint: " + server.Endpoint + ", path_style: true, region: " + server.Region + "}\n"
	for _, tt := range []struct {
		name, file string
		args       []string
		code       int
		says       string
	}{
		{"no YAML, a directory", "\t", []string{"verify", w.root()}, exitComplete, ": valid"},
		{"bad contract, a directory", "contract: {time_zone: Mars}\n", []string{"verify", w.root()}, exitComplete, ": valid"},
		{"no YAML, a bucket", "\t", flags, exitComplete, "exitplan.yaml is not heeded"},
		{"no file, a bucket", "", flags, exitComplete, ": valid"},
		{"its own bucket", own, []string{"verify", onS3.root()}, exitComplete, ": valid"},
		{"its own bucket, bad contract and source", "contract: {time_zone: Mars}\nsource: {region: 'x y', headrom: 1}\n" + own, []string{"verify", onS3.root()}, exitComplete, ": valid"},
		{"another bucket", "destination: {url: s3://other/x, expected_bucket_owner: '123456789012'}\n", flags, exitComplete, ": valid"},
		{"named, no YAML", "\t", append([]string{"-c", "exitplan.yaml"}, flags...), exitUsage, "not YAML"},
		{"named, bad contract", "contract: {time_zone: Mars}\n" + own, []string{"-c", "exitplan.yaml", "verify", onS3.root()}, exitComplete, ": valid"},
		{"named and absent", "", []string{"-c", "exitplan.yaml", "verify", w.root()}, exitUsage, "does not exist"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cmd := command(t, tt.args...)
			if tt.file != "" {
				if err := os.WriteFile(filepath.Join(cmd.Dir, "exitplan.yaml"), []byte(tt.file), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			code, stdout, stderr := finish(t, cmd)
			if code != tt.code || !strings.Contains(stderr, tt.says) {
				t.Errorf("exit code %d, want %d and %q\n%s%s", code, tt.code, tt.says, stdout, stderr)
			}
			if said := strings.Contains(stderr, "not heeded"); said != strings.Contains(tt.says, "not heeded") {
				t.Errorf("heeded or not:\n%s", stderr)
			}
		})
	}
}
