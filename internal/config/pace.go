package config

import (
	"strconv"
	"time"

	"exitplan/internal/contract"
	"exitplan/internal/pace"
)

// pace reads what the export leaves to others.
func (c *check) pace(doc paceDoc) Pace {
	p := Pace{Bandwidth: c.bandwidth("pace.bandwidth", doc.Bandwidth)}
	const at = "pace.live_operation"
	live, zone := doc.LiveOperation, c.zone
	if live.TimeZone != "" {
		var err error
		if zone, err = contract.LoadZone(live.TimeZone); err != nil {
			c.add(at+".time_zone", "%v", err)
			zone = time.UTC
		}
	}
	var err error
	if p.Live.Hours, err = pace.ParseHours(live.Hours, zone); err != nil {
		c.add(at+".hours", "%v", err)
	}
	switch limited := live.RequestsPerMinute+live.Bandwidth != ""; {
	case live.Hours == "" && limited:
		c.add(at+".hours", "is missing; write when the limits beside it hold, such as Mon-Fri 08:00-20:00")
	case live.Hours != "" && !limited:
		c.add(at+".hours", "has no effect; write requests_per_minute or bandwidth beside it, 0 to take nothing in these hours")
	}
	if text := live.RequestsPerMinute; text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			c.add(at+".requests_per_minute", "%q is not a whole number; 0 takes nothing in these hours", text)
		} else {
			p.Live.RequestsPerMinute = c.between(at+".requests_per_minute", n, 0, 1_000_000)
			p.Live.Still = n == 0
		}
	}
	if live.Bandwidth == "0" {
		p.Live.Still = true
	} else {
		p.Live.Bandwidth = c.bandwidth(at+".bandwidth", live.Bandwidth)
	}
	return p
}

func (c *check) bandwidth(at, text string) int64 {
	if text == "" {
		return 0
	}
	n, err := pace.ParseBandwidth(text)
	if err != nil {
		c.add(at, "%v", err)
	}
	return n
}

// paceDocument writes it as it is read.
func paceDocument(p Pace) paceDoc {
	doc := paceDoc{Bandwidth: pace.Bandwidth(p.Bandwidth), LiveOperation: liveDoc{
		Hours: p.Live.Hours.Text(), Bandwidth: pace.Bandwidth(p.Live.Bandwidth),
	}}
	if doc.LiveOperation.Hours != "" {
		doc.LiveOperation.TimeZone = p.Live.Hours.Zone().String()
	}
	if n := p.Live.RequestsPerMinute; n > 0 || p.Live.Still {
		doc.LiveOperation.RequestsPerMinute = strconv.Itoa(n)
	}
	return doc
}
