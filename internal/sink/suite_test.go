package sink_test

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"testing"
	"time"

	"exitplan/exporter"
	"exitplan/internal/sink"
	"exitplan/internal/sink/sinktest"
)

func TestDirectorySuite(t *testing.T) {
	t.Parallel()
	sinktest.Suite(t, func(t *testing.T) sinktest.Destination {
		return open(t, sink.Config{URL: "file://" + t.TempDir(), Root: "export", Now: time.Now})
	})
}

func TestS3Suite(t *testing.T) {
	t.Parallel()
	sinktest.Suite(t, func(t *testing.T) sinktest.Destination { return openS3(t, nil) })
}

func TestFolders(t *testing.T) {
	for _, d := range []sink.Destination{
		open(t, sink.Config{URL: t.TempDir(), Root: "export"}), open(t, sink.Config{URL: t.TempDir()}), openS3(t, nil),
	} {
		for _, path := range []string{"bags/b/data/x", "bags/b-c/x", "bags/b.d/x", "bags/file", "root/x"} {
			putString(t, d, path, "x")
		}
		for prefix, want := range map[string][]string{"": {"bags", "root"}, "bags/": {"b", "b-c", "b.d"}, "bags/b/data/": nil, "none/": nil} {
			var got []string
			for name, err := range d.Folders(t.Context(), prefix) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, name)
			}
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("%s: below %q are %q, want %q", d.URL(), prefix, got, want)
			}
		}
	}
}

// A body that is too large for a buffer, and that cannot be rewound, goes
// through a file.
func TestS3Spools(t *testing.T) {
	spooled := 0
	d := openS3(t, func(c *sink.Config) {
		c.SinglePutLimit = 11 * mib
		c.Budget = exporter.NewBudget(1)
		c.Spool = func() (*os.File, error) { spooled++; return os.CreateTemp(t.TempDir(), "spool-") }
	})
	want := sinktest.Bytes(1, 8*mib)
	a, err := d.Put(t.Context(), exporter.Object{Path: "a", Size: 8 * mib}, stream(want))
	if err != nil {
		t.Fatal(err)
	}
	if spooled != 1 || a.Attest.Level != "full-sha256" || !bytes.Equal(read(t, d, "a"), want) {
		t.Errorf("%d files, %+v", spooled, a)
	}
	for _, announced := range []int64{8*mib - 1, 8*mib + 1} {
		if _, err := d.Put(t.Context(), exporter.Object{Path: "b", Size: announced}, stream(want)); !errors.Is(err, exporter.ErrUnverified) {
			t.Errorf("error is %v, want ErrUnverified", err)
		}
	}
	if got := list(t, d); len(got) != 1 {
		t.Errorf("holds %q", got)
	}
}
