package manifest

import (
	"fmt"
	"net/url"
	"path"
	"strings"
)

// VerifyText explains to somebody who has never seen the exporter how to
// check a sealed export with tools that every system has. The commands, which
// are indented by four spaces, are to be typed as they stand. location is
// where the export lies, e.g. "s3://bucket/prefix"; empty, or a folder, if no
// copying is needed. endpoint is the URL of an S3-compatible server; empty for
// AWS.
func VerifyText(location, endpoint string) string {
	return fmt.Sprintf(verifyText, fetchStep(location, endpoint))
}

// fetchStep is how the export gets to where it can be checked.
func fetchStep(location, endpoint string) string {
	u, err := url.Parse(location)
	if err != nil || u.Scheme != "s3" {
		return "Open a terminal in the folder of the export: the one that holds BAGS.sha256.\n"
	}
	folder := path.Base(u.Path)
	if folder == "." || folder == "/" {
		folder = u.Host
	}
	if endpoint != "" {
		endpoint = " --endpoint-url " + quote(endpoint)
	}
	return fmt.Sprintf(`The export lies in a bucket. Copy it to a disk with enough room first. This
needs the AWS command line and permission to read the bucket:

    aws s3 sync %s %s --exclude 'state/*'%s
    cd %[2]s
`, quote(location), quote(folder), endpoint)
}

// quote makes one word of a shell's command line.
func quote(word string) string {
	special := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("._=/:-", r)
	}
	if strings.ContainsFunc(word, special) || strings.HasPrefix(word, "-") {
		return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	return word
}

const verifyText = `How to check this export
========================

The export is a set of bags (BagIt, RFC 8493). A bag is a folder: the exported
files lie in its folder data, and beside it lie lists of their SHA-256
checksums. A checksum is a fingerprint of a file: change one bit, and it is
another.

  BAGS.sha256                             fingerprints of the bags' own lists
  bags/<bag>/tagmanifest-sha256.txt       fingerprints of the bag's control files
  bags/<bag>/manifest-sha256.txt          fingerprints of the exported files
  root                                    the bag with the reports, written last

If there is no folder root, the export was not finished.

You need a terminal with sha256sum: every Linux has it, and so has Git Bash or
WSL on Windows. On macOS, say this first:

    command -v sha256sum >/dev/null || sha256sum() { shasum -a 256 "$@"; }

Step 1: go there
----------------

%s
Step 2: are these the bags that were sealed?
--------------------------------------------

Each line of the answer must end in OK, and the second command must print
nothing.

    sha256sum -c BAGS.sha256
    cmp BAGS.sha256 root/data/BAGS.sha256

Step 3: is every file unchanged, and still there?
-------------------------------------------------

This reads everything and can take hours. Each bag must be called whole; above
a damaged one stand the names of the files concerned.

    for bag in root bags/*; do
      ( cd "$bag" && sha256sum --quiet -c tagmanifest-sha256.txt &&
        { [ ! -s manifest-sha256.txt ] || sha256sum --quiet -c manifest-sha256.txt; }
      ) && echo "$bag: whole" || echo "$bag: DAMAGED"
    done

For one bag alone, in its folder:

    sha256sum -c tagmanifest-sha256.txt
    sha256sum -c manifest-sha256.txt

Step 4: was nothing added?
--------------------------

All three must print nothing. A name that is printed is either something that no
list has, or something that a list has and that is not there.

Beside the bags:

    ls -A | grep -v -x -e BAGS.sha256 -e bags -e root -e state

Among the bags:

    { ls -A bags | sed 's|^|bags/|'; cut -c 67- BAGS.sha256 | sed 's|/tagmanifest-sha256.txt$||'; } |
      LC_ALL=C sort | uniq -u

Inside each bag; its tag manifest, and a signature or time stamp of it, are the
only files that no list can have:

    for bag in root bags/*; do
      ( cd "$bag" 2>/dev/null && { find . ! -type d ! -path ./tagmanifest-sha256.txt \
          ! -path ./tagmanifest-sha256.txt.sig ! -path ./tagmanifest-sha256.txt.tsr
          cut -c 67- manifest-sha256.txt tagmanifest-sha256.txt | sed 's|^|./|'; } |
        LC_ALL=C sort | uniq -u | sed "s|^[.]|$bag|" )
    done
`
