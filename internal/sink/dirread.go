package sink

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"path"
	"strings"

	"exitplan/manifest"
)

// Local implements [manifest.Local].
func (d *Dir) Local() {}

// Open implements [manifest.Opener]. Whatever is not a regular file counts as
// absent, and so does a path that could mean anything outside.
func (d *Dir) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	if !readable(name) {
		return nil, unreadable("read", name)
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	f, err := d.files.Open(ctx, path.Join(d.prefix, name))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return f, nil
}

// List implements [manifest.Lister]. It holds the names of one directory at
// each depth in memory.
func (d *Dir) List(ctx context.Context, prefix string) iter.Seq2[manifest.File, error] {
	return func(yield func(manifest.File, error) bool) {
		dir := strings.TrimSuffix(prefix, "/")
		fail := func(err error) { yield(manifest.File{}, fmt.Errorf("list %s/%s: %w", d.URL(), prefix, err)) }
		if dir != "" && !readable(dir) {
			fail(errors.New("not a path below the destination"))
			return
		}
		below := ""
		if d.prefix != "" {
			below = d.prefix + "/"
		}
		for f, err := range d.files.List(ctx, below+dir) {
			// No such directory is no file: a bucket has no directories either.
			if errors.Is(err, fs.ErrNotExist) {
				return
			}
			if err != nil {
				fail(err)
				return
			}
			f.Path = strings.TrimPrefix(f.Path, below)
			if below == "" && strings.HasPrefix(f.Path, stage+"/") {
				continue
			}
			if !yield(f, nil) {
				return
			}
		}
	}
}

// Folders implements [Destination].
func (d *Dir) Folders(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		if dir := strings.TrimSuffix(prefix, "/"); dir != "" && !readable(dir) {
			yield("", unreadable("list", prefix))
			return
		}
		for name, err := range d.files.Folders(ctx, path.Join(d.prefix, prefix)) {
			if d.prefix == "" && prefix == "" && name == stage {
				continue
			}
			if !yield(name, err) {
				return
			}
		}
	}
}
