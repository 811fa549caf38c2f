package simulator

import (
	"fmt"
	"maps"
	"net/http"
	"sync"
)

// Counts is what was asked of a server so far.
type Counts struct {
	Requests    map[string]int64 `json:"requests"`    // by kind: api, login, media
	Routes      map[string]int64 `json:"routes"`      // by method and path pattern; media is "GET media"
	Status      map[int]int64    `json:"status"`      // 0: closed without an answer
	Faults      map[string]int64 `json:"faults"`      // injected, by name
	RateLimited int64            `json:"rateLimited"` // 429s that the rate limit gave, not the faults
	Logins      int64            `json:"logins"`      // tokens issued
	Jobs        int64            `json:"jobs"`
	Batches     int64            `json:"batches"`
	BulkJobs    int64            `json:"bulkJobs"`

	// Media transfers whose headers were sent, and those written to the end
	// without a fault.
	MediaStarted   int64 `json:"mediaStarted"`
	MediaCompleted int64 `json:"mediaCompleted"`
	// Media has the transfers by object, "<recording id>-<result number>", with
	// [Config].CountMedia.
	Media map[string]Transfers `json:"media"`
}

// Transfers counts those of one media object.
type Transfers struct {
	Started   int `json:"started"`
	Completed int `json:"completed"`
}

// objectKey names a media object in few bytes, for there may be millions.
type objectKey uint64

type counter struct {
	mu     sync.Mutex
	number uint64
	Counts
	objects map[objectKey][2]uint16 // nil: not counted
}

func newCounter(media bool) *counter {
	c := &counter{Counts: Counts{
		Requests: map[string]int64{}, Routes: map[string]int64{}, Status: map[int]int64{},
	}}
	if media {
		c.objects = map[objectKey][2]uint16{}
	}
	return c
}

func (c *counter) begin() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.number++
	return c.number
}

func (c *counter) end(x *exchange, status int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.Requests[x.kind]++
	c.Routes[x.route]++
	c.Status[status]++
	if x.kind == "login" && status == http.StatusOK && x.client != "" {
		c.Logins++
	}
}

func (c *counter) rateLimited()  { c.add(&c.RateLimited) }
func (c *counter) jobCreated()   { c.add(&c.Jobs) }
func (c *counter) batchCreated() { c.add(&c.Batches) }

func (c *counter) bulkJobCreated() { c.add(&c.BulkJobs) }

func (c *counter) add(n *int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	*n++
}

func (c *counter) mediaStarted(rec recording, number int) objectKey {
	key := objectKey(rec.conversation.day)<<42 | objectKey(rec.conversation.index)<<12 | objectKey(rec.sub)<<4 | objectKey(number)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.MediaStarted++
	c.object(key, 0)
	return key
}

func (c *counter) mediaCompleted(key objectKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.MediaCompleted++
	c.object(key, 1)
}

// object counts a transfer of one object: 0 started, 1 completed.
func (c *counter) object(key objectKey, which int) {
	if c.objects == nil {
		return
	}
	t := c.objects[key]
	t[which]++
	c.objects[key] = t
}

// Counts gives a copy of the counts so far.
func (s *Server) Counts() Counts {
	c := s.counts
	c.mu.Lock()
	defer c.mu.Unlock()
	out := c.Counts
	out.Requests, out.Routes, out.Status = maps.Clone(c.Requests), maps.Clone(c.Routes), maps.Clone(c.Status)
	out.Faults = s.faults.counts()
	out.Media = make(map[string]Transfers, len(c.objects))
	for key, t := range c.objects {
		id := s.org.ids.make(kindRecording, int(key>>42), int(key>>12&(maxPerDay-1)), int(key>>4&0xff))
		out.Media[fmt.Sprintf("%s-%d", id, key&0xf)] = Transfers{Started: int(t[0]), Completed: int(t[1])}
	}
	return out
}
