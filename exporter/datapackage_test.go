package exporter_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"regexp"
	"strings"
	"testing"

	"exitplan/exporter"
)

// datapackage is what the tests read of a package (https://datapackage.org).
type datapackage struct {
	Schema    string `json:"$schema"`
	Name      string
	Title     string
	Bags      []struct{ Path, Datapackage, Hash string }
	Resources []struct {
		Name, Title, Format, Encoding, Compression, Hash, Class string
		Path                                                    any
		Bytes, Files, Records                                   int64
	}
}

func (s *stocked) read(at string) string {
	s.Helper()
	body, err := s.dest.Open(s.Context(), at)
	s.must(err)
	defer body.Close()
	text, err := io.ReadAll(body)
	s.must(err)
	return string(text)
}

// packageOf reads a package, and holds what it says of each file against that.
func (s *stocked) packageOf(dir string) datapackage {
	s.Helper()
	var p datapackage
	s.must(json.Unmarshal([]byte(s.read(dir+"/datapackage.json")), &p))
	if p.Schema != "https://datapackage.org/profiles/2.0/datapackage.json" || len(p.Resources) == 0 {
		s.Errorf("%s: profile %q, %d resources", dir, p.Schema, len(p.Resources))
	}
	names := map[string]bool{}
	for _, r := range p.Resources {
		if names[r.Name] || !regexp.MustCompile(`^[a-z0-9._-]+$`).MatchString(r.Name) {
			s.Errorf("%s: the name %q is there twice, or not what the standard wants", dir, r.Name)
		}
		names[r.Name] = true
		files, ok := r.Path.([]any)
		if !ok {
			files = []any{r.Path}
		}
		var sum int64
		for _, f := range files {
			text := s.read(dir + "/" + f.(string))
			sum += int64(len(text))
			digest := sha256.Sum256([]byte(text))
			if r.Hash != "" && r.Hash != "sha256:"+hex.EncodeToString(digest[:]) {
				s.Errorf("%s: hash %s of %s", dir, r.Hash, f)
			}
		}
		if r.Bytes != 0 && r.Bytes != sum {
			s.Errorf("%s: %d bytes in %s, said to be %d", dir, sum, r.Name, r.Bytes)
		}
	}
	return p
}

func (s *stocked) sealDescribed() {
	s.Helper()
	s.must(exporter.Seal(s.Context(), exporter.Sealing{
		Ledger: s.journal, Recorder: s.journal, Sink: s.dest, Stock: s.dest, Title: "Example KK",
		Describe: func(name string) exporter.Info {
			return exporter.Info{Description: "All " + name, Class: exporter.Metrics}
		},
		Root: func(context.Context) ([]exporter.ControlFile, error) {
			return []exporter.ControlFile{{Name: "report.txt", Write: func(w io.Writer) error {
				_, err := io.WriteString(w, "it is done")
				return err
			}}}, nil
		},
	}))
}

// Every payload file is in one resource of its bag's package: tables list
// their parts, and files that are no table point at the manifest, however many.
func TestEachBagDescribesItselfAsADataPackage(t *testing.T) {
	eachDestination(t, func(s *stocked) {
		const analytics, recordings = "bags/analytics-2026-03", "bags/recordings-2026-03"
		const day = "/year=2026/month=03/day=04/"
		for n := range 3 {
			s.store(fmt.Sprintf("%s/data/calls%spart-%05d.jsonl.gz", analytics, day, n), fmt.Sprint("rows ", n))
		}
		s.store(analytics+"/data/Users.x/part-all-00000.jsonl.gz", "some rows")
		s.store(analytics+"/data/Users.x/note.txt", "beside them")
		for _, table := range []string{"calls", "segments"} {
			s.store(analytics+"/data/calls.parquet/"+table+day+"part-00000.parquet", table)
			s.store(analytics+"/data/calls.parquet/"+table+day+"part-00001.parquet", table)
		}
		for n := range 40 {
			s.store(fmt.Sprintf("%s/data/recordings%sconversation_id=%d/r.ogg", recordings, day, n), "sound")
		}
		s.sealDescribed()
		s.valid()

		p := s.packageOf(analytics)
		if p.Name != "analytics-2026-03" || p.Title != "Example KK: analytics-2026-03" {
			t.Errorf("name %q, title %q", p.Name, p.Title)
		}
		got := map[string]string{}
		for _, r := range p.Resources {
			got[r.Name] = fmt.Sprint(r.Title, "|", r.Class, "|", r.Format, r.Compression, r.Encoding, "|", r.Files, " files ", r.Records)
		}
		want := map[string]string{
			"users.x":                "All letters|metrics|jsonlgzutf-8|1 files 1",
			"users.x.files":          "All letters|metrics|txtutf-8|1 files 0",
			"calls":                  "All letters|metrics|jsonlgzutf-8|3 files 3",
			"calls.parquet.calls":    "All letters|metrics|parquet|2 files 2",
			"calls.parquet.segments": "All letters|metrics|parquet|2 files 2",
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("resources\n%v\nwant\n%v", got, want)
		}
		sound := s.packageOf(recordings)
		if len(sound.Resources) != 1 || sound.Resources[0].Files != 40 || sound.Resources[0].Path != "manifest-sha256.txt" {
			t.Errorf("recordings: %+v", sound.Resources)
		}

		root := s.packageOf("root/data")
		list := s.read("BAGS.sha256")
		for _, b := range root.Bags {
			s.read(b.Datapackage)
			if !strings.Contains(list, strings.TrimPrefix(b.Hash, "sha256:")+"  "+b.Path+"/") {
				t.Errorf("%s is not in BAGS.sha256 with %s", b.Path, b.Hash)
			}
		}
		if len(root.Bags) != 2 || len(root.Resources) != 2 || root.Resources[1].Name != "report.txt" {
			t.Errorf("root: %+v", root)
		}
	})
}

// The same payload gives the same bytes, whenever it is sealed, so that a
// repeated seal changes no digest.
func TestADataPackageNamesNoTime(t *testing.T) {
	eachDestination(t, func(s *stocked) {
		s.store("bags/a-2026/data/letters/part-00000.jsonl.gz", "rows")
		s.sealDescribed()
		before := s.read("bags/a-2026/datapackage.json")
		s.must(s.journal.Touch(s.Context(), "bags/a-2026/data/letters/x")) // so that it is sealed again
		s.remove(path.Join("bags/a-2026", "datapackage.json"))
		s.sealDescribed()
		if after := s.read("bags/a-2026/datapackage.json"); after != before {
			t.Errorf("before\n%s\nafter\n%s", before, after)
		}
	})
}
