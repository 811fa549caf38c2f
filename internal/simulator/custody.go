package simulator

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// custody is what people did with recordings: which conversations they protect
// from deletion, and what they had restored from the archive.
type custody struct {
	mu        sync.RWMutex
	protected map[identity]int64 // since when, by conversation
	restored  map[identity]restoration
	used      int // restorations, of those that the organization may ask for
}

type restoration struct {
	ready time.Time // by the machine's clock, for it is a latency
	until int64     // by the platform's
}

func newCustody() *custody {
	return &custody{protected: map[identity]int64{}, restored: map[identity]restoration{}}
}

// since is when a conversation was protected, if it is.
func (k *custody) since(conversation identity) (at int64, ok bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	at, ok = k.protected[conversation]
	return at, ok
}

func (k *custody) protect(conversations []identity, at int64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, id := range conversations {
		if _, ok := k.protected[id]; !ok {
			k.protected[id] = at
		}
	}
}

func (k *custody) release(conversations []identity) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, id := range conversations {
		delete(k.protected, id)
	}
}

func (k *custody) conversations() []identity {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return slices.Collect(maps.Keys(k.protected))
}

// restore begins a restoration, or prolongs one that has not run out. It is false
// when none of the allowed ones is left.
func (k *custody) restore(recording identity, asked restoration, now int64, allowed int) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if before, ok := k.restored[recording]; ok && now < before.until {
		asked.ready = before.ready
	} else if k.used++; k.used > allowed {
		k.used = allowed
		return false
	}
	k.restored[recording] = asked
	return true
}

func (k *custody) restoration(recording identity) (r restoration, ok bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	r, ok = k.restored[recording]
	return r, ok
}

func (k *custody) restorations() int {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.used
}
