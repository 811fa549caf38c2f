package manifest_test

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"exitplan/manifest"
)

func TestBagAsWritten(t *testing.T) {
	d := newFolder(t)
	var order []string
	opt := d.options()
	opt.Put = func(ctx context.Context, path string, body io.Reader, size int64) error {
		order = append(order, path)
		if _, ok := body.(io.Seeker); !ok {
			t.Errorf("%s: a failed transfer could not be repeated from a %T", path, body)
		}
		return d.put(ctx, path, body, size)
	}
	info := manifest.Info{{Label: "Source-Organization", Value: "Example KK"}, {Label: "Bagging-Date", Value: "2026-11-24"}}
	payload := map[string]string{"data/a/b": "one", "data/a-b": "two two"}
	result, err := manifest.WriteBag(t.Context(), "bags/x", entries(payload), info, nil, opt)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"bags/x/bagit.txt":           "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n",
		"bags/x/bag-info.txt":        "Source-Organization: Example KK\nBagging-Date: 2026-11-24\nPayload-Oxum: 10.2\n",
		"bags/x/manifest-sha256.txt": sha("two two") + "  data/a-b\n" + sha("one") + "  data/a/b\n",
	} {
		if got := d.read(path); got != want {
			t.Errorf("%s:\n%s\nwant:\n%s", path, got, want)
		}
	}
	if result.Files != 2 || result.Bytes != 10 || result.TagManifestSHA256 != sha(d.read("bags/x/tagmanifest-sha256.txt")) {
		t.Errorf("result %+v", result)
	}
	if last := order[len(order)-1]; last != "bags/x/tagmanifest-sha256.txt" {
		t.Errorf("%s is stored last, so a bag could look whole before it is", last)
	}
	again, err := manifest.WriteBag(t.Context(), "bags/x", entries(payload), info, nil, opt)
	if err != nil || again != result {
		t.Errorf("a repeat gave %+v, %v; want %+v", again, err, result)
	}
}

func TestBagIsRefused(t *testing.T) {
	good := manifest.Entry{Path: "data/a", SHA256: sha("a"), Bytes: 1}
	with := func(change func(e *manifest.Entry)) []manifest.Entry {
		e := good
		change(&e)
		return []manifest.Entry{e}
	}
	path := func(p string) []manifest.Entry { return with(func(e *manifest.Entry) { e.Path = p }) }
	for name, list := range map[string][]manifest.Entry{
		"unsorted":   {{Path: "data/b", SHA256: sha("b")}, good},
		"twice":      {good, good},
		"space":      path("data/a b"),
		"umlaut":     path("data/ä"),
		"percent":    path("data/a%b"),
		"outside":    path("a"),
		"up":         path("data/../a"),
		"absolute":   path("/data/a"),
		"folder":     path("data/"),
		"newline":    path("data/a\nb"),
		"nothing":    path(""),
		"upper case": with(func(e *manifest.Entry) { e.SHA256 = strings.ToUpper(e.SHA256) }),
		"short":      with(func(e *manifest.Entry) { e.SHA256 = e.SHA256[:40] }),
		"negative":   with(func(e *manifest.Entry) { e.Bytes = -1 }),
	} {
		d := newFolder(t)
		if _, err := manifest.WriteBag(t.Context(), "bags/x", sequence(list...), nil, nil, d.options()); err == nil {
			t.Errorf("%s: no error", name)
		}
		if _, err := os.Stat(d.name("bags/x/tagmanifest-sha256.txt")); err == nil {
			t.Errorf("%s: a tag manifest was written", name)
		}
	}
	d := newFolder(t)
	for _, bag := range []string{"", "/bags/x", "../x", "bags/x/", "bags/ä"} {
		if _, err := manifest.WriteBag(t.Context(), bag, sequence(good), nil, nil, d.options()); err == nil {
			t.Errorf("bag %q: no error", bag)
		}
	}
	for _, tag := range []string{"bagit.txt", "bag-info.txt", "manifest-md5.txt", "tagmanifest-sha256.txt", "data/x", "../x", ""} {
		if _, err := manifest.WriteBag(t.Context(), "bags/x", sequence(good), nil, []manifest.Tag{{Path: tag}}, d.options()); err == nil {
			t.Errorf("tag file %q: no error", tag)
		}
	}
	if _, err := manifest.WriteBag(t.Context(), "bags/x", sequence(good), manifest.Info{{Label: "payload-oxum", Value: "1.1"}}, nil, d.options()); err == nil {
		t.Error("a Payload-Oxum of the caller's: no error")
	}
}

// Each thing that can fail while a bag is written, fails; the caller learns
// of it, and no tag manifest calls the bag whole.
func TestFailuresWhileWriting(t *testing.T) {
	broken := errors.New("broken")
	puts := func() (names []string) {
		opt := newFolder(t).options()
		opt.Put = func(_ context.Context, path string, _ io.Reader, _ int64) error {
			names = append(names, path)
			return nil
		}
		if _, err := manifest.WriteBag(t.Context(), "bags/x", sequence(), nil, nil, opt); err != nil {
			t.Fatal(err)
		}
		return names
	}()
	for _, at := range puts {
		d := newFolder(t)
		opt := d.options()
		opt.Put = func(ctx context.Context, path string, body io.Reader, size int64) error {
			if path == at {
				return broken
			}
			return d.put(ctx, path, body, size)
		}
		if _, err := manifest.WriteBag(t.Context(), "bags/x", sequence(), nil, nil, opt); !errors.Is(err, broken) {
			t.Errorf("%s fails: %v", at, err)
		}
		if _, err := os.Stat(d.name("bags/x/tagmanifest-sha256.txt")); err == nil {
			t.Errorf("%s fails: a tag manifest was written", at)
		}
	}
	failing := func(yield func(manifest.Entry, error) bool) { yield(manifest.Entry{}, broken) }
	if _, err := manifest.WriteBag(t.Context(), "bags/x", failing, nil, nil, newFolder(t).options()); !errors.Is(err, broken) {
		t.Errorf("the entries fail: %v", err)
	}
	opt := newFolder(t).options()
	opt.Spool = func() (*os.File, error) { return nil, broken }
	if _, err := manifest.WriteBag(t.Context(), "bags/x", sequence(), nil, nil, opt); !errors.Is(err, broken) {
		t.Errorf("no temporary file: %v", err)
	}
	bad := manifest.Tag{Path: "attest.jsonl", Write: func(io.Writer) error { return broken }}
	if _, err := manifest.WriteBag(t.Context(), "bags/x", sequence(), nil, []manifest.Tag{bad}, newFolder(t).options()); !errors.Is(err, broken) {
		t.Errorf("a tag file fails: %v", err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(broken)
	if _, err := manifest.WriteBag(ctx, "bags/x", entries(recordings()), nil, nil, newFolder(t).options()); !errors.Is(err, broken) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestBagList(t *testing.T) {
	var text strings.Builder
	bags := []manifest.BagDigest{{Bag: "bags/a", SHA256: sha("a")}, {Bag: "bags/a-b", SHA256: sha("b")}}
	if err := manifest.WriteBagList(&text, bags); err != nil {
		t.Fatal(err)
	}
	want := sha("b") + "  bags/a-b/tagmanifest-sha256.txt\n" + sha("a") + "  bags/a/tagmanifest-sha256.txt\n"
	if text.String() != want {
		t.Errorf("BAGS.sha256:\n%swant:\n%s", text.String(), want)
	}
	slices.Reverse(bags)
	if got, err := manifest.ReadBagList(strings.NewReader(want)); err != nil || !slices.Equal(got, bags) {
		t.Errorf("read back %v, %v", got, err)
	}
	for name, bad := range map[string][]manifest.BagDigest{
		"twice":     {bags[0], bags[0]},
		"no digest": {{Bag: "bags/a"}},
		"elsewhere": {{Bag: "root", SHA256: sha("")}},
	} {
		if err := manifest.WriteBagList(io.Discard, bad); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := manifest.ReadBagList(strings.NewReader(want + "x\n")); err == nil || !strings.Contains(err.Error(), "line 3") {
		t.Errorf("a broken line: %v", err)
	}
}

// The words that a lawyer gets are typed into a shell as they stand.
func TestVerifyTextAsTyped(t *testing.T) {
	for _, tool := range []string{"sh", "sha256sum", "cmp", "find", "uniq"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("no %s here to type the text's commands into", tool)
		}
	}
	text := manifest.VerifyText("", "")
	steps := strings.Split(text, "\nStep ")
	if len(steps) != 5 {
		t.Fatalf("%d steps", len(steps)-1)
	}
	d := export(t)
	sh := func(d *folder, script string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "sh", "-c", script)
		cmd.Dir = d.root
		out, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		return string(out)
	}
	everyBag, oneBag, _ := strings.Cut(steps[3], "For one bag alone")
	sums, tree, one := commands(steps[2]), commands(steps[4]), commands(oneBag)
	loop := commands(everyBag)
	if got := sh(d, sums); strings.Count(got, ": OK\n") != 3 || strings.Count(got, "\n") != 3 {
		t.Errorf("step 2 on a whole export:\n%s", got)
	}
	if got, want := sh(d, loop), "root: whole\nbags/analytics-2026-03: whole\nbags/recordings: whole\nbags/recordings-2026-03: whole\n"; got != want {
		t.Errorf("step 3 on a whole export:\n%s", got)
	}
	if got := sh(d, tree); got != "" {
		t.Errorf("step 4 on a whole export:\n%s", got)
	}
	if got := sh(&folder{t, d.name(bag)}, one); strings.Count(got, ": OK\n") != 4+5 {
		t.Errorf("step 3 on one bag:\n%s", got)
	}
	if got := sh(d, commands(steps[0])+sums); !strings.Contains(got, ": OK\n") {
		t.Errorf("with the preparation for macOS:\n%s", got)
	}

	d.edit(bag+"/data/recordings/hour=05/conversation_id=a/r.ogg", "one", "six")
	d.write(bag+"/data/extra", "extra")
	d.bag("bags/zzz", map[string]string{"data/a": "a"})
	d.edit("bags/recordings/tagmanifest-sha256.txt", "\n", "\n\n")
	if got := sh(d, sums); !strings.Contains(got, "bags/recordings/tagmanifest-sha256.txt: FAILED\n") {
		t.Errorf("step 2 on a damaged export:\n%s", got)
	}
	got := sh(d, loop)
	if !strings.Contains(got, "conversation_id=a/r.ogg: FAILED\n") || !strings.Contains(got, "\nbags/recordings-2026-03: DAMAGED\n") {
		t.Errorf("step 3 on a damaged export:\n%s", got)
	}
	additions := []string{
		".hidden", "README", "bags/.hidden", "bags/README", "bags/zzz",
		bag + "/data/.hidden", bag + "/data/extra", bag + "/data/tagmanifest-sha256.txt",
		bag + "/manifest-md5.txt", bag + "/note.txt", bag + "/tagmanifest-evil.txt.sig", "root/.hidden",
	}
	for _, path := range additions {
		switch path {
		case "bags/.hidden":
			d.bag(path, map[string]string{"data/a": "a"})
		case "bags/zzz", bag + "/data/extra":
		default:
			d.write(path, "")
		}
	}
	d.write(bag+"/tagmanifest-sha256.txt.sig", "a signature is no addition")
	d.write("state/journal.db.gz", "nor is this")
	lines := strings.Fields(sh(d, tree))
	slices.Sort(lines)
	additions = append(additions, "bags/recordings/") // the empty line from above
	slices.Sort(additions)
	if !slices.Equal(lines, additions) {
		t.Errorf("step 4 on a damaged export:\n%s\nwant:\n%s", strings.Join(lines, "\n"), strings.Join(additions, "\n"))
	}
	d.remove(bag + "/attest.jsonl")
	if got := sh(d, tree); !strings.Contains(got, bag+"/attest.jsonl\n") {
		t.Errorf("step 4 without a tag file that is listed:\n%s", got)
	}
}

// commands returns what a text wants to have typed.
func commands(text string) string {
	var b strings.Builder
	for l := range strings.Lines(text) {
		if command, ok := strings.CutPrefix(l, "    "); ok {
			b.WriteString(command)
		}
	}
	return b.String()
}

func TestVerifyTextCopiesFromABucket(t *testing.T) {
	for location, want := range map[string]string{
		"s3://acme-exit/genesys/org":  "aws s3 sync s3://acme-exit/genesys/org org --exclude 'state/*'\ncd org\n",
		"s3://acme-exit/":             "aws s3 sync s3://acme-exit/ acme-exit --exclude 'state/*'\ncd acme-exit\n",
		"s3://acme-exit/it's/my data": `aws s3 sync 's3://acme-exit/it'\''s/my data' 'my data' --exclude 'state/*'` + "\ncd 'my data'\n",
	} {
		step := strings.Split(manifest.VerifyText(location, ""), "\nStep ")[1]
		if got := commands(step); got != want {
			t.Errorf("%s:\n%swant:\n%s", location, got, want)
		}
	}
	step := strings.Split(manifest.VerifyText("s3://acme-exit/org", "https://s3.example.com/a b"), "\nStep ")[1]
	if got, want := commands(step), "aws s3 sync s3://acme-exit/org org --exclude 'state/*' --endpoint-url 'https://s3.example.com/a b'\ncd org\n"; got != want {
		t.Errorf("from a server of somebody else:\n%swant:\n%s", got, want)
	}
	if got := commands(strings.Split(manifest.VerifyText("file:///data/exit", ""), "\nStep ")[1]); got != "" {
		t.Errorf("a folder is not copied: %s", got)
	}
}
