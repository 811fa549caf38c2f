package simulator_test

import (
	"bytes"
	"net/http"
	"testing"
	"time"

	"exitplan/internal/simulator"
)

// A job over everything gives every conversation with exactly the bytes that the
// truth says, whatever the page size; rows repeat, within pages and over them.
func TestJobGivesTheTruth(t *testing.T) {
	c := start(t, simulator.Config{Seed: 1}).demo()
	job := c.job(m{"interval": interval(day0, 10*24*time.Hour)})
	for _, size := range []string{"1", "2", "37", "1000", "10000"} {
		rows, repeats := c.rows(job, size)
		n := 0
		for want := range c.s.Truth().Conversations() {
			n++
			if !bytes.Equal(rows[want.ID], want.Row) {
				t.Fatalf("page size %s: conversation %s:\n%s\nwant\n%s", size, want.ID, rows[want.ID], want.Row)
			}
		}
		if n != 600 || len(rows) != n || repeats == 0 {
			t.Errorf("page size %s: %d rows and %d repeats of %d conversations", size, len(rows), repeats, n)
		}
	}
	if c.call(http.StatusNoContent, http.MethodDelete, jobs+"/"+job, nil) != nil {
		t.Error("DELETE has a body")
	}
	c.refused(http.StatusNotFound, "not.found", http.MethodGet, jobs+"/"+job, nil)
}
