package dataset

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"sync"
	"time"

	"exitplan/exporter"
)

// restorations keeps the units that run at once within what the organization may
// still have restored.
type restorations struct{ sync.Mutex }

const (
	// A restored recording stays so long, until it is archived again.
	restoredFor = 30 * 24 * time.Hour
	// Storage of archives takes hours: a unit comes back after so long, and
	// then after twice that, up to the most.
	restorePause     = 10 * time.Minute
	longestRestoring = 2 * time.Hour
)

// RestoreWait is how long a run that restores waits in all for what it has asked
// for, after everything else is done; a later run goes on with it.
const RestoreWait = 12 * time.Hour

// restoreArchived asks the platform to restore what the receipt calls archived,
// and has the unit run again once that may be done.
func (r *recordingsRun) restoreArchived(ctx context.Context, receipt exporter.Receipt) (exporter.Receipt, error) {
	for i, e := range receipt.Exceptions {
		m, described := r.meta[e.Item]
		if !described || e.Reason != exporter.Archived && m.FileState != restoring {
			continue
		}
		refused, err := r.restore(ctx, m)
		if err != nil {
			return exporter.Receipt{}, fmt.Errorf("restore recording %s: %w", e.Item, err)
		}
		if refused != "" {
			receipt.Exceptions[i].Detail += "; not restored: " + refused
			continue
		}
		pause := r.d.RestorePause
		if pause == 0 {
			pause = restorePause
		}
		pause = min(pause<<min(r.unit.Attempts, 10), longestRestoring)
		receipt.Exceptions[i].Reason = exporter.StillProcessing
		receipt.Exceptions[i].Detail += "; the platform was asked to restore it"
		receipt.Again = r.out.Now().Add(pause)
	}
	return receipt, nil
}

// restore asks for one, unless that was done before. A refusal of the platform
// is no error, and told.
func (r *recordingsRun) restore(ctx context.Context, m metadata) (refused string, err error) {
	if m.FileState == restoring {
		return "", nil
	}
	r.d.restore.Lock()
	defer r.d.restore.Unlock()
	client := r.d.API.of(r.at.Client)
	path := "/api/v2/conversations/" + url.PathEscape(m.ConversationID)
	answer, err := client.Get(ctx, path+"/recordingmetadata/"+url.PathEscape(m.ID), nil)
	if err != nil {
		return declined(err)
	}
	var now metadata
	if err := json.Unmarshal(answer, &now); err != nil {
		return "", err
	}
	switch {
	case now.FileState != archived:
		return "", nil
	case now.Remaining != nil && *now.Remaining <= 0:
		return "the organization may have no more recordings restored", nil
	}
	until := r.out.Now().Add(restoredFor).UTC().Format("2006-01-02T15:04:05.000Z")
	_, err = client.Put(ctx, path+"/recordings/"+url.PathEscape(m.ID), map[string]any{"archiveDate": until})
	return declined(err)
}

// declined tells what the platform will not do from what went wrong.
func declined(err error) (string, error) {
	if lasting(err) {
		return err.Error(), nil
	}
	return "", fatal(err)
}
