package main

import (
	"fmt"

	"exitplan/internal/dataset"
	"exitplan/internal/forecast"
)

// calibrate takes what the last rehearsal has measured in place of what was tried
// on a few, or assumed: it read whole days, and listed whole what has no day.
func (inv *inventory) calibrate(state string) error {
	tried, err := readRehearsal(state)
	if err != nil || tried == nil {
		return err
	}
	contents := inv.sample.Asked(1)
	for _, d := range tried.Datasets {
		_, content := contents[d.Name]
		switch n := tried.Sample.Conversations; {
		case d.Name == dataset.RecordingsName && d.BytesPerRecord > 0:
			inv.BytesPerRecording = &forecast.Estimate{Mid: d.BytesPerRecord, Spread: 1.2}
			inv.Notes = append(inv.Notes, fmt.Sprintf("%s for each recording, as in the rehearsal of %s", bytesText(int64(d.BytesPerRecord)), tried.Date))
		case content && n > int64(inv.Sampled):
			inv.perConversation[d.Name] = float64(d.Calls) / float64(n)
		case !d.ByDay && d.Verdict == "complete":
			inv.Rehearsed[d.Name] = d.Records
		}
	}
	if n := len(inv.perConversation); n > 0 {
		inv.Notes = append(inv.Notes, fmt.Sprintf("what is asked of each conversation: as in the rehearsal of %s, %s", tried.Date, plural(tried.Sample.Conversations, "conversation", "conversations")))
	}
	if n := len(inv.Rehearsed); n > 0 {
		inv.Notes = append(inv.Notes, fmt.Sprintf("%s as long as in the rehearsal of %s", plural(int64(n), "listing is", "listings are"), tried.Date))
	}
	inv.asked = inv.questions()
	return nil
}

// questions are those about single conversations, by dataset.
func (inv *inventory) questions() map[string]float64 {
	asked := inv.sample.Asked(inv.Conversations.Mid)
	for name, each := range inv.perConversation {
		asked[name] = each * inv.Conversations.Mid
	}
	return asked
}
