package dataset

import (
	"encoding/json"
	"maps"
)

// given are the parents that a unit has handed to child listings, by child, so
// that one which is opened again makes units of the others alone: the same parent
// in another unit would be listed twice, and its files would be in each other's way.
type given map[string]map[mark]bool

// mark tells the parents of one unit apart.
type mark [8]byte

// So many are remembered in a checkpoint; a unit with more that is opened again
// makes units of all of them.
const mostGiven = 20_000

// add says whether a child has not been given a parent yet.
func (g given) add(child string, ids []string) bool {
	sum := digest([]byte(ask{parent: ids}.item("")))
	if g[child] == nil {
		g[child] = map[mark]bool{}
	}
	if g[child][mark(sum[:8])] {
		return false
	}
	g[child][mark(sum[:8])] = true
	return true
}

// listingCheckpoint is what a finished unit of a listing leaves.
type listingCheckpoint struct {
	Given map[string][]byte `json:"given,omitempty"` // the marks of each child, one after the other
}

func (g given) checkpoint() (json.RawMessage, error) {
	var c listingCheckpoint
	n := 0
	for child, marks := range g {
		n += len(marks)
		if c.Given == nil {
			c.Given = map[string][]byte{}
		}
		for m := range maps.Keys(marks) {
			c.Given[child] = append(c.Given[child], m[:]...)
		}
	}
	if n > mostGiven {
		c.Given = nil
	}
	return json.Marshal(c)
}

func (g given) read(checkpoint json.RawMessage) error {
	if len(checkpoint) == 0 {
		return nil
	}
	var c listingCheckpoint
	if err := json.Unmarshal(checkpoint, &c); err != nil {
		return err
	}
	for child, marks := range c.Given {
		g[child] = map[mark]bool{}
		for ; len(marks) >= len(mark{}); marks = marks[len(mark{}):] {
			g[child][mark(marks)] = true
		}
	}
	return nil
}
