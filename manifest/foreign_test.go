package manifest_test

import (
	"crypto/md5"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"exitplan/manifest"
)

const (
	bagit10 = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
	bagit97 = "BagIt-Version: 0.97\nTag-File-Character-Encoding: UTF-8\n"
)

func md5sum(text string) string { return fmt.Sprintf("%x", md5.Sum([]byte(text))) }

func sha512sum(text string) string { return fmt.Sprintf("%x", sha512.Sum512([]byte(text))) }

// Bags as others make them: what is in the files, and what verify says.
func TestBagsOfOthers(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  []string
		note  string
	}{
		"0.97 with MD5 in any order, CRLF, no tag manifest": {files: map[string]string{
			"bagit.txt":        strings.ReplaceAll(bagit97, "\n", "\r\n"),
			"bag-info.txt":     "Source-Organization: Somebody\r\n  Else\r\npayload-oxum: 2.2\r\n",
			"manifest-md5.txt": md5sum("b") + " *data/b\r\n" + strings.ToUpper(md5sum("a")) + "\tdata/a\r\n",
			"data/a":           "a", "data/b": "b",
		}, note: "no tag manifest"},
		"0.97 with files in one of two manifests": {files: map[string]string{
			"bagit.txt":           bagit97,
			"manifest-md5.txt":    md5sum("a") + "  data/a\n",
			"manifest-sha256.txt": sha("b") + "  data/b\n",
			"data/a":              "a", "data/b": "b",
		}},
		"1.0 must list every file in both": {files: map[string]string{
			"bagit.txt":           bagit10,
			"manifest-md5.txt":    md5sum("a") + "  data/a\n",
			"manifest-sha512.txt": sha512sum("a") + "  data/a\n" + sha512sum("b") + "  data/b\n",
			"data/a":              "a", "data/b": "b",
		}, want: []string{"|data/b|added"}},
		"two manifests that disagree": {files: map[string]string{
			"bagit.txt":           bagit10,
			"manifest-md5.txt":    md5sum("a") + "  data/a\n",
			"manifest-sha512.txt": sha512sum("b") + "  data/a\n",
			"data/a":              "a",
		}, want: []string{"|data/a|changed"}},
		"not fetched": {files: map[string]string{
			"bagit.txt":           bagit10,
			"fetch.txt":           "https://example.org/b 1 data/b\nhttps://example.org/a - data/a\n",
			"manifest-sha256.txt": sha("a") + "  data/a\n" + sha("b") + "  data/b\n",
			"data/a":              "a",
		}, want: []string{"|data/b|unfetched"}},
		"escaped names": {files: map[string]string{
			"bagit.txt":           bagit10,
			"manifest-sha256.txt": sha("a") + "  data/100%25\n" + sha("b") + "  data/two%0alines\n" + sha("c") + "  data/%41\n",
			"data/100%":           "a", "data/two\nlines": "b", "data/%41": "c",
		}},
		"0.97 does not escape the percent sign": {files: map[string]string{
			"bagit.txt":           bagit97,
			"manifest-sha256.txt": sha("a") + "  data/100%25\n",
			"data/100%25":         "a",
		}},
		"the same name in two normalisations": {files: map[string]string{
			"bagit.txt":           bagit10,
			"manifest-sha256.txt": sha("a") + "  data/caf\u00e9\n",
			"data/cafe\u0301":     "a",
		}, want: []string{"|data/caf\u00e9|missing", "|data/cafe\u0301|added"}},
		"ISO 8859-1": {files: map[string]string{
			"bagit.txt":           "BagIt-Version: 0.97\nTag-File-Character-Encoding: ISO-8859-1\n",
			"manifest-sha256.txt": sha("a") + "  data/caf\xe9\n",
			"data/caf\u00e9":      "a",
		}},
		"broken UTF-8": {files: map[string]string{
			"bagit.txt":           bagit10,
			"manifest-sha256.txt": sha("a") + "  data/a\xff\n",
		}, want: []string{"|manifest-sha256.txt|malformed"}},
		"two spaces inside a name, and a leading ./": {files: map[string]string{
			"bagit.txt":           bagit10,
			"manifest-sha256.txt": sha("a") + "  ./data/a  b \n",
			"data/a  b ":          "a",
		}},
		"an algorithm from the future": {files: map[string]string{
			"bagit.txt":           bagit10,
			"manifest-sha256.txt": sha("a") + "  data/a\n",
			"manifest-blake3.txt": "00  data/a\n",
			"data/a":              "a",
		}, note: "not known here"},
		"only an algorithm from the future": {files: map[string]string{
			"bagit.txt":           bagit10,
			"manifest-blake3.txt": "00  data/a\n",
		}, want: []string{"|manifest-sha256.txt|missing"}},
		"a version from the future": {files: map[string]string{
			"bagit.txt":           strings.Replace(bagit10, "1.0", "7.1", 1),
			"manifest-sha256.txt": "",
		}, want: []string{"|bagit.txt|malformed"}},
		"a byte-order mark": {files: map[string]string{
			"bagit.txt":           "\ufeff" + bagit10,
			"manifest-sha256.txt": "",
		}, want: []string{"|bagit.txt|malformed"}},
		"a wrong and a broken Payload-Oxum": {files: map[string]string{
			"bagit.txt":           bagit10,
			"bag-info.txt":        "Payload-Oxum: many\nno colon\n",
			"manifest-sha256.txt": "",
		}, want: []string{"|bag-info.txt|malformed", "|bag-info.txt|malformed"}},
		"a tag manifest that lists what it may not": {files: map[string]string{
			"bagit.txt":              bagit10,
			"manifest-sha256.txt":    sha("a") + "  data/a\n" + sha(bagit10) + "  bagit.txt\n",
			"tagmanifest-sha256.txt": sha("a") + "  data/a\n" + sha("") + "  tagmanifest-md5.txt\n" + sha(bagit10) + "  bagit.txt\n",
			"data/a":                 "a",
		}, want: []string{"|manifest-sha256.txt|malformed", "|tagmanifest-sha256.txt|malformed", "|tagmanifest-sha256.txt|malformed"}},
		"checksums cut short": {files: map[string]string{
			"bagit.txt":           bagit10,
			"manifest-sha256.txt": sha("a")[1:] + "  data/a\n" + sha("a") + "\n" + "z" + sha("a")[1:] + "  data/a\n\n",
		}, want: []string{"|manifest-sha256.txt|malformed", "|manifest-sha256.txt|malformed", "|manifest-sha256.txt|malformed"}},
		"a line without end": {files: map[string]string{
			"bagit.txt":           bagit10,
			"manifest-sha256.txt": sha("a") + "  data/" + strings.Repeat("a", 2<<20) + "\n",
		}, want: []string{"|manifest-sha256.txt|malformed"}},
		"listed twice": {files: map[string]string{
			"bagit.txt":           bagit10,
			"manifest-sha256.txt": sha("a") + "  data/a\n" + sha("b") + "  data/b\n" + sha("b") + "  data/a\n",
			"data/a":              "a", "data/b": "b",
		}, want: []string{"|data/a|duplicate"}},
	} {
		t.Run(name, func(t *testing.T) {
			d := newFolder(t)
			for path, text := range c.files {
				d.write(path, text)
			}
			r := d.verify(manifest.VerifyOptions{})
			wantFindings(t, r, c.want...)
			if c.note != "" {
				wantNote(t, r, c.note)
			}
		})
	}
}

// Whatever leads out of the bag is reported; nothing but what lies in the bag
// is opened.
func TestHostilePathsAreNeverOpened(t *testing.T) {
	for _, path := range []string{
		"/etc/passwd", "../outside", "data/../../outside", "data/./a", "data//a", "data/a/", "~/.ssh/id", "~root/x",
		"C:/windows", "c:data/a", `data\a`, `\\server\share`, "data/a\x00b", "data/\x1b[2J", "data/\u0085", "..", "data/..",
		"%0A/../../x", "",
	} {
		t.Run(path, func(t *testing.T) {
			d := newFolder(t)
			d.write("bagit.txt", bagit10)
			d.write("data/a", "a")
			text := sha("a") + "  data/a\n" + sha("a") + "  " + path + "\n"
			d.write("manifest-sha256.txt", text)
			d.write("fetch.txt", "https://example.org/ 1 "+path+"\n")
			d.write("tagmanifest-sha256.txt", sha(text)+"  manifest-sha256.txt\n"+sha("a")+"  "+path+"\n")
			store := hooked{Store: manifest.Dir(d.root), open: func(opened string) error {
				if strings.Contains(opened, "..") || opened != "data/a" && strings.HasPrefix(opened, "data/") {
					t.Errorf("opened %q", opened)
				}
				return nil
			}}
			r, err := manifest.Verify(t.Context(), store, manifest.VerifyOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if r.FindingCount != 3 {
				t.Errorf("findings: %+v", r.Findings)
			}
			for _, f := range r.Findings {
				if f.Kind != manifest.Hostile {
					t.Errorf("finding: %+v", f)
				}
			}
		})
	}
}

func TestFastUsesTheStoresChecksums(t *testing.T) {
	d := export(t)
	const one = bag + "/data/recordings/hour=05/conversation_id=a/r.ogg"
	const two = bag + "/data/recordings/hour=05/conversation_id=a-b/r.ogg"
	raw, _ := hex.DecodeString(sha("OggS two"))
	store := hooked{Store: manifest.Dir(d.root),
		open: func(path string) error {
			if strings.HasSuffix(path, ".ogg") {
				t.Errorf("read %s", path)
			}
			return nil
		},
		checksum: func(path string) (algorithm, digest string, ok bool) {
			switch path {
			case one:
				return "sha256", sha("something else"), true
			case two:
				return "sha256", base64.StdEncoding.EncodeToString(raw), true
			case bag + "/data/recordings/hour=06/empty.ogg":
				return "sha256", base64.StdEncoding.EncodeToString(raw) + "-2", true // of parts
			case bag + "/data/recordings/hour=05/conversation_id=a0/r.ogg":
				return "crc64nvme", "AAAAAAAAAAA=", true
			}
			return "", "", false
		}}
	r, err := manifest.Verify(t.Context(), store, manifest.VerifyOptions{Fast: true})
	if err != nil {
		t.Fatal(err)
	}
	wantFindings(t, r, strings.Replace(one, "/data", "|data", 1)+"|changed")
	if r.Attested != 2 || r.SizeOnly != 6 || r.Read != 0 {
		t.Errorf("attested %d, by size %d, read %d", r.Attested, r.SizeOnly, r.Read)
	}
	// A store that has no checksums of its own still has sizes.
	d.write(one, "longer than before")
	wantFindings(t, d.verify(manifest.VerifyOptions{Fast: true}), bag+"|bag-info.txt|size")
}
