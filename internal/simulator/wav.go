package simulator

import (
	"encoding/binary"
	"io"
)

// wav is a stereo G.711 mu-law WAV at 8 kHz, as a trunk with dual-channel
// recording writes it.
type wav struct {
	header []byte
	sound  []byte // repeats
	start  int    // where in sound this recording begins
	data   int64
}

// newWAV makes about total bytes (at least the header and one frame); name goes
// into the INFO chunk.
func (s *studio) newWAV(total int64, name string, key uint64) *wav {
	const fixed = 12 + 8 + 18 + 8 + 4 + 8 + 4 + 8 + 8 // RIFF, fmt, fact, LIST INFO ICMT, data
	comment := append([]byte(name), 0)
	if len(comment)%2 == 1 {
		comment = append(comment, 0)
	}
	data := max(total-int64(fixed+len(comment)), 2) &^ 1
	w := &wav{sound: s.sound, start: int(key % uint64(len(s.sound))), data: data}
	le := binary.LittleEndian
	riff := int64(fixed+len(comment)-8) + data
	b := make([]byte, 0, fixed+len(comment))
	b = append(b, "RIFF"...)
	b = le.AppendUint32(b, uint32(riff))
	b = append(b, "WAVEfmt "...)
	b = le.AppendUint32(b, 18)
	b = le.AppendUint16(b, 7) // WAVE_FORMAT_MULAW
	b = le.AppendUint16(b, 2)
	b = le.AppendUint32(b, 8000)
	b = le.AppendUint32(b, 16000)
	b = le.AppendUint16(b, 2)
	b = le.AppendUint16(b, 8)
	b = le.AppendUint16(b, 0)
	b = append(b, "fact"...)
	b = le.AppendUint32(b, 4)
	b = le.AppendUint32(b, uint32(data/2))
	b = append(b, "LIST"...)
	b = le.AppendUint32(b, uint32(4+8+len(comment)))
	b = append(b, "INFOICMT"...)
	b = le.AppendUint32(b, uint32(len(comment)))
	b = append(b, comment...)
	b = append(b, "data"...)
	b = le.AppendUint32(b, uint32(data))
	w.header = b
	return w
}

func (w *wav) contentType() string { return "audio/wav" }
func (w *wav) extension() string   { return "wav" }
func (w *wav) size() int64         { return int64(len(w.header)) + w.data }

func (w *wav) write(to io.Writer, offset, n int64) error {
	if head := int64(len(w.header)); offset < head {
		part := w.header[offset:min(head, offset+n)]
		if _, err := to.Write(part); err != nil {
			return err
		}
		offset, n = offset+int64(len(part)), n-int64(len(part))
	}
	at := (int64(w.start) + offset - int64(len(w.header))) % int64(len(w.sound))
	for n > 0 {
		part := w.sound[at:min(int64(len(w.sound)), at+n)]
		if _, err := to.Write(part); err != nil {
			return err
		}
		n, at = n-int64(len(part)), 0
	}
	return nil
}
