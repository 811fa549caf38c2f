package manifest_test

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"exitplan/manifest"
)

func list(t *testing.T, store manifest.Lister, prefix string) (paths []string) {
	t.Helper()
	for f, err := range store.List(t.Context(), prefix) {
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, f.Path)
	}
	return paths
}

func TestDirListsBytewise(t *testing.T) {
	d := newFolder(t)
	paths := []string{"a", "b-c/x", "b.d", "b/x", "b/y/z", "b0", "Z", "ä/x", "b/y-", "b/y0"}
	for _, path := range paths {
		d.write(path, path)
	}
	if err := os.Mkdir(d.name("empty"), 0o755); err != nil {
		t.Fatal(err)
	}
	slices.Sort(paths)
	store := manifest.Dir(d.root)
	if got := list(t, store, ""); !slices.Equal(got, paths) {
		t.Errorf("listed %q, want %q", got, paths)
	}
	if got, want := list(t, store, "b/"), []string{"b/x", "b/y-", "b/y/z", "b/y0"}; !slices.Equal(got, want) {
		t.Errorf("below b/: %q, want %q", got, want)
	}
	for _, prefix := range []string{"nothing/", "a/", "b/x/"} {
		if got := list(t, store, prefix); got != nil {
			t.Errorf("below %s: %q", prefix, got)
		}
	}
	for f, err := range store.List(t.Context(), "") {
		if err != nil || f.Bytes != int64(len(f.Path)) {
			t.Errorf("%+v, %v", f, err)
		}
		break // and the walk ends
	}
}

func TestDirOpensFilesOnly(t *testing.T) {
	d := newFolder(t)
	d.write("in/a", "text")
	outside := newFolder(t)
	outside.write("secret", "secret")
	store := manifest.Dir(d.root)
	if runtime.GOOS != "windows" {
		for link, to := range map[string]string{"out": outside.root, "file": outside.name("secret"), "in/b": "a"} {
			if err := os.Symlink(to, d.name(link)); err != nil {
				t.Fatal(err)
			}
		}
	}
	f, err := store.Open(t.Context(), "in/a")
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	for _, path := range []string{"in", "in/a/b", "nothing", "in/nothing", "in/b", "file"} {
		if f, err := store.Open(t.Context(), path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v, %v", path, f, err)
		}
	}
	outsideName, err := filepath.Rel(d.root, outside.name("secret"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"out/secret", filepath.ToSlash(outsideName), outside.name("secret")} {
		if f, err := store.Open(t.Context(), path); err == nil {
			t.Errorf("%s: opened %v outside the folder", path, f)
		}
	}
	for _, err := range manifest.Dir(d.name("nothing")).List(t.Context(), "") {
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("a store that is not there: %v", err)
		}
	}
	if _, err := manifest.Verify(t.Context(), manifest.Dir(d.name("nothing")), manifest.VerifyOptions{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a store that is not there: %v", err)
	}
}

// A store that lists in another order would make the join see files missing.
func TestDisorderedListingIsAnError(t *testing.T) {
	d := export(t)
	store := disordered{manifest.Dir(d.root)}
	if _, err := manifest.Verify(t.Context(), store, manifest.VerifyOptions{}); err == nil {
		t.Error("no error")
	}
}

type disordered struct{ manifest.Opener }

func (disordered) List(context.Context, string) iter.Seq2[manifest.File, error] {
	return func(yield func(manifest.File, error) bool) {
		_ = yield(manifest.File{Path: "bags/b/x"}, nil) && yield(manifest.File{Path: "bags/a/x"}, nil)
	}
}
