package main

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"exitplan/exporter"
	"exitplan/internal/dataset"
	"exitplan/internal/journal"
)

// race is the export against the platform, which deletes recordings meanwhile.
type race struct {
	Left    int64   `json:"left"`     // recordings with a date of deletion, neither stored nor excepted
	PerHour float64 `json:"per_hour"` // recordings stored; 0: no ground for a rate
	// AtRisk are deleted before their turn at that rate; without one, those
	// whose date is past already.
	AtRisk       int64     `json:"at_risk"`
	FirstDeleted time.Time `json:"first_deleted,omitzero"` // of those at risk
	Past         int64     `json:"past"`
	Day          int64     `json:"within_day"` // deleted in the next 24 hours
	Week         int64     `json:"within_week"`
	Remedy       string    `json:"remedy,omitempty"`
}

const (
	protectThem = "protect them: exitplan protect --apply"
	moreClients = "add OAuth clients (source.clients)"
)

// against runs the race: what is deleted first is taken first, as an export
// does, and what is deleted before its turn takes no time. An hour counts from
// its begin. deadlines are sorted.
func against(deadlines []journal.Deadline, perHour float64, now time.Time) race {
	r := race{PerHour: perHour}
	busy := now // until then, with what was deleted earlier
	for _, d := range deadlines {
		r.Left += d.Items
		switch ahead := d.Hour.Sub(now); {
		case ahead <= -time.Hour:
			r.Past += d.Items
			r.lose(d.Hour, d.Items)
			continue
		case ahead < 24*time.Hour:
			r.Day += d.Items
			fallthrough
		case ahead < 7*24*time.Hour:
			r.Week += d.Items
		}
		if perHour <= 0 {
			continue
		}
		stored := min(d.Items, int64(max(0, d.Hour.Sub(busy).Hours())*perHour+1e-6))
		busy = busy.Add(seconds(float64(stored) / perHour * 3600))
		r.lose(d.Hour, d.Items-stored)
	}
	switch {
	case perHour > 0 && r.AtRisk > r.Past:
		r.Remedy = protectThem + "; or " + moreClients
	case perHour <= 0 && r.Week > 0:
		r.Remedy = protectThem
	}
	return r
}

func (r *race) lose(at time.Time, n int64) {
	if n > 0 && r.AtRisk == 0 {
		r.FirstDeleted = at
	}
	r.AtRisk += n
}

// words say it on one line; nothing where nothing is to be deleted.
func (r race) words() string {
	if r.Left == 0 {
		return ""
	}
	left := plural(r.Left, "recording that is left", "recordings that are left")
	var text string
	switch {
	case r.PerHour > 0 && r.AtRisk > r.Past:
		text = fmt.Sprintf("At %s an hour, %s of %s will be deleted by retention before their turn, the first on %s",
			plural(max(1, int64(r.PerHour+0.5)), "recording", "recordings"), count(r.AtRisk), left, r.FirstDeleted.UTC().Format(time.DateOnly))
	case r.PerHour > 0:
		text = fmt.Sprintf("At %s an hour, retention deletes none of %s before its turn",
			plural(max(1, int64(r.PerHour+0.5)), "recording", "recordings"), left)
	default:
		text = fmt.Sprintf("Of %s, retention deletes %s within 24 hours and %s within 7 days; there is no rate yet to hold against that",
			left, count(r.Day), count(r.Week))
	}
	if r.Past > 0 {
		text += fmt.Sprintf(" (%s by now)", count(r.Past))
	}
	if r.Remedy != "" {
		text += "; " + r.Remedy
	}
	return text
}

// raceOf reads the race from the journal, without what this export protects.
func raceOf(ctx context.Context, j *journal.Journal, settings map[string]string, held protection, perHour float64, now time.Time) (race, error) {
	var list []journal.Deadline
	iv := frozenInterval(settings)
	if len(held) == 0 {
		for d, err := range j.Deadlines(ctx, dataset.RecordingsName, iv) {
			if err != nil {
				return race{}, err
			}
			list = append(list, d)
		}
		return against(list, perHour, now), nil
	}
	for k, err := range j.Doomed(ctx, dataset.RecordingsName, iv) {
		if err != nil {
			return race{}, err
		}
		hour := k.Due.UTC().Truncate(time.Hour)
		switch n := len(list); {
		case held[conversationOf(k.Item)]:
		case n > 0 && list[n-1].Hour.Equal(hour):
			list[n-1].Items++
		default:
			list = append(list, journal.Deadline{Hour: hour, Items: 1})
		}
	}
	return against(list, perHour, now), nil
}

// recordingsPerHour is how many recordings were stored an hour of late: units,
// by what a unit has stored so far.
func recordingsPerHour(tally journal.Tally, activity journal.Activity) float64 {
	c, n := tally.Datasets[dataset.RecordingsName], activity.Finished[dataset.RecordingsName]
	length := activity.To.Sub(activity.From)
	if n < leastUnit || c.Done == 0 || length < leastSpan {
		return 0
	}
	return float64(n) / length.Hours() * float64(c.Records) / float64(c.Done)
}

// frozenInterval is the interval of the first run, in whole days as they are
// exported; without an end where none was configured.
func frozenInterval(settings map[string]string) exporter.Interval {
	at := func(key string, otherwise time.Time) time.Time {
		if t, err := time.Parse(time.RFC3339Nano, settings["source.interval."+key]); err == nil {
			return t
		}
		return otherwise
	}
	const day = 24 * time.Hour
	never := time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	return exporter.Interval{From: at("from", time.Time{}).Truncate(day), To: at("to", never).Add(day - 1).Truncate(day)}
}

// conversationOf is the id of the conversation that an item of a recording names.
func conversationOf(item string) string {
	escaped, _, _ := strings.Cut(item, "/")
	id, err := url.PathUnescape(escaped)
	if err != nil {
		return escaped
	}
	return id
}
