package simulator_test

import (
	"net/http"
	"testing"
	"time"

	"exitplan/internal/simulator"
)

// Events are paged, cut by the interval, and kept for a year.
func TestUsageEventsGiveTheTruth(t *testing.T) {
	const path = "/api/v2/usage/events/query"
	c := start(t, simulator.Config{Days: 3, Now: func() time.Time { return day0.AddDate(0, 1, 0) }}).demo()
	var rows []any
	for next := path + "?pageSize=4"; next != ""; {
		answer := c.call(http.StatusOK, "POST", next, m{"interval": interval(day0, 48*time.Hour)})
		rows = append(rows, answer["entities"].([]any)...)
		next, _ = answer["nextUri"].(string)
	}
	held := 0
	for range c.s.Truth().Held(path) {
		held++
	}
	if len(rows) != 14 || held != 21 {
		t.Errorf("%d events of two days, the truth has %d of three", len(rows), held)
	}
	c.refused(http.StatusBadRequest, "usage.events.too.old", "POST", path, m{"interval": interval(day0.AddDate(-2, 0, 0), time.Hour)})
}
