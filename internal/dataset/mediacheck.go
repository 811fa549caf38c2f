package dataset

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"mime"
	"strings"

	"exitplan/exporter"
)

// containers are the kinds of media that say at their beginning what they are.
var containers = []struct {
	extension string
	begins    func(head []byte) bool
}{
	{".wav", func(h []byte) bool {
		return len(h) >= 12 && string(h[8:12]) == "WAVE" && (at(h, 0, "RIFF") || at(h, 0, "RF64") || at(h, 0, "BW64"))
	}},
	{".ogg", func(h []byte) bool { return at(h, 0, "OggS") }},
	{".webm", func(h []byte) bool { return at(h, 0, "\x1aE\xdf\xa3") }},
	{".mp3", func(h []byte) bool { return at(h, 0, "ID3") || len(h) >= 2 && h[0] == 0xff && h[1]&0xe0 == 0xe0 }},
	{".mp4", func(h []byte) bool { return at(h, 4, "ftyp") }},
	{".zip", func(h []byte) bool { return at(h, 0, "PK") }},
}

func at(head []byte, offset int, text string) bool {
	return len(head) >= offset+len(text) && string(head[offset:offset+len(text)]) == text
}

// container is the kind of media that the bytes are; empty for none of them.
func container(head []byte) string {
	for _, c := range containers {
		if c.begins(head) {
			return c.extension
		}
	}
	return ""
}

// extension is the file name's ending for a content type, with the dot.
func extension(contentType string) string {
	kind, _, _ := mime.ParseMediaType(contentType)
	switch kind {
	case "audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave":
		return ".wav"
	case "audio/ogg", "application/ogg", "audio/opus", "audio/vorbis":
		return ".ogg"
	case "audio/webm", "video/webm":
		return ".webm"
	case "audio/mpeg", "audio/mp3":
		return ".mp3"
	case "video/mp4", "audio/mp4":
		return ".mp4"
	case "application/zip":
		return ".zip"
	case "application/json":
		return ".json"
	case "message/rfc822":
		return ".eml"
	case "text/html":
		return ".html"
	case "text/plain":
		return ".txt"
	case "text/csv":
		return ".csv"
	case "application/yaml", "application/x-yaml", "text/yaml":
		return ".yaml"
	case "application/pdf":
		return ".pdf"
	case "image/png":
		return ".png"
	case "image/jpeg":
		return ".jpg"
	}
	return unknownExtension
}

const unknownExtension = ".bin"

// mediaCheck passes media through and holds it against what it claims to be:
// an error page is not a recording, and a WAV or Ogg file says itself how long
// it is or where it ends. Its findings come as a read error instead of the
// end, so that nothing is stored; with lenient set, all but an error page pass
// and the finding is kept in doubt.
type mediaCheck struct {
	body    io.Reader
	kind    string // content type announced by the platform, without parameters
	served  string // and by the storage, if it says so
	lenient bool
	doubt   string
	err     error // what the source answered instead of bytes

	size int64
	head []byte // the first bytes, up to headBytes
	ogg  oggWalk
}

const headBytes = 64

func newMediaCheck(body io.Reader, announced, served string, lenient bool) *mediaCheck {
	kind, _, _ := mime.ParseMediaType(announced)
	actual, _, _ := mime.ParseMediaType(served)
	return &mediaCheck{body: body, kind: kind, served: actual, lenient: lenient}
}

func (c *mediaCheck) Read(p []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	n, err := c.body.Read(p)
	if len(c.head) < headBytes {
		c.head = append(c.head, p[:min(n, headBytes-len(c.head))]...)
	}
	if c.size == 0 && n > 0 && c.errorPage(p[:n]) {
		c.err = fmt.Errorf("%w: an error page instead of %s", exporter.ErrUnverified, c.kind)
		return 0, c.err
	}
	c.size += int64(n)
	if bytes.HasPrefix(c.head, []byte("OggS")) {
		c.ogg.write(p[:n])
	}
	if err == io.EOF {
		if finding := c.finding(); finding != "" {
			if !c.lenient {
				c.err = fmt.Errorf("%w: %s", exporter.ErrUnverified, finding)
				return n, c.err
			}
			c.doubt = finding + "; stored as delivered"
		}
		return n, io.EOF
	}
	if err != nil {
		c.err = err
	}
	return n, err
}

// errorPage recognises text where sound or pictures were announced, or nothing
// in particular.
func (c *mediaCheck) errorPage(start []byte) bool {
	if !isMedia(c.kind) && c.kind != "" || container(start) != "" {
		return false
	}
	start = bytes.TrimLeft(start, " \t\r\n\ufeff")
	return len(start) > 0 && (start[0] == '<' || start[0] == '{') || isText(c.served)
}

func isMedia(kind string) bool {
	family, _, _ := strings.Cut(kind, "/")
	return family == "audio" || family == "video" || kind == "application/zip" || kind == "application/ogg"
}

func isText(kind string) bool {
	return strings.HasPrefix(kind, "text/") || kind == "application/json" || kind == "application/xml" || kind == "application/problem+json"
}

// finding compares the whole with what the container says of itself.
func (c *mediaCheck) finding() string {
	switch {
	case c.size == 0:
		return "no bytes at all"
	case len(c.head) >= 12 && string(c.head[:4]) == "RIFF" && string(c.head[8:12]) == "WAVE":
		claimed := int64(binary.LittleEndian.Uint32(c.head[4:8])) + 8
		// A streamed WAV writes 0 or the largest number for "unknown".
		if claimed > 8 && claimed < 1<<32-1 && c.size < claimed {
			return fmt.Sprintf("the WAV file says %d bytes, %d were delivered", claimed, c.size)
		}
	case bytes.HasPrefix(c.head, []byte("OggS")):
		return c.ogg.finding()
	case container(c.head) == "" && isMedia(c.kind) && extension(c.kind) != unknownExtension:
		return fmt.Sprintf("what was delivered is no %s, and nothing else that is known", c.kind)
	}
	return ""
}

// oggWalk follows the pages of an Ogg stream (RFC 3533, section 6) without
// keeping them.
type oggWalk struct {
	header  []byte // of the page being read
	skip    int    // bytes of its body still to come
	last    bool   // the page read last has the end-of-stream flag
	strange bool   // not followed further
}

const oggHeader = 27

func (o *oggWalk) write(p []byte) {
	for len(p) > 0 && !o.strange {
		if o.skip > 0 {
			n := min(o.skip, len(p))
			o.skip -= n
			p = p[n:]
			continue
		}
		need := oggHeader
		if len(o.header) >= oggHeader {
			need += int(o.header[26])
		}
		n := min(need-len(o.header), len(p))
		o.header = append(o.header, p[:n]...)
		p = p[n:]
		if len(o.header) < oggHeader {
			continue
		}
		if string(o.header[:4]) != "OggS" {
			o.strange = true
			return
		}
		if len(o.header) < oggHeader+int(o.header[26]) {
			continue
		}
		for _, segment := range o.header[oggHeader:] {
			o.skip += int(segment)
		}
		o.last = o.header[5]&4 != 0
		o.header = o.header[:0]
	}
}

func (o *oggWalk) finding() string {
	switch {
	case o.strange:
		return ""
	case o.skip > 0 || len(o.header) > 0:
		return "the Ogg stream ends inside a page"
	case !o.last:
		return "the Ogg stream has no end"
	}
	return ""
}
