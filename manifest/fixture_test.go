package manifest_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"exitplan/manifest"
)

// folder is a store in a temporary folder that bags are written into.
type folder struct {
	t    testing.TB
	root string
}

func newFolder(t testing.TB) *folder { return &folder{t, t.TempDir()} }

func (d *folder) name(path string) string { return filepath.Join(d.root, filepath.FromSlash(path)) }

func (d *folder) write(path, text string) {
	d.t.Helper()
	if err := d.put(d.t.Context(), path, strings.NewReader(text), int64(len(text))); err != nil {
		d.t.Fatal(err)
	}
}

func (d *folder) read(path string) string {
	d.t.Helper()
	text, err := os.ReadFile(d.name(path))
	if err != nil {
		d.t.Fatal(err)
	}
	return string(text)
}

func (d *folder) remove(path string) {
	d.t.Helper()
	if err := os.RemoveAll(d.name(path)); err != nil {
		d.t.Fatal(err)
	}
}

// put is the manifest.Putter of the folder.
func (d *folder) put(_ context.Context, path string, body io.Reader, size int64) error {
	if err := os.MkdirAll(filepath.Dir(d.name(path)), 0o755); err != nil {
		return err
	}
	f, err := os.Create(d.name(path))
	if err != nil {
		return err
	}
	defer f.Close()
	n, err := io.Copy(f, body)
	if err == nil && n != size {
		err = fmt.Errorf("%s: announced %d bytes, sent %d", path, size, n)
	}
	return err
}

func (d *folder) options() manifest.WriteOptions {
	return manifest.WriteOptions{Put: d.put, Spool: func() (*os.File, error) {
		f, err := os.CreateTemp(d.t.TempDir(), "spool-")
		if err != nil {
			return nil, err
		}
		return f, nil
	}}
}

// bag stores a payload and writes its bag.
func (d *folder) bag(bag string, payload map[string]string, tags ...manifest.Tag) manifest.BagResult {
	d.t.Helper()
	for path, text := range payload {
		d.write(bag+"/"+path, text)
	}
	info := manifest.Info{{Label: "Source-Organization", Value: "Example KK"}}
	result, err := manifest.WriteBag(d.t.Context(), bag, entries(payload), info, tags, d.options())
	if err != nil {
		d.t.Fatal(err)
	}
	return result
}

// entries describes a payload, in order.
func entries(payload map[string]string) iter.Seq2[manifest.Entry, error] {
	var list []manifest.Entry
	for path, text := range payload {
		list = append(list, manifest.Entry{Path: path, SHA256: sha(text), Bytes: int64(len(text))})
	}
	slices.SortFunc(list, func(a, b manifest.Entry) int { return strings.Compare(a.Path, b.Path) })
	return sequence(list...)
}

func sequence(list ...manifest.Entry) iter.Seq2[manifest.Entry, error] {
	return func(yield func(manifest.Entry, error) bool) {
		for _, e := range list {
			if !yield(e, nil) {
				return
			}
		}
	}
}

func sha(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// recordings and analytics are payloads with names whose order differs by
// whether one thinks of folders or of bytes.
func recordings() map[string]string {
	return map[string]string{
		"data/recordings/hour=05/conversation_id=a/r.ogg":           "OggS one",
		"data/recordings/hour=05/conversation_id=a/r_metadata.json": `{"id":"r"}`,
		"data/recordings/hour=05/conversation_id=a-b/r.ogg":         "OggS two",
		"data/recordings/hour=05/conversation_id=a0/r.ogg":          strings.Repeat("x", 300<<10),
		"data/recordings/hour=06/empty.ogg":                         "",
	}
}

// export writes a sealed export with three bags, one of them empty.
func export(t testing.TB) *folder {
	d := unsealed(t)
	d.bag("root", map[string]string{
		"data/BAGS.sha256": d.read("BAGS.sha256"),
		"data/VERIFY.txt":  manifest.VerifyText("", ""),
	})
	d.write("state/journal.db", "SQLite format 3")
	return d
}

func unsealed(t testing.TB) *folder {
	d := newFolder(t)
	var bags []manifest.BagDigest
	for name, payload := range map[string]map[string]string{
		"bags/recordings-2026-03": recordings(),
		"bags/recordings":         {"data/recordings/x.ogg": "x"},
		"bags/analytics-2026-03":  {},
	} {
		result := d.bag(name, payload, manifest.Tag{Path: "attest.jsonl", Write: func(w io.Writer) error {
			_, err := io.WriteString(w, "{}\n")
			return err
		}})
		bags = append(bags, manifest.BagDigest{Bag: name, SHA256: result.TagManifestSHA256})
	}
	var text strings.Builder
	if err := manifest.WriteBagList(&text, bags); err != nil {
		t.Fatal(err)
	}
	d.write("BAGS.sha256", text.String())
	return d
}

func (d *folder) verify(opt manifest.VerifyOptions) manifest.Result {
	d.t.Helper()
	result, err := manifest.Verify(d.t.Context(), manifest.Dir(d.root), opt)
	if err != nil {
		d.t.Fatal(err)
	}
	return result
}

// wantFindings compares the findings with "<bag>|<path>|<kind>" each.
func wantFindings(t *testing.T, r manifest.Result, want ...string) {
	t.Helper()
	var got []string
	for _, f := range r.Findings {
		got = append(got, fmt.Sprintf("%s|%s|%s", f.Bag, f.Path, f.Kind))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("findings:\n%s\nwant:\n%s\ndetails: %+v", strings.Join(got, "\n"), strings.Join(want, "\n"), r.Findings)
	}
	if r.OK() != (len(want) == 0) {
		t.Errorf("OK() = %v with %d findings", r.OK(), len(want))
	}
}

func wantNote(t *testing.T, r manifest.Result, part string) {
	t.Helper()
	for _, n := range r.Notes {
		if strings.Contains(n.Detail, part) {
			return
		}
	}
	t.Errorf("no note has %q: %+v", part, r.Notes)
}
