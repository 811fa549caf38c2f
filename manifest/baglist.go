package manifest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
)

// BagList is the name of the file in an export's root that lists its bags;
// the root bag holds a copy of it.
const BagList = "BAGS.sha256"

// BagDigest is one line of BAGS.sha256.
type BagDigest struct {
	Bag    string // its path from the export's root: "bags/<name>"
	SHA256 string // of its tagmanifest-sha256.txt, lower-case hex
}

// WriteBagList writes BAGS.sha256, sorted bytewise by line's path, in the
// form that "sha256sum -c BAGS.sha256" checks in the export's root.
func WriteBagList(w io.Writer, bags []BagDigest) error {
	lines := make([]Entry, len(bags))
	for i, b := range bags {
		if err := checkPlainPath(b.Bag); err != nil {
			return fmt.Errorf("list bags: %w", err)
		}
		if !strings.HasPrefix(b.Bag, "bags/") || !isLowerHex(b.SHA256) || len(b.SHA256) != 2*sha256.Size {
			return fmt.Errorf("list bags: %q with %q is not a bag below bags/ with a SHA-256", b.Bag, b.SHA256)
		}
		lines[i] = Entry{Path: b.Bag + "/" + tagManifestFile, SHA256: b.SHA256}
	}
	slices.SortFunc(lines, func(a, b Entry) int { return strings.Compare(a.Path, b.Path) })
	var text []byte
	for i, l := range lines {
		if i > 0 && l.Path == lines[i-1].Path {
			return fmt.Errorf("list bags: %q occurs twice", l.Path)
		}
		text = appendLine(text, l.SHA256, l.Path)
	}
	_, err := w.Write(text)
	return err
}

// ReadBagList reads a BAGS.sha256. The error names the first line that is
// not of its form.
func ReadBagList(r io.Reader) ([]BagDigest, error) {
	var bags []BagDigest
	lines := newLines(r)
	for n := 1; lines.Scan(); n++ {
		b, err := parseBagLine(lines.Bytes())
		if err != nil {
			return bags, fmt.Errorf("%s, line %d: %w", BagList, n, err)
		}
		bags = append(bags, b)
	}
	if err := lines.Err(); err != nil {
		return bags, fmt.Errorf("%s: %w", BagList, err)
	}
	return bags, nil
}

func parseBagLine(text []byte) (BagDigest, error) {
	l, err := format{percent: true}.parseLine(text, sha256.Size)
	if err != nil {
		return BagDigest{}, err
	}
	bag, ok := strings.CutSuffix(l.path, "/"+tagManifestFile)
	name, below := strings.CutPrefix(bag, "bags/")
	if !ok || !below || name == "" || strings.Contains(name, "/") {
		return BagDigest{}, fmt.Errorf("%q is not bags/<name>/%s", l.path, tagManifestFile)
	}
	return BagDigest{bag, hex.EncodeToString([]byte(l.digest))}, nil
}
