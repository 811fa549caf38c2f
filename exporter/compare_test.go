package exporter_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"exitplan/exporter"
	"exitplan/internal/journal"
	"exitplan/internal/sink"
	"exitplan/internal/sink/s3server"
	"exitplan/manifest"
)

// stocked is a destination and the journal of what is stored in it.
type stocked struct {
	*testing.T
	dest    sink.Destination
	journal *journal.Journal
	folder  string // where the destination's files lie on disk
	found   []string
}

// eachDestination runs a test with a directory and with an S3 server.
func eachDestination(t *testing.T, test func(s *stocked)) {
	open := func(t *testing.T, cfg sink.Config, folder string) {
		dest, err := sink.Open(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		j, err := journal.Open(t.Context(), t.TempDir(), journal.Options{Now: time.Now, Command: "test"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { j.Close() })
		test(&stocked{T: t, dest: dest, journal: j, folder: folder})
	}
	t.Run("directory", func(t *testing.T) {
		dir := t.TempDir()
		open(t, sink.Config{URL: dir, Root: "org"}, filepath.Join(dir, "org"))
	})
	t.Run("s3", func(t *testing.T) {
		dir := t.TempDir()
		server, err := s3server.Run(t.Context(), s3server.Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(server.Stop)
		for _, kv := range server.Env() {
			t.Setenv(kv[0], kv[1])
		}
		prefix := rand.Text()
		open(t, sink.Config{URL: server.URL() + "/" + prefix, Root: "org", Region: server.Region, Endpoint: server.Endpoint, PathStyle: true},
			filepath.Join(dir, "buckets", server.Bucket, prefix, "org"))
	})
}

func (s *stocked) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// put stores an object as a run does that is killed before its commit.
func (s *stocked) put(path, text string) exporter.Artifact {
	s.Helper()
	obj := exporter.Object{Path: path, Size: int64(len(text)), Replace: func(ctx context.Context) (bool, error) {
		vouched, err := s.journal.Vouched(ctx, path)
		return !vouched, err
	}}
	s.must(s.journal.Touch(s.Context(), path))
	a, err := s.dest.Put(s.Context(), obj, strings.NewReader(text))
	s.must(err)
	return a
}

// store stores an object and commits its receipt.
func (s *stocked) store(path, text string) {
	s.Helper()
	a := s.put(path, text)
	a.Dataset, a.Item, a.Records = "letters", path, 1
	u := exporter.Unit{Dataset: "letters", Key: "letters/" + path}
	s.must(s.journal.Add(s.Context(), []exporter.Unit{u}))
	s.must(s.journal.Commit(s.Context(), exporter.Receipt{
		Unit: u.Key, Outcome: exporter.Done, Artifacts: []exporter.Artifact{a},
		Expected: []exporter.Expectation{{Dataset: "letters", Item: path, Count: 1}},
	}))
}

func (s *stocked) remove(path string) {
	s.Helper()
	s.must(os.Remove(filepath.Join(s.folder, filepath.FromSlash(path))))
}

func (s *stocked) seal() error {
	return exporter.Seal(s.Context(), exporter.Sealing{
		Ledger: s.journal, Recorder: s.journal, Sink: s.dest, Stock: s.dest,
		Found: func(_ context.Context, n int64, example string) error {
			s.found = append(s.found, fmt.Sprint(n, " ", example))
			return nil
		},
		Root: func(context.Context) ([]exporter.ControlFile, error) { return nil, nil },
	})
}

// valid says whether what is sealed is what lies there.
func (s *stocked) valid() {
	s.Helper()
	r, err := manifest.Verify(s.Context(), s.dest, manifest.VerifyOptions{})
	s.must(err)
	if !r.OK() || !r.Sealed {
		s.Errorf("verify: %+v", r)
	}
}

func (s *stocked) artifacts(bag string) (list []exporter.Artifact) {
	s.Helper()
	for a, err := range s.journal.Artifacts(s.Context(), bag) {
		s.must(err)
		list = append(list, a)
	}
	return list
}

const post = "bags/post-2026-03"

// What a killed run, or one whose journal was lost, left in a bag is listed by
// its manifest.
func TestWhatNoReceiptKnowsIsListed(t *testing.T) {
	eachDestination(t, func(s *stocked) {
		s.store(post+"/data/letters/b", "known")
		s.must(s.seal())
		s.valid()
		for i := range 130 {
			s.put(fmt.Sprintf("%s/data/letters/c/%03d", post, i), fmt.Sprint("left behind ", i))
		}
		s.put(post+"/data/stamps/a", "of another dataset")
		s.put("bags/parcels-2026-03/data/parcels/a", "in a bag that nobody knows")
		s.must(s.seal())
		s.valid()
		if want := []string{"132 " + post + "/data/letters/c/000"}; !slices.Equal(s.found, want) {
			s.Errorf("found %q, want %q", s.found, want)
		}
		list := s.artifacts(post)
		if len(list) != 132 {
			s.Fatalf("%d artifacts", len(list))
		}
		level := exporter.NotAttested
		if _, ok := s.dest.(manifest.Checksummer); ok {
			level = exporter.FullSHA256
		}
		if a := list[131]; a.Dataset != "stamps" || a.Source != exporter.FoundSource || a.Item != "" || a.Records != 0 || a.Attest.Level != level {
			s.Errorf("%+v", a)
		}
		tally, err := s.journal.Tally(s.Context())
		s.must(err)
		if c := tally.Datasets["letters"]; c.Pending+c.Failed != 0 || c.Done != 2 || c.Artifacts != 131 || c.Records != 1 || c.Met != c.Expected {
			s.Errorf("%+v", c)
		}
		s.must(s.seal())
		if len(s.found) != 1 {
			s.Errorf("found again: %q", s.found)
		}
	})
}

// A unit may still store, under its own name and with other bytes, what was
// found there in the meantime.
func TestWhatWasFoundGivesWay(t *testing.T) {
	eachDestination(t, func(s *stocked) {
		for _, path := range []string{"same", "other", "cut"} {
			s.put(post+"/data/letters/"+path, "first")
		}
		s.must(s.seal())
		s.valid()
		s.store(post+"/data/letters/same", "first")
		s.store(post+"/data/letters/other", "second")
		s.put(post+"/data/letters/cut", "killed again")
		s.must(s.seal())
		s.valid()
		for _, a := range s.artifacts(post) {
			if found := a.Source == exporter.FoundSource; found != strings.HasSuffix(a.Path, "/cut") {
				s.Errorf("%+v", a)
			}
		}
		tally, err := s.journal.Tally(s.Context())
		s.must(err)
		if c := tally.Datasets["letters"]; c.Artifacts != 3 || c.Bytes != int64(len("first"+"second"+"killed again")) || c.Records != 2 || c.Met != 2 {
			s.Errorf("%+v", c)
		}
	})
}

// What receipts know must be there before a bag is sealed.
func TestWhatIsLostIsNotSealed(t *testing.T) {
	eachDestination(t, func(s *stocked) {
		for _, path := range []string{"a", "b", "c", "d"} {
			s.store(post+"/data/letters/"+path, "text")
		}
		s.store("bags/parcels-2026-03/data/parcels/a", "whole")
		s.remove(post + "/data/letters/a")
		s.remove(post + "/data/letters/d")
		s.must(os.WriteFile(filepath.Join(s.folder, filepath.FromSlash(post+"/data/letters/b2")), []byte("found"), 0o644))
		s.remove(post + "/data/letters/c")
		s.must(os.WriteFile(filepath.Join(s.folder, filepath.FromSlash(post+"/data/letters/c")), []byte("longer text"), 0o644))
		err := s.seal()
		if !errors.Is(err, exporter.ErrLost) || !strings.Contains(err.Error(), "3 objects") ||
			!strings.Contains(err.Error(), post+"/data/letters/a") || !strings.Contains(err.Error(), "earlier versions") {
			s.Fatalf("error is %v", err)
		}
		bags, err := s.journal.Bags(s.Context())
		s.must(err)
		if bags[0].Sealed == "" || bags[1].Sealed != "" {
			s.Errorf("bags: %+v", bags)
		}
		r, err := manifest.Verify(s.Context(), s.dest, manifest.VerifyOptions{})
		s.must(err)
		if r.Sealed || r.Bags != 1 {
			s.Errorf("verify: %+v", r)
		}
		s.remove(post + "/data/letters/c")
		for _, path := range []string{"a", "c", "d"} {
			s.put(post+"/data/letters/"+path, "text")
		}
		s.must(s.seal())
		s.valid()
	})
}

// What no run of ours can have left is not taken in, and stays a finding.
func TestWhatIsNotOursIsNotTakenIn(t *testing.T) {
	eachDestination(t, func(s *stocked) {
		s.store(post+"/data/letters/a", "text")
		s.must(os.WriteFile(filepath.Join(s.folder, post, "data", "letters", "not ours"), nil, 0o644))
		want := int64(2) // with the number of files
		if strings.HasPrefix(s.dest.URL(), "file:") {
			s.must(os.Symlink("/etc/passwd", filepath.Join(s.folder, post, "data", "letters", "link")))
			want++
		}
		s.must(s.seal())
		r, err := manifest.Verify(s.Context(), s.dest, manifest.VerifyOptions{})
		s.must(err)
		if r.FindingCount != want || len(s.found) != 0 {
			s.Errorf("found %q; %+v", s.found, r.Findings)
		}
	})
}
