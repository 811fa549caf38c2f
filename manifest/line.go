package manifest

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
)

// The longest line of a control file that is read, in bytes.
const maxLine = 1 << 20

// newLines splits text at LF, CR and CRLF, which RFC 8493 all allows.
func newLines(r io.Reader) *bufio.Scanner {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 64<<10), maxLine)
	s.Split(splitLine)
	return s
}

func splitLine(data []byte, atEOF bool) (advance int, token []byte, err error) {
	if atEOF && len(data) == 0 {
		return 0, nil, nil
	}
	end := bytes.IndexByte(data, '\n')
	if end < 0 {
		end = len(data)
	}
	if cr := bytes.IndexByte(data[:end], '\r'); cr >= 0 {
		switch {
		case cr+1 < end: // a lone CR
			return cr + 1, data[:cr], nil
		case cr+1 < len(data): // CRLF
			return cr + 2, data[:cr], nil
		case atEOF:
			return cr + 1, data[:cr], nil
		}
		return 0, nil, nil // whether an LF follows is yet to be read
	}
	switch {
	case end < len(data):
		return end + 1, data[:end], nil
	case atEOF:
		return end, data, nil
	}
	return 0, nil, nil
}

// appendLine adds a line as sha256sum prints it, with the escapes of BagIt.
func appendLine(b []byte, digest, path string) []byte {
	b = append(b, digest...)
	b = append(b, "  "...)
	b = append(b, escape(path)...)
	return append(b, '\n')
}

// line is one line of a manifest.
type line struct {
	path   string // decoded
	digest string // raw bytes, not hex
}

var (
	errNoSeparator = errors.New("no white space between checksum and path")
	errDigest      = errors.New("the checksum is not one of this algorithm")
	errEncoding    = errors.New("the path is not valid in the bag's encoding")
)

// hostilePath is the error for a line whose path must not be opened.
type hostilePath struct{ path, reason string }

func (e *hostilePath) Error() string { return "the path " + e.reason }

// format is what decides how the lines of a bag's manifests are read.
type format struct {
	percent bool // the percent sign is escaped too: since version 1.0
	latin1  bool // tag files are ISO 8859-1 rather than UTF-8
}

// parseLine reads "<checksum> <path>" (RFC 8493, section 2.1.3). The mark
// that checksum tools put before the name of a binary file, "*", and a
// leading "./" are tolerated.
func (f format) parseLine(text []byte, size int) (line, error) {
	cut := bytes.IndexAny(text, " \t")
	if cut < 0 {
		return line{}, errNoSeparator
	}
	if cut != 2*size {
		return line{}, errDigest
	}
	var digest [64]byte
	if _, err := hex.Decode(digest[:size], text[:cut]); err != nil {
		return line{}, errDigest
	}
	name, err := f.parsePath(bytes.TrimPrefix(bytes.TrimLeft(text[cut:], " \t"), []byte("*")))
	return line{name, string(digest[:size])}, err
}

// parsePath decodes the path of a manifest or of fetch.txt.
func (f format) parsePath(text []byte) (string, error) {
	path, err := f.decode(text)
	if err != nil {
		return "", err
	}
	path = strings.TrimPrefix(unescape(path, f.percent), "./")
	if reason := hostile(path); reason != "" {
		return "", &hostilePath{path, reason}
	}
	return path, nil
}

// decode turns the bytes of a tag file into UTF-8.
func (f format) decode(text []byte) (string, error) {
	if f.latin1 {
		runes := make([]rune, len(text))
		for i, c := range text {
			runes[i] = rune(c)
		}
		return string(runes), nil
	}
	if !utf8.Valid(text) {
		return "", errEncoding
	}
	return string(text), nil
}
