package manifest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"exitplan/manifest"
)

const bag = "bags/recordings-2026-03"

func TestSealedExportIsWhole(t *testing.T) {
	d := export(t)
	var files, bytes int64
	r := d.verify(manifest.VerifyOptions{Progress: func(f, b int64) {
		if f < files || b < bytes {
			t.Errorf("progress went back from %d, %d to %d, %d", files, bytes, f, b)
		}
		files, bytes = f, b
	}})
	wantFindings(t, r)
	if !r.Export || !r.Sealed || r.Bags != 4 || r.Files != 8 || r.Read != 8 || r.NoteCount != 0 {
		t.Errorf("result: %+v", r)
	}
	// 8 of the payload, and 4 tag files with their lists in three bags, 3 in root.
	if want := int64(8 + 3*4 + 3 + 3); files != want {
		t.Errorf("progress saw %d files, want %d", files, want)
	}
}

// A damage is done to a sealed export; verify must name it, and sha256sum
// must agree wherever its lists cover the damage.
func TestDamageIsNamed(t *testing.T) {
	const ogg = "data/recordings/hour=05/conversation_id=a/r.ogg"
	for name, c := range map[string]struct {
		damage func(d *folder)
		want   []string
		sum    bool // sha256sum -c must fail
	}{
		"flip one bit": {func(d *folder) { d.edit(bag+"/"+ogg, "OggS", "OggR") },
			[]string{bag + "|" + ogg + "|changed"}, true},
		"truncate": {func(d *folder) {
			d.write(bag+"/data/recordings/hour=05/conversation_id=a0/r.ogg", strings.Repeat("x", 300<<10-1))
		},
			[]string{bag + "|data/recordings/hour=05/conversation_id=a0/r.ogg|changed", bag + "|bag-info.txt|size"}, true},
		"delete": {func(d *folder) { d.remove(bag + "/" + ogg) },
			[]string{bag + "|" + ogg + "|missing", bag + "|bag-info.txt|size"}, true},
		"add": {func(d *folder) { d.write(bag+"/data/recordings/hour=05/extra", "") },
			[]string{bag + "|data/recordings/hour=05/extra|added", bag + "|bag-info.txt|size"}, false},
		"add beyond the last": {func(d *folder) { d.write(bag+"/data/z", "z") },
			[]string{bag + "|data/z|added", bag + "|bag-info.txt|size"}, false},
		"rename": {func(d *folder) {
			d.write(bag+"/"+ogg+"2", d.read(bag+"/"+ogg))
			d.remove(bag + "/" + ogg)
		}, []string{bag + "|" + ogg + "|missing", bag + "|" + ogg + "2|added"}, true},
		"swap two files": {func(d *folder) {
			a, b := bag+"/"+ogg, bag+"/data/recordings/hour=05/conversation_id=a-b/r.ogg"
			x, y := d.read(a), d.read(b)
			d.write(a, y)
			d.write(b, x)
		}, []string{bag + "|" + ogg + "|changed", bag + "|data/recordings/hour=05/conversation_id=a-b/r.ogg|changed"}, true},
		"swap two lines": {func(d *folder) {
			lines := strings.SplitAfter(d.read(bag+"/manifest-sha256.txt"), "\n")
			lines[0], lines[1] = lines[1], lines[0]
			d.write(bag+"/manifest-sha256.txt", strings.Join(lines, ""))
		}, []string{bag + "|manifest-sha256.txt|changed"}, true},
		"edit file and manifest": {func(d *folder) {
			d.edit(bag+"/manifest-sha256.txt", sha("OggS one"), sha("OggS six"))
			d.write(bag+"/"+ogg, "OggS six")
		}, []string{bag + "|manifest-sha256.txt|changed"}, true},
		"edit tag manifest too": {func(d *folder) {
			before := sha(d.read(bag + "/manifest-sha256.txt"))
			d.edit(bag+"/manifest-sha256.txt", sha("OggS one"), sha("OggS six"))
			d.write(bag+"/"+ogg, "OggS six")
			d.edit(bag+"/tagmanifest-sha256.txt", before, sha(d.read(bag+"/manifest-sha256.txt")))
		}, []string{bag + "|tagmanifest-sha256.txt|changed"}, true},
		"edit the list of bags too": {func(d *folder) {
			before := sha(d.read(bag + "/tagmanifest-sha256.txt"))
			d.edit(bag+"/tagmanifest-sha256.txt", "\n", "\n\n")
			d.edit("BAGS.sha256", before, sha(d.read(bag+"/tagmanifest-sha256.txt")))
		}, []string{"|BAGS.sha256|changed"}, false},
		"drop a line of the manifest": {func(d *folder) {
			_, rest, _ := strings.Cut(d.read(bag+"/manifest-sha256.txt"), "\n")
			d.write(bag+"/manifest-sha256.txt", rest)
		}, []string{bag + "|manifest-sha256.txt|changed", bag + "|data/recordings/hour=05/conversation_id=a-b/r.ogg|added"}, true},
		"delete the manifest": {func(d *folder) { d.remove(bag + "/manifest-sha256.txt") },
			append(added(recordings()), bag+"|manifest-sha256.txt|missing"), true},
		"delete the tag manifest": {func(d *folder) { d.remove(bag + "/tagmanifest-sha256.txt") },
			[]string{bag + "|tagmanifest-sha256.txt|missing", bag + "|attest.jsonl|added", bag + "|bag-info.txt|added", bag + "|bagit.txt|added", bag + "|manifest-sha256.txt|added"}, true},
		"delete bagit.txt": {func(d *folder) { d.remove(bag + "/bagit.txt") },
			[]string{bag + "|bagit.txt|missing"}, true},
		"add a tag file":      {func(d *folder) { d.write(bag+"/note.txt", "hi") }, []string{bag + "|note.txt|added"}, false},
		"add to the root":     {func(d *folder) { d.write("README", "hi") }, []string{"|README|stray"}, false},
		"add to bags":         {func(d *folder) { d.write("bags/README", "hi") }, []string{"|bags/README|stray"}, false},
		"delete a bag":        {func(d *folder) { d.remove("bags/recordings") }, []string{"bags/recordings||missing-bag"}, true},
		"add a bag":           {func(d *folder) { d.bag("bags/zzz", map[string]string{"data/a": "a"}) }, []string{"bags/zzz||unlisted-bag"}, false},
		"delete BAGS.sha256":  {func(d *folder) { d.remove("BAGS.sha256") }, []string{"|BAGS.sha256|missing", "bags/recordings||unlisted-bag", bag + "||unlisted-bag", "bags/analytics-2026-03||unlisted-bag"}, true},
		"list a bag twice":    {func(d *folder) { d.write("BAGS.sha256", strings.Repeat(d.read("BAGS.sha256"), 2)) }, []string{"|BAGS.sha256|changed", "bags/recordings||duplicate", bag + "||duplicate", "bags/analytics-2026-03||duplicate"}, false},
		"garbage BAGS.sha256": {func(d *folder) { d.edit("BAGS.sha256", "bags/recordings/", "bags/../") }, []string{"|BAGS.sha256|changed", "|BAGS.sha256|malformed", "bags/recordings||unlisted-bag"}, true},
		"damage the root bag": {func(d *folder) { d.edit("root/data/VERIFY.txt", "export", "import") }, []string{"root|data/VERIFY.txt|changed"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := export(t)
			c.damage(d)
			wantFindings(t, d.verify(manifest.VerifyOptions{}), c.want...)
			if whole := d.sha256sum(); whole == c.sum {
				t.Errorf("sha256sum says whole = %v", whole)
			}
		})
	}
}

func added(payload map[string]string) []string {
	var want []string
	for path := range payload {
		want = append(want, bag+"|"+path+"|added")
	}
	return want
}

func (d *folder) edit(path, old, new string) {
	d.t.Helper()
	text := d.read(path)
	if !strings.Contains(text, old) {
		d.t.Fatalf("%s has no %q", path, old)
	}
	d.write(path, strings.Replace(text, old, new, 1))
}

// sha256sum says whether the system's own tool finds the export unchanged.
func (d *folder) sha256sum() bool {
	d.t.Helper()
	if _, err := exec.LookPath("sha256sum"); err != nil {
		d.t.Skip("no sha256sum here to agree with")
	}
	cmd := exec.CommandContext(d.t.Context(), "sh", "-c", `
		sha256sum --quiet -c BAGS.sha256 || exit 1
		for bag in root bags/*/; do (
			cd "$bag" && sha256sum --quiet -c tagmanifest-sha256.txt &&
			{ [ "$bag" = bags/analytics-2026-03/ ] || sha256sum --quiet -c manifest-sha256.txt; }
		) || exit 1; done`)
	cmd.Dir = d.root
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		d.t.Fatalf("%v: %s", err, out)
	}
	return err == nil
}

func TestUnsealedExport(t *testing.T) {
	d := unsealed(t)
	d.write("bags/recordings-2026-04/data/a.ogg", "still coming")
	d.bag("bags/users", map[string]string{"data/u": "u"})
	d.write("root/data/report.html", "interrupted while it was sealed")
	r := d.verify(manifest.VerifyOptions{})
	wantFindings(t, r)
	if r.Sealed || !r.Export || r.Bags != 4 || r.Unverified != 2 {
		t.Errorf("result: %+v", r)
	}
	wantNote(t, r, "not sealed")
	wantNote(t, r, "still being filled: 1 files")
	wantNote(t, r, "not listed in BAGS.sha256 yet")

	d.edit(bag+"/data/recordings/hour=05/conversation_id=a/r.ogg", "OggS", "OggX")
	wantFindings(t, d.verify(manifest.VerifyOptions{}), bag+"|data/recordings/hour=05/conversation_id=a/r.ogg|changed")
}

func TestFirstFilesOfAnExport(t *testing.T) {
	d := newFolder(t)
	if _, err := manifest.Verify(t.Context(), manifest.Dir(d.root), manifest.VerifyOptions{}); !errors.Is(err, manifest.ErrNoBag) {
		t.Errorf("an empty folder: %v, want ErrNoBag", err)
	}
	d.write("bags/users/data/u", "u")
	wantNote(t, d.verify(manifest.VerifyOptions{}), "still being filled")
}

// What a bag's folder alone says.
func TestSingleBag(t *testing.T) {
	d := export(t)
	one := &folder{t, d.name(bag)}
	r := one.verify(manifest.VerifyOptions{})
	wantFindings(t, r)
	if r.Export || r.Bags != 1 || r.Files != 5 || r.NoteCount != 0 {
		t.Errorf("result: %+v", r)
	}
	one.write("tagmanifest-sha256.txt.sig", "signature")
	one.write("added.txt", "RFC 8493 allows it")
	r = one.verify(manifest.VerifyOptions{})
	wantFindings(t, r)
	wantNote(t, r, "no tag manifest lists it")
	one.remove("bagit.txt")
	wantFindings(t, one.verify(manifest.VerifyOptions{}), "|bagit.txt|missing")
}

func TestSealsAreNotStrays(t *testing.T) {
	d := export(t)
	d.write("root/tagmanifest-sha256.txt.sig", "signature")
	d.write("root/tagmanifest-sha256.txt.tsr", "time stamp")
	wantFindings(t, d.verify(manifest.VerifyOptions{}))
}

func TestLinksAreReportedAndNotFollowed(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need a privilege on Windows")
	}
	d := export(t)
	outside := newFolder(t)
	outside.write("r.ogg", "OggS one")
	const ogg = "data/recordings/hour=05/conversation_id=a/r.ogg"
	d.remove(bag + "/" + ogg)
	for link, to := range map[string]string{bag + "/" + ogg: outside.name("r.ogg"), "bags/linked": d.name(bag), "there": outside.root} {
		if err := os.Symlink(to, d.name(link)); err != nil {
			t.Fatal(err)
		}
	}
	wantFindings(t, d.verify(manifest.VerifyOptions{}),
		bag+"|"+ogg+"|irregular", bag+"|bag-info.txt|size", "|bags/linked|irregular", "|there|irregular")
}

func TestFindingsAreCappedAndCounted(t *testing.T) {
	d := export(t)
	for path := range recordings() {
		d.write(bag+"/"+path+".copy", "")
	}
	r := d.verify(manifest.VerifyOptions{MaxFindings: 2})
	if len(r.Findings) != 2 || r.FindingCount != 6 || r.OK() {
		t.Errorf("%d of %d findings kept: %+v", len(r.Findings), r.FindingCount, r.Findings)
	}
}

// A store that answers slowly is asked for many files at once; a folder on a
// disk is Local, and is not.
func TestASlowStoreIsReadByMany(t *testing.T) {
	if _, local := manifest.Store(manifest.Dir("")).(manifest.Local); !local {
		t.Error("a folder is not local")
	}
	d := newFolder(t)
	payload := map[string]string{}
	for i := range 100 {
		payload[fmt.Sprintf("data/%d", i)] = "x"
	}
	d.bag("bag", payload)
	one := &folder{t, d.name("bag")}
	const together = 32
	waiting, all := atomic.Int64{}, make(chan struct{})
	store := hooked{Store: manifest.Dir(one.root), open: func(path string) error {
		if !strings.HasPrefix(path, "data/") {
			return nil
		}
		if waiting.Add(1) == together {
			close(all)
		}
		select {
		case <-all:
			return nil
		case <-time.After(10 * time.Second):
			return fmt.Errorf("only %d files are read at once", waiting.Load())
		}
	}}
	r, err := manifest.Verify(t.Context(), store, manifest.VerifyOptions{})
	if err != nil || !r.OK() {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestVerifyEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("had enough")
	store := hooked{Store: manifest.Dir(export(t).root), open: func(path string) error {
		if strings.HasSuffix(path, ".ogg") {
			cancel(cause)
		}
		return nil
	}}
	if _, err := manifest.Verify(ctx, store, manifest.VerifyOptions{}); !errors.Is(err, context.Canceled) && !errors.Is(err, cause) {
		t.Errorf("error %v", err)
	}
}

func TestUnreadableIsAnErrorNotAFinding(t *testing.T) {
	broken := errors.New("the disk is on fire")
	for _, path := range []string{bag + "/data/recordings/hour=06/empty.ogg", bag + "/manifest-sha256.txt", bag + "/bag-info.txt", "BAGS.sha256"} {
		store := hooked{Store: manifest.Dir(export(t).root), open: func(p string) error {
			if p == path {
				return broken
			}
			return nil
		}}
		r, err := manifest.Verify(t.Context(), store, manifest.VerifyOptions{})
		if !errors.Is(err, broken) || !r.OK() {
			t.Errorf("%s: error %v, findings %+v", path, err, r.Findings)
		}
	}
}

// hooked is a store that may fail, and may know checksums.
type hooked struct {
	manifest.Store
	open     func(path string) error
	checksum func(path string) (algorithm, digest string, ok bool)
}

func (h hooked) Open(ctx context.Context, path string) (io.ReadCloser, error) {
	if h.open != nil {
		if err := h.open(path); err != nil {
			return nil, err
		}
	}
	return h.Store.Open(ctx, path)
}

func (h hooked) Checksum(_ context.Context, path string) (algorithm, digest string, ok bool, err error) {
	algorithm, digest, ok = h.checksum(path)
	return algorithm, digest, ok, nil
}
