package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"time"

	"exitplan/internal/chain"
)

// Event is one step in the custody of the export: a run started, a setting
// changed, a window decision. Events form a chain: each names the hash of the
// one before, so that none can be changed or dropped from the middle unseen.
//
// Its JSON form is a line of events.jsonl. Anyone can recompute Hash from it:
// take the member "hash" out, bring the rest into the canonical form of RFC
// 8785 (for plain text, what jq -cS prints), and take the SHA-256.
type Event struct {
	Time   time.Time         `json:"time"` // UTC
	Kind   string            `json:"kind"` // e.g. "run-started"
	Detail map[string]string `json:"detail"`
	Prev   string            `json:"prev"` // Hash of the event before; 64 zeros for the first
	Hash   string            `json:"hash"` // lower-case hex
}

// ErrChain: an event was changed, added, dropped or moved.
var ErrChain = errors.New("the chain of custody events is broken")

// Digest computes what Hash must be.
func (e Event) Digest() (string, error) {
	if e.Detail == nil {
		e.Detail = map[string]string{}
	}
	digest, err := chain.Digest(struct {
		Time   time.Time         `json:"time"`
		Kind   string            `json:"kind"`
		Detail map[string]string `json:"detail"`
		Prev   string            `json:"prev"`
	}{e.Time.UTC(), e.Kind, e.Detail, e.Prev})
	if err != nil {
		return "", fmt.Errorf("event %q: %w", e.Kind, err)
	}
	return digest, nil
}

// Record appends an event, durable on return. Time defaults to now; Prev and
// Hash are the journal's to fill.
func (j *Journal) Record(ctx context.Context, e Event) error {
	if e.Kind == "" {
		return errors.New("a custody event needs a kind")
	}
	return j.write(ctx, func(t *tx) error { return t.record(e, j.now()) }, nil)
}

func (t *tx) record(e Event, now time.Time) error {
	if e.Time.IsZero() {
		e.Time = now
	}
	e.Time = e.Time.UTC()
	found, err := t.get("SELECT hash FROM event ORDER BY seq DESC LIMIT 1", nil, &e.Prev)
	if err != nil {
		return err
	}
	if !found {
		e.Prev = chain.Origin
	}
	if e.Detail == nil {
		e.Detail = map[string]string{}
	}
	detail, err := json.Marshal(e.Detail)
	if err != nil {
		return err
	}
	// Hash what a reader will get back, whatever odd bytes were given.
	if err := json.Unmarshal(detail, &e.Detail); err != nil {
		return err
	}
	if e.Hash, err = e.Digest(); err != nil {
		return err
	}
	_, err = t.exec("INSERT INTO event (time, kind, detail, prev, hash) VALUES (?, ?, ?, ?, ?)",
		e.Time.Format(time.RFC3339Nano), e.Kind, string(detail), e.Prev, e.Hash)
	return err
}

// Events streams the custody events, oldest first.
func (j *Journal) Events(ctx context.Context) iter.Seq2[Event, error] {
	return query(ctx, j, "SELECT seq, time, kind, detail, prev, hash FROM event ORDER BY seq", nil,
		func(scan func(...any) error) (Event, error) {
			var (
				e            Event
				seq          int64
				when, detail string
			)
			if err := scan(&seq, &when, &e.Kind, &detail, &e.Prev, &e.Hash); err != nil {
				return e, err
			}
			var err error
			if e.Time, err = time.Parse(time.RFC3339Nano, when); err != nil {
				return e, fmt.Errorf("%w: event %d: %w", ErrChain, seq, err)
			}
			if err := json.Unmarshal([]byte(detail), &e.Detail); err != nil {
				return e, fmt.Errorf("%w: event %d: %w", ErrChain, seq, err)
			}
			return e, nil
		})
}

// VerifyChain checks the journal's own events, as the function does.
func (j *Journal) VerifyChain(ctx context.Context) error { return VerifyChain(j.Events(ctx)) }

// VerifyChain checks that events are what was recorded, none changed, dropped
// or moved, up to the last that is given. ErrChain names the first that is
// not; other errors are those of events.
func VerifyChain(events iter.Seq2[Event, error]) error {
	prev, n := chain.Origin, 0
	for e, err := range events {
		if err != nil {
			return err
		}
		n++
		want, err := e.Digest()
		if err != nil {
			return fmt.Errorf("%w: event %d: %w", ErrChain, n, err)
		}
		if e.Prev != prev || e.Hash != want {
			return fmt.Errorf("%w at event %d (%s, %s)", ErrChain, n, e.Kind, e.Time.Format(time.RFC3339))
		}
		prev = e.Hash
	}
	return nil
}
