package main

import (
	"time"
	"unsafe"
)

// asleep is what time.Now says after a machine has slept: the date went on, the
// monotonic clock stood still. There is no other way to make such a reading.
func asleep(t time.Time, slept time.Duration) time.Time {
	const secondsAt = 30 // see time.Time: bits of nanoseconds below those of seconds
	wall := (*uint64)(unsafe.Pointer(&t))
	*wall += uint64(int64(slept/time.Second)) << secondsAt
	return t
}
