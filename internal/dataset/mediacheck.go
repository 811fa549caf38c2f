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
	}
	return ".bin"
}

// mediaCheck passes media through and holds it against what it claims to be:
// an error page is not a recording, and a WAV or Ogg file says itself how long
// it is or where it ends. Its findings come as a read error instead of the
// end, so that nothing is stored; with lenient set, all but an error page pass
// and the finding is kept in doubt.
type mediaCheck struct {
	body    io.Reader
	kind    string // content type, without parameters
	lenient bool
	doubt   string
	err     error // what the source answered instead of bytes

	size int64
	head []byte // the first bytes, up to headBytes
	ogg  oggWalk
}

const headBytes = 64

func newMediaCheck(body io.Reader, contentType string, lenient bool) *mediaCheck {
	kind, _, _ := mime.ParseMediaType(contentType)
	return &mediaCheck{body: body, kind: kind, lenient: lenient}
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

// errorPage recognises text where sound or pictures were announced.
func (c *mediaCheck) errorPage(start []byte) bool {
	family, _, _ := strings.Cut(c.kind, "/")
	if family != "audio" && family != "video" && c.kind != "application/zip" && c.kind != "application/ogg" {
		return false
	}
	start = bytes.TrimLeft(start, " \t\r\n\ufeff")
	return len(start) > 0 && (start[0] == '<' || start[0] == '{')
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
