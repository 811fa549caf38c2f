package sink

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"exitplan/exporter"
	"exitplan/manifest"
)

// stage is where objects are written before they get their names. It lies
// beside the exports, on their file system, so that naming is atomic.
const stage = ".exitplan-tmp"

// leftoverAge is how long after the last write to a staged file its writer
// must be dead: transfers that stand still end much sooner.
const leftoverAge = time.Hour

// Dir stores objects as read-only files below a directory. Symbolic links
// that lead out of the directory are refused.
type Dir struct {
	base   string             // absolute
	files  *manifest.DirStore // reads what lies below base
	prefix string             // below base: the export id
	now    func() time.Time
	copies sync.Pool // *[]byte to copy through

	mu     sync.Mutex
	opened *os.Root
	// durable holds directories whose own entries are on disk, so that only
	// new ones cost a sync of their parents.
	durable map[string]struct{}
}

// maxDurable bounds what Dir remembers: an export has as many directories as
// conversations. Forgetting costs one sync a directory.
const maxDurable = 4096

func openDir(cfg Config, base string) (*Dir, error) {
	base, err := filepath.Abs(base)
	if err != nil {
		return nil, fmt.Errorf("destination: %w", err)
	}
	if info, err := os.Stat(base); err == nil && !info.IsDir() {
		return nil, invalidf("destination %s is not a directory", base)
	}
	return &Dir{
		base: base, files: manifest.Dir(base), prefix: cfg.Root, now: cfg.Now, durable: map[string]struct{}{},
		copies: sync.Pool{New: func() any { b := make([]byte, 256<<10); return &b }},
	}, nil
}

// URL implements [Destination].
func (d *Dir) URL() string {
	full := filepath.ToSlash(filepath.Join(d.base, d.prefix))
	if full[0] != '/' {
		full = "/" + full // C:/exit
	}
	return (&url.URL{Scheme: "file", Path: full}).String()
}

// root opens the base directory, and makes it and its stage where they are
// missing. The handle stays open for as long as the process: directories have
// nothing to lose.
func (d *Dir) root() (*os.Root, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.opened == nil {
		if err := makeDirs(d.base); err != nil {
			return nil, fmt.Errorf("make destination: %w", explainFile(err))
		}
		root, err := os.OpenRoot(d.base)
		if err != nil {
			return nil, err
		}
		d.opened = root
	}
	if _, staged := d.durable[stage]; !staged {
		if err := d.opened.Mkdir(stage, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, fmt.Errorf("destination %s: %w", d.base, explainFile(err))
		}
		d.durable[stage] = struct{}{}
		d.clean(d.opened)
	}
	return d.opened, nil
}

// clean removes what killed runs left in the stage. What cannot be removed
// is in nobody's way.
func (d *Dir) clean(root *os.Root) {
	if d.now == nil {
		return
	}
	dir, err := root.Open(stage)
	if err != nil {
		return
	}
	defer dir.Close()
	for {
		entries, err := dir.ReadDir(256)
		for _, e := range entries {
			info, err := e.Info()
			if err == nil && info.Mode().IsRegular() && d.now().Sub(info.ModTime()) > leftoverAge {
				_ = root.Remove(path.Join(stage, e.Name()))
			}
		}
		if err != nil {
			return
		}
	}
}

// Put implements [exporter.Sink]. The order of its writes: staged file,
// sync, name, sync of the directory that has the name (and, earlier, of
// those that have the names of new directories).
func (d *Dir) Put(ctx context.Context, obj exporter.Object, body io.Reader) (exporter.Artifact, error) {
	if err := checkObject(obj); err != nil {
		return exporter.Artifact{}, err
	}
	root, err := d.root()
	if err != nil {
		return exporter.Artifact{}, err
	}
	src := newSource(ctx, obj, body)
	staged := path.Join(stage, rand.Text())
	if err := d.write(root, staged, src); err != nil {
		_ = root.Remove(staged)
		if src.err != nil {
			return exporter.Artifact{}, src.err
		}
		return exporter.Artifact{}, fmt.Errorf("store %s: %w", obj.Path, explainFile(err))
	}
	defer root.Remove(staged) // a second name by now, or of no use
	if err := d.publish(ctx, root, staged, obj, src); err != nil {
		return exporter.Artifact{}, err
	}
	return exporter.Artifact{
		Path: obj.Path, Bytes: src.read, SHA256: hexDigest(src.digest()),
		Attest: exporter.Attestation{Level: "none"},
	}, nil
}

// write stores all of src in a new file, read-only from the start, so that
// the umask has its say.
func (d *Dir) write(root *os.Root, name string, src *source) error {
	f, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o444)
	if err != nil {
		return err
	}
	defer f.Close()
	buf := d.copies.Get().(*[]byte)
	defer d.copies.Put(buf)
	// The plain interfaces keep io.Copy from taking ways of its own.
	if _, err := io.CopyBuffer(struct{ io.Writer }{f}, struct{ io.Reader }{src}, *buf); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return f.Close()
}

// publish gives the staged file its name, unless that name is taken.
func (d *Dir) publish(ctx context.Context, root *os.Root, staged string, obj exporter.Object, src *source) error {
	name := path.Join(d.prefix, obj.Path)
	dir := path.Dir(name)
	if err := d.makeDurable(root, dir); err != nil {
		return fmt.Errorf("store %s: %w", obj.Path, explainFile(err))
	}
	err := d.link(root, staged, name)
	if errors.Is(err, fs.ErrExist) {
		err = d.existing(root, name, obj, src)
		if errors.Is(err, exporter.ErrConflict) {
			may, asked := obj.Replaceable(ctx)
			if asked != nil {
				return asked
			}
			if may {
				err = root.Rename(staged, name)
			}
		}
	}
	if errors.Is(err, exporter.ErrConflict) {
		return err
	}
	if err == nil {
		err = syncDir(root, dir)
	}
	if err != nil {
		return fmt.Errorf("store %s: %w", obj.Path, explainFile(err))
	}
	return nil
}

// link names a staged file without overwriting. File systems without hard
// links (exFAT on a portable disk) have it renamed instead, by one goroutine
// at a time.
func (d *Dir) link(root *os.Root, staged, name string) error {
	err := root.Link(staged, name)
	if err == nil || errors.Is(err, fs.ErrExist) || !noHardLinks(err) {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, err := root.Lstat(name); err == nil {
		return fs.ErrExist
	}
	return root.Rename(staged, name)
}

func noHardLinks(err error) bool {
	return errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EMLINK)
}

// existing says whether the file of that name has the bytes of src, with
// ErrConflict where it has others.
func (d *Dir) existing(root *os.Root, name string, obj exporter.Object, src *source) error {
	info, err := root.Lstat(name)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a file there", name) // never replaced either
	}
	if info.Size() != src.read {
		return conflict(obj.Path, fmt.Sprintf("%d bytes there, %d now", info.Size(), src.read))
	}
	f, err := root.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	there := newSource(src.ctx, exporter.Object{Path: obj.Path, Size: -1}, f)
	buf := d.copies.Get().(*[]byte)
	defer d.copies.Put(buf)
	if _, err := io.CopyBuffer(io.Discard, struct{ io.Reader }{there}, *buf); err != nil {
		return err
	}
	have, want := there.digest(), src.digest()
	if !bytes.Equal(have[:], want[:]) {
		return conflict(obj.Path, fmt.Sprintf("SHA-256 %s there, %s now", hexDigest(have), hexDigest(want)))
	}
	return nil
}

// makeDurable makes a directory below the base, with every parent, and
// returns once they cannot be lost any more.
func (d *Dir) makeDurable(root *os.Root, dir string) error {
	if dir == "." {
		return nil
	}
	d.mu.Lock()
	_, known := d.durable[dir]
	d.mu.Unlock()
	if known {
		return nil
	}
	parent := path.Dir(dir)
	if err := d.makeDurable(root, parent); err != nil {
		return err
	}
	if err := root.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	// Also where it exists: whoever made it may have synced nothing yet.
	if err := syncDir(root, parent); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.durable) >= maxDurable {
		clear(d.durable)
		d.durable[stage] = struct{}{}
	}
	d.durable[dir] = struct{}{}
	return nil
}

// explainFile adds what to do to errors that a person can mend.
func explainFile(err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC), isQuota(err):
		return fmt.Errorf("%w: make room, then run the same command again: %w", ErrFull, err)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%w: the destination must be writable for the user that runs the export: %w", ErrAccess, err)
	}
	return err
}
