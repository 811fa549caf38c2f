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
	lines  []string
	abouts []string          // the key that each line is about
	from   map[string]string // key path to file and line, variable or flag
	// settled holds the keys about which nothing more is to be said: true for
	// one that was given and could not be read, false for one, or a whole
	// section, that somebody meant to set under another name.
	settled map[string]bool
	checked bool // every layer is read: what is reported now may only follow
}

func newProblems() problems {
	return problems{from: map[string]string{}, settled: map[string]bool{}}
}

// add reports a problem of a key, unless it only follows from one that was
// reported: one mistake is one line.
func (p *problems) add(path, format string, args ...any) {
	if p.checked && p.follows(path) {
		return
	}
	if !p.checked {
		p.settled[path] = true
	}
	p.put(path, path, fmt.Sprintf(format, args...))
}

// misnamed reports a name that does not exist, and what it was meant to be.
func (p *problems) misnamed(name, meant, format string, args ...any) {
	if _, ok := p.settled[meant]; !ok {
		p.settled[meant] = false
	}
	p.put(name, meant, fmt.Sprintf(format, args...))
}

func (p *problems) put(name, about, text string) {
	line := name + ": " + text
	if from := p.origin(name); from != "" {
		line += " (" + from + ")"
	}
	p.lines, p.abouts = append(p.lines, oneLine(line)), append(p.abouts, about)
}

// follows says whether a problem of a key comes of one that was reported.
func (p *problems) follows(path string) bool {
	if p.settled[path] {
		return true
	}
	if p.from[path] != "" {
		return false // it is set, and what is there is wrong
	}
	for ; path != ""; path = around(path) {
		if _, ok := p.settled[path]; ok {
			return true
		}
	}
	return false
}

// around is the path of the object that a key lies in.
func around(path string) string { return path[:max(0, strings.LastIndexAny(path, ".["))] }

// origin says where a key was set, or the nearest object around it.
func (p *problems) origin(path string) string {
	for path != "" {
		if from := p.from[path]; from != "" {
			return from
		}
		path = around(path)
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
