package main

import (
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
	var all []byte // of what else lies there
	for _, path := range []string{markerPath, ledgerHead, ledgerCopy} {
		text, err := readCopy(ctx, store, path)
		if err != nil {
			return path, err
		}
		all = append(all, text...)
	}
	if !seen.there && sealed.there && len(all) > 0 { // else it was fetched without state/, as VERIFY.txt says
		return eventsCopy, fmt.Errorf("%w: the events that tell of it are missing; the next export renews them", ledger.ErrTampered)
	}
	if !seen.there && sealed.there {
		return "", nil
	}
	head, err := readCopy(ctx, store, ledgerHead)
	if err != nil {
		return ledgerHead, err
	}
	copied, err := copiedLedger(ctx, store)
	if err != nil {
		return ledgerCopy, err
	}
	if head == nil && len(copied) > 0 && !seen.there { // nothing else tells where it ends
		return ledgerHead, fmt.Errorf("%w: its head is missing; the next export renews it", ledger.ErrTampered)
	}
	err = errors.Join(sealed.hold(ledgerCopy, copied), seen.hold(ledgerCopy, copied), ledger.Begins(ledgerSealed, inBag, copied, ledgerCopy))
	return ledgerCopy, err
}
