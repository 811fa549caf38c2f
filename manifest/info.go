package manifest

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	payloadOxum = "Payload-Oxum"
	// The width at which RFC 8493, section 2.2.2 recommends to fold.
	infoWidth = 79
)

// ExportStatus is the label with which the bag-info.txt of an export's root
// bag says how the export stands: [ExportFinished], as it is understood too
// where there is no such label, or [ExportOpen].
const (
	ExportStatus   = "Export-Status"
	ExportFinished = "finished"
	// ExportOpen: it was finished once, and goes on (the contract was
	// extended); the root bag says how it stands in between.
	ExportOpen = "open"
)

// Field is one labelled value of a bag-info.txt.
type Field struct{ Label, Value string }

// Info is what a bag-info.txt says, in its order (RFC 8493, section 2.2.2).
// A label may occur more than once.
type Info []Field

// Get returns the first value of a label; case does not matter.
func (info Info) Get(label string) (string, bool) {
	for _, f := range info {
		if strings.EqualFold(f.Label, label) {
			return f.Value, true
		}
	}
	return "", false
}

// text writes the fields, folding long values at their spaces. Any run of
// white space in a value becomes one space, so that folding loses nothing.
func (info Info) text() ([]byte, error) {
	var b []byte
	for _, f := range info {
		if f.Label == "" || strings.TrimSpace(f.Label) != f.Label || strings.ContainsFunc(f.Label, func(r rune) bool { return r == ':' || unicode.IsControl(r) }) {
			return nil, fmt.Errorf("label %q: must have neither colon nor control characters, nor white space around it", f.Label)
		}
		b = append(b, f.Label...)
		b = append(b, ':')
		width := utf8.RuneCountInString(f.Label) + 1
		for i, word := range strings.Fields(strings.ToValidUTF8(f.Value, "\uFFFD")) {
			n := utf8.RuneCountInString(word)
			if i > 0 && width+1+n > infoWidth {
				b = append(b, '\n', ' ')
				width = 0
			}
			b = append(b, ' ')
			b = append(b, word...)
			width += 1 + n
		}
		b = append(b, '\n')
	}
	return b, nil
}

var errInfoLine = errors.New("neither a label with a colon nor the continuation of one")

// ParseInfo reads a bag-info.txt in UTF-8. Continuation lines are joined with
// one space. A line that is neither a field nor a continuation is left out
// and named in the error; the rest is returned all the same.
func ParseInfo(r io.Reader) (Info, error) { return format{}.parseInfo(r) }

func (f format) parseInfo(r io.Reader) (Info, error) {
	var info Info
	var bad []error
	lines := newLines(r)
	for n := 1; lines.Scan(); n++ {
		text, err := f.decode(lines.Bytes())
		if err != nil {
			bad = append(bad, fmt.Errorf("line %d: not valid in the bag's encoding", n))
			continue
		}
		label, value, ok := strings.Cut(text, ":")
		switch {
		case strings.TrimSpace(text) == "":
		case text[0] == ' ' || text[0] == '\t':
			if len(info) == 0 {
				bad = append(bad, fmt.Errorf("line %d: %w", n, errInfoLine))
				continue
			}
			last := &info[len(info)-1]
			last.Value = strings.TrimSpace(last.Value + " " + strings.TrimSpace(text))
		case !ok || strings.TrimSpace(label) == "":
			bad = append(bad, fmt.Errorf("line %d: %w", n, errInfoLine))
		default:
			info = append(info, Field{strings.TrimSpace(label), strings.TrimSpace(value)})
		}
	}
	return info, errors.Join(append(bad, lines.Err())...)
}

// Oxum is the value of Payload-Oxum: how much payload there is.
type Oxum struct{ Bytes, Files int64 }

func (o Oxum) String() string { return fmt.Sprintf("%d.%d", o.Bytes, o.Files) }

// ParseOxum reads "<bytes>.<files>".
func ParseOxum(s string) (Oxum, error) {
	bytes, files, _ := strings.Cut(strings.TrimSpace(s), ".")
	b, err1 := strconv.ParseUint(bytes, 10, 63)
	n, err2 := strconv.ParseUint(files, 10, 63)
	if err1 != nil || err2 != nil {
		return Oxum{}, fmt.Errorf("%q is not <bytes>.<files>", s)
	}
	return Oxum{int64(b), int64(n)}, nil
}
