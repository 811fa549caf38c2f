package manifest_test

import (
	"context"
	"fmt"
	"io"
	"iter"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"exitplan/internal/sink"
	"exitplan/manifest"
)

// Tag files that nothing lists are additions, whatever their names promise.
func TestExtraTagFilesOfAnExportAreAdditions(t *testing.T) {
	d := export(t)
	var want []string
	for _, name := range []string{
		"manifest-sha3.txt", "tagmanifest-md5.txt", "tagmanifest-sha3.txt", "tagmanifest-evil.txt.sig", "tagmanifest-sha512.txt.tsr",
	} {
		for _, in := range []string{bag, "root"} {
			d.write(in+"/"+name, "")
			want = append(want, in+"|"+name+"|added")
		}
	}
	wantFindings(t, d.verify(manifest.VerifyOptions{}), want...)
}

// Things that cannot be read as what their names say hide nothing beside them.
func TestHostileThingsAreFindings(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such names")
	}
	d := export(t)
	const ogg = "data/recordings/hour=05/conversation_id=a/r.ogg"
	d.edit(bag+"/"+ogg, "OggS", "OggX")
	if err := os.Symlink("/etc/passwd", d.name(bag+"/fetch.txt")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(d.name(bag+"/manifest-md5.txt"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{`bags/a\b/x`, `bags/a\b/manifest-sha256.txt`, "bags/~root/x", "bags/\x1b[2J/x", bag + "/data/\x1b[2J", bag + "/\x1b", "root/\x1b", "\x1b"} {
		d.write(path, "x")
	}
	sinks := map[string]manifest.Store{"manifest.Dir": manifest.Dir(d.root)}
	dest, err := sink.Open(t.Context(), sink.Config{URL: d.root})
	if err != nil {
		t.Fatal(err)
	}
	sinks["sink.Dir"] = dest
	for name, store := range sinks {
		r, err := manifest.Verify(t.Context(), store, manifest.VerifyOptions{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		wantFindings(t, r, bag+"|"+ogg+"|changed", bag+"|fetch.txt|irregular", bag+"|bag-info.txt|size",
			`"bags/a\\b"||hostile`, `"bags/~root"||hostile`, `"bags/\x1b[2J"||hostile`,
			bag+`|"data/\x1b[2J"|hostile`, bag+`|"\x1b"|hostile`, `root|"\x1b"|hostile`, `|"\x1b"|hostile`)
	}
}

// A bucket can hold keys that no folder can.
func TestHostileKeysAreFindings(t *testing.T) {
	d := export(t)
	const ogg = "data/recordings/hour=05/conversation_id=a/r.ogg"
	d.edit(bag+"/"+ogg, "OggS", "OggX")
	store := withKeys{manifest.Dir(d.root), []string{"/x", "bags/../x", "bags/./bagit.txt", "bags//x", "root//x", "state/../x"}}
	r, err := manifest.Verify(t.Context(), store, manifest.VerifyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	wantFindings(t, r, bag+"|"+ogg+"|changed", `|"/x"|hostile`, `"bags/.."||hostile`, `"bags/."||hostile`, `"bags/"||hostile`, `root|"/x"|hostile`)
}

// withKeys lists further files, and refuses to open them.
type withKeys struct {
	manifest.Store
	keys []string
}

func (s withKeys) List(ctx context.Context, prefix string) iter.Seq2[manifest.File, error] {
	var files []manifest.File
	for f := range s.Store.List(ctx, prefix) {
		files = append(files, f)
	}
	for _, key := range s.keys {
		if strings.HasPrefix(key, prefix) {
			files = append(files, manifest.File{Path: key, Bytes: 1})
		}
	}
	slices.SortFunc(files, func(a, b manifest.File) int { return strings.Compare(a.Path, b.Path) })
	return func(yield func(manifest.File, error) bool) {
		for _, f := range files {
			if !yield(f, nil) {
				return
			}
		}
	}
}

func (s withKeys) Open(ctx context.Context, path string) (io.ReadCloser, error) {
	if strings.Contains(path, "//") || strings.Contains(path, "./") {
		return nil, fmt.Errorf("open %q: not a path", path)
	}
	return s.Store.Open(ctx, path)
}

// An export that was finished and goes on is held to its root bag as before,
// but does not count as finished.
func TestOpenRoot(t *testing.T) {
	for status, sealed := range map[string]bool{"": true, manifest.ExportFinished: true, manifest.ExportOpen: false} {
		d := unsealed(t)
		payload := map[string]string{"data/BAGS.sha256": d.read("BAGS.sha256")}
		d.write("root/data/BAGS.sha256", payload["data/BAGS.sha256"])
		var info manifest.Info
		if status != "" {
			info = manifest.Info{{Label: manifest.ExportStatus, Value: status}}
		}
		if _, err := manifest.WriteBag(t.Context(), "root", entries(payload), info, nil, d.options()); err != nil {
			t.Fatal(err)
		}
		r := d.verify(manifest.VerifyOptions{})
		wantFindings(t, r)
		if r.Sealed != sealed {
			t.Errorf("status %q: sealed = %v", status, r.Sealed)
		}
		if !sealed {
			wantNote(t, r, "the root bag says that the export goes on")
		} else if r.NoteCount != 0 {
			t.Errorf("status %q: notes %+v", status, r.Notes)
		}
		lines := strings.SplitAfter(d.read("BAGS.sha256"), "\n")
		slices.Reverse(lines)
		d.write("BAGS.sha256", strings.Join(lines, ""))
		d.bag("bags/zzz", map[string]string{"data/a": "a"})
		wantFindings(t, d.verify(manifest.VerifyOptions{}), "|BAGS.sha256|changed", "bags/zzz||unlisted-bag")
	}
}
