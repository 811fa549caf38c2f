package dataset

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"exitplan/exporter"
)

// unended is a conversation that had no end yet when it was exported.
type unended struct {
	ID     string    `json:"id"`
	Active time.Time `json:"active"` // the last that happened in it
}

// sweep names the conversations of a unit that are read once more. What it gives
// is a newer version of rows that are stored already, under a name behind theirs.
type sweep struct {
	IDs        []string `json:"ids"`
	Generation int      `json:"generation"` // the first is 1
}

// A job is asked for so many conversations by id.
const sweepSize = 100

// unended notes a conversation that may go on. One in which nothing has happened
// for as long as the platform needs is as final as it gets.
func (r *detailsRun) unended(c conversation) {
	if c.End != "" || c.ID == "" {
		return
	}
	if active := c.active(); r.out.Now().Before(active.Add(settling)) {
		r.at.Unended = append(r.at.Unended, unended{c.ID, active})
	}
}

// sweeps are the units that read again what was still going on, 48 hours after
// the last that happened in it.
func (r *detailsRun) sweeps() (units []exporter.Unit, err error) {
	generation := 1
	if r.p.Sweep != nil {
		generation = r.p.Sweep.Generation + 1
	}
	slices.SortFunc(r.at.Unended, func(a, b unended) int {
		if a.Active.Equal(b.Active) {
			return strings.Compare(a.ID, b.ID)
		}
		return a.Active.Compare(b.Active)
	})
	for some := range slices.Chunk(r.at.Unended, sweepSize) {
		p := r.p
		p.Sweep = &sweep{Generation: generation}
		for _, c := range some {
			p.Sweep.IDs = append(p.Sweep.IDs, c.ID)
		}
		u, err := r.d.unit(p)
		if r.find {
			u, err = r.d.findUnit(r.unit.Dataset, p)
		}
		if err != nil {
			return nil, err
		}
		u.After, u.NotBefore = "", some[len(some)-1].Active.Add(settling)
		units = append(units, u)
	}
	return units, nil
}

// name tells sweeps of one interval apart, and sorts later ones behind.
func (s *sweep) name() string {
	text, _ := json.Marshal(s.IDs) // strings
	sum := sha256.Sum256(text)
	return fmt.Sprintf("sweep-%05d-%x", s.Generation, sum[:8])
}

// filter selects its conversations (API definition, ConversationDetailQueryFilter).
func (s *sweep) filter() []map[string]any {
	predicates := make([]map[string]string, len(s.IDs))
	for i, id := range s.IDs {
		predicates[i] = map[string]string{"type": "dimension", "dimension": "conversationId", "operator": "matches", "value": id}
	}
	return []map[string]any{{"type": "or", "predicates": predicates}}
}
