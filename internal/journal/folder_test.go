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
		{"bags/a", "recordings", "recordings", "c1/r.ogg"},
		{"bags/a", "users", "recordings", "part-9"},
		{"bags/b", "users-x", "recordings", "z"},
		{"bags/b", "users.skills", "recordings", "x/y"},
		{"bags/b", "users", "recordings", "part-0"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("folders %v\nwant    %v", got, want)
	}
	for suffix, holds := range map[string]bool{"_metadata.json": true, ".ogg": true, "part-9": false, "r_metadata": false} {
		if got, err := j.Holds(ctx, want[0], suffix); err != nil || got != holds {
			t.Errorf("%s: %v, %v", suffix, got, err)
		}
	}
}
