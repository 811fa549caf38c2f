package sink

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"slices"
	"strings"

	"exitplan/manifest"
)

// Open implements [manifest.Opener].
func (d *Dir) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	if !readable(name) {
		return nil, fmt.Errorf("read %q: not a path below the destination", name)
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	root, err := d.root(false)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	full := path.Join(d.prefix, name)
	// Looked at first: opening a pipe would wait for its writer.
	info, err := root.Lstat(full)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("read %s: it is a %s, not a file", name, kind(info.Mode()))
	}
	f, err := root.Open(full)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return f, nil
}

// List implements [manifest.Lister]. It holds the names of one directory at
// each depth in memory.
func (d *Dir) List(ctx context.Context, prefix string) iter.Seq2[manifest.File, error] {
	return func(yield func(manifest.File, error) bool) {
		root, err := d.root(false)
		dir := strings.TrimSuffix(prefix, "/")
		switch {
		case err != nil:
		case dir != "" && !readable(dir):
			err = errors.New("not a path below the destination")
		default:
			_, err = root.Lstat(path.Join(".", d.prefix, dir))
		}
		// No such directory is no file: a bucket has no directories either.
		// One that goes away later is an error.
		if errors.Is(err, fs.ErrNotExist) {
			return
		}
		if err == nil {
			_, err = d.list(ctx, root, dir, yield)
		}
		if err != nil {
			yield(manifest.File{}, fmt.Errorf("list %s/%s: %w", d.URL(), prefix, err))
		}
	}
}

// list yields what lies below dir; more is false once yield has had enough.
func (d *Dir) list(ctx context.Context, root *os.Root, dir string, yield func(manifest.File, error) bool) (more bool, err error) {
	entries, err := readDir(root, path.Join(".", d.prefix, dir))
	if err != nil {
		return false, err
	}
	for _, e := range entries {
		if ctx.Err() != nil {
			return false, context.Cause(ctx)
		}
		name := path.Join(dir, e.Name())
		switch {
		case d.prefix == "" && name == stage:
			continue
		case e.IsDir():
			more, err = d.list(ctx, root, name, yield)
			if err != nil || !more {
				return false, err
			}
			continue
		case !e.Type().IsRegular():
			more = yield(manifest.File{Path: name, Irregular: kind(e.Type())}, nil)
		default:
			info, err := e.Info()
			if err != nil {
				return false, err
			}
			more = yield(manifest.File{Path: name, Bytes: info.Size()}, nil)
		}
		if !more {
			return false, nil
		}
	}
	return true, nil
}

// readDir sorts as whole paths sort: a directory by its name and a slash.
func readDir(root *os.Root, dir string) ([]fs.DirEntry, error) {
	f, err := root.Open(dir)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	entries, err := f.ReadDir(-1)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(entries, compareEntries)
	return entries, nil
}

func compareEntries(a, b fs.DirEntry) int {
	x, y := a.Name(), b.Name()
	n := min(len(x), len(y))
	if c := strings.Compare(x[:n], y[:n]); c != 0 {
		return c
	}
	return after(a, n) - after(b, n)
}

// after is the byte of an entry's path behind the first n of its name; -1
// for the path's end.
func after(e fs.DirEntry, n int) int {
	switch {
	case n < len(e.Name()):
		return int(e.Name()[n])
	case e.IsDir():
		return '/'
	}
	return -1
}

func kind(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "directory"
	case mode&fs.ModeSymlink != 0:
		return "symbolic link"
	case mode&fs.ModeNamedPipe != 0:
		return "pipe"
	case mode&fs.ModeSocket != 0:
		return "socket"
	}
	return "device"
}
