package simulator

import "iter"

// gaps begins the draws of what sources disagree on, apart from all others.
const gaps = 'g' << 8

func (o *org) gap(what uint64, c conversation, share float64) bool {
	return share > 0 && below(hash(o.cfg.Seed, gaps, what, uint64(c.day), uint64(c.index)), share)
}

// oddities sets what is odd about a conversation's recordings.
func (o *org) oddities(c *conversation) {
	if !c.flagged {
		c.unflagged = o.gap('u', *c, o.cfg.UnflaggedShare) && o.medium(*c) == "voice"
		return
	}
	c.denied = o.gap('d', *c, o.cfg.DeniedShare)
	c.screened = o.gap('s', *c, o.cfg.ScreenShare)
}

// forgotten is a conversation that only its recording tells of. Those of a day
// stand behind the conversations of analytics, by their index.
func (o *org) forgotten(day, index int) conversation {
	c := conversation{day: day, index: index, forgotten: true}
	h := hash(o.cfg.Seed, gaps, 'f', uint64(day), uint64(index))
	length := 20_000 + int64(mix(h)%(45*60_000))
	c.start = o.dayStart(day) + int64(h%(dayMillis-46*60_000))
	c.end = c.start + length
	return c
}

// indexes counts the conversations of a day, forgotten ones included.
func (o *org) indexes(day int) int {
	forgotten := (o.cfg.ForgottenRecordings + o.cfg.Days - 1 - day) / o.cfg.Days
	return o.cfg.ConversationsPerDay + forgotten
}

// recorded gives every conversation that may have recordings, day by day: those
// of analytics in order of their start, and then the forgotten ones.
func (o *org) recorded() iter.Seq[conversation] {
	return func(yield func(conversation) bool) {
		for day := range o.cfg.Days {
			for index := range o.indexes(day) {
				if !yield(o.conversation(day, index)) {
					return
				}
			}
		}
	}
}

// findRecorded finds a conversation as whoever knows recordings does: a forgotten
// one, too.
func (o *org) findRecorded(id string) (conversation, bool) {
	k, day, index, _, ok := o.ids.parse(id)
	if !ok || k != kindConversation || day >= o.cfg.Days || index >= o.indexes(day) {
		return conversation{}, false
	}
	return o.conversation(day, index), true
}
