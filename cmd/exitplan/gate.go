package main

import (
	"bytes"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"exitplan/internal/contract"
	"exitplan/internal/ledger"
)

// gate are the terms while a command runs: what is recorded meanwhile, a grant
// or its withdrawal, holds at once.
type gate struct {
	state string
	seeds []ledger.Seed
	now   func() time.Time
	log   *slog.Logger

	mu    sync.Mutex
	terms contract.Terms
	seen  []byte         // the head that the terms go by; nil before the first look
	known []ledger.Entry // what the ledger was found to hold: it only grows
	why   error          // the ledger cannot be believed: nothing is open
}

// Until implements [exporter.Gate].
func (g *gate) Until(class string, now time.Time) (closes time.Time, open bool) {
	terms, err := g.current()
	if err != nil {
		return time.Time{}, false
	}
	return terms.Until(class, now)
}

// A ledger that cannot be read is read again for so long, since a disk may be
// slow to answer, before it shuts every window.
const (
	ledgerTries = 10
	ledgerPause = 150 * time.Millisecond
)

// current reads the ledger again once its head has changed.
func (g *gate) current() (contract.Terms, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	var entries []ledger.Entry
	var head []byte
	for try := 1; ; try++ {
		var err error
		head, err = os.ReadFile(filepath.Join(g.state, ledger.Head))
		none := errors.Is(err, fs.ErrNotExist)
		if none && g.seen == nil || err == nil && bytes.Equal(head, g.seen) && g.why == nil {
			return g.terms, g.why
		}
		if err == nil || none {
			entries, err = ledger.Read(g.state)
		}
		if err == nil {
			err = ledger.Begins("this run", g.known, entries, filepath.Join(g.state, ledger.File))
		}
		switch {
		case err == nil:
		case g.why == nil && try < ledgerTries && !errors.Is(err, ledger.ErrTampered):
			time.Sleep(ledgerPause)
			continue
		default:
			if g.why == nil {
				g.log.Error("nothing more is exported", "error", err)
			}
			g.why = err
			return g.terms, err
		}
		break
	}
	g.known, g.seen, g.why = entries, head, nil
	g.terms.Extensions = extensionsOf(entries, g.seeds, g.now()) // a rehearsal records none of the seeds
	return g.terms, nil
}
