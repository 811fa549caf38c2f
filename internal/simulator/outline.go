package simulator

// person is a participant, as far as other records of a conversation repeat what
// its row says.
type person struct {
	id, session identity
	purpose     string
	name        string // JSON
	user, queue int    // their numbers; user of agents only
	start, end  int64
	recorded    bool

	attributes string // JSON; see [org.people]
	from, to   int    // where the row has them
}

// mostPeople are in one conversation: a customer, two systems and two agents.
const mostPeople = 5

// people are a conversation's participants in the order of its row. They are
// read off the row as it is written, so that neither can say anything else.
func (o *org) people(c conversation) []person {
	w := row{o: o, c: c, r: o.rowRandom(c), attributes: true}
	w.conversation()
	for i, p := range w.people {
		w.people[i].attributes = string(w.b[p.from:p.to])
	}
	return w.people
}

// person is the participant that is being written.
func (w *row) person() *person { return &w.people[len(w.people)-1] }

// attributesAre writes the member attributes, and notes where.
func (w *row) attributesAre(write func()) {
	w.raw(`,"attributes":`)
	from := len(w.b)
	write()
	w.person().from, w.person().to = from, len(w.b)
}

// agents are the people of a conversation who worked on it.
func agents(people []person) (list []person) {
	for _, p := range people {
		if p.purpose == "agent" {
			list = append(list, p)
		}
	}
	return list
}

// recordedSession is where a recording was made: of several such sessions each
// has its own recording.
func (o *org) recordedSession(rec recording) identity {
	all := agents(o.people(rec.conversation)) // of whom each is recorded, if any
	return all[rec.sub%len(all)].session
}
