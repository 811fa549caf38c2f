package simulator

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
)

// cursor is where a page starts.
type cursor struct {
	position
	copy               int // 1: the row's second time
	sent               int // rows before, repeats aside
	overlap            bool
	lastDay, lastIndex int // the last row of the page before
	nonce              int // makes another text of the same place
}

// String gives an opaque text that is good for one job only.
func (c cursor) String(seed uint64, job string) string {
	b := make([]byte, 0, 40)
	overlap := 0
	if c.overlap {
		overlap = 1
	}
	for _, n := range []int{c.day, c.index, c.copy, c.sent, overlap, c.lastDay, c.lastIndex, c.nonce} {
		b = binary.AppendUvarint(b, uint64(n))
	}
	tag := cursorTag(seed, job, b)
	for i := range b {
		b[i] ^= byte(mix(tag + uint64(i)))
	}
	return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint64(b, tag))
}

func parseCursor(text string, seed uint64, job string) (c cursor, ok bool) {
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b) < 8 {
		return c, false
	}
	tag := binary.BigEndian.Uint64(b[len(b)-8:])
	b = b[:len(b)-8]
	for i := range b {
		b[i] ^= byte(mix(tag + uint64(i)))
	}
	if cursorTag(seed, job, b) != tag {
		return c, false
	}
	in := bytes.NewReader(b)
	var overlap int
	for _, n := range []*int{&c.day, &c.index, &c.copy, &c.sent, &overlap, &c.lastDay, &c.lastIndex, &c.nonce} {
		v, err := binary.ReadUvarint(in)
		if err != nil {
			return c, false
		}
		*n = int(v)
	}
	c.overlap = overlap == 1
	return c, true
}

func cursorTag(seed uint64, job string, b []byte) uint64 {
	h := hash(seed, 'k')
	for _, v := range []byte(job) {
		h = mix(h ^ uint64(v))
	}
	for _, v := range b {
		h = mix(h ^ uint64(v))
	}
	return h
}
