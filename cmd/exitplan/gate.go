package main

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"exitplan/internal/contract"
	"exitplan/internal/ledger"
)

// gate are the terms while an export runs: what is recorded meanwhile, a grant
// or its withdrawal, holds at once.
type gate struct {
	state string
	seeds []ledger.Seed
	log   *slog.Logger

	mu    sync.Mutex
	terms contract.Terms
	seen  []byte         // the head that the terms go by; nil before the first look
	known []ledger.Entry // what the ledger was found to hold: it only grows
	bad   bool           // the ledger was tampered with: nothing is open
}

func newGate(state string, terms contract.Terms, seeds []ledger.Seed, known []ledger.Entry, log *slog.Logger) *gate {
	return &gate{state: state, terms: terms, seeds: seeds, known: known, log: log}
}

// Until implements [exporter.Gate].
func (g *gate) Until(class string, now time.Time) (closes time.Time, open bool) {
	terms, bad := g.current()
	if bad {
		return time.Time{}, false
	}
	return terms.Until(class, now)
}

// current reads the ledger again once its head has changed.
func (g *gate) current() (terms contract.Terms, bad bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	head, err := os.ReadFile(filepath.Join(g.state, ledger.Head))
	if err != nil && g.seen == nil || bytes.Equal(head, g.seen) && !g.bad {
		return g.terms, g.bad
	}
	entries, err := ledger.Read(g.state)
	if err == nil {
		err = ledger.Begins("this run", g.known, entries, filepath.Join(g.state, ledger.File))
	}
	if err != nil {
		if !g.bad {
			g.log.Error("nothing more is exported", "error", err)
		}
		g.bad = true
		return g.terms, true
	}
	more, _ := ledger.Merge(entries, g.seeds, lastRecorded(entries)) // a rehearsal records none
	g.known, g.seen, g.bad = entries, head, false
	g.terms.Extensions = ledger.Extensions(append(entries[:len(entries):len(entries)], more...))
	return g.terms, false
}
