package simulator

import (
	"encoding/binary"
	"io"
)

// An Ogg Opus stream (RFC 3533, RFC 7845): two header pages, full pages of
// oggPackets packets, and a last page with the rest.
const (
	oggPacketBytes = 160 // 20 ms at 64 kbit/s
	oggPackets     = 25  // half a second a page
	oggPayload     = oggPackets * oggPacketBytes
	oggPageHeader  = 27 + oggPackets
	oggPageBytes   = oggPageHeader + oggPayload
	oggPagesMade   = 263 // prime, as soundBytes
	oggGranule     = 960 // samples at 48 kHz in a packet
)

type oggPage struct {
	payload []byte
	crc     uint32 // of the payload alone
}

// newOggPages prepares payloads whose packets are CELT-only Opus frames (RFC
// 6716 section 3.1: configuration 31, stereo, one frame), which a decoder takes
// whatever their bytes say.
func newOggPages(r *random) ([]oggPage, shiftTable) {
	pages := make([]oggPage, oggPagesMade)
	for i := range pages {
		p := make([]byte, oggPayload)
		for j := 0; j+8 <= len(p); j += 8 {
			binary.LittleEndian.PutUint64(p[j:], r.next())
		}
		for j := 0; j < len(p); j += oggPacketBytes {
			p[j] = 31<<3 | 1<<2
		}
		pages[i] = oggPage{p, oggCRC(0, p)}
	}
	return pages, newShiftTable(oggPayload)
}

type ogg struct {
	studio  *studio
	headers []byte
	serial  uint32
	start   int // first page of the studio's
	full    int64
	last    int // packets on the last page, at least 1
}

// newOgg makes a stream of at most total bytes where that is possible, and at
// least one packet.
func (s *studio) newOgg(total int64, name string, key uint64) *ogg {
	g := &ogg{studio: s, serial: uint32(key), start: int(key >> 32 % uint64(len(s.pages)))}
	head := append([]byte("OpusHead"), 1, 2, 0x38, 0x01, 0x40, 0x1f, 0, 0, 0, 0, 0) // version 1, stereo, pre-skip 312, 8000 Hz in
	tags := append([]byte("OpusTags"), 0, 0, 0, 0)
	tags = binary.LittleEndian.AppendUint32(tags, 1)
	comment := "RECORDING=" + name
	tags = binary.LittleEndian.AppendUint32(tags, uint32(len(comment)))
	tags = append(tags, comment...)
	g.headers = g.appendPage(nil, 2, 0, 0, len(head), head)
	g.headers = g.appendPage(g.headers, 0, 0, 1, len(tags), tags)

	left := max(total-int64(len(g.headers)), 0)
	g.full = left / oggPageBytes
	g.last = int(left%oggPageBytes-27) / (oggPacketBytes + 1)
	if g.last <= 0 {
		g.last = 1
		if g.full > 0 {
			g.full, g.last = g.full-1, oggPackets
		}
	}
	return g
}

func (g *ogg) contentType() string { return "audio/ogg" }
func (g *ogg) extension() string   { return "ogg" }

func (g *ogg) size() int64 {
	return int64(len(g.headers)) + g.full*oggPageBytes + int64(27+g.last*(1+oggPacketBytes))
}

func (g *ogg) write(to io.Writer, offset, n int64) error {
	// Several pages to a write: a page alone would cost a system call.
	scratch := g.studio.scratch.Get().(*[]byte)
	defer g.studio.scratch.Put(scratch)
	for n > 0 {
		b, skip := (*scratch)[:0], int64(0)
		number := (offset - int64(len(g.headers))) / oggPageBytes
		if head := int64(len(g.headers)); offset < head {
			b, skip, number = append(b, g.headers...), offset, 0
		} else {
			skip = (offset - head) % oggPageBytes
		}
		for ; number <= g.full && int64(len(b))-skip < n && len(b)+oggPageBytes <= cap(b); number++ {
			b = g.page(b, number)
		}
		b = b[skip:]
		b = b[:min(int64(len(b)), n)]
		if _, err := to.Write(b); err != nil {
			return err
		}
		offset, n = offset+int64(len(b)), n-int64(len(b))
	}
	return nil
}

// page builds the sound page with a number from 0; the last one ends the stream.
func (g *ogg) page(b []byte, number int64) []byte {
	source := &g.studio.pages[(int64(g.start)+number)%int64(len(g.studio.pages))]
	sequence := uint32(number + 2)
	if number == g.full {
		return g.appendPage(b, 4, uint64(number*oggPackets+int64(g.last))*oggGranule, sequence, oggPacketBytes, source.payload[:g.last*oggPacketBytes])
	}
	at := len(b)
	b = g.appendPageHeader(b, 0, uint64(number+1)*oggPackets*oggGranule, sequence, oggPacketBytes, oggPackets)
	// The checksum is linear: that of header and payload is that of the header,
	// moved on by the payload's length, and that of the payload.
	crc := g.studio.shift.move(oggCRC(0, b[at:])) ^ source.crc
	binary.LittleEndian.PutUint32(b[at+22:], crc)
	return append(b, source.payload...)
}

// appendPage appends a page of packets of equal size.
func (g *ogg) appendPage(b []byte, flags byte, granule uint64, sequence uint32, packet int, payload []byte) []byte {
	at := len(b)
	b = g.appendPageHeader(b, flags, granule, sequence, packet, len(payload)/packet)
	b = append(b, payload...)
	binary.LittleEndian.PutUint32(b[at+22:], oggCRC(0, b[at:]))
	return b
}

// appendPageHeader leaves the checksum zero. Packets are under 255 bytes, so
// that each is one lacing value.
func (g *ogg) appendPageHeader(b []byte, flags byte, granule uint64, sequence uint32, packet, packets int) []byte {
	le := binary.LittleEndian
	b = append(b, "OggS\x00"...)
	b = append(b, flags)
	b = le.AppendUint64(b, granule)
	b = le.AppendUint32(b, g.serial)
	b = le.AppendUint32(b, sequence)
	b = append(b, 0, 0, 0, 0, byte(packets))
	for range packets {
		b = append(b, byte(packet))
	}
	return b
}

// oggTable is that of Ogg's CRC-32: polynomial 0x04c11db7, most significant bit
// first, nothing inverted.
var oggTable = func() (t [256]uint32) {
	for i := range t {
		c := uint32(i) << 24
		for range 8 {
			if c&(1<<31) != 0 {
				c = c<<1 ^ 0x04c11db7
			} else {
				c <<= 1
			}
		}
		t[i] = c
	}
	return t
}()

func oggCRC(crc uint32, b []byte) uint32 {
	for _, v := range b {
		crc = crc<<8 ^ oggTable[byte(crc>>24)^v]
	}
	return crc
}

// shiftTable moves a checksum over a fixed number of zero bytes in four lookups.
type shiftTable [4][256]uint32

func newShiftTable(zeros int) (t shiftTable) {
	zero := make([]byte, zeros)
	var bit [32]uint32
	for i := range bit {
		bit[i] = oggCRC(1<<i, zero)
	}
	for k := range t {
		for v := range 256 {
			for i := range 8 {
				if v>>i&1 == 1 {
					t[k][v] ^= bit[8*k+i]
				}
			}
		}
	}
	return t
}

func (t *shiftTable) move(crc uint32) uint32 {
	return t[0][byte(crc)] ^ t[1][byte(crc>>8)] ^ t[2][byte(crc>>16)] ^ t[3][byte(crc>>24)]
}
