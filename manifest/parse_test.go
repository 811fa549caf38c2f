package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// Whatever a line says, its path cannot leave the bag, and a line that was
// read can be written and read again.
func FuzzManifestLine(f *testing.F) {
	sum := strings.Repeat("0f", 32)
	for _, path := range []string{"data/a", "data/two%0Alines", "data/100%25", "../x", "/x", `C:\x`, "~x", "data/\xff", " x", "*data/b", "./data/c", ""} {
		f.Add([]byte(sum+"  "+path), true, false)
		f.Add([]byte(sum+"\t"+path), false, true)
	}
	f.Add([]byte(`\`+sum+`  data/a\nb`), true, false)
	f.Fuzz(func(t *testing.T, text []byte, percent, latin1 bool) {
		form := format{percent: percent, latin1: latin1}
		l, err := form.parseLine(text, 32)
		if err != nil {
			return
		}
		if len(l.digest) != 32 {
			t.Errorf("digest of %d bytes", len(l.digest))
		}
		if !filepath.IsLocal(filepath.FromSlash(l.path)) || strings.Contains(l.path, "\x00") || l.path != strings.Join(strings.Split(filepath.ToSlash(filepath.Clean(l.path)), "/"), "/") {
			t.Errorf("path %q is not safe", l.path)
		}
		if !percent || latin1 || strings.HasPrefix(l.path, "*") || strings.HasPrefix(l.path, " ") || strings.HasPrefix(l.path, "\t") {
			return
		}
		written := appendLine(nil, fmt.Sprintf("%x", l.digest), l.path)
		again, err := form.parseLine(bytes.TrimSuffix(written, []byte("\n")), 32)
		if err != nil || again != l {
			t.Errorf("%q became %q, %v", l.path, again.path, err)
		}
	})
}

// Reading what was read and written again changes nothing.
func FuzzInfo(f *testing.F) {
	f.Add("Source-Organization: Example\nPayload-Oxum: 1.2\n")
	f.Add("A: long\n\tand longer\r\n  still\rB:x\n\n:no label\n rest")
	f.Add(" starts with a continuation")
	f.Add("Ä: \u00a0ö\u2003" + strings.Repeat("x y ", 60))
	f.Fuzz(func(t *testing.T, text string) {
		info, _ := ParseInfo(strings.NewReader(text))
		written, err := info.text()
		if err != nil {
			return // a label that is never written
		}
		again, err := ParseInfo(bytes.NewReader(written))
		if err != nil {
			t.Fatalf("own text is refused: %v\n%s", err, written)
		}
		if len(again) != len(info) {
			t.Fatalf("%d fields became %d:\n%s", len(info), len(again), written)
		}
		for i := range info {
			if again[i].Label != info[i].Label || again[i].Value != strings.Join(strings.Fields(info[i].Value), " ") {
				t.Errorf("%q became %q", info[i], again[i])
			}
		}
	})
}

func FuzzBagit(f *testing.F) {
	f.Add([]byte(bagitText))
	f.Add([]byte("BagIt-Version: 0.97\r\nTag-File-Character-Encoding: UTF-16\r\n"))
	f.Add([]byte("\xef\xbb\xbf" + bagitText))
	f.Add([]byte(bagitText + "More: text\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := parseBagit(text)
		if err != nil {
			return
		}
		if !bytes.Contains(text, []byte(d.version)) || !bytes.Contains(text, []byte(d.encoding)) {
			t.Errorf("%+v is not in %q", d, text)
		}
		if form, err := d.format(); err == nil && form.percent != (d.version == "1.0") {
			t.Errorf("version %q gives %+v", d.version, form)
		}
	})
}

func FuzzBagList(f *testing.F) {
	f.Add(strings.Repeat("ab", 32) + "  bags/a/tagmanifest-sha256.txt\n")
	f.Add("x\r\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		bags, err := ReadBagList(strings.NewReader(text))
		for _, b := range bags {
			if name, ok := strings.CutPrefix(b.Bag, "bags/"); !ok || name == "" || strings.ContainsAny(name, "/\\") || name == ".." {
				t.Errorf("bag %q", b.Bag)
			}
		}
		var out strings.Builder
		if err != nil || WriteBagList(&out, bags) != nil {
			return
		}
		again, err := ReadBagList(strings.NewReader(out.String()))
		slices.SortFunc(bags, func(a, b BagDigest) int { return strings.Compare(a.Bag+"/", b.Bag+"/") })
		if err != nil || !slices.Equal(again, bags) {
			t.Errorf("%q became %q, %v", bags, again, err)
		}
	})
}

// Lines are the same however the reader cuts the text.
func TestLinesEndInAnyOfThree(t *testing.T) {
	const text = "a\nb\r\nc\rd\n\ne\r\r\nf"
	want := []string{"a", "b", "c", "d", "", "e", "", "f"}
	for _, r := range []io.Reader{strings.NewReader(text), iotest.OneByteReader(strings.NewReader(text)), iotest.DataErrReader(strings.NewReader(text))} {
		var got []string
		lines := newLines(r)
		for lines.Scan() {
			got = append(got, lines.Text())
		}
		if lines.Err() != nil || !slices.Equal(got, want) {
			t.Errorf("lines %q, %v", got, lines.Err())
		}
	}
}

func TestInfoIsFoldedAndReadBack(t *testing.T) {
	info := Info{
		{"External-Description", strings.TrimSpace(strings.Repeat("word ", 60))},
		{"Contact-Name", "エグジット 担当"},
		{"Empty", ""},
		{"One-Word", strings.Repeat("x", 200)},
		{"Lines", "one\ntwo\r\nthree"},
	}
	text, err := info.text()
	if err != nil {
		t.Fatal(err)
	}
	for l := range strings.Lines(string(text)) {
		if len([]rune(l)) > infoWidth+1 && strings.Contains(strings.TrimSpace(strings.TrimPrefix(l, "One-Word:")), " ") {
			t.Errorf("not folded: %q", l)
		}
	}
	got, err := ParseInfo(bytes.NewReader(text))
	info[4].Value = "one two three"
	if err != nil || !slices.Equal(got, info) {
		t.Errorf("read back %q, %v", got, err)
	}
	for _, label := range []string{"", "a:b", " a", "a\n"} {
		if text, err := (Info{{label, "x"}}).text(); err == nil {
			t.Errorf("label %q was written: %q", label, text)
		}
	}
}

func TestOxum(t *testing.T) {
	for text, want := range map[string]Oxum{"0.0": {}, " 279164409832.1198 ": {279164409832, 1198}} {
		if got, err := ParseOxum(text); err != nil || got != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "1", ".", "1.", ".1", "-1.2", "1.-2", "1.2.3", "1,2", "9223372036854775808.1"} {
		if got, err := ParseOxum(text); err == nil {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// With little memory lines are sorted in many runs on disk, with the same
// result, and nothing is left on disk.
func TestSortLinesOnDisk(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var lines, want []line
	for i := range 5000 {
		lines = append(lines, line{fmt.Sprintf("data/%d/%s", random.IntN(1000), strings.Repeat("n", random.IntN(300))), fmt.Sprint(i)})
	}
	want = slices.Clone(lines)
	slices.SortStableFunc(want, func(a, b line) int { return strings.Compare(a.path, b.path) })
	for _, memory := range []int{1, 64 << 10, 64 << 20} {
		dir := t.TempDir()
		sorted, release, err := sortLines(dir, memory, values(lines, nil))
		if err != nil {
			t.Fatal(err)
		}
		var got []line
		for l, err := range sorted {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, l)
		}
		if !slices.Equal(got, want) {
			t.Errorf("memory %d: another order", memory)
		}
		release()
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("memory %d: left on disk: %v, %v", memory, left, err)
		}
	}
	dir := t.TempDir()
	broken := errors.New("broken")
	if _, _, err := sortLines(dir, 1, values(lines[:5], broken)); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left on disk after an error: %v", left)
	}
}

func values(lines []line, last error) iter.Seq2[line, error] {
	return func(yield func(line, error) bool) {
		for _, l := range lines {
			if !yield(l, nil) {
				return
			}
		}
		if last != nil {
			yield(line{}, last)
		}
	}
}
