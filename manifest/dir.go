package manifest

import (
	"cmp"
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
	"sync"
)

// DirStore is a [Store] over a local folder. It never leaves that folder and
// follows no symbolic link: links, devices and the like are listed as
// irregular and not opened.
type DirStore struct {
	root string

	mu     sync.Mutex
	opened tree // nil before the first use that found the folder
}

// tree opens what lies below one folder, by slash-separated paths, and
// nothing else.
type tree interface {
	// file opens a regular file; for anything else the error wraps
	// fs.ErrNotExist.
	file(name string) (io.ReadCloser, error)
	// folder opens a folder; for anything else the error wraps
	// fs.ErrNotExist.
	folder(name string) (*os.File, error)
}

// Dir is the store of the files below a folder. A folder that cannot be
// opened is an error of the first call that needs it.
func Dir(root string) *DirStore { return &DirStore{root: root} }

// Local implements [Local].
func (d *DirStore) Local() {}

func (d *DirStore) tree() (tree, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.opened == nil {
		t, err := openTree(d.root)
		if err != nil {
			return nil, err // the folder may be made later
		}
		d.opened = t
	}
	return d.opened, nil
}

// Open reads a regular file. Anything else of that name counts as absent.
func (d *DirStore) Open(_ context.Context, name string) (io.ReadCloser, error) {
	t, err := d.tree()
	if err != nil {
		return nil, err
	}
	return t.file(name)
}

// List walks the folders. It holds the names of one folder at each depth.
func (d *DirStore) List(ctx context.Context, prefix string) iter.Seq2[File, error] {
	return func(yield func(File, error) bool) {
		t, err := d.tree()
		if err != nil {
			yield(File{}, err)
			return
		}
		w := &dirWalk{ctx: ctx, tree: t, yield: yield}
		w.folder(strings.TrimSuffix(prefix, "/"))
	}
}

// Folders yields the names of the folders right below a prefix, which is as in
// List, in any order.
func (d *DirStore) Folders(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		t, err := d.tree()
		var entries []fs.DirEntry
		if err == nil {
			entries, err = (&dirWalk{ctx: ctx, tree: t}).read(strings.TrimSuffix(prefix, "/"))
		}
		if errors.Is(err, fs.ErrNotExist) {
			return
		}
		if err != nil {
			yield("", fmt.Errorf("list %s: %w", cmp.Or(prefix, "."), err))
			return
		}
		for _, e := range entries {
			if e.IsDir() && !yield(e.Name(), nil) {
				return
			}
		}
	}
}

type dirWalk struct {
	ctx   context.Context
	tree  tree
	yield func(File, error) bool
}

// folder yields what is below a folder, and says whether to go on.
func (w *dirWalk) folder(name string) bool {
	if w.ctx.Err() != nil {
		return w.fail(context.Cause(w.ctx))
	}
	entries, err := w.read(name)
	if errors.Is(err, fs.ErrNotExist) {
		return true // never there, or gone since its parent was read
	}
	if err != nil {
		return w.fail(fmt.Errorf("list %s: %w", cmp.Or(name, "."), err))
	}
	for _, e := range entries {
		child := path.Join(name, e.Name())
		if e.IsDir() {
			if !w.folder(child) {
				return false
			}
			continue
		}
		file := File{Path: child, Irregular: irregular(e.Type())}
		if file.Irregular == "" {
			info, err := e.Info()
			if errors.Is(err, fs.ErrNotExist) {
				continue // gone since the folder was read
			}
			if err != nil {
				return w.fail(fmt.Errorf("list %s: %w", child, err))
			}
			file.Bytes = info.Size()
		}
		if !w.yield(file, nil) {
			return false
		}
	}
	return true
}

func (w *dirWalk) fail(err error) bool {
	w.yield(File{}, err)
	return false
}

// read returns a folder's entries in the order of the full paths below it:
// "a-b" comes before what is in folder "a", because '-' sorts before '/'.
func (w *dirWalk) read(name string) ([]fs.DirEntry, error) {
	f, err := w.tree.folder(cmp.Or(name, "."))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	entries, err := f.ReadDir(-1)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(sortName(a), sortName(b)) })
	return entries, nil
}

func sortName(e fs.DirEntry) string {
	if e.IsDir() {
		return e.Name() + "/"
	}
	return e.Name()
}

// irregular names what is not a regular file.
func irregular(mode fs.FileMode) string {
	switch {
	case mode.IsRegular():
		return ""
	case mode&fs.ModeSymlink != 0:
		return "symbolic link"
	case mode&fs.ModeNamedPipe != 0:
		return "named pipe"
	case mode&fs.ModeSocket != 0:
		return "socket"
	case mode&fs.ModeDevice != 0:
		return "device"
	}
	return "special file"
}
