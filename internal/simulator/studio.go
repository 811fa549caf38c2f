package simulator

import (
	"io"
	"math"
	"sync"
)

// studio makes media at the speed of copying: sound and Ogg pages are prepared
// once from the seed, and each recording is the same material from a place of
// its own, under headers that carry its id.
type studio struct {
	sound []byte    // G.711 mu-law
	pages []oggPage // payloads of full Ogg pages
	shift shiftTable

	scratch sync.Pool // of *[]byte, to put pages together
}

// soundBytes is prime, so that equal material never lies a multiple of a part
// size apart: parts stored in the wrong order give other bytes.
const soundBytes = 1_048_583

func newStudio(seed uint64) *studio {
	s := &studio{scratch: sync.Pool{New: func() any { b := make([]byte, 0, 64<<10); return &b }}, sound: make([]byte, soundBytes)}
	r := random{hash(seed, 'm')}
	f1, f2 := 180+float64(r.below(120)), 600+float64(r.below(400))
	for i := range s.sound {
		t := float64(i/2) / 8000
		loud := 0.5 + 0.5*math.Sin(t*3.1)
		v := loud*(0.6*math.Sin(2*math.Pi*f1*t)+0.25*math.Sin(2*math.Pi*f2*t)) + 0.08*(float64(r.next()>>11)/(1<<53)-0.5)
		s.sound[i] = muLaw(int(v * 16000))
	}
	s.pages, s.shift = newOggPages(&r)
	return s
}

// media is one media object: its size is known, and any range of it can be
// written without making what lies before.
type media interface {
	contentType() string
	extension() string
	size() int64
	// write writes n bytes from an offset.
	write(w io.Writer, offset, n int64) error
}

// muLaw encodes a 16-bit sample as G.711 does.
func muLaw(sample int) byte {
	const bias, clip = 0x84, 32635
	sign := 0
	if sample < 0 {
		sign, sample = 0x80, -sample
	}
	sample = min(sample, clip) + bias
	exponent := 7
	for mask := 0x4000; exponent > 0 && sample&mask == 0; mask >>= 1 {
		exponent--
	}
	mantissa := sample >> (exponent + 3) & 0x0f
	return ^byte(sign | exponent<<4 | mantissa)
}
