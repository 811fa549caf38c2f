package simulator

import (
	"bytes"
	"encoding/binary"
	"hash/adler32"
	"hash/crc32"
	"strings"
)

// sampleFormat makes a small file of a kind.
type sampleFormat struct {
	contentType string
	make        func(m *studio, name string, r *random) []byte
}

// sampleFormats by the ending of a file's name.
var sampleFormats = map[string]sampleFormat{
	"csv":   {"text/csv", sampleText("\"顧客\",\"file\"\r\n", "\"O'Brien, \"\"Bob\"\"\",NAME\r\n", "")},
	"gram":  {"application/srgs", sampleText("#ABNF 1.0 UTF-8;\nlanguage ja-JP;\n", "$NAME = はい | いいえ;\n", "")},
	"grxml": {"application/srgs+xml", sampleText("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<grammar xml:lang=\"ja-JP\">", "<rule id=\"NAME\">はい &amp; no</rule>\n", "</grammar>")},
	"html":  {"text/html", sampleText("<!DOCTYPE html>\n<html><body>", "<p>営業部 &amp; NAME</p>\n", "</body></html>")},
	"pdf":   {"application/pdf", sampleText("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", "1 0 obj << /Title (NAME) >> endobj\n", "%%EOF\n")},
	"png":   {"image/png", samplePNG},
	"txt":   {"text/plain; charset=utf-8", sampleText("\ufeff", "営業部 NAME\r\n", "")},
	"wav":   {"audio/wav", sampleWAV},
	"webm":  {"video/webm", sampleWebM},
}

// sample makes a file from its name alone: the same one each time.
func (s *Server) sample(name string) (file, bool) {
	format, ok := sampleFormats[ending(name)]
	if !ok {
		return file{}, false
	}
	h := hash(s.cfg.Seed, 'z')
	for _, b := range []byte(name) {
		h = mix(h ^ uint64(b))
	}
	return file{format.contentType, format.make(s.org.media, name, &random{h})}, true
}

func ending(name string) string {
	return name[strings.LastIndexByte(name, '.')+1:]
}

// sampleText has a line that names the file some times over.
func sampleText(head, line, foot string) func(*studio, string, *random) []byte {
	return func(_ *studio, name string, r *random) []byte {
		return []byte(head + strings.Repeat(strings.ReplaceAll(line, "NAME", name), 1+r.below(60)) + foot)
	}
}

func sampleWAV(m *studio, name string, r *random) []byte {
	sound := m.newWAV(int64(2000+r.below(6000)), name, r.next())
	var b bytes.Buffer
	_ = sound.write(&b, 0, sound.size()) // a buffer takes everything
	return b.Bytes()
}

// samplePNG is a square of grey noise (RFC 2083) in one stored block (RFC 1951).
func samplePNG(_ *studio, name string, r *random) []byte {
	be := binary.BigEndian
	chunk := func(b []byte, kind string, data []byte) []byte {
		b = be.AppendUint32(b, uint32(len(data)))
		from := len(b)
		b = append(append(b, kind...), data...)
		return be.AppendUint32(b, crc32.ChecksumIEEE(b[from:]))
	}
	side := 8 + r.below(24)
	header := be.AppendUint32(be.AppendUint32(nil, uint32(side)), uint32(side))
	var pixels []byte
	for range side {
		pixels = append(pixels, 0) // no filter
		for range side {
			pixels = append(pixels, byte(r.next()))
		}
	}
	data := []byte{0x78, 0x01, 1}
	data = binary.LittleEndian.AppendUint16(data, uint16(len(pixels)))
	data = binary.LittleEndian.AppendUint16(data, ^uint16(len(pixels)))
	data = be.AppendUint32(append(data, pixels...), adler32.Checksum(pixels))
	b := chunk([]byte("\x89PNG\r\n\x1a\n"), "IHDR", append(header, 8, 0, 0, 0, 0))
	b = chunk(b, "tEXt", []byte("Title\x00"+name))
	return chunk(chunk(b, "IDAT", data), "IEND", nil)
}

// sampleWebM is an EBML header (RFC 8794) and one void element that fills the
// segment: no film, but what begins and ends as one.
func sampleWebM(_ *studio, name string, r *random) []byte {
	b := []byte("\x1aE\xdf\xa3\x87\x42\x82\x84webm")
	void := append([]byte(name), make([]byte, 500+r.below(3000))...)
	for i := len(name); i < len(void); i++ {
		void[i] = byte(r.next())
	}
	const twoBytes = 0x4000 // a length's marker
	b = append(b, "\x18\x53\x80\x67"...)
	b = binary.BigEndian.AppendUint16(b, uint16(twoBytes|len(void)+3))
	b = binary.BigEndian.AppendUint16(append(b, 0xec), uint16(twoBytes|len(void)))
	return append(b, void...)
}
