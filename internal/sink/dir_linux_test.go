package sink_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"exitplan/exporter"
	"exitplan/internal/sink"
	"exitplan/internal/sink/sinktest"
)

func TestDirectoryThatIsFull(t *testing.T) {
	base := t.TempDir()
	if err := syscall.Mount("tmpfs", base, "tmpfs", 0, "size=256k"); err != nil {
		t.Skip("a small file system needs the right to mount one: ", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(base, syscall.MNT_DETACH) })
	d := open(t, sink.Config{URL: base, Root: "org"})
	putString(t, d, "a", "fits")
	_, err := d.Put(t.Context(), exporter.Object{Path: "b", Size: mib}, stream(sinktest.Bytes(1, mib)))
	if !errors.Is(err, sink.ErrFull) || !errors.Is(err, exporter.ErrFatal) || !strings.Contains(err.Error(), "make room") {
		t.Errorf("error is %v, want ErrFull with what to do", err)
	}
	if left, _ := os.ReadDir(filepath.Join(base, ".exitplan-tmp")); len(left) != 0 {
		t.Errorf("the failed file takes the last room: %v", left)
	}
	putString(t, d, "c", "fits again")
	if got := list(t, d); len(got) != 2 {
		t.Errorf("holds %q", got)
	}
}
