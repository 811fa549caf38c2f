package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"time"

	"exitplan/internal/genesys"
	"exitplan/internal/journal"
)

// retained is what the retention query told, and how the export fares against
// what retention deletes.
type retained struct {
	Recordings int64 `json:"recordings"`         // read, of the interval
	Archived   int64 `json:"archived,omitempty"` // of them
	// Whole: it was read to its end. Otherwise these are the first that it lists.
	Whole bool `json:"whole"`
	Race  race `json:"race"`

	deadlines []journal.Deadline
}

// A plan reads so many rows of the retention query, unless it is to read all.
const (
	retentionPage = 500
	mostRetained  = 2 * retentionPage
)

// retention asks what there is, and when it is deleted.
func (s *session) retention(ctx context.Context, full bool) (r retained, err error) {
	iv, hours := s.wanted(), map[time.Time]int64{}
	listing := genesys.Listing{
		Path: "/api/v2/recordings/retention/query", Query: url.Values{"retentionThresholdDays": {"0"}}, Style: genesys.NextURI, PageSize: retentionPage,
	}
	read := 0
	for raw, err := range s.clients[0].Rows(ctx, listing) {
		if err != nil {
			return r, fmt.Errorf("what retention has of recordings: %w", err)
		}
		var row struct {
			CreationTime, DeleteDate, ArchiveDate time.Time
		}
		if json.Unmarshal(raw, &row) == nil && iv.Contains(row.CreationTime) {
			r.Recordings++
			if !row.ArchiveDate.IsZero() && row.ArchiveDate.Before(s.clock.Now()) {
				r.Archived++
			}
			if !row.DeleteDate.IsZero() {
				hours[row.DeleteDate.UTC().Truncate(time.Hour)]++
			}
		}
		if read++; read == mostRetained && !full {
			return r.with(hours), nil
		}
	}
	r.Whole = true
	return r.with(hours), nil
}

func (r retained) with(hours map[time.Time]int64) retained {
	for _, hour := range slices.SortedFunc(maps.Keys(hours), time.Time.Compare) {
		r.deadlines = append(r.deadlines, journal.Deadline{Hour: hour, Items: hours[hour]})
	}
	return r
}

// hold runs the race, where all of it is known.
func (r *retained) hold(now time.Time, perHour float64) {
	if !r.Whole {
		perHour = 0 // how many come before those that were read, nobody knows
	}
	r.Race = against(r.deadlines, perHour, now)
}

// words say it on one line.
func (r retained) words() string {
	words := r.Race.words()
	if r.Whole {
		return cmp.Or(words, "deletes none of them")
	}
	all := fmt.Sprintf("; --full reads them all, with a call for each %d", retentionPage)
	if r.Recordings == 0 {
		return fmt.Sprintf("of the first %s that it lists, none is of these days", count(mostRetained)) + all
	}
	words = fmt.Sprintf("of the first %s that it lists, %s already due for deletion, and %s more within 7 days", count(r.Recordings), are(r.Race.Past), count(r.Race.Week))
	if r.Race.Past+r.Race.Week > 0 {
		words += "; " + protectThem
	}
	return words + all
}

func are(n int64) string {
	if n == 1 {
		return "1 is"
	}
	return count(n) + " are"
}
