package simulator

import (
	"slices"
	"strconv"
	"strings"
)

// The values of aggregates stem from events that every half hour of the
// organization's days has some of: each has a value in most dimensions, and some
// of the metrics. So results agree with each other whatever they are grouped by
// and however intervals are cut. The events are no conversations: what details
// say and what aggregates say need not agree.
const slotMillis = 30 * 60 * 1000

// measure is what one metric comes to in one group.
type measure struct {
	metric                  int // in the family's order
	qualifier               string
	count, sum, least, most int64
}

func (m *measure) add(v int64) {
	if m.count == 0 {
		m.least, m.most = v, v
	}
	m.count++
	m.sum += v
	m.least, m.most = min(m.least, v), max(m.most, v)
}

// grouped are the measures of one group, whose key is its JSON object.
type grouped struct {
	key      string
	measures []measure
}

// aggregate gives the groups that have values in an interval. What a half hour
// has is stamped with its start.
func (cat *catalogue) aggregate(f *family, dimensions []string, wanted []bool, from, to int64) (groups []*grouped) {
	o, places := cat.org, map[string]*grouped{}
	from, to = max(from, o.from), min(to, o.dayStart(o.cfg.Days))
	for slot := (from - o.from + slotMillis - 1) / slotMillis; o.from+slot*slotMillis < to; slot++ {
		key := hash(o.cfg.Seed, 'a', f.number, uint64(slot))
		for n := range key % 3 {
			e := event{cat: cat, f: f, key: hash(key, n), day: int(slot * slotMillis / dayMillis)}
			text := e.group(dimensions)
			g := places[text]
			if g == nil {
				g = &grouped{key: text}
				places[text], groups = g, append(groups, g)
			}
			e.measure(g, wanted)
		}
	}
	return slices.DeleteFunc(groups, func(g *grouped) bool { return len(g.measures) == 0 })
}

// event is one thing that happened and is counted.
type event struct {
	cat *catalogue
	f   *family
	key uint64
	day int
}

// group is the JSON object of an event's values in some dimensions. One in which
// it has none is left out.
func (e event) group(dimensions []string) string {
	b := []byte{'{'}
	for i, name := range e.f.dimensions {
		if !slices.Contains(dimensions, name) {
			continue
		}
		value := e.dimension(name, hash(e.key, 'd', uint64(i)))
		if value == "" {
			continue
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(append(strconv.AppendQuote(b, name), ':'), value...)
	}
	return string(append(b, '}'))
}

// dimension gives a value as JSON string, or nothing.
func (e event) dimension(name string, h uint64) string {
	o := e.cat.org
	number := int(mix(h) % 1000)
	if h%10 == 0 {
		return ""
	}
	if path := dimensionListings[name]; path != "" {
		return e.cat.someID(e.cat.byPath[path], number)
	}
	if words := dimensionWords[name]; words != "" {
		list := strings.Fields(words)
		return `"` + list[number%len(list)] + `"`
	}
	has := func(suffixes ...string) bool {
		return slices.ContainsFunc(suffixes, func(s string) bool { return strings.HasSuffix(name, s) })
	}
	switch {
	case has("onversationId"):
		if o.cfg.ConversationsPerDay == 0 {
			return ""
		}
		return `"` + o.conversationID(conversation{day: e.day, index: number % o.cfg.ConversationsPerDay}).String() + `"`
	case has("Id"):
		return `"` + o.ids.make(kindOther, collectionNumber(name), number%4, 0).String() + `"`
	case has("Count", "Rank", "Score", "Ring", "Version", "Priority", "Rating", "max"):
		return `"` + strconv.Itoa(number%5) + `"`
	}
	return oddText[number%len(oddText)]
}

// someID is the JSON string of the id of one of a listing's entities, or nothing
// where there are none.
func (cat *catalogue) someID(c *collection, number int) string {
	if c.base.count == 0 {
		return ""
	}
	return `"` + string(cat.appendID(nil, c.base, number%c.base.count)) + `"`
}

// measure adds what metrics an event has, as far as they are wanted.
func (e event) measure(g *grouped, wanted []bool) {
	for i, metric := range e.f.metrics {
		h := hash(e.key, 'm', uint64(i))
		if !wanted[i] || h%3 == 0 == (len(e.f.metrics) > 3) {
			continue
		}
		m := measure{metric: i, qualifier: e.qualifier(metric, mix(h+1))}
		at, found := slices.BinarySearchFunc(g.measures, m, func(a, b measure) int {
			if a.metric != b.metric {
				return a.metric - b.metric
			}
			return strings.Compare(a.qualifier, b.qualifier)
		})
		if !found {
			g.measures = slices.Insert(g.measures, at, m)
		}
		r := random{h}
		for range 1 + r.below(3) {
			v := int64(1 + r.below(3_600_000))
			if r.chance(0.005) {
				v = 9007199254740993 // 2^53+1: no float64
			}
			g.measures[at].add(v)
		}
	}
}

// qualifier tells apart what one metric measures of users.
func (e event) qualifier(metric string, h uint64) string {
	switch metric {
	case "tAgentRoutingStatus":
		return `"` + routingStatuses[h%uint64(len(routingStatuses))] + `"`
	case "tSystemPresence":
		return `"` + systemPresences[h%uint64(len(systemPresences))] + `"`
	case "tOrganizationPresence":
		return e.cat.someID(e.cat.byPath["presence/definitions"], int(h%1000))
	}
	return ""
}

// appendStats appends a measure's statistics, which differ by the kind of metric.
func (f *family) appendStats(b []byte, m measure) []byte {
	number := func(name string, v int64) {
		if b[len(b)-1] != '{' {
			b = append(b, ',')
		}
		b = strconv.AppendInt(append(strconv.AppendQuote(b, name), ':'), v, 10)
		b = append(b, `.0`...)
	}
	count := func() { b = strconv.AppendInt(append(b, `"count":`...), m.count, 10) }
	b = append(b, '{')
	switch name := f.metrics[m.metric]; {
	case name[0] == 'n':
		count()
	case strings.HasSuffix(name, "ServiceLevel"):
		met := m.sum % (m.count + 1)
		b = strconv.AppendFloat(append(b, `"ratio":`...), float64(met)/float64(m.count), 'f', -1, 64)
		number("numerator", met)
		number("denominator", m.count)
		b = append(b, `,"target":0.80`...)
	case m.qualifier != "":
		number("sum", m.sum)
	default:
		count()
		number("max", m.most)
		number("min", m.least)
		number("sum", m.sum)
	}
	return append(b, '}')
}
