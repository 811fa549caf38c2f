package config

import (
	"errors"
	"fmt"
	"strings"
)

// ErrConfig is wrapped by every error of this package: the configuration has
// to be changed, trying again does not help.
var ErrConfig = errors.New("the configuration is not usable")

// Error lists everything that is wrong with a configuration.
type Error struct {
	// Problems are one line each: the key, what is wrong, what to do, and
	// where it was set.
	Problems []string
}

// Error returns the problems, one a line.
func (e *Error) Error() string { return strings.Join(e.Problems, "\n") }

// Unwrap makes errors.Is(err, ErrConfig) true.
func (e *Error) Unwrap() error { return ErrConfig }

// problems collects what is wrong, and remembers who set each key.
type problems struct {
	lines []string
	from  map[string]string // key path to file and line, variable or flag
}

// add reports a problem of a key.
func (p *problems) add(path, format string, args ...any) {
	line := path + ": " + fmt.Sprintf(format, args...)
	if from := p.origin(path); from != "" {
		line += " (" + from + ")"
	}
	p.lines = append(p.lines, oneLine(line))
}

// origin says where a key was set, or the nearest object around it.
func (p *problems) origin(path string) string {
	for path != "" {
		if from := p.from[path]; from != "" {
			return from
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
	return ""
}

// err is all of it as one error, or nil.
func (p *problems) err() error {
	if len(p.lines) == 0 {
		return nil
	}
	return &Error{p.lines}
}

// oneLine keeps a message on one line and free of terminal controls, whatever
// was quoted in it.
func oneLine(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || (r >= 0x80 && r < 0xa0) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, s)
}
