package main

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/term"
)

// screen is standard error, on whose last line a bar may stand: whatever else
// is written goes above it.
type screen struct {
	out *os.File

	mu  sync.Mutex
	bar string
}

// Write puts whole lines above the bar.
func (s *screen) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	bar := s.bar
	s.draw("")
	n, err := s.out.Write(text)
	s.draw(bar)
	return n, err
}

// show replaces the bar; an empty one leaves the line free.
func (s *screen) show(bar string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.draw(bar)
}

// A terminal echoes Ctrl-C as "^C" where the cursor is: behind the bar, which
// must not wrap for it, also if somebody is impatient.
const echo = len("^C^C")

// draw paints over the bar that stands there, as every console understands.
func (s *screen) draw(bar string) {
	if bar == "" && s.bar == "" {
		return
	}
	rest := max(0, utf8.RuneCountInString(s.bar)-utf8.RuneCountInString(bar)) + echo
	text := "\r" + bar + strings.Repeat(" ", rest) + "\r" + bar // the cursor behind it
	fmt.Fprint(s.out, text)
	s.bar = bar
}

// columns is how wide a bar may be; 0 where there is no terminal.
func (s *screen) columns() int {
	fd := int(s.out.Fd())
	if !term.IsTerminal(fd) {
		return 0
	}
	width, _, err := term.GetSize(fd)
	if err != nil || width <= 0 {
		width = 80
	}
	return max(width-echo-1, 1)
}
