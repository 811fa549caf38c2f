package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

const (
	bagitText       = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
	tagManifestFile = "tagmanifest-sha256.txt"
)

// declaration is what a bagit.txt says.
type declaration struct {
	version  string
	encoding string
}

var declarationForm = regexp.MustCompile(`^BagIt-Version[ \t]*:[ \t]*([0-9]+\.[0-9]+)[ \t]*(?:\r\n|\r|\n)Tag-File-Character-Encoding[ \t]*:[ \t]*([A-Za-z0-9._:-]+)[ \t]*(?:\r\n|\r|\n)?$`)

// parseBagit reads a bagit.txt: two lines and nothing else (RFC 8493, section
// 2.1.1).
func parseBagit(text []byte) (declaration, error) {
	if bytes.HasPrefix(text, []byte("\xef\xbb\xbf")) {
		return declaration{}, errors.New("starts with a byte-order mark, which BagIt forbids")
	}
	m := declarationForm.FindSubmatch(text)
	if m == nil {
		return declaration{}, errors.New("is not the two lines BagIt-Version and Tag-File-Character-Encoding")
	}
	return declaration{string(m[1]), string(m[2])}, nil
}

// format says how to read the rest of the bag, as far as that is known.
func (d declaration) format() (format, error) {
	f := format{percent: true}
	switch d.version {
	case "1.0":
	case "0.97":
		f.percent = false
	default:
		return f, fmt.Errorf("BagIt version %s is not known here, only 0.97 and 1.0", d.version)
	}
	switch strings.ToUpper(d.encoding) {
	case "UTF-8", "UTF8", "US-ASCII", "ASCII":
	case "ISO-8859-1", "ISO8859-1", "LATIN1":
		f.latin1 = true
	default:
		return f, fmt.Errorf("tag files in %s cannot be read here, only UTF-8 and ISO-8859-1", d.encoding)
	}
	return f, nil
}
