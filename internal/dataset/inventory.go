package dataset

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"

	"exitplan/exporter"
	"exitplan/internal/genesys"
)

// Sample tells of an organization's conversations by some of them.
type Sample struct {
	Seen     int
	recorded []string
	sums     map[string][2]float64 // of questions, and of their squares
}

// Add looks at one conversation.
func (s *Sample) Add(raw json.RawMessage) {
	if s.sums == nil {
		s.sums = map[string][2]float64{}
	}
	c := readConversation(raw)
	s.Seen++
	note := func(name string, n float64) {
		sum := s.sums[name]
		s.sums[name] = [2]float64{sum[0] + n, sum[1] + n*n}
	}
	if c.recorded() {
		s.recorded = append(s.recorded, c.ID)
		note(RecordingsName, 1)
	}
	for _, row := range contents {
		if row.among != nil {
			note(row.name, float64(len(row.among(c))))
		}
	}
}

// Recorded are the ids of those that were recorded.
func (s *Sample) Recorded() []string { return s.recorded }

// Per is what a conversation has, on average, to be asked for a dataset, and the
// standard error of that as a share of it.
func (s *Sample) Per(name string) (mean, off float64) {
	if s.Seen == 0 {
		return 0, 0
	}
	n, sum := float64(s.Seen), s.sums[name]
	if mean = sum[0] / n; mean == 0 {
		return 0, 0
	}
	return mean, math.Sqrt(max(0, sum[1]/n-mean*mean)/n) / mean
}

// Asked are the questions that so many conversations lead to, by dataset.
func (s *Sample) Asked(conversations float64) map[string]float64 {
	asked := map[string]float64{}
	for _, row := range contents {
		if row.among != nil {
			mean, _ := s.Per(row.name)
			asked[row.name] = mean * conversations
		}
	}
	return asked
}

// Conversations of a page of the details query, at most (genesys-api.md §4).
const samplePage = 100

// Look reads a page of a day's conversations into the sample: number is counted
// from 0.
func (s *Sample) Look(ctx context.Context, c *genesys.Client, day exporter.Interval, number int) error {
	answer, err := c.Post(ctx, "/api/v2/analytics/conversations/details/query", map[string]any{
		"interval": closed(day).String(),
		"paging":   map[string]int{"pageSize": samplePage, "pageNumber": number + 1},
	})
	if err != nil {
		return fmt.Errorf("look at conversations of %s: %w", day, err)
	}
	var page struct {
		Conversations []json.RawMessage `json:"conversations"`
	}
	if err := json.Unmarshal(answer, &page); err != nil {
		return fmt.Errorf("look at conversations of %s: %w", day, err)
	}
	for _, raw := range page.Conversations {
		s.Add(raw)
	}
	return nil
}

// MiddlePage is the page in the middle of so many conversations.
func MiddlePage(conversations float64) int {
	const deepest = 50 // deep pages are slow for the platform
	return min(deepest, int(conversations/samplePage/2))
}

// Decisive are the listings whose number of records other calls hang on, those
// with the most first, that tell their total on their first page.
func Decisive(names []string, most int) []string {
	below := map[string]int{}
	rows := declared()
	for _, row := range slices.Backward(rows) {
		if row.parent != "" && slices.Contains(names, row.name) {
			below[row.parent] += 1 + below[row.name]
		}
	}
	var list []string
	for _, row := range rows {
		if below[row.name] > 0 && slices.Contains(names, row.name) && row.parent == "" && row.counted() {
			list = append(list, row.name)
		}
	}
	slices.SortStableFunc(list, func(a, b string) int { return cmp.Compare(below[b], below[a]) })
	return list[:min(most, len(list))]
}

func (d *listing) counted() bool {
	return d.style == genesys.Numbered && d.body == "" && d.job == nil && d.every == 0
}

var errNoTotal = errors.New("the answer names no total")

// CountRows asks how many records a listing of [Decisive] has.
func CountRows(ctx context.Context, c *genesys.Client, name string) (int64, error) {
	for _, row := range declared() {
		if row.name != name {
			continue
		}
		query := ask{}.queryOf(row.query)
		query.Set(cmp.Or(row.sizeParam, "pageSize"), "1")
		query.Set("pageNumber", "1")
		answer, err := c.Get(ctx, row.path, query)
		if err != nil {
			return 0, fmt.Errorf("count %s: %w", name, err)
		}
		var page struct {
			Total *int64 `json:"total"`
		}
		if err := json.Unmarshal(answer, &page); err != nil {
			return 0, fmt.Errorf("count %s: %w", name, err)
		}
		if page.Total == nil {
			return 0, fmt.Errorf("count %s: %w", name, errNoTotal)
		}
		return *page.Total, nil
	}
	return 0, fmt.Errorf("count %s: no such listing", name)
}
