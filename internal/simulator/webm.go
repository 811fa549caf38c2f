package simulator

import "encoding/binary"

// webm is an EBML header (RFC 8794) and a segment that one void element fills: no
// film, but what begins and ends as one.
type webm struct{ *wav }

// newWebM makes about total bytes, at least the headers and two.
func (s *studio) newWebM(total int64, name string, key uint64) webm {
	const longLength = 1 << 56 // a length's marker, of eight bytes
	be := binary.BigEndian
	b := []byte("\x1aE\xdf\xa3\x87\x42\x82\x84webm\x18\x53\x80\x67")
	data := max(total-int64(len(b)+8+1+8+len(name)), 2)
	void := int64(len(name)) + data
	b = be.AppendUint64(b, uint64(longLength|void+9))
	b = be.AppendUint64(append(b, 0xec), uint64(longLength|void))
	return webm{&wav{header: append(b, name...), sound: s.sound, start: int(key % uint64(len(s.sound))), data: data}}
}

func (m webm) contentType() string { return "video/webm" }
func (m webm) extension() string   { return "webm" }
