package simulator

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The headers of a WAV say what its bytes are, to the last one.
func TestWAV(t *testing.T) {
	s := newStudio(1)
	for _, size := range []int64{0, 1, 200, 32 << 10, 5 << 20} {
		w := s.newWAV(size, "11111111-2222-4333-8444-555555555555-0", 12345)
		b := mediaBytes(t, w)
		le := binary.LittleEndian
		if string(b[:4]) != "RIFF" || string(b[8:12]) != "WAVE" || int(le.Uint32(b[4:])) != len(b)-8 {
			t.Fatalf("size %d: RIFF header % x of %d bytes", size, b[:12], len(b))
		}
		chunks := map[string]int{}
		at := 12
		for at < len(b) {
			n := int(le.Uint32(b[at+4:]))
			chunks[string(b[at:at+4])] = n
			at += 8 + n
		}
		if at != len(b) || chunks["data"]%2 != 0 || chunks["data"] == 0 || chunks["fmt "] != 18 || chunks["fact"] != 4 {
			t.Errorf("size %d: chunks %v end at %d of %d", size, chunks, at, len(b))
		}
	}
}

// Every page of an Ogg stream has the checksum that RFC 3533 asks for (here
// calculated bit by bit), consecutive numbers, and the last alone ends it.
func TestOgg(t *testing.T) {
	s := newStudio(1)
	for _, size := range []int64{0, 300, 4000, 4300, 32 << 10, 40_519, 2 << 20} {
		b := mediaBytes(t, s.newOgg(size, "11111111-2222-4333-8444-555555555555-1", 0xabcdef0123456789))
		if int64(len(b)) > max(size, 600) || int64(len(b)) < size-oggPageBytes {
			t.Errorf("%d bytes, wanted %d", len(b), size)
		}
		var granule uint64
		pages := 0
		for at := 0; at < len(b); pages++ {
			head := b[at:]
			segments := int(head[26])
			n := 27 + segments
			for _, lacing := range head[27 : 27+segments] {
				n += int(lacing)
			}
			page := bytes.Clone(head[:n])
			sum := binary.LittleEndian.Uint32(page[22:])
			copy(page[22:26], "\x00\x00\x00\x00")
			if string(page[:5]) != "OggS\x00" || slowCRC(page) != sum || binary.LittleEndian.Uint32(page[18:]) != uint32(pages) {
				t.Fatalf("size %d: page %d is wrong", size, pages)
			}
			last, g := at+n == len(b), binary.LittleEndian.Uint64(page[6:])
			if (page[5]&4 != 0) != last || (page[5]&2 != 0) != (pages == 0) || g < granule || pages > 1 && g == granule {
				t.Fatalf("size %d: page %d: flags %x, granule %d after %d", size, pages, page[5], g, granule)
			}
			granule, at = g, at+n
		}
		if pages < 3 {
			t.Errorf("size %d: %d pages", size, pages)
		}
	}
}

func slowCRC(b []byte) (crc uint32) {
	for _, v := range b {
		crc ^= uint32(v) << 24
		for range 8 {
			if crc>>31 == 1 {
				crc = crc<<1 ^ 0x04c11db7
			} else {
				crc <<= 1
			}
		}
	}
	return crc
}

// No two equal stretches lie a multiple of a part size apart, so that parts in
// the wrong order would show.
func TestPartsDiffer(t *testing.T) {
	s := newStudio(1)
	for _, m := range []media{s.newWAV(20<<20, "w", 1), s.newOgg(20<<20, "o", 1)} {
		b := mediaBytes(t, m)
		for _, part := range []int{1 << 20, 5 << 20, 8 << 20} {
			seen := map[string]bool{}
			for at := 0; at+part <= len(b); at += part {
				key := string(b[at : at+4096])
				if seen[key] {
					t.Errorf("%s: parts of %d repeat", m.contentType(), part)
				}
				seen[key] = true
			}
		}
	}
}

// The system's own tools recognize the files.
func TestToolsRecognizeMedia(t *testing.T) {
	s := newStudio(1)
	dir := t.TempDir()
	for _, m := range []media{s.newWAV(100_000, "name", 1), s.newOgg(100_000, "name", 1)} {
		file := filepath.Join(dir, "a."+m.extension())
		if err := os.WriteFile(file, mediaBytes(t, m), 0o600); err != nil {
			t.Fatal(err)
		}
		t.Run(m.extension()+"/file", func(t *testing.T) {
			out := tool(t, "file", "-b", file)
			if !strings.Contains(out, "WAVE audio, ITU G.711 mu-law, stereo 8000 Hz") && !strings.Contains(out, "Ogg data, Opus audio") {
				t.Errorf("file says %s", out)
			}
		})
		t.Run(m.extension()+"/ffmpeg", func(t *testing.T) {
			if out := tool(t, "ffmpeg", "-v", "error", "-i", file, "-f", "null", "-"); out != "" {
				t.Errorf("ffmpeg says %s", out)
			}
		})
	}
}

func tool(t *testing.T, name string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed", name)
	}
	out, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v %s", name, err, out)
	}
	return strings.TrimSpace(string(out))
}

func mediaBytes(t *testing.T, m media) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := m.write(&b, 0, m.size()); err != nil {
		t.Fatal(err)
	}
	if int64(b.Len()) != m.size() {
		t.Fatalf("%d bytes, size says %d", b.Len(), m.size())
	}
	return b.Bytes()
}

func BenchmarkMedia(b *testing.B) {
	s := newStudio(1)
	for name, make := range map[string]func(uint64) media{
		"wav": func(k uint64) media { return s.newWAV(32<<10, "11111111-2222-4333-8444-555555555555-0", k) },
		"ogg": func(k uint64) media { return s.newOgg(32<<10, "11111111-2222-4333-8444-555555555555-0", k) },
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(32 << 10)
			for i := range b.N {
				m := make(uint64(i))
				_ = m.write(io.Discard, 0, m.size())
			}
		})
	}
}
