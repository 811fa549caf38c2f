package simulator

import (
	"slices"
	"strconv"
	"strings"
)

// field is a member of a row; see models.
type field struct {
	name     string
	what     *content
	optional bool        // only where a request asks for it with expand
	each     *collection // a member for each entity of a listing, named by its id
}

// content is what a field holds.
type content struct {
	kind   string // id, name, ..., or one of { [ | @ # @own #own #up
	fields []field
	item   *content
	words  []string
	target *collection

	versioned bool
	some      bool // an array is not empty
}

// parseModel panics for a mistake in the tables, which every start would show.
func parseModel(cat *catalogue, name string) []field {
	text, ok := models[name]
	if !ok {
		panic("simulator: there is no model " + name)
	}
	var fields []field
	if rest, more := strings.CutPrefix(text, "+"); more {
		var base string
		base, text, _ = strings.Cut(rest, " ")
		fields = parseModel(cat, base)
	}
	p := modelParser{cat: cat, text: text}
	fields = append(fields, p.fields()...)
	if p.text != "" {
		panic("simulator: model " + name + " at " + p.text)
	}
	return fields
}

type modelParser struct {
	cat  *catalogue
	text string
}

func (p *modelParser) fields() (fields []field) {
	for {
		p.text = strings.TrimLeft(p.text, " \t\n")
		if p.text == "" || p.text[0] == '}' {
			return fields
		}
		name, rest, _ := strings.Cut(p.text, "=")
		p.text = rest
		f := field{name: name}
		f.name, f.optional = strings.CutSuffix(name, "?")
		if path, each := strings.CutPrefix(name, "#"); each {
			f.each = p.target(path)
		}
		f.what = p.content()
		fields = append(fields, f)
	}
}

func (p *modelParser) content() *content {
	switch {
	case strings.HasPrefix(p.text, "{"):
		p.text = p.text[1:]
		c := &content{kind: "{", fields: p.fields()}
		p.text = p.text[1:]
		return c
	case strings.HasPrefix(p.text, "[]"):
		p.text = p.text[2:]
		return &content{kind: "["}
	case strings.HasPrefix(p.text, "["):
		p.text = p.text[1:]
		rest, some := strings.CutPrefix(p.text, "+")
		p.text = rest
		c := &content{kind: "[", item: p.content(), some: some}
		p.text = p.text[1:]
		return c
	}
	end := strings.IndexAny(p.text, " \t\n]}")
	if end < 0 {
		end = len(p.text)
	}
	word := p.text[:end]
	p.text = p.text[end:]
	switch {
	case word[0] == '@' || word[0] == '#':
		path, versioned := strings.CutSuffix(word[1:], "!")
		if path == "own" || path == "up" {
			return &content{kind: word[:1] + path, versioned: versioned}
		}
		return &content{kind: word[:1], target: p.target(path), versioned: versioned}
	case word[0] == '=':
		return &content{kind: "|", words: []string{word[1:]}}
	case strings.HasPrefix(word, "class("), strings.HasPrefix(word, "turn("), strings.HasPrefix(word, "file("):
		kind, words, _ := strings.Cut(word[:len(word)-1], "(")
		return &content{kind: kind, words: strings.Split(words, ",")}
	case strings.Contains(word, "|"):
		return &content{kind: "|", words: strings.Split(word, "|")}
	}
	return &content{kind: word}
}

func (p *modelParser) target(path string) *collection {
	target := p.cat.byPath[path]
	if target == nil || target.up != nil {
		panic("simulator: no listing " + path)
	}
	return target
}

// entityNames are JSON strings without their end, which is a number.
var entityNames = [...]string{
	`"営業部 `, `"Équipe d'été `, `"顧客サポート・第`, `"🎧 Helpdesk `, `"O'Brien \"Ltd\" \/ `, `"Поддержка `, `"Plain name `,
	`"한국 지원팀 `, `"𠮷野家 `, `"عربي `, `"e\u0301tage & <co> `, `"Größe, Maß; `, `"\ud83d\ude00 escaped `, `"  spaces  `,
}

// rowKeys are those of data tables: free text, in which everything occurs that a
// path or a URL would stumble over. A number follows.
var rowKeys = [...]string{`"顧客/`, `"a b+c%2F`, `"../up/`, `"100% ok?x=1&y#`, `"plain-`, `"emoji📞 `, `"quote\"d\\`, `"é/`}

// entity writes one row of a collection.
type entity struct {
	row
	cat     *catalogue
	c       *collection
	parent  int
	i       int // place under the parent
	ordinal int // in c.base
	key     uint64
	shape   shape
	files   int // so far
}

// shape is how much of a row a request gets.
type shape struct {
	brief  bool
	expand []string // names of optional fields
	whole  bool     // all of them
	// file gives the URL of a file, or "" to leave out the member that would hold it.
	// Without it all are left out.
	file func(name string) string
}

func (s shape) has(f field) bool {
	return !f.optional || s.whole || slices.ContainsFunc(s.expand, func(name string) bool { return strings.EqualFold(name, f.name) })
}

// appendEntity appends the row at a place under a parent: always the same bytes,
// and the same ones in each collection that shows the entity by the same model.
func (cat *catalogue) appendEntity(b []byte, c *collection, parent, i int, shape shape) []byte {
	w := entity{row: row{o: cat.org, b: b}, cat: cat, c: c, parent: parent, i: i, ordinal: c.ordinal(parent, i), shape: shape}
	w.key = cat.key(c.base, w.ordinal)
	w.r = random{w.key}
	if w.forBulk() {
		return w.b
	}
	if c.model == "" {
		w.tableRow(shape.brief)
		return w.b
	}
	w.object(c.fields, 0)
	return w.b
}

func (cat *catalogue) key(base *collection, ordinal int) uint64 {
	return cat.org.entityKey(base.number, ordinal)
}

func (o *org) entityKey(collection, ordinal int) uint64 {
	return hash(o.cfg.Seed, 'e', uint64(collection), uint64(ordinal))
}

func (w *entity) tableRow(brief bool) {
	w.raw(`{"key":`).raw(rowKeys[w.i%len(rowKeys)]).int(w.i).raw(`"`)
	if !brief {
		w.raw(`,"value":`).raw(oddText[w.r.below(len(oddText))])
		w.raw(`,"priority":`).int(w.r.below(100)).raw(`.0,"active":`).bool(w.r.chance(0.5))
		w.raw(`,"列 ü/1":`).raw(oddText[w.r.below(len(oddText))])
	}
	w.raw(`}`)
}

func (w *entity) object(fields []field, depth int) {
	w.raw(`{`)
	start := len(w.b)
	for i, f := range fields {
		switch {
		case f.what.target != nil && f.what.target.base.count == 0, !w.shape.has(f):
		case f.what.kind == "file":
			w.file(f, start)
		case f.each != nil:
			for ordinal := range f.each.base.count {
				w.comma(start)
				w.ownID(f.each.base, ordinal)
				w.raw(`:`)
				w.value(f.what, depth)
			}
		default:
			w.comma(start)
			w.raw(`"`).raw(f.name).raw(`":`)
			w.member(f, uint64(i), depth)
		}
	}
	if depth == 0 && w.r.chance(0.2) {
		w.raw(`,"futureField":{"tier":`).int(w.r.below(9)).raw(`,"note":null}`)
	}
	w.raw(`}`)
}

// comma separates a member from the one before, if there is one.
func (w *entity) comma(start int) {
	if len(w.b) > start {
		w.raw(`,`)
	}
}

// file writes a member with the URL of a file. Every eighth file is not there.
func (w *entity) file(f field, start int) {
	w.files++
	if w.shape.file == nil || hash(w.key, 'f', uint64(w.files))%8 == 0 {
		return
	}
	name := w.cat.id(w.c.base, w.ordinal).String() + "-" + strconv.Itoa(w.files) + "." + f.what.words[0]
	if url := w.shape.file(name); url != "" {
		w.comma(start)
		w.raw(`"`).raw(f.name).raw(`":"`).raw(url).raw(`"`)
	}
}

// member writes a field's value. An optional one draws from a stream of its own,
// so that the others are the same whether or not it is asked for.
func (w *entity) member(f field, i uint64, depth int) {
	r := w.r
	if f.optional {
		w.r = random{hash(w.key, 'x', i)}
	}
	w.value(f.what, depth)
	if f.optional {
		w.r = r
	}
}

func (w *entity) value(c *content, depth int) {
	switch c.kind {
	case "{":
		w.object(c.fields, depth+1)
	case "[":
		w.raw(`[`)
		n := w.r.below(4)
		if c.some {
			n = 1 + n%3
		}
		if c.item != nil && (c.item.target == nil || c.item.target.base.count > 0) {
			for k := range n {
				if k > 0 {
					w.raw(`,`)
				}
				w.value(c.item, depth+1)
			}
		}
		w.raw(`]`)
	case "|":
		w.raw(`"`).raw(c.words[w.r.below(len(c.words))]).raw(`"`)
	case "class":
		w.class(c.words)
	case "turn":
		w.raw(`"`).raw(c.words[w.i%len(c.words)]).raw(`"`)
	case "#":
		w.ownID(c.target.base, w.r.below(c.target.base.count))
	case "#own":
		w.ownID(w.c.base, w.ordinal)
	case "#up":
		w.ownID(w.c.up.base, w.parent)
	case "@":
		w.reference(c.target.base, w.r.below(c.target.base.count), c.versioned)
	case "@own":
		w.reference(w.c.base, w.ordinal, c.versioned)
	default:
		w.scalar(c.kind, depth)
	}
}

func (w *entity) reference(base *collection, ordinal int, versioned bool) {
	w.raw(`{"id":`)
	w.ownID(base, ordinal)
	w.raw(`,"name":`)
	w.name(w.cat.key(base, ordinal), ordinal)
	w.raw(`,"selfUri":`)
	w.self(base, ordinal)
	if versioned {
		w.raw(`,"version":`).int(w.r.below(100))
	}
	w.raw(`}`)
}

func (w *entity) class(words []string) {
	hiding, at := w.c.hiding, w.i
	if w.c.hide == "" || w.c.style == single {
		hiding, at = w.c.base.hiding, w.c.base.placeOf(w.ordinal)
	}
	word := words[hiding.classAt(at)]
	if word == "true" || word == "false" {
		w.raw(word)
		return
	}
	w.raw(`"`).raw(word).raw(`"`)
}

func (w *row) name(key uint64, number int) {
	w.raw(entityNames[mix(key)%uint64(len(entityNames))]).int(number + 1).raw(`"`)
}

// self appends an entity's own path.
func (w *entity) self(base *collection, ordinal int) {
	w.b = append(append(w.b, '"'), apiBase...)
	w.b = append(w.cat.fill(w.b, strings.TrimSuffix(base.path, "/query"), base, ordinal), '/')
	w.b = append(w.cat.appendID(w.b, base, ordinal), '"')
}

func (w *entity) ownID(base *collection, ordinal int) {
	w.raw(`"`)
	w.b = append(w.cat.appendID(w.b, base, ordinal), '"')
}

// appendID appends the text of an entity's id.
func (cat *catalogue) appendID(b []byte, base *collection, ordinal int) []byte {
	switch base.idKind {
	case "ver":
		return append(strconv.AppendInt(b, int64(ordinal%base.count+1), 10), ".0"...)
	case "domain":
		return append(strconv.AppendInt(append(b, "mail"...), int64(ordinal), 10), ".simulated.example"...)
	}
	return cat.id(base, ordinal).append(b)
}

// fill appends a base's path with the ids of the parents of one of its entities.
func (cat *catalogue) fill(b []byte, path string, base *collection, ordinal int) []byte {
	open, shut := strings.LastIndexByte(path, '{'), strings.LastIndexByte(path, '}')
	if open < 0 {
		return append(b, path...)
	}
	parent := ordinal / base.count
	b = cat.fill(b, path[:open], base.up.base, parent)
	return append(cat.id(base.up.base, parent).append(b), path[shut+1:]...)
}

var languages = [...]string{"ja-JP", "en-US", "fr-CA", "de-DE"}

func (w *entity) scalar(kind string, depth int) {
	number := w.ordinal
	if depth > 0 && (kind == "name" || kind == "email" || kind == "phone") {
		number = w.r.below(1000)
	}
	switch kind {
	case "id", "ver", "domain":
		w.ownID(w.c.base, w.ordinal)
	case "uuid":
		w.id(w.o.ids.make(kindOther, w.c.base.number, w.ordinal, w.r.below(4096)))
	case "name":
		key := w.key
		if depth > 0 {
			key = w.r.next()
		}
		w.name(key, number)
	case "text":
		w.raw(oddText[w.r.below(len(oddText))])
	case "email":
		w.raw(`"user`).int(number).raw(`@simulated.example"`)
	case "phone":
		w.raw(`"+8150`).int(10_000_000 + number%89_999_999).raw(`"`)
	case "digits":
		w.raw(`"`).int(w.r.below(1000)).raw(`"`)
	case "lang":
		w.raw(`"`).raw(languages[w.r.below(len(languages))]).raw(`"`)
	case "uri":
		w.raw(`"https://simulated.example/`)
		w.b = append(strconv.AppendUint(w.b, w.r.next()>>40, 36), '"')
	case "self":
		if w.c.style == single { // its path ends with what it belongs to
			w.b = append(append(w.b, '"'), apiBase...)
			w.b = append(w.cat.fill(w.b, w.c.path, w.c, w.parent), '"')
			return
		}
		w.self(w.c.base, w.ordinal)
	case "time":
		w.instant(w.o.from - int64(w.r.below(700*24*3600))*1000 + int64(w.r.below(1000)))
	case "dated":
		w.instant(w.cat.dated(w.c, w.i))
	case "date":
		w.raw(`"2025-0`).int(1 + w.r.below(9)).raw(`-1`).int(w.r.below(10)).raw(`"`)
	case "local":
		w.raw(`"2026-01-1`).int(w.r.below(10)).raw(`T09:00:00.000"`)
	case "nth":
		w.int(w.i + 1)
	case "int":
		w.int(w.r.below(10_000))
	case "num":
		w.int(w.r.below(100)).raw(`.50`)
	case "bool":
		w.bool(w.r.chance(0.5))
	default:
		panic("simulator: a field holds " + kind)
	}
}
