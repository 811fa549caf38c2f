package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"exitplan/internal/simulator"
)

// Whatever is done to an export afterwards, verify says so and names it.
func TestVerifyNamesWhatWasTamperedWith(t *testing.T) {
	t.Parallel()
	for _, s3 := range []bool{false, true} {
		w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 30})
		root := filepath.Join(w.dir, "export", "x")
		if s3 {
			server := w.onS3(t)
			root = filepath.Join(w.dir, "s3", "buckets", server.Bucket, "genesys", "x")
		}
		w.export(t, exitComplete)
		verify := func() (int, string) {
			code, stdout, _ := exitplan(t, w.args("verify", w.root())...)
			return code, stdout
		}
		if code, said := verify(); code != exitComplete {
			t.Fatalf("untouched: exit code %d\n%s", code, said)
		}
		recording := find(t, root, ".ogg", ".wav")
		bag := filepath.Join(root, "bags", "recordings-2026-03")
		for _, tt := range []struct {
			name, names string
			do          func() (undo func())
		}{
			{"one bit flipped", filepath.Base(recording), func() func() { return edit(t, recording, func(b []byte) []byte { b[len(b)/2] ^= 1; return b }) }},
			{"deleted", filepath.Base(recording), func() func() {
				undo := edit(t, recording, func(b []byte) []byte { return b })
				if err := os.Remove(recording); err != nil {
					t.Fatal(err)
				}
				return undo
			}},
			{"added to a bag", "intruder", func() func() { return add(t, filepath.Join(bag, "data", "intruder")) }},
			{"added to the root", "intruder", func() func() { return add(t, filepath.Join(root, "intruder")) }},
			{"a manifest edited", "manifest-sha256.txt", func() func() {
				return edit(t, filepath.Join(bag, "manifest-sha256.txt"), func(b []byte) []byte { return b[:len(b)-80] })
			}},
			{"the list of bags edited", "analytics-2026-03", func() func() {
				return edit(t, filepath.Join(root, "BAGS.sha256"), func(b []byte) []byte {
					lines := strings.SplitAfter(string(b), "\n")
					return []byte(strings.Join(lines[1:], ""))
				})
			}},
		} {
			undo := tt.do()
			code, said := verify()
			if code != exitVerify || !strings.Contains(said, tt.names) {
				t.Errorf("%s (S3 %v): exit code %d, and it should name %s:\n%s", tt.name, s3, code, tt.names, said)
			}
			undo()
		}
		if code, said := verify(); code != exitComplete {
			t.Errorf("all put back: exit code %d\n%s", code, said)
		}
	}
}

// find returns the first file with one of the endings.
func find(t *testing.T, root string, endings ...string) (found string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		for _, ending := range endings {
			if err == nil && strings.HasSuffix(path, ending) && !d.IsDir() {
				found = path
				return fs.SkipAll
			}
		}
		return err
	})
	if err != nil || found == "" {
		t.Fatalf("no %v below %s: %v", endings, root, err)
	}
	return found
}

// edit changes a file behind everybody's back, and returns how to undo it.
func edit(t *testing.T, path string, change func([]byte) []byte) (undo func()) {
	t.Helper()
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write := func(b []byte) {
		_ = os.Remove(path) // the store made it read-only
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(change(append([]byte(nil), before...)))
	return func() { write(before) }
}

func add(t *testing.T, path string) (undo func()) {
	t.Helper()
	if err := os.WriteFile(path, []byte("nobody asked for this"), 0o644); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}
