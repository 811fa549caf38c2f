package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"exitplan/exporter"
	"exitplan/internal/config"
	"exitplan/internal/dataset"
	"exitplan/internal/forecast"
	"exitplan/internal/genesys"
)

// inventory is what there is, as far as a few calls tell. A plan has to be there
// in seconds, whatever the organization's size: it makes about 30 calls.
type inventory struct {
	From      time.Time `json:"from"` // whole UTC days
	To        time.Time `json:"to"`
	Available time.Time `json:"available_until"` // the platform's details are complete until then

	Conversations forecast.Estimate `json:"conversations"` // of the whole interval
	PerDay        float64           `json:"conversations_per_day"`
	CountedDays   int               `json:"counted_days"` // by the platform
	Days          int               `json:"days"`
	Sampled       int               `json:"sampled_conversations"`
	Recorded      forecast.Estimate `json:"recorded_conversations"`
	Recordings    forecast.Estimate `json:"recordings"`

	// BytesPerRecording and Transfer come from recordings that were read and
	// thrown away; nil where none were.
	BytesPerRecording *forecast.Estimate   `json:"bytes_per_recording,omitempty"`
	Transfer          *dataset.Transferred `json:"transfer_sample,omitempty"`
	Rows              map[string]int64     `json:"counted_rows,omitempty"`
	// Rehearsed are records of listings, by the last rehearsal.
	Rehearsed map[string]int64 `json:"rehearsed_rows,omitempty"`
	Notes     []string         `json:"notes,omitempty"` // what could not be asked, or comes from a rehearsal

	sample dataset.Sample
	asked  map[string]float64
	// perConversation are calls of a rehearsal, by dataset.
	perConversation map[string]float64
}

// What a plan asks at most.
const (
	mostCounts  = 9  // months
	mostLooks   = 4  // pages of conversations
	mostTotals  = 4  // of listings
	mostTried   = 20 // conversations whose recordings are read
	atOnce      = 8  // of these recordings
	tryAtMost   = 3 * time.Second
	perMonth    = 31 // days that the details query takes
	oneDay      = 24 * time.Hour
	atNinetieth = 1.2816 // standard deviations from the middle
)

// stock takes the inventory. What may not be asked is a note, and assumed.
func (s *session) stock(ctx context.Context, sample bool) (*inventory, error) {
	iv := s.wanted()
	inv := &inventory{From: iv.From, To: iv.To, Days: len(iv.Days()), Rows: map[string]int64{}, Rehearsed: map[string]int64{}, perConversation: map[string]float64{}}
	inv.Available = iv.To
	if s.byDay() {
		until, err := s.available(ctx)
		if err != nil {
			return nil, err
		}
		inv.Available = until.Truncate(oneDay)
	}
	var mu sync.Mutex
	note := func(err error) error {
		if errors.Is(err, genesys.ErrCredentials) || ctx.Err() != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		inv.Notes = append(inv.Notes, err.Error())
		return nil
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		for _, name := range dataset.Decisive(s.names, mostTotals) {
			n, err := dataset.CountRows(ctx, s.clients[0], name)
			if err != nil {
				if err := note(err); err != nil {
					return err
				}
				continue
			}
			inv.Rows[name] = n
		}
		return nil
	})
	group.Go(func() error {
		if !s.reads() {
			return nil
		}
		if err := s.countConversations(ctx, inv); err != nil {
			return err
		}
		_, open := s.cfg.Contract.Until(exporter.Recordings, s.clock.Now())
		if !sample || !open || !contains(s.names, dataset.RecordingsName) || len(inv.sample.Recorded()) == 0 {
			return nil
		}
		t, err := dataset.TryTransfers(ctx, s.clients[0], spread(inv.sample.Recorded(), mostTried), min(atOnce, s.cfg.Concurrency.Transfers), tryAtMost, time.Now)
		if err != nil {
			return note(fmt.Errorf("try how fast recordings come: %w", err))
		}
		inv.Transfer = &t
		return nil
	})
	if err := group.Wait(); err != nil {
		return nil, err
	}
	slices.Sort(inv.Notes)
	inv.conclude()
	return inv, nil
}

// countConversations counts months, all or some of them, and looks at a few
// conversations.
func (s *session) countConversations(ctx context.Context, inv *inventory) error {
	past := exporter.Interval{From: inv.From, To: inv.To}
	if inv.Available.Before(past.To) {
		past.To = inv.Available
	}
	if !past.From.Before(past.To) {
		return nil
	}
	months := spread(monthsOf(past), mostCounts)
	rates := make([]float64, len(months))
	sum := 0.0
	for i, month := range months {
		n, err := dataset.CountStarted(ctx, s.clients[i%len(s.clients)], month)
		if err != nil {
			return fmt.Errorf("count conversations of %s: %w", month, err)
		}
		days := len(month.Days())
		inv.CountedDays += days
		rates[i], sum = float64(n)/float64(days), sum+float64(n)
	}
	days := len(past.Days())
	inv.PerDay, inv.Conversations = sum/float64(inv.CountedDays), forecast.Exactly(sum)
	if inv.CountedDays < days {
		inv.Conversations = forecast.Estimate{Mid: inv.PerDay * float64(days), Spread: spreadOf(deviation(rates, inv.PerDay) / math.Sqrt(float64(len(rates))))}
	}
	var busy []exporter.Interval
	for i, month := range months {
		if rates[i] > 0 {
			busy = append(busy, month)
		}
	}
	for i, month := range spread(busy, mostLooks) {
		middle := month.From.Add(time.Duration(len(month.Days())/2) * oneDay)
		if err := inv.sample.Look(ctx, s.clients[i%len(s.clients)], exporter.Interval{From: middle, To: middle.Add(oneDay)}, dataset.MiddlePage(inv.PerDay)); err != nil {
			return err
		}
	}
	return nil
}

// conclude derives the rest from what was counted and looked at.
func (inv *inventory) conclude() {
	if past := len(exporter.Interval{From: inv.From, To: inv.Available}.Days()); past < inv.Days && inv.Available.Before(inv.To) {
		inv.Conversations.Mid += inv.PerDay * float64(inv.Days-past) // days still to come
		inv.Conversations.Spread = max(inv.Conversations.Spread, 1.1)
	}
	all := inv.Conversations
	mean, off := inv.sample.Per(dataset.RecordingsName)
	inv.Recorded = forecast.Estimate{Mid: all.Mid * mean, Spread: both(all.Spread, spreadOf(off))}
	each, spread := 1.1, 1.1 // recordings of a recorded conversation: assumed
	if t := inv.Transfer; t != nil && t.Results > 0 {
		each = float64(t.Results) / float64(t.Conversations)
		inv.BytesPerRecording = &forecast.Estimate{Mid: float64(t.Bytes) / float64(t.Results), Spread: 1.3}
	}
	inv.Recordings = forecast.Estimate{Mid: inv.Recorded.Mid * each, Spread: both(inv.Recorded.Spread, spread)}
	inv.asked = inv.questions()
	inv.Sampled = inv.sample.Seen
}

// cut takes days off the end.
func (inv *inventory) cut(to time.Time) {
	days := len(exporter.Interval{From: inv.From, To: to}.Days())
	if inv.Days == 0 || days >= inv.Days {
		return
	}
	share := (inv.Conversations.Mid - inv.PerDay*float64(inv.Days-days)) / max(1, inv.Conversations.Mid)
	for _, e := range []*forecast.Estimate{&inv.Conversations, &inv.Recorded, &inv.Recordings} {
		e.Mid *= max(0, share)
	}
	inv.To, inv.Days = to, days
	inv.asked = inv.questions()
}

// amounts are what the costs hang on, by these settings.
func (inv *inventory) amounts(cfg config.Config, now time.Time) dataset.Amounts {
	a := dataset.Amounts{
		Interval: exporter.Interval{From: inv.From, To: inv.To}, Now: now, Conversations: inv.Conversations.Mid,
		Recorded: inv.Recorded.Mid, Recordings: inv.Recordings.Mid, Asked: inv.asked, Rows: map[string]float64{},
		Metadata: cfg.Recordings.Metadata, Bulk: cfg.Recordings.Method == config.MethodBulk,
	}
	for _, known := range []map[string]int64{inv.Rehearsed, inv.Rows} { // the platform's count is newer
		for name, n := range known {
			a.Rows[name] = float64(n)
		}
	}
	return a
}

// monthsOf cuts an interval into pieces that one count covers.
func monthsOf(iv exporter.Interval) (list []exporter.Interval) {
	for from := iv.From; from.Before(iv.To); {
		to := from.Add(perMonth * oneDay)
		if to.After(iv.To) {
			to = iv.To
		}
		list = append(list, exporter.Interval{From: from, To: to})
		from = to
	}
	return list
}

// spread takes so many of a list, the first and the last among them.
func spread[T any](list []T, most int) (some []T) {
	if len(list) <= most {
		return slices.Clone(list)
	}
	for i := range most {
		some = append(some, list[i*(len(list)-1)/(most-1)])
	}
	return some
}

// deviation is that of some values, as a share of their mean.
func deviation(values []float64, mean float64) float64 {
	if len(values) < 2 || mean == 0 {
		return 0
	}
	sum := 0.0
	for _, v := range values {
		sum += (v - mean) * (v - mean)
	}
	return math.Sqrt(sum/float64(len(values)-1)) / mean
}

// spreadOf is the spread of an estimate with that relative standard error.
func spreadOf(off float64) float64 { return math.Exp(atNinetieth * off) }

// both is the spread of a product.
func both(a, b float64) float64 {
	a, b = math.Log(max(a, 1)), math.Log(max(b, 1))
	return math.Exp(math.Sqrt(a*a + b*b))
}
