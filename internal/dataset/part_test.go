package dataset

import (
	"fmt"
	"testing"
)

// What comes again soon is known, whatever came before; what is remembered
// does not grow.
func TestRecentRemembersTheLastOnes(t *testing.T) {
	r := &recent{most: 100}
	for i := range 1000 {
		id := fmt.Appendf(nil, "%d", i)
		if !r.add(id) {
			t.Fatalf("%d was never there", i)
		}
		for back := range min(i, 99) {
			if r.add(fmt.Appendf(nil, "%d", i-back)) {
				t.Fatalf("%d is forgotten after %d more", i-back, back)
			}
		}
		if n := len(r.now) + len(r.before); n > 200 {
			t.Fatalf("%d are remembered", n)
		}
	}
}
