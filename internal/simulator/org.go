package simulator

import (
	"math"
	"time"
)

const (
	dayMillis = 24 * 60 * 60 * 1000
	// maxSpanDays bounds how long before an interval a conversation with
	// activity in it may have started.
	maxSpanDays = 4
)

// org answers what the organization holds. Every method is a pure function of
// the configuration, and of the clock and the custody of recordings where those
// bear on it; nothing else is stored. Instants are Unix milliseconds.
type org struct {
	cfg     Config
	ids     identities
	from    int64
	media   *studio
	custody *custody

	users, forms, surveyForms int // that the listings have
}

func newOrg(cfg Config) *org {
	return &org{
		cfg: cfg, ids: newIdentities(cfg.Seed), from: cfg.From.UnixMilli(), media: newStudio(cfg.Seed), custody: newCustody(),
		users: listed(cfg, "users"), forms: listed(cfg, evaluationForms), surveyForms: listed(cfg, surveyForms),
	}
}

// conversation holds what decides where a conversation belongs; its row is made
// by [org.appendConversation] when it is needed.
type conversation struct {
	day, index int
	start, end int64
	flagged    bool // a session says recording: true
	open       bool // has no conversationEnd while the clock is before OpenUntil

	// What only some organizations have; see [org.oddities].
	unflagged, forgotten, denied, screened bool
}

func (c conversation) startTime() time.Time { return time.UnixMilli(c.start).UTC() }

func (o *org) dayStart(day int) int64 { return o.from + int64(day)*dayMillis }

// dayName gives a day's date.
func (o *org) dayName(day int) string {
	return time.UnixMilli(o.dayStart(day)).UTC().Format(time.DateOnly)
}

// dayOf gives the number of the UTC day of an instant, negative before the first.
func (o *org) dayOf(ms int64) int {
	return int(math.Floor(float64(ms-o.from) / dayMillis))
}

// span gives start and end alone. Starts grow with the index.
func (o *org) span(day, index int) (start, end int64) {
	h := hash(o.cfg.Seed, 's', uint64(day), uint64(index))
	n := int64(o.cfg.ConversationsPerDay)
	slot, next := int64(index)*dayMillis/n, int64(index+1)*dayMillis/n
	start = o.dayStart(day) + slot
	if next > slot {
		start += int64(h % uint64(next-slot))
	}
	h = mix(h)
	switch {
	case h%1000 < 25: // left open over night, or re-opened days later
		end = start + 6*3600_000 + int64(mix(h)%uint64((maxSpanDays*24-7)*3600_000))
	default:
		end = start + 20_000 + int64(mix(h)%uint64(45*60_000))
	}
	return start, end
}

func (o *org) conversation(day, index int) conversation {
	if index >= o.cfg.ConversationsPerDay {
		return o.forgotten(day, index)
	}
	c := conversation{day: day, index: index}
	c.start, c.end = o.span(day, index)
	c.flagged = o.recordedBefore(index+1) > o.recordedBefore(index)
	c.open = o.cfg.OpenShare > 0 && below(hash(o.cfg.Seed, 'o', uint64(day), uint64(index)), o.cfg.OpenShare)
	o.oddities(&c)
	return c
}

// recordedBefore counts the recorded conversations of a day below an index, so
// that the share is met exactly on every day.
func (o *org) recordedBefore(index int) int {
	return int(float64(index)*o.cfg.RecordedShare + 1e-9)
}

func (o *org) isOpen(c conversation) bool {
	return c.open && (o.cfg.OpenUntil.IsZero() || o.cfg.Now().Before(o.cfg.OpenUntil))
}

func (o *org) conversationID(c conversation) identity {
	return o.ids.make(kindConversation, c.day, c.index, 0)
}

// findConversation is false for an id that names no conversation of this organization.
func (o *org) findConversation(id string) (conversation, bool) {
	k, day, index, _, ok := o.ids.parse(id)
	if !ok || k != kindConversation || !o.exists(day, index) {
		return conversation{}, false
	}
	return o.conversation(day, index), true
}

func (o *org) exists(day, index int) bool {
	return day < o.cfg.Days && index < o.cfg.ConversationsPerDay
}
