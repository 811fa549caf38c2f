package simulator

import "strconv"

// letter is an e-mail or a message.
type letter struct {
	c       conversation
	id      identity
	n       int
	inbound bool
	at      int64
	sender  int // who wrote it, of the agents, where it is not inbound
	files   []enclosure
	sticker bool // a message's
}

// enclosure is an attachment, or a message's picture.
type enclosure struct {
	id          identity
	file        string
	name        string // JSON
	contentType string
	size        int
	linked      bool // the record says where it is
}

// letters of a conversation, if it is of that medium, in their order.
func (s *Server) letters(c conversation, medium string) (list []letter) {
	o := s.org
	if o.medium(c) != medium {
		return nil
	}
	var what int
	var endings []string
	switch medium {
	case "email":
		what, endings = emailContent, []string{"pdf", "png", "csv", "txt", "html"}
	case "message":
		what, endings = messageContent, []string{"png", "png", "pdf", "wav", "webm"}
	default:
		return nil
	}
	r := random{hash(o.cfg.Seed, 'l', uint64(c.day), uint64(c.index))}
	count, enclosed := 1+r.below(6), 0
	if medium == "message" && r.chance(0.05) {
		count += 110 // more than anyone asks for at once
	}
	for n := range count {
		l := letter{c: c, n: n, id: o.contentID(c, what, n), inbound: n == 0 || r.chance(0.5), sender: r.below(8)}
		l.at = c.start + int64(n)*((c.end-c.start)/int64(count))
		l.sticker = medium == "message" && r.chance(0.08)
		for files := max(r.below(8)-4, 0); files > 0 && enclosed < 256; files-- {
			l.files = append(l.files, s.enclosure(o.contentID(c, enclosureContent, enclosed), endings[r.below(len(endings))], &r))
			enclosed++
		}
		list = append(list, l)
	}
	return list
}

func (s *Server) enclosure(id identity, ending string, r *random) enclosure {
	e := enclosure{id: id, file: id.String() + "." + ending, linked: r.chance(0.85)}
	made, _ := s.sample(e.file)
	e.contentType, e.size = made.contentType, len(made.body)
	e.name = fileNames[r.below(len(fileNames))] + strconv.Itoa(r.below(100)) + "." + ending + `"`
	return e
}

// fileNames are JSON strings without their end, which is a number and an ending.
var fileNames = [...]string{`"請求書 `, `"invoice-`, `"a/b\\c:d `, `"Größe & <co> `, `"\ud83d\ude00`, `"..`, `"e\u0301tage 100% `}

// enclosed writes what all parts of the API say of an enclosure behind its id, in
// their own words for type, size and, unless that is "", place.
func (w *record) enclosed(e enclosure, contentType, size, place, kind string) {
	w.raw(`,"name":`).raw(e.name).raw(`,"`).raw(contentType).raw(`":"`).raw(e.contentType).raw(`","`).raw(size).raw(`":`).int(e.size)
	if e.linked && place != "" {
		w.linkTo(place, kind, e.file)
	}
}
