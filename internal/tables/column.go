package tables

import "slices"

// kind is what a column holds.
type kind int

const (
	text kind = iota
	flag
	whole   // an integer
	number  // with a fraction
	instant // a date-time of the API
	texts
	wholes
	object  // members are columns
	objects // a list of such
	raw     // JSON that is kept as text: its members are not known beforehand, or no concern of ours
)

// column is a member of a record of the API.
type column struct {
	name string
	kind kind
	of   []column // members of object and objects
}

// of makes columns of one kind.
func of(k kind, names ...string) []column {
	list := make([]column, len(names))
	for i, name := range names {
		list[i] = column{name: name, kind: k}
	}
	return list
}

func one(name string, members []column) []column {
	return []column{{name: name, kind: object, of: members}}
}

func many(name string, members []column) []column {
	return []column{{name: name, kind: objects, of: members}}
}

// table is one level of a conversation: a row for each record of it.
type table struct {
	name string
	// up are columns of the levels above, by which tables join.
	up      []string
	columns []column
	child   string // the column that holds the rows of the next level
}

// own are the table's columns without the next level.
func (t table) own() []column {
	return slices.DeleteFunc(slices.Clone(t.columns), func(c column) bool { return c.name == t.child })
}

// levels are the tables of conversation details, outermost first.
var levels = []table{
	{name: "conversations", columns: conversation, child: "participants"},
	{name: "participants", up: []string{"conversationId"}, columns: participant, child: "sessions"},
	{name: "sessions", up: []string{"conversationId", "participantId"}, columns: session, child: "segments"},
	{name: "segments", up: []string{"conversationId", "participantId", "sessionId"}, columns: segment},
}

// flat are the columns of the table when it stands by itself: those by which
// it joins, then its own.
func (t table) flat() []column { return append(of(text, t.up...), t.own()...) }
