package sinktest_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"exitplan/exporter"
	"exitplan/internal/sink"
	"exitplan/internal/sink/sinktest"
)

func TestFailing(t *testing.T) {
	d, err := sink.Open(t.Context(), sink.Config{URL: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	f := sinktest.NewFailing(d,
		sinktest.Fault{Path: "before", When: sinktest.Before, Times: 1},
		sinktest.Fault{Path: "a/after", When: sinktest.After, Times: 2},
		sinktest.Fault{Path: "half-*", When: sinktest.AtByte, Byte: 2, Times: 1},
	)
	put := func(path string) error {
		_, err := f.Put(t.Context(), exporter.Object{Path: path, Size: 5}, strings.NewReader("12345"))
		return err
	}
	stored := func(path string) bool {
		r, err := f.Open(t.Context(), path)
		if errors.Is(err, fs.ErrNotExist) {
			return false
		}
		if err != nil {
			t.Fatal(err)
		}
		return r.Close() == nil
	}
	for _, c := range []struct {
		path   string
		fails  bool
		stored bool
	}{
		{"other", false, true},
		{"x/before", true, false}, {"x/before", false, true},
		{"a/after", true, true}, {"a/after", true, true}, {"a/after", false, true},
		{"b/half-1", true, false}, {"b/half-1", false, true},
	} {
		if err := put(c.path); c.fails != errors.Is(err, sinktest.ErrInjected) || !c.fails && err != nil {
			t.Errorf("%s: error is %v", c.path, err)
		}
		if stored(c.path) != c.stored {
			t.Errorf("%s is stored: %v", c.path, !c.stored)
		}
	}
	f.Fail(sinktest.Fault{})
	if put("last") == nil {
		t.Error("a fault without limits did not happen")
	}
	f.Heal()
	if err := put("last"); err != nil || f.Puts("last") != 2 {
		t.Errorf("%v after %d puts", err, f.Puts("last"))
	}
}
