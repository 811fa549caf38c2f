package manifest

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"
)

// Every way to open what lies below a folder behaves the same.
func TestTreesAgree(t *testing.T) {
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "a", "b"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "a", "b", "file"), []byte("text"), 0o644); err != nil {
		t.Fatal(err)
	}
	absent := []string{"a/b", "nothing", "a/b/file/x", "a/b/nothing"}
	if runtime.GOOS != "windows" {
		for link, to := range map[string]string{"a/link": "b/file", "a/out": "/etc/passwd"} {
			if err := os.Symlink(to, filepath.Join(root, link)); err != nil {
				t.Fatal(err)
			}
			absent = append(absent, link)
		}
		if err := mkfifo(filepath.Join(root, "pipe")); err != nil {
			t.Fatal(err)
		}
		absent = append(absent, "pipe")
	}
	for name, open := range map[string]func(string) (tree, error){"this system's": openTree, "any system's": openRootTree} {
		t.Run(name, func(t *testing.T) {
			opened, err := open(root)
			if err != nil {
				t.Fatal(err)
			}
			f, err := opened.file("a/b/file")
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(f)
			if err != nil || string(text) != "text" {
				t.Errorf("read %q, %v", text, err)
			}
			if err := f.Close(); err != nil {
				t.Error(err)
			}
			if err := f.Close(); !errors.Is(err, fs.ErrClosed) {
				t.Errorf("closed twice: %v", err)
			}
			for _, path := range absent {
				done := make(chan error, 1)
				go func() {
					_, err := opened.file(path)
					done <- err
				}()
				select {
				case err := <-done:
					if !errors.Is(err, fs.ErrNotExist) {
						t.Errorf("file %s: %v", path, err)
					}
				case <-time.After(10 * time.Second):
					t.Fatalf("file %s: waits", path)
				}
			}
			for _, path := range []string{"../x", "a/../../x", "/etc/passwd"} {
				if f, err := opened.file(path); err == nil {
					t.Errorf("file %s: %v", path, f)
				}
			}
			for _, path := range []string{"nothing", "a/b/file"} {
				if _, err := opened.folder(path); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("folder %s: %v", path, err)
				}
			}
			d := &DirStore{opened: opened}
			var paths []string
			for f, err := range d.List(t.Context(), "a/") {
				if err != nil {
					t.Fatal(err)
				}
				paths = append(paths, f.Path+" "+f.Irregular)
			}
			want := []string{"a/b/file "}
			if runtime.GOOS != "windows" {
				want = append(want, "a/link symbolic link", "a/out symbolic link")
			}
			if !slices.Equal(paths, want) {
				t.Errorf("listed %q", paths)
			}
		})
	}
}
