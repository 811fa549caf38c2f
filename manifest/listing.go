package manifest

import (
	"fmt"
	"iter"
	"strings"
)

// listing is a store's listing with a look at the next file.
type listing struct {
	next func() (File, error, bool)
	stop func()
	head File
	err  error
	some bool // head is the next file, or err its error
	last string
}

func newListing(files iter.Seq2[File, error]) *listing {
	l := &listing{}
	l.next, l.stop = iter.Pull2(files)
	return l
}

// peek returns the next file whose path begins with prefix; ok is false
// where there is no other.
func (l *listing) peek(prefix string) (f File, ok bool, err error) {
	if !l.some {
		if l.head, l.err, l.some = l.next(); !l.some {
			return File{}, false, nil
		}
		if l.err == nil && l.head.Path <= l.last {
			l.err = fmt.Errorf("the store lists %q after %q: not in bytewise order", l.head.Path, l.last)
		}
		l.last = l.head.Path
	}
	if l.err != nil {
		return File{}, false, l.err
	}
	return l.head, strings.HasPrefix(l.head.Path, prefix), nil
}

// take drops the file that peek returned.
func (l *listing) take() { l.some = false }
