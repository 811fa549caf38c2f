package sink

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"path"

	"exitplan/exporter"
)

// Probe implements [Destination].
func (d *Dir) Probe(ctx context.Context) ([]Finding, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	// Beside the exports, and without cleaning up after runs that may be
	// going on.
	at, err := openDir(Config{}, d.base)
	if err != nil {
		return []Finding{failed("directory", err)}, nil
	}
	name := path.Join(probeDir, rand.Text())
	want := []byte("exitplan check\n")
	if _, err := at.Put(ctx, exporter.Object{Path: name, Size: int64(len(want))}, bytes.NewReader(want)); err != nil {
		return []Finding{failed("write", err)}, ctx.Err()
	}
	found := []Finding{{Check: "write", Status: OK, Detail: "a file was stored in " + d.base}}
	got, err := at.readAll(ctx, name)
	if err == nil && !bytes.Equal(got, want) {
		err = fmt.Errorf("%w: %s gave back other bytes than were stored", ErrStore, d.base)
	}
	if err != nil {
		found = append(found, failed("read", err))
	} else {
		found = append(found, Finding{Check: "read", Status: OK, Detail: "the same bytes came back"})
	}
	if err := at.opened.RemoveAll(probeDir); err != nil {
		found = append(found, Finding{Check: "delete", Status: Warning, Detail: "the probe's file stays: " + err.Error(), Hint: "remove it by hand", Err: err})
	}
	return append(found, Finding{Check: "encryption", Status: Warning, Detail: "a directory is as encrypted as its disk",
		Hint: "make sure that the disk is encrypted with AES-256"}), nil
}

func (d *Dir) readAll(ctx context.Context, name string) ([]byte, error) {
	f, err := d.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}
