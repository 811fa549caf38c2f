package manifest

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"
)

// list is a control file that lists paths of its bag: a manifest, fetch.txt,
// or the bag's line in BAGS.sha256.
type list struct {
	name      string
	algorithm algorithm
	payload   bool   // a payload manifest
	fetch     bool   // fetch.txt
	only      []line // given, rather than read
	unsorted  bool
}

// findLists looks for everything that lists files of the bag, and reads each
// once to say what is wrong with it and whether it is sorted.
func (c *bagCheck) findLists(ctx context.Context) error {
	var candidates []*list
	for _, a := range algorithms() {
		candidates = append(candidates,
			&list{name: "manifest-" + a.name + ".txt", algorithm: a, payload: true},
			&list{name: "tagmanifest-" + a.name + ".txt", algorithm: a})
	}
	candidates = append(candidates, &list{name: "fetch.txt", fetch: true})
	found := make([]bool, len(candidates))
	group, ctx := errgroup.WithContext(ctx)
	for i, l := range candidates {
		group.Go(func() (err error) {
			found[i], err = c.inspect(ctx, l)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	payload := false
	for i, l := range candidates {
		if found[i] {
			c.lists = append(c.lists, l)
			payload = payload || l.payload
		}
	}
	if !payload {
		c.lacks("manifest-sha256.txt", "there is no payload manifest of MD5, SHA-1, SHA-256 or SHA-512")
	}
	if !c.hasTagManifest() {
		if c.inExport && !c.listed {
			c.lacks(tagManifestFile, "there is no tag manifest")
		} else if !c.inExport {
			c.note("", "there is no tag manifest, so nothing speaks for the bytes of the tag files")
		}
	}
	if c.listed {
		digest, err := hex.DecodeString(c.digest)
		if err != nil {
			return err
		}
		sha256, _ := findAlgorithm("sha256")
		c.lists = append(c.lists, &list{name: BagList, algorithm: sha256, only: []line{{tagManifestFile, string(digest)}}})
	}
	return nil
}

func (c *bagCheck) hasTagManifest() bool {
	for _, l := range c.lists {
		if isTagManifest(l.name) {
			return true
		}
	}
	return false
}

// inspect reads a list for the first time.
func (c *bagCheck) inspect(ctx context.Context, l *list) (found bool, err error) {
	last := ""
	for e, err := range c.lines(ctx, l) {
		var bad *badLine
		switch {
		case err == nil:
			l.unsorted = l.unsorted || e.path < last
			last = e.path
		case errors.Is(err, fs.ErrNotExist):
			return false, nil
		case errors.As(err, &bad):
			c.badLine(l, bad)
		default:
			return false, err
		}
	}
	if l.unsorted && c.inExport {
		c.note(l.name, "not sorted")
	}
	return true, nil
}

func (c *bagCheck) badLine(l *list, bad *badLine) {
	var hostile *hostilePath
	if errors.As(bad, &hostile) {
		c.find(strconv.Quote(hostile.path), Hostile, "%s, %v", l.name, bad)
		return
	}
	c.find(l.name, Malformed, "%v", bad)
}

// badLine is the error for a line that cannot be used.
type badLine struct {
	number int
	err    error
}

func (e *badLine) Error() string { return fmt.Sprintf("line %d: %v", e.number, e.err) }
func (e *badLine) Unwrap() error { return e.err }

var (
	errNotPayload = errors.New("lists a file outside data/")
	errNotTag     = errors.New("lists a file of the payload, which belongs to payload manifests")
	errTagInTag   = errors.New("lists a tag manifest, which no tag manifest may")
)

// lines reads a list. A line that cannot be used is yielded as a *badLine,
// and reading goes on; any other error ends it.
func (c *bagCheck) lines(ctx context.Context, l *list) iter.Seq2[line, error] {
	return func(yield func(line, error) bool) {
		f, err := c.store.Open(ctx, c.in(l.name))
		if err != nil {
			yield(line{}, err)
			return
		}
		defer f.Close()
		source := &failing{r: f}
		text := newLines(source)
		n := 0
		for text.Scan() {
			n++
			if len(text.Bytes()) == 0 {
				continue
			}
			if n%1024 == 0 && ctx.Err() != nil {
				yield(line{}, context.Cause(ctx))
				return
			}
			e, err := c.parse(l, text.Bytes())
			if err != nil {
				err = &badLine{n, err}
			}
			if !yield(e, err) {
				return
			}
		}
		switch {
		case source.err != nil:
			yield(line{}, fmt.Errorf("read %s: %w", c.in(l.name), source.err))
		case text.Err() != nil:
			yield(line{}, &badLine{n + 1, text.Err()})
		}
	}
}

// failing remembers why reading failed, which tells it from bad text.
type failing struct {
	r   io.Reader
	err error
}

func (f *failing) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if err != nil && err != io.EOF {
		f.err = err
	}
	return n, err
}

func (c *bagCheck) parse(l *list, text []byte) (line, error) {
	if l.fetch {
		return c.format.parseFetch(text)
	}
	e, err := c.format.parseLine(text, l.algorithm.size)
	switch {
	case err != nil:
	case l.payload && !isPayload(e.path):
		err = fmt.Errorf("%q: %w", e.path, errNotPayload)
	case !l.payload && isPayload(e.path):
		err = fmt.Errorf("%q: %w", e.path, errNotTag)
	case !l.payload && isTagManifest(e.path):
		err = fmt.Errorf("%q: %w", e.path, errTagInTag)
	}
	return e, err
}

var errFetch = errors.New("not <URL> <length> <path>")

// parseFetch reads a line of fetch.txt (RFC 8493, section 2.2.3); only its
// path matters here, nothing is fetched.
func (f format) parseFetch(text []byte) (line, error) {
	rest := string(text)
	for range 2 {
		cut := strings.IndexAny(rest, " \t")
		if cut <= 0 {
			return line{}, errFetch
		}
		rest = strings.TrimLeft(rest[cut:], " \t")
	}
	path, err := f.parsePath([]byte(rest))
	if err == nil && !isPayload(path) {
		err = fmt.Errorf("%q: %w", path, errNotPayload)
	}
	return line{path: path}, err
}

// reading is a list that is read in the order of its paths.
type reading struct {
	list *list
	next func() (line, error, bool)
	stop func()
	head line
	some bool
}

// open reads a list again, now for its paths. Bad lines were reported by
// inspect and are left out.
func (c *bagCheck) open(ctx context.Context, l *list) (*reading, error) {
	good := func(yield func(line, error) bool) {
		for _, e := range l.only {
			if !yield(e, nil) {
				return
			}
		}
		if l.only != nil {
			return
		}
		for e, err := range c.lines(ctx, l) {
			var bad *badLine
			if errors.As(err, &bad) {
				continue
			}
			if !yield(e, err) {
				return
			}
		}
	}
	lines, release := iter.Seq2[line, error](good), func() {}
	if l.unsorted {
		var err error
		if lines, release, err = sortLines(c.opt.TempDir, sortMemory, good); err != nil {
			return nil, fmt.Errorf("sort %s: %w", c.in(l.name), err)
		}
	}
	r := &reading{list: l}
	var stop func()
	r.next, stop = iter.Pull2(lines)
	r.stop = func() {
		stop()
		release()
	}
	return r, nil
}

// peek makes the next line the head, unless there is one.
func (r *reading) peek() (err error) {
	if r.some || r.next == nil {
		return nil
	}
	if r.head, err, r.some = r.next(); !r.some {
		r.next = nil
	}
	return err
}

func (r *reading) take() { r.some = false }
