package manifest

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// rootTree is a tree on any system. It opens each folder of a path in turn,
// which shows with small files.
type rootTree struct{ root *os.Root }

func openRootTree(root string) (tree, error) {
	r, err := os.OpenRoot(root)
	if err != nil {
		return nil, err
	}
	return rootTree{r}, nil
}

func (t rootTree) file(name string) (io.ReadCloser, error) {
	// Opening a named pipe would wait for a writer, so look first.
	return t.open(name, fs.FileMode.IsRegular)
}

func (t rootTree) folder(name string) (*os.File, error) {
	return t.open(name, fs.FileMode.IsDir)
}

func (t rootTree) open(name string, wanted func(fs.FileMode) bool) (*os.File, error) {
	local := filepath.FromSlash(name)
	info, err := t.root.Lstat(local)
	var p *fs.PathError
	if errors.As(err, &p) && isNotDir(p.Err) || err == nil && !wanted(info.Mode()) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	if err != nil {
		return nil, err
	}
	return t.root.Open(local)
}
