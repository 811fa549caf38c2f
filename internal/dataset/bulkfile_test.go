package dataset

import (
	"fmt"
	"testing"
	"time"

	"exitplan/exporter"
)

func TestNamesOfWrittenFiles(t *testing.T) {
	id := uuid(7)
	for name, want := range map[string]writtenFile{
		id + ".ogg":                      {mediaFile, id, false},
		id + "-1.wav":                    {mediaFile, id, false},
		id + "-12.ogg.gz":                {mediaFile, id, false},
		id + "_metadata.json":            {sidecarFile, id, false},
		id + ".ogg_metadata.json":        {sidecarFile, id, false},
		id + "-1.ogg_metadata.json":      {sidecarFile, id, false},
		id + ".pgp":                      {mediaFile, id, true},
		id + ".json":                     {mediaFile, id, false},
		id + ".ogg.pgp":                  {mediaFile, id, true},
		id + "_metadata.json.pgp":        {sidecarFile, id, true},
		id:                               {},
		id + "-1":                        {},
		"x" + id + ".ogg":                {},
		id + "_other.json":               {},
		"_SUCCESS":                       {},
		"":                               {},
		id[:35] + ".ogg":                 {},
		id + "/" + id + ".ogg":           {},
		id + "._metadata.json":           {},
		id + ".ogg_metadata.json.gz.pgp": {},
	} {
		if got := readFileName(name); got != want {
			t.Errorf("%q: %+v, want %+v", name, got, want)
		}
	}
}

// Conversations of one hour are read with one listing, others one by one.
func TestReadsWhatWasWritten(t *testing.T) {
	j := &RecordingJobs{Organization: "org"}
	at := time.Date(2026, 3, 4, 5, 59, 59, 0, time.FixedZone("", 3600)) // 04:59 UTC
	var of []recorded
	b := &fakeBucket{objects: map[string]int64{}}
	for i := range 4 {
		c := recorded{ID: fmt.Sprint("c", i), Start: at}
		if i == 3 {
			c.Start = at.Add(time.Hour)
		}
		of = append(of, c)
		if folder := j.conversationFolder(c); i != 1 {
			for _, name := range []string{uuid(1) + ".ogg", uuid(1) + "-1.ogg", uuid(1) + ".ogg_metadata.json", uuid(2) + ".ogg.pgp", "notes.txt"} {
				b.objects[folder+name] = 1
			}
		}
		b.objects[j.conversationFolder(recorded{ID: c.ID + "0", Start: c.Start})+uuid(9)+".ogg"] = 1 // nobody asks for it
	}
	if got := j.conversationFolder(of[0]); got != "org/year=2026/month=03/day=04/hour=04/conversation_id=c0/" {
		t.Errorf("folder is %s", got)
	}
	check := func(lists int) {
		t.Helper()
		b.lists = 0
		found, err := j.read(t.Context(), b, append(of, recorded{ID: "a/b", Start: at}, recorded{}))
		if err != nil {
			t.Fatal(err)
		}
		if len(found) != 3 || found["c1"] != nil || b.lists != lists {
			t.Errorf("found %d conversations with %d lists, want 3 with %d", len(found), b.lists, lists)
		}
		for id, c := range found {
			one, two := c.Recordings[uuid(1)], c.Recordings[uuid(2)]
			if len(c.Recordings) != 2 || len(one.Media) != 2 || len(one.Sidecars) != 1 || len(two.Encrypted) != 1 || len(two.Media) != 0 || len(c.Unknown) != 1 {
				t.Errorf("%s: %+v", id, c)
			}
		}
	}
	check(2)
	// A busy hour: what is not found soon is read alone.
	for i := range 3*objectsPerList + 10 {
		b.objects[fmt.Sprintf("%sconversation_id=c1x/%s.ogg", j.hourFolder(at), uuid(i))] = 1
	}
	check(2 + 1) // c2 alone: the listing was past c1
}

func TestCountsWhatLanded(t *testing.T) {
	j := &RecordingJobs{Organization: "org"}
	b := &fakeBucket{objects: map[string]int64{}}
	day := date("2026-03-04")
	for i := range 3 {
		folder := j.conversationFolder(recorded{ID: fmt.Sprint("c", i), Start: day.AddDate(0, 0, i)})
		b.objects[folder+uuid(1)+".ogg"] = 1
		b.objects[folder+uuid(1)+"-1.ogg"] = 1
		b.objects[folder+uuid(2)+"_metadata.json"] = 1
		b.objects[folder+uuid(3)+".ogg.pgp"] = 1
	}
	n, media, err := j.landed(t.Context(), b, exporter.Interval{From: day, To: day.AddDate(0, 0, 2)})
	if err != nil || n != 4 || media != 6 || b.lists != 2 {
		t.Errorf("%d recordings, %d media with %d lists, %v", n, media, b.lists, err)
	}
}
