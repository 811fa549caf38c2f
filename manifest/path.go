package manifest

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

func isPayload(path string) bool { return strings.HasPrefix(path, "data/") }

// checkPlainPath admits what this package writes itself: names that need no
// escaping in any shell, URL, checksum file or file system.
func checkPlainPath(path string) error {
	for _, c := range []byte(path) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case strings.IndexByte("._=/-", c) >= 0:
		default:
			return fmt.Errorf("path %q: only [A-Za-z0-9._=/-] may be used", path)
		}
	}
	if reason := hostile(path); reason != "" {
		return fmt.Errorf("path %q %s", path, reason)
	}
	return nil
}

// hostile says why a path of a bag must not be opened: it could lead out of
// the bag, or means different things on different systems (RFC 8493, section
// 5, security considerations). It is empty for a path that is safe.
func hostile(path string) string {
	switch {
	case path == "":
		return "is empty"
	case path[0] == '/':
		return "is absolute"
	case path[0] == '~':
		return "starts with a tilde, which some tools take for a home folder"
	case len(path) > 1 && path[1] == ':' && isLetter(path[0]):
		return "starts with a drive letter"
	}
	for _, r := range path {
		switch {
		case r == '\\':
			return "has a backslash, which some systems take for a separator"
		case r == '\n' || r == '\r':
			// RFC 8493 has an escape for these two: they are meant.
		case r < 0x20 || 0x7f <= r && r < 0xa0 && r != utf8.RuneError:
			return "has a control character"
		}
	}
	for element := range strings.SplitSeq(path, "/") {
		switch element {
		case "":
			return "has an empty element"
		case ".", "..":
			return "has an element " + element
		}
	}
	return ""
}

// Plain says whether a path is one that this package can list: elements of
// [A-Za-z0-9._=-] between slashes, none of them of dots alone.
func Plain(path string) bool { return checkPlainPath(path) == nil }

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

// escape and unescape apply RFC 8493, section 2.1.3: CR, LF and %, and only
// those, are percent-encoded in a manifest.
var escape = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace

// unescape reads both cases of the digits. Before version 1.0 the percent
// sign itself was not escaped.
func unescape(path string, percent bool) string {
	if strings.IndexByte(path, '%') < 0 {
		return path
	}
	out := make([]byte, 0, len(path))
	for i := 0; i < len(path); i++ {
		if path[i] == '%' && i+2 < len(path) {
			switch code := path[i+1 : i+3]; {
			case code == "25" && percent:
				out = append(out, '%')
				i += 2
				continue
			case strings.EqualFold(code, "0d"):
				out = append(out, '\r')
				i += 2
				continue
			case strings.EqualFold(code, "0a"):
				out = append(out, '\n')
				i += 2
				continue
			}
		}
		out = append(out, path[i])
	}
	return string(out)
}
