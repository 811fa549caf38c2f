package journal

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"exitplan/exporter"
)

// Sum is what one dataset has of one UTC day. What is expected is what is
// stored and what is missing: [Sum.Balanced].
type Sum struct {
	Dataset string `json:"dataset"`
	Day     string `json:"day,omitempty"` // 2026-03-04; empty for what belongs to no day
	// Expected, Stored and Missing count records (conversations, recordings).
	Expected int64 `json:"expected"`
	Stored   int64 `json:"stored"`
	// Missing is the rest, by reason; that of what is not done yet is "".
	Missing map[exporter.Reason]int64 `json:"missing,omitempty"`
	// Besides are exceptions of what nobody counted, one each: a conversation
	// whose recordings are not known, or a whole unit.
	Besides map[exporter.Reason]int64 `json:"besides,omitempty"`
}

// Balanced says whether the numbers add up.
func (s Sum) Balanced() bool {
	missing := int64(0)
	for _, n := range s.Missing {
		missing += n
	}
	return s.Expected == s.Stored+missing
}

// Sums adds up what is expected, stored and missing, by dataset and day, from
// one instant. Items of the datasets named in single count one each, however
// many records one has (a recording of several media).
func (j *Journal) Sums(ctx context.Context, single ...string) ([]Sum, error) {
	if single == nil {
		single = []string{}
	}
	whole, err := json.Marshal(single)
	if err != nil {
		return nil, err
	}
	tx, err := j.readers.BeginTx(ctx, nil)
	if err != nil {
		return nil, j.unread(ctx, err)
	}
	defer tx.Rollback()
	type place struct{ dataset, day string }
	sums := map[place]*Sum{}
	for _, q := range []struct {
		text string
		add  func(s *Sum, reason exporter.Reason, a, b int64)
	}{
		{`SELECT d.name, date(i.at/1000, 'unixepoch'), '',
				sum(CASE WHEN d.name IN (SELECT value FROM json_each(?1)) THEN 1 ELSE i.expected END),
				sum(CASE WHEN d.name IN (SELECT value FROM json_each(?1)) THEN i.got >= i.expected ELSE min(i.got, i.expected) END)
			FROM item i JOIN dataset d ON d.id = i.dataset WHERE i.expected > 0 GROUP BY 1, 2`,
			func(s *Sum, _ exporter.Reason, expected, stored int64) { s.Expected, s.Stored = expected, stored }},
		{`SELECT d.name, date(i.at/1000, 'unixepoch'), coalesce(
				(SELECT e.reason FROM exception e JOIN unit s ON s.id = e.unit WHERE e.item = i.id AND s.state IN (2, 3) ORDER BY e.id LIMIT 1),
				(SELECT 'failed' FROM unit u WHERE u.id = i.unit AND u.state IN (2, 3)), ''),
				sum(CASE WHEN d.name IN (SELECT value FROM json_each(?1)) THEN 1 ELSE i.expected - i.got END), 0
			FROM item i JOIN dataset d ON d.id = i.dataset WHERE i.got < i.expected GROUP BY 1, 2, 3`,
			func(s *Sum, reason exporter.Reason, n, _ int64) { add(&s.Missing, reason, n) }},
		{`SELECT d.name, date(i.at/1000, 'unixepoch'), e.reason, count(*), 0
			FROM exception e JOIN unit u ON u.id = e.unit JOIN dataset d ON d.id = e.dataset LEFT JOIN item i ON i.id = e.item
			WHERE ?1 <> '' AND u.state IN (2, 3) AND (coalesce(i.expected, 0) <= coalesce(i.got, 0) OR e.id <>
				(SELECT min(o.id) FROM exception o JOIN unit s ON s.id = o.unit WHERE o.item = i.id AND s.state IN (2, 3))) GROUP BY 1, 2, 3`,
			func(s *Sum, reason exporter.Reason, n, _ int64) { add(&s.Besides, reason, n) }},
	} {
		rows, err := tx.QueryContext(ctx, q.text, string(whole))
		if err != nil {
			return nil, j.unread(ctx, err)
		}
		defer rows.Close()
		for rows.Next() {
			var (
				dataset string
				day     sql.NullString
				reason  exporter.Reason
				a, b    int64
			)
			if err := rows.Scan(&dataset, &day, &reason, &a, &b); err != nil {
				return nil, j.unread(ctx, err)
			}
			at := place{dataset, day.String}
			if sums[at] == nil {
				sums[at] = &Sum{Dataset: dataset, Day: day.String}
			}
			q.add(sums[at], reason, a, b)
		}
		if err := rows.Err(); err != nil {
			return nil, j.unread(ctx, err)
		}
	}
	list := make([]Sum, 0, len(sums))
	for s := range maps.Values(sums) {
		if !s.Balanced() {
			return nil, fmt.Errorf("%s of %q: %d expected, %d stored, missing %v: the sums of the journal do not add up", s.Dataset, s.Day, s.Expected, s.Stored, s.Missing)
		}
		list = append(list, *s)
	}
	slices.SortFunc(list, func(a, b Sum) int { return cmp.Or(cmp.Compare(a.Dataset, b.Dataset), cmp.Compare(a.Day, b.Day)) })
	return list, nil
}

func add(sums *map[exporter.Reason]int64, reason exporter.Reason, n int64) {
	if *sums == nil {
		*sums = map[exporter.Reason]int64{}
	}
	(*sums)[reason] += n
}
