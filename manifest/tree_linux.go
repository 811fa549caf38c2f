package manifest

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// openTree prefers the system call that opens a path without leaving a
// folder and without following links, which old kernels and some containers
// lack.
func openTree(root string) (tree, error) {
	// Reached through links or not: that is up to whoever names the root.
	f, err := os.Open(root)
	if err != nil {
		return nil, err
	}
	t := beneath{f}
	probe, err := t.folder(".")
	switch {
	case err == nil:
		return t, probe.Close()
	case errors.Is(err, unix.ENOSYS), errors.Is(err, unix.EPERM), errors.Is(err, unix.EINVAL):
		f.Close()
		return openRootTree(root)
	}
	f.Close()
	return nil, err
}

// beneath is a tree by openat2(2).
type beneath struct{ root *os.File }

func (t beneath) open(name string, flags uint64) (int, error) {
	how := unix.OpenHow{
		Flags:   unix.O_RDONLY | unix.O_CLOEXEC | unix.O_NONBLOCK | flags, // a named pipe must not make it wait
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS,
	}
	for {
		fd, err := unix.Openat2(int(t.root.Fd()), name, &how)
		switch {
		case errors.Is(err, unix.EINTR), errors.Is(err, unix.EAGAIN): // a rename beside it
			continue
		case errors.Is(err, unix.ELOOP), errors.Is(err, unix.ENOTDIR), errors.Is(err, unix.ENXIO):
			err = fs.ErrNotExist
		}
		if err != nil {
			return -1, &fs.PathError{Op: "open", Path: name, Err: err}
		}
		return fd, nil
	}
}

func (t beneath) folder(name string) (*os.File, error) {
	fd, err := t.open(name, unix.O_DIRECTORY)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), filepath.Join(t.root.Name(), name)), nil
}

func (t beneath) file(name string) (io.ReadCloser, error) {
	fd, err := t.open(name, unix.O_NOFOLLOW)
	if err != nil {
		return nil, err
	}
	f := &descriptor{fd: fd, name: name}
	var info unix.Stat_t
	if err := unix.Fstat(fd, &info); err != nil {
		f.Close()
		return nil, &fs.PathError{Op: "stat", Path: f.name, Err: err}
	}
	if info.Mode&unix.S_IFMT != unix.S_IFREG {
		f.Close()
		return nil, &fs.PathError{Op: "open", Path: f.name, Err: fs.ErrNotExist}
	}
	return f, nil
}

// descriptor reads a regular file without the poller that os.File asks in
// vain about each.
type descriptor struct {
	fd   int
	name string
}

func (f *descriptor) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		n, err := unix.Read(f.fd, p)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return 0, &fs.PathError{Op: "read", Path: f.name, Err: err}
		case n == 0:
			return 0, io.EOF
		}
		return n, nil
	}
}

func (f *descriptor) Close() error {
	if f.fd < 0 {
		return &fs.PathError{Op: "close", Path: f.name, Err: fs.ErrClosed}
	}
	err := unix.Close(f.fd)
	f.fd = -1
	if err != nil {
		return &fs.PathError{Op: "close", Path: f.name, Err: err}
	}
	return nil
}
