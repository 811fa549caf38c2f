package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"exitplan/internal/ledger"
	"exitplan/manifest"
)

// verifyLedger holds what a destination has of the ledger and of the events that
// tell of it against each other: each deviation is a finding.
func verifyLedger(ctx context.Context, store manifest.Store, result *manifest.Result) error {
	path, err := ledgerFault(ctx, store)
	if errors.Is(err, ledger.ErrTampered) {
		result.Findings = append(result.Findings, manifest.Finding{Path: path, Kind: manifest.Changed, Detail: err.Error()})
		result.FindingCount++
		return nil
	}
	return err
}

// ledgerFault is the first deviation, and where. What was stored last is read
// first, since an export may be running: see copyLedger.
func ledgerFault(ctx context.Context, store manifest.Store) (path string, err error) {
	sealed, err := toldOf(ctx, store, eventsSealed)
	if err != nil {
		return eventsSealed, err
	}
	inBag, err := wholeLedger(ctx, store, ledgerSealed)
	if err == nil {
		err = sealed.hold(ledgerSealed, inBag)
	}
	if err != nil {
		return ledgerSealed, err
	}
	seen, err := toldOf(ctx, store, eventsCopy)
	if err != nil {
		return eventsCopy, err
	}
	if sealed.there && !seen.there {
		for _, path := range []string{markerPath, ledgerHead, ledgerCopy} {
			if text, err := readCopy(ctx, store, path); err != nil || text != nil {
				return eventsCopy, cmp.Or(err, fmt.Errorf("%w: the events that tell of it are missing; the next export renews them", ledger.ErrTampered))
			}
		}
		return "", nil // fetched without state/, as VERIFY.txt says
	}
	copied, err := copiedLedger(ctx, store)
	if err != nil {
		return ledgerCopy, err
	}
	if !seen.there && len(copied) > 0 { // only its head tells where it ends
		if head, err := readCopy(ctx, store, ledgerHead); err != nil || head == nil {
			return ledgerHead, cmp.Or(err, fmt.Errorf("%w: its head is missing; the next export renews it", ledger.ErrTampered))
		}
	}
	err = errors.Join(sealed.hold(ledgerCopy, copied), seen.hold(ledgerCopy, copied), ledger.Begins(ledgerSealed, inBag, copied, ledgerCopy))
	return ledgerCopy, err
}
