package sink_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"exitplan/exporter"
	"exitplan/internal/sink"
)

func putString(t *testing.T, d sink.Destination, path, text string) {
	t.Helper()
	if _, err := d.Put(t.Context(), exporter.Object{Path: path, Size: int64(len(text))}, strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
}

func TestDirectoryFilesAreReadOnlyAndAlone(t *testing.T) {
	base := filepath.Join(t.TempDir(), "not", "yet")
	d := open(t, sink.Config{URL: base, Root: "org"})
	if _, err := os.Stat(base); err == nil {
		t.Error("opening made the directory: a mistyped one would be left behind")
	}
	putString(t, d, "bags/b/data/x", "text")
	info, err := os.Stat(filepath.Join(base, "org", "bags", "b", "data", "x"))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm()&0o222 != 0 || info.Mode().Perm()&0o400 == 0 {
		t.Errorf("mode is %v, want read-only", info.Mode())
	}
	if left, err := os.ReadDir(filepath.Join(base, ".exitplan-tmp")); err != nil || len(left) != 0 {
		t.Errorf("staged files are left: %v, %v", left, err)
	}
	if d.URL() != "file://"+filepath.ToSlash(base)+"/org" {
		t.Errorf("URL is %s", d.URL())
	}
	// Seen from above, the stage is no part of any export.
	if got := list(t, open(t, sink.Config{URL: "file://" + base})); len(got) != 1 || got[0] != "org/bags/b/data/x" {
		t.Errorf("holds %q", got)
	}
}

func TestDirectoryRemovesLeftovers(t *testing.T) {
	base := t.TempDir()
	stage := filepath.Join(base, ".exitplan-tmp")
	if err := os.Mkdir(stage, 0o700); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	for name, age := range map[string]time.Duration{"old": 25 * time.Hour, "young": time.Minute} {
		file := filepath.Join(stage, name)
		if err := os.WriteFile(file, nil, 0o400); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(file, now.Add(-age), now.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	putString(t, open(t, sink.Config{URL: base, Now: func() time.Time { return now }}), "a", "x")
	left, err := os.ReadDir(stage)
	if err != nil || len(left) != 1 || left[0].Name() != "young" {
		t.Errorf("left: %v, %v; want only what may be in use", left, err)
	}
}

func TestDirectoryFollowsNoLinkOut(t *testing.T) {
	outside, base := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "secret"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	root := filepath.Join(base, "org")
	if err := os.Mkdir(root, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"dir": outside, "file": filepath.Join(outside, "secret")} {
		if err := os.Symlink(target, filepath.Join(root, name)); err != nil {
			t.Skip("no symbolic links here: ", err)
		}
	}
	d := open(t, sink.Config{URL: base, Root: "org"})
	for _, replace := range []func(context.Context) (bool, error){nil, exporter.Always} {
		for _, path := range []string{"dir/new", "dir/secret", "file"} {
			_, err := d.Put(t.Context(), exporter.Object{Path: path, Size: 1, Replace: replace}, strings.NewReader("y"))
			if err == nil {
				t.Errorf("stored %s through a link (replace: %v)", path, replace != nil)
			}
		}
	}
	for _, path := range []string{"dir/secret", "file", "dir"} {
		if f, err := d.Open(t.Context(), path); err == nil {
			f.Close()
			t.Errorf("read %s through a link", path)
		}
	}
	if entries, _ := os.ReadDir(outside); len(entries) != 1 {
		t.Errorf("outside there are now %v", entries)
	}
	var irregular []string
	for f, err := range d.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		irregular = append(irregular, f.Path+": "+f.Irregular)
	}
	if strings.Join(irregular, ", ") != "dir: symbolic link, file: symbolic link" {
		t.Errorf("listed %q", irregular)
	}
}

func TestDirectoryThatIsAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := sink.Open(t.Context(), sink.Config{URL: file}); err == nil || !strings.Contains(err.Error(), "not a directory") {
		t.Errorf("error is %v", err)
	}
}

func TestDirectoryProbe(t *testing.T) {
	base := t.TempDir()
	d := open(t, sink.Config{URL: base, Root: "org"})
	found, err := d.Probe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		if f.Status == sink.Failed {
			t.Errorf("%+v", f)
		}
	}
	if got := list(t, open(t, sink.Config{URL: base})); len(got) != 0 {
		t.Errorf("the probe left %q", got)
	}
	if err := os.WriteFile(filepath.Join(base, ".exitplan-probe"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if found, _ = d.Probe(t.Context()); found[0].Status != sink.Failed || found[0].Err == nil {
		t.Errorf("writing is impossible, and Probe says %+v", found)
	}
}
