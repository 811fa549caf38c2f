package simulator

import "encoding/hex"

// kind says what an id names.
type kind uint64

const (
	kindOrg kind = iota + 1
	kindConversation
	kindRecording
	kindParticipant
	kindSession
	kindUser
	kindQueue
	kindDivision
	kindDetailsJob
	kindBatch
	kindOther
	kindEntity  // of a listing, whose number stands for the day
	kindContent // of a conversation; see [org.contentID]
)

const (
	maxDays   = 1 << 14
	maxPerDay = 1 << 30
)

// identity is a UUID's 16 bytes.
type identity [16]byte

func (id identity) String() string {
	var b [36]byte
	return string(id.append(b[:0]))
}

func (id identity) append(b []byte) []byte {
	for i, part := range [][]byte{id[0:4], id[4:6], id[6:8], id[8:10], id[10:16]} {
		if i > 0 {
			b = append(b, '-')
		}
		b = hex.AppendEncode(b, part)
	}
	return b
}

// identities makes version 4 UUIDs that look random and yet say, to the one who
// knows the seed, what they name: that is how the simulator finds a conversation
// or a recording again without an index. 60 bits hold kind, day, index and a
// number within, hidden under 62 bits that authenticate them.
type identities struct{ seal, hide uint64 }

func newIdentities(seed uint64) identities {
	return identities{seal: hash(seed, 'i', 1), hide: hash(seed, 'i', 2)}
}

func (s identities) make(k kind, day, index, sub int) identity {
	const low62, low60 = 1<<62 - 1, 1<<60 - 1
	x := uint64(k)<<56 | uint64(day)<<42 | uint64(index)<<12 | uint64(sub)
	tag := hash(s.seal, x) & low62
	x = (x ^ hash(s.hide, tag)) & low60
	var id identity
	hi := x>>12<<16 | 4<<12 | x&0xfff
	lo := tag | 2<<62
	for i := range 8 {
		id[i] = byte(hi >> (56 - 8*i))
		id[8+i] = byte(lo >> (56 - 8*i))
	}
	return id
}

// parse undoes make. It is false for anything that make did not give.
func (s identities) parse(text string) (k kind, day, index, sub int, ok bool) {
	const low62, low60 = 1<<62 - 1, 1<<60 - 1
	if len(text) != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return 0, 0, 0, 0, false
	}
	var id identity
	n := 0
	for _, part := range []string{text[0:8], text[9:13], text[14:18], text[19:23], text[24:36]} {
		m, err := hex.Decode(id[n:], []byte(part))
		if err != nil {
			return 0, 0, 0, 0, false
		}
		n += m
	}
	var hi, lo uint64
	for i := range 8 {
		hi = hi<<8 | uint64(id[i])
		lo = lo<<8 | uint64(id[8+i])
	}
	if hi>>12&0xf != 4 || lo>>62 != 2 {
		return 0, 0, 0, 0, false
	}
	tag := lo & low62
	x := (hi>>16<<12 | hi&0xfff) & low60
	x = (x ^ hash(s.hide, tag)) & low60
	if hash(s.seal, x)&low62 != tag {
		return 0, 0, 0, 0, false
	}
	return kind(x >> 56), int(x >> 42 & (maxDays - 1)), int(x >> 12 & (maxPerDay - 1)), int(x & 0xfff), true
}

// hash mixes numbers into one that looks random; the whole organization hangs
// on it, so it must never change between versions.
func hash(seed uint64, parts ...uint64) uint64 {
	h := mix(seed + 0x9e3779b97f4a7c15)
	for _, p := range parts {
		h = mix(h ^ mix(p+0x9e3779b97f4a7c15))
	}
	return h
}

// mix is the finalizer of splitmix64.
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

// below says whether a hash falls under a share of all hashes.
func below(h uint64, share float64) bool {
	return float64(h>>11)/(1<<53) < share
}

// random is a stream of numbers from one hash (splitmix64).
type random struct{ state uint64 }

func (r *random) next() uint64 {
	r.state += 0x9e3779b97f4a7c15
	return mix(r.state)
}

func (r *random) below(n int) int           { return int(r.next() % uint64(n)) }
func (r *random) chance(share float64) bool { return below(r.next(), share) }
