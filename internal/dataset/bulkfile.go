package dataset

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"exitplan/exporter"
)

// The kinds of files that the platform writes.
type fileKind int

const (
	unknownFile fileKind = iota
	mediaFile
	sidecarFile
)

// writtenFile is what the name of a file says.
type writtenFile struct {
	kind      fileKind
	recording string // id; empty for an unknown file
	encrypted bool   // under the customer's PGP key
}

// A recording's id, then for a further media object its number, then either
// endings or what marks a sidecar, or both.
var writtenName = regexp.MustCompile(
	`^([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})(?:-[0-9]+)?((?:\.[0-9A-Za-z]+)*?)(_metadata\.json)?(\.pgp)?$`)

func readFileName(name string) writtenFile {
	m := writtenName.FindStringSubmatch(name)
	switch {
	case m == nil:
		return writtenFile{}
	case m[3] != "":
		return writtenFile{sidecarFile, m[1], m[4] != ""}
	case m[2] != "" || m[4] != "":
		return writtenFile{mediaFile, m[1], m[4] != ""}
	}
	return writtenFile{}
}

func splitKey(key string) (dir, name string) {
	i := strings.LastIndexByte(key, '/')
	return key[:i+1], key[i+1:]
}

// written is what the platform wrote of one recording, each in the order of
// names.
type written struct {
	Media     []exporter.Foreign
	Sidecars  []exporter.Foreign
	Encrypted []exporter.Foreign // either, under a key that we do not have
}

// writtenConversation is what lies in the folder of a conversation.
type writtenConversation struct {
	Recordings map[string]*written // by id
	Unknown    []exporter.Foreign  // no names that the platform gives
}

func (c *writtenConversation) add(f exporter.Foreign, name string) {
	file := readFileName(name)
	if file.kind == unknownFile {
		c.Unknown = append(c.Unknown, f)
		return
	}
	if c.Recordings == nil {
		c.Recordings = map[string]*written{}
	}
	w := c.Recordings[file.recording]
	if w == nil {
		w = &written{}
		c.Recordings[file.recording] = w
	}
	switch {
	case file.encrypted:
		w.Encrypted = append(w.Encrypted, f)
	case file.kind == mediaFile:
		w.Media = append(w.Media, f)
	default:
		w.Sidecars = append(w.Sidecars, f)
	}
}

// A listing gives so many objects at once.
const objectsPerList = 1000

// read finds what the platform wrote of conversations, by their ids; those of
// which it wrote nothing are not in it. Conversations of one hour are read
// together, as long as that takes no more requests than one for each.
func (j *RecordingJobs) read(ctx context.Context, bucket exporter.Neighbour, conversations []recorded) (map[string]*writtenConversation, error) {
	found := map[string]*writtenConversation{}
	hours := map[time.Time][]recorded{}
	for _, c := range conversations {
		if c.ID == "" || strings.Contains(c.ID, "/") {
			continue // names no folder
		}
		hour := c.Start.UTC().Truncate(time.Hour)
		hours[hour] = append(hours[hour], c)
	}
	for hour, of := range hours {
		slices.SortFunc(of, func(a, b recorded) int { return strings.Compare(a.ID+"/", b.ID+"/") }) // as folders are listed
		if err := j.readHour(ctx, bucket, hour, of, found); err != nil {
			return nil, fmt.Errorf("what the platform wrote: %w", err)
		}
	}
	return found, nil
}

func (j *RecordingJobs) readHour(ctx context.Context, bucket exporter.Neighbour, hour time.Time, of []recorded, found map[string]*writtenConversation) error {
	if len(of) > 1 {
		ids := map[string]string{} // by folder
		for _, c := range of {
			ids[j.conversationFolder(c)] = c.ID
		}
		objects := 0
		for f, err := range bucket.Beside(ctx, j.hourFolder(hour)) {
			if err != nil {
				return err
			}
			dir, name := splitKey(f.Key)
			for len(of) > 0 && j.conversationFolder(of[0]) < dir {
				of = of[1:] // the listing is past it
			}
			if len(of) == 0 {
				return nil
			}
			if objects++; objects > objectsPerList*len(ids) {
				break
			}
			if id, ours := ids[dir]; ours {
				note(found, id, f, name)
			}
		}
		if objects <= objectsPerList*len(ids) {
			return nil
		}
	}
	for _, c := range of {
		delete(found, c.ID) // begun above
		folder := j.conversationFolder(c)
		for f, err := range bucket.Beside(ctx, folder) {
			if err != nil {
				return err
			}
			note(found, c.ID, f, strings.TrimPrefix(f.Key, folder))
		}
	}
	return nil
}

func note(found map[string]*writtenConversation, id string, f exporter.Foreign, name string) {
	c := found[id]
	if c == nil {
		c = &writtenConversation{}
		found[id] = c
	}
	c.add(f, name)
}
