package main

import (
	"strings"
	"testing"
)

// A plan of 20 million conversations takes few calls and little memory, and says
// that it does not fit and what does. How long it takes is for the benchmark.
func TestAPlanAsksLittleWhateverTheSize(t *testing.T) {
	if testing.Short() {
		t.Skip("takes the time that 300 requests a minute allow")
	}
	dir := t.TempDir()
	var text strings.Builder
	m, code, err := planOf(t.Context(), built(t, dir), dir, 20_000_000, &text)
	if err != nil || code != 7 || m.rss > 100 {
		t.Errorf("%v, exit code %d, %.1f s, %.0f MiB\n%s", err, code, m.wall, m.rss, text.String())
	}
	for _, part := range []string{"DOES NOT FIT", "What decides:", "  FITS ", "must be requested by"} {
		if !strings.Contains(text.String(), part) {
			t.Errorf("no %q in\n%s", part, text.String())
		}
	}
}
