package dataset

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"exitplan/exporter"
)

const latePrefix = RecordingsName + "/written-"

// LateKey is the key of the unit that looks, after everything else, through all
// that recording jobs wrote of an interval.
func LateKey(iv exporter.Interval) string {
	return latePrefix + detailsParams{From: iv.From, To: iv.To}.name()
}

// lateUnit looks for what landed after its conversation was dealt with, and for
// what belongs to nothing that is known.
func lateUnit(p detailsParams) (exporter.Unit, error) {
	params, err := json.Marshal(recordingsParams{Written: &p})
	return exporter.Unit{Dataset: RecordingsName, Key: LateKey(exporter.Interval{From: p.From, To: p.To}), Params: params, Priority: exporter.Last + 1}, err
}

// late discovers a unit for each lot of conversations of which something was not
// taken yet. What belongs to no known conversation is stated, and left alone.
func (d *Recordings) late(ctx context.Context, u exporter.Unit, p detailsParams, out *exporter.Output) (exporter.Receipt, error) {
	receipt := exporter.Receipt{Outcome: exporter.Done}
	bucket, ok := out.Neighbour()
	if !ok || d.Jobs == nil {
		return receipt, nil
	}
	var found []recorded
	hand := func() error {
		if len(found) == 0 {
			return nil
		}
		unit, err := d.unit(p, int(out.Now().Unix()), found) // what lands later still is another unit's
		if err != nil {
			return err
		}
		unit.Key, unit.After = latePrefix+strings.TrimPrefix(unit.Key, RecordingsName+"/"), ""
		found = nil
		return out.Save(ctx, exporter.Receipt{Unit: u.Key, Discovered: []exporter.Unit{unit}})
	}
	last, media := "", int64(0) // the recording that is being read, and its media so far
	for _, day := range (exporter.Interval{From: p.From, To: p.To}).Days() {
		for f, err := range bucket.Beside(ctx, d.Jobs.dayFolder(day.From)) {
			if err != nil {
				return receipt, fmt.Errorf("what the platform wrote: %w", err)
			}
			c, file, ok := readKey(f.Key)
			if !ok || file.kind == unknownFile {
				receipt.Exceptions = append(receipt.Exceptions, stranger(u, f, "its name is none that the platform gives"))
				continue
			}
			if it := item(c.ID, file.recording); it != last {
				last, media = it, 0
			}
			if file.kind == mediaFile && !file.encrypted {
				media++
			}
			// Of several media one may have landed too late: their number tells.
			if vouched, err := out.Vouched(ctx, d.besides(c, f)); err != nil || vouched && media < 2 {
				if err != nil {
					return receipt, err
				}
				continue
			}
			if n := len(found); n > 0 && found[n-1].ID == c.ID {
				continue
			}
			switch known, stored, err := d.acquainted(ctx, out, c.ID, file.recording); {
			case err != nil:
				return receipt, err
			case !known:
				receipt.Exceptions = append(receipt.Exceptions, stranger(u, f, "no conversation of that id is known"))
			case file.encrypted, file.kind == sidecarFile, stored >= media: // the recording itself was asked for
			default:
				if found = append(found, c); len(found) == batchSize {
					if err := hand(); err != nil {
						return receipt, err
					}
				}
			}
		}
	}
	return receipt, hand()
}

// acquainted says whether anything is known of a conversation, and how many
// media of a recording of it are stored.
func (d *Recordings) acquainted(ctx context.Context, out *exporter.Output, conversation, recording string) (known bool, stored int64, err error) {
	prefix := whole(conversation)
	for k, err := range out.Known(ctx, RecordingsName, prefix, prefix+"0", false) {
		if err != nil {
			return false, 0, err
		}
		if known = true; k.Item == item(conversation, recording) {
			stored = k.Stored
		}
	}
	return known, stored, nil
}

func stranger(u exporter.Unit, f exporter.Foreign, why string) exporter.Exception {
	return exporter.Exception{
		Dataset: RecordingsName, Unit: u.Key, Item: "object/" + whole(f.Key), Reason: exporter.Orphan, Attempts: u.Attempts + 1,
		Detail: fmt.Sprintf("%s (%d bytes) lies where the platform writes: %s; it is left alone, in no bag", f.Key, f.Bytes, why),
	}
}

// folderName is the end of the folders into which the platform writes
// (genesys-api.md §5.4).
var folderName = regexp.MustCompile(`/year=(\d+)/month=(\d+)/day=(\d+)/hour=(\d+)/conversation_id=([^/]+)/([^/]+)$`)

// readKey undoes what the platform makes of a conversation's start and id.
func readKey(key string) (c recorded, file writtenFile, ok bool) {
	m := folderName.FindStringSubmatch(key)
	if m == nil {
		return c, file, false
	}
	var n [4]int
	for i := range n {
		n[i], _ = strconv.Atoi(m[i+1]) // digits
	}
	c = recorded{ID: m[5], Start: time.Date(n[0], time.Month(n[1]), n[2], n[3], 0, 0, 0, time.UTC)}
	c.End = c.Start.Format(time.RFC3339Nano)
	return c, readFileName(m[6]), true
}

// jobKey is the key of the unit whose job exports the recordings of a day; empty
// where none was planned.
func (d *Recordings) jobKey(day time.Time) string {
	if d.Jobs == nil {
		return ""
	}
	i := slices.IndexFunc(d.Jobs.planned, func(p jobPiece) bool {
		return exporter.Interval{From: p.From, To: p.To}.Contains(day)
	})
	if i < 0 {
		return ""
	}
	return d.Jobs.planned[i].key()
}
