package journal

import (
	"fmt"
	"reflect"
	"testing"

	"exitplan/exporter"
)

// Folders whose names begin alike, or sort around the slash, are told apart.
func TestFolders(t *testing.T) {
	j := openTest(t, t.TempDir())
	ctx := t.Context()
	must(t, j.Add(ctx, []exporter.Unit{unit("u")}))
	receipt := exporter.Receipt{Unit: "u"}
	for i, path := range []string{
		"bags/b/data/lonely", "bags/b/data/users/part-0", "bags/b/data/users/part-1", "bags/b/data/users.skills/x/y", "bags/b/data/users-x/z",
		"bags/a/data/recordings/c1/r.ogg", "bags/a/data/recordings/c1/r_metadata.json", "bags/a/data/users/part-9",
	} {
		a := artifact("x", "", fmt.Sprint(i))
		a.Path = path
		receipt.Artifacts = append(receipt.Artifacts, a)
	}
	must(t, j.Commit(ctx, receipt))
	got, err := j.Folders(ctx)
	must(t, err)
	want := []Folder{
		{"bags/a", "recordings", "recordings"},
		{"bags/a", "users", "recordings"},
		{"bags/b", "users-x", "recordings"},
		{"bags/b", "users.skills", "recordings"},
		{"bags/b", "users", "recordings"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("folders %v\nwant    %v", got, want)
	}
}

// The first file is found wherever it stands, and never among files whose names
// are others'.
func TestFirst(t *testing.T) {
	j := openTest(t, t.TempDir())
	ctx := t.Context()
	must(t, j.Add(ctx, []exporter.Unit{unit("u")}))
	receipt := exporter.Receipt{Unit: "u"}
	for i, path := range []string{
		"recordings/c1/r.ogg", "recordings/c1/r_metadata.json", "recordings/c2/a_metadata.json",
		"mails/day=1/files/x/leads.gz", "mails/day=1/files.txt", "mails/day=2/files/y.gz", "mails/day=2/part-0.gz", "mails/day=2/part-1.gz",
		"sounds/files/1.gz", "sounds/files/2.gz", "sounds.more/part-0.gz", "flows/files/1.yaml", "flows/part-0.gz",
	} {
		a := artifact("x", "", fmt.Sprint(i))
		a.Path = "bags/a/data/" + path
		receipt.Artifacts = append(receipt.Artifacts, a)
	}
	must(t, j.Commit(ctx, receipt))
	for _, test := range []struct{ folder, suffix, want string }{
		{"recordings", "_metadata.json", "c1/r_metadata.json"}, {"recordings", ".ogg", "c1/r.ogg"}, {"recordings", "r_metadata", ""},
		{"mails", ".gz", "day=2/part-0.gz"}, {"sounds", ".gz", ""}, {"flows", ".gz", "part-0.gz"}, {"nothing", ".gz", ""},
	} {
		if got, err := j.First(ctx, Folder{Bag: "bags/a", Name: test.folder}, test.suffix); err != nil || got != test.want {
			t.Errorf("%s of %s: %q (%v), want %q", test.suffix, test.folder, got, err, test.want)
		}
	}
}
